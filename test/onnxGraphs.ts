/** Writes tiny ONNX models of CLIP's contract for tests, byte by byte: an image is known by its colour, a text by its words. Field numbers: onnx/onnx.proto. */
import { randomFrom } from './samplePictures.mjs';

type Bytes = Buffer | number[];
export const varint = (value: number): number[] => value < 0x80 ? [value] : [value % 0x80 | 0x80, ...varint(Math.floor(value / 0x80))];
export const bytes = (field: number, payload: Bytes | string): Buffer => {
  const content = Buffer.from(payload as string);
  return Buffer.concat([Buffer.from([...varint(field << 3 | 2), ...varint(content.length)]), content]);
};
export const number = (field: number, value: number): Buffer => Buffer.from([...varint(field << 3), ...varint(value)]);
export const message = (field: number, ...parts: Buffer[]): Buffer => bytes(field, Buffer.concat(parts));

export const onnxTypes = { float32: 1, int32: 6, int64: 7, float16: 10 } as const;
export type OnnxType = keyof typeof onnxTypes;

/** Parts of a graph: inputs (field 11) and outputs (12), nodes, weights. A dimension without a fixed size has a name. */
export const value = (field: number, name: string, type: OnnxType, dims: (number | string)[]): Buffer =>
  message(field, bytes(1, name), message(2, message(1, number(1, onnxTypes[type]), message(2, ...dims.map(dim => message(1, typeof dim === 'number' ? number(1, dim) : bytes(2, dim)))))));
const attribute = (name: string, setting: number | number[]): Buffer =>
  message(5, bytes(1, name), ...typeof setting === 'number' ? [number(3, setting), number(20, 2)] : [...setting.map(each => number(8, each)), number(20, 7)]);
export const node = (operator: string, inputs: string[], outputs: string[], attributes: Record<string, number | number[]> = {}): Buffer =>
  message(1, ...inputs.map(name => bytes(1, name)), ...outputs.map(name => bytes(2, name)), bytes(4, operator), ...Object.entries(attributes).map(([name, setting]) => attribute(name, setting)));

export const floats = (values: ArrayLike<number>): Buffer => Buffer.from(Float32Array.from(values).buffer);
export const weights = (name: string, dims: number[], content: Buffer, type: number = onnxTypes.float32): Buffer =>
  message(5, ...dims.map(dim => number(1, dim)), number(2, type), bytes(8, name), bytes(9, content));
/** The content lies in a file of its own. */
const externalWeights = (name: string, dims: number[], location: string): Buffer =>
  message(5, ...dims.map(dim => number(1, dim)), number(2, onnxTypes.float32), bytes(8, name), ...[['location', location]].map(([key, text]) => message(13, bytes(1, key!), bytes(2, text!))), number(14, 1));

export const modelOf = (...parts: Buffer[]): Buffer => Buffer.concat([number(1, 7), bytes(2, 'test'), message(7, bytes(2, 'graph'), ...parts), message(8, bytes(1, ''), number(2, 13))]);

export interface TowerOptions {
  dim?: number;
  size?: number | string;
  batch?: number | string;
  length?: number | string;
  idType?: OnnxType;
  pixels?: string;
  imageOutput?: string;
  ids?: string;
  mask?: string;
  textOutput?: string;
  vocabulary?: number;
  /** The words' vectors lie in this file beside the graph: see wordVectors. */
  externalWords?: string;
  /** A node as dynamically quantised models have: what comes out depends on the range of the whole batch. */
  quantized?: boolean;
}

/** Vectors of words 0…vocabulary-1; those of the first three are the colours red, green and blue as the image tower sees them. */
export function wordVectors({ dim = 4, vocabulary = 16 }: TowerOptions): Float32Array {
  const random = randomFrom(7);
  return Float32Array.from({ length: vocabulary * dim }, (_, index) => Math.floor(index / dim) < 3 ? Number(index % dim === Math.floor(index / dim)) : random() - 0.5);
}

/** The mean of each channel, projected to `dim` numbers; with `quantized` also through uint8 and back. */
function imageParts({ dim = 4, size = 'height', batch = 'batch', pixels = 'pixel_values', imageOutput = 'image_embeds', quantized = false }: TowerOptions): Buffer[] {
  const projection = Float32Array.from({ length: 3 * dim }, (_, index) => Number(index % dim === Math.floor(index / dim)));
  return [
    node('ReduceMean', [pixels], ['image_means'], { axes: [2, 3], keepdims: 0 }),
    ...quantized ? [node('DynamicQuantizeLinear', ['image_means'], ['image_q', 'image_scale', 'image_zero']), node('DequantizeLinear', ['image_q', 'image_scale', 'image_zero'], ['image_back'])] : [],
    node('MatMul', [quantized ? 'image_back' : 'image_means', 'image_projection'], [imageOutput]),
    weights('image_projection', [3, dim], floats(projection)),
    value(11, pixels, 'float32', [batch, 3, size, size]),
    value(12, imageOutput, 'float32', [batch, dim]),
  ];
}

/** The sum of the words' vectors; masked ones do not count. */
function textParts(options: TowerOptions): Buffer[] {
  const { dim = 4, batch = 'batch', length = 'length', idType = 'int64', ids = 'input_ids', mask, textOutput = 'text_embeds', vocabulary = 16, externalWords } = options;
  return [
    node('Gather', ['words', ids], ['word_vectors']),
    ...mask === undefined ? [] : [
      node('Cast', [mask], ['mask_numbers'], { to: onnxTypes.float32 }),
      node('Unsqueeze', ['mask_numbers', 'last_axis'], ['mask_column']),
      node('Mul', ['word_vectors', 'mask_column'], ['masked_vectors']),
      weights('last_axis', [1], Buffer.from(BigInt64Array.of(-1n).buffer), onnxTypes.int64),
      value(11, mask, idType, [batch, length]),
    ],
    node('ReduceSum', [mask === undefined ? 'word_vectors' : 'masked_vectors', 'word_axis'], [textOutput], { keepdims: 0 }),
    externalWords === undefined ? weights('words', [vocabulary, dim], floats(wordVectors(options))) : externalWeights('words', [vocabulary, dim], externalWords),
    weights('word_axis', [1], Buffer.from(BigInt64Array.of(1n).buffer), onnxTypes.int64),
    value(11, ids, idType, [batch, length]),
    value(12, textOutput, 'float32', [batch, dim]),
  ];
}

export function imageTower(options: TowerOptions = {}): Buffer { return modelOf(...imageParts(options)); }
export function textTower(options: TowerOptions = {}): Buffer { return modelOf(...textParts(options)); }

/** Both towers in one graph, as optimum exports CLIP: logits_per_image and _per_text beside the embeddings. */
export function combinedGraph(options: TowerOptions = {}): Buffer {
  return modelOf(
    ...imageParts({ ...options, batch: 'image_batch' }), ...textParts({ mask: 'attention_mask', ...options, batch: 'text_batch' }),
    node('Transpose', ['text_embeds'], ['text_columns'], { perm: [1, 0] }),
    node('MatMul', ['image_embeds', 'text_columns'], ['logits_per_image']),
    node('Transpose', ['logits_per_image'], ['logits_per_text'], { perm: [1, 0] }),
    value(12, 'logits_per_image', 'float32', ['image_batch', 'text_batch']),
    value(12, 'logits_per_text', 'float32', ['text_batch', 'image_batch']),
  );
}

/** A tokenizer.json whose words are red, green, blue, word3, word4, … and, where asked for, <s> and </s> around them. */
export function wordTokenizer({ vocabulary = 16, specials = false } = {}): object {
  const words = ['red', 'green', 'blue', ...Array.from({ length: vocabulary - 3 }, (_, index) => `word${index + 3}`)];
  const [unknown, pad, start, end] = [vocabulary - 1, vocabulary - 2, vocabulary - 3, vocabulary - 4];
  const named: [string, number][] = [['<unk>', unknown], ['<pad>', pad], ['<s>', start], ['</s>', end]];
  for (const [token, id] of named) { words[id] = token; }
  return {
    version: '1.0', truncation: null, padding: null, normalizer: null, pre_tokenizer: { type: 'Whitespace' }, decoder: null,
    added_tokens: named.map(([content, id]) => ({ id, content, special: true, single_word: false, lstrip: false, rstrip: false, normalized: false })),
    post_processor: specials ? {
      type: 'TemplateProcessing', pair: [],
      single: [{ SpecialToken: { id: '<s>', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }, { SpecialToken: { id: '</s>', type_id: 0 } }],
      special_tokens: { '<s>': { id: '<s>', ids: [start], tokens: ['<s>'] }, '</s>': { id: '</s>', ids: [end], tokens: ['</s>'] } },
    } : null,
    model: { type: 'WordLevel', unk_token: '<unk>', vocab: Object.fromEntries(words.map((word, id) => [word, id])) },
  };
}
