/** The folder of thumbnails: one WebP per content hash, bounded by deleting what was used longest ago. */
import { readdir, rm, stat, utimes } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Cell } from '../protocol';
import { cellHash } from './cells';

export function thumbnailFile(dbFolder: string, hash: string): string {
  return join(dbFolder, 'thumbnails', hash.slice(0, 2), `${hash}.webp`);
}

/** Beside the thumbnail of the whole sheet. */
export function cellThumbnailFile(sheetThumbnail: string, cell: Cell): string {
  return join(dirname(sheetThumbnail), `${cellHash(basename(sheetThumbnail, '.webp'), cell)}.webp`);
}

/** Tells whether the thumbnail exists, and marks it as used; a mark a day is enough to order them. */
export async function touchThumbnail(file: string): Promise<boolean> {
  try {
    const { mtimeMs } = await stat(file);
    if (Date.now() - mtimeMs > 86_400_000) { await utimes(file, new Date(), new Date()).catch(() => { /* it may be read only */ }); }
    return true;
  } catch {
    return false;
  }
}

/** Deletes the thumbnails used longest ago until 9/10 of the bound remain. Returns the bytes left. */
export async function pruneThumbnails(dbFolder: string, maxBytes: number, signal?: AbortSignal): Promise<number> {
  const found: { file: string; sizeBytes: number; mtimeMs: number }[] = [];
  let bytes = 0;
  for (const folder of await list(join(dbFolder, 'thumbnails'))) {
    if (signal?.aborted) { return bytes; }
    const names = await list(join(dbFolder, 'thumbnails', folder));
    await Promise.all(names.map(async name => {
      const file = join(dbFolder, 'thumbnails', folder, name);
      try {
        const { size, mtimeMs } = await stat(file);
        bytes += size;
        found.push({ file, sizeBytes: size, mtimeMs });
      } catch { /* deleted meanwhile */ }
    }));
  }
  if (bytes <= maxBytes) { return bytes; }
  found.sort((a, b) => a.mtimeMs - b.mtimeMs);
  for (const { file, sizeBytes } of found) {
    if (bytes <= maxBytes * 0.9 || signal?.aborted) { break; }
    try {
      await rm(file, { force: true });
      bytes -= sizeBytes;
    } catch { /* a folder that cannot be written ends no run */ }
  }
  return bytes;
}

async function list(folder: string): Promise<string[]> {
  try { return await readdir(folder); } catch { return []; }
}
