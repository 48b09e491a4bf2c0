import assert from 'node:assert/strict';
import { blend, minSampleRows, spreadOf, strongDeviations, strongFrom, type VectorSample } from '../../src/core/relevance';

/** Rows whose cosine with [1, 0] is given. */
function sampleOf(cosines: number[]): VectorSample {
  const vectors = new Float32Array(cosines.length * 2);
  cosines.forEach((cosine, row) => vectors.set([cosine, Math.sqrt(1 - cosine * cosine)], row * 2));
  return { vectors, embeddingDim: 2, rows: cosines.length };
}
const query = new Float32Array([1, 0]);

suite('relevance', () => {
  test('the centre and the spread are those of the crowd, not of what fits', () => {
    const crowd = Array.from({ length: 101 }, (_, index) => 0.1 + (index - 50) / 1000);
    const { center, deviation } = spreadOf(query, sampleOf(crowd))!;
    assert.ok(Math.abs(center - 0.1) < 1e-6);
    assert.ok(Math.abs(deviation - 1.4826 * 0.025) < 1e-5);
    const withHits = spreadOf(query, sampleOf([...crowd, 0.9, 0.91, 0.92]))!;
    assert.ok(Math.abs(withHits.center - center) < 0.003 && Math.abs(withHits.deviation - deviation) < 0.003);
    const from = strongFrom(withHits, 'text', 1500);
    assert.ok(from > 0.15 && from < 0.9, `${from}`);
  });

  test('nothing is said of a small table, or of one in which all is alike', () => {
    assert.equal(spreadOf(query, sampleOf(Array.from({ length: minSampleRows - 1 }, (_, index) => index / 100))), undefined);
    assert.equal(spreadOf(query, sampleOf(Array.from({ length: 100 }, () => 0.5))), undefined);
    assert.equal(spreadOf(query, { vectors: new Float32Array(), embeddingDim: 2, rows: 0 }), undefined);
  });

  test('a picture and words count alike, though pictures lie closer to pictures', () => {
    // Words along the first axis (cosines within 0.02), pictures along the second (within 0.5): as between two towers.
    const rows = 101;
    const vectors = new Float32Array(rows * 3);
    for (let row = 0; row < rows; row++) {
      const [a, b] = [(row * 37 % rows - 50) / 2500, (row * 11 % rows - 50) / 100];
      vectors.set([a, b, Math.sqrt(1 - a * a - b * b)], row * 3);
    }
    const sample = { vectors, embeddingDim: 3, rows };
    const [words, picture] = [new Float32Array([1, 0, 0]), new Float32Array([0, 1, 0])];
    const both = blend(picture, words, 0.5, sample);
    assert.ok(Math.abs(Math.hypot(...both) - 1) < 1e-6);
    const share = both[0]! * spreadOf(words, sample)!.deviation / (both[1]! * spreadOf(picture, sample)!.deviation);
    assert.ok(Math.abs(share - 1) < 1e-4, `${share}`);
    assert.deepEqual([...blend(picture, words, 0, sample)], [0, 1, 0]);
    assert.deepEqual([...blend(picture, words, 1, sample)], [1, 0, 0]);
  });

  test('more rows ask for more, and pictures for more than words', () => {
    assert.equal(strongDeviations('text', 1500), 3.1);
    assert.ok(strongDeviations('text', 100_000) > strongDeviations('text', 10_000));
    assert.ok(strongDeviations('picture', 1500) > strongDeviations('text', 1500));
    assert.equal(strongDeviations('text', 0), strongDeviations('text', 1));
    assert.ok(strongDeviations('text', 0) >= 2);
  });
});
