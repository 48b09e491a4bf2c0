import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { AtlasReader } from '../../src/core/atlasReader';
import { Decoder } from '../../src/core/decoder';
import { runIndex, timeLeft, type BatchEncoder, type IndexOptions } from '../../src/core/indexer';
import { IndexLock } from '../../src/core/lock';
import { StateFile, fileKey } from '../../src/core/state';
import { Store, type Space } from '../../src/core/store';
import type { ImageSpec } from '../../src/models/manifest';
import type { IndexProgress, IndexSummary } from '../../src/protocol';
import { pixelSprite, pngSheet, sheet, toPng } from '../sheets';

const dim = 16;
const image: ImageSpec = { input: 'x', output: 'y', size: 16, resize: 'pad', interpolation: 'bilinear', mean: [0, 0, 0], std: [1, 1, 1] };

/** Stands in for the model: a vector that depends on the pixels alone, and a count of the work. */
class CountingEncoder implements BatchEncoder {
  readonly device = 'cpu';
  readonly batchSize = 8;
  start(): void { /* always ready */ }
  images = 0;
  constructor(private readonly before: (images: number) => void | Promise<void> = () => undefined) {}
  async encode(pixels: Uint8Array[]): Promise<Float32Array[]> {
    await this.before(this.images);
    this.images += pixels.length;
    return pixels.map(each => {
      const digest = createHash('sha256').update(each).digest();
      const values = Array.from({ length: dim }, (_, index) => digest[index]! - 127);
      const norm = Math.hypot(...values);
      return Float32Array.from(values, value => value / norm);
    });
  }
}

suite('indexer', function () {
  this.timeout(60_000);
  let folder: string;
  let root: string;
  let db: string;
  let store: Store;
  let space: Space;
  let decoder: Decoder;
  let warnings: string[];

  suiteSetup(() => {
    decoder = Decoder.start({
      processFile: join(process.cwd(), 'dist', 'decodeProcess.js'), concurrency: 4, limits: { maxFileSizeBytes: 1e6, maxPixels: 1e6, timeoutMs: 15_000 },
    });
  });
  suiteTeardown(() => decoder.close());
  setup(async () => {
    folder = mkdtempSync(join(tmpdir(), 'indexer-'));
    root = join(folder, 'root');
    db = join(folder, 'db');
    mkdirSync(root);
    warnings = [];
    await openSpace('space');
  });
  teardown(() => { store.close(); rmSync(folder, { recursive: true, force: true }); });

  async function openSpace(name: string): Promise<void> {
    store = await Store.open(db);
    space = (await store.openSpace(name, dim, true))!;
  }
  function put(path: string, content: string | number): void {
    const file = join(root, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, typeof content === 'string' ? content : `<svg xmlns="http://www.w3.org/2000/svg" width="16" height="16"><title>t${content}</title><rect x="${content % 13}" y="${content % 7}" width="5" height="${1 + (content % 11)}" fill="#${(content * 7919 % 0xffffff).toString(16).padStart(6, '0')}"/></svg>`);
  }
  async function run(more: Partial<IndexOptions> = {}, encoder: BatchEncoder = new CountingEncoder()): Promise<IndexSummary> {
    const lock = IndexLock.acquire(db);
    assert.ok(lock instanceof IndexLock);
    try {
      const summary = await runIndex({
        dbFolder: db, roots: [{ id: 'r', path: root }], rules: { exclude: [], include: [], gitignore: true, maxFileSizeBytes: 1e6, maxPixels: 1e6, splitSheets: true },
        space, state: StateFile.open(db), lock, decoder, encoder, image, atlases: new AtlasReader(new Map([['r', root]]), message => warnings.push(message)), concurrency: 4, maxThumbnailBytes: 0, keepOtherRoots: false,
        onProgress: () => undefined, warn: message => warnings.push(message), ...more,
      });
      const { seen, indexed, unchanged, reused, skipped, cancelled } = summary;
      if (!cancelled) { assert.equal(indexed + unchanged + reused + skipped.length, seen, 'the counters add up'); }
      assert.deepEqual(warnings, []);
      return summary;
    } finally {
      lock.release();
    }
  }
  const counts = ({ indexed, unchanged, reused, removed, skipped }: IndexSummary) => ({ indexed, unchanged, reused, removed, skipped: skipped.length });
  const rows = async () => [...(await space.hashes()).keys()].map(key => key.slice(2)).sort();
  /** Every key once, and as many rows as keys. */
  async function assertUnique(): Promise<void> { assert.equal((await space.hashes()).size, await space.count()); }
  /** Every file's rows belong together, none is missing. */
  async function assertWhole(): Promise<void> { assert.ok([...(await space.hashes()).values()].every(hash => hash !== '')); }

  test('a first run encodes each content once; a second one opens nothing', async () => {
    put('a.svg', 1); put('sub/b.svg', 2); put('copy of a.svg', 1); put('bad.png', 'no image'); put('c.bmp', 'x');
    const encoder = new CountingEncoder();
    const first = await run({}, encoder);
    assert.deepEqual(counts(first), { indexed: 2, unchanged: 0, reused: 1, removed: 0, skipped: 2 });
    assert.equal(encoder.images, 2);
    assert.deepEqual(await rows(), ['a.svg', 'copy of a.svg', 'sub/b.svg']);
    const again = await run({ decoder: undefined as never, encoder: { device: 'cpu', batchSize: 1, start: () => undefined, encode: () => assert.fail('nothing to encode') } });
    assert.deepEqual(counts(again), { indexed: 0, unchanged: 3, reused: 0, removed: 0, skipped: 2 });
    const byPath = (summary: IndexSummary) => Object.fromEntries(summary.skipped.map(skip => [skip.path, skip]));
    assert.deepEqual(byPath(again), byPath(first), 'the reasons stay');
    await assertUnique();
  });

  test('renamed, moved, copied and touched files reuse their vector', async () => {
    put('a.svg', 1); put('b.svg', 2); put('c.svg', 3);
    await run();
    renameSync(join(root, 'a.svg'), join(root, 'renamed.svg'));
    mkdirSync(join(root, 'moved'));
    renameSync(join(root, 'b.svg'), join(root, 'moved/b.svg'));
    put('copy.svg', 3);
    utimesSync(join(root, 'c.svg'), 1, 1);
    const encoder = new CountingEncoder();
    assert.deepEqual(counts(await run({}, encoder)), { indexed: 0, unchanged: 1, reused: 3, removed: 2, skipped: 0 });
    assert.equal(encoder.images, 0);
    assert.deepEqual(await rows(), ['c.svg', 'copy.svg', 'moved/b.svg', 'renamed.svg']);
    assert.equal(await space.countRetired(), 0, 'no vector is kept twice');
    await assertUnique();
  });

  test('an edit that keeps size and time of the content is noticed; a chmod costs a hash, not an encoding', async () => {
    put('a.svg', 1); put('b.svg', 2); put('bad.png', 'no image');
    const times = [1_600_000_000, 1_600_000_000] as const;
    for (const name of ['a.svg', 'b.svg', 'bad.png']) { utimesSync(join(root, name), ...times); }
    await run();
    const before = await space.hashes();
    const text = readFileSync(join(root, 'a.svg'), 'utf8');
    writeFileSync(join(root, 'a.svg'), text.replace('height="2"', 'height="9"'));
    utimesSync(join(root, 'a.svg'), ...times);
    chmodSync(join(root, 'b.svg'), 0o600);
    const encoder = new CountingEncoder();
    assert.deepEqual(counts(await run({}, encoder)), { indexed: 1, unchanged: 1, reused: 0, removed: 0, skipped: 1 });
    assert.equal(encoder.images, 1);
    assert.notEqual((await space.hashes()).get(fileKey('r', 'a.svg')), before.get(fileKey('r', 'a.svg')));
    assert.deepEqual(counts(await run({ decoder: undefined as never })), { indexed: 0, unchanged: 2, reused: 0, removed: 0, skipped: 1 });
    // A state file of an earlier version knows no such time: it is taken over, and nothing is opened.
    const file = join(db, 'state.ndjson');
    writeFileSync(file, readFileSync(file, 'utf8').split('\n').map(line => (line.startsWith('["') ? JSON.stringify((JSON.parse(line) as unknown[]).slice(0, 6)) : line)).join('\n'));
    assert.deepEqual(counts(await run({ decoder: undefined as never })), { indexed: 0, unchanged: 2, reused: 0, removed: 0, skipped: 1 });
    assert.equal(typeof StateFile.open(db).get('r', 'b.svg')!.ctimeMs, 'number');
  });

  test('a picture that shows nothing has no row, and says why', async () => {
    put('a.svg', 1); put('blank.svg', '<svg xmlns="http://www.w3.org/2000/svg" width="16" height="16"><rect width="9" height="9" fill="none"/></svg>');
    const { skipped } = await run();
    assert.deepEqual(skipped.map(({ path, code }) => [path, code]), [['blank.svg', 'empty']]);
    assert.deepEqual(await rows(), ['a.svg']);
  });

  test('content that comes back (a branch switch) encodes nothing', async () => {
    put('a.svg', 1); put('b.svg', 2);
    await run();
    put('a.svg', 3); rmSync(join(root, 'b.svg'));
    assert.deepEqual(counts(await run()), { indexed: 1, unchanged: 0, reused: 0, removed: 1, skipped: 0 });
    assert.equal(await space.countRetired(), 2);
    put('a.svg', 1); put('b.svg', 2);
    const encoder = new CountingEncoder();
    assert.deepEqual(counts(await run({}, encoder)), { indexed: 0, unchanged: 0, reused: 2, removed: 0, skipped: 0 });
    assert.equal(encoder.images, 0);
    assert.equal((await space.contents([(await space.hashes()).get(fileKey('r', 'a.svg'))!])).size, 1);
    await assertUnique();
  });

  test('a file that turns bad loses its row, keeps its reason, and comes back when it is good again', async () => {
    put('a.svg', 1); put('b.svg', 2);
    await run();
    put('a.svg', 'broken');
    const broken = await run();
    assert.deepEqual(counts(broken), { indexed: 0, unchanged: 1, reused: 0, removed: 1, skipped: 1 });
    assert.deepEqual(await rows(), ['b.svg']);
    assert.equal(StateFile.open(db).skipped().length, 1);
    put('a.svg', 1);
    assert.deepEqual(counts(await run()), { indexed: 0, unchanged: 1, reused: 1, removed: 0, skipped: 0 });
    assert.equal(StateFile.open(db).skipped().length, 0);
  });

  test('an update looks only at what the watcher saw', async () => {
    put('a.svg', 1); put('sub/b.svg', 2); put('sub/deep/c.svg', 3); put('subway/d.svg', 4);
    await run();
    put('new.svg', 5); put('unseen.svg', 6);
    assert.deepEqual(counts(await run({ scope: [{ root: 'r', path: 'new.svg' }] })), { indexed: 1, unchanged: 0, reused: 0, removed: 0, skipped: 0 });
    rmSync(join(root, 'sub'), { recursive: true });
    assert.deepEqual(counts(await run({ scope: [{ root: 'r', path: 'sub' }] })), { indexed: 0, unchanged: 0, reused: 0, removed: 2, skipped: 0 });
    assert.deepEqual(await rows(), ['a.svg', 'new.svg', 'subway/d.svg']);
    put('added/e.svg', 7); put('added/deep/f.svg', 1);
    assert.deepEqual(counts(await run({ scope: [{ root: 'r', path: 'added' }, { root: 'r', path: 'added/e.svg' }] })), { indexed: 1, unchanged: 0, reused: 1, removed: 0, skipped: 0 });
    assert.deepEqual(counts(await run()), { indexed: 1, unchanged: 5, reused: 0, removed: 0, skipped: 0 });
    await assertUnique();
  });

  test('a lost state file costs hashing, not encoding; a lost table costs encoding, not hashing', async () => {
    for (let index = 0; index < 20; index++) { put(`${index}.svg`, index + 1); }
    await run();
    rmSync(join(db, 'state.ndjson'));
    const encoder = new CountingEncoder();
    assert.deepEqual(counts(await run({}, encoder)), { indexed: 0, unchanged: 20, reused: 0, removed: 0, skipped: 0 });
    assert.equal(encoder.images, 0);
    await openSpace('otherModel');
    assert.deepEqual(counts(await run()), { indexed: 20, unchanged: 0, reused: 0, removed: 0, skipped: 0 });
    await assertUnique();
  });

  test('cancelled at any batch: what is done is kept, and the next run goes on', async () => {
    for (let index = 0; index < 150; index++) { put(`${index}.svg`, index + 1); }
    const stop = new AbortController();
    const summary = await run({ signal: stop.signal }, new CountingEncoder(images => { if (images >= 60) { stop.abort(); } }));
    assert.ok(summary.cancelled && summary.indexed >= 60 && summary.indexed < 150, `${summary.indexed}`);
    assert.equal(await space.count(), summary.indexed);
    const encoder = new CountingEncoder();
    const next = await run({}, encoder);
    assert.equal(next.unchanged, summary.indexed);
    assert.equal(encoder.images, 150 - summary.indexed);
    await assertUnique();
    assert.ok((await run({ signal: AbortSignal.abort() })).cancelled);
  });

  test('the time left is told from the third file on', () => {
    assert.deepEqual([timeLeft(474, 1, 2.6), timeLeft(473, 2, 2.7), timeLeft(470, 5, 0.4)], [undefined, undefined, undefined]);
    assert.deepEqual([timeLeft(400, 40, 2), timeLeft(10, 3, 3)], [20, 10]);
  });

  test('a run that goes on encodes the first files before it has compared the last', async () => {
    put('known.svg', 1);
    await run();
    for (let index = 0; index < 700; index++) { put(`${index}.svg`, index + 2); }
    const phases: string[] = [];
    const summary = await run({ onProgress: ({ phase }) => { if (phases.at(-1) !== phase) { phases.push(phase); } } });
    assert.deepEqual([summary.unchanged, summary.indexed + summary.reused], [1, 700]);
    assert.deepEqual(phases, ['scanning', 'hashing', 'encoding', 'hashing', 'encoding', 'optimizing']);
    await assertUnique();
  });

  test('paused: no new file is begun, every file that was begun is kept, and the next run does the rest', async () => {
    for (let index = 0; index < 200; index++) { put(`${index}.svg`, index + 1); }
    const pause = new AbortController();
    let decoded = 0;
    const counting = { hash: decoder.hash.bind(decoder), decode: async (...request: Parameters<Decoder['decode']>) => { const result = await decoder.decode(...request); decoded++; return result; } } as Decoder;
    const summary = await run({ pause: pause.signal, decoder: counting }, new CountingEncoder(images => { if (images >= 32) { pause.abort(); } }));
    assert.ok(summary.cancelled && summary.indexed < 200, `${summary.indexed}`);
    assert.equal(summary.indexed, decoded, 'nothing that was read is lost');
    assert.equal(await space.count(), decoded);
    assert.deepEqual(counts(await run()), { indexed: 200 - decoded, unchanged: decoded, reused: 0, removed: 0, skipped: 0 });
    await assertUnique();
    assert.ok((await run({ pause: AbortSignal.abort(), force: true })).cancelled);
  });

  test('an encoder that fails ends the run with its error and keeps what is done', async () => {
    for (let index = 0; index < 100; index++) { put(`${index}.svg`, index + 1); }
    await assert.rejects(run({}, new CountingEncoder(images => { if (images >= 32) { throw new Error('boom'); } })), /boom/);
    assert.equal(await space.count(), 32);
    assert.deepEqual(counts(await run()), { indexed: 68, unchanged: 32, reused: 0, removed: 0, skipped: 0 });
  });

  test('a run that lost its lock writes nothing more', async () => {
    put('a.svg', 1);
    await assert.rejects(
      run({}, new CountingEncoder(() => writeFileSync(join(db, 'lock.json'), JSON.stringify({ pid: process.pid, host: 'x', token: 'other' })))),
      (error: { code?: string }) => error.code === 'indexLocked',
    );
    assert.equal(await space.count(), 0);
  });

  test('another root is retired by a window and left alone by the command line', async () => {
    put('a.svg', 1);
    await run();
    const other = { id: 'other', path: join(folder, 'other') };
    mkdirSync(other.path);
    assert.equal((await run({ roots: [other], keepOtherRoots: true })).removed, 0);
    assert.equal((await run({ roots: [other] })).removed, 1);
    assert.equal((await run()).reused, 1);
  });

  test('a root that is not there (an unplugged disk) loses nothing', async () => {
    put('a.svg', 1);
    await run();
    renameSync(root, `${root}-away`);
    const seen: string[] = [];
    const summary = await run({ warn: message => seen.push(message) });
    assert.deepEqual([counts(summary), seen.length, await space.count()], [{ indexed: 0, unchanged: 0, reused: 0, removed: 0, skipped: 0 }, 1, 1]);
    renameSync(`${root}-away`, root);
    assert.equal((await run()).unchanged, 1);
  });

  const seeds = (first: number, count = 12) => Array.from({ length: count }, (_, index) => first + index);
  async function putSheet(path: string, numbers: readonly number[]): Promise<void> {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), await pngSheet(numbers));
  }
  /** Parts of each file, in order. */
  async function parts(): Promise<Record<string, number[]>> {
    const found: Record<string, number[]> = {};
    for (const { path, part } of (await space.page(0, 10_000)).assets) { (found[path] ??= []).push(part); }
    return found;
  }
  const upTo = (last: number) => Array.from({ length: last + 1 }, (_, index) => index);

  test('a sheet is split: one file in the counters, a row and a vector a cell', async () => {
    put('a.svg', 1);
    await putSheet('game/sheet.png', [...seeds(1), 1, 2]);
    const encoder = new CountingEncoder();
    assert.deepEqual(counts(await run({ maxThumbnailBytes: 1e9 }, encoder)), { indexed: 2, unchanged: 0, reused: 0, removed: 0, skipped: 0 });
    assert.equal(encoder.images, 14, 'equal cells are encoded once');
    assert.deepEqual(await parts(), { 'a.svg': [0], 'game/sheet.png': upTo(12) });
    assert.deepEqual([await space.countFiles(), await space.count()], [2, 14]);
    const [whole, sixth] = await space.get([{ root: 'r', path: 'game/sheet.png', part: 0 }, { root: 'r', path: 'game/sheet.png', part: 6 }]);
    assert.equal(whole!.asset.cell, undefined);
    assert.deepEqual(sixth!.asset.cell, { x: 16, y: 16, width: 16, height: 16 });
    assert.deepEqual([sixth!.asset.width, sixth!.asset.height], [16, 16]);
    const vectors = (await space.get(upTo(12).map(part => ({ root: 'r', path: 'game/sheet.png', part })))).map(each => each.vector.join());
    assert.equal(new Set(vectors).size, 13);
    for (const { hash } of (await space.page(0, 100)).assets) { assert.ok(existsSync(join(db, 'thumbnails', hash.slice(0, 2), `${hash}.webp`)), hash); }
    assert.equal((await run()).unchanged, 2);
  });

  test('all parts of a sheet move, come back and go together, without encoding', async () => {
    await putSheet('sheet.png', seeds(1));
    put('a.svg', 1);
    await run();
    renameSync(join(root, 'sheet.png'), join(root, 'renamed.png'));
    await putSheet('copy.png', seeds(1));
    const encoder = new CountingEncoder();
    assert.deepEqual(counts(await run({}, encoder)), { indexed: 0, unchanged: 1, reused: 2, removed: 1, skipped: 0 });
    assert.deepEqual(await parts(), { 'a.svg': [0], 'copy.png': upTo(12), 'renamed.png': upTo(12) });
    rmSync(join(root, 'copy.png'));
    await putSheet('renamed.png', seeds(5, 8));
    assert.deepEqual(counts(await run()), { indexed: 1, unchanged: 1, reused: 0, removed: 1, skipped: 0 });
    assert.deepEqual(await parts(), { 'a.svg': [0], 'renamed.png': upTo(8) }, 'no cell of the old picture is left');
    await putSheet('renamed.png', seeds(1));
    assert.deepEqual(counts(await run({}, encoder)), { indexed: 0, unchanged: 1, reused: 1, removed: 0, skipped: 0 });
    assert.deepEqual(await parts(), { 'a.svg': [0], 'renamed.png': upTo(12) });
    assert.equal(encoder.images, 0);
    rmSync(join(root, 'renamed.png'));
    await run();
    assert.deepEqual(await parts(), { 'a.svg': [0] });
    await assertWhole();
  });

  test('a sheet is written with all its cells or not at all; a missing cell is told and made good', async () => {
    for (const [index, name] of ['one', 'two', 'three', 'four', 'five', 'six'].entries()) { await putSheet(`${name}.png`, seeds(1 + 100 * index)); }
    const stop = new AbortController();
    const summary = await run({ signal: stop.signal, concurrency: 1, image: { ...image, size: 224 } }, new CountingEncoder(images => { if (images >= 16) { stop.abort(); } }));
    assert.ok(summary.cancelled && summary.indexed > 0 && summary.indexed < 6, `${summary.indexed}`);
    const kept = Object.values(await parts());
    assert.deepEqual([kept.length, new Set(kept.map(each => each.length))], [summary.indexed, new Set([13])]);
    await run();
    await assertWhole();
    // As a kill between the two steps of replacing leaves it.
    const { connect } = await import('@lancedb/lancedb');
    await (await (await connect(join(db, 'lance'))).openTable('space')).delete("path = 'one.png' AND part = 7");
    assert.deepEqual(counts(await run()), { indexed: 1, unchanged: 5, reused: 0, removed: 0, skipped: 0 });
    assert.deepEqual((await parts())['one.png'], upTo(12));
  });

  test('switching splitting off and on touches sheets alone', async () => {
    const rules = { exclude: [], include: [], gitignore: true, maxFileSizeBytes: 1e6, maxPixels: 1e6 };
    await putSheet('sheet.png', seeds(1)); put('a.svg', 1); writeFileSync(join(root, 'icon.png'), await toPng(pixelSprite(7, 32)));
    await run();
    const encoder = new CountingEncoder();
    assert.deepEqual(counts(await run({ rules: { ...rules, splitSheets: false } }, encoder)), { indexed: 0, unchanged: 2, reused: 1, removed: 0, skipped: 0 });
    assert.equal(encoder.images, 0);
    assert.deepEqual(await parts(), { 'a.svg': [0], 'icon.png': [0], 'sheet.png': [0] });
    assert.equal((await run({ rules: { ...rules, splitSheets: false } })).unchanged, 3);
    assert.equal((await run({}, encoder)).unchanged, 2);
    assert.deepEqual(await parts(), { 'a.svg': [0], 'icon.png': [0], 'sheet.png': upTo(12) });
  });

  test('an atlas wins over the grid, cuts what has no gutters, and is followed when it changes though the image did not', async () => {
    const atlas = (...frames: [string, number, number, number][]) => JSON.stringify({ frames: Object.fromEntries(frames.map(([name, x, y, size]) => [name, { frame: { x, y, w: size, h: size } }])), meta: { image: 'sheet.png' } });
    const titles = async () => (await space.page(0, 100)).assets.map(({ part, title, cell }) => [part, title, cell?.x]);
    await putSheet('game/sheet.png', seeds(1)); put('a.svg', 1);
    const solid = sheet(seeds(1, 9).map(seed => ({ width: 16, height: 16, data: Uint8Array.from({ length: 1024 }, (_, index) => (index % 4 === 3 ? 255 : (seed * 37 + index * seed) % 256)) })), 3, { size: 16 });
    writeFileSync(join(root, 'tiles.png'), await toPng(solid));
    await run();
    assert.deepEqual(await parts(), { 'a.svg': [0], 'game/sheet.png': upTo(12), 'tiles.png': [0] });
    put('tiles.json', JSON.stringify({ frames: upTo(8).map(index => ({ filename: `tile ${index}`, frame: { x: index % 3 * 16, y: Math.floor(index / 3) * 16, w: 16, h: 16 } })) }));
    put('game/atlas.json', atlas(['run_01', 0, 0, 32], ['run_02', 32, 0, 32]));
    const encoder = new CountingEncoder();
    assert.deepEqual(counts(await run({}, encoder)), { indexed: 2, unchanged: 1, reused: 0, removed: 0, skipped: 0 });
    assert.deepEqual(await titles(), [[0, 't1', undefined], [0, '', undefined], [1, 'run_01', 0], [2, 'run_02', 32], [0, '', undefined], ...upTo(8).map(index => [index + 1, `tile ${index}`, index % 3 * 16])]);
    assert.equal((await run()).unchanged, 3);
    put('game/atlas.json', `${atlas(['run_01', 0, 0, 32], ['run_02', 32, 0, 32])}\n\n`);
    assert.equal((await run()).unchanged, 3, 'it says the same');
    put('game/atlas.json', atlas(['jump', 0, 16, 32]));
    assert.deepEqual(counts(await run()), { indexed: 1, unchanged: 2, reused: 0, removed: 0, skipped: 0 });
    assert.deepEqual((await titles()).slice(1, 3), [[0, '', undefined], [1, 'jump', 0]]);
    // The image and its atlas move together; a branch switch brings the old atlas back; without it the grid shows again.
    const encoded = new CountingEncoder();
    renameSync(join(root, 'game'), join(root, 'moved'));
    assert.deepEqual(counts(await run({}, encoded)), { indexed: 0, unchanged: 2, reused: 1, removed: 1, skipped: 0 });
    put('moved/atlas.json', atlas(['run_01', 0, 0, 32], ['run_02', 32, 0, 32]));
    assert.equal((await run({}, encoded)).reused, 1);
    rmSync(join(root, 'moved/atlas.json'));
    assert.equal((await run({}, encoded)).reused, 1);
    assert.deepEqual((await parts())['moved/sheet.png'], upTo(12));
    assert.equal(encoded.images, 0);
    assert.deepEqual(warnings, []);
    put('moved/atlas.json', '{"frames": {"frame": 1');
    const seen: string[] = [];
    assert.equal((await run({ atlases: new AtlasReader(new Map([['r', root]]), message => seen.push(message)) })).unchanged, 3);
    assert.equal(seen.length, 1, 'a bad atlas is told and left out');
    await assertWhole();
  });

  test('more cells than fit into one answer of the decoder', async () => {
    await putSheet('sheet.png', seeds(1, 200));
    const encoder = new CountingEncoder();
    await run({ image: { ...image, size: 224 } }, encoder);
    assert.equal(encoder.images, 201);
    assert.deepEqual(await parts(), { 'sheet.png': upTo(200) });
  });

  test('thumbnails that cannot be written are left out, with one warning', async () => {
    for (let index = 0; index < 12; index++) { put(`${index}.svg`, index); }
    await putSheet('sheet.png', seeds(1, 4));
    writeFileSync(join(db, 'thumbnails'), 'no folder');
    const said: string[] = [];
    assert.deepEqual(counts(await run({ maxThumbnailBytes: 1e9, warn: message => said.push(message) })), { indexed: 13, unchanged: 0, reused: 0, removed: 0, skipped: 0 });
    assert.equal(said.length, 1);
  });

  test('thumbnails are made by content, once', async () => {
    put('a.svg', 1); put('b.svg', 1); put('c.svg', 2);
    await run({ maxThumbnailBytes: 1e9 });
    const made = readdirSync(join(db, 'thumbnails'), { recursive: true }).map(String).filter(name => name.endsWith('.webp'));
    assert.equal(made.length, 2);
    assert.equal(readFileSync(join(db, 'thumbnails', made[0]!)).subarray(8, 12).toString(), 'WEBP');
    assert.ok(existsSync(join(db, 'state.ndjson')));
  });

  test('force encodes everything again and leaves one row a key', async () => {
    put('a.svg', 1); put('b.svg', 1); put('c.svg', 2);
    await run();
    const encoder = new CountingEncoder();
    const summary = await run({ force: true }, encoder);
    assert.deepEqual([summary.indexed, encoder.images], [3, 3]);
    await assertUnique();
  });

  test('progress goes through the phases and ends at its total', async () => {
    for (let index = 0; index < 40; index++) { put(`${index}.svg`, index + 1); }
    const seen: IndexProgress[] = [];
    await run({ onProgress: progress => seen.push(progress) });
    assert.deepEqual([...new Set(seen.map(each => each.phase))], ['scanning', 'encoding', 'optimizing']);
    assert.deepEqual([seen.at(-1)!.done, seen.at(-1)!.total], [40, 40]);
  });
});
