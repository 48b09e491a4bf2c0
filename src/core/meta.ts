/** meta.json of an index folder: which folders it was made from, and which model's table serves. Local; rows never name an absolute path. */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Root } from '../protocol';

/** Marks an index folder: meta.json is a name that others use, too. */
const kind = 'asset-search-index';

export interface IndexMeta {
  /** Missing in indexes of earlier days. */
  kind?: string;
  version: 1;
  roots: Root[];
  /** Name of the vector space whose table is complete and answers queries. */
  serving?: string;
  model?: { id: string; folder: string };
  /** End of the last complete scan of each folder by its id, milliseconds since 1970. */
  scannedAt?: Record<string, number>;
}

export function readMeta(dbFolder: string): IndexMeta | undefined {
  try {
    const meta = JSON.parse(readFileSync(join(dbFolder, 'meta.json'), 'utf8')) as IndexMeta;
    if (meta.version !== 1 || !Array.isArray(meta.roots) || ![undefined, kind].includes(meta.kind)) { return undefined; }
    const { serving, model, scannedAt } = meta;
    // Somebody may have edited it: what is no such thing is left out.
    return {
      ...meta, roots: meta.roots.filter(root => typeof root?.id === 'string' && typeof root.path === 'string'),
      serving: typeof serving === 'string' ? serving : undefined, model: typeof model?.id === 'string' && typeof model.folder === 'string' ? model : undefined,
      scannedAt: typeof scannedAt === 'object' && scannedAt !== null ? scannedAt : undefined,
    };
  } catch {
    return undefined;
  }
}

/** Makes a new folder known as an index before anything else lies in it. */
export function markIndex(dbFolder: string): void {
  try {
    writeFileSync(join(dbFolder, 'meta.json'), `${JSON.stringify({ version: 1, roots: [], kind } satisfies IndexMeta, null, 2)}\n`, { flag: 'wx' });
  } catch (thrown) {
    if (!existsSync(join(dbFolder, 'meta.json'))) { throw thrown; }
  }
}

export function writeMeta(dbFolder: string, meta: IndexMeta): void {
  mkdirSync(dbFolder, { recursive: true });
  const file = join(dbFolder, 'meta.json');
  writeFileSync(`${file}.new`, `${JSON.stringify({ ...meta, kind }, null, 2)}\n`);
  renameSync(`${file}.new`, file);
}
