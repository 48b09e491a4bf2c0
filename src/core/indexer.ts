/** One indexing run: scan, plan, decode overlapped with encoding, flat writes; what is done stays when the run ends early. */
import { setMaxListeners } from 'node:events';
import { join } from 'node:path';
import type { IndexPhase, IndexProgress, IndexSummary, Root, ScanRules, SkippedFile } from '../protocol';
import type { AtlasReader } from './atlasReader';
import { contentHash, type Split } from './cells';
import type { Decoded, Decoder } from './decoder';
import { AssetSearchError, SkipError, cancelled, messageOf } from '../errors';
import type { IndexLock } from './lock';
import type { ImageSpec } from '../models/manifest';
import { planFiles, planHashed, type Hashed } from './plan';
import { outermost, scan, type ScannedFile, type ScanResult } from './scan';
import { fileKey, type FileState, type StateFile } from './state';
import { notSplit, labelKey, type Content, type Row, type Space } from './store';
import { thumbnailFile, touchThumbnail } from './thumbnails';
import { assetStem, assetWords } from './words';

/** Encodes the model's input pixels; {@link import('./deviceEncoder').DeviceEncoder} in a process of its own. Device and size of a batch may change from one to the next. */
export interface BatchEncoder { readonly device: string; readonly batchSize: number; /** There will soon be something to encode. */ start(): void; encode(pixels: Uint8Array[], signal?: AbortSignal): Promise<Float32Array[]> }

export interface IndexOptions {
  dbFolder: string;
  roots: readonly Root[];
  rules: ScanRules;
  space: Space;
  state: StateFile;
  lock: IndexLock;
  decoder: Decoder;
  encoder: BatchEncoder;
  image: ImageSpec;
  /** Says how sheets are cut where an atlas file tells. */
  atlases: AtlasReader;
  /** Files decoded at the same time. */
  concurrency: number;
  /** Bytes that this run may add to the thumbnails; 0 makes none. */
  maxThumbnailBytes: number;
  /** Rows of roots that are not given stay; without it they are retired. */
  keepOtherRoots: boolean;
  /** Only these paths (files or folders); undefined = everything. */
  scope?: readonly { root: string; path: string }[];
  force?: boolean;
  /** Tries skipped files of the scope again, changed or not. */
  retry?: boolean;
  signal?: AbortSignal;
  /** Ends the run like a cancellation, but what is being decoded or encoded is finished and kept. */
  pause?: AbortSignal;
  onProgress: (progress: IndexProgress) => void;
  warn: (message: string) => void;
}

/** Rows of one write: 97 µs a row at 64 rows, 34 at 1,024. */
const flushRows = 1024;
const flushMs = 2000;
/** Files compared before the first of them is encoded. */
const hashFiles = 512;
/** Contents fetched at once for reused rows: bounds the vectors in memory. */
const reuseRows = 256;
const typicalThumbnailBytes = 6_000;
const progressIntervalMs = 100;
const rateWindowMs = 3000;
const retiredMaxAgeMs = 90 * 86_400_000;

/**
 * Seconds that `left` files take, when `done` of them took `seconds`; undefined where that is no measure yet. The first file waits for processes to start:
 * it alone foretold 21 minutes of a run that took 8 s.
 */
export function timeLeft(left: number, done: number, seconds: number): number | undefined {
  return seconds > 0.5 && done >= 3 ? left * seconds / done : undefined;
}

export async function runIndex(options: IndexOptions): Promise<IndexSummary> {
  return new IndexRun(options).run();
}

/** One file's rows: its own, and those of its cells. */
interface Pending { file: ScannedFile; hash: string; rows: Row[] }
/** A file whose vectors are not all there yet: first its own, then one a cell. */
interface Encoding { file: ScannedFile; hash: string; decoded: Decoded; vectors: Float32Array[]; missing: number }
/** `hash` is unknown where the decoder will tell it. */
interface Work { file: ScannedFile; hash: string | undefined }

class IndexRun {
  private readonly started = performance.now();
  private readonly stop = new AbortController();
  private readonly rootPaths: ReadonlyMap<string, string>;
  private readonly summary: IndexSummary = { seen: 0, indexed: 0, unchanged: 0, reused: 0, removed: 0, skipped: [], seconds: 0, device: '', cancelled: false };
  private readonly progress: IndexProgress = { phase: 'scanning', done: 0, total: 0, skipped: 0, imagesPerSecond: 0 };
  private rows: Map<string, string> = new Map();
  private pending: Pending[] = [];
  private pendingState: { file: ScannedFile; state: FileState | undefined }[] = [];
  private pendingRemoved: ScannedFile[] = [];
  /** Why contents of this run could not be decoded, by hash. */
  private readonly failed = new Map<string, SkipError>();
  private lastFlush = performance.now();
  private flushing: Promise<void> = Promise.resolve();
  private written = 0;
  private encoded = 0;
  private thumbnailsMade = 0;
  /** Their folder cannot be written: this run does without. */
  private thumbnailsFailed = false;
  private lastProgress = 0;
  private samples: { at: number; encoded: number; done: number }[] = [];

  constructor(private readonly options: IndexOptions) {
    this.rootPaths = new Map(options.roots.map(root => [root.id, root.path]));
    setMaxListeners(0, this.stop.signal);
    if (options.signal?.aborted) { this.stop.abort(); }
    options.signal?.addEventListener('abort', () => this.stop.abort(), { once: true });
  }

  async run(): Promise<IndexSummary> {
    const { summary, options } = this;
    // A scan has begun nothing that could be finished.
    const paused = (): void => { if (this.progress.phase === 'scanning') { this.stop.abort(); } };
    options.pause?.addEventListener('abort', paused);
    try {
      await this.work();
    } catch (thrown) {
      await this.flush().catch(() => undefined);
      if (!this.isCancelled(thrown)) { throw thrown; }
      summary.cancelled = true;
    } finally {
      options.pause?.removeEventListener('abort', paused);
    }
    if (!summary.cancelled) { await this.finish(); }
    options.state.compact();
    summary.seconds = (performance.now() - this.started) / 1000;
    summary.device ||= 'cpu';
    return summary;
  }

  private async work(): Promise<void> {
    const { options, summary } = this;
    const { space, state, rules, roots, force } = options;
    this.enter('scanning', 0);
    const scope = options.scope && roots.flatMap(root => outermost(options.scope!.filter(each => each.root === root.id).map(each => each.path)).map(path => ({ root: root.id, path })));
    await space.refresh();
    options.atlases.begin();
    const found = await scan(roots, rules, scope, this.stop.signal, rules.splitSheets ? (root, path, entries) => options.atlases.see(root, path, entries) : undefined);
    for (const { root, path, reason } of found.unreadable) { options.warn(`Cannot read ${path === '' ? root : `${root}/${path}`}: ${reason}`); }
    this.rows = await space.hashes(scope ?? (options.keepOtherRoots ? roots.map(root => ({ root: root.id, path: '' })) : undefined), rules.splitSheets);
    this.throwIfStopped();
    summary.seen = found.files.length + found.skipped.length;
    if (rules.splitSheets) { await this.findAtlases(found.files); }

    const plan = planFiles({ scan: found, stateOf: (root, path) => state.get(root, path), rows: this.rows, maxPixels: rules.maxPixels, force, retry: options.retry });
    summary.unchanged = plan.unchanged.length;
    for (const file of plan.unchanged) {
      const known = state.get(file.root, file.path)!;
      if (known.plainMeta !== file.plainMeta || known.ctimeMs === undefined) { this.pendingState.push({ file, state: stateOf(file, known.hash!) }); }
    }
    for (const { sizeBytes, mtimeMs, ctimeMs, ...skip } of found.skipped) { this.skip({ root: skip.root, path: skip.path, sizeBytes, mtimeMs, ctimeMs }, skip, false); }
    for (const file of plan.stillSkipped) {
      const { skip } = state.get(file.root, file.path)!;
      this.skip(file, { code: skip!.code, reason: skip!.reason, remedy: skip!.remedy }, false);
    }
    const total = plan.known.length + plan.toHash.length;

    // With nothing to reuse, a hash first would only read each file twice.
    const empty = this.rows.size === 0 && await space.count() === 0 && await space.countRetired() === 0;
    if (empty || force) {
      this.enter('encoding', total);
      const duplicates = await this.encode([...plan.known, ...plan.toHash.map(file => ({ file, hash: undefined }))]);
      await this.flush();
      await this.reuse(duplicates);
    } else {
      // In parts, so that a run which is stopped early has encoded something, not only compared.
      const work: Work[] = [...plan.known, ...plan.toHash.map(file => ({ file, hash: undefined }))];
      for (let start = 0; start < work.length; start += hashFiles) {
        this.enter('hashing', total);
        const part = work.slice(start, start + hashFiles);
        const hashed = [...part.filter((each): each is Hashed => each.hash !== undefined), ...await this.hash(part.filter(each => each.hash === undefined).map(each => each.file))];
        const known = await space.knownHashes(hashed.map(each => each.hash), rules.splitSheets);
        const next = planHashed(hashed, this.rows, hash => known.has(hash));
        for (const { file, hash } of next.touched) { this.unchanged(file, hash); }
        this.enter('encoding', total);
        const duplicates = await this.encode(next.encode);
        await this.flush();
        await this.reuse([...next.reused, ...duplicates]);
      }
    }
    await this.flush();
    await this.remove(plan.removed);
    this.forget(found, scope);
    await this.flush();
  }

  /** Reads synchronously, as the scan does, and lets other work in about every 10 ms. */
  private async findAtlases(files: readonly ScannedFile[]): Promise<void> {
    const { atlases } = this.options;
    let lastPause = performance.now();
    for (const file of files) {
      atlases.find(file, this.options.state.get(file.root, file.path)?.plainMeta);
      if (performance.now() - lastPause < 10) { continue; }
      await new Promise(resolve => setImmediate(resolve));
      this.throwIfStopped();
      lastPause = performance.now();
    }
  }

  private async hash(files: readonly ScannedFile[]): Promise<Hashed[]> {
    const hashed: Hashed[] = [];
    await this.forEach(files, async file => {
      try {
        const hash = contentHash((await this.options.decoder.hash(this.absolute(file), this.stop.signal)).hash, file.atlas?.digest);
        // A touched file is settled here, so that a kill during a long hashing does not start it over.
        if (this.rows.get(fileKey(file.root, file.path)) === hash && this.options.state.get(file.root, file.path)?.hash === hash) { this.unchanged(file, hash); }
        else { hashed.push({ file, hash }); }
      } catch (thrown) {
        this.skipThrown(file, thrown);
      }
      await this.flushIfDue();
    });
    this.throwIfStopped();
    return hashed;
  }

  /** Decodes and encodes. Returns the files whose content turned out to be the same as another one's of this run. */
  private async encode(work: readonly Work[]): Promise<Hashed[]> {
    if (work.length === 0) { return []; }
    const { encoder, pause } = this.options;
    encoder.start();
    const signal = pause ? AbortSignal.any([this.stop.signal, pause]) : this.stop.signal;
    const batches = new EncodeQueue<{ of: Encoding; part: number; pixels: Uint8Array }>(() => encoder.batchSize, async batch => {
      const vectors = await encoder.encode(batch.map(each => each.pixels), signal);
      this.summary.device = encoder.device;
      batch.forEach(({ of, part }, index) => {
        of.vectors[part] = vectors[index]!;
        if (--of.missing === 0) { this.encodedFile(of); }
      });
    });
    const started = new Set<string>();
    const duplicates: Hashed[] = [];
    try {
      await this.forEach(work, async ({ file, hash }) => {
        this.progress.current = file.path;
        const of = await this.decode(file, hash, started, duplicates);
        if (of) {
          await batches.push({ of, part: 0, pixels: of.decoded.pixels! });
          await this.pushCells(of, batches);
        }
        await this.flushIfDue();
      });
    } catch (thrown) {
      await batches.abandon();
      throw thrown;
    }
    await batches.finish();
    this.throwIfStopped();
    return duplicates;
  }

  /** Cells whose pixels did not fit into the decoder's first answer are asked for in the same number again and again. */
  private async pushCells(of: Encoding, batches: { push(item: { of: Encoding; part: number; pixels: Uint8Array }): Promise<void> }): Promise<void> {
    const { file, decoded: { cells = [], hash } } = of;
    const { decoder, image } = this.options;
    const first = cells.findIndex(each => each.pixels === undefined);
    const step = first < 0 ? cells.length : first;
    for (let start = 0; start < cells.length; start += step) {
      let part = cells.slice(start, start + step);
      if (start > 0) {
        try {
          const more = await decoder.decode({ source: { file: this.absolute(file) }, image, split: { by: 'cells', cells: part.map(each => each.cell) } }, this.stop.signal);
          if (more.hash !== hash) { throw new SkipError('unreadable', 'The file changed while it was read.', 'Nothing to do: the index follows at its next update.'); }
          part = more.cells!;
        } catch (thrown) {
          this.skipThrown(file, thrown);
          return;
        }
      }
      for (const [index, each] of part.entries()) { await batches.push({ of, part: start + index + 1, pixels: each.pixels! }); }
    }
  }

  private splitOf(file: ScannedFile): Split | undefined {
    if (!this.options.rules.splitSheets) { return undefined; }
    return file.atlas ? { by: 'atlas', atlas: file.atlas.atlas } : { by: 'grid' };
  }

  /** Undefined when the file is skipped or a duplicate. */
  private async decode(file: ScannedFile, known: string | undefined, started: Set<string>, duplicates: Hashed[]): Promise<Encoding | undefined> {
    const { decoder, image, dbFolder } = this.options;
    const source = this.absolute(file);
    const signal = this.stop.signal;
    let hash = known;
    try {
      let thumbnail: string | undefined;
      if (this.wantsThumbnail()) {
        hash ??= contentHash((await decoder.hash(source, signal)).hash, file.atlas?.digest);
        thumbnail = thumbnailFile(dbFolder, hash);
      }
      const { force } = this.options;
      if (hash !== undefined) {
        if (!force && started.has(hash)) { duplicates.push({ file, hash }); return undefined; }
        started.add(hash);
      }
      if (thumbnail !== undefined && await touchThumbnail(thumbnail)) { thumbnail = undefined; }
      const split = this.splitOf(file);
      const decoded = await decoder.decode({ source: { file: source }, image, ...(thumbnail !== undefined && { thumbnailFile: thumbnail }), ...(split && { split }) }, signal);
      const parts = 1 + (decoded.cells?.length ?? 0);
      if (thumbnail !== undefined) { this.thumbnailsMade += parts; }
      if (decoded.thumbnailProblem !== undefined && !this.thumbnailsFailed) {
        this.thumbnailsFailed = true;
        this.options.warn(`${decoded.thumbnailProblem} The images are indexed without thumbnails.`);
      }
      // The hash of what was really read counts: the file may have changed since it was hashed.
      const read = contentHash(decoded.hash, file.atlas?.digest);
      if (read !== hash) {
        if (!force && started.has(read)) { duplicates.push({ file, hash: read }); return undefined; }
        started.add(read);
      }
      return { file, hash: read, decoded, vectors: [], missing: parts };
    } catch (thrown) {
      if (hash !== undefined && thrown instanceof SkipError) { this.failed.set(hash, thrown); }
      this.skipThrown(file, thrown);
      return undefined;
    }
  }

  private encodedFile({ file, hash, decoded, vectors }: Encoding): void {
    const { format, width, height, sizeBytes, title, cells = [] } = decoded;
    const shared = { hash, format, sizeBytes, cells: this.options.rules.splitSheets || format === 'svg' ? cells.length : notSplit };
    const contents: Content[] = [
      { ...shared, part: 0, vector: vectors[0]!, width, height, title, x: 0, y: 0, rotated: false },
      ...cells.map(({ cell }, index) => ({
        ...shared, part: index + 1, vector: vectors[index + 1]!, width: cell.width, height: cell.height, title: cell.name ?? '', x: cell.x, y: cell.y, rotated: cell.rotated ?? false,
      })),
    ];
    this.pending.push({ file, hash, rows: contents.map(content => rowOf(file, content)) });
    this.summary.indexed++;
    this.encoded++;
    this.advance();
  }

  /** Rows for contents whose vector exists. A content that could not be indexed after all is decoded, to say why for each file. */
  private async reuse(files: readonly Hashed[]): Promise<void> {
    // Copies together: fetched with each part anew, many copies of few contents are read over and over (50,000 files of 500 contents: 240 s).
    const list = [...files].sort((a, b) => (a.hash < b.hash ? -1 : a.hash > b.hash ? 1 : 0));
    const missing: Hashed[] = [];
    for (let start = 0; start < list.length; start += reuseRows) {
      this.throwIfStopped();
      const part = list.slice(start, start + reuseRows);
      const contents = await this.options.space.contents(part.map(each => each.hash), this.options.rules.splitSheets);
      for (const { file, hash } of part) {
        const content = contents.get(hash);
        if (content === undefined) {
          const failure = this.failed.get(hash);
          // What lies in the content fails for each file that has it; anything else is worth a try of its own.
          if (failure && !['vanished', 'unreadable', 'internal'].includes(failure.code)) { this.skipThrown(file, failure); } else { missing.push({ file, hash }); }
          continue;
        }
        if (this.rows.get(fileKey(file.root, file.path)) === hash) { this.unchanged(file, hash); continue; }
        this.pending.push({ file, hash, rows: content.map(each => rowOf(file, each)) });
        this.summary.reused++;
        this.advance();
      }
      await this.flushIfDue();
    }
    if (missing.length > 0) {
      const again = await this.encode(missing);
      await this.flush();
      if (again.length < missing.length) { await this.reuse(again); }
    }
  }

  private async remove(keys: readonly string[]): Promise<void> {
    const { space, state } = this.options;
    for (let start = 0; start < keys.length; start += 5000) {
      this.throwIfStopped();
      this.checkLock();
      const files = keys.slice(start, start + 5000).map(splitKey);
      await space.keepVectors(files);
      await space.remove(files);
      // A row that goes because its file is skipped now keeps its line, which says why.
      state.write(files.filter(({ root, path }) => !state.get(root, path)?.skip).map(({ root, path }) => ({ root, path, state: undefined })));
      this.summary.removed += files.length;
      this.written += files.length;
    }
  }

  /** Forgets the lines of files that are gone. */
  private forget(found: ScanResult, scope: readonly { root: string; path: string }[] | undefined): void {
    const present = new Set([...found.files, ...found.skipped].map(file => fileKey(file.root, file.path)));
    const hidden = found.unreadable.map(({ root, path }) => fileKey(root, path === '' ? '' : `${path}/`));
    const inScope = scope && new Map(this.options.roots.map(root => [root.id, new Set(scope.filter(each => each.root === root.id).map(each => each.path))]));
    const gone: { root: string; path: string; state: undefined }[] = [];
    for (const { root, path } of this.options.state.all()) {
      const key = fileKey(root, path);
      if (present.has(key) || hidden.some(prefix => key.startsWith(prefix))) { continue; }
      if (this.options.keepOtherRoots && !this.rootPaths.has(root)) { continue; }
      if (inScope && !isBelow(path, inScope.get(root))) { continue; }
      gone.push({ root, path, state: undefined });
    }
    this.options.state.write(gone);
  }

  private async finish(): Promise<void> {
    const { space, scope, warn } = this.options;
    this.enter('optimizing', this.progress.total);
    try {
      const full = scope === undefined;
      if (full && this.written > 0) { await space.pruneRetired(Math.max(10_000, this.rows.size), retiredMaxAgeMs); }
      await space.maintain({ force: full && this.written > 0, warn, timeoutMs: 180_000 });
    } catch (thrown) {
      // The run itself is complete; a failed clean-up is tried again by the next one.
      if (thrown instanceof AssetSearchError && thrown.code === 'diskFull') { throw thrown; }
      warn(`Clean-up failed: ${messageOf(thrown)}`);
    }
  }

  // ── the bookkeeping of one file

  private unchanged(file: ScannedFile, hash: string): void {
    this.pendingState.push({ file, state: stateOf(file, hash) });
    this.summary.unchanged++;
    this.advance();
  }

  private skipThrown(file: ScannedFile, thrown: unknown): void {
    if (!(thrown instanceof SkipError)) { throw thrown; }
    this.skip(file, { code: thrown.code, reason: thrown.reason, remedy: thrown.remedy }, true);
  }

  private skip(file: ScannedFile, { code, reason, remedy }: Pick<SkippedFile, 'code' | 'reason' | 'remedy'>, planned: boolean): void {
    this.summary.skipped.push({ root: file.root, path: file.path, code, reason, remedy });
    this.progress.skipped++;
    const old = this.options.state.get(file.root, file.path);
    const same = old?.skip?.code === code && old.skip.reason === reason && old.mtimeMs === file.mtimeMs && old.ctimeMs === file.ctimeMs && old.sizeBytes === file.sizeBytes;
    if (code === 'vanished') { this.pendingState.push({ file, state: undefined }); }
    else if (!same) {
      const limit = code === 'tooManyPixels' ? { maxPixels: this.options.rules.maxPixels } : {};
      this.pendingState.push({ file, state: { mtimeMs: file.mtimeMs, ctimeMs: file.ctimeMs, sizeBytes: file.sizeBytes, skip: { code, reason, remedy, ...limit } } });
    }
    if (!planned) { return; }
    // A skipped file that had a row would be found with its old picture.
    if (this.rows.has(fileKey(file.root, file.path))) { this.pendingRemoved.push(file); this.summary.removed++; }
    this.advance();
  }

  // ── writing

  private async flushIfDue(): Promise<void> {
    const count = this.pending.reduce((sum, { rows }) => sum + rows.length, 0) + this.pendingState.length;
    if (count >= flushRows || (count > 0 && performance.now() - this.lastFlush > flushMs)) { await this.flush(); }
  }

  /** Rows first, then state lines: after a kill in between, the next run finds the rows by their key and adds none twice. */
  private flush(): Promise<void> {
    this.flushing = this.flushing.then(async () => {
      const { space, state } = this.options;
      const [files, states, removed] = [this.pending, this.pendingState, this.pendingRemoved];
      [this.pending, this.pendingState, this.pendingRemoved] = [[], [], []];
      this.lastFlush = performance.now();
      if (files.length + states.length + removed.length === 0) { return; }
      this.checkLock();
      const changed = files.filter(({ file }) => this.rows.has(fileKey(file.root, file.path)));
      const outdated = changed.filter(({ file, hash }) => this.rows.get(fileKey(file.root, file.path)) !== hash).map(each => each.file);
      await space.keepVectors([...outdated, ...removed]);
      // A content that was read again, by force or to be split, is the same content: it keeps its labels.
      await this.keepLabels(changed.flatMap(each => each.rows));
      // In one write: never a part of a sheet's cells.
      await space.add(files.filter(({ file }) => !this.rows.has(fileKey(file.root, file.path))).flatMap(each => each.rows));
      await space.replace(changed.flatMap(each => each.rows));
      await space.remove(removed);
      for (const { file, hash } of files) { this.rows.set(fileKey(file.root, file.path), hash); }
      for (const file of removed) { this.rows.delete(fileKey(file.root, file.path)); }
      this.written += files.length + removed.length;
      writeState(state, [
        ...files.map(({ file, hash }) => ({ root: file.root, path: file.path, state: stateOf(file, hash) })),
        ...states.map(({ file, state: value }) => ({ root: file.root, path: file.path, state: value })),
      ]);
    });
    return this.flushing;
  }

  private async keepLabels(rows: readonly Row[]): Promise<void> {
    const labels = await this.options.space.labelsOf(rows.map(row => row.hash));
    for (const row of rows) { row.labels ??= labels.get(labelKey(row.hash, row.part)); }
  }

  private checkLock(): void {
    const lost = this.options.lock.lost();
    if (lost) { throw lost; }
  }

  // ── flow

  /** Runs `each` for all items, `concurrency` at a time, until one fails or the run is stopped. Paused, it returns when those in work are done: the caller asks throwIfStopped(). */
  private async forEach<T>(items: readonly T[], each: (item: T) => Promise<void>): Promise<void> {
    let next = 0;
    let failed = false;
    const lane = async (): Promise<void> => {
      while (next < items.length && !failed && !this.options.pause?.aborted) {
        this.throwIfStopped();
        try { await each(items[next++]!); } catch (thrown) { failed = true; throw thrown; }
      }
    };
    const results = await Promise.allSettled(Array.from({ length: Math.min(this.options.concurrency, items.length) }, lane));
    const failures = results.flatMap(result => (result.status === 'rejected' ? [result.reason as unknown] : []));
    const failure = failures.find(thrown => !this.isCancelled(thrown)) ?? failures[0];
    if (failure !== undefined) { throw failure; }
  }

  private throwIfStopped(): void {
    if (this.options.pause?.aborted) { this.stop.abort(); }
    if (this.stop.signal.aborted) { throw cancelled(); }
  }
  private isCancelled(thrown: unknown): boolean {
    return this.stop.signal.aborted && (thrown === this.stop.signal.reason || (thrown instanceof AssetSearchError && thrown.code === 'cancelled'));
  }
  private absolute(file: ScannedFile): string { return join(this.rootPaths.get(file.root)!, file.path); }
  private wantsThumbnail(): boolean { return !this.thumbnailsFailed && this.thumbnailsMade * typicalThumbnailBytes < this.options.maxThumbnailBytes; }

  // ── progress

  private enter(phase: IndexPhase, total: number): void {
    this.progress.phase = phase;
    this.progress.total = total;
    delete this.progress.current;
    this.report(true);
  }

  private advance(): void {
    this.progress.done++;
    this.report(false);
  }

  private report(now: boolean): void {
    const at = performance.now();
    if (!now && at - this.lastProgress < progressIntervalMs) { return; }
    this.lastProgress = at;
    this.samples.push({ at, encoded: this.encoded, done: this.progress.done });
    while (this.samples.length > 2 && at - this.samples[0]!.at > rateWindowMs) { this.samples.shift(); }
    const first = this.samples[0]!;
    const seconds = (at - first.at) / 1000;
    this.progress.imagesPerSecond = seconds > 0 ? (this.encoded - first.encoded) / seconds : 0;
    const secondsLeft = timeLeft(this.progress.total - this.progress.done, this.progress.done - first.done, seconds);
    if (secondsLeft !== undefined) { this.progress.secondsLeft = secondsLeft; } else { delete this.progress.secondsLeft; }
    this.options.onProgress({ ...this.progress });
  }
}

/** Encodes one batch while the next one is being filled; holds at most two batches, then lets its callers wait. */
class EncodeQueue<T> {
  private waiting: T[] = [];
  private running: Promise<void> | undefined;
  private failure: unknown;

  constructor(private readonly batchSize: () => number, private readonly encode: (batch: T[]) => Promise<void>) {}

  async push(item: T): Promise<void> {
    this.waiting.push(item);
    if (!this.running && this.waiting.length >= this.batchSize()) { this.start(); }
    while (this.running && this.waiting.length >= 2 * this.batchSize()) { await this.running; }
    if (this.failure !== undefined) { throw this.failure; }
  }

  async finish(): Promise<void> {
    while (this.running || (this.waiting.length > 0 && this.failure === undefined)) {
      if (!this.running) { this.start(); }
      await this.running;
    }
    if (this.failure !== undefined) { throw this.failure; }
  }

  /** Drops what waits; the batch in work is kept. */
  async abandon(): Promise<void> {
    this.waiting = [];
    await this.running;
  }

  /** Never rejects: the failure goes to whoever pushes or finishes. */
  private start(): void {
    this.running = this.encode(this.waiting.splice(0, this.batchSize())).catch((thrown: unknown) => { this.failure ??= thrown; }).then(() => {
      this.running = undefined;
      if (this.waiting.length >= this.batchSize() && this.failure === undefined) { this.start(); }
    });
  }
}

function rowOf({ root, path }: ScannedFile, content: Content): Row {
  const named = { ...content, path };
  return { ...named, root, stem: assetStem(named), words: assetWords(named) };
}

function stateOf({ mtimeMs, ctimeMs, sizeBytes, plainMeta }: ScannedFile, hash: string): FileState { return { mtimeMs, ctimeMs, sizeBytes, hash, ...(plainMeta && { plainMeta }) }; }

function splitKey(key: string): { root: string; path: string } {
  const nul = key.indexOf('\0');
  return { root: key.slice(0, nul), path: key.slice(nul + 1) };
}

/** True when the path or one of its folders is in the set. */
function isBelow(path: string, scopes: ReadonlySet<string> | undefined): boolean {
  if (!scopes || scopes.size === 0) { return false; }
  if (scopes.has('') || scopes.has(path)) { return true; }
  for (let slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) {
    if (scopes.has(path.slice(0, slash))) { return true; }
  }
  return false;
}

function writeState(state: StateFile, changes: Parameters<StateFile['write']>[0]): void {
  try {
    state.write(changes);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOSPC') {
      throw new AssetSearchError('diskFull', 'The disk is full. Free some space and index again; nothing that was indexed is lost.', { cause: thrown });
    }
    throw thrown;
  }
}
