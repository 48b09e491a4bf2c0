/** Loads a model folder: its manifest, or one derived from what another tool exported, and the proof that its files are whole. */
import { join, resolve } from 'node:path';
import type { ModelInfo } from '../protocol';
import { AssetSearchError } from '../errors';
import { filesOf, parseManifest, type Manifest } from '../models/manifest';
import { describeFolder } from './modelDescription';
import { describeFile, isFile, readJson } from './modelFiles';

export interface Model {
  /** Absolute. */
  folder: string;
  manifest: Manifest;
  info: ModelInfo;
}

/**
 * `wanted` (fp32, fp16, int8) chooses where a folder without a manifest holds several variants; with `anew` no remembered hash is believed.
 * Throws AssetSearchError modelMissing (no such folder or file), modelCorrupt (a file is not what the manifest says), modelInvalid (a bad manifest).
 */
export async function loadModel(folder: string, { wanted, anew }: { wanted?: string | undefined; anew?: boolean } = {}): Promise<Model> {
  const absolute = resolve(folder);
  const manifest = await isFile(join(absolute, 'model.json')) ? await verified(absolute, await readManifest(absolute), anew) : await describeFolder(absolute, wanted);
  const { id, revision, variant, name, description, license, embeddingDim } = manifest;
  const sizeBytes = filesOf(manifest).reduce((sum, file) => sum + file.sizeBytes, 0);
  return { folder: absolute, manifest, info: { id, revision, variant, name, description, license, embeddingDim, sizeBytes, folder: absolute } };
}

async function readManifest(folder: string): Promise<Manifest> {
  return parseManifest(await readJson(folder, 'model.json'));
}

async function verified(folder: string, manifest: Manifest, anew: boolean | undefined): Promise<Manifest> {
  for (const expected of filesOf(manifest)) {
    const actual = await describeFile(folder, expected.path, anew);
    if (actual.sizeBytes !== expected.sizeBytes || actual.sha256 !== expected.sha256) {
      throw new AssetSearchError('modelCorrupt', `The model file ${join(folder, expected.path)} is damaged: it is not the one its manifest describes. Download or export the model again.`);
    }
  }
  return manifest;
}
