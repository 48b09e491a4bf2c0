import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { IndexLock } from '../../src/core/lock';

suite('lock', () => {
  let folder: string;
  setup(() => { folder = mkdtempSync(join(tmpdir(), 'lock-')); });
  teardown(() => rmSync(folder, { recursive: true, force: true }));
  const file = (): string => join(folder, 'lock.json');
  const take = (): IndexLock => {
    const lock = IndexLock.acquire(folder);
    assert.ok(lock instanceof IndexLock);
    return lock;
  };

  test('one holds it, the other learns who', () => {
    const lock = take();
    const other = IndexLock.acquire(folder);
    assert.ok(!(other instanceof IndexLock));
    assert.equal(other.pid, process.pid);
    assert.equal(other.host, hostname());
    assert.equal(IndexLock.holder(folder)?.pid, process.pid);
    lock.release();
    assert.equal(IndexLock.holder(folder), undefined);
    take().release();
    assert.deepEqual(readdirSync(folder), []);
  });

  test('a dead process holds nothing', () => {
    const { pid } = spawnSync(process.execPath, ['-e', '']);
    writeFileSync(file(), JSON.stringify({ pid, host: hostname(), started: 'x', token: 't' }));
    assert.equal(IndexLock.holder(folder), undefined);
    take().release();
  });

  test('a reused pid is not the owner', function () {
    if (!existsSync('/proc/self/stat')) { this.skip(); }
    writeFileSync(file(), JSON.stringify({ pid: process.pid, host: hostname(), started: 'x', processStart: '1', token: 't' }));
    take().release();
  });

  test('a torn lock file is free', () => {
    writeFileSync(file(), '{"pid": 1');
    take().release();
  });

  test('another machine holds it while it gives signs of life', () => {
    writeFileSync(file(), JSON.stringify({ pid: 1, host: 'elsewhere.example', started: 'x', token: 't' }));
    assert.ok(!(IndexLock.acquire(folder) instanceof IndexLock));
    const longAgo = new Date(Date.now() - 3_600_000);
    utimesSync(file(), longAgo, longAgo);
    take().release();
  });

  test('another machine whose clock is hours ahead holds it, one from years ahead does not', () => {
    const foreign = (aheadMs: number): void => {
      writeFileSync(file(), JSON.stringify({ pid: 1, host: 'elsewhere.example', started: 'x', token: 't' }));
      utimesSync(file(), new Date(Date.now() + aheadMs), new Date(Date.now() + aheadMs));
    };
    foreign(8 * 3_600_000);
    assert.ok(!(IndexLock.acquire(folder) instanceof IndexLock));
    foreign(3 * 365 * 86_400_000);
    take().release();
  });

  test('a lock that was taken over is not held and not deleted', () => {
    const lock = take();
    assert.ok(lock.isHeld());
    const foreign = JSON.stringify({ pid: process.pid, host: hostname(), started: 'x', token: 'other' });
    writeFileSync(file(), foreign);
    assert.ok(!lock.isHeld());
    lock.release();
    assert.equal(readFileSync(file(), 'utf8'), foreign);
  });
});
