/** The manifest of a model (model.json): everything in which one model differs from another. */
import { createHash } from 'node:crypto';
import { AssetSearchError } from '../errors';

/** Id of the model that comes with the product. */
export const builtinId = 'builtin';

export interface ModelFile {
  /** POSIX path relative to the model's folder. */
  path: string;
  /** Lower-case hex. */
  sha256: string;
  sizeBytes: number;
}

/** 'pad': the whole image, centred on its background; 'crop': shortest side, then the middle; 'squash': both sides, shape lost. */
export type Resize = 'pad' | 'crop' | 'squash';
export type Interpolation = 'bicubic' | 'bilinear' | 'lanczos' | 'nearest';

/** How an image becomes the input of the vision graph: float32 [batch, 3, size, size], (value / 255 - mean) / std. */
export interface ImageSpec {
  input: string;
  output: string;
  /** Pixels of each side. */
  size: number;
  resize: Resize;
  interpolation: Interpolation;
  mean: [number, number, number];
  std: [number, number, number];
}

/** How a text becomes the input of the text graph: int64 [batch, length]. */
export interface TextSpec {
  /** Names of the graph's inputs; `mask` only where the graph takes one. */
  inputs: { ids: string; mask?: string };
  output: string;
  /** Longest input in tokens, special tokens included. */
  contextLength: number;
  padId: number;
  /** 'longest': up to the longest text of the batch; 'max': always up to contextLength. */
  padding: 'longest' | 'max';
  addSpecialTokens: boolean;
  /** What happens to a text before it is tokenized, where tokenizer.json does not do it. 'canonicalize' (OpenCLIP): lower case, '_' a space, ASCII punctuation gone. */
  clean?: 'lower' | 'canonicalize';
}

/** Zero-shot score of a cosine c: softmax or sigmoid of logitScale * c + logitBias. */
export interface ScoreSpec {
  kind: 'softmax' | 'sigmoid';
  logitScale: number;
  logitBias: number;
}

export interface Manifest {
  id: string;
  revision: string;
  /** Number format of the weights, such as fp32, fp16 or int8. */
  variant: string;
  name: string;
  description: string;
  license: string;
  /** Raised when the pixels that the same file gives change: vectors of different versions never mix. */
  preprocessingVersion: number;
  /** `vision` and `text` are one file where a graph holds both towers; `data` are the files beside a graph that hold its weights. */
  files: { vision: ModelFile; text: ModelFile; tokenizer: ModelFile; data?: ModelFile[] };
  embeddingDim: number;
  image: ImageSpec;
  text: TextSpec;
  score: ScoreSpec;
  /** Sentences around a label, with `{}` for the label. */
  promptTemplates: string[];
  /** Where a downloaded model came from. */
  source?: ModelSource;
}

export interface ModelSource {
  /** `owner/name` on the hub. */
  repo: string;
  /** 40 hex digits. */
  commit: string;
  /** Local path → path in the repository. */
  files: Record<string, string>;
  /** Where the tokenizer came from, if from elsewhere. */
  tokenizerRepo?: { repo: string; commit: string };
}

/**
 * Name of the vector space, safe as a table name and as a file name: two manifests share one only if their vectors can be compared.
 * Its digest is of all that decides an image's vector: nobody can be relied on to raise a revision by hand. Characters outside [A-Za-z0-9.-] become '-'.
 */
export function spaceName({ id, revision, variant, preprocessingVersion, files: { vision, data = [] }, image }: Pick<Manifest, 'id' | 'revision' | 'variant' | 'preprocessingVersion' | 'files' | 'image'>): string {
  const parts = [id, revision, variant, `p${preprocessingVersion}`];
  const { input, output, size, resize, interpolation, mean, std } = image;
  const digest = createHash('sha256').update(JSON.stringify([parts, vision.sha256, data.map(({ sha256 }) => sha256), input, output, size, resize, interpolation, mean, std])).digest('hex');
  return [...parts.map(part => part.replace(/[^A-Za-z0-9.]+/g, '-')), digest.slice(0, 12)].join('_');
}

/** Each file of a model once. */
export function filesOf({ files: { vision, text, tokenizer, data = [] } }: Pick<Manifest, 'files'>): ModelFile[] {
  return [...new Map([vision, text, tokenizer, ...data].map(file => [file.path, file])).values()];
}

/** Checks parsed JSON. Throws AssetSearchError 'modelInvalid' naming the first field that is wrong; unknown fields are ignored. */
export function parseManifest(json: unknown): Manifest {
  const root = new Fields(json, '');
  const files = root.object('files');
  const image = root.object('image');
  const text = root.object('text');
  const inputs = text.object('inputs');
  const score = root.object('score');
  return {
    id: root.string('id'),
    revision: root.string('revision'),
    variant: root.string('variant'),
    name: root.string('name'),
    description: root.string('description', true),
    license: root.string('license', true),
    preprocessingVersion: root.integer('preprocessingVersion', 1),
    files: {
      vision: file(files.object('vision')), text: file(files.object('text')), tokenizer: file(files.object('tokenizer')),
      ...(files.has('data') && { data: files.list('data').map(file) }),
    },
    embeddingDim: root.integer('embeddingDim', 1),
    image: {
      input: image.string('input'),
      output: image.string('output'),
      size: image.integer('size', 1, 4096),
      resize: image.oneOf('resize', ['pad', 'crop', 'squash']),
      interpolation: image.oneOf('interpolation', ['bicubic', 'bilinear', 'lanczos', 'nearest']),
      mean: image.triple('mean'),
      std: image.triple('std', true),
    },
    text: {
      inputs: inputs.has('mask') ? { ids: inputs.string('ids'), mask: inputs.string('mask') } : { ids: inputs.string('ids') },
      output: text.string('output'),
      contextLength: text.integer('contextLength', 1, 65536),
      padId: text.integer('padId', 0),
      padding: text.oneOf('padding', ['longest', 'max']),
      addSpecialTokens: text.boolean('addSpecialTokens'),
      ...(text.has('clean') && { clean: text.oneOf<'lower' | 'canonicalize'>('clean', ['lower', 'canonicalize']) }),
    },
    score: {
      kind: score.oneOf('kind', ['softmax', 'sigmoid']),
      logitScale: score.number('logitScale'),
      logitBias: score.number('logitBias'),
    },
    promptTemplates: root.templates('promptTemplates'),
    ...(root.has('source') && { source: source(root.object('source')) }),
  };
}

function source(fields: Fields): ModelSource {
  const files = fields.object('files');
  const originOf = (each: Fields): { repo: string; commit: string } => ({ repo: each.string('repo'), commit: each.string('commit') });
  return {
    ...originOf(fields), files: Object.fromEntries(files.names().map(name => [name, files.string(name)])),
    ...(fields.has('tokenizerRepo') && { tokenizerRepo: originOf(fields.object('tokenizerRepo')) }),
  };
}

/** Whether a POSIX path stays inside the folder it is relative to, on every platform. */
export function isInside(path: string): boolean {
  return path !== '' && !path.startsWith('/') && !/[\\:\0]/.test(path) && path.split('/').every(part => part !== '..' && part !== '');
}

function file(fields: Fields): ModelFile {
  const path = fields.string('path');
  // A manifest may come from a stranger: it must not name a file outside its own folder.
  if (!isInside(path)) { throw fields.wrong('path', 'a relative path inside the model folder'); }
  const sha256 = fields.string('sha256');
  if (!/^[0-9a-f]{64}$/.test(sha256)) { throw fields.wrong('sha256', '64 lower-case hex digits'); }
  return { path, sha256, sizeBytes: fields.integer('sizeBytes', 1) };
}

/** Reads fields of one object and names the one that is wrong. */
class Fields {
  private readonly values: Record<string, unknown>;
  constructor(value: unknown, private readonly where: string) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new AssetSearchError('modelInvalid', `The model's manifest is not valid: ${where || 'it'} must be an object. Download or export the model again.`);
    }
    this.values = value as Record<string, unknown>;
  }

  wrong(name: string, expected: string): AssetSearchError {
    return new AssetSearchError('modelInvalid', `The model's manifest is not valid: ${this.where}${name} must be ${expected}. Download or export the model again.`);
  }

  has(name: string): boolean { return this.values[name] !== undefined; }

  names(): string[] { return Object.keys(this.values); }

  object(name: string): Fields { return new Fields(this.values[name], `${this.where}${name}.`); }

  list(name: string): Fields[] {
    const value = this.values[name];
    if (!Array.isArray(value)) { throw this.wrong(name, 'a list'); }
    return value.map((each, index) => new Fields(each, `${this.where}${name}[${index}].`));
  }

  string(name: string, emptyAllowed = false): string {
    const value = this.values[name];
    if (typeof value !== 'string' || (value === '' && !emptyAllowed)) { throw this.wrong(name, 'a text'); }
    return value;
  }

  boolean(name: string): boolean {
    const value = this.values[name];
    if (typeof value !== 'boolean') { throw this.wrong(name, 'true or false'); }
    return value;
  }

  number(name: string): number {
    const value = this.values[name];
    if (typeof value !== 'number' || !Number.isFinite(value)) { throw this.wrong(name, 'a number'); }
    return value;
  }

  integer(name: string, min: number, max = Number.MAX_SAFE_INTEGER): number {
    const value = this.values[name];
    if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max) { throw this.wrong(name, `an integer from ${min} to ${max}`); }
    return value;
  }

  oneOf<T extends string>(name: string, choices: readonly T[]): T {
    const value = this.values[name];
    const choice = choices.find(each => each === value);
    if (choice === undefined) { throw this.wrong(name, `one of ${choices.join(', ')}`); }
    return choice;
  }

  triple(name: string, positive = false): [number, number, number] {
    const value = this.values[name];
    if (!Array.isArray(value) || value.length !== 3 || !value.every(each => typeof each === 'number' && Number.isFinite(each) && (!positive || each > 0))) {
      throw this.wrong(name, positive ? 'three positive numbers' : 'three numbers');
    }
    return [value[0] as number, value[1] as number, value[2] as number];
  }

  templates(name: string): string[] {
    const value = this.values[name];
    if (!Array.isArray(value) || value.length === 0 || !value.every(each => typeof each === 'string' && each.includes('{}'))) {
      throw this.wrong(name, 'a list of texts that hold {}');
    }
    return value as string[];
  }
}
