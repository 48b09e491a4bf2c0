/** The engine is started anew when it dies, and interrupted indexing goes on. */
import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { api, enginePids, putManyIcons, remove, until } from './support';

async function killEngine(): Promise<number> {
  const [pid] = await until('an engine', async () => { const pids = await enginePids(); return pids.length === 1 && pids; });
  assert.ok(pid);
  process.kill(pid, 'SIGKILL');
  return pid;
}

suite('engine crash', () => {
  suiteSetup(async () => { await (await api()).index(); });
  suiteTeardown(async () => {
    await remove('crash');
    await (await api()).index();
  });

  test('a killed engine comes back, and search with it', async () => {
    const search = await api();
    const { assets } = await search.status();
    const killed = await killEngine();
    await until('another process', async () => { const pids = await enginePids(); return pids.length === 1 && pids[0] !== killed; });
    assert.equal((await search.status()).assets, assets);
  });

  test('indexing that was interrupted goes on to the end', async () => {
    const search = await api();
    await putManyIcons(600, 'crash');
    const run = search.index();
    await until('encoding', async () => { const { progress } = await search.status(); return progress?.phase === 'encoding' && progress.done > 0; });
    await killEngine();
    const summary = await run;
    assert.equal(summary.cancelled, false);
    assert.ok(summary.seen >= 600);
    // A scan after it finds nothing left to do.
    const again = await search.index();
    assert.equal(again.indexed + again.reused, 0);
  });

  test('an engine that keeps dying stays down with an error, until the user asks for it again', async () => {
    const search = await api();
    const failed = () => search.search('anything').then(() => undefined, (error: { code?: string }) => error.code === 'engineUnavailable' || undefined);
    await until('giving up', async () => {
      for (const pid of await enginePids()) { process.kill(pid, 'SIGKILL'); }
      await new Promise(resolve => setTimeout(resolve, 300));
      return (await enginePids()).length === 0 && failed();
    });
    assert.deepEqual(await enginePids(), [], 'no further restart');
    await vscode.commands.executeCommand('assetSearch.index');
    assert.equal((await enginePids()).length, 1);
    assert.ok((await search.status()).assets > 0);
  });

  test('an instruction that the processor lacks leaves the search by file names', async () => {
    const search = await api();
    await search.index();
    const { assets } = await search.status();
    const [pid] = await until('an engine', async () => { const pids = await enginePids(); return pids.length === 1 && pids; });
    process.kill(pid!, 'SIGILL');
    const status = await until('names only', async () => { const now = await search.status().catch(() => undefined); return now?.namesOnly && now; });
    assert.equal(status.namesOnly!.code, 'processorUnsupported');
    assert.equal(status.assets > 0, true);
    const [first] = await search.search('shopping cart');
    assert.match(first!.uri.path, /shopping-cart\.svg$/);
    assert.equal(first!.score, null);
    await assert.rejects(search.similar(first!.uri), (error: { code?: string }) => error.code === 'processorUnsupported');
    // Another engine, asked for by a setting, tries again with everything.
    const settings = vscode.workspace.getConfiguration('assetSearch');
    await settings.update('maxMegapixels', 99, vscode.ConfigurationTarget.Workspace);
    try {
      await until('the whole engine', async () => { const now = await search.status().catch(() => undefined); return now && !now.namesOnly && now.assets === assets; });
    } finally {
      await settings.update('maxMegapixels', undefined, vscode.ConfigurationTarget.Workspace);
    }
  });
});
