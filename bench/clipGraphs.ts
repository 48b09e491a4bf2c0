/** Writes models of exactly CLIP's shape with random weights: for speed and memory, never for a search. Architecture: Radford et al. 2021, 2.4, and its published code. */
import { createHash, type Hash } from 'node:crypto';
import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { bytes, message, node, number, onnxTypes, value, varint, wordTokenizer } from '../test/onnxGraphs';

interface Tower { width: number; layers: number; heads: number }
export interface ClipShape { name: string; size: number; patch: number; dim: number; vision: Tower; text: Tower; vocabulary: number; contextLength: number }

const clipText = { vocabulary: 49_408, contextLength: 77 };
export const clipShapes = {
  b32: { name: 'CLIP ViT-B/32', size: 224, patch: 32, dim: 512, vision: { width: 768, layers: 12, heads: 12 }, text: { width: 512, layers: 12, heads: 8 }, ...clipText },
  l14: { name: 'CLIP ViT-L/14', size: 224, patch: 14, dim: 768, vision: { width: 1024, layers: 24, heads: 16 }, text: { width: 768, layers: 12, heads: 12 }, ...clipText },
  /** The image tower of SigLIP 2 base has this size. */
  b16: { name: 'CLIP ViT-B/16', size: 224, patch: 16, dim: 512, vision: { width: 768, layers: 12, heads: 12 }, text: { width: 512, layers: 12, heads: 8 }, ...clipText },
  /** TinyCLIP-ViT-8M-16-Text-3M (Wu et al. 2023): 10 and 3 layers of width 256 are its 8 and 3 million parameters. */
  tinyclip: { name: 'TinyCLIP ViT-8M/16', size: 224, patch: 16, dim: 512, vision: { width: 256, layers: 10, heads: 4 }, text: { width: 256, layers: 3, heads: 4 }, ...clipText },
  /** The same nodes, but small enough for a GPU that is only simulated. */
  tiny: { name: 'tiny CLIP', size: 32, patch: 8, dim: 16, vision: { width: 32, layers: 1, heads: 2 }, text: { width: 32, layers: 1, heads: 2 }, vocabulary: 64, contextLength: 16 },
} as const satisfies Record<string, ClipShape>;

export type ClipVariant = 'fp32' | 'int8';

/** Writes a model folder that loadModel takes. int8 is dynamic, with the nodes that ONNX Runtime's quantize_dynamic makes; the patches' convolution stays in float. */
export function writeClip(folder: string, id: string, shape: ClipShape, variant: ClipVariant): void {
  mkdirSync(folder, { recursive: true });
  const tokenizer = JSON.stringify(wordTokenizer({ vocabulary: Math.min(shape.vocabulary, 64), specials: true }));
  writeFileSync(join(folder, 'tokenizer.json'), tokenizer);
  const manifest = {
    id, revision: '1', variant, name: `${shape.name}, random weights`, description: 'For speed and memory only.', license: 'CC0-1.0', preprocessingVersion: 1, embeddingDim: shape.dim,
    files: {
      vision: visionGraph(shape, variant).write(folder, 'vision_model.onnx'), text: textGraph(shape, variant).write(folder, 'text_model.onnx'),
      tokenizer: { path: 'tokenizer.json', sha256: createHash('sha256').update(tokenizer).digest('hex'), sizeBytes: Buffer.byteLength(tokenizer) },
    },
    image: { input: 'pixel_values', output: 'image_embeds', size: shape.size, resize: 'crop', interpolation: 'bicubic', mean: [0.48145466, 0.4578275, 0.40821073], std: [0.26862954, 0.26130258, 0.27577711] },
    text: { inputs: { ids: 'input_ids' }, output: 'text_embeds', contextLength: shape.contextLength, padId: 0, padding: 'longest', addSpecialTokens: true },
    score: { kind: 'softmax', logitScale: 100, logitBias: 0 }, promptTemplates: ['{}'],
  };
  writeFileSync(join(folder, 'model.json'), JSON.stringify(manifest));
}

function visionGraph({ size, patch, dim, vision }: ClipShape, variant: ClipVariant): GraphWriter {
  const { width } = vision;
  const patches = (size / patch) ** 2;
  const graph = new GraphWriter(variant);
  graph.input('pixel_values', 'float32', ['batch', 3, size, size]);
  graph.node('Conv', ['pixel_values', graph.floats([width, 3, patch, patch], 3 * patch * patch)], 'patches', { strides: [patch, patch] });
  graph.node('Reshape', ['patches', graph.integers([0, width, -1])], 'rows');
  graph.node('Transpose', ['rows', ], 'tokens', { perm: [0, 2, 1] });
  graph.node('Shape', ['pixel_values'], 'shape');
  graph.node('Gather', ['shape', graph.integers([0])], 'batch_size');
  graph.node('Concat', ['batch_size', graph.integers([1, width])], 'class_shape', { axis: 0 });
  graph.node('Expand', [graph.floats([1, 1, width]), 'class_shape'], 'class_token');
  graph.node('Concat', ['class_token', 'tokens'], 'all', { axis: 1 });
  graph.node('Add', ['all', graph.floats([1, patches + 1, width])], 'placed');
  const last = graph.layers(graph.norm('placed', width), vision);
  graph.node('Gather', [last, graph.integer(0)], 'class_last', { axis: 1 });
  graph.node('MatMul', [graph.norm('class_last', width), graph.floats([width, dim], width)], 'image_embeds');
  graph.output('image_embeds', ['batch', dim]);
  return graph;
}

function textGraph({ dim, text, vocabulary, contextLength }: ClipShape, variant: ClipVariant): GraphWriter {
  const { width } = text;
  const graph = new GraphWriter(variant);
  graph.input('input_ids', 'int64', ['batch', 'length']);
  graph.embedding('input_ids', [vocabulary, width], 'words');
  graph.node('Shape', ['input_ids'], 'shape');
  graph.node('Gather', ['shape', graph.integers([1])], 'length');
  graph.node('Slice', [graph.floats([contextLength, width]), graph.integers([0]), 'length'], 'positions');
  graph.node('Add', ['words', 'positions'], 'placed');
  const causal = Float32Array.from({ length: contextLength ** 2 }, (_, at) => (at % contextLength > Math.floor(at / contextLength) ? -1e9 : 0));
  graph.node('Concat', ['length', 'length'], 'square', { axis: 0 });
  graph.node('Slice', [graph.floats([contextLength, contextLength], 1, causal), graph.integers([0, 0]), 'square'], 'causal');
  const last = graph.layers('placed', text, 'causal');
  // The end token has the highest id.
  graph.node('ArgMax', ['input_ids'], 'end', { axis: 1, keepdims: 0 });
  graph.node('Unsqueeze', ['end', graph.integers([1])], 'end_index');
  graph.node('GatherND', [graph.norm(last, width), 'end_index'], 'pooled', { batch_dims: 1 });
  graph.node('MatMul', ['pooled', graph.floats([width, dim], width)], 'text_embeds');
  graph.output('text_embeds', ['batch', dim]);
  return graph;
}

/** A weight whose content is made when it is written: a large model does not fit into the memory twice. */
interface Weight { head: Buffer; sizeBytes: number; fill(): Buffer }

class GraphWriter {
  private readonly nodes: Buffer[] = [];
  private readonly ends: Buffer[] = [];
  private readonly weights: Weight[] = [];
  private readonly quantized = new Map<string, [string, string, string]>();
  private names = 0;

  constructor(private readonly variant: ClipVariant) {}

  input(name: string, type: 'float32' | 'int64', dims: (number | string)[]): void { this.ends.push(value(11, name, type, dims)); }
  output(name: string, dims: (number | string)[]): void { this.ends.push(value(12, name, 'float32', dims)); }
  node(operator: string, inputs: string[], output = this.name(), attributes: Record<string, number | number[]> = {}): string {
    this.nodes.push(node(operator, inputs, [output], attributes));
    return output;
  }

  /** Random in ±sqrt(3 / fan), so that a layer keeps the size of its input; or `values`. */
  floats(dims: number[], fan = dims.at(-1)!, values?: Float32Array): string {
    const limit = Math.sqrt(3 / fan);
    return this.weight(dims, onnxTypes.float32, 4, () => bufferOf(values ?? Float32Array.from({ length: product(dims) }, () => limit * (2 * random() - 1))));
  }
  integers(values: number[]): string { return this.weight([values.length], onnxTypes.int64, 8, () => bufferOf(BigInt64Array.from(values, BigInt))); }
  integer(single: number): string { return this.weight([], onnxTypes.int64, 8, () => bufferOf(BigInt64Array.of(BigInt(single)))); }

  norm(input: string, width: number): string { return this.node('LayerNormalization', [input, this.ones(width), this.constant(width, 0)]); }

  embedding(ids: string, dims: [number, number], output: string): void {
    if (this.variant === 'fp32') { this.node('Gather', [this.floats(dims), ids], output); return; }
    const found = this.node('Gather', [this.int8(dims), ids]);
    this.node('DequantizeLinear', [found, this.scalar(0.01), this.zero()], output);
  }

  /** Transformer layers with pre-normalisation and QuickGELU; returns the last one's output. */
  layers(input: string, { width, layers, heads }: Tower, mask?: string): string {
    let current = input;
    const scale = this.scalar(1 / Math.sqrt(width / heads));
    const split = this.integers([0, 0, heads, width / heads]);
    const join = this.integers([0, 0, width]);
    for (let layer = 0; layer < layers; layer++) {
      const normed = this.norm(current, width);
      const head = (of: string, perm: number[]): string => this.node('Transpose', [this.node('Reshape', [of, split])], undefined, { perm });
      const query = head(this.node('Mul', [this.linear(normed, width, width), scale]), [0, 2, 1, 3]);
      const key = head(this.linear(normed, width, width), [0, 2, 3, 1]);
      const content = head(this.linear(normed, width, width), [0, 2, 1, 3]);
      const scores = this.node('MatMul', [query, key]);
      const weights = this.node('Softmax', [mask === undefined ? scores : this.node('Add', [scores, mask])]);
      const heard = this.node('Reshape', [this.node('Transpose', [this.node('MatMul', [weights, content])], undefined, { perm: [0, 2, 1, 3] }), join]);
      current = this.node('Add', [current, this.linear(heard, width, width)]);
      const wide = this.linear(this.norm(current, width), width, 4 * width);
      const gelu = this.node('Mul', [wide, this.node('Sigmoid', [this.node('Mul', [wide, this.scalar(1.702)])])]);
      current = this.node('Add', [current, this.linear(gelu, 4 * width, width)]);
    }
    return current;
  }

  private linear(input: string, from: number, to: number): string {
    let sum: string;
    if (this.variant === 'fp32') {
      sum = this.node('MatMul', [input, this.floats([from, to], from)]);
    } else {
      // One quantisation for all that read the same value.
      const [q, scale, zero] = this.quantized.get(input) ?? [this.name(), this.name(), this.name()];
      if (!this.quantized.has(input)) { this.nodes.push(node('DynamicQuantizeLinear', [input], [q, scale, zero])); this.quantized.set(input, [q, scale, zero]); }
      const whole = this.node('MatMulInteger', [q, this.int8([from, to]), zero, this.zero()]);
      sum = this.node('Mul', [this.node('Cast', [whole], undefined, { to: onnxTypes.float32 }), this.node('Mul', [scale, this.scalar(Math.sqrt(3 / from) / 127)])]);
    }
    return this.node('Add', [sum, this.constant(to, 0)]);
  }

  private int8(dims: number[]): string { return this.weight(dims, 3, 1, () => bufferOf(Int8Array.from({ length: product(dims) }, () => 254 * random() - 127))); }
  private zero(): string { return this.weight([], 3, 1, () => Buffer.of(0)); }
  private scalar(single: number): string { return this.weight([], onnxTypes.float32, 4, () => bufferOf(Float32Array.of(single))); }
  private ones(width: number): string { return this.constant(width, 1); }
  private constant(width: number, single: number): string { return this.weight([width], onnxTypes.float32, 4, () => bufferOf(new Float32Array(width).fill(single))); }
  private name(): string { return `v${this.names++}`; }

  private weight(dims: number[], type: number, elementBytes: number, fill: () => Buffer): string {
    const name = this.name();
    const sizeBytes = product(dims) * elementBytes;
    const inner = Buffer.concat([...dims.map(dim => number(1, dim)), number(2, type), bytes(8, name), Buffer.from([...varint(9 << 3 | 2), ...varint(sizeBytes)])]);
    this.weights.push({ head: Buffer.concat([Buffer.from([...varint(5 << 3 | 2), ...varint(inner.length + sizeBytes)]), inner]), sizeBytes, fill });
    return name;
  }

  write(folder: string, path: string): { path: string; sha256: string; sizeBytes: number } {
    const before = Buffer.concat([...this.nodes, bytes(2, 'clip')]);
    const graphBytes = [before, ...this.ends].reduce((sum, each) => sum + each.length, 0) + this.weights.reduce((sum, { head, sizeBytes }) => sum + head.length + sizeBytes, 0);
    const file = new HashedFile(join(folder, path));
    // IR version 8 and operators of set 17, the first with LayerNormalization.
    file.write(Buffer.concat([number(1, 8), bytes(2, 'asset-search bench'), message(8, bytes(1, ''), number(2, 17)), Buffer.from([...varint(7 << 3 | 2), ...varint(graphBytes)]), before, ...this.ends]));
    for (const { head, fill } of this.weights) { file.write(head); file.write(fill()); }
    return { path, ...file.close() };
  }
}

class HashedFile {
  private readonly hash: Hash = createHash('sha256');
  private readonly descriptor: number;
  private sizeBytes = 0;
  constructor(file: string) { this.descriptor = openSync(file, 'w'); }
  write(content: Buffer): void {
    this.hash.update(content);
    for (let at = 0; at < content.length;) { at += writeSync(this.descriptor, content, at); }
    this.sizeBytes += content.length;
  }
  close(): { sha256: string; sizeBytes: number } {
    closeSync(this.descriptor);
    return { sha256: this.hash.digest('hex'), sizeBytes: this.sizeBytes };
  }
}

const product = (dims: number[]): number => dims.reduce((all, dim) => all * dim, 1);
const bufferOf = ({ buffer }: { buffer: ArrayBufferLike }): Buffer => Buffer.from(buffer);
let seed = 1;
/** xorshift32 (Marsaglia 2003), in [0, 1). */
function random(): number { seed ^= seed << 13; seed ^= seed >>> 17; seed ^= seed << 5; return (seed >>> 0) / 2 ** 32; }
