/** Labels over an index's life, with the real model: labelling, by hand, moving and changing files, rebuilding, and the team's file. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { AssetSearchError } from '../../src/errors';
import { defaultExclude } from '../../src/core/scan';
import { AssetService } from '../../src/core/service';
import { labelledAssets, LabelKeeper } from '../../src/core/labelKeeper';
import { Store, type Row, type Space } from '../../src/core/store';
import type { IndexStatus } from '../../src/protocol';

const icons = join(process.cwd(), 'node_modules', 'lucide-static', 'icons');
const dist = join(process.cwd(), 'dist');

suite('label keeper', function () {
  this.timeout(60_000);
  const dim = 4;
  const vectors = [[1, 0, 0, 0], [0, 1, 0, 0], [0.6, 0.8, 0, 0], [0, 0, 1, 0]].map(values => Float32Array.from(values));
  let folder: string;
  let store: Store;
  let space: Space;
  setup(async () => {
    folder = mkdtempSync(join(tmpdir(), 'keeper-'));
    store = await Store.open(join(folder, 'db'));
    space = (await store.openSpace('space', dim, true))!;
  });
  teardown(() => { store.close(); rmSync(folder, { recursive: true, force: true }); });

  const row = (root: string, path: string, hash: string, vector = vectors[0]!): Row =>
    ({ root, path, part: 0, title: '', hash, vector, format: 'png', width: 1, height: 1, sizeBytes: 1, cells: 0, x: 0, y: 0, rotated: false, stem: path, words: path });
  const keeper = (...roots: string[]) => new LabelKeeper(join(folder, 'db'), roots.map(id => ({ id, path: join(folder, id) })));
  const labels = async (): Promise<Record<string, string[]>> => Object.fromEntries((await labelledAssets(space, {})).map(({ root, path, labels: kept }) => [`${root}/${path}`, kept.map(({ label }) => label)]));
  function putTeam(root: string, images: object | undefined): void {
    mkdirSync(join(folder, root, '.vscode'), { recursive: true });
    writeFileSync(join(folder, root, '.vscode', 'asset-labels.json'), images ? JSON.stringify({ version: 1, images }) : '{');
  }

  test('a sigmoid model judges each word alone: several, or none', async () => {
    await space.add(vectors.map((vector, index) => row('r', `${index}.png`, `h${index}`, vector)));
    const judge = { labels: ['x', 'y'], vectors: vectors.slice(0, 2).map(each => [each]), score: { kind: 'sigmoid', logitScale: 10, logitBias: -5 } as const, model: 'm@1' };
    const { images, counts, unsure } = await keeper('r').byModel({}, judge, { space });
    // 1 / (1 + e^-(10 cos - 5)): 0.99 for a cosine of 1, 0.73 for 0.6, 0.007 for 0.
    assert.deepEqual([images, counts.map(each => each.images), unsure], [4, [2, 2], 1]);
    assert.deepEqual(await labels(), { 'r/0.png': ['x'], 'r/1.png': ['y'], 'r/2.png': ['x', 'y'] });
    assert.deepEqual((await labelledAssets(space, {})).find(({ path }) => path === '2.png')!.labels.map(({ probability }) => probability), [0.731, 0.953]);
    await keeper('r').byModel({}, { ...judge, labels: ['x'], vectors: [[vectors[1]!]] }, { space });
    assert.deepEqual(await labels(), { 'r/1.png': ['x', 'y'], 'r/2.png': ['x', 'y'] }, 'one word alone is judged, and what it had by that word goes');
  });

  test('cancelled between chunks: what was written stays, the rest is as before, and all of it can be taken back', async () => {
    const total = 21_000;
    await space.add(Array.from({ length: total }, (_, index) => row('r', `${index}.png`, `h${index}`)));
    const stop = new AbortController();
    const own = keeper('r');
    const judge = { labels: ['x', 'y'], vectors: vectors.slice(0, 2).map(each => [each]), score: { kind: 'softmax', logitScale: 10, logitBias: 0 } as const, model: 'm@1' };
    const seen: number[] = [];
    const { images, changed, cancelled } = await own.byModel({}, judge, { space, signal: stop.signal, onProgress: done => { seen.push(done); if (done === 20_000) { stop.abort(); } } });
    assert.deepEqual([images, changed, cancelled, Math.max(...seen)], [20_000, 20_000, true, 20_000]);
    assert.deepEqual(await space.labelCounts(), { labels: [{ label: 'x', images: 20_000 }], unlabelled: total - 20_000 });
    assert.equal(await own.undo({ space }), 20_000);
    assert.equal((await space.labelCounts()).unlabelled, total);
  });

  test('each folder has its team file, and one says nothing of another', async () => {
    await space.add([row('a', 'one.png', 'h1'), row('a', 'two.png', 'h2'), row('b', 'one.png', 'h3'), row('b', 'copy.png', 'h1')]);
    putTeam('a', { 'one.png': { hand: ['ant'] }, 'two.png': { hand: ['ape'] } });
    putTeam('b', { 'one.png': { hand: ['bee'] }, 'copy.png': { hand: ['boa'] } });
    await keeper('a', 'b').readTeam(space, true);
    const both = { 'a/one.png': ['ant', 'boa'], 'a/two.png': ['ape'], 'b/one.png': ['bee'], 'b/copy.png': ['ant', 'boa'] };
    assert.deepEqual(await labels(), both);
    putTeam('a', { 'one.png': { hand: ['ant'] } });
    await keeper('a').readTeam(space, true);
    assert.deepEqual(await labels(), { 'a/one.png': ['ant', 'boa'], 'b/one.png': ['bee'], 'b/copy.png': ['ant', 'boa'] }, 'of b, which is not open, nothing goes');
    putTeam('a', undefined);
    putTeam('b', { 'copy.png': { hand: ['boa'] } });
    assert.equal((await keeper('a', 'b').readTeam(space, true)).errors.length, 1);
    assert.deepEqual(await labels(), { 'a/one.png': ['ant', 'boa'], 'b/copy.png': ['ant', 'boa'] }, 'a file that cannot be read holds up no other');
    rmSync(join(folder, 'a', '.vscode'), { recursive: true });
    putTeam('b', {});
    await keeper('a', 'b').readTeam(space, true);
    assert.deepEqual(await labels(), {}, 'no file speaks of the picture any more');
  });

  test('a pipe in place of the team file holds nobody up', async function () {
    if (process.platform === 'win32') { this.skip(); }
    mkdirSync(join(folder, 'a', '.vscode'), { recursive: true });
    execFileSync('mkfifo', [join(folder, 'a', '.vscode', 'asset-labels.json')]);
    assert.deepEqual((await keeper('a').readTeam(space, true)).errors.map(({ error }) => error.code), ['labelFileInvalid']);
  });

  test('a file of kept labels that is none is passed over', async () => {
    await space.add([row('a', 'one.png', 'h1')]);
    for (const text of ['null', '[]', '{"h1\\n0":5}', '{"h1\\n0":"cat"}', '{']) {
      writeFileSync(join(folder, 'db', 'labels.json'), text);
      await keeper('a').restore(space);
      assert.deepEqual(await labels(), {}, text);
    }
  });
});

suite('kept labels of an index', function () {
  this.timeout(120_000);
  let folder: string;
  let root: string;
  let service: AssetService;
  let whenever: (status: IndexStatus) => void;

  async function openService(): Promise<AssetService> {
    const opened = new AssetService({
      processes: { decoder: join(dist, 'decodeProcess.js'), encoder: join(dist, 'encodeProcess.js'), verifier: join(dist, 'conformanceProcess.js') }, keepOtherRoots: false, waitForLock: true, onStatus: status => whenever(status), onLog: () => undefined,
    });
    await opened.open({
      roots: [{ id: 'r', path: root }], rules: { exclude: [...defaultExclude], include: [], gitignore: true, maxFileSizeBytes: 1e6, maxPixels: 1e8, splitSheets: true },
      dbFolder: join(folder, 'db'), modelFolder: join(process.cwd(), 'media', 'builtin'), device: 'cpu', threads: 2, maxThumbnailBytes: 0,
    });
    return opened;
  }
  function put(icon: string, path: string): void {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    copyFileSync(join(icons, `${icon}.svg`), join(root, path));
  }
  function putTeamFile(text: string): void {
    mkdirSync(join(root, '.vscode'), { recursive: true });
    writeFileSync(join(root, '.vscode', 'asset-labels.json'), text);
  }
  async function kept(): Promise<Record<string, string[]>> {
    const { assets } = await service.browse({ offset: 0, limit: 100 });
    return Object.fromEntries(assets.filter(asset => asset.labels).map(({ path, labels }) => [path, labels!.map(({ label, model }) => (model ? `${label}?` : label))]));
  }
  const key = (path: string) => ({ root: 'r', path, part: 0 });

  setup(async () => {
    whenever = () => undefined;
    folder = mkdtempSync(join(tmpdir(), 'labels-'));
    root = join(folder, 'root');
    put('heart', 'a/one.svg'); put('shopping-cart', 'a/two.svg'); put('bell', 'b/three.svg'); put('heart', 'b/copy.svg');
    service = await openService();
    await service.index({});
  });
  teardown(async () => { await service.settle(); await service.close(); rmSync(folder, { recursive: true, force: true }); });

  const words = ['heart', 'shopping cart', 'bell'];
  const all = { 'a/one.svg': ['heart?'], 'a/two.svg': ['shopping cart?'], 'b/copy.svg': ['heart?'], 'b/three.svg': ['bell?'] };

  test('a folder, a selection or everything is labelled, counted, filtered and taken back', async () => {
    const some = await service.labelMany({ scope: { filter: { folders: [{ root: 'r', path: 'b' }] } }, labels: words });
    assert.deepEqual([some.images, some.counts.map(each => each.images), some.unsure, some.cancelled], [2, [1, 0, 1], 0, false]);
    assert.deepEqual(await kept(), { 'a/one.svg': ['heart?'], 'b/copy.svg': ['heart?'], 'b/three.svg': ['bell?'] }, 'the copy of a content is the same content');
    await service.labelMany({ scope: { keys: [key('a/two.svg')] }, labels: words });
    assert.deepEqual(await kept(), all);
    assert.deepEqual(await service.labelCounts({}), { labels: [{ label: 'heart', images: 2 }, { label: 'bell', images: 1 }, { label: 'shopping cart', images: 1 }], unlabelled: 0 });
    assert.deepEqual((await service.browse({ offset: 0, limit: 9, filter: { labels: ['bell', 'shopping cart'] } })).assets.map(asset => asset.path), ['a/two.svg', 'b/three.svg']);
    assert.equal(await service.undoLabels({}), 1);
    assert.equal((await kept())['a/two.svg'], undefined);
    assert.equal(await service.undoLabels({}), 0, 'once');
    assert.equal(await service.clearLabels({ scope: { filter: { labels: ['heart'] } } }), 2);
    assert.deepEqual(await kept(), { 'b/three.svg': ['bell?'] });
  });

  test('what a person says stands against the model, and can be taken back', async () => {
    await service.labelMany({ scope: {}, labels: words });
    assert.equal(await service.setLabels({ scope: { keys: [key('b/three.svg')] }, add: ['alarm'], remove: ['bell'] }), 1);
    await service.labelMany({ scope: {}, labels: words });
    assert.deepEqual((await kept())['b/three.svg'], ['alarm']);
    await service.clearLabels({ scope: { keys: [key('b/three.svg')] } });
    assert.equal(await service.undoLabels({}), 1);
    assert.deepEqual((await kept())['b/three.svg'], ['alarm']);
  });

  test('one label alone, and none, are refused', async () => {
    const usage = (error: unknown): boolean => error instanceof AssetSearchError && error.code === 'usage';
    await assert.rejects(service.labelMany({ scope: {}, labels: ['heart', ' heart '] }), usage);
    await assert.rejects(service.labelMany({ scope: {}, labels: [' '] }), usage);
  });

  test('a run that is cancelled keeps the labels of before', async () => {
    await service.setLabels({ scope: {}, add: ['mine'], remove: [] });
    const stopped = new AbortController();
    const run = service.labelMany({ scope: {}, labels: words }, stopped.signal);
    stopped.abort();
    const outcome = await run.then(({ cancelled }) => cancelled, (error: AssetSearchError) => error.code);
    assert.ok([true, 'cancelled'].includes(outcome as never), String(outcome));
    assert.ok(Object.values(await kept()).every(labels => labels.includes('mine')));
  });

  test('labels go with a moved file, come back with its content, and do not stay on a changed one', async () => {
    await service.labelMany({ scope: {}, labels: words });
    await service.setLabels({ scope: { keys: [key('a/two.svg')] }, add: ['mine'], remove: [] });
    mkdirSync(join(root, 'c'));
    renameSync(join(root, 'a/two.svg'), join(root, 'c/moved.svg'));
    put('camera', 'b/three.svg');
    await service.index({});
    assert.deepEqual(await kept(), { 'a/one.svg': ['heart?'], 'b/copy.svg': ['heart?'], 'c/moved.svg': ['mine', 'shopping cart?'] });
    rmSync(join(root, 'c/moved.svg'));
    await service.index({});
    put('shopping-cart', 'd/again.svg'); put('bell', 'b/three.svg');
    await service.index({});
    assert.deepEqual(await kept(), { 'a/one.svg': ['heart?'], 'b/copy.svg': ['heart?'], 'b/three.svg': ['bell?'], 'd/again.svg': ['mine', 'shopping cart?'] });
  });

  test('labels outlive a rebuild and a forced run', async () => {
    await service.labelMany({ scope: {}, labels: words });
    await service.setLabels({ scope: { keys: [key('a/two.svg')] }, add: ['mine'], remove: [] });
    const before = await kept();
    await service.index({ force: true });
    assert.deepEqual(await kept(), before);
    await service.rebuild({});
    assert.deepEqual(await kept(), before);
    const stop = new AbortController();
    whenever = ({ state }) => { if (state === 'indexing') { stop.abort(); } };
    assert.ok((await service.rebuild({}, stop.signal)).cancelled);
    assert.deepEqual(await kept(), {});
    await service.index({});
    assert.deepEqual(await kept(), before, 'also when the rebuild was stopped and a later run completed it');
  });

  test('the team’s file goes to a fresh index, where it changes and where new rows come', async () => {
    await service.labelMany({ scope: { keys: [key('a/two.svg')] }, labels: words });
    await service.setLabels({ scope: { keys: [key('b/three.svg')] }, add: ['alarm'], remove: [] });
    const [team] = await service.exportTeamLabels();
    assert.equal(team!.images, 2);
    putTeamFile(team!.text);
    assert.equal((await service.exportTeamLabels())[0]!.text, team!.text, 'stable');
    await service.settle();
    await service.close();
    rmSync(join(folder, 'db'), { recursive: true });
    service = await openService();
    await service.index({});
    assert.deepEqual(await kept(), { 'a/two.svg': ['shopping cart?'], 'b/three.svg': ['alarm'] });

    putTeamFile(JSON.stringify({ version: 1, images: { 'b/three.svg': { hand: ['bell'] }, 'new.svg': { hand: ['fresh'] } } }));
    assert.equal((await service.readTeamLabels({})).changed, 2);
    assert.deepEqual(await kept(), { 'b/three.svg': ['bell'] }, 'what the file no longer says is gone');
    put('anchor', 'new.svg');
    await service.index({});
    assert.deepEqual(await kept(), { 'b/three.svg': ['bell'], 'new.svg': ['fresh'] });
    assert.match((await service.exportTeamLabels())[0]!.text, /"new\.svg": \{ "hand": \["fresh"\] \}/);
  });

  test('a team file that is wrong changes nothing, is told, and is not written over', async () => {
    putTeamFile('{"version":1,"images":{"a/one.svg":{"hand":["x"]}}}');
    await service.readTeamLabels({});
    putTeamFile('{"version":1,"images":');
    const { changed, errors } = await service.readTeamLabels({});
    assert.deepEqual([changed, errors.map(({ root: id, error }) => [id, error.code])], [0, [['r', 'labelFileInvalid']]]);
    assert.deepEqual((await kept())['a/one.svg'], ['x']);
    assert.equal((await service.exportTeamLabels())[0]!.error?.code, 'labelFileInvalid');
    rmSync(join(root, '.vscode'), { recursive: true });
    await service.readTeamLabels({});
    assert.deepEqual((await kept())['a/one.svg'], ['x'], 'a missing file says nothing');
  });
});
