/** Labels of a table larger than a chunk: a run that is stopped in between, one that judges each word alone, and the way back. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LabelKeeper, type Judge } from '../../src/core/labelKeeper';
import { Store, type Row, type Space } from '../../src/core/store';

const rows = 45_000;
/** Pictures of two kinds, one after the other. */
const kinds = [Float32Array.of(1, 0), Float32Array.of(0, 1)];
const row = (index: number): Row => ({
  root: 'r', path: `${index}.png`, part: 0, title: '', hash: `h${index}`, vector: kinds[index % 2]!, format: 'png', width: 1, height: 1, sizeBytes: 1, cells: 0, x: 0, y: 0, rotated: false, stem: `${index}`, words: `${index}`,
});
const judgeOf = (kind: 'softmax' | 'sigmoid', more: Partial<Judge> = {}): Judge => ({ labels: ['even', 'odd'], vectors: kinds.map(each => [each]), score: { kind, logitScale: 10, logitBias: kind === 'sigmoid' ? -5 : 0 }, model: 'm@1', ...more });

suite('label keeper', function () {
  this.timeout(60_000);
  let folder: string;
  let store: Store;
  let space: Space;
  let keeper: LabelKeeper;

  suiteSetup(async () => {
    folder = mkdtempSync(join(tmpdir(), 'keeper-'));
    store = await Store.open(folder);
    space = (await store.openSpace('m_1_fp32_p1', 2, true))!;
    await space.add(Array.from({ length: rows }, (_, index) => row(index)));
    keeper = new LabelKeeper(folder, [{ id: 'r', path: folder }]);
  });
  suiteTeardown(() => { store.close(); rmSync(folder, { recursive: true, force: true }); });

  async function labelled(): Promise<Record<string, number>> {
    const { labels, unlabelled } = await space.labelCounts();
    return { ...Object.fromEntries(labels.map(({ label, images }) => [label, images])), none: unlabelled };
  }

  test('a run stopped between chunks keeps what it judged, says how much that is, and can be taken back', async () => {
    const stop = new AbortController();
    const progress: number[] = [];
    const result = await keeper.byModel({}, judgeOf('softmax'), { space, signal: stop.signal, onProgress: done => { progress.push(done); if (done >= 20_000) { stop.abort(); } } });
    assert.equal(result.cancelled, true);
    assert.ok(result.images >= 20_000 && result.images < rows, String(result.images));
    assert.equal(result.changed, result.images);
    assert.deepEqual(progress, [...progress].sort((a, b) => a - b));
    assert.deepEqual(await labelled(), { even: result.counts[0]!.images, odd: result.counts[1]!.images, none: rows - result.images });
    assert.equal(await keeper.undo({ space }), result.changed);
    assert.deepEqual(await labelled(), { none: rows });
  });

  test('a sigmoid judges each word alone: none, one or both are kept', async () => {
    const both = new Float32Array(2).fill(Math.SQRT1_2);
    const { images, counts, unsure, cancelled } = await keeper.byModel({}, judgeOf('sigmoid', { labels: ['even', 'any', 'nothing'], vectors: [[kinds[0]!], [both], [Float32Array.of(-1, 0)]] }), { space });
    assert.deepEqual([images, counts.map(each => each.images), unsure, cancelled], [rows, [rows / 2, rows, 0], 0, false]);
    assert.deepEqual(await labelled(), { any: rows, even: rows / 2, none: 0 });
  });

  test('one step back after clearing, setting and labelling, and no further', async () => {
    const before = await labelled();
    assert.equal(await keeper.clear({}, { space }), rows);
    assert.equal(await keeper.undo({ space }), rows);
    assert.deepEqual(await labelled(), before);
    assert.equal(await keeper.byHand({ keys: [{ root: 'r', path: '1.png', part: 0 }, { root: 'r', path: '3.png', part: 0 }] }, ['mine'], ['any'], { space }), 2);
    assert.deepEqual(await labelled(), { any: rows - 2, even: rows / 2, mine: 2, none: 0 });
    assert.equal(await keeper.undo({ space }), 2);
    assert.deepEqual(await labelled(), before);
    assert.equal(await keeper.undo({ space }), 0);
    assert.deepEqual(await labelled(), before);
  });

  test('a change that fails can be tried again: what was written before it can be taken back', async () => {
    assert.equal(await keeper.byHand({ keys: [{ root: 'r', path: '5.png', part: 0 }] }, ['mine'], [], { space }), 1);
    const broken = Object.assign(Object.create(space) as Space, { writeLabels: () => Promise.reject(new Error('full')) });
    await assert.rejects(keeper.undo({ space: broken }), /full/);
    assert.equal(await keeper.undo({ space }), 1);
  });
});
