/** Embeddings of the built-in model: unit vectors, the same alone and in a batch, in this process and in the encode process. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EncodeClient } from '../../src/core/encodeClient';
import { createImageEncoder, createTextEncoder, type ImageEncoder, type TextEncoder } from '../../src/core/encoder';
import { loadModel, type Model } from '../../src/core/model';
import { preprocess } from '../../src/core/preprocess';

const modelFolder = join(process.cwd(), 'media', 'builtin');
const processFile = join(process.cwd(), 'dist', 'encodeProcess.js');
const options = { device: 'cpu', threads: 1 } as const;
const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, index) => sum + value * b[index]!, 0);

suite('encoder', () => {
  let model: Model;
  let images: ImageEncoder;
  let texts: TextEncoder;
  let pixels: Uint8Array[];

  suiteSetup(async () => {
    model = await loadModel(modelFolder);
    images = await createImageEncoder(model, options);
    texts = await createTextEncoder(model, options);
    const shapes = ['<circle cx="12" cy="12" r="9"/>', '<path d="M2 2h20v20h-20z"/>', '<path d="M12 2l10 18h-20z"/>', '<path fill="red" d="M2 10h20v4h-20z"/>'];
    pixels = await Promise.all([...shapes, ...shapes.map(shape => `<g transform="scale(.5)">${shape}</g>`)].map(async shape => {
      const bytes = Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24">${shape}</svg>`);
      return (await preprocess(bytes, { image: model.manifest.image, thumbnail: false }, 1e8)).pixels!;
    }));
  });
  suiteTeardown(async () => {
    await images.dispose();
    await texts.dispose();
  });

  const words = ['cat', 'shopping cart', 'an arrow that points to the left', 'a', 'house', 'trash can', 'wifi', 'user'];

  test('unit vectors of the promised length, different for different inputs', async () => {
    const all = [...await images.encode(pixels), ...await texts.encode(words)];
    for (const vector of all) {
      assert.equal(vector.length, model.manifest.embeddingDim);
      assert.ok(Math.abs(dot(vector, vector) - 1) < 1e-5);
      // A view into shared memory would change under its owner's hands.
      assert.equal(vector.byteLength, vector.buffer.byteLength);
    }
    assert.ok(dot(all[0]!, all[1]!) < 0.9999 && dot(all[8]!, all[9]!) < 0.9999);
  });

  test('a batch gives what each gives alone, and again the same', async () => {
    const batch = await images.encode(pixels);
    const again = await images.encode(pixels);
    for (const [index, image] of pixels.entries()) {
      const [alone] = await images.encode([image]);
      assert.ok(dot(batch[index]!, alone!) > 0.99999, `image ${index}`);
      assert.deepEqual(again[index], batch[index]);
    }
    const together = await texts.encode(words);
    for (const [index, text] of words.entries()) {
      const [alone] = await texts.encode([text]);
      assert.ok(dot(together[index]!, alone!) > 0.99999, text);
    }
  });

  test('more than a run takes: in order', async () => {
    const many = Array.from({ length: 70 }, (_, index) => pixels[index % pixels.length]!);
    const vectors = await images.encode(many);
    const [first] = await images.encode([pixels[69 % pixels.length]!]);
    assert.equal(vectors.length, 70);
    assert.ok(dot(vectors[69]!, first!) > 0.99999);
    assert.deepEqual(await images.encode([]), []);
    assert.deepEqual(await texts.encode([]), []);
  });

  test('a text without one token has a code of its own', async () => {
    const { manifest } = model;
    const bare = await createTextEncoder({ ...model, manifest: { ...manifest, text: { ...manifest.text, addSpecialTokens: false } } }, options);
    await assert.rejects(bare.encode(['cat', '']), { code: 'textNotUnderstood' });
    await bare.dispose();
  });

  test('an image of another size is refused', async () => {
    await assert.rejects(images.encode([new Uint8Array(12)]), { code: 'internal' });
  });

  test('an absent device, a broken graph and wrong names have codes', async () => {
    await assert.rejects(createImageEncoder(model, { device: process.platform === 'win32' ? 'coreml' : 'directml', threads: 1 }), { code: 'deviceUnavailable' });
    const wrong = { ...model, manifest: { ...model.manifest, image: { ...model.manifest.image, output: 'nothing' } } };
    await assert.rejects(createImageEncoder(wrong, options), { code: 'modelInvalid' });
    const folder = mkdtempSync(join(tmpdir(), 'asset-search-'));
    try {
      writeFileSync(join(folder, model.manifest.files.vision.path), 'no graph');
      await assert.rejects(createImageEncoder({ ...model, folder }, options), { code: 'modelCorrupt' });
    } finally {
      rmSync(folder, { recursive: true });
    }
    const short = { ...model, manifest: { ...model.manifest, embeddingDim: 3 } };
    const encoder = await createImageEncoder(short, options);
    await assert.rejects(encoder.encode(pixels), { code: 'modelInvalid' });
    await encoder.dispose();
  });

  test('the encode process gives the same vectors, in any batch size, and ends after its last run', async () => {
    const client = await EncodeClient.start({ processFile, model, ...options });
    const expected = await images.encode(pixels);
    const work = [client.encode(pixels, 8), client.encode(pixels.slice(2, 5), 2), client.encode([], 1)];
    const wrong = assert.rejects(client.encode([new Uint8Array(12)], 1), { code: 'internal' });
    const closed = client.close();
    const [all, some, none] = await Promise.all(work);
    await closed;
    await wrong;
    for (const [index, vector] of all!.entries()) { assert.ok(dot(vector, expected[index]!) > 0.99999); }
    assert.ok(dot(some![0]!, expected[2]!) > 0.99999 && dot(some![2]!, expected[4]!) > 0.99999);
    assert.equal(none!.length, 0);
    await assert.rejects(client.encode(pixels, 8), { code: 'cancelled' });
  });

  test('an encode process without a model reports the code', async () => {
    await assert.rejects(EncodeClient.start({ processFile, model: { ...model, folder: join(modelFolder, 'none') }, ...options }), { code: 'modelCorrupt' });
  });
});
