/** A lock file that names its process and is free at once when that process is dead. */
import { randomUUID } from 'node:crypto';
import { linkSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';

export interface LockOwner {
  pid: number;
  host: string;
  /** When the lock was taken, ISO 8601. */
  started: string;
  /** Start of the process in clock ticks since boot (Linux): tells a reused pid from the owner's. */
  processStart?: string;
  /** Unique per taking. */
  token: string;
}

const heartbeatMs = 10_000;
/** A lock of another machine cannot be asked for its process; without a sign of life for this long it is free. */
const silentMs = 180_000;
/** Clocks differ, by hours where a time zone is wrong; a sign of life from further ahead is none. */
const clockErrorMs = 86_400_000;

export class FileLock {
  private constructor(private readonly file: string, private readonly owner: LockOwner, private readonly heartbeat: NodeJS.Timeout) {}

  /** Takes the lock, or returns who holds it. Its folder must exist. */
  static acquire(file: string): FileLock | LockOwner {
    const owner: LockOwner = {
      pid: process.pid, host: hostname(), started: new Date().toISOString(), processStart: processStart(process.pid), token: randomUUID(),
    };
    for (let attempt = 0; ; attempt++) {
      // Written aside and linked into place: nobody ever reads a half-written lock.
      const written = `${file}.${owner.token}`;
      writeFileSync(written, JSON.stringify(owner));
      try {
        linkSync(written, file);
        const heartbeat = setInterval(() => {
          try { utimesSync(file, new Date(), new Date()); } catch { /* isHeld() finds a lost lock */ }
        }, heartbeatMs);
        heartbeat.unref();
        return new FileLock(file, owner, heartbeat);
      } catch (thrown) {
        if ((thrown as NodeJS.ErrnoException).code !== 'EEXIST') {
          try {
            // File systems without hard links.
            writeFileSync(file, JSON.stringify(owner), { flag: 'wx' });
          } catch (again) {
            if ((again as NodeJS.ErrnoException).code !== 'EEXIST') { throw again; }
          }
        }
      } finally {
        rmSync(written, { force: true });
      }
      const holder = readOwner(file);
      if (holder?.token === owner.token) {
        const heartbeat = setInterval(() => { try { utimesSync(file, new Date(), new Date()); } catch { /* as above */ } }, heartbeatMs);
        heartbeat.unref();
        return new FileLock(file, owner, heartbeat);
      }
      if (holder !== undefined && (isAlive(file, holder) || attempt > 20)) { return holder; }
      removeDead(file, holder);
    }
  }

  /** Who holds the lock now; undefined when it is free or its owner is dead. */
  static holder(file: string): LockOwner | undefined {
    const owner = readOwner(file);
    return owner !== undefined && isAlive(file, owner) ? owner : undefined;
  }

  isHeld(): boolean { return this.holder()?.token === this.owner.token; }

  /** Who holds the lock now: this process, or one that took it over. */
  holder(): LockOwner | undefined { return readOwner(this.file); }

  release(): void {
    clearInterval(this.heartbeat);
    if (this.isHeld()) { rmSync(this.file, { force: true }); }
  }
}

function readOwner(file: string): LockOwner | undefined {
  try {
    const owner = JSON.parse(readFileSync(file, 'utf8')) as LockOwner;
    return typeof owner.pid === 'number' && owner.pid > 0 && typeof owner.host === 'string' ? owner : undefined;
  } catch {
    return undefined;
  }
}

/** Moves a dead owner's lock aside; when another process was faster and the moved lock is a living one, it is put back. */
function removeDead(file: string, dead: LockOwner | undefined): void {
  const aside = `${file}.${randomUUID()}`;
  try { renameSync(file, aside); } catch { return; }
  const moved = readOwner(aside);
  if (moved !== undefined && moved.token !== dead?.token) {
    try { linkSync(aside, file); } catch { /* a third process holds it now; the second finds out by isHeld() */ }
  }
  rmSync(aside, { force: true });
}

function isAlive(file: string, owner: LockOwner): boolean {
  if (owner.host !== hostname()) {
    try {
      const ageMs = Date.now() - statSync(file).mtimeMs;
      return ageMs < silentMs && ageMs > -clockErrorMs;
    } catch {
      return false;
    }
  }
  try {
    process.kill(owner.pid, 0);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'EPERM') { return false; }
  }
  const start = processStart(owner.pid);
  return owner.processStart === undefined || start === undefined || owner.processStart === start;
}

/** Field 22 of /proc/<pid>/stat (proc(5)); undefined where there is no /proc. */
function processStart(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}
