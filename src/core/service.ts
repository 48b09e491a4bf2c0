/** Everything the engine and the command line can be asked: one index folder, one model, one set of folders. */
import { appendFileSync, existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import type {
  Asset, AssetKey, BrowseParams, BrowseResult, DeviceReport, Filter, Hit, ImageSource, IndexDetails, IndexProgress, IndexStatus, IndexSummary, LabelCounts, LabelExport, LabelExportFormat,
  LabelParams, LabelResult, LabelRunParams, LabelRunResult, LabelScope, LogRecord, OpenParams, PictureKinds, RetryParams, SearchParams, SearchResult, SetLabelsParams, SimilarParams, SkippedFile,
  SpaceInfo, TeamExport, TeamImport, UpdateParams,
} from '../protocol';
import { atlasKindOf } from './atlas';
import { AtlasReader, mayConcern } from './atlasReader';
import { fileHashOf, sheetHash, type Split } from './cells';
import { ensureVerified } from './conformance';
import { Decoder } from './decoder';
import { folderBytes } from '../disk';
import { DeviceEncoder } from './deviceEncoder';
import { parseDevice } from './devices';
import { nameEmojis } from './emoji';
import { createImageEncoder, createTextEncoder, type ImageEncoder, type TextEncoder } from './encoder';
import { AssetSearchError, SkipError, cancelled, messageOf } from '../errors';
import { checkIndexFiles, checkIndexFolder, folderProblem, makeFolder } from './indexFolder';
import { runIndex } from './indexer';
import { labelCosine, labelVectors, probabilities } from './label';
import { exportLabels } from './labelExport';
import { labelledAssets, LabelKeeper, type Changing, type Judge } from './labelKeeper';
import { normalizeLabels } from './labelText';
import { IndexLock } from './lock';
import { builtinId, spaceName } from '../models/manifest';
import { markIndex, readMeta, writeMeta } from './meta';
import { loadModel, type Model } from './model';
import { importModel } from './modelImport';
import { kindOf, prevail } from './pictureKind';
import { rank } from './ranking';
import { blend, maxSampleRows, spreadOf, strongFrom, type QueryKind } from './relevance';
import { keepUnmoved } from './roots';
import { isReadableFolder } from './scan';
import { stacksOf } from './stacks';
import { assetKey, fileKey, StateFile } from './state';
import { schemaVersion, Store, type Space } from './store';
import { pruneThumbnails, thumbnailFile, touchThumbnail } from './thumbnails';

export interface ServiceOptions {
  /** The bundled decodeProcess.js, encodeProcess.js and conformanceProcess.js. */
  processes: { decoder: string; encoder: string; verifier: string };
  /** Rows of folders that are not open stay (command line), or are retired by a full run (a window). */
  keepOtherRoots: boolean;
  /** Waits for another writer (a window), or fails with indexLocked (command line). */
  waitForLock: boolean;
  onStatus: (status: IndexStatus) => void;
  onLabelProgress?: (progress: { done: number; total: number }) => void;
  onLog: (record: LogRecord) => void;
}

/** One file may take this long to decode; an endless SVG must not hold up a run. */
const decodeTimeoutMs = 15_000;
const lockPollMs = 1_000;
/** The encode process ends after this long without work: its session holds the model in memory. */
const encoderIdleMs = 60_000;
const statusIntervalMs = 100;
const countIntervalMs = 2_000;
const maxLimit = 10_000;
const maintenanceTimeoutMs = 180_000;
/** From this many on, labels that were written are worth a compaction. */
const manyLabels = 1_000;

/** Ends the name of every table that this version can read. */
const schemaSuffix = `_s${schemaVersion}`;

/** A model with its encoders of queries, each started at its first use. On the CPU: one text or picture is a matter of milliseconds there, and no driver can take the engine with it. */
class ModelSession {
  readonly space: string;
  private text: Promise<TextEncoder> | undefined;
  private image: Promise<ImageEncoder> | undefined;
  /** Vectors of the last queries: somebody who types and deletes asks again and again. */
  private readonly queries = new Map<string, Float32Array>();
  private verified: Promise<void> | undefined;
  private readonly closing = new AbortController();

  constructor(readonly model: Model, private readonly threads: number, private readonly verifier: string) { this.space = `${spaceName(model.manifest)}${schemaSuffix}`; }

  /** Resolves when the model may be used: our own is checked by our tests, another one at its first use. Rejects as {@link ensureVerified}. */
  ready(): Promise<void> {
    this.verified ??= this.model.manifest.id === builtinId ? Promise.resolve() : ensureVerified(this.model, { processFile: this.verifier, threads: this.threads }, this.closing.signal).catch((thrown: unknown) => {
      this.verified = undefined;
      throw thrown;
    });
    return this.verified;
  }

  async encodeTexts(texts: string[]): Promise<Float32Array[]> {
    await this.ready();
    this.text ??= createTextEncoder(this.model, { device: 'cpu', threads: this.threads });
    return (await this.text).encode(texts.map(nameEmojis));
  }

  async encodeQuery(text: string): Promise<Float32Array> {
    const vector = this.queries.get(text) ?? (await this.encodeTexts([text]))[0]!;
    this.queries.delete(text);
    this.queries.set(text, vector);
    if (this.queries.size > 100) { this.queries.delete(this.queries.keys().next().value!); }
    return vector;
  }

  async encodeImage(pixels: Uint8Array): Promise<Float32Array> {
    await this.ready();
    this.image ??= createImageEncoder(this.model, { device: 'cpu', threads: this.threads });
    return (await (await this.image).encode([pixels]))[0]!;
  }

  async dispose(): Promise<void> {
    this.closing.abort();
    await Promise.allSettled([this.verified, this.text?.then(encoder => encoder.dispose()), this.image?.then(encoder => encoder.dispose())]);
  }
}

/** What a run shall do; all of it when nothing is said. */
interface RunRequest {
  force?: boolean;
  rebuild?: boolean;
  scope?: { root: string; path: string }[];
  /** The scope's skipped files are tried again. */
  retry?: boolean;
}

/** What {@link AssetService.open} made. */
interface Opened {
  params: OpenParams;
  threads: number;
  store: Store;
  state: StateFile;
  /** The model that runs encode with. */
  target: ModelSession;
  /** Its images. */
  encoder: DeviceEncoder;
  /** The model and table that queries use: the target's, or the old one's until the target's table is complete. */
  serving: { session: ModelSession; space: Space | undefined };
  labels: LabelKeeper;
  indexDecoder: Decoder;
  queryDecoder: Decoder;
  atlases: AtlasReader;
}

export class AssetService {
  private opened: Opened | undefined;
  /** A table is being deleted: no query may open it meanwhile. */
  private dropping = false;
  private encoderIdle: NodeJS.Timeout | undefined;
  private turn: Promise<unknown> = Promise.resolve();
  private state: Exclude<IndexStatus['state'], 'paused'> = 'idle';
  private paused = false;
  /** Ends the runs that were asked for before a pause. */
  private pausing = new AbortController();
  /** Says that the run in work is ending for a pause. */
  private runPause: AbortSignal | undefined;
  private error: IndexStatus['error'];
  /** Folders of models that cannot be used, and why the first of them, the one that was asked for, cannot. */
  private readonly refused = new Set<string>();
  private modelProblem: IndexStatus['modelProblem'];
  private writer: IndexStatus['writer'];
  private progress: IndexProgress | undefined;
  private lastRun: IndexSummary | undefined;
  private assets = 0;
  private cells = 0;
  private tableBytes = 0;
  private thumbnailBytes = 0;
  private lastStatusAt = 0;
  private lastCountAt = 0;
  private lastLookAt = 0;
  private thumbnailsMade = 0;
  private readonly thumbnailsInWork = new Map<string, Promise<boolean>>();

  constructor(private readonly options: ServiceOptions) {}

  // ── opening

  /** Opens the index folder, or prepares a new one. A damaged table does not reject: the status says so, and a rebuild repairs it. */
  async open(params: OpenParams): Promise<IndexStatus> {
    await this.close();
    const setting = parseDevice(params.device);
    const { dbFolder, rules } = params;
    const threads = params.threads > 0 ? params.threads : availableParallelism();
    this.refused.clear();
    this.modelProblem = undefined;
    const model = await this.loadUsable(params);
    const target = new ModelSession(model, threads, this.options.processes.verifier);
    checkIndexFolder(dbFolder, params.roots);
    let state: StateFile;
    try {
      makeFolder(dbFolder);
      markIndex(dbFolder);
      state = StateFile.open(dbFolder);
    } catch (thrown) {
      throw folderProblem(thrown, dbFolder) ?? new AssetSearchError('indexReadOnly', `The index folder "${dbFolder}" cannot be made: ${messageOf(thrown)}`, { cause: thrown });
    }
    const limits = { maxFileSizeBytes: rules.maxFileSizeBytes, maxPixels: rules.maxPixels, timeoutMs: decodeTimeoutMs };
    this.opened = {
      params, threads, target, serving: { session: target, space: undefined }, encoder: this.createEncoder(model, params, threads),
      store: await Store.open(dbFolder), state, labels: new LabelKeeper(dbFolder, params.roots),
      atlases: new AtlasReader(new Map(params.roots.map(root => [root.id, root.path])), message => this.log('info', message)),
      indexDecoder: Decoder.start({ processFile: this.options.processes.decoder, concurrency: 2 * threads, limits }),
      // Its own process: a query picture or a thumbnail does not queue behind the files of a run.
      queryDecoder: Decoder.start({ processFile: this.options.processes.decoder, concurrency: Math.min(threads, 4), limits }),
    };
    if (setting !== 'auto') { for (const { device, code, detail } of this.opened.encoder.report.problems) { this.log('warn', `${device} is not used (${code}): ${detail}`); } }
    this.error = undefined;
    this.state = 'idle';
    try {
      await this.chooseServing();
      await this.refreshCount();
    } catch (thrown) {
      this.fail(thrown);
    }
    this.measure(true).catch(() => { /* closed meanwhile */ });
    return this.status();
  }

  async close(): Promise<void> {
    const { opened } = this;
    if (!opened) { return; }
    this.opened = undefined;
    clearTimeout(this.encoderIdle);
    await Promise.allSettled([
      opened.indexDecoder.close(), opened.queryDecoder.close(), opened.encoder.rest(), opened.target.dispose(),
      opened.serving.session === opened.target ? undefined : opened.serving.session.dispose(),
    ]);
    opened.store.close();
  }

  private createEncoder(model: Model, { device, measurementsFolder }: OpenParams, threads: number): DeviceEncoder {
    return new DeviceEncoder({
      processFile: this.options.processes.encoder, model, setting: parseDevice(device), threads, measurementsFolder,
      onChange: () => this.notify(true), onLog: record => this.options.onLog(record),
    });
  }

  /** The model that was asked for. Where it cannot be used and there is a fallback: that of the index which is there, so that it goes on, else the fallback. */
  private async loadUsable({ modelFolder, fallbackModelFolder, dbFolder }: OpenParams): Promise<Model> {
    const used = readMeta(dbFolder)?.model;
    const instead = fallbackModelFolder === undefined ? [] : [...used && used.id !== builtinId ? [used.folder] : [], fallbackModelFolder];
    const folders = [...new Set([modelFolder, ...instead])].filter(folder => !this.refused.has(folder));
    for (const folder of folders.slice(0, -1)) {
      try { return await loadModel(folder); } catch (thrown) { this.refuse(folder, thrown); }
    }
    return loadModel(folders.at(-1)!);
  }

  /** Throws on what is no fault of the model. */
  private refuse(folder: string, thrown: unknown): void {
    if (!(thrown instanceof AssetSearchError) || !thrown.code.startsWith('model')) { throw thrown; }
    this.refused.add(folder);
    this.modelProblem ??= { code: thrown.code, message: thrown.message };
    this.log('warn', thrown.message);
  }

  /** The model of a run, once it has passed its check; one that does not gives way, where there is a fallback. */
  private async checkedTarget(opened: Opened): Promise<ModelSession> {
    for (;;) {
      const { target, serving, encoder, params: { fallbackModelFolder } } = opened;
      try {
        await target.ready();
        return target;
      } catch (thrown) {
        if (fallbackModelFolder === undefined || target.model.folder === fallbackModelFolder) { throw thrown; }
        this.refuse(target.model.folder, thrown);
      }
      const model = await this.loadUsable(opened.params);
      opened.target = new ModelSession(model, opened.threads, this.options.processes.verifier);
      opened.encoder = this.createEncoder(model, opened.params, opened.threads);
      opened.serving = { session: opened.target, space: undefined };
      await this.chooseServing();
      await Promise.allSettled([encoder.rest(), target.dispose(), serving.session.dispose()]);
    }
  }

  /** Checks a model before it is chosen. Rejects as {@link ensureVerified} and {@link loadModel}. */
  async verifyModel({ folder }: { folder: string }, signal?: AbortSignal): Promise<void> {
    await ensureVerified(await loadModel(folder), { processFile: this.options.processes.verifier, threads: this.need().threads }, signal);
  }

  /** Rejects as {@link importModel}. */
  async importModel({ from, modelsFolder, name }: { from: string; modelsFolder: string; name?: string }, signal?: AbortSignal): Promise<{ id: string; variant: string; unchanged: boolean }> {
    const { manifest: { id, variant }, unchanged } = await importModel(from, modelsFolder, {
      ...name !== undefined && { name }, ...signal && { signal },
      check: model => ensureVerified(model, { processFile: this.options.processes.verifier, threads: this.need().threads }, signal),
    });
    return { id, variant, unchanged };
  }

  /** Queries use the target's table when it is complete or the only one; else the old model's table, if that model is still there. */
  private async chooseServing(): Promise<void> {
    const opened = this.need();
    const meta = readMeta(opened.params.dbFolder);
    const { target, store } = opened;
    if (meta?.serving !== undefined && meta.serving !== target.space && meta.model && opened.serving.session === target) {
      try {
        // The built-in model moves with each version of the extension.
        const old = await loadModel(meta.model.id === builtinId ? opened.params.fallbackModelFolder ?? meta.model.folder : meta.model.folder);
        const session = new ModelSession(old, opened.threads, this.options.processes.verifier);
        const space = session.space === meta.serving ? await store.openSpace(session.space, old.manifest.embeddingDim, false) : undefined;
        if (space) { opened.serving = { session, space }; return; }
      } catch (thrown) {
        this.log('info', `The index of the previous model is not used: ${messageOf(thrown)}`);
      }
    }
    opened.serving = { session: target, space: await store.openSpace(target.space, target.model.manifest.embeddingDim, false) };
  }

  // ── writing

  index({ force }: { force?: boolean }, signal?: AbortSignal): Promise<IndexSummary> {
    return this.run({ force }, signal);
  }

  update({ changes }: UpdateParams, signal?: AbortSignal): Promise<IndexSummary> {
    // Changed ignore rules may show or hide anything beside and below them.
    const scope = changes.flatMap(({ root, path }) => (atlasKindOf(path) ? this.imagesOf(root, path) : [{ root, path: path.replace(/(^|\/)\.gitignore$/, '') }]));
    // An edited style sheet that speaks of no image is no reason to look at anything.
    return scope.length === 0 && changes.length > 0 ? Promise.resolve(this.nothingDone(false)) : this.run({ scope }, signal);
  }

  /** Indexed images of which an atlas file may say something new, and those in the folder of that name, if it is none. */
  private imagesOf(root: string, atlas: string): { root: string; path: string }[] {
    const { params, state, atlases } = this.need();
    if (!params.rules.splitSheets) { return []; }
    const images = [...state.all()].filter(file => file.root === root && (mayConcern(atlas, file.path) || file.path.startsWith(`${atlas}/`))).map(({ path }) => ({ root, path }));
    return images.length > 0 && atlases.isNews(root, atlas) ? images : [];
  }

  private nothingDone(cancelled: boolean): IndexSummary {
    return { seen: 0, indexed: 0, unchanged: 0, reused: 0, removed: 0, skipped: [], seconds: 0, device: this.need().encoder.device, cancelled };
  }

  rebuild(_: Record<string, never>, signal?: AbortSignal): Promise<IndexSummary> {
    return this.run({ rebuild: true }, signal);
  }

  retry({ files }: RetryParams, signal?: AbortSignal): Promise<IndexSummary> {
    const scope = (files ?? this.skipped()).map(({ root, path }) => ({ root, path }));
    return this.run({ scope, retry: true }, signal);
  }

  /**
   * A paused service holds no lock and starts no run but a retry. Nothing is remembered of the run that a pause ends: what it did is in the
   * table and the state file, and the next scan goes on from there.
   */
  async pause(paused: boolean): Promise<void> {
    this.paused = paused;
    if (paused) {
      this.pausing.abort();
      this.pausing = new AbortController();
      this.notify(true);
      await this.turn;
    }
    this.notify(true);
  }

  /** One run after the other; a cancelled or paused one resolves with what it did. */
  private run(what: RunRequest, signal?: AbortSignal): Promise<IndexSummary> {
    const pause = this.pausing.signal;
    const run = this.turn.then(() => this.runNow(what, pause, signal));
    this.turn = run.catch(() => undefined);
    return run;
  }

  private async runNow({ force, rebuild, scope, retry }: RunRequest, pause: AbortSignal, signal?: AbortSignal): Promise<IndexSummary> {
    const opened = this.need();
    const { params, state, store, threads } = opened;
    const held = this.paused && !retry;
    const lock = held ? undefined : await this.lock(params.dbFolder, signal ? AbortSignal.any([signal, pause]) : pause);
    if (!lock) { return this.nothingDone(true); }
    try {
      this.writer = undefined;
      this.error = undefined;
      this.runPause = pause;
      this.setState('indexing');
      // A folder inside the workspace must not show up in somebody's commit.
      if (!existsSync(join(params.dbFolder, '.gitignore'))) { appendFileSync(join(params.dbFolder, '.gitignore'), '*\n'); }
      state.reload();
      // Before anything of the old index is touched: it stays when the new model fails.
      const target = await this.checkedTarget(opened);
      if (rebuild) { await this.drop(opened); }
      const space = (await store.openSpace(target.space, target.model.manifest.embeddingDim, true))!;
      const meta = readMeta(params.dbFolder);
      const full = scope === undefined;
      let others = this.options.keepOtherRoots ? (meta?.roots ?? []).filter(old => !params.roots.some(root => root.id === old.id)) : [];
      if (opened.serving.session === target) { opened.serving.space = space; }
      // The old table serves as long as it can be read, and a first one serves while it grows.
      const servingNow = opened.serving.session.space;
      const scannedAt = meta?.scannedAt;
      writeMeta(params.dbFolder, { version: 1, roots: [...params.roots, ...others], serving: servingNow, model: { id: opened.serving.session.model.manifest.id, folder: opened.serving.session.model.folder }, scannedAt });
      const summary = await runIndex({
        dbFolder: params.dbFolder, roots: params.roots, rules: params.rules, space, state, lock, decoder: opened.indexDecoder,
        encoder: opened.encoder, image: target.model.manifest.image, atlases: opened.atlases, concurrency: 2 * threads,
        maxThumbnailBytes: Math.max(0, params.maxThumbnailBytes - this.thumbnailBytes), keepOtherRoots: this.options.keepOtherRoots, scope, force, retry, signal, pause,
        onProgress: progress => { this.progress = progress; this.notify(false); void this.countNowAndThen(); },
        warn: message => this.log('warn', message),
      });
      if (full && !summary.cancelled) {
        // Labels are kept by content: a new model's table, and one that was built anew, get them back.
        if (opened.serving.session !== target && opened.serving.space) { await opened.labels.keep(opened.serving.space); }
        await opened.labels.restore(space);
      }
      if (full && !summary.cancelled && opened.serving.session !== target) {
        const old = opened.serving.session;
        opened.serving = { session: target, space };
        await old.dispose();
        // The previous model's table stays, so that going back to it encodes nothing; older ones go.
        for (const name of await store.spaces()) {
          if (name !== target.space && name !== old.space) { await store.dropSpace(name); }
        }
      }
      if (full && !summary.cancelled) {
        const now = Date.now();
        others = await keepUnmoved(space, state, params.roots, others);
        writeMeta(params.dbFolder, {
          version: 1, roots: [...params.roots, ...others], serving: target.space, model: { id: target.model.manifest.id, folder: target.model.folder },
          scannedAt: { ...scannedAt, ...Object.fromEntries(params.roots.filter(root => isReadableFolder(root.path)).map(root => [root.id, now])) },
        });
        for (const name of await store.spaces()) { if (!name.endsWith(schemaSuffix)) { await store.dropSpace(name); } }
      }
      const team = await opened.labels.readTeam(space, summary.indexed + summary.reused > 0);
      for (const { error } of team.errors) { this.log('warn', error.message); }
      this.lastRun = summary;
      this.progress = undefined;
      await this.refreshCount();
      await this.measure(full);
      this.setState('idle');
      return summary;
    } catch (thrown) {
      // Whatever failed first: without its folder or its lock nothing else could go well.
      const cause = lock.lost() ?? folderProblem(thrown, params.dbFolder) ?? thrown;
      this.fail(cause);
      throw cause;
    } finally {
      this.progress = undefined;
      lock.release();
      clearTimeout(this.encoderIdle);
      this.encoderIdle = setTimeout(() => { if (this.state !== 'indexing') { void opened.encoder.rest(); } }, encoderIdleMs);
      this.encoderIdle.unref();
      this.notify(true);
    }
  }

  /** Resolves when no run is in work. */
  async settle(): Promise<void> { await this.turn; }

  private async drop({ params, target, store, state, serving, labels }: Opened): Promise<void> {
    this.dropping = true;
    try {
      // Not in a table that is too damaged to be opened.
      const space = await store.openSpace(target.space, target.model.manifest.embeddingDim, false).catch(() => undefined);
      if (space) { await labels.keep(space); }
      if (serving.session === target) { serving.space = undefined; }
      // LanceDB's own list of tables: it finds them without, and makes it anew. A damaged one would outlive every rebuild.
      await rm(join(params.dbFolder, 'lance', '__manifest'), { recursive: true, force: true });
      await this.dropSpace(store, params.dbFolder, target.space);
    } finally {
      this.dropping = false;
    }
    state.clear();
    // They are named by content: those that cannot be removed do no harm.
    await rm(join(params.dbFolder, 'thumbnails'), { recursive: true, force: true }).catch(() => undefined);
    this.thumbnailBytes = 0;
  }

  private async dropSpace(store: Store, dbFolder: string, space: string): Promise<void> {
    try {
      await store.dropSpace(space);
    } catch {
      // A table too damaged to be dropped is only files.
      for (const name of [`${space}.lance`, `${space}__retired.lance`]) { await rm(join(dbFolder, 'lance', name), { recursive: true, force: true }); }
      await store.reconnect();
    }
  }

  /** Deletes a space that no model in use needs. */
  async removeSpace({ name }: { name: string }): Promise<void> {
    const { params: { dbFolder }, store } = this.need();
    const space = (await this.spaces()).find(each => each.name === name);
    if (!space) { throw new AssetSearchError('usage', `There is no table "${name}" in this index.`); }
    if (space.role !== 'unused') { throw new AssetSearchError('usage', `"${name}" is in use. Choose another model before you remove it.`); }
    const lock = acquireLock(dbFolder);
    if (!(lock instanceof IndexLock)) {
      throw new AssetSearchError('indexLocked', `Process ${lock.pid} on ${lock.host} is writing this index. Wait until it ends, or pause it, and remove the table then.`);
    }
    try {
      await this.dropSpace(store, dbFolder, name);
      await this.measure(false);
    } finally {
      lock.release();
      this.notify(true);
    }
  }

  /** Undefined when the caller cancelled while another process was writing. */
  private async lock(dbFolder: string, signal: AbortSignal | undefined): Promise<IndexLock | undefined> {
    for (;;) {
      if (signal?.aborted) { return undefined; }
      const lock = acquireLock(dbFolder);
      if (lock instanceof IndexLock) { return lock; }
      if (!this.options.waitForLock) {
        throw new AssetSearchError('indexLocked', `Process ${lock.pid} on ${lock.host} is writing this index${lock.started ? ` since ${lock.started}` : ''}. Wait until it ends, or stop it.`);
      }
      this.writer = { pid: lock.pid, host: lock.host };
      await this.ensureSpace().catch(() => undefined);
      await this.refreshCount().catch(() => undefined);
      this.setState('indexingElsewhere');
      await new Promise<void>(resolve => {
        const done = (): void => { clearTimeout(timer); signal?.removeEventListener('abort', done); resolve(); };
        const timer = setTimeout(done, lockPollMs);
        signal?.addEventListener('abort', done, { once: true });
      });
      if (signal?.aborted) { this.writer = undefined; this.setState('idle'); return undefined; }
    }
  }

  // ── queries

  async search({ text, limit, filter, useNames }: SearchParams, signal?: AbortSignal): Promise<SearchResult> {
    const started = performance.now();
    const query = text.trim();
    if (query === '') { return { hits: [], milliseconds: 0, total: 0 }; }
    return this.withSpace<SearchResult>(async (space, session) => {
      let vector: Float32Array | undefined;
      try {
        vector = await session.encodeQuery(query);
      } catch (thrown) {
        // A name may hold words that the model does not know.
        if (!useNames || !(thrown instanceof AssetSearchError) || thrown.code !== 'textNotUnderstood') { throw thrown; }
      }
      throwIfAborted(signal);
      const fitsFrom = vector && await this.strongFrom(vector, 'text', space);
      throwIfAborted(signal);
      const [ranked, total] = await Promise.all([rank(space, { text: query, vector, strongFrom: fitsFrom, limit: bounded(limit), useNames, filter }), this.total(space, filter)]);
      throwIfAborted(signal);
      return { ...ranked, milliseconds: performance.now() - started, total };
    }, { hits: [], milliseconds: 0, total: 0 });
  }

  /** An asset leaves itself out; a file or pasted picture is new to the index, so its own copy there is a hit like any other. */
  async similar({ image, text = '', textWeight = 0.5, limit, filter }: SimilarParams, signal?: AbortSignal): Promise<SearchResult> {
    const started = performance.now();
    return this.withSpace<SearchResult>(async (space, session) => {
      const picture = await this.vectorOf(image, space, session, signal);
      const words = text.trim() === '' ? undefined : await session.encodeQuery(text.trim());
      const vector = words ? blend(picture, words, Math.min(1, Math.max(0, textWeight)), await space.sample(maxSampleRows)) : picture;
      throwIfAborted(signal);
      const own = image.kind === 'asset' ? assetKey(image.key) : undefined;
      const [fitsFrom, found, total] = await Promise.all([words ? undefined : this.strongFrom(vector, 'picture', space), space.nearest(vector, bounded(limit) + (own === undefined ? 0 : 1), filter), this.total(space, filter)]);
      throwIfAborted(signal);
      const others = found.filter(({ asset }) => assetKey(asset) !== own).slice(0, bounded(limit));
      const hits = others.map(({ asset, score }): Hit => ({ ...asset, score, matched: { visual: true, name: false } }));
      return { hits, stacks: stacksOf(others), strong: fitsFrom === undefined ? undefined : hits.filter(({ score }) => score! >= fitsFrom).length, milliseconds: performance.now() - started, total };
    }, { hits: [], milliseconds: 0, total: 0 });
  }

  /** The cosine from which on a hit of this query fits, or undefined where its scores do not tell. */
  private async strongFrom(query: Float32Array, kind: QueryKind, space: Space): Promise<number | undefined> {
    const sample = await space.sample(maxSampleRows);
    const spread = spreadOf(query, sample);
    return spread && strongFrom(spread, kind, sample.total);
  }

  async browse({ offset, limit, filter }: BrowseParams): Promise<BrowseResult> {
    return this.withSpace(space => space.page(Math.max(0, offset), bounded(limit), filter), { assets: [], total: 0 });
  }

  async label({ images, labels, templates }: LabelParams, signal?: AbortSignal): Promise<LabelResult[]> {
    const opened = this.need();
    await this.ensureSpace();
    const { session, space } = opened.serving;
    const { labels: names, vectors, score } = await this.judge(session, labels, templates);
    const results: LabelResult[] = [];
    for (const [image, source] of images.entries()) {
      throwIfAborted(signal);
      try {
        const vector = await this.vectorOf(source, space, session, signal);
        const cosines = vectors.map(readings => labelCosine(readings, vector));
        results.push({ image, labels: [...names], probabilities: probabilities(cosines, score), cosines });
      } catch (thrown) {
        if (!(thrown instanceof AssetSearchError) || thrown.code === 'cancelled') { throw thrown; }
        results.push({ image, labels: [...names], probabilities: [], cosines: [], error: { code: thrown.code, message: thrown.message } });
      }
    }
    return results;
  }

  private async judge(session: ModelSession, labels: readonly string[], templates: readonly string[] | undefined): Promise<Judge> {
    const names = normalizeLabels(labels);
    if (names.length === 0) { throw new AssetSearchError('usage', 'Give at least one label.'); }
    const { id, revision, score, promptTemplates } = session.model.manifest;
    const vectors = await labelVectors(names, templates ?? promptTemplates, texts => session.encodeTexts(texts));
    return { labels: names, vectors, score, model: `${id}@${revision}` };
  }

  // ── kept labels

  labelMany({ scope, labels, templates }: LabelRunParams, signal?: AbortSignal): Promise<LabelRunResult> {
    return this.relabel(signal, async (changing, keeper, session) => {
      const judge = await this.judge(session, labels, templates);
      if (judge.score.kind === 'softmax' && judge.labels.length < 2) {
        throw new AssetSearchError('usage', 'Give at least two labels: this model says which of several words fits best, and a single one always would.');
      }
      return keeper.byModel(scope, judge, changing);
    });
  }

  async setLabels({ scope, add, remove }: SetLabelsParams, signal?: AbortSignal): Promise<number> {
    return this.relabel(signal, (changing, keeper) => keeper.byHand(scope, normalizeLabels(add), normalizeLabels(remove), changing));
  }

  clearLabels({ scope }: { scope: LabelScope }, signal?: AbortSignal): Promise<number> { return this.relabel(signal, (changing, keeper) => keeper.clear(scope, changing)); }
  undoLabels(_: Record<string, never>, signal?: AbortSignal): Promise<number> { return this.relabel(signal, (changing, keeper) => keeper.undo(changing)); }

  labelCounts({ filter }: { filter?: Filter }): Promise<LabelCounts> { return this.withSpace(space => space.labelCounts(filter), { labels: [], unlabelled: 0 }); }

  async exportLabels({ scope, format }: { scope: LabelScope; format: LabelExportFormat }): Promise<LabelExport> {
    return exportLabels(await this.withSpace(space => labelledAssets(space, scope), []), format);
  }

  exportTeamLabels(): Promise<TeamExport[]> { return this.withSpace(space => this.need().labels.exportTeam(space), []); }

  async readTeamLabels(_: Record<string, never>, signal?: AbortSignal): Promise<TeamImport> {
    await this.ensureSpace();
    // Without a table there is nothing to label yet: the first run reads the file itself.
    return this.need().serving.space ? this.relabel(signal, ({ space }, keeper) => keeper.readTeam(space, false)) : { changed: 0, errors: [] };
  }

  /** Changes labels in its turn after runs of the index, and with the lock held. Queries go on meanwhile. */
  private relabel<T>(signal: AbortSignal | undefined, work: (changing: Changing, keeper: LabelKeeper, session: ModelSession) => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.turn = this.turn.then(async () => {
        const opened = this.need();
        await this.ensureSpace();
        const { session } = opened.serving;
        if (!opened.serving.space) { throw new AssetSearchError('indexMissing', 'Nothing is indexed yet. Index the images first.'); }
        const lock = await this.lock(opened.params.dbFolder, signal);
        if (!lock) { throw cancelled(); }
        try {
          if (this.state === 'indexingElsewhere') { this.writer = undefined; this.setState('idle'); }
          // As a writer: a table of an earlier version gets its column.
          const space = (await opened.store.openSpace(session.space, session.model.manifest.embeddingDim, true))!;
          opened.serving.space = space;
          resolve(await work({ space, signal, onProgress: (done, total) => this.options.onLabelProgress?.({ done, total }) }, opened.labels, session));
          // Whoever asked does not wait for this: rows that were moved have left the indexes.
          await space.maintain({ force: space.labelsWritten >= manyLabels, warn: message => this.log('warn', message), timeoutMs: maintenanceTimeoutMs });
        } finally {
          lock.release();
        }
      }).catch(reject);
    });
  }

  /** The stored vector of an asset; a file's or pasted picture's is encoded here on the main thread, so that no run delays it. */
  private async vectorOf(image: ImageSource, space: Space | undefined, session: ModelSession, signal: AbortSignal | undefined): Promise<Float32Array> {
    const opened = this.need();
    if (image.kind === 'asset') {
      const vector = (await space?.get([image.key]))?.[0]?.vector;
      if (vector) { return vector; }
      if (image.key.part > 0) { throw new AssetSearchError('notIndexed', `"${image.key.path}" has no cell ${image.key.part} any more. Search again.`); }
    }
    const source = image.kind === 'bytes' ? { bytes: image.bytes } : { file: image.kind === 'file' ? resolve(image.path) : this.fileOf(image.key) };
    try {
      const { pixels } = await opened.queryDecoder.decode({ source, image: session.model.manifest.image }, signal);
      return await session.encodeImage(pixels!);
    } catch (thrown) {
      throw thrown instanceof SkipError ? imageError(thrown, image) : thrown;
    }
  }

  async thumbnails({ assets }: { assets: AssetKey[] }, signal?: AbortSignal): Promise<{ key: AssetKey; file?: string }[]> {
    return this.withSpace(async space => {
      const known = new Map((await space.get(assets)).map(({ asset }) => [assetKey(asset), asset]));
      // The missing cells of one sheet are cut in one go: it is read once.
      const sheets = new Map<string, Asset[]>();
      for (const asset of known.values()) { if (asset.cell) { const file = fileKey(asset.root, asset.path); sheets.set(file, [...sheets.get(file) ?? [], asset]); } }
      return Promise.all(assets.map(async key => {
        const asset = known.get(assetKey(key));
        const file = asset && await this.thumbnail(asset, sheets.get(fileKey(key.root, key.path)) ?? [], signal);
        return file === undefined ? { key } : { key, file };
      }));
    }, assets.map(key => ({ key })));
  }

  /** `cells`: those of the same sheet that are wanted as well. */
  private async thumbnail(asset: Asset, cells: readonly Asset[], signal: AbortSignal | undefined): Promise<string | undefined> {
    const { params, queryDecoder } = this.need();
    const file = thumbnailFile(params.dbFolder, asset.hash);
    if (await touchThumbnail(file)) { return file; }
    const sheet = asset.cell ? sheetHash(asset.hash) : asset.hash;
    const wanted = asset.cell ? cells : [asset];
    const name = asset.cell ? `${sheet} cells` : sheet;
    let work = this.thumbnailsInWork.get(name);
    if (!work) {
      const thumbnail = thumbnailFile(params.dbFolder, sheet);
      const split: Split | undefined = asset.cell && { by: 'cells', cells: wanted.map(each => each.cell!) };
      work = queryDecoder.decode({ source: { file: this.fileOf(asset) }, thumbnailFile: thumbnail, ...(split && { split }) }, signal).then(async decoded => {
        const before = this.thumbnailsMade;
        this.thumbnailsMade += wanted.length;
        if (Math.floor(before / 1000) !== Math.floor(this.thumbnailsMade / 1000)) { this.measure(true).catch(() => { /* closed meanwhile */ }); }
        if (decoded.hash === fileHashOf(sheet)) { return true; }
        // The file changed after it was indexed: its new picture must not be kept under the old content's name.
        for (const each of wanted) { await rm(thumbnailFile(params.dbFolder, each.hash), { force: true }); }
        return false;
      }, () => false).finally(() => this.thumbnailsInWork.delete(name));
      this.thumbnailsInWork.set(name, work);
    }
    // What was in work may have been for other cells of the sheet.
    return await work && await touchThumbnail(file) ? file : undefined;
  }

  // ── status

  status(): IndexStatus {
    const { target, serving, state, encoder } = this.need();
    const paused = this.paused && (this.state === 'idle' || (this.state === 'indexing' && this.runPause?.aborted));
    return {
      state: paused ? 'paused' : this.state, assets: this.assets, cells: this.cells, skipped: state.skippedCount, model: target.model.info, device: encoder.device, diskBytes: this.tableBytes + this.thumbnailBytes,
      ...(serving.session !== target && serving.space && { serving: serving.session.model.info }), ...(this.modelProblem && { modelProblem: this.modelProblem }),
      ...(this.progress && !paused && { progress: this.progress }), ...(this.lastRun && { lastRun: this.lastRun }),
      ...(this.error && { error: this.error }), ...(this.writer && { writer: this.writer }),
    };
  }

  skipped(): SkippedFile[] {
    const { state } = this.need();
    if (this.state !== 'indexing') { state.reload(); }
    return state.skipped();
  }

  folders(): { root: string; path: string }[] {
    const { state } = this.need();
    if (this.state !== 'indexing') { state.reload(); }
    return state.folders();
  }

  async details(): Promise<IndexDetails> {
    const { params, threads, serving, encoder } = this.need();
    await this.ensureSpace();
    const scannedAt = readMeta(params.dbFolder)?.scannedAt;
    const skipped = new Map<string, number>();
    for (const { root } of this.skipped()) { skipped.set(root, (skipped.get(root) ?? 0) + 1); }
    const { space } = serving;
    return {
      // A damaged table has no numbers, but what else is known helps to see why.
      folders: await Promise.all(params.roots.map(async ({ id, path }) => ({
        root: id, ...await space?.countRoot(id).catch(() => undefined) ?? { images: 0, parts: 0 }, skipped: skipped.get(id) ?? 0,
        ...(!isReadableFolder(path) && { unreadable: true as const }), ...(scannedAt?.[id] !== undefined && { scannedAt: scannedAt[id] }),
      }))),
      spaces: await this.spaces().catch(() => []),
      thumbnailBytes: this.thumbnailBytes, maxThumbnailBytes: params.maxThumbnailBytes, threads, device: encoder.report,
      engine: { node: process.versions.node, pid: process.pid, memoryBytes: process.memoryUsage.rss() },
    };
  }

  async pictureKinds(): Promise<PictureKinds> {
    const counts = { photograph: 0, screenshot: 0, drawing: 0 };
    await this.withSpace(space => space.eachFile(file => { counts[kindOf(file)]++; }), undefined);
    const kinds = { images: counts.photograph + counts.screenshot + counts.drawing, photographs: counts.photograph, screenshots: counts.screenshot };
    return { ...kinds, prevail: prevail(kinds) };
  }

  /** Every space of the index folder, the largest first. */
  async spaces(): Promise<SpaceInfo[]> {
    const { params, store, target, serving } = this.need();
    // Another process may serve with another model: what meta.json names is in use, too.
    const inUse = new Set([serving.session.space, readMeta(params.dbFolder)?.serving]);
    const bytes = await store.spaceBytes();
    const spaces = await Promise.all([...bytes].map(async ([name, size]): Promise<SpaceInfo> => (
      { name, role: inUse.has(name) ? 'serving' : name === target.space ? 'building' : 'unused', ...await store.countSpace(name), bytes: size })));
    return spaces.sort((a, b) => b.bytes - a.bytes);
  }

  /** Counts for the command line's `stats`. */
  async stats(): Promise<{ assets: number; cells: number; retired: number; formats: Record<string, number>; tableBytes: number; thumbnailBytes: number; spaces: SpaceInfo[]; device: DeviceReport }> {
    const { serving, encoder } = this.need();
    await this.ensureSpace();
    await this.measure(true);
    const { space } = serving;
    const assets = await space?.countFiles() ?? 0;
    return {
      assets, cells: (await space?.count() ?? 0) - assets, retired: await space?.countRetired() ?? 0, formats: await space?.formats() ?? {}, tableBytes: this.tableBytes, thumbnailBytes: this.thumbnailBytes,
      spaces: await this.spaces(), device: encoder.report,
    };
  }

  /** True when there is a table to ask. */
  async hasIndex(): Promise<boolean> {
    await this.ensureSpace();
    return this.need().serving.space !== undefined;
  }

  private need(): Opened {
    if (!this.opened) { throw new AssetSearchError('indexMissing', 'No index is open. Open a folder first.'); }
    return this.opened;
  }

  /** Another process may have made the table after this one opened the folder. */
  private async ensureSpace(): Promise<void> {
    const opened = this.need();
    if (opened.serving.space || this.dropping || Date.now() - this.lastLookAt < 500) { return; }
    this.lastLookAt = Date.now();
    await this.chooseServing();
  }

  /** Runs a query on the serving table; a table that another process replaced is opened anew, once. */
  private async withSpace<T>(work: (space: Space, session: ModelSession) => Promise<T>, none: T): Promise<T> {
    await this.ensureSpace();
    const opened = this.need();
    const { space, session } = opened.serving;
    if (!space) { return none; }
    try {
      return await work(space, session);
    } catch (thrown) {
      if (!(thrown instanceof AssetSearchError)) { throw thrown; }
      // A rebuild may replace the table under a query: then the new one answers, as far as it has come.
      if (opened.serving.space === space) {
        if (thrown.code !== 'indexCorrupt' || this.state === 'indexing') { throw thrown; }
        await opened.store.reconnect();
        await this.chooseServing();
      }
      const again = opened.serving;
      return again.space ? work(again.space, again.session) : none;
    }
  }

  private async total(space: Space, filter: SearchParams['filter']): Promise<number> { return space.count(filter); }

  private fileOf(key: AssetKey): string {
    const root = this.need().params.roots.find(each => each.id === key.root);
    if (!root) { throw new AssetSearchError('notIndexed', `The folder "${key.root}" is not open.`); }
    return join(root.path, key.path);
  }

  private async refreshCount(): Promise<void> {
    this.lastCountAt = Date.now();
    const space = this.opened?.serving.space;
    const [rows, files] = space ? await Promise.all([space.count(), space.countFiles()]) : [0, 0];
    this.assets = files;
    this.cells = rows - files;
  }

  private async countNowAndThen(): Promise<void> {
    if (Date.now() - this.lastCountAt > countIntervalMs) { await this.refreshCount().catch(() => undefined); }
  }

  /** Measures the disk, and prunes the thumbnails when asked to look at them. */
  private async measure(thumbnails: boolean): Promise<void> {
    const { dbFolder, maxThumbnailBytes } = this.need().params;
    this.tableBytes = await folderBytes(join(dbFolder, 'lance'));
    if (thumbnails) { this.thumbnailBytes = await pruneThumbnails(dbFolder, maxThumbnailBytes > 0 ? maxThumbnailBytes : Infinity); }
  }

  private setState(state: typeof this.state): void {
    this.state = state;
    this.notify(true);
  }

  private fail(thrown: unknown): void {
    this.error = { code: thrown instanceof AssetSearchError ? thrown.code : 'internal', message: messageOf(thrown) };
    this.state = 'failed';
    this.log('error', thrown instanceof Error && thrown.cause !== undefined ? `${this.error.message} (${messageOf(thrown.cause)})` : this.error.message);
  }

  private notify(now: boolean): void {
    if (!this.opened || (!now && Date.now() - this.lastStatusAt < statusIntervalMs)) { return; }
    this.lastStatusAt = Date.now();
    this.options.onStatus(this.status());
  }

  private log(level: LogRecord['level'], message: string): void { this.options.onLog({ level, message }); }
}

function acquireLock(dbFolder: string): ReturnType<typeof IndexLock.acquire> {
  checkIndexFiles(dbFolder);
  try { return IndexLock.acquire(dbFolder); } catch (thrown) { throw folderProblem(thrown, dbFolder) ?? thrown; }
}

function bounded(limit: number): number { return Math.max(1, Math.min(maxLimit, Math.floor(limit) || 1)); }

function throwIfAborted(signal: AbortSignal | undefined): void { if (signal?.aborted) { throw cancelled(); } }

/** Why a query picture cannot be used. The remedies of skipped files speak of the index; a query wants another picture, or the right path. */
function imageError({ code, reason, remedy }: SkipError, image: ImageSource): AssetSearchError {
  const file = image.kind === 'file' ? image.path : image.kind === 'asset' ? image.key.path : image.name;
  const name = file === undefined ? 'The picture' : `"${file}"`;
  switch (code) {
    case 'vanished': return new AssetSearchError('imageUnreadable', `There is no file ${name}. ${image.kind === 'asset' ? 'The index follows at its next update.' : 'Check its name and folder.'}`);
    case 'empty': return new AssetSearchError('imageUnreadable', `${name} shows nothing: ${lowerFirst(reason)} Give another picture.`);
    case 'tooLarge': case 'tooManyPixels': return new AssetSearchError('imageTooLarge', `${name} is too large: ${lowerFirst(reason)} ${remedy}`);
    case 'unsupportedFormat': return new AssetSearchError('imageUnsupported', `${name} cannot be read: ${lowerFirst(reason)} ${remedy}`);
    default: return new AssetSearchError('imageUnreadable', `${name} cannot be read: ${lowerFirst(reason)} ${remedy}`);
  }
}

function lowerFirst(sentence: string): string { return sentence.charAt(0).toLowerCase() + sentence.slice(1); }
