/** Loads a model folder: its manifest, or one derived from a Hugging Face export, and the proof that its files are whole. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import type { ModelInfo } from '../protocol';
import { AssetSearchError, messageOf } from '../errors';
import { filesOf, parseManifest, type Interpolation, type Manifest, type ModelFile, type Resize } from '../models/manifest';

export interface Model {
  /** Absolute. */
  folder: string;
  manifest: Manifest;
  info: ModelInfo;
}

/** Throws AssetSearchError modelMissing (no such folder or file), modelCorrupt (a file is not what the manifest says), modelInvalid (a bad manifest). */
export async function loadModel(folder: string): Promise<Model> {
  const absolute = resolve(folder);
  const manifest = await isFile(join(absolute, 'model.json')) ? await verified(absolute, await readManifest(absolute)) : await deriveManifest(absolute);
  const { id, revision, variant, name, description, license, embeddingDim } = manifest;
  const sizeBytes = filesOf(manifest).reduce((sum, file) => sum + file.sizeBytes, 0);
  return { folder: absolute, manifest, info: { id, revision, variant, name, description, license, embeddingDim, sizeBytes, folder: absolute } };
}

async function readManifest(folder: string): Promise<Manifest> {
  return parseManifest(await readJson(folder, 'model.json'));
}

async function verified(folder: string, manifest: Manifest): Promise<Manifest> {
  for (const expected of filesOf(manifest)) {
    const actual = await describeFile(folder, expected.path);
    if (actual.sizeBytes !== expected.sizeBytes || actual.sha256 !== expected.sha256) {
      throw new AssetSearchError('modelCorrupt', `The model file ${join(folder, expected.path)} is damaged: it is not the one its manifest describes. Download or export the model again.`);
    }
  }
  return manifest;
}

async function describeFile(folder: string, path: string): Promise<ModelFile> {
  const file = join(folder, path);
  try {
    const { size } = await stat(file);
    const hash = createHash('sha256');
    for await (const chunk of createReadStream(file, { highWaterMark: 1024 * 1024 })) { hash.update(chunk as Buffer); }
    return { path, sha256: hash.digest('hex'), sizeBytes: size };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      throw new AssetSearchError('modelMissing', `The model file ${file} is missing. Download or export the model again.`, { cause: error });
    }
    throw new AssetSearchError('modelCorrupt', `The model file ${file} cannot be read: ${messageOf(error)}.`, { cause: error });
  }
}

async function isFile(file: string): Promise<boolean> {
  return stat(file).then(status => status.isFile(), () => false);
}

async function readJson(folder: string, path: string): Promise<Record<string, unknown>> {
  const file = join(folder, path);
  try {
    const json: unknown = JSON.parse(await readFile(file, 'utf8'));
    if (typeof json === 'object' && json !== null) { return json as Record<string, unknown>; }
    throw new Error('it is not an object');
  } catch (error) {
    throw new AssetSearchError('modelInvalid', `${file} is not valid: ${messageOf(error)}. Download or export the model again.`, { cause: error });
  }
}

// ── Hugging Face layout

/** `resample` of preprocessor_config.json: Pillow's Image.Resampling values. */
const pillowFilters: Record<number, Interpolation> = { 0: 'nearest', 1: 'lanczos', 2: 'bilinear', 3: 'bicubic' };
/** Context of CLIP's text tower (Radford et al. 2021, 2.4), where the configuration does not say. */
const clipContextLength = 77;
/** CLIP's logit scale is clipped to 100 and ends there (ibid., 2.5); the configuration holds only its initial value. */
const clipLogitScale = 100;
/** SigLIP's learned scale and bias are inside its full graph; these are the published base model's (google/siglip-base-patch16-224). */
const siglipScore = { kind: 'sigmoid', logitScale: 117.33, logitBias: -12.93 } as const;

/** Describes a split export: config.json, preprocessor_config.json, tokenizer.json, vision_model.onnx, text_model.onnx (the graphs also under onnx/). */
async function deriveManifest(folder: string): Promise<Manifest> {
  if (!await isFile(join(folder, 'config.json'))) {
    throw new AssetSearchError('modelMissing', `There is no model in ${folder}: neither a model.json nor a Hugging Face configuration (config.json) was found.`);
  }
  const config = await readJson(folder, 'config.json');
  const preprocessor = await readJson(folder, 'preprocessor_config.json');
  const tokenizerConfig = await isFile(join(folder, 'tokenizer_config.json')) ? await readJson(folder, 'tokenizer_config.json') : {};
  const specialTokens = await isFile(join(folder, 'special_tokens_map.json')) ? await readJson(folder, 'special_tokens_map.json') : {};
  const tokenizer = await isFile(join(folder, 'tokenizer.json')) ? await readJson(folder, 'tokenizer.json') : undefined;
  const files = {
    vision: await describeFile(folder, await graphPath(folder, 'vision_model.onnx')),
    text: await describeFile(folder, await graphPath(folder, 'text_model.onnx')),
    tokenizer: await describeFile(folder, 'tokenizer.json'),
  };
  const siglip = String(config['model_type']).startsWith('siglip');
  const image = imageOf(preprocessor);
  const texts = record(config['text_config']);
  const longest = [texts['max_position_embeddings'], tokenizerConfig['model_max_length']].find(value => typeof value === 'number' && value > 0 && value <= 65536);
  const digest = createHash('sha256').update(files.vision.sha256 + files.text.sha256 + files.tokenizer.sha256).digest('hex');
  const name = basename(folder);
  return parseManifest({
    id: name, name, revision: digest.slice(0, 12), variant: 'onnx',
    description: `Imported from ${typeof config['_name_or_path'] === 'string' && config['_name_or_path'] !== '' ? config['_name_or_path'] : name}`,
    license: '', preprocessingVersion: 1, files,
    embeddingDim: config['projection_dim'] ?? texts['projection_size'] ?? record(config['vision_config'])['hidden_size'],
    image: { input: 'pixel_values', output: siglip ? 'pooler_output' : 'image_embeds', ...image },
    text: {
      inputs: { ids: 'input_ids', mask: 'attention_mask' },
      output: siglip ? 'pooler_output' : 'text_embeds',
      contextLength: longest ?? clipContextLength,
      padId: padId(tokenizer ?? {}, tokenizerConfig, specialTokens),
      padding: siglip ? 'max' : 'longest',
      addSpecialTokens: true,
    },
    score: siglip ? siglipScore : { kind: 'softmax', logitScale: clipLogitScale, logitBias: 0 },
    promptTemplates: ['a photo of a {}'],
  });
}

async function graphPath(folder: string, name: string): Promise<string> {
  return await isFile(join(folder, name)) ? name : `onnx/${name}`;
}

function imageOf(preprocessor: Record<string, unknown>): { size: unknown; resize: Resize; interpolation: unknown; mean: unknown; std: unknown } {
  const cropped = preprocessor['do_center_crop'] === true;
  const { size, fixed } = sideOf(cropped ? preprocessor['crop_size'] ?? preprocessor['size'] : preprocessor['size']);
  const resized = sideOf(preprocessor['size']);
  if (cropped && resized.size !== size) {
    throw new AssetSearchError('modelInvalid', 'The model resizes images to another size than it crops, which is not supported. Choose another model.');
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
  if (sides['height'] !== sides['width']) { throw new AssetSearchError('modelInvalid', 'The model takes images that are not square, which is not supported. Choose another model.'); }
  return { size: sides['height'], fixed: true };
}

function padId(tokenizer: Record<string, unknown>, ...configurations: Record<string, unknown>[]): number {
  const stated = record(tokenizer['padding'])['pad_id'];
  if (typeof stated === 'number') { return stated; }
  const token = configurations.map(each => each['pad_token']).map(each => typeof each === 'string' ? each : record(each)['content']).find(each => typeof each === 'string');
  const added = Array.isArray(tokenizer['added_tokens']) ? tokenizer['added_tokens'].map(record).find(each => each['content'] === token)?.['id'] : undefined;
  const id = added ?? record(record(tokenizer['model'])['vocab'])[String(token)];
  return typeof id === 'number' ? id : 0;
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? value as Record<string, unknown> : {};
}
