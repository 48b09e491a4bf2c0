/** Describes a model's folder that has no manifest, as other tools export it: Hugging Face's layout or OpenCLIP's, two graphs or one that holds both towers. */
import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { basename, dirname, join, posix } from 'node:path';
import { AssetSearchError, messageOf } from '../errors';
import { parseManifest, type Interpolation, type Manifest, type ModelFile, type Resize, type TextSpec } from '../models/manifest';
import { describeFile, isFile, readJson, record } from './modelFiles';
import { readOnnx, type OnnxFile, type OnnxValue } from './onnxFile';

/** `resample` of preprocessor_config.json: Pillow's Image.Resampling values. */
const pillowFilters: Record<number, Interpolation> = { 0: 'nearest', 1: 'lanczos', 2: 'bilinear', 3: 'bicubic' };
/** Context of CLIP's text tower (Radford et al. 2021, 2.4; open_clip tokenizer.py), where the configuration does not say. */
const clipContextLength = 77;
/** SigLIP's (Zhai et al. 2023; max_position_embeddings of its configuration class). */
const siglipContextLength = 64;
/** CLIP's logit scale is clipped to 100 and ends there (ibid., 2.5); the configuration holds only its initial value. */
const clipScore = { kind: 'softmax', logitScale: 100, logitBias: 0 } as const;
/** Learned scale and bias are no part of a graph with one tower; these are the published base models' (google/siglip-base-patch16-224, google/siglip2-base-patch16-224). */
const siglipScore = { kind: 'sigmoid', logitScale: 117.33, logitBias: -12.93 } as const;
const siglip2Score = { kind: 'sigmoid', logitScale: 112.669, logitBias: -16.7717 } as const;
/** Words in the vocabulary of Gemma, which SigLIP 2 uses. */
const gemmaVocabularySize = 256_000;

/** Names of an embedding, most telling first: transformers, optimum's SigLIP, immich, rclip. */
const imageOutputs = ['image_embeds', 'image_features', 'image_embedding', 'pooler_output', 'embedding', 'output'];
const textOutputs = ['text_embeds', 'text_features', 'text_embedding', 'pooler_output', 'embedding', 'output'];

/** What the configuration files say; the graphs say the rest. */
interface Configuration {
  /** The file that says most, for messages. */
  file: string;
  siglip: boolean;
  description: string;
  embeddingDim?: number;
  image: { file: string; size: unknown; resize: Resize; interpolation: unknown; mean: unknown; std: unknown };
  contextLength: number;
  /** Always up to the context; else as the graph wants. */
  padded: boolean;
  clean?: TextSpec['clean'];
  score: Manifest['score'];
}

/**
 * `variant` (fp32, fp16, int8) chooses where a folder holds several.
 * Throws AssetSearchError modelMissing (no such file), modelInvalid (files that contradict each other, or something that is not supported), modelCorrupt.
 */
export async function describeFolder(folder: string, variant?: string): Promise<Manifest> {
  const configuration = await readConfiguration(folder);
  const graphs = await findGraphs(folder, variant);
  const tokenizerPath = await findFile(folder, 'tokenizer.json', [dirname(graphs.text.path), '.', 'textual']);
  const tokenizerFolder = join(folder, dirname(tokenizerPath));
  const optional = async (name: string): Promise<Record<string, unknown>> => (await isFile(join(tokenizerFolder, name)) ? readJson(tokenizerFolder, name) : {});
  const [tokenizer, tokenizerConfig, specialTokens] = [await readJson(folder, tokenizerPath), await optional('tokenizer_config.json'), await optional('special_tokens_map.json')];

  const image = imageTower(graphs.vision, configuration);
  const text = textTower(graphs.text, configuration, graphs.text.path === graphs.vision.path);
  const dims = [image.dim, text.dim].filter(dim => dim !== undefined);
  if (new Set(dims).size > 1) {
    throw invalid(`${graphs.vision.path} gives ${image.dim} numbers (${image.output}) and ${graphs.text.path} ${text.dim} (${text.output}): they are no towers of one model, or were exported without their projections. Export the model again, with them.`);
  }
  const embeddingDim = dims[0] ?? configuration.embeddingDim;
  if (embeddingDim === undefined) { throw invalid(`Neither the graphs nor ${configuration.file} say how many numbers an embedding has. Add "projection_dim" (or "embed_dim") to ${configuration.file}.`); }
  if (configuration.embeddingDim !== undefined && configuration.embeddingDim !== embeddingDim) {
    throw invalid(`${configuration.file} promises embeddings of ${configuration.embeddingDim} numbers, the graphs give ${embeddingDim}. Put the files of one model together.`);
  }

  const external = [...new Set([graphs.vision, graphs.text].flatMap(({ path, onnx }) => onnx.externalFiles.map(name => posix.join(posix.dirname(path), name))))];
  const paths = { vision: graphs.vision.path, text: graphs.text.path, tokenizer: tokenizerPath };
  const hashed = new Map<string, ModelFile>();
  for (const path of [...Object.values(paths), ...external]) { if (!hashed.has(path)) { hashed.set(path, await describeFile(folder, path)); } }
  const files = {
    vision: hashed.get(paths.vision)!, text: hashed.get(paths.text)!, tokenizer: hashed.get(paths.tokenizer)!,
    ...external.length > 0 && { data: external.map(path => hashed.get(path)!) },
  };
  const digest = createHash('sha256').update([...hashed.values()].map(({ sha256 }) => sha256).join('')).digest('hex');
  const name = basename(folder);
  return parseManifest({
    id: name, name, revision: digest.slice(0, 12), variant: graphs.vision.onnx.weights,
    description: `Imported from ${configuration.description || name}`, license: '', preprocessingVersion: 1, files, embeddingDim,
    image: { input: image.input, output: image.output, ...pick(configuration.image) },
    text: {
      inputs: text.inputs, output: text.output, contextLength: text.length ?? configuration.contextLength,
      padId: padId(tokenizer, tokenizerConfig, specialTokens), padding: text.length !== undefined || configuration.padded ? 'max' : 'longest', addSpecialTokens: true,
      ...configuration.clean && { clean: configuration.clean },
    },
    score: configuration.score, promptTemplates: ['a photo of a {}'],
  });
}

function pick({ size, resize, interpolation, mean, std }: Configuration['image']): object { return { size, resize, interpolation, mean, std }; }

function invalid(message: string): AssetSearchError { return new AssetSearchError('modelInvalid', message); }

// ── configuration

async function readConfiguration(folder: string): Promise<Configuration> {
  if (await isFile(join(folder, 'open_clip_config.json'))) {
    const json = await readJson(folder, 'open_clip_config.json');
    return openClip(folder, 'open_clip_config.json', record(json['model_cfg']), json['preprocess_cfg']);
  }
  if (!await isFile(join(folder, 'config.json'))) {
    throw new AssetSearchError('modelMissing', `There is no model in ${folder}: neither a model.json nor a configuration (config.json or open_clip_config.json) was found.`);
  }
  const config = await readJson(folder, 'config.json');
  return 'vision_cfg' in config ? openClip(folder, 'config.json', config) : huggingFace(folder, config);
}

async function huggingFace(folder: string, config: Record<string, unknown>): Promise<Configuration> {
  const file = 'preprocessor_config.json';
  const preprocessor = await readJson(folder, await findFile(folder, file, ['.']));
  const tokenizerConfig = await isFile(join(folder, 'tokenizer_config.json')) ? await readJson(folder, 'tokenizer_config.json') : {};
  const siglip = String(config['model_type']).startsWith('siglip');
  const texts = record(config['text_config']);
  const length = [texts['max_position_embeddings'], tokenizerConfig['model_max_length']].find((value): value is number => typeof value === 'number' && value > 0 && value <= 65536);
  const dim = config['projection_dim'] ?? texts['projection_size'];
  return {
    file: 'config.json', siglip, description: typeof config['_name_or_path'] === 'string' ? config['_name_or_path'] : '',
    ...typeof dim === 'number' && { embeddingDim: dim },
    image: { file, ...hubImage(preprocessor) },
    contextLength: length ?? (siglip ? siglipContextLength : clipContextLength),
    padded: siglip,
    // SigLIP was trained on lower-case texts; tokenizer.json does not see to it (big_vision issue 187).
    ...siglip && { clean: 'lower' as const },
    score: siglip ? sigmoid(texts['vocab_size']) : clipScore,
  };
}

/** `model` is what open_clip calls a model configuration: embed_dim, vision_cfg, text_cfg. */
async function openClip(folder: string, file: string, model: Record<string, unknown>, preprocess?: unknown): Promise<Configuration> {
  const [vision, texts] = [record(model['vision_cfg']), record(model['text_cfg'])];
  const preprocessFile = preprocess === undefined ? await findFile(folder, 'preprocess_cfg.json', ['visual', '.']) : file;
  const settings = preprocess === undefined ? await readJson(folder, preprocessFile) : record(preprocess);
  const siglip = model['init_logit_bias'] !== undefined;
  const { clean, strip_sep_token: stripped } = record(texts['tokenizer_kwargs']);
  if (stripped === true) { throw invalid(`${file} says "strip_sep_token", which is not supported. Choose another model.`); }
  const size = settings['size'] ?? vision['image_size'];
  if (Array.isArray(size) && size[0] !== size[1]) { throw notSquare(preprocessFile); }
  const resize = { shortest: 'crop', squash: 'squash' }[String(settings['resize_mode'] ?? 'shortest')] as Resize | undefined;
  if (!resize) { throw invalid(`${preprocessFile} says resize_mode "${String(settings['resize_mode'])}", which is not supported ("shortest" and "squash" are). Choose another model.`); }
  return {
    file, siglip, description: '', ...typeof model['embed_dim'] === 'number' && { embeddingDim: model['embed_dim'] },
    // As open_clip's PreprocessCfg (transform.py), where nothing is said.
    image: {
      file: preprocessFile, size: Array.isArray(size) ? size[0] : size, resize, interpolation: settings['interpolation'] ?? 'bicubic',
      mean: settings['mean'] ?? [0.48145466, 0.4578275, 0.40821073], std: settings['std'] ?? [0.26862954, 0.26130258, 0.27577711],
    },
    contextLength: typeof texts['context_length'] === 'number' ? texts['context_length'] : clipContextLength,
    padded: true,
    ...(clean === 'lower' || clean === 'canonicalize') && { clean },
    score: siglip ? sigmoid(texts['vocab_size']) : clipScore,
  };
}

function sigmoid(vocabularySize: unknown): Manifest['score'] { return vocabularySize === gemmaVocabularySize ? siglip2Score : siglipScore; }

function hubImage(preprocessor: Record<string, unknown>): Omit<Configuration['image'], 'file'> {
  const cropped = preprocessor['do_center_crop'] === true;
  const { size, fixed } = sideOf(cropped ? preprocessor['crop_size'] ?? preprocessor['size'] : preprocessor['size']);
  const resized = sideOf(preprocessor['size']);
  if (cropped && resized.size !== size) {
    throw invalid(`preprocessor_config.json resizes images to ${String(resized.size)} and crops ${String(size)} of it, which is not supported. Choose another model.`);
  }
  const normalized = preprocessor['do_normalize'] !== false;
  // Without rescaling the graph takes 0-255, which is a division by 1/255 here.
  const factor = preprocessor['do_rescale'] === false ? 255 : Number(preprocessor['rescale_factor'] ?? 1 / 255) * 255;
  const scaled = (value: unknown, fallback: number) => (Array.isArray(value) && normalized ? value as number[] : [fallback, fallback, fallback]).map(each => each / factor);
  return {
    size,
    resize: cropped || !fixed ? 'crop' : 'squash',
    interpolation: pillowFilters[Number(preprocessor['resample'] ?? 3)],
    mean: scaled(preprocessor['image_mean'], 0), std: scaled(preprocessor['image_std'], 1),
  };
}

/** A side in pixels, from 224, {shortest_edge: 224} or {height: 224, width: 224}. */
function sideOf(value: unknown): { size: unknown; fixed: boolean } {
  if (typeof value === 'number') { return { size: value, fixed: false }; }
  const sides = record(value);
  if (sides['shortest_edge'] !== undefined) { return { size: sides['shortest_edge'], fixed: false }; }
  if (sides['height'] !== sides['width']) { throw notSquare('preprocessor_config.json'); }
  return { size: sides['height'], fixed: true };
}

function notSquare(file: string): AssetSearchError { return invalid(`${file} wants images that are not square, which is not supported. Choose another model.`); }

function padId(tokenizer: Record<string, unknown>, ...configurations: Record<string, unknown>[]): number {
  const stated = record(tokenizer['padding'])['pad_id'];
  if (typeof stated === 'number') { return stated; }
  const token = configurations.map(each => each['pad_token']).map(each => typeof each === 'string' ? each : record(each)['content']).find(each => typeof each === 'string');
  const added = Array.isArray(tokenizer['added_tokens']) ? tokenizer['added_tokens'].map(record).find(each => each['content'] === token)?.['id'] : undefined;
  const id = added ?? record(record(tokenizer['model'])['vocab'])[String(token)];
  return typeof id === 'number' ? id : 0;
}

// ── files

interface GraphFile { path: string; onnx: OnnxFile }

/** The first of `folders` that holds `name`, as a POSIX path. */
async function findFile(folder: string, name: string, folders: string[]): Promise<string> {
  const paths = folders.map(each => posix.join(each, name));
  for (const path of paths) { if (await isFile(join(folder, path))) { return path; } }
  throw new AssetSearchError('modelMissing', `${name} is missing in ${folder} (looked for: ${[...new Set(paths)].join(', ')}). Export the model again, or copy the file there.`);
}

/** Names of graphs; between name and ending stands nothing, '_fp16', '_quantized', … The two of a pair may lie in different folders. */
const pairs: [vision: RegExp, text: RegExp][] = [
  [/^(?:onnx\/)?vision_model([^/]*)\.onnx$/, /^(?:onnx\/)?text_model([^/]*)\.onnx$/],
  [/^(?:onnx\/)?visual([^/]*)\.onnx$/, /^(?:onnx\/)?textual([^/]*)\.onnx$/],
  [/^visual\/model([^/]*)\.onnx$/, /^textual\/model([^/]*)\.onnx$/],
];
const combined = /^(?:onnx\/)?model([^/]*)\.onnx$/;
/** Weights of fewer than eight bits: a kind of its own, not one of the variants. */
const unusual = /_(q4|q4f16|bnb4)$/;

async function findGraphs(folder: string, variant: string | undefined): Promise<{ vision: GraphFile; text: GraphFile }> {
  const names = (await Promise.all(['', 'onnx', 'visual', 'textual'].map(async within => (await readdir(join(folder, within)).catch(() => [])).map(name => posix.join(within, name))))).flat();
  const matches = (pattern: RegExp): { path: string; suffix: string }[] => names
    .flatMap(path => { const suffix = pattern.exec(path)?.[1]; return suffix === undefined || unusual.test(suffix) ? [] : [{ path, suffix }]; })
    // The plain name first, and what is not in a folder.
    .sort((a, b) => a.suffix.length - b.suffix.length || a.path.length - b.path.length);
  const found: { vision: string; text: string }[] = [];
  let lonely: string | undefined;
  for (const [visionPattern, textPattern] of pairs) {
    const texts = matches(textPattern);
    const visions = matches(visionPattern);
    for (const { path, suffix } of visions) {
      const text = texts.find(each => each.suffix === suffix);
      if (text) { found.push({ vision: path, text: text.path }); } else { lonely ??= path; }
    }
    if (visions.length === 0) { lonely ??= texts[0]?.path; }
  }
  found.push(...matches(combined).map(({ path }) => ({ vision: path, text: path })));
  if (found.length === 0) {
    throw new AssetSearchError('modelMissing', lonely === undefined
      ? `There are no graphs in ${folder}: vision_model.onnx and text_model.onnx were looked for (also in onnx/), visual.onnx and textual.onnx, visual/model.onnx and textual/model.onnx, and model.onnx with both towers. Export the model as ONNX.`
      : `Beside ${join(folder, lonely)} its other half is missing: the graph for ${/^(?:onnx\/)?(text|textual)/.test(lonely) ? 'images' : 'texts'}. Export both.`);
  }
  const seen: string[] = [];
  for (const { vision, text } of found) {
    const graph = openGraph(folder, vision);
    if (variant === undefined || graph.onnx.weights === variant) { return { vision: graph, text: text === vision ? graph : openGraph(folder, text) }; }
    seen.push(`${vision} (${graph.onnx.weights})`);
  }
  throw new AssetSearchError('modelMissing', `No graph in ${folder} has weights of the kind ${variant}: ${seen.join(', ')}.`);
}

function openGraph(folder: string, path: string): GraphFile {
  try {
    return { path, onnx: readOnnx(join(folder, path)) };
  } catch (error) {
    throw new AssetSearchError('modelCorrupt', `${join(folder, path)} cannot be read as ONNX: ${messageOf(error)}. Download or export it again.`, { cause: error });
  }
}

// ── graphs

function imageTower({ path, onnx }: GraphFile, { image, siglip }: Configuration): { input: string; output: string; dim?: number } {
  const input = onnx.inputs.find(({ dims }) => dims.length === 4);
  if (!input) { throw invalid(`${path} takes no images: none of its inputs (${list(onnx.inputs)}) has four dimensions. Export the image tower.`); }
  checkType(path, input, ['float32']);
  const [batch, channels, height, width] = input.dims;
  checkBatch(path, input, batch);
  if (channels !== undefined && channels !== 3) { throw invalid(`The input "${input.name}" of ${path} is not ordered [batch, 3, height, width] but [${input.dims.join(', ')}]. Export the model in that order.`); }
  const other = [height, width].find(side => side !== undefined && side !== image.size);
  if (other !== undefined) { throw invalid(`${path} takes images of ${height} x ${width} pixels, ${image.file} makes them ${String(image.size)} x ${String(image.size)}. Put the files of one model together.`); }
  return { input: input.name, ...embedding(path, onnx, imageOutputs, siglip) };
}

function textTower({ path, onnx }: GraphFile, { siglip }: Configuration, both: boolean): { inputs: TextSpec['inputs']; output: string; length?: number; dim?: number } {
  const flat = onnx.inputs.filter(({ dims }) => dims.length === 2);
  const mask = flat.find(({ name }) => /mask/i.test(name));
  const rest = flat.filter(each => each !== mask);
  const ids = rest.find(({ name }) => name === 'input_ids') ?? rest[0];
  if (!ids) { throw invalid(`${path} takes no texts: none of its inputs (${list(onnx.inputs)}) has two dimensions. Export the text tower.`); }
  const extra = onnx.inputs.find(each => each !== ids && each !== mask && !(both && each.dims.length === 4));
  if (extra) { throw invalid(`${path} wants an input "${extra.name}", which is not supported: only token ids and a mask are. Export the model without it.`); }
  for (const input of mask ? [ids, mask] : [ids]) { checkType(path, input, ['int64', 'int32']); checkBatch(path, input, input.dims[0]); }
  const length = ids.dims[1];
  return { inputs: mask ? { ids: ids.name, mask: mask.name } : { ids: ids.name }, ...embedding(path, onnx, textOutputs, siglip), ...length !== undefined && { length } };
}

function embedding(path: string, onnx: OnnxFile, preferred: string[], siglip: boolean): { output: string; dim?: number } {
  // Some exporters leave the shape of an output out.
  const flat = onnx.outputs.filter(({ dims }) => dims.length === 2 || dims.length === 0);
  const named = preferred.map(name => flat.find(each => each.name === name)).find(each => each !== undefined);
  const output = named ?? (flat.length === 1 ? flat[0] : undefined);
  if (!output) { throw invalid(`${path} gives no embedding: of its outputs (${list(onnx.outputs)}) none has a known name and two dimensions. Export the model with its projection (CLIPVisionModelWithProjection and CLIPTextModelWithProjection).`); }
  // CLIP's pooled state is what its projection starts from; SigLIP has none.
  if (output.name === 'pooler_output' && !siglip) { throw invalid(`${path} ends before its projection: it gives "pooler_output", not an embedding. Export the model with it (CLIPVisionModelWithProjection and CLIPTextModelWithProjection).`); }
  checkType(path, output, ['float32']);
  const dim = output.dims[1];
  return { output: output.name, ...dim !== undefined && { dim } };
}

function checkType(path: string, { name, type }: OnnxValue, types: string[]): void {
  if (!types.includes(type)) { throw invalid(`"${name}" of ${path} is ${type}, which is not supported: it must be ${types.join(' or ')}. Export the model with such inputs and outputs (keep_io_types).`); }
}

function checkBatch(path: string, { name }: OnnxValue, batch: number | undefined): void {
  if (batch !== undefined && batch !== 1) { throw invalid(`${path} takes exactly ${batch} inputs at a time ("${name}"). Export it with a free batch, or for one at a time.`); }
}

function list(values: OnnxValue[]): string {
  return values.map(({ name, dims }) => `${name} [${dims.map(dim => dim ?? '?').join(', ')}]`).join(', ') || 'none';
}
