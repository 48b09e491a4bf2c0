/** What may become an index folder: an index, an empty folder or a missing one; never a folder with somebody's files, nor one around the images. */
import { existsSync, mkdirSync, readFileSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, sep } from 'node:path';
import type { Root } from '../protocol';
import { AssetSearchError } from '../errors';
import { readMeta } from './meta';
import { hasStateHeader } from './state';

/** What file managers leave in any folder they show. */
const strayNames: ReadonlySet<string> = new Set(['.DS_Store', 'Thumbs.db', 'desktop.ini']);
const fileNames = ['meta.json', 'state.ndjson', 'labels.json', 'lock.json'] as const;
/** All that a process killed in its first moments leaves. */
const firstNames: ReadonlySet<string> = new Set(['lance', 'meta.json.new']);

export function isIndexFolder(folder: string): boolean {
  const names = namesIn(folder);
  if (names.includes('state.ndjson') && hasStateHeader(folder)) { return true; }
  // Older indexes have no mark in meta.json.
  const meta = readMeta(folder);
  if (meta && (meta.kind !== undefined || names.includes('lance'))) { return true; }
  return names.length > 0 && names.every(name => firstNames.has(name) || name.startsWith('lock.json') || (name === '.gitignore' && isOwnGitignore(join(folder, name))));
}

const elsewhere = 'Choose a folder of its own for it, with "assetSearch.storageFolder" or, on the command line, with --db; one that does not exist is made.';

/** Throws `usage` when a new index in this folder would do harm: beside somebody's files, whose meta.json and .gitignore are not ours to write, or around the images. */
export function checkIndexFolder(folder: string, roots: readonly Root[]): void {
  if (isIndexFolder(folder)) { checkIndexFiles(folder); return; }
  checkOutside(folder, roots);
  if (namesIn(folder).length > 0) { throw new AssetSearchError('usage', `"${folder}" holds other files than an index, so none is made there. ${elsewhere}`); }
}

/** Throws `usage` where a folder stands in the place of a file of the index: the system's own errors name neither. */
export function checkIndexFiles(folder: string): void {
  const wrong = fileNames.map(name => join(folder, name)).find(file => { try { return statSync(file).isDirectory(); } catch { return false; } });
  if (wrong !== undefined) { throw new AssetSearchError('usage', `"${wrong}" is a folder, but a file of the index belongs in its place. Move it away or delete it, and index again.`); }
}

/** Throws `usage` when an index in this folder would lie in or above a folder of images: its .gitignore would hide them from git and from the scan. */
export function checkOutside(folder: string, roots: readonly Root[]): void {
  const real = realPathOf(folder);
  if (roots.some(({ path }) => isInside(realPathOf(path), real))) { throw new AssetSearchError('usage', `The index cannot lie in "${folder}": the images to index are in there. ${elsewhere}`); }
}

/** Makes the folder and those above it. Not by the recursive mkdir of Node.js, which never returns where a file system refuses new folders with ENOENT, as /proc and automounts do. */
export function makeFolder(folder: string): void {
  if (existsSync(folder) && statSync(folder).isDirectory()) { return; }
  if (dirname(folder) !== folder) { makeFolder(dirname(folder)); }
  try {
    mkdirSync(folder);
  } catch (thrown) {
    // Another process may have been faster.
    if ((thrown as NodeJS.ErrnoException).code !== 'EEXIST' || !statSync(folder).isDirectory()) { throw thrown; }
  }
}

/** What stood in the way of reading or writing an index folder, in words for the user. */
export function folderProblem(thrown: unknown, folder: string): AssetSearchError | undefined {
  switch ((thrown as NodeJS.ErrnoException | undefined)?.code) {
    case 'EEXIST': case 'ENOTDIR': return new AssetSearchError('usage', `"${folder}" is not a folder, or lies below a file. Give another folder for the index, with "assetSearch.storageFolder" or, on the command line, with --db.`, { cause: thrown });
    case 'EROFS': return new AssetSearchError('indexReadOnly', `The index in "${folder}" cannot be written: its disk is read-only. It can be searched; to index, give another folder with "assetSearch.storageFolder" or, on the command line, with --db.`, { cause: thrown });
    case 'EACCES': case 'EPERM': return new AssetSearchError('indexReadOnly', `The index in "${folder}" cannot be written: permission is missing. Grant it, or give another folder with "assetSearch.storageFolder" or, on the command line, with --db.`, { cause: thrown });
    case 'ENOSPC': case 'EDQUOT': return new AssetSearchError('diskFull', 'The disk is full. Free some space and index again; nothing that was indexed is lost.', { cause: thrown });
    default: return undefined;
  }
}

/** The real path, also of a folder that is not there yet. */
export function realPathOf(path: string): string {
  try { return realpathSync.native(path); } catch { return dirname(path) === path ? path : join(realPathOf(dirname(path)), basename(path)); }
}

/** True for the folder itself and all below it; both are real paths. */
export function isInside(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

/** Empty for a folder that does not exist; throws when it is none. */
function namesIn(folder: string): string[] {
  if (!existsSync(folder)) { return []; }
  try { return readdirSync(folder).filter(name => !strayNames.has(name)); } catch (thrown) { throw folderProblem(thrown, folder) ?? thrown; }
}

function isOwnGitignore(file: string): boolean { return readFileSync(file, 'utf8') === '*\n'; }
