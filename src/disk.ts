/** How much disk a folder takes. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Bytes of all files below; 0 for a folder that is not there. */
export async function folderBytes(folder: string): Promise<number> {
  let names: string[];
  try { names = await readdir(folder, { recursive: true }); } catch { return 0; }
  const sizes = await Promise.all(names.map(async name => {
    try { const stats = await stat(join(folder, name)); return stats.isFile() ? stats.size : 0; } catch { return 0; }
  }));
  return sizes.reduce((sum, size) => sum + size, 0);
}
