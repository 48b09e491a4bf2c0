/** The built command line and the window write the same index: one after the other, and each says so. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { api, extension, inWorkspace, names, putManyIcons, remove, until } from './support';

suite('command line beside the window', () => {
  const settings = () => vscode.workspace.getConfiguration('assetSearch');
  // A workspace may not choose where the index lies.
  const set = (name: string, value: unknown) => settings().update(name, value, vscode.ConfigurationTarget.Global);
  // A changed setting ends the engine, and what was asked of it with it.
  const index = async () => { const search = await api(); return until('an engine with these settings', () => search.index().catch(() => undefined)); };
  let storage: string;

  suiteSetup(async () => {
    storage = await mkdtemp(join(tmpdir(), 'shared-index-'));
    // Only what the test asks for is indexed.
    await set('autoIndex', false);
    await set('storageFolder', storage);
    await index();
  });
  suiteTeardown(async () => {
    await remove('shared');
    await set('storageFolder', undefined);
    await set('autoIndex', undefined);
    await index();
    await rm(storage, { recursive: true, force: true });
  });

  test('the window waits while the command line writes, names it, searches, and then finds nothing left to do', async () => {
    const search = await api();
    await putManyIcons(1500, 'shared');
    const child = spawn(process.execPath, [join(extension().extensionPath, 'dist', 'cli.js'), 'index', inWorkspace().fsPath, '--db', storage, '--json'], {
      env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' }, stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [out, err] = ['', ''];
    child.stdout.on('data', data => { out += String(data); });
    child.stderr.on('data', data => { err += String(data); });
    const ended = new Promise<number | null>(resolve => child.once('close', resolve));
    await until('the command line to write', async () => {
      assert.equal(child.exitCode, null, err);
      return (JSON.parse(await readFile(join(storage, 'lock.json'), 'utf8').catch(() => '{}')) as { pid?: number }).pid === child.pid;
    });
    const run = search.index();
    const waiting = await until('the window to wait', async () => { const status = await search.status(); return status.state === 'indexingElsewhere' && status; });
    assert.equal(waiting.writer?.pid, child.pid);
    assert.ok((await search.search('star')).length > 0);
    assert.equal(await ended, 0, err);
    const written = JSON.parse(out) as { seen: number; indexed: number; reused: number; unchanged: number; skipped: unknown[] };
    assert.ok(written.indexed > 0);
    assert.equal(written.indexed + written.reused + written.unchanged + written.skipped.length, written.seen);
    const summary = await run;
    assert.equal(summary.indexed, 0, 'nothing is encoded twice');
    assert.equal(summary.unchanged + summary.reused + summary.skipped.length, summary.seen);
    const status = await search.status();
    assert.deepEqual([status.state, status.writer], ['idle', undefined]);
    const found = names(await search.search('anchor', { limit: 50 })).filter(name => name === 'shared/anchor.svg');
    assert.equal(found.length, 1);
  });
});
