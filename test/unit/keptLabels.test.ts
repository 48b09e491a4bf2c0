/** Labels over an index's life, with the real model: labelling, by hand, moving and changing files, rebuilding, and the team's file. */
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { AssetSearchError } from '../../src/errors';
import { defaultExclude } from '../../src/core/scan';
import { AssetService } from '../../src/core/service';
import type { IndexStatus } from '../../src/protocol';

const icons = join(process.cwd(), 'node_modules', 'lucide-static', 'icons');
const dist = join(process.cwd(), 'dist');

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
