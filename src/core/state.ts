/** The local state file: which content each path had when it was last read, so that an unchanged file is never opened again. */
import { appendFileSync, closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, readSync, renameSync, statSync, truncateSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { imageFormats, type AssetKey, type SkipCode, type SkippedFile } from '../protocol';

/** What is known of one file: its content's hash, or why it was skipped. */
export interface FileState {
  mtimeMs: number;
  /** Unknown in lines of earlier versions. Tells an edit that keeps size and mtime; copies, moves and chmod change it, too. */
  ctimeMs?: number;
  sizeBytes: number;
  /** sha256 in hex; absent when the file was skipped. */
  hash?: string;
  skip?: { code: SkipCode; reason: string; remedy: string; maxPixels?: number };
  /** Size and time of a Unity .meta beside the file that cuts it into nothing: every file of a project has one, and it need not be read again. */
  plainMeta?: string;
}

type Line = [root: string, path: string, mtimeMs?: number, sizeBytes?: number, hash?: string, skip?: NonNullable<FileState['skip']> & { formats?: number } | null, plainMeta?: string, ctimeMs?: number];

/** Raised when the meaning of a line changes: an older file is then read as empty, and every file is hashed once. */
const version = 1;
const header = JSON.stringify({ assetSearchState: version });

/** Whether the folder's state file is one of ours, of any version. */
export function hasStateHeader(folder: string): boolean {
  try {
    const descriptor = openSync(join(folder, 'state.ndjson'), 'r');
    try { return readAt(descriptor, 0, 20) === '{"assetSearchState":'; } finally { closeSync(descriptor); }
  } catch {
    return false;
  }
}

/** Stands beside each file that no decoder read: when there are more formats, it is unknown again. */
const formatCount = Object.keys(imageFormats).length;

/** Key of a file in memory; NUL cannot occur in either part. */
export function fileKey(root: string, path: string): string { return `${root}\0${path}`; }

/** Key of an asset in memory: of the file itself, or of one cell of it. */
export function assetKey({ root, path, part }: AssetKey): string { return `${fileKey(root, path)}\0${part}`; }

export class StateFile {
  private readonly file: string;
  private readonly entries = new Map<string, FileState>();
  private lines = 0;
  private skips = 0;
  private stamp = '';

  private constructor(folder: string) { this.file = join(folder, 'state.ndjson'); }

  static open(folder: string): StateFile {
    mkdirSync(folder, { recursive: true });
    const state = new StateFile(folder);
    state.reload();
    return state;
  }

  get size(): number { return this.entries.size; }
  get skippedCount(): number { return this.skips; }
  get(root: string, path: string): FileState | undefined { return this.entries.get(fileKey(root, path)); }

  /** Reads the file again if another process changed it since. */
  reload(): void {
    const stamp = this.readStamp();
    if (stamp === this.stamp) { return; }
    this.entries.clear();
    this.lines = 0;
    this.skips = 0;
    const bytes = existsSync(this.file) ? readFileSync(this.file) : Buffer.alloc(0);
    let start = 0;
    let readable = true;
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start)) {
      const text = bytes.toString('utf8', start, end);
      if (start === 0) { readable = text === header; }
      else if (readable) { this.readLine(text); }
      start = end + 1;
    }
    this.stamp = stamp;
  }

  private readLine(text: string): void {
    let line: Line;
    // A torn line ends in the middle of a record, and only the next run's newline closes it.
    try { line = JSON.parse(text) as Line; } catch { return; }
    if (!Array.isArray(line) || typeof line[0] !== 'string' || typeof line[1] !== 'string') { return; }
    this.lines++;
    const [root, path, mtimeMs, sizeBytes, hash, noted, plainMeta, ctimeMs] = line;
    const { formats, ...skip } = noted ?? {};
    const outdated = noted?.code === 'unsupportedFormat' && formats !== formatCount;
    // Of a line that no version of ours wrote the file is unknown, too.
    const isOurs = typeof mtimeMs === 'number' && typeof sizeBytes === 'number' && (typeof hash === 'string' && hash !== '' || typeof noted?.code === 'string') && ['number', 'undefined'].includes(typeof ctimeMs);
    this.set(fileKey(root, path), !isOurs || outdated ? undefined : { mtimeMs, sizeBytes, ...(hash ? { hash } : {}), ...(noted ? { skip: skip as FileState['skip'] } : {}), ...(plainMeta ? { plainMeta } : {}), ...(ctimeMs === undefined ? {} : { ctimeMs }) });
  }

  private set(key: string, state: FileState | undefined): void {
    this.skips += (state?.skip ? 1 : 0) - (this.entries.get(key)?.skip ? 1 : 0);
    if (state === undefined) { this.entries.delete(key); } else { this.entries.set(key, state); }
  }

  /** Appends many changes in one write. `undefined` forgets the file. */
  write(changes: readonly { root: string; path: string; state: FileState | undefined }[]): void {
    if (changes.length === 0) { return; }
    const lines = changes.map(({ root, path, state }) => {
      this.set(fileKey(root, path), state);
      return encode(root, path, state);
    });
    this.prepareAppend();
    appendFileSync(this.file, `${lines.join('\n')}\n`);
    this.lines += lines.length;
    this.stamp = this.readStamp();
  }

  /** Writes a fresh file and moves it into place, when most lines are out of date. */
  compact(): void {
    if (this.lines < 2 * this.entries.size + 1000) { return; }
    const aside = `${this.file}.new`;
    const descriptor = openSync(aside, 'w');
    try {
      writeSync(descriptor, `${header}\n`);
      let chunk: string[] = [];
      for (const [key, state] of this.entries) {
        const [root, path] = key.split('\0') as [string, string];
        chunk.push(encode(root, path, state));
        if (chunk.length === 10_000) { writeSync(descriptor, `${chunk.join('\n')}\n`); chunk = []; }
      }
      if (chunk.length > 0) { writeSync(descriptor, `${chunk.join('\n')}\n`); }
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(aside, this.file);
    this.lines = this.entries.size;
    this.stamp = this.readStamp();
  }

  clear(): void {
    this.entries.clear();
    this.lines = 0;
    this.skips = 0;
    if (existsSync(this.file)) { truncateSync(this.file, 0); }
    this.stamp = this.readStamp();
  }

  skipped(): SkippedFile[] {
    const list: SkippedFile[] = [];
    for (const { root, path, state } of this.all()) {
      if (state.skip) { list.push({ root, path, code: state.skip.code, reason: state.skip.reason, remedy: state.skip.remedy }); }
    }
    return list;
  }

  /** Folders that hold indexed files, at any depth; sorted by root and path. */
  folders(): { root: string; path: string }[] {
    const found = new Map<string, { root: string; path: string }>();
    for (const { root, path, state } of this.all()) {
      if (state.hash === undefined) { continue; }
      // Once a folder is known, all above it are.
      for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
        const folder = path.slice(0, end);
        const key = fileKey(root, folder);
        if (found.has(key)) { break; }
        found.set(key, { root, path: folder });
      }
    }
    return [...found.values()].sort((a, b) => (a.root === b.root ? compare(a.path, b.path) : compare(a.root, b.root)));
  }

  *all(): IterableIterator<{ root: string; path: string; state: FileState }> {
    for (const [key, state] of this.entries) {
      const nul = key.indexOf('\0');
      yield { root: key.slice(0, nul), path: key.slice(nul + 1), state };
    }
  }

  /** A new or foreign file gets the header; a torn last line gets its newline, so that it spoils no other. */
  private prepareAppend(): void {
    const bytes = existsSync(this.file) ? statSync(this.file).size : 0;
    if (bytes === 0) { appendFileSync(this.file, `${header}\n`); return; }
    const descriptor = openSync(this.file, 'r');
    let torn: boolean;
    let foreign: boolean;
    try {
      torn = readAt(descriptor, bytes - 1, 1) !== '\n';
      foreign = readAt(descriptor, 0, header.length + 1) !== `${header}\n`;
    } finally {
      closeSync(descriptor);
    }
    if (foreign) { truncateSync(this.file, 0); appendFileSync(this.file, `${header}\n`); this.lines = 0; }
    else if (torn) { appendFileSync(this.file, '\n'); }
  }

  private readStamp(): string {
    try {
      const { ino, size, mtimeMs } = statSync(this.file);
      return `${ino}:${size}:${mtimeMs}`;
    } catch {
      return '';
    }
  }
}

function encode(root: string, path: string, state: FileState | undefined): string {
  if (state === undefined) { return JSON.stringify([root, path]); }
  const line: Line = [root, path, state.mtimeMs, state.sizeBytes, state.hash ?? ''];
  if (state.skip || state.plainMeta || state.ctimeMs !== undefined) { line.push(state.skip ? { ...state.skip, ...(state.skip.code === 'unsupportedFormat' ? { formats: formatCount } : {}) } : null); }
  if (state.plainMeta || state.ctimeMs !== undefined) { line.push(state.plainMeta ?? ''); }
  if (state.ctimeMs !== undefined) { line.push(state.ctimeMs); }
  return JSON.stringify(line);
}

function readAt(descriptor: number, position: number, length: number): string {
  const buffer = Buffer.alloc(length);
  return buffer.toString('utf8', 0, readSync(descriptor, buffer, 0, length, position));
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
