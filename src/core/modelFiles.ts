/** Reads the files of a model's folder: their hashes, their JSON, and what is missing. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AssetSearchError, messageOf } from '../errors';
import type { ModelFile } from '../models/manifest';

/** Throws AssetSearchError modelMissing or modelCorrupt. */
export async function describeFile(folder: string, path: string): Promise<ModelFile> {
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

export async function isFile(file: string): Promise<boolean> {
  return stat(file).then(status => status.isFile(), () => false);
}

/** A JSON object. Throws AssetSearchError 'modelInvalid'. */
export async function readJson(folder: string, path: string): Promise<Record<string, unknown>> {
  const file = join(folder, path);
  try {
    const json: unknown = JSON.parse(await readFile(file, 'utf8'));
    if (typeof json === 'object' && json !== null && !Array.isArray(json)) { return json as Record<string, unknown>; }
    throw new Error('it is not an object');
  } catch (error) {
    throw new AssetSearchError('modelInvalid', `${file} is not valid: ${messageOf(error)}. Download or export the model again.`, { cause: error });
  }
}

/** The object, or an empty one. */
export function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? value as Record<string, unknown> : {};
}
