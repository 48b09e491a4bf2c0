import assert from 'node:assert/strict';
import { dot, labelCosine, labelPrompts, labelReadings, labelVectors, meanVector, probabilities } from '../../src/core/label';

suite('label', () => {
  test('softmax sums to 1 and keeps the order, also for large scales', () => {
    const values = probabilities([0.9, 0.1, -1, 0.89], { kind: 'softmax', logitScale: 5000, logitBias: 3 });
    assert.ok(Math.abs(values.reduce((sum, value) => sum + value, 0) - 1) < 1e-9);
    assert.ok(values[0]! > values[3]! && values.every(Number.isFinite));
  });
  test('softmax golden', () => {
    const [a, b] = probabilities([0.3, 0.2], { kind: 'softmax', logitScale: 10, logitBias: 0 });
    assert.ok(Math.abs(a! - 0.7310586) < 1e-6 && Math.abs(b! - 0.2689414) < 1e-6);
  });
  test('sigmoid scores are independent', () => {
    const score = { kind: 'sigmoid', logitScale: 10, logitBias: -1 } as const;
    assert.equal(probabilities([0.1, 0.9], score)[0], probabilities([0.1], score)[0]);
    assert.equal(probabilities([0.1], score)[0], 0.5);
  });
  test('templates are filled, and the mean of their vectors is a unit vector', () => {
    assert.deepEqual(labelPrompts('cat', ['an icon of {}', '{} {}']), ['an icon of cat', 'cat cat']);
    assert.deepEqual(labelPrompts('$&', ['a {}']), ['a $&']);
    const mean = meanVector([Float32Array.of(1, 0), Float32Array.of(0, 1)]);
    assert.ok(Math.abs(dot(mean, mean) - 1) < 1e-6 && mean[0] === mean[1]);
  });
  test('a label that joins things fits what shows one of them', async () => {
    assert.deepEqual(labelReadings('maps & travel'), ['maps & travel', 'maps', 'travel']);
    assert.deepEqual(labelReadings('cat / dog / cat'), ['cat / dog / cat', 'cat', 'dog']);
    for (const whole of ['cat', 'r&d', 'a/b test', '24/7', '& co', 'this &', '/']) { assert.deepEqual(labelReadings(whole), [whole]); }
    const vectors: Record<string, Float32Array> = { 'a cat': Float32Array.of(1, 0), 'a dog': Float32Array.of(0, 1), 'a cat & dog': Float32Array.of(Math.SQRT1_2, Math.SQRT1_2), 'a car': Float32Array.of(-1, 0) };
    const [both, car] = await labelVectors(['cat & dog', 'car'], ['a {}'], async texts => texts.map(text => vectors[text]!));
    assert.deepEqual([both!.length, car!.length], [3, 1]);
    assert.equal(labelCosine(both!, Float32Array.of(0, 1)), 1);
    assert.equal(labelCosine(car!, Float32Array.of(1, 0)), -1);
  });
});
