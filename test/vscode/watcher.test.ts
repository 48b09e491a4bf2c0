/** The index follows the files by itself. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import * as vscode from 'vscode';
import { Indexing } from '../../src/host/indexing';
import { api, extension, inWorkspace, names, putIcon, putManyIcons, remove, until } from './support';

/** Paths of all that is found for a word that stands in the file names. */
async function found(word: string): Promise<string[]> {
  return names(await (await api()).search(word, { limit: 500 })).filter(name => name.includes(word)).sort();
}
const becomes = (word: string, expected: string[]) =>
  until(`${word}: ${expected.join(', ')}`, async () => JSON.stringify(await found(word)) === JSON.stringify([...expected].sort()));

suite('watcher', () => {
  suiteSetup(async () => {
    const search = await api();
    await search.index();
  });
  suiteTeardown(async () => {
    for (const name of ['watched', 'moved', '.gitignore', 'burst']) { await remove(name); }
    await (await api()).index();
  });

  test('a new file shows up, and goes when it is deleted', async () => {
    await putIcon('umbrella', 'watched', 'zephyr.svg');
    await becomes('zephyr', ['watched/zephyr.svg']);
    await remove('watched', 'zephyr.svg');
    await becomes('zephyr', []);
  });

  test('a file that is changed is found as what it shows now', async () => {
    const search = await api();
    await putIcon('umbrella', 'watched', 'quokka.svg');
    await becomes('quokka', ['watched/quokka.svg']);
    // The picture itself as the query: a test of the watcher, not of the model.
    const cart = vscode.Uri.joinPath(extension().extensionUri, 'node_modules', 'lucide-static', 'icons', 'shopping-cart.svg');
    const scoreOf = async () => (await search.similar(cart, { limit: 1000 })).find(({ uri }) => uri.path.endsWith('quokka.svg'))?.score ?? -1;
    await until('another picture', async () => { const score = await scoreOf(); return score > -1 && score < 0.99; });
    await putIcon('shopping-cart', 'watched', 'quokka.svg');
    await until('the same picture', async () => await scoreOf() > 0.999);
  });

  test('a renamed folder moves with all below it', async () => {
    await putIcon('key', 'watched', 'inner', 'narwhal.svg');
    await becomes('narwhal', ['watched/inner/narwhal.svg']);
    await vscode.workspace.fs.rename(inWorkspace('watched', 'inner'), inWorkspace('moved'));
    await becomes('narwhal', ['moved/narwhal.svg']);
    await remove('moved');
    await becomes('narwhal', []);
  });

  test('many files at once arrive together', async () => {
    const search = await api();
    // A search sees what is gone a moment before the count does: this waits for the run that the last test ended in.
    await search.index();
    const before = (await search.status()).assets;
    const added = (await putManyIcons(700, 'burst')).length;
    await until('all of them', async () => (await search.status()).assets === before + added);
    await remove('burst');
    await until('none of them', async () => (await search.status()).assets === before);
  });

  test('a scan under way does not stand for one that a change asks for', async () => {
    const answers: (() => void)[] = [];
    const summary = { indexed: 0, reused: 0, unchanged: 0, removed: 0, skipped: [], seen: 0, seconds: 0, device: 'cpu', cancelled: false };
    const engine = { running: true, request: () => new Promise(done => { answers.push(() => done(summary)); }) };
    const silent = { info() {}, debug() {}, warn() {} };
    const memory = { get: (_key: string, otherwise: unknown) => otherwise, update: async () => {}, keys: () => [] };
    const indexing = new Indexing(engine as never, silent as never, memory as never);
    const first = indexing.index();
    await until('the first scan', () => answers.length === 1);
    const joined = indexing.index();
    const later = indexing.rescan();
    answers[0]!();
    await Promise.all([first, joined]);
    await until('the second scan', () => answers.length === 2);
    answers[1]!();
    await later;
    assert.equal(answers.length, 2);
    indexing.dispose();
  });

  test('a changed .gitignore takes effect', async () => {
    await putIcon('flag', 'watched', 'ibex.svg');
    await becomes('ibex', ['watched/ibex.svg']);
    await writeFile(inWorkspace('.gitignore').fsPath, 'watched/ibex.svg\n');
    await becomes('ibex', []);
    await remove('.gitignore');
    await becomes('ibex', ['watched/ibex.svg']);
  });
});
