/** ONNX files: what they say of themselves, one tower out of two, weights beside the graph, and how many inputs a run takes. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createImageEncoder, createTextEncoder } from '../../src/core/encoder';
import type { Model } from '../../src/core/model';
import { cutOnnx, readOnnx } from '../../src/core/onnxFile';
import { parseManifest, type TextSpec } from '../../src/models/manifest';
import { combinedGraph, imageTower, textTower, wordTokenizer, wordVectors, type TowerOptions } from '../onnxGraphs';

const options = { device: 'cpu', threads: 1 } as const;
const size = 8;

suite('ONNX files', () => {
  let folder: string;
  setup(() => { folder = mkdtempSync(join(tmpdir(), 'onnx-')); });
  teardown(() => rmSync(folder, { recursive: true, force: true }));

  const save = (name: string, content: Buffer | string): string => { writeFileSync(join(folder, name), content); return join(folder, name); };
  const colour = (red: number, green: number, blue: number): Uint8Array => Uint8Array.from({ length: 3 * size * size }, (_, index) => [red, green, blue][index % 3]!);
  const cosine = (a: Float32Array, b: Float32Array): number => a.reduce((sum, value, index) => sum + value * b[index]!, 0);

  /** A model of files that are in the folder already. */
  function model(vision: string, text: string, { dim = 4 }: TowerOptions = {}, spec: Partial<TextSpec> = {}): Model {
    save('tokenizer.json', JSON.stringify(wordTokenizer()));
    const file = (path: string) => ({ path, sha256: 'a'.repeat(64), sizeBytes: 1 });
    const manifest = parseManifest({
      id: 'm', revision: '1', variant: 'fp32', name: 'm', description: '', license: '', preprocessingVersion: 1, embeddingDim: dim,
      files: { vision: file(vision), text: file(text), tokenizer: file('tokenizer.json') },
      image: { input: 'pixel_values', output: 'image_embeds', size, resize: 'squash', interpolation: 'bicubic', mean: [0, 0, 0], std: [1, 1, 1] },
      text: { inputs: { ids: 'input_ids', mask: 'attention_mask' }, output: 'text_embeds', contextLength: 6, padId: 14, padding: 'longest', addSpecialTokens: true, ...spec },
      score: { kind: 'softmax', logitScale: 100, logitBias: 0 }, promptTemplates: ['{}'],
    });
    return { folder, manifest, info: { id: 'm', revision: '1', variant: 'fp32', name: 'm', description: '', license: '', embeddingDim: dim, sizeBytes: 1, folder } };
  }
  async function encodeTexts(of: Model, texts: string[]): Promise<Float32Array[]> {
    const encoder = await createTextEncoder(of, options);
    try { return await encoder.encode(texts); } finally { await encoder.dispose(); }
  }
  async function encodeImages(of: Model, images: Uint8Array[]): Promise<Float32Array[]> {
    const encoder = await createImageEncoder(of, options);
    try { return await encoder.encode(images); } finally { await encoder.dispose(); }
  }

  test('inputs, outputs, weights', () => {
    assert.deepEqual(readOnnx(save('v.onnx', imageTower({ size: 224 }))), {
      inputs: [{ name: 'pixel_values', type: 'float32', dims: [undefined, 3, 224, 224] }], outputs: [{ name: 'image_embeds', type: 'float32', dims: [undefined, 4] }],
      externalFiles: [], weights: 'fp32', dynamicallyQuantized: false,
    });
    const text = readOnnx(save('t.onnx', textTower({ ids: 'text', idType: 'int32', batch: 1, length: 77, externalWords: 'words.bin' })));
    assert.deepEqual(text.inputs, [{ name: 'text', type: 'int32', dims: [1, 77] }]);
    assert.deepEqual(text.externalFiles, ['words.bin']);
    assert.equal(readOnnx(save('q.onnx', imageTower({ quantized: true }))).dynamicallyQuantized, true);
  });

  test('what is no ONNX file, or only a part of one, is an error', () => {
    const whole = textTower({ dim: 64, vocabulary: 4000 });
    for (const content of [Buffer.alloc(0), Buffer.from('<!doctype html><title>Not found</title>'), whole.subarray(0, 200), whole.subarray(0, whole.length - 1)]) {
      assert.throws(() => readOnnx(save('x.onnx', content)), Error, `${content.length} bytes`);
    }
  });

  test('a graph with two towers gives what the towers give alone, and is cut to the one', async () => {
    const large = { dim: 16, vocabulary: 5000 };
    save('both.onnx', combinedGraph(large));
    save('vision.onnx', imageTower(large));
    save('text.onnx', textTower({ ...large, mask: 'attention_mask' }));
    const [both, apart] = [model('both.onnx', 'both.onnx', large), model('vision.onnx', 'text.onnx', large)];
    const texts = ['red', 'red word4 word5', 'blue blue green'];
    const images = [colour(255, 0, 0), colour(20, 200, 90)];
    assert.deepEqual(await encodeTexts(both, texts), await encodeTexts(apart, texts));
    assert.deepEqual(await encodeImages(both, images), await encodeImages(apart, images));
    const [red] = await encodeTexts(both, ['red']);
    const [image] = await encodeImages(both, [colour(255, 0, 0)]);
    assert.ok(cosine(red!, image!) > 0.999);
    // The words' vectors are most of the file.
    assert.ok(cutOnnx(join(folder, 'both.onnx'), 'image_embeds').length < 1000);
    const cut = readOnnx(save('cut.onnx', Buffer.from(cutOnnx(join(folder, 'both.onnx'), 'text_embeds'))));
    assert.deepEqual([cut.inputs.map(({ name }) => name).sort(), cut.outputs.map(({ name }) => name)], [['attention_mask', 'input_ids'], ['text_embeds']]);
  });

  test('weights beside the graph are found, whether it is whole or cut', async () => {
    save('words.bin', Buffer.from(wordVectors({}).buffer));
    save('vision.onnx', imageTower());
    save('text.onnx', textTower({ externalWords: 'words.bin' }));
    save('both.onnx', combinedGraph({ externalWords: 'words.bin' }));
    const [apart] = await encodeTexts(model('vision.onnx', 'text.onnx'), ['green']);
    assert.deepEqual([...apart!].map(Math.round), [0, 1, 0, 0]);
    assert.deepEqual((await encodeTexts(model('both.onnx', 'both.onnx'), ['green']))[0], apart);
  });

  test('a graph for one input at a time, int32 and always padded, takes many', async () => {
    save('vision.onnx', imageTower({ batch: 1, size }));
    save('text.onnx', textTower({ batch: 1, length: 6, idType: 'int32' }));
    const fixed = model('vision.onnx', 'text.onnx', {}, { padding: 'max', inputs: { ids: 'input_ids' } });
    const images = await encodeImages(fixed, [colour(255, 0, 0), colour(0, 255, 0), colour(0, 0, 255)]);
    assert.deepEqual(images.map(vector => [...vector].map(Math.round)), [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]]);
    assert.equal((await encodeTexts(fixed, ['red', 'green word5'])).length, 2);
  });

  test('a dynamically quantised graph gives an image the same vector whatever lies beside it', async () => {
    save('vision.onnx', imageTower({ quantized: true }));
    save('text.onnx', textTower());
    const quantized = model('vision.onnx', 'text.onnx');
    const image = colour(90, 60, 30);
    const [alone] = await encodeImages(quantized, [image]);
    const [, beside] = await encodeImages(quantized, [colour(255, 255, 255), image, colour(9, 0, 9)]);
    assert.deepEqual(beside, alone);
  });

  test('an input that the manifest does not name has a code', async () => {
    save('vision.onnx', imageTower());
    save('text.onnx', textTower({ mask: 'token_types' }));
    await assert.rejects(createTextEncoder(model('vision.onnx', 'text.onnx'), options), { code: 'modelInvalid' });
  });
});
