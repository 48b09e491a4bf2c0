/** Activation loads nothing native into the extension host; the engine that does is a process of its own. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import * as vscode from 'vscode';
import { api, enginePids, extension, inWorkspace, until } from './support';

const native = /onnxruntime|lancedb|libvips|sharp-/i;

/** Shared libraries that are mapped into this process. */
function sharedObjects(): string[] {
  const report = process.report?.getReport() as unknown as { sharedObjects: string[] };
  return report.sharedObjects;
}

suite('activation', () => {
  test('loads no native module into the extension host', async () => {
    await api();
    const loaded = sharedObjects();
    assert.ok(loaded.length > 0, 'the report names libraries at all');
    assert.deepEqual(loaded.filter(file => native.test(file)), []);
  });

  test('is asked for after the start, and ready when a view or command needs it', () => {
    const { packageJSON } = extension();
    assert.ok(packageJSON.activationEvents.includes('onStartupFinished'));
    for (const page of ['panel', 'status']) { assert.ok(packageJSON.activationEvents.includes(`onWebviewPanel:assetSearch.${page}`)); }
    assert.equal(packageJSON.capabilities.untrustedWorkspaces.supported, 'limited');
    assert.equal(packageJSON.capabilities.virtualWorkspaces.supported, false);
  });

  test('starts one engine, which holds the native modules', async () => {
    const status = await (await api()).status();
    assert.equal(status.model.id, 'builtin');
    const pids = await enginePids();
    assert.equal(pids.length, 1);
    assert.notEqual(pids[0], process.pid);
    if (process.platform === 'linux') {
      // The counter-proof of the first test: the same pattern finds them where they are.
      assert.match(await readFile(`/proc/${pids[0]}/maps`, 'utf8'), /lancedb/);
    }
    assert.deepEqual(sharedObjects().filter(file => native.test(file)), []);
  });

  test('keeps the index in the storage of the workspace, and writes nothing into the folder', async () => {
    await (await api()).index();
    const entries = await vscode.workspace.fs.readDirectory(inWorkspace());
    assert.ok(!entries.some(([name]) => name === '.asset-search' || name === 'lance'));
  });

  test('the index builds by itself', async () => {
    const search = await api();
    await until('an indexed image', async () => (await search.status()).assets > 0);
  });
});
