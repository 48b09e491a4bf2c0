/** The folder in which models lie: `<id>/<variant>/` with a model.json in each, and `.partial/` with what is being downloaded. */
import { readdirSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, rmdir, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { AssetSearchError, messageOf } from '../errors';
import { folderBytes } from '../disk';
import { FileLock, type LockOwner } from '../lock';
import { catalog } from './catalog';
import { filesOf, parseManifest, type Manifest } from './manifest';

export interface InstalledModel {
  id: string;
  variant: string;
  /** Absolute. */
  folder: string;
  sizeBytes: number;
  /** Undefined where model.json is not valid. */
  manifest?: Manifest;
  /** What is wrong: model.json, or a file that is missing or of another size. Hashes are proven when the model is loaded. */
  damaged?: string;
}

/** What a download that was interrupted left behind; it goes on from there. */
export interface PartialDownload { id: string; variant: string; sizeBytes: number }

/** Where the command line keeps models: `$ASSET_SEARCH_MODELS`, else below the platform's folder for caches. */
export function defaultModelsFolder(env: NodeJS.ProcessEnv = process.env, platform: NodeJS.Platform = process.platform, home: string = homedir()): string {
  if (env['ASSET_SEARCH_MODELS']) { return resolve(env['ASSET_SEARCH_MODELS']); }
  const caches = platform === 'win32' ? env['LOCALAPPDATA'] ?? join(home, 'AppData', 'Local')
    : platform === 'darwin' ? join(home, 'Library', 'Caches')
      : env['XDG_CACHE_HOME'] || join(home, '.cache');
  return join(caches, 'asset-search', 'models');
}

/** Folder of a model. Throws AssetSearchError 'modelInvalid' for an id or variant that is no plain name. */
export function modelFolder(modelsFolder: string, id: string, variant: string): string {
  return join(resolve(modelsFolder), plainName(id), plainName(variant));
}

/**
 * Folder in which the model named `id` or `id@variant` lies, or would lie, told by names alone: of several variants the one that the catalogue names first.
 * Throws AssetSearchError 'modelInvalid' for a name that no model can have.
 */
export function locateModel(modelsFolder: string, name: string): string {
  const [id = '', variant] = name.split('@', 2);
  if (variant !== undefined) { return modelFolder(modelsFolder, id, variant); }
  let here: string[] = [];
  // Folders alone: what a file manager leaves beside them is no variant.
  try { here = readdirSync(join(resolve(modelsFolder), plainName(id)), { withFileTypes: true }).filter(each => each.isDirectory() && /^[A-Za-z0-9]/.test(each.name)).map(each => each.name).sort(); } catch (thrown) { if (thrown instanceof AssetSearchError) { throw thrown; } }
  const known = catalog.find(model => model.id === id)?.variants.map(each => each.variant) ?? [];
  return modelFolder(modelsFolder, id, known.find(each => here.includes(each)) ?? here[0] ?? known[0] ?? 'fp32');
}

/** Folder of the unfinished download of a model, and the lock of whoever writes the model. */
export function partialFolder(modelsFolder: string, id: string, variant: string): { folder: string; lockFile: string } {
  const folder = join(resolve(modelsFolder), '.partial', `${plainName(id)}@${plainName(variant)}`);
  return { folder, lockFile: `${folder}.lock` };
}

/** Takes the lock on a model, or returns who holds it. */
export async function lockModel(modelsFolder: string, id: string, variant: string): Promise<FileLock | LockOwner> {
  const { lockFile } = partialFolder(modelsFolder, id, variant);
  await mkdir(dirname(lockFile), { recursive: true });
  return FileLock.acquire(lockFile);
}

/** All models of the folder, by id and variant; folders without a model.json are none of ours. */
export async function listModels(modelsFolder: string): Promise<InstalledModel[]> {
  const models: InstalledModel[] = [];
  for (const id of await folders(resolve(modelsFolder))) {
    for (const variant of await folders(join(resolve(modelsFolder), id))) {
      const model = await readInstalled(join(resolve(modelsFolder), id, variant));
      if (model) { models.push(model); }
    }
  }
  return models;
}

/** The model in `<id>/<variant>/`; undefined without a model.json. */
export async function readInstalled(folder: string): Promise<InstalledModel | undefined> {
  let text: string;
  try { text = await readFile(join(folder, 'model.json'), 'utf8'); } catch { return undefined; }
  const model: InstalledModel = { id: basename(dirname(folder)), variant: basename(folder), folder, sizeBytes: await folderBytes(folder) };
  try { model.manifest = parseManifest(JSON.parse(text)); } catch (thrown) { return { ...model, damaged: messageOf(thrown) }; }
  for (const { path, sizeBytes } of filesOf(model.manifest)) {
    const size = await stat(join(folder, path)).then(stats => stats.size, () => undefined);
    if (size !== sizeBytes) { return { ...model, damaged: size === undefined ? `${path} is missing` : `${path} has ${size} instead of ${sizeBytes} bytes` }; }
  }
  return model;
}

/** What interrupted downloads keep. */
export async function listPartial(modelsFolder: string): Promise<PartialDownload[]> {
  const parent = join(resolve(modelsFolder), '.partial');
  return Promise.all((await folders(parent)).map(async name => {
    const [id = '', variant = ''] = name.split('@', 2);
    return { id, variant, sizeBytes: await folderBytes(join(parent, name)) };
  }));
}

/** The installed model that `id` or `id@variant` names; of several variants the one that the catalogue names first. */
export async function findModel(modelsFolder: string, name: string): Promise<InstalledModel | undefined> {
  const [id, variant] = name.split('@', 2);
  const models = (await listModels(modelsFolder)).filter(model => model.id === id && (variant === undefined || model.variant === variant));
  const order = catalog.find(model => model.id === id)?.variants.map(each => each.variant) ?? [];
  const place = (model: InstalledModel): number => (order.includes(model.variant) ? order.indexOf(model.variant) : order.length);
  return models.sort((a, b) => place(a) - place(b))[0];
}

/**
 * Removes `id@variant`, or all variants of `id`, and what interrupted downloads of them left. Gives the bytes that became free.
 * Throws AssetSearchError 'modelMissing' when there is neither, 'modelBusy' while another process downloads it, 'modelsReadOnly'.
 */
export async function removeModel(modelsFolder: string, name: string): Promise<number> {
  const [id, variant] = name.split('@', 2);
  const matches = (each: { id: string; variant: string }): boolean => each.id === id && (variant === undefined || each.variant === variant);
  const found = [...(await listModels(modelsFolder)).filter(matches), ...(await listPartial(modelsFolder)).filter(matches)];
  if (found.length === 0) { throw new AssetSearchError('modelMissing', `There is no model "${name}" in ${resolve(modelsFolder)}. "asset-search models list" shows what is there.`); }
  let freed = 0;
  for (const each of found) {
    const lock = await writing(modelsFolder, lockModel(modelsFolder, each.id, each.variant));
    if (!(lock instanceof FileLock)) { throw new AssetSearchError('modelBusy', `Process ${lock.pid} on ${lock.host} is downloading ${each.id} (${each.variant}). Stop it, or wait until it is done.`); }
    try {
      freed += each.sizeBytes;
      const partial = partialFolder(modelsFolder, each.id, each.variant).folder;
      const folder = modelFolder(modelsFolder, each.id, each.variant);
      await writing(modelsFolder, (async () => {
        await rm(partial, { recursive: true, force: true });
        // Moved first: a model is never half there.
        if (await rename(folder, partial).then(() => true, (error: NodeJS.ErrnoException) => { if (error.code !== 'ENOENT') { throw error; } return false; })) { await rm(partial, { recursive: true, force: true }); }
        await rmdir(dirname(folder)).catch(() => undefined);
      })());
    } finally {
      lock.release();
    }
  }
  return freed;
}

/** Awaits work on the models' folder; what the file system refuses becomes a message with a remedy. */
export async function writing<T>(modelsFolder: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (thrown) {
    switch ((thrown as NodeJS.ErrnoException).code) {
      case 'ENOSPC': case 'EDQUOT': throw new AssetSearchError('diskFull', `The disk of ${modelsFolder} is full. Free some space, then try again: what was downloaded is kept.`, { cause: thrown });
      case 'EACCES': case 'EPERM': case 'EROFS': case 'ENOTDIR': case 'EEXIST': case 'EBUSY':
        throw new AssetSearchError('modelsReadOnly', `The models' folder ${modelsFolder} cannot be written (${messageOf(thrown)}). Make it writable, close what uses it, or name another folder.`, { cause: thrown });
      default: throw thrown;
    }
  }
}

/** Names that are devices on Windows, whatever follows after a dot (learn.microsoft.com/windows/win32/fileio/naming-a-file): a models' folder may be shared or moved. */
const deviceNames = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;
const maxNameLength = 100;

function plainName(name: string): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name) || name.endsWith('.') || name.length > maxNameLength) {
    const shown = name.length > maxNameLength ? `${name.slice(0, 40)}…` : name;
    throw new AssetSearchError('modelInvalid', `"${shown}" cannot be the name of a model: at most ${maxNameLength} letters, digits, ".", "_" and "-", a letter or digit first.`);
  }
  if (deviceNames.test(name)) { throw new AssetSearchError('modelInvalid', `"${name}" cannot be the name of a model: Windows keeps it for a device. Choose another name.`); }
  return name;
}

async function folders(parent: string): Promise<string[]> {
  const entries = await readdir(parent, { withFileTypes: true }).catch(() => []);
  return entries.filter(entry => entry.isDirectory() && /^[A-Za-z0-9]/.test(entry.name)).map(entry => entry.name).sort();
}
