/** One writer per index folder: its lock, and what it means to have lost it. */
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { AssetSearchError } from '../errors';
import { FileLock, type LockOwner } from '../lock';

export class IndexLock {
  private constructor(private readonly dbFolder: string, private readonly lock: FileLock) {}

  /** Takes the lock, or returns who holds it. */
  static acquire(dbFolder: string): IndexLock | LockOwner {
    mkdirSync(dbFolder, { recursive: true });
    const taken = FileLock.acquire(lockFile(dbFolder));
    return taken instanceof FileLock ? new IndexLock(dbFolder, taken) : taken;
  }

  /** Who holds the lock of this folder now; undefined when it is free or its owner is dead. */
  static holder(dbFolder: string): LockOwner | undefined { return FileLock.holder(lockFile(dbFolder)); }

  isHeld(): boolean { return this.lock.isHeld(); }

  /** Why this process owns the lock no longer; undefined while it does. Asked before each write. */
  lost(): AssetSearchError | undefined {
    if (this.lock.isHeld()) { return undefined; }
    const holder = this.lock.holder();
    // A lock that is there and cannot be read (no more open files) is nobody else's.
    if (holder === undefined && existsSync(lockFile(this.dbFolder))) { return undefined; }
    return holder === undefined
      ? new AssetSearchError('indexMissing', `The index folder "${this.dbFolder}" was deleted or emptied while it was being written; what was in it is gone. Index again.`)
      : new AssetSearchError('indexLocked', `Process ${holder.pid} on ${holder.host} took over the index. What was done is kept; index again when it ends.`);
  }

  release(): void { this.lock.release(); }
}

function lockFile(dbFolder: string): string { return join(dbFolder, 'lock.json'); }
