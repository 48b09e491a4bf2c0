/** Reads the files of a model's folder: their hashes, their JSON, and what is missing. */
import { createHash } from 'node:crypto';
import { createReadStream, readFileSync, renameSync, rmSync, writeFileSync, type BigIntStats } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AssetSearchError, messageOf } from '../errors';
import type { ModelFile } from '../models/manifest';

/** Beside the files: hashes of the large ones, each with the state of the file that it was read in. */
const hashesName = 'hashes.json';
/** Smaller files are hashed each time, at 0.8 GB/s as measured: our own model lies in a folder that is not ours to write. */
const minRememberedBytes = 16 * 2 ** 20;
/** A file that was written less than this before it was hashed may be written once more without another time: the coarsest file system counts in 2 s (FAT). */
const settledMs = 3_000;

/**
 * A hash is remembered as long as the file's size and times stay: its owner can set back the time of a change, but not the time when it was set.
 * `anew` reads the file all the same. Throws AssetSearchError modelMissing or modelCorrupt.
 */
export async function describeFile(folder: string, path: string, anew = false): Promise<ModelFile> {
  const file = join(folder, path);
  try {
    const stats = await stat(file, { bigint: true });
    const sizeBytes = Number(stats.size);
    const known = anew || sizeBytes < minRememberedBytes ? undefined : readHashes(folder)[path];
    if (known?.state === stateOf(stats)) { return { path, sha256: known.sha256, sizeBytes }; }
    const startedAt = Date.now();
    const hash = createHash('sha256');
    for await (const chunk of createReadStream(file, { highWaterMark: 1024 * 1024 })) { hash.update(chunk as Buffer); }
    const sha256 = hash.digest('hex');
    const settled = Math.max(Number(stats.mtimeMs), Number(stats.ctimeMs)) + settledMs < startedAt;
    if (sizeBytes >= minRememberedBytes && settled && stateOf(await stat(file, { bigint: true })) === stateOf(stats)) { rememberHash(folder, path, { sha256, state: stateOf(stats) }); }
    return { path, sha256, sizeBytes };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      throw new AssetSearchError('modelMissing', `The model file ${file} is missing. Download or export the model again.`, { cause: error });
    }
    throw new AssetSearchError('modelCorrupt', `The model file ${file} cannot be read: ${messageOf(error)}.`, { cause: error });
  }
}

interface RememberedHash { sha256: string; state: string }

function stateOf({ ino, size, mtimeNs, ctimeNs }: BigIntStats): string { return [ino, size, mtimeNs, ctimeNs].join(' '); }

function readHashes(folder: string): Partial<Record<string, RememberedHash>> {
  try {
    const known = Object.entries(record(JSON.parse(readFileSync(join(folder, hashesName), 'utf8')))) as [string, Partial<RememberedHash> | null][];
    return Object.fromEntries(known.filter(([, each]) => /^[0-9a-f]{64}$/.test(String(each?.sha256)) && typeof each?.state === 'string')) as Record<string, RememberedHash>;
  } catch {
    return {};
  }
}

/** In one turn of the event loop: two files of one folder do not lose each other's. */
function rememberHash(folder: string, path: string, hash: RememberedHash): void {
  const temporary = join(folder, `${hashesName}.${process.pid}.tmp`);
  try {
    writeFileSync(temporary, `${JSON.stringify({ ...readHashes(folder), [path]: hash }, undefined, 1)}\n`);
    renameSync(temporary, join(folder, hashesName));
  } catch {
    // A folder that is not ours to write: hashed again the next time.
    rmSync(temporary, { force: true });
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
