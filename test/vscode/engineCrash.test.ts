/** The engine is started anew when it dies, and interrupted indexing goes on. */
import assert from 'node:assert/strict';
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
});
