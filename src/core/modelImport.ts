/** Takes a model of the user's own into the models' folder: described, copied, proven, and only then there. */
import { constants } from 'node:fs';
import { copyFile, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { AssetSearchError, cancelled } from '../errors';
import { FileLock } from '../lock';
import { catalog } from '../models/catalog';
import { filesOf, type Manifest } from '../models/manifest';
import { lockModel, modelFolder, partialFolder, readInstalled, writing } from '../models/modelsFolder';
import { loadModel, type Model } from './model';

export interface ImportOptions {
  /** What the model is called from now on; without it what its manifest says, else the name of its folder. */
  name?: string;
  /** fp32, fp16 or int8, where the folder holds several. */
  variant?: string;
  /** Rejects for a model that must not be used; it then does not stay. */
  check(model: Model): Promise<void>;
  signal?: AbortSignal;
}

export interface ImportedModel {
  /** `<models' folder>/<name>/<variant>`, absolute. */
  folder: string;
  manifest: Manifest;
  /** The same model was there already. */
  unchanged: boolean;
}

/**
 * Throws AssetSearchError of loadModel for a folder that holds no usable model, 'usage' for a name that another model has, 'modelInvalid' for one that cannot be a folder's, 'modelBusy' while
 * another process writes it, 'diskFull', 'modelsReadOnly', 'cancelled'. What was there before stays as it was.
 */
export async function importModel(from: string, modelsFolder: string, { name, variant, check, signal }: ImportOptions): Promise<ImportedModel> {
  const { folder, manifest: own } = await loadModel(from, { wanted: variant });
  const id = name ?? plain(own.id);
  const manifest: Manifest = { ...own, id, name: name ?? own.name };
  const known = catalog.find(row => row.id === id);
  if (id === 'builtin' || (known && own.source?.repo !== known.repo)) {
    throw new AssetSearchError('usage', `"${id}" is the name of ${known ? `${known.name}, which can be downloaded` : 'the built-in model'}. Give yours another one with --name.`);
  }
  const target = modelFolder(modelsFolder, id, manifest.variant);
  const lock = await writing(modelsFolder, lockModel(modelsFolder, id, manifest.variant));
  if (!(lock instanceof FileLock)) { throw new AssetSearchError('modelBusy', `Process ${lock.pid} on ${lock.host} is writing ${id} (${manifest.variant}). Stop it, or wait until it is done.`); }
  try {
    const installed = await readInstalled(target);
    const same = installed !== undefined && isDeepStrictEqual(installed.manifest, manifest);
    if (same && installed.damaged === undefined) { return { folder: target, manifest, unchanged: true }; }
    if (installed !== undefined && !same) {
      throw new AssetSearchError('usage', `There is another model "${id}" (${manifest.variant}) in ${target}. Give yours another name with --name, or remove that one first: asset-search models remove ${id}@${manifest.variant}`);
    }
    const partial = partialFolder(modelsFolder, id, manifest.variant).folder;
    try {
      await writing(modelsFolder, copy(folder, partial, manifest, signal));
      await check(await loadModel(partial));
      if (signal?.aborted) { throw cancelled(); }
      await writing(modelsFolder, (async () => {
        await mkdir(dirname(target), { recursive: true });
        await rm(target, { recursive: true, force: true });
        await rename(partial, target);
      })());
    } finally {
      await rm(partial, { recursive: true, force: true });
    }
    return { folder: target, manifest, unchanged: false };
  } finally {
    lock.release();
  }
}

/** Copies, not links: a file that its owner changes later must not change under an index. A file system that can share blocks does. */
async function copy(from: string, to: string, manifest: Manifest, signal: AbortSignal | undefined): Promise<void> {
  await rm(to, { recursive: true, force: true });
  for (const { path } of filesOf(manifest)) {
    if (signal?.aborted) { throw cancelled(); }
    await mkdir(dirname(join(to, path)), { recursive: true });
    await copyFile(join(from, path), join(to, path), constants.COPYFILE_FICLONE);
  }
  await writeFile(join(to, 'model.json'), `${JSON.stringify(manifest, undefined, 2)}\n`);
}

/** A folder may be called anything; a setting and a command line name the model. */
function plain(name: string): string {
  return basename(name).replace(/[^A-Za-z0-9._-]+/g, '-').replace(/^[^A-Za-z0-9]+|[.-]+$/g, '') || 'model';
}
