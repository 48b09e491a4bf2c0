/** Reads what an ONNX file says of itself without loading it, and cuts one tower out of a graph that holds two. Field numbers: onnx/onnx.proto. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

export interface OnnxValue {
  name: string;
  /** As ONNX Runtime names it: float32, float16, int64, int32; other types as 'type <number>'. */
  type: string;
  /** undefined where the size is not fixed. */
  dims: (number | undefined)[];
}

export interface OnnxFile {
  inputs: OnnxValue[];
  outputs: OnnxValue[];
  /** Files beside this one that hold weights, as the graph names them. */
  externalFiles: string[];
  /** Type of most weights. */
  weights: 'fp32' | 'fp16' | 'int8';
  /** Activations are quantised by the range of the whole batch: what an input gives depends on its neighbours. */
  dynamicallyQuantized: boolean;
}

/** Throws an Error that says what is wrong with the file. */
export function readOnnx(file: string): OnnxFile {
  return withReader(file, reader => {
    const { nodes, initializers, inputs, outputs } = readGraph(reader);
    const counts = { fp32: 0, fp16: 0, int8: 0 };
    for (const { elements, type } of initializers) {
      const weights = weightTypes.get(type);
      if (weights) { counts[weights] += elements; }
    }
    const names = new Set(initializers.map(({ name }) => name));
    return {
      // Graphs of the first ONNX versions list their weights among the inputs.
      inputs: inputs.filter(({ name }) => !names.has(name)).map(value => readValue(reader, value)),
      outputs: outputs.map(value => readValue(reader, value)),
      externalFiles: [...new Set(initializers.flatMap(({ external }) => external ?? []))],
      weights: (Object.keys(counts) as (keyof typeof counts)[]).reduce((most, each) => counts[each] > counts[most] ? each : most),
      dynamicallyQuantized: nodes.some(({ operator }) => operator === 'DynamicQuantizeLinear' || operator === 'DynamicQuantizeMatMul'),
    };
  });
}

/**
 * The same model reduced to the nodes and weights that `output` needs. ONNX Runtime runs a graph whole, whatever output is asked for: a text query to a graph with
 * two towers would wait for the image tower, and each tower would hold the weights of both in memory.
 */
export function cutOnnx(file: string, output: string): Uint8Array {
  return withReader(file, reader => {
    const graph = readGraph(reader);
    const makerOf = new Map(graph.nodes.flatMap((node, index) => node.outputs.map(name => [name, index] as const)));
    const needed = new Set<string>();
    const wantedNodes = new Set<number>();
    const open = [output];
    for (let name = open.pop(); name !== undefined; name = open.pop()) {
      if (needed.has(name)) { continue; }
      needed.add(name);
      const index = makerOf.get(name);
      if (index === undefined || wantedNodes.has(index)) { continue; }
      wantedNodes.add(index);
      open.push(...graph.nodes[index]!.inputs);
    }
    const named = (list: Named[], names: ReadonlySet<string>): Field[] => list.filter(({ name }) => names.has(name)).map(({ field }) => field);
    const kept = [
      ...graph.nodes.filter((_, index) => wantedNodes.has(index)).map(({ field }) => field),
      ...named(graph.initializers, needed), ...named(graph.inputs, needed), ...named(graph.outputs, new Set([output])), ...graph.others,
    ].map(({ start, to }) => reader.bytes(start, to));
    const length = kept.reduce((sum, bytes) => sum + bytes.length, 0);
    const rest = [...reader.fields(0, reader.size)].filter(({ number }) => number !== model.graph).map(({ start, to }) => reader.bytes(start, to));
    return Buffer.concat([...rest, varint(model.graph << 3 | 2), varint(length), ...kept]);
  });
}

// ── messages

const model = { graph: 7 };
const graphFields = { node: 1, initializer: 5, input: 11, output: 12, valueInfo: 13 };
const nodeFields = { input: 1, output: 2, operator: 4, attribute: 5 };
const attributeFields = { graph: 6, graphs: 11 };
const tensorFields = { dims: 1, type: 2, name: 8, external: 13 };
const valueFields = { name: 1, type: 2 };
/** TensorProto.DataType. */
const elementTypes = new Map([[1, 'float32'], [6, 'int32'], [7, 'int64'], [10, 'float16']]);
const weightTypes = new Map([[1, 'fp32'], [10, 'fp16'], [2, 'int8'], [3, 'int8']] as const satisfies [number, OnnxFile['weights']][]) as ReadonlyMap<number, OnnxFile['weights']>;

interface Named { name: string; field: Field }
interface Node { inputs: string[]; outputs: string[]; operator: string; field: Field }
interface Initializer extends Named { elements: number; type: number; external?: string }
interface Graph { nodes: Node[]; initializers: Initializer[]; inputs: Named[]; outputs: Named[]; others: Field[] }

function readGraph(reader: Reader): Graph {
  const found = [...reader.fields(0, reader.size)].find(({ number }) => number === model.graph);
  if (!found) { throw new Error('it holds no ONNX graph'); }
  const graph: Graph = { nodes: [], initializers: [], inputs: [], outputs: [], others: [] };
  for (const field of reader.fields(found.from, found.to)) {
    switch (field.number) {
      case graphFields.node: graph.nodes.push(readNode(reader, field)); break;
      case graphFields.initializer: graph.initializers.push(readInitializer(reader, field)); break;
      case graphFields.input: graph.inputs.push({ name: reader.textOf(field, valueFields.name), field }); break;
      case graphFields.output: graph.outputs.push({ name: reader.textOf(field, valueFields.name), field }); break;
      // Shapes of inner values: ONNX Runtime infers them again.
      case graphFields.valueInfo: break;
      default: graph.others.push(field);
    }
  }
  return graph;
}

/** The graphs in a node's attributes (If, Loop) take values of the graph around them: they count as inputs. */
function readNode(reader: Reader, field: Field): Node {
  const node: Node = { inputs: [], outputs: [], operator: '', field };
  for (const part of reader.fields(field.from, field.to)) {
    switch (part.number) {
      case nodeFields.input: node.inputs.push(reader.text(part)); break;
      case nodeFields.output: node.outputs.push(reader.text(part)); break;
      case nodeFields.operator: node.operator = reader.text(part); break;
      case nodeFields.attribute:
        for (const inner of reader.fields(part.from, part.to)) {
          if (inner.number !== attributeFields.graph && inner.number !== attributeFields.graphs) { continue; }
          for (const member of reader.fields(inner.from, inner.to)) {
            if (member.number === graphFields.node) { node.inputs.push(...readNode(reader, member).inputs); }
            if (member.number === graphFields.output) { node.inputs.push(reader.textOf(member, valueFields.name)); }
          }
        }
        break;
    }
  }
  return node;
}

function readInitializer(reader: Reader, field: Field): Initializer {
  const tensor: Initializer = { name: '', elements: 1, type: 0, field };
  for (const part of reader.fields(field.from, field.to)) {
    switch (part.number) {
      case tensorFields.dims: for (const size of reader.numbers(part)) { tensor.elements *= size; } break;
      case tensorFields.type: tensor.type = part.value; break;
      case tensorFields.name: tensor.name = reader.text(part); break;
      // Pairs of key and value; 'location' is the file.
      case tensorFields.external: if (reader.textOf(part, 1) === 'location') { tensor.external = reader.textOf(part, 2); } break;
    }
  }
  return tensor;
}

/** ValueInfoProto: name 1, type 2 { tensor_type 1 { elem_type 1, shape 2 { dim 1 { dim_value 1 | dim_param 2 } } } }. */
function readValue(reader: Reader, { name, field }: Named): OnnxValue {
  const path = (at: Field, ...numbers: number[]): Field[] => numbers.reduce((fields, number) => fields.flatMap(each => [...reader.fields(each.from, each.to)].filter(part => part.number === number)), [at]);
  const type = path(field, valueFields.type, 1, 1)[0]?.value ?? 0;
  const dims = path(field, valueFields.type, 1, 2, 1).map(dim => {
    const size = path(dim, 1)[0]?.value ?? 0;
    return Number.isSafeInteger(size) && size > 0 ? size : undefined;
  });
  return { name, type: elementTypes.get(type) ?? `type ${type}`, dims };
}

// ── protobuf

/** One field; its payload lies between `from` and `to`, a number is in `value`. */
interface Field { number: number; start: number; from: number; to: number; value: number }

const windowBytes = 16 * 1024;

/** Walks a protobuf file of any size and reads only what is asked for: weights are skipped. */
class Reader {
  private window: Buffer = Buffer.alloc(0);
  private windowAt = 0;
  constructor(private readonly descriptor: number, readonly size: number) {}

  bytes(from: number, to: number): Buffer {
    if (from < this.windowAt || to > this.windowAt + this.window.length) {
      if (to > this.size) { throw new Error('it is cut off'); }
      const wanted = Buffer.alloc(Math.min(Math.max(windowBytes, to - from), this.size - from));
      for (let done = 0; done < wanted.length;) {
        const count = readSync(this.descriptor, wanted, done, wanted.length - done, from + done);
        if (count === 0) { throw new Error('it is cut off'); }
        done += count;
      }
      // Weights are handed out once; what stays is the neighbourhood.
      if (to - from > windowBytes) { return wanted; }
      [this.window, this.windowAt] = [wanted, from];
    }
    return this.window.subarray(from - this.windowAt, to - this.windowAt);
  }

  *fields(from: number, to: number): Generator<Field> {
    for (let at = from; at < to;) {
      const start = at;
      const [tag, afterTag] = this.varint(at);
      const [number, kind] = [Math.floor(tag / 8), tag % 8];
      const field: Field = { number, start, from: afterTag, to: afterTag, value: 0 };
      switch (kind) {
        case 0: [field.value, field.to] = this.varint(afterTag); break;
        case 1: field.to = afterTag + 8; break;
        case 2: { const [length, after] = this.varint(afterTag); field.from = after; field.to = after + length; break; }
        case 5: field.to = afterTag + 4; break;
        default: throw new Error('it is no ONNX file');
      }
      if (number === 0 || field.to > to) { throw new Error('it is no ONNX file, or cut off'); }
      yield field;
      at = field.to;
    }
  }

  text({ from, to }: Field): string { return this.bytes(from, to).toString('utf8'); }

  textOf(field: Field, number: number): string {
    for (const part of this.fields(field.from, field.to)) { if (part.number === number) { return this.text(part); } }
    return '';
  }

  /** A repeated number is written one by one, or packed. */
  numbers(field: Field): number[] {
    if (field.value !== 0) { return [field.value]; }
    const values: number[] = [];
    for (let at = field.from; at < field.to;) { const [value, after] = this.varint(at); values.push(value); at = after; }
    return values;
  }

  private varint(at: number): [value: number, after: number] {
    let value = 0;
    for (let index = 0; index < 10; index++) {
      const byte = this.bytes(at + index, at + index + 1)[0]!;
      value += (byte & 0x7f) * 2 ** (7 * index);
      if (byte < 0x80) { return [value, at + index + 1]; }
    }
    throw new Error('it is no ONNX file');
  }
}

function withReader<T>(file: string, use: (reader: Reader) => T): T {
  const descriptor = openSync(file, 'r');
  try { return use(new Reader(descriptor, fstatSync(descriptor).size)); } finally { closeSync(descriptor); }
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (; value >= 0x80; value = Math.floor(value / 0x80)) { bytes.push(value % 0x80 | 0x80); }
  return Buffer.from([...bytes, value]);
}
