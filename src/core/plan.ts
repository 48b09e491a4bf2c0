/** Decides, without any I/O, what has to be done for each scanned file. */
import { atlasDigestOf } from './cells';
import type { ScannedFile, ScanResult } from './scan';
import { fileKey, type FileState } from './state';

export interface PlanInput {
  scan: ScanResult;
  stateOf(root: string, path: string): FileState | undefined;
  /** Hash of each file's content in the scope of this run, by {@link fileKey}; empty where the rows are not what they should be. */
  rows: ReadonlyMap<string, string>;
  maxPixels: number;
  /** Read and encode everything again. */
  force?: boolean;
  /** Try skipped files again, too. */
  retry?: boolean;
}

export interface Plan {
  unchanged: ScannedFile[];
  /** Skipped before and not changed since. */
  stillSkipped: ScannedFile[];
  /** The content is known (size and times are), but the row is missing or holds other content. */
  known: { file: ScannedFile; hash: string }[];
  /** New or changed: the hash decides. */
  toHash: ScannedFile[];
  /** Keys of files that have rows, and are gone or skipped now. */
  removed: string[];
}

export function planFiles({ scan, stateOf, rows, maxPixels, force, retry }: PlanInput): Plan {
  const plan: Plan = { unchanged: [], stillSkipped: [], known: [], toHash: [], removed: [] };
  const present = new Set<string>();
  for (const file of scan.files) {
    const key = fileKey(file.root, file.path);
    const state = stateOf(file.root, file.path);
    const same = !force && state !== undefined && state.sizeBytes === file.sizeBytes && state.mtimeMs === file.mtimeMs && (state.ctimeMs ?? file.ctimeMs) === file.ctimeMs && (state.hash === undefined || atlasDigestOf(state.hash) === file.atlas?.digest);
    if (same && state.skip && !retry && isFinal(state.skip, maxPixels)) {
      plan.stillSkipped.push(file);
      continue;
    }
    present.add(key);
    if (same && state.hash !== undefined) {
      if (rows.get(key) === state.hash) { plan.unchanged.push(file); } else { plan.known.push({ file, hash: state.hash }); }
    } else {
      plan.toHash.push(file);
    }
  }
  const hidden = scan.unreadable.map(({ root, path }) => fileKey(root, path === '' ? '' : `${path}/`));
  for (const key of rows.keys()) {
    if (!present.has(key) && !hidden.some(prefix => key.startsWith(prefix))) { plan.removed.push(key); }
  }
  return plan;
}

/** A file that exceeded a limit is tried again when that limit is another one; a passing trouble is tried again at each run. */
function isFinal(skip: NonNullable<FileState['skip']>, maxPixels: number): boolean {
  if (skip.code === 'tooManyPixels') { return skip.maxPixels === maxPixels; }
  return !['tooLarge', 'vanished', 'unreadable', 'internal'].includes(skip.code);
}

export interface Hashed { file: ScannedFile; hash: string }
export interface HashedPlan {
  /** The row already holds this content; only size or mtime changed. */
  touched: Hashed[];
  /** The vector of this content exists, in another row, in a retired one, or will exist in this run. */
  reused: Hashed[];
  encode: Hashed[];
}

export function planHashed(hashed: readonly Hashed[], rows: ReadonlyMap<string, string>, hasVector: (hash: string) => boolean, force = false): HashedPlan {
  const plan: HashedPlan = { touched: [], reused: [], encode: [] };
  const first = new Set<string>();
  for (const each of hashed) {
    const { file, hash } = each;
    if (!force && rows.get(fileKey(file.root, file.path)) === hash) { plan.touched.push(each); }
    else if (first.has(hash) || (!force && hasVector(hash))) { plan.reused.push(each); }
    else { first.add(hash); plan.encode.push(each); }
  }
  return plan;
}
