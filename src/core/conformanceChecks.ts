/** The checks of conformance.ts, in the process of their own: that a model is whole, that it gives what its manifest promises, and that its pictures and words mean the same. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Check, CheckName, ConformanceReport } from './conformance';
import { conformancePictures } from './conformancePictures';
import { createImageEncoder, createTextEncoder, type TextEncoder } from './encoder';
import { AssetSearchError, messageOf } from '../errors';
import { dot } from './label';
import { loadModel, type Model } from './model';
import { readOnnx, type OnnxFile } from './onnxFile';
import { preprocess } from './preprocess';
import type { ImageSpec } from '../models/manifest';

/**
 * Vectors of one input, alone and among others, may differ by this share of the usual distance between two inputs: rounding of another kernel, or of a range that
 * is shared by a batch. Of wrong rows or words that leak into each other they differ by about all of it.
 */
const tolerance = 0.05;
/** A distance (1 - cosine) that is rounding, whatever the model. */
const rounding = 1e-4;
const batchSize = 8;
/** Below this many captions that the model knows, nothing can be said of their meaning. */
const minCaptions = 10;
/**
 * Lowest {@link agreement} of pictures and captions. Towers that have nothing to do with each other reach it less than once in 10,000 times: of 20,000 random linear maps
 * between the pictures and the captions as the built-in model sees them the highest was 4.5 (99.9 % below 3.3), of a photograph classifier with word vectors 3.9.
 * The built-in model itself reaches 12.6, that classifier, which knows no drawings, 7.7; 19 is the most that 20 pairs can reach.
 */
const minAgreement = 5;
/** From here on nobody doubts; below, a normalization that gives `normalizationGain` more is taken for the right one. Those in use differ by less than 1 from each other. */
const clearAgreement = 10;
const normalizationGain = 3;

type Normalization = Pick<ImageSpec, 'mean' | 'std'>;
const same = (value: number): [number, number, number] => [value, value, value];
/** What published models use, and how one goes wrong: openai/CLIP clip.py, big_vision's value_range(-1, 1), torchvision's ImageNet, none, and none with values up to 255. */
const normalizations: readonly Normalization[] = [
  { mean: [0.48145466, 0.4578275, 0.40821073], std: [0.26862954, 0.26130258, 0.27577711] },
  { mean: same(0.5), std: same(0.5) },
  { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
  { mean: same(0), std: same(1) },
  { mean: same(0), std: same(1 / 255) },
];

/** Runs on the CPU, which every machine has. Never rejects for what is wrong with the model: the report says it. */
export async function checkModel(folder: string, threads: number): Promise<ConformanceReport> {
  const started = performance.now();
  const checks: Check[] = [];
  /** `needs` are results of earlier checks. */
  const check = async <T, N extends unknown[]>(name: CheckName, needs: [...N], work: (...found: { [K in keyof N]: NonNullable<N[K]> }) => Promise<[T, detail: string]> | [T, detail: string]): Promise<T | undefined> => {
    if (needs.includes(undefined)) { checks.push({ name, outcome: 'skipped', detail: '' }); return undefined; }
    try {
      const [value, detail] = await work(...needs as { [K in keyof N]: NonNullable<N[K]> });
      checks.push({ name, outcome: 'passed', detail });
      return value;
    } catch (thrown) {
      checks.push({ name, outcome: 'failed', detail: messageOf(thrown) });
      return undefined;
    }
  };
  const options = { device: 'cpu', threads } as const;
  const disposables: { dispose(): Promise<void> }[] = [];
  const opened = <T extends { dispose(): Promise<void> }>(encoder: T): T => { disposables.push(encoder); return encoder; };
  try {
    const model = await check('files', [], async () => {
      const loaded = await loadModel(folder, { anew: true });
      return [loaded, `${(loaded.info.sizeBytes / 2 ** 20).toFixed(1)} MB, as their hashes say`];
    });
    const graphs = await check('graphs', [model], found => checkGraphs(found));

    const images = await check('images', [model, graphs], async found => {
      const encoder = opened(await createImageEncoder(found, options));
      const pixels = await Promise.all(conformancePictures.map(({ svg }) => render(svg, found.manifest.image)));
      const vectors = await oneByOne(pixels, encoder.encode);
      return [{ encoder, pixels, vectors, spread: spreadOf(vectors) }, `${vectors.length} unit vectors of ${found.manifest.embeddingDim} numbers`];
    });
    await check('repeatable', [images], async ({ encoder, pixels, vectors }) => {
      const distance = farthest(vectors.slice(0, 1), await encoder.encode(pixels.slice(0, 1)));
      if (!(distance <= rounding)) { throw new Error(`The same picture gives another vector the second time: their cosine is ${cosine(distance)}.`); }
      return [true, `cosine ${cosine(distance)}`];
    });
    await check('imageBatch', [images], async ({ encoder, pixels, vectors, spread }) => {
      const distance = farthest(vectors, await encoder.encode(pixels.slice(0, batchSize)));
      if (!(distance <= Math.max(rounding, tolerance * spread))) { throw new Error(`A picture gives another vector among ${batchSize} than alone: their cosine is ${cosine(distance)}.`); }
      return [true, `${batchSize} together as each alone, cosine ${cosine(distance)}`];
    });

    const texts = await check('texts', [model, graphs], async found => {
      const encoder = opened(await createTextEncoder(found, options));
      const vectors = await Promise.all(conformancePictures.map(({ caption }) => encoder.encode([caption]).then(([vector]) => vector, (thrown: unknown) => {
        if (thrown instanceof AssetSearchError && thrown.code === 'textNotUnderstood') { return undefined; }
        throw thrown;
      })));
      const known = conformancePictures.flatMap(({ caption }, place) => vectors[place] ? [{ place, caption, vector: vectors[place] }] : []);
      if (known.length < minCaptions) { throw new Error(`It knows only ${known.length} of ${vectors.length} simple captions, such as "${conformancePictures[0]!.caption}".`); }
      const again = await encoder.encode([known[0]!.caption]);
      const distance = farthest([known[0]!.vector], again);
      if (!(distance <= rounding)) { throw new Error(`The same text gives another vector the second time: their cosine is ${cosine(distance)}.`); }
      return [{ encoder, known, spread: spreadOf(known.map(({ vector }) => vector)) }, `${known.length} of ${vectors.length} captions known`];
    });
    await check('textBatch', [texts], async ({ encoder, known, spread }) => {
      // The longest fills the context: beside it the others are nearly all padding.
      const batch = [...known.slice(1, batchSize).map(({ caption }) => caption), known.map(({ caption }) => caption).join(', ')];
      const distance = farthest(await oneByOne(batch, encoder.encode), await encoder.encode(batch));
      if (!(distance <= Math.max(rounding, tolerance * spread))) { throw new Error(`A text gives another vector beside a longer one than alone: their cosine is ${cosine(distance)}.`); }
      return [true, `texts of different length together as each alone, cosine ${cosine(distance)}`];
    });
    await check('padding', [model, texts], async (found, { known, spread }) => checkPadding(found, known, spread, async changed => opened(await createTextEncoder(changed, options))));

    // Before the meaning: pixels on another scale may leave none, and what helps is to name the right one.
    await check('normalization', [model, images, texts], async (found, { pixels, vectors: seen }, { known }) => {
      const { mean, std } = found.manifest.image;
      const value = agreementOf(seen, known);
      for (const other of value >= clearAgreement ? [] : normalizations) {
        const encoder = await createImageEncoder({ ...found, manifest: { ...found.manifest, image: { ...found.manifest.image, ...other } } }, options);
        // A graph may not bear other values at all.
        const vectors = await oneByOne(pixels, encoder.encode).catch(() => undefined).finally(() => encoder.dispose());
        const better = vectors ? agreementOf(vectors, known) : 0;
        if (better >= Math.max(minAgreement, value + normalizationGain)) {
          throw new Error(`With mean ${other.mean.join(', ')} and std ${other.std.join(', ')} captions find their pictures ${better.toFixed(1)} deviations better than chance, with those of the manifest only ${value.toFixed(1)}.`);
        }
      }
      return [true, `mean ${mean.join(', ')}, std ${std.join(', ')}${value >= clearAgreement ? '' : '; no other one in use fits better'}`];
    });
    await check('meaning', [images, texts], (seen, { known }) => {
      const value = agreementOf(seen.vectors, known);
      if (!(value >= minAgreement)) {
        throw new Error(`It does not find simple drawings by their captions: ${value.toFixed(1)} deviations better than chance, where ${minAgreement} are needed. Its graphs, its tokenizer and its preprocessing do not belong together, or it is not trained.`);
      }
      return [true, `captions find their pictures ${value.toFixed(1)} deviations better than chance`];
    });
  } finally {
    await Promise.allSettled(disposables.map(each => each.dispose()));
  }
  return { checks, seconds: (performance.now() - started) / 1000 };
}

function checkGraphs({ folder, manifest: { files, image, text, embeddingDim } }: Model): [true, string] {
  const read = (path: string): OnnxFile => { try { return readOnnx(join(folder, path)); } catch (thrown) { throw new Error(`${path}: ${messageOf(thrown)}.`, { cause: thrown }); } };
  const demand = (path: string, kind: 'inputs' | 'outputs', name: string, types: string[], dims: (number | undefined)[]): void => {
    const values = read(path)[kind];
    const found = values.find(value => value.name === name);
    if (!found) { throw new Error(`${path} has no ${kind.slice(0, -1)} "${name}"; it has ${values.map(value => value.name).join(', ')}.`); }
    const shape = (sizes: (number | undefined)[]): string => `[${sizes.map(size => size ?? '?').join(', ')}]`;
    // A graph need not say its shapes; runs tell.
    const fits = found.dims.length === 0 || (found.dims.length === dims.length && found.dims.every((size, place) => size === undefined || dims[place] === undefined || size === dims[place]));
    if (!types.includes(found.type) || !fits) { throw new Error(`${path}: "${name}" is ${found.type} ${shape(found.dims)}, not ${types.join(' or ')} ${shape(dims)}.`); }
  };
  const integers = ['int64', 'int32'];
  demand(files.vision.path, 'inputs', image.input, ['float32'], [undefined, 3, image.size, image.size]);
  demand(files.vision.path, 'outputs', image.output, ['float32'], [undefined, embeddingDim]);
  const length = text.padding === 'max' ? text.contextLength : undefined;
  demand(files.text.path, 'inputs', text.inputs.ids, integers, [undefined, length]);
  const { mask } = text.inputs;
  if (mask !== undefined && read(files.text.path).inputs.some(({ name }) => name === mask)) { demand(files.text.path, 'inputs', mask, integers, [undefined, length]); }
  demand(files.text.path, 'outputs', text.output, ['float32'], [undefined, embeddingDim]);
  return [true, `names, types and shapes as declared, ${embeddingDim} numbers`];
}

/** A tokenizer.json that names another padding id than the manifest is right wherever it makes a difference. */
async function checkPadding(
  model: Model, known: readonly { caption: string; vector: Float32Array }[], spread: number, open: (changed: Model) => Promise<TextEncoder>,
): Promise<[true, string]> {
  const { files, text } = model.manifest;
  const { padding } = JSON.parse(await readFile(join(model.folder, files.tokenizer.path), 'utf8')) as { padding?: { pad_id?: unknown } | null };
  const stated = padding?.pad_id;
  if (typeof stated !== 'number' || stated === text.padId) { return [true, `id ${text.padId}`]; }
  const other = await open({ ...model, manifest: { ...model.manifest, text: { ...text, padId: stated } } });
  const some = known.slice(0, batchSize);
  const distance = farthest(some.map(({ vector }) => vector), await oneByOne(some.map(({ caption }) => caption), other.encode));
  if (distance > Math.max(rounding, tolerance * spread)) { throw new Error(`The manifest pads texts with ${text.padId}, tokenizer.json with ${stated}, and the vectors depend on it.`); }
  return [true, `id ${text.padId}; tokenizer.json says ${stated}, which makes no difference`];
}

async function render(svg: string, image: ImageSpec): Promise<Uint8Array> {
  return (await preprocess(Buffer.from(svg), { image, thumbnail: false }, 1e8)).pixels!;
}

async function oneByOne<T>(inputs: T[], encode: (batch: T[]) => Promise<Float32Array[]>): Promise<Float32Array[]> {
  const vectors: Float32Array[] = [];
  for (const input of inputs) { vectors.push(...await encode([input])); }
  return vectors;
}

/** Median distance of two of the vectors, which must be unit vectors and not all alike. */
function spreadOf(vectors: readonly Float32Array[]): number {
  for (const vector of vectors) {
    const length = Math.sqrt(dot(vector, vector));
    if (!(Math.abs(length - 1) <= 1e-3)) { throw new Error(`A vector has the length ${length}.`); }
  }
  const distances = vectors.flatMap((a, index) => vectors.slice(0, index).map(b => 1 - dot(a, b))).sort((a, b) => a - b);
  const median = distances[distances.length >> 1]!;
  if (!(median > rounding)) { throw new Error('Different inputs give the same vector.'); }
  return median;
}

/** Largest distance (1 - cosine) of vectors that should be the same; the shorter list counts. */
function farthest(expected: readonly Float32Array[], actual: readonly Float32Array[]): number {
  return Math.max(...actual.slice(0, expected.length).map((vector, place) => 1 - dot(vector, expected[place]!)));
}

function cosine(distance: number): string { return (1 - distance).toFixed(5); }

/** As agreement(), of the captions that the model knows and their pictures among all of them. */
function agreementOf(images: readonly Float32Array[], known: readonly { place: number; vector: Float32Array }[]): number {
  return agreement(known.map(({ place }) => images[place]!), known.map(({ vector }) => vector));
}

/**
 * How much nearer pictures are to their own captions than to those of others, in standard deviations over all ways to deal the captions out to the pictures. What makes
 * a picture near to all captions, or a caption to all pictures, does not count: rows and columns are centred first. Mean 0 and variance (sum of squares) / (n - 1) over all
 * permutations: W. Hoeffding, A combinatorial central limit theorem, 1951.
 */
export function agreement(images: readonly Float32Array[], texts: readonly Float32Array[]): number {
  const count = images.length;
  const cosines = images.map(image => texts.map(text => dot(image, text)));
  const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const rows = cosines.map(mean);
  const columns = texts.map((_, column) => mean(cosines.map(row => row[column]!)));
  const all = mean(rows);
  let own = 0;
  let squares = 0;
  for (let row = 0; row < count; row++) {
    for (let column = 0; column < count; column++) {
      const centred = cosines[row]![column]! - rows[row]! - columns[column]! + all;
      squares += centred * centred;
      if (row === column) { own += centred; }
    }
  }
  return squares > 0 ? own / Math.sqrt(squares / (count - 1)) : 0;
}
