/** Runs a model's text and image graphs into unit vectors. The one importer of onnxruntime-node. */
import './nativeEnvironment';
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { env, InferenceSession, Tensor } from 'onnxruntime-node';
import { AssetSearchError, messageOf } from '../errors';
import type { ImageSpec } from '../models/manifest';
import { sessionOptionsFor, type Device } from './devices';
import type { Model } from './model';
import { cutOnnx, readOnnx, type OnnxFile } from './onnxFile';
import { Tokenizer } from './tokenizer';

export interface EncoderOptions {
  device: Device;
  /** 0 = as many as cores. */
  threads: number;
}

/** Version of ONNX Runtime. */
export const runtimeVersion = env.versions.common;

export interface TextEncoder {
  /** A unit vector per text. Rejects with AssetSearchError 'textNotUnderstood' for a text of which the model knows nothing. */
  encode(texts: string[]): Promise<Float32Array[]>;
  dispose(): Promise<void>;
}

export interface ImageEncoder {
  /** A unit vector per image; each is size * size * 3 bytes, RGB interleaved. A run takes `batchSize` at most, {@link defaultBatchSize} when it is left out. */
  encode(pixels: Uint8Array[], batchSize?: number): Promise<Float32Array[]>;
  dispose(): Promise<void>;
}

/** Texts a run takes, and images at most, where the graph leaves it open: larger batches are no faster and need more memory. */
const openBatchSize = 32;

/** Rejects with AssetSearchError 'deviceUnavailable' when the device cannot be used, 'modelCorrupt' or 'modelInvalid' when the graph cannot. */
export async function createTextEncoder(model: Model, options: EncoderOptions): Promise<TextEncoder> {
  const { files, text, embeddingDim } = model.manifest;
  const tokenizer = new Tokenizer(await readTokenizer(model), text);
  const graph = await Graph.open(join(model.folder, files.text.path), options, Object.values(text.inputs), text.output, embeddingDim);
  // Without a mask a graph may take padding for words: then only texts of one length run together.
  const masked = text.inputs.mask !== undefined && graph.takes(text.inputs.mask);
  return {
    async encode(texts) {
      const notUnderstood = () => new AssetSearchError('textNotUnderstood', 'The model knows none of these words. Try other words.');
      const rows = texts.map((each, place) => ({ ids: tokenizer.ids(each), place }));
      // A row that is all padding has no mean, and one of unknown pieces alone means the same whatever was typed.
      if (rows.some(row => row.ids.length === 0) || texts.some(each => !tokenizer.knows(each))) { throw notUnderstood(); }
      const vectors = new Array<Float32Array>(texts.length);
      const groups = masked || text.padding === 'max' ? [rows] : byLength(rows);
      for (const chunk of groups.flatMap(group => chunks(group, graph.batchSize))) {
        const batch = tokenizer.batch(chunk.map(row => row.ids));
        const shape = [batch.rows, batch.length];
        const feeds: Record<string, Tensor> = { [text.inputs.ids]: graph.integers(text.inputs.ids, batch.ids, shape) };
        if (masked) { feeds[text.inputs.mask!] = graph.integers(text.inputs.mask!, batch.mask, shape); }
        const found = await graph.run(feeds, batch.rows);
        chunk.forEach((row, index) => {
          vectors[row.place] = unit(found[index]!, notUnderstood);
        });
      }
      return vectors;
    },
    dispose: () => graph.dispose(),
  };
}

/** As {@link createTextEncoder}. */
export async function createImageEncoder(model: Model, options: EncoderOptions): Promise<ImageEncoder> {
  const { files, image, embeddingDim } = model.manifest;
  const graph = await Graph.open(join(model.folder, files.vision.path), options, [image.input], image.output, embeddingDim);
  const toPlanes = planes(image);
  return {
    async encode(pixels, batchSize = defaultBatchSize(model)) {
      const vectors: Float32Array[] = [];
      const size = Math.min(batchSize, graph.batchSize);
      for (const chunk of chunks(pixels, size)) {
        // A GPU compiles its kernels anew for each shape: it gets one shape only, the rest of it empty.
        const rows = options.device === 'cpu' ? chunk.length : size;
        const found = await graph.run({ [image.input]: new Tensor('float32', toPlanes(chunk, rows), [rows, 3, image.size, image.size]) }, rows);
        vectors.push(...found.slice(0, chunk.length).map(vector => unit(vector, () => new AssetSearchError('internal', 'The model gave a zero vector for an image.'))));
      }
      return vectors;
    },
    dispose: () => graph.dispose(),
  };
}

/**
 * Images a run takes on the CPU, by the cost of one. More are no faster, wait longer for a pause, and need more memory: of ViT-L/14 an image takes
 * about 10 MB while it runs.
 */
export function defaultBatchSize({ manifest }: Pick<Model, 'manifest'>): number {
  return manifest.files.vision.sizeBytes < 50e6 && manifest.image.size <= 128 ? 32 : 8;
}

/** One ONNX session, its names and types checked once. */
class Graph {
  private constructor(private readonly session: InferenceSession, private readonly output: string, private readonly embeddingDim: number, readonly batchSize: number) {}

  /** `inputs` are those that a run feeds; the first one is required. */
  static async open(file: string, { device, threads }: EncoderOptions, inputs: string[], output: string, embeddingDim: number): Promise<Graph> {
    let session: InferenceSession;
    let described: OnnxFile;
    try {
      described = readOnnx(file);
      // A graph that holds both towers wants the inputs of both.
      const combined = described.inputs.some(({ name }) => !inputs.includes(name)) && described.outputs.some(({ name }) => name === output);
      const options: InferenceSession.SessionOptions = {
        ...sessionOptionsFor(device),
        intraOpNumThreads: threads > 0 ? threads : availableParallelism(),
        interOpNumThreads: 1,
        logSeverityLevel: 3,
        // Threads that spin while they wait take the cores that decode the next images. The folder is for weights beside a graph that comes from memory.
        extra: { session: { intra_op: { allow_spinning: '0' }, model_external_initializers_file_folder_path: dirname(file) } },
      };
      session = combined ? await InferenceSession.create(cutOnnx(file, output), options) : await InferenceSession.create(file, options);
    } catch (error) {
      if (device !== 'cpu') { throw new AssetSearchError('deviceUnavailable', messageOf(error), { cause: error }); }
      throw new AssetSearchError('modelCorrupt', `The model file ${file} cannot be loaded: ${messageOf(error)}`, { cause: error });
    }
    for (const [name, names] of [[inputs[0]!, session.inputNames], [output, session.outputNames]] as const) {
      if (!names.includes(name)) {
        throw new AssetSearchError('modelInvalid', `The model file ${file} has no "${name}"; it has ${names.join(', ')}. Correct the model's manifest.`);
      }
    }
    const extra = session.inputNames.find(name => !inputs.includes(name));
    if (extra !== undefined) {
      throw new AssetSearchError('modelInvalid', `The model file ${file} wants an input "${extra}", which its manifest does not name. Correct the model's manifest.`);
    }
    const fixed = described.inputs.find(({ name }) => name === inputs[0])?.dims[0];
    return new Graph(session, output, embeddingDim, fixed ?? (described.dynamicallyQuantized ? 1 : openBatchSize));
  }

  takes(input: string): boolean { return this.session.inputNames.includes(input); }

  /** int64, or int32 where the graph says so. */
  integers(input: string, values: number[], shape: number[]): Tensor {
    const metadata = this.session.inputMetadata.find(each => each.name === input);
    return metadata?.isTensor && metadata.type === 'int32' ? new Tensor('int32', Int32Array.from(values), shape) : new Tensor('int64', BigInt64Array.from(values, BigInt), shape);
  }

  /** One vector of embeddingDim a row, in memory of their own: native memory does not cross threads. */
  async run(feeds: Record<string, Tensor>, rows: number): Promise<Float32Array[]> {
    const found = await this.session.run(feeds, [this.output]);
    const tensor = found[this.output]!;
    const { data, dims } = tensor;
    if (!(data instanceof Float32Array) || dims[0] !== rows || data.length !== rows * this.embeddingDim) {
      throw new AssetSearchError('modelInvalid', `The model gives ${tensor.type} [${dims.join(', ')}] where its manifest promises float32 [${rows}, ${this.embeddingDim}].`);
    }
    const vectors = Array.from({ length: rows }, (_, row) => data.slice(row * this.embeddingDim, (row + 1) * this.embeddingDim));
    tensor.dispose();
    return vectors;
  }

  dispose(): Promise<void> { return this.session.release(); }
}

async function readTokenizer(model: Model): Promise<unknown> {
  const file = join(model.folder, model.manifest.files.tokenizer.path);
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    throw new AssetSearchError('modelCorrupt', `The model file ${file} cannot be read: ${messageOf(error)}.`, { cause: error });
  }
}

/** From interleaved bytes to normalised planes: NCHW float32 for `rows` images, (value / 255 - mean) / std. */
function planes({ size, mean, std }: ImageSpec): (images: Uint8Array[], rows: number) => Float32Array {
  const tables = [0, 1, 2].map(channel => Float32Array.from({ length: 256 }, (_, value) => (value / 255 - mean[channel]!) / std[channel]!));
  const area = size * size;
  return (images, rows) => {
    const values = new Float32Array(rows * 3 * area);
    images.forEach((image, index) => {
      if (image.length !== 3 * area) { throw new AssetSearchError('internal', `An image has ${image.length} bytes where the model takes ${3 * area}.`); }
      tables.forEach((table, channel) => {
        const start = (index * 3 + channel) * area;
        for (let at = 0; at < area; at++) { values[start + at] = table[image[at * 3 + channel]!]!; }
      });
    });
    return values;
  };
}

/** Scales to length 1 in place. A vector without direction cannot be compared with any other. */
function unit(vector: Float32Array, zeroError: () => AssetSearchError): Float32Array {
  let sum = 0;
  for (const value of vector) { sum += value * value; }
  if (!Number.isFinite(sum)) { throw new AssetSearchError('internal', 'The model gave numbers that are not finite.'); }
  if (sum < 1e-24) { throw zeroError(); }
  const scale = 1 / Math.sqrt(sum);
  for (let at = 0; at < vector.length; at++) { vector[at]! *= scale; }
  return vector;
}

function byLength<T extends { ids: number[] }>(rows: T[]): T[][] {
  const groups = new Map<number, T[]>();
  for (const row of rows) {
    const group = groups.get(row.ids.length);
    if (group) { group.push(row); } else { groups.set(row.ids.length, [row]); }
  }
  return [...groups.values()];
}

function chunks<T>(items: T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) => items.slice(index * size, (index + 1) * size));
}
