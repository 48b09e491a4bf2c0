/** The conformance check: our own model and one made to fit pass; each way to be wrong is caught by the check that is meant for it. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureVerified, failedCheck, verifyModel, type CheckName } from '../../src/core/conformance';
import { agreement, checkModel } from '../../src/core/conformanceChecks';
import { conformancePictures } from '../../src/core/conformancePictures';
import { loadModel } from '../../src/core/model';
import { preprocess } from '../../src/core/preprocess';
import type { Manifest } from '../../src/models/manifest';
import { floats, modelOf, node, onnxTypes, value, weights, type OnnxType } from '../onnxGraphs';
import { randomFrom } from '../samplePictures.mjs';

const builtin = join(process.cwd(), 'media', 'builtin');
const processFile = join(process.cwd(), 'dist', 'conformanceProcess.js');
const size = 64;
const dim = 32;
const words = [...new Set(conformancePictures.flatMap(({ caption }) => caption.split(' ')))];
/** What each picture is called by: the last word that no other caption has. */
const keys = conformancePictures.map(({ caption }) => caption.split(' ').at(-1)!);
const [pad, otherPad, unknown] = [words.length, words.length + 1, words.length + 2];

interface Fault {
  /** Changes of the manifest. */
  image?: Partial<Manifest['image']>;
  text?: Partial<Manifest['text']>;
  embeddingDim?: number;
  /** The graphs. */
  projection?: (weights: Float32Array) => void;
  noise?: boolean;
  leaks?: boolean;
  ignoresMask?: boolean;
  unmasked?: boolean;
  idType?: OnnxType;
  vectors?: (vectors: Map<string, Float32Array>) => void;
  /** The tokenizer. */
  padding?: number;
  vocabulary?: (word: string) => boolean;
}

suite('conformance', () => {
  let folder: string;
  /** Mean colours of 8 x 8 tiles of each picture, as the tiny image tower pools them. */
  let features: Float32Array[];
  const random = randomFrom(3);
  const projection = Float32Array.from({ length: 192 * dim }, () => random() - 0.5);
  const project = (feature: Float32Array) => Float32Array.from({ length: dim }, (_, column) => feature.reduce((sum, each, row) => sum + each * projection[row * dim + column]!, 0));

  suiteSetup(async () => {
    features = await Promise.all(conformancePictures.map(async ({ svg }) => {
      const image = { input: '', output: '', size, resize: 'crop', interpolation: 'bicubic', mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] } as const satisfies Manifest['image'];
      const { pixels } = await preprocess(Buffer.from(svg), { image, thumbnail: false }, 1e8);
      const pooled = new Float32Array(192);
      pixels!.forEach((each, at) => {
        const [x, y] = [Math.floor(at / 3) % size, Math.floor(at / 3 / size)];
        pooled[at % 3 * 64 + (y >> 3) * 8 + (x >> 3)]! += (each / 127.5 - 1) / 64;
      });
      return pooled;
    }));
  });
  setup(() => { folder = mkdtempSync(join(tmpdir(), 'asset-search-')); });
  teardown(() => { rmSync(folder, { recursive: true, force: true }); });

  const write = (path: string, content: string | Buffer) => {
    writeFileSync(join(folder, path), content);
    return { path, sha256: createHash('sha256').update(content).digest('hex'), sizeBytes: Buffer.byteLength(content) };
  };

  /** A model that knows our pictures: the word for each is the vector that its image tower gives. */
  function writeModel(fault: Fault = {}): void {
    const weightsOfImages = projection.slice();
    fault.projection?.(weightsOfImages);
    const images = features.map(project);
    const middle = Float32Array.from({ length: dim }, (_, at) => images.reduce((sum, vector) => sum + vector[at]! / images.length, 0));
    const vectors = new Map(words.map(word => [word, new Float32Array(dim)]));
    keys.forEach((key, index) => vectors.set(key, images[index]!.map((each, at) => each - middle[at]!)));
    fault.vectors?.(vectors);
    const table = new Float32Array((words.length + 3) * dim);
    words.forEach((word, id) => table.set(vectors.get(word)!, id * dim));
    table.fill(1, pad * dim, otherPad * dim);

    const { noise, leaks, ignoresMask, unmasked, idType = 'int64' } = fault;
    const vision = modelOf(
      node('AveragePool', ['pixel_values'], ['pooled'], { kernel_shape: [8, 8], strides: [8, 8] }), node('Flatten', ['pooled'], ['flat']),
      node('MatMul', ['flat', 'projection'], ['projected']), node('Sub', ['projected', 'middle'], ['centred']),
      ...noise ? [node('RandomNormalLike', ['centred'], ['random']), node('Add', ['centred', 'random'], ['image_embeds'])]
        : leaks ? [node('ReduceMean', ['centred'], ['all'], { axes: [0], keepdims: 1 }), node('Add', ['centred', 'all'], ['image_embeds'])]
          : [node('Identity', ['centred'], ['image_embeds'])],
      weights('projection', [192, dim], floats(weightsOfImages)), weights('middle', [dim], floats(middle)),
      value(11, 'pixel_values', 'float32', ['batch', 3, size, size]), value(12, 'image_embeds', 'float32', ['batch', dim]),
    );
    const text = modelOf(
      node('Gather', ['table', 'input_ids'], ['vectors']),
      ...unmasked ? [node('Identity', ['vectors'], ['kept'])] : [
        node('Cast', ['attention_mask'], ['numbers'], { to: onnxTypes.float32 }), node('Unsqueeze', ['numbers', 'last'], ['column']),
        ...ignoresMask ? [node('Mul', ['column', 'zero'], ['nothing']), node('Add', ['vectors', 'nothing'], ['kept'])] : [node('Mul', ['vectors', 'column'], ['kept'])],
        weights('last', [1], Buffer.from(BigInt64Array.of(-1n).buffer), onnxTypes.int64), weights('zero', [1], floats([0])),
        value(11, 'attention_mask', idType, ['batch', 'length']),
      ],
      node('ReduceSum', ['kept', 'axis'], ['text_embeds'], { keepdims: 0 }), weights('axis', [1], Buffer.from(BigInt64Array.of(1n).buffer), onnxTypes.int64),
      weights('table', [words.length + 3, dim], floats(table)), value(11, 'input_ids', idType, ['batch', 'length']), value(12, 'text_embeds', 'float32', ['batch', dim]),
    );
    const vocabulary = Object.fromEntries([...words.filter(fault.vocabulary ?? (() => true)).map(word => [word, words.indexOf(word)]), ['<unk>', unknown]]);
    const tokenizer = {
      version: '1.0', truncation: null, padding: fault.padding === undefined ? null : { pad_id: fault.padding }, added_tokens: [], normalizer: null, pre_tokenizer: { type: 'Whitespace' },
      post_processor: null, decoder: null, model: { type: 'WordLevel', unk_token: '<unk>', vocab: vocabulary },
    };
    write('model.json', JSON.stringify({
      id: 'tiny', revision: '1', variant: 'fp32', name: 'Tiny', description: '', license: '', preprocessingVersion: 1,
      files: { vision: write('vision.onnx', vision), text: write('text.onnx', text), tokenizer: write('tokenizer.json', JSON.stringify(tokenizer)) }, embeddingDim: fault.embeddingDim ?? dim,
      image: { input: 'pixel_values', output: 'image_embeds', size, resize: 'crop', interpolation: 'bicubic', mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5], ...fault.image },
      text: { inputs: { ids: 'input_ids', ...!unmasked && { mask: 'attention_mask' } }, output: 'text_embeds', contextLength: 24, padId: pad, padding: 'longest', addSpecialTokens: false, ...fault.text },
      score: { kind: 'softmax', logitScale: 20, logitBias: 0 }, promptTemplates: ['{}'],
    } satisfies Manifest));
  }

  const assertPasses = async (path: string) => {
    const report = await checkModel(path, 1);
    assert.deepEqual(report.checks.filter(({ outcome }) => outcome !== 'passed'), []);
    assert.equal(report.checks.length, 10);
    return report;
  };
  const failing = async (path = folder) => failedCheck(await checkModel(path, 1))?.name;

  test('each caption has a word of its own', () => {
    assert.ok(conformancePictures.length >= 20);
    assert.equal(new Set(keys).size, keys.length);
  });

  test('our own model passes', async () => { await assertPasses(builtin); });
  test('a tiny model that knows the pictures passes', async () => { writeModel(); await assertPasses(folder); });
  test('and so without a mask, always padded, with a padding that means nothing', async () => {
    writeModel({ unmasked: true, padding: otherPad, text: { padding: 'max', padId: otherPad } });
    await assertPasses(folder);
  });

  const swapped = (vectors: Map<string, Float32Array>): void => {
    const own = keys.map(key => vectors.get(key)!);
    keys.forEach((key, index) => vectors.set(key, own[(index + 1) % own.length]!));
  };
  const untrained = (vectors: Map<string, Float32Array>): void => {
    const weight = randomFrom(11);
    for (const word of vectors.keys()) { vectors.set(word, Float32Array.from({ length: dim }, () => weight() - 0.5)); }
  };
  const wrong: [what: string, caughtBy: CheckName, fault: Fault][] = [
    ['an input of another name', 'graphs', { image: { input: 'pixels' } }],
    ['an output of another name', 'graphs', { text: { output: 'last_hidden_state' } }],
    ['another picture size', 'graphs', { image: { size: 32 } }],
    ['another number of dimensions', 'graphs', { embeddingDim: 16 }],
    ['ids that are no integers', 'graphs', { idType: 'float32' }],
    ['weights that are no numbers', 'images', { projection: each => { each[0] = NaN; } }],
    ['an image tower without weights', 'images', { projection: each => { each.fill(0); } }],
    ['another answer each time', 'repeatable', { noise: true }],
    ['pictures that leak into each other', 'imageBatch', { leaks: true }],
    ['a vocabulary of another model', 'texts', { vocabulary: word => !keys.slice(3).includes(word) && word.length < 3 }],
    ['one vector for all texts', 'texts', { vectors: all => { for (const word of all.keys()) { all.set(word, new Float32Array(dim).fill(1)); } } }],
    ['padding that is read as words', 'textBatch', { ignoresMask: true }],
    ['another padding than the tokenizer says, where it matters', 'padding', { unmasked: true, padding: otherPad, text: { padding: 'max', padId: pad } }],
    ['a padding outside the vocabulary', 'texts', { unmasked: true, text: { padding: 'max', padId: 100_000 } }],
    ['towers of two models', 'meaning', { vectors: swapped }],
    ['random weights', 'meaning', { vectors: untrained }],
  ];
  for (const [what, caughtBy, fault] of wrong) {
    test(`refused by "${caughtBy}": ${what}`, async () => {
      writeModel(fault);
      assert.equal(await failing(), caughtBy);
    });
  }

  test('refused by "files": a damaged file, and a folder without a model', async () => {
    assert.equal(await failing(), 'files');
    writeModel();
    writeFileSync(join(folder, 'text.onnx'), readFileSync(join(folder, 'text.onnx')).reverse());
    const { checks } = await checkModel(folder, 1);
    assert.deepEqual(checks.map(({ outcome }) => outcome), ['failed', ...Array<string>(9).fill('skipped')]);
  });

  test('refused: a mean and deviation on another scale than the pixels', async () => {
    cpSync(builtin, folder, { recursive: true });
    const manifest = JSON.parse(readFileSync(join(folder, 'model.json'), 'utf8')) as Manifest;
    const withNormalization = (mean: number, std: number) => {
      const image = { ...manifest.image, mean: [mean, mean, mean], std: [std, std, std] };
      write('model.json', JSON.stringify({ ...manifest, image }));
    };
    withNormalization(0, 1 / 255);
    assert.equal(await failing(), 'normalization');
    withNormalization(127.5, 127.5);
    assert.ok(['images', 'meaning'].includes((await failing())!));
  });

  test('towers that have nothing to do with each other hardly ever agree as much as is demanded', () => {
    const gauss = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    const images = features.map(project);
    const found = Array.from({ length: 1000 }, () => {
      const map = Array.from({ length: dim }, () => Float32Array.from({ length: dim }, gauss));
      return agreement(images, images.map((_, index) => map.map(row => row.reduce((sum, each, at) => sum + each * images[(index * 7 + 3) % images.length]![at]!, 0))).map(row => Float32Array.from(row)));
    }).sort((a, b) => a - b);
    assert.ok(Math.abs(found[500]!) < 0.2, `median ${found[500]}`);
    assert.ok(found[990]! < 3.5 && found.at(-1)! < 5, `99 %: ${found[990]}, highest ${found.at(-1)}`);
  });

  suite('remembered', () => {
    const gone = { processFile: join(builtin, 'nothing.js'), threads: 1 };
    const real = { processFile, threads: 1 };

    test('a model is checked once: for its files and its manifest', async () => {
      writeModel();
      await assert.rejects(loadModel(folder).then(model => ensureVerified(model, gone)), { code: 'modelInvalid' });
      assert.ok(!existsSync(join(folder, 'verified.json')), 'a check that did not end says nothing');
      await ensureVerified(await loadModel(folder), real);
      await ensureVerified(await loadModel(folder), gone);
      writeModel({ text: { contextLength: 25 } });
      await assert.rejects(loadModel(folder).then(model => ensureVerified(model, gone)), { code: 'modelInvalid' });
      writeModel({ vectors: swapped });
      await assert.rejects(loadModel(folder).then(model => ensureVerified(model, gone)), { code: 'modelInvalid' });
    });

    test('another runtime, or other checks, ask again', async () => {
      writeModel();
      await ensureVerified(await loadModel(folder), real);
      const file = join(folder, 'verified.json');
      const remembered = JSON.parse(readFileSync(file, 'utf8')) as object;
      for (const change of [{ runtime: '0.0.1' }, { checks: 0 }, { report: {} }]) {
        writeFileSync(file, JSON.stringify({ ...remembered, ...change }));
        await assert.rejects(loadModel(folder).then(model => ensureVerified(model, gone)), { code: 'modelInvalid' });
      }
    });

    test('a refusal is remembered, names the check, and is asked anew by a verification', async () => {
      writeModel({ vectors: swapped });
      const model = await loadModel(folder);
      for (const options of [real, gone]) { await assert.rejects(ensureVerified(model, options), (error: Error & { code?: string }) => error.code === 'modelInvalid' && error.message.includes('"meaning"')); }
      assert.equal(failedCheck(await verifyModel(model, real))?.name, 'meaning');
      assert.equal(failedCheck(await verifyModel({ folder: join(folder, 'none') }, real))?.name, 'files');
    });

    test('a process that dies refuses the model; a cancelled one is cancelled', async () => {
      writeModel();
      const crash = join(folder, 'crash.js');
      writeFileSync(crash, 'process.on("message", () => process.kill(process.pid, "SIGSEGV"));');
      await assert.rejects(loadModel(folder).then(model => ensureVerified(model, { processFile: crash, threads: 1 })), { code: 'modelInvalid' });
      const stop = new AbortController();
      const waiting = assert.rejects(ensureVerified(await loadModel(folder), real, stop.signal), { code: 'cancelled' });
      stop.abort();
      await waiting;
      assert.ok(!existsSync(join(folder, 'verified.json')));
    });
  });
});
