/** What is left of the service where the native libraries cannot run: the files are listed and found by their names, no picture is opened. */
import { imageFormats } from '../protocol';
import type {
  Asset, BrowseParams, BrowseResult, ErrorCode, ErrorInfo, Filter, Hit, IndexDetails, IndexStatus, IndexSummary, LabelCounts, LogRecord, OpenParams, PictureKinds, SearchParams, SearchResult, SkippedFile, TeamImport, UpdateParams,
} from '../protocol';
import { AssetSearchError, cancelled, messageOf } from '../errors';
import { loadModel, type Model } from './model';
import { isReadableFolder, scan, type ScannedFile } from './scan';
import { fillers } from './ranking';
import { indexWords, queryWords, searchTerms, stemOf } from './words';

const formatOf: ReadonlyMap<string, string> = new Map(Object.entries(imageFormats).flatMap(([format, extensions]) => extensions.map(extension => [extension, format] as const)));

interface Named { asset: Asset; stem: string; words: string[]; nameWords: Set<string> }

export interface NameServiceOptions {
  /** Why it is names only. */
  reason: ErrorInfo;
  onStatus: (status: IndexStatus) => void;
  onLog: (record: LogRecord) => void;
}

export class NameService {
  private params: OpenParams | undefined;
  private model: Model | undefined;
  private files: Named[] = [];
  private skippedFiles: SkippedFile[] = [];
  private state: IndexStatus['state'] = 'idle';
  private lastRun: IndexSummary | undefined;
  private turn: Promise<unknown> = Promise.resolve();

  constructor(private readonly options: NameServiceOptions) {}

  async open(params: OpenParams): Promise<IndexStatus> {
    this.params = params;
    this.model = await loadModel(params.fallbackModelFolder ?? params.modelFolder);
    this.options.onLog({ level: 'error', message: this.options.reason.message });
    await this.index();
    return this.status();
  }

  async close(): Promise<void> { this.params = undefined; }
  async settle(): Promise<void> { await this.turn; }

  /** Lists the files anew; `indexed` counts what is new, though nothing of it was read. */
  index(_?: unknown, signal?: AbortSignal): Promise<IndexSummary> {
    const run = this.turn.then(() => this.list(signal));
    this.turn = run.catch(() => undefined);
    return run;
  }

  update(_: UpdateParams, signal?: AbortSignal): Promise<IndexSummary> { return this.index(undefined, signal); }
  rebuild(_: unknown, signal?: AbortSignal): Promise<IndexSummary> { return this.index(undefined, signal); }
  retry(_: unknown, signal?: AbortSignal): Promise<IndexSummary> { return this.index(undefined, signal); }
  /** Listing takes a moment: there is nothing to pause. */
  async pause(_: boolean): Promise<void> { await this.turn; }

  private async list(signal?: AbortSignal): Promise<IndexSummary> {
    const { roots, rules } = this.need();
    const started = performance.now();
    this.setState('indexing');
    const known = new Set(this.files.map(({ asset }) => `${asset.root}\0${asset.path}`));
    let unchanged = 0;
    let stopped = false;
    try {
      const found = await scan(roots, rules, undefined, signal);
      this.files = found.files.map(named).sort((a, b) => (a.asset.path < b.asset.path ? -1 : 1));
      this.skippedFiles = found.skipped.map(({ root, path, code, reason, remedy }) => ({ root, path, code, reason, remedy }));
      unchanged = this.files.filter(({ asset }) => known.has(`${asset.root}\0${asset.path}`)).length;
    } catch (thrown) {
      if (!signal?.aborted) { this.setState('idle'); throw thrown instanceof AssetSearchError ? thrown : new AssetSearchError('internal', messageOf(thrown)); }
      stopped = true;
    }
    this.lastRun = {
      seen: this.files.length + this.skippedFiles.length, indexed: this.files.length - unchanged, unchanged, reused: 0, removed: Math.max(0, known.size - unchanged), skipped: this.skippedFiles,
      seconds: (performance.now() - started) / 1000, device: 'cpu', cancelled: stopped,
    };
    this.setState('idle');
    return this.lastRun;
  }

  async search({ text, limit, filter }: SearchParams, signal?: AbortSignal): Promise<SearchResult> {
    const started = performance.now();
    if (signal?.aborted) { throw cancelled(); }
    const all = queryWords(text);
    const telling = all.filter(word => !fillers.has(word));
    const terms = searchTerms(telling.length > 0 ? telling : all);
    const stem = all.join(' ');
    const files = this.filtered(filter);
    const ranked = files.flatMap(file => {
      const rank = rankOf(file, terms, stem);
      return rank > 0 ? [{ file, rank }] : [];
    }).sort((a, b) => b.rank - a.rank || a.file.asset.path.length - b.file.asset.path.length || (a.file.asset.path < b.file.asset.path ? -1 : 1)).slice(0, Math.max(1, limit));
    return {
      hits: ranked.map(({ file: { asset } }): Hit => ({ ...asset, score: null, matched: { visual: false, name: true } })),
      strong: ranked.filter(({ rank }) => rank >= 1).length, milliseconds: performance.now() - started, total: files.length,
    };
  }

  async browse({ offset, limit, filter }: BrowseParams): Promise<BrowseResult> {
    const files = this.filtered(filter);
    return { assets: files.slice(offset, offset + limit).map(({ asset }) => asset), total: files.length };
  }

  async similar(): Promise<never> { throw this.refusal(); }
  async label(): Promise<never> { throw this.refusal(); }
  async labelMany(..._: unknown[]): Promise<never> { throw this.refusal(); }
  async setLabels(..._: unknown[]): Promise<never> { throw this.refusal(); }
  async clearLabels(..._: unknown[]): Promise<never> { throw this.refusal(); }
  async undoLabels(..._: unknown[]): Promise<never> { throw this.refusal(); }
  async exportLabels(..._: unknown[]): Promise<never> { throw this.refusal(); }
  async exportTeamLabels(): Promise<never> { throw this.refusal(); }
  async labelCounts(..._: unknown[]): Promise<LabelCounts> { return { labels: [], unlabelled: 0 }; }
  async readTeamLabels(..._: unknown[]): Promise<TeamImport> { return { changed: 0, errors: [] }; }
  async removeSpace(_: unknown): Promise<never> { throw this.refusal(); }
  async pictureKinds(): Promise<PictureKinds> { return { images: 0, photographs: 0, screenshots: 0, prevail: false }; }
  async verifyModel(..._: unknown[]): Promise<never> { throw this.refusal(); }
  async importModel(..._: unknown[]): Promise<never> { throw this.refusal(); }
  async thumbnails({ assets }: { assets: { root: string; path: string; part: number }[] }): Promise<{ key: { root: string; path: string; part: number } }[]> { return assets.map(key => ({ key })); }

  status(): IndexStatus {
    return {
      state: this.state, assets: this.files.length, cells: 0, skipped: this.skippedFiles.length, model: this.model!.info, device: 'cpu', diskBytes: 0, namesOnly: this.options.reason,
      ...(this.lastRun && { lastRun: this.lastRun }),
    };
  }

  skipped(): SkippedFile[] { return this.skippedFiles; }

  details(): IndexDetails {
    const { roots, maxThumbnailBytes } = this.need();
    const { pid, versions } = process;
    return {
      folders: roots.map(({ id, path }) => ({
        root: id, images: this.files.filter(({ asset }) => asset.root === id).length, parts: 0, skipped: this.skippedFiles.filter(({ root }) => root === id).length,
        ...(!isReadableFolder(path) && { unreadable: true as const }),
      })),
      spaces: [], thumbnailBytes: 0, maxThumbnailBytes, threads: 1, engine: { node: versions.node, pid, memoryBytes: process.memoryUsage().rss },
    };
  }

  folders(): { root: string; path: string }[] {
    const found = new Map<string, { root: string; path: string }>();
    for (const { asset: { root, path } } of this.files) {
      for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) { found.set(`${root}\0${path.slice(0, end)}`, { root, path: path.slice(0, end) }); }
    }
    return [...found.values()].sort((a, b) => (a.root === b.root ? (a.path < b.path ? -1 : 1) : a.root < b.root ? -1 : 1));
  }

  private filtered(filter: Filter | undefined): Named[] {
    const { folders, formats } = filter ?? {};
    return this.files.filter(({ asset }) => (!formats?.length || formats.includes(asset.format))
      && (!folders?.length || folders.some(({ root, path }) => root === asset.root && (path === '' || asset.path === path || asset.path.startsWith(`${path}/`)))));
  }

  private need(): OpenParams {
    if (!this.params) { throw new AssetSearchError('indexMissing', 'No index is open. Open a folder first.'); }
    return this.params;
  }

  private refusal(): AssetSearchError { return new AssetSearchError(this.options.reason.code as ErrorCode, this.options.reason.message); }

  private setState(state: IndexStatus['state']): void {
    this.state = state;
    if (this.model) { this.options.onStatus(this.status()); }
  }
}

function named({ root, path, sizeBytes }: ScannedFile): Named {
  const extension = path.slice(path.lastIndexOf('.') + 1).toLowerCase();
  const stem = stemOf(path);
  return {
    // No content was read: the place stands for it. Sizes in pixels are unknown.
    asset: { root, path, part: 0, hash: `${root}/${path}`, format: formatOf.get(extension) ?? extension, width: 0, height: 0, sizeBytes, title: '' },
    stem, words: indexWords(path, '').split(' '), nameWords: new Set(stem.split(' ')),
  };
}

/** 0: none of the words. From 1 on: all of them, better the more lie in the file's own name; the exact name is best. The last word may be a beginning. */
function rankOf({ stem, words, nameWords }: Named, terms: readonly string[], query: string): number {
  if (terms.length === 0) { return 0; }
  if (stem === query) { return 4; }
  let found = 0;
  let inName = 0;
  for (const [index, term] of terms.entries()) {
    const last = index === terms.length - 1;
    const held = words.find(word => word === term || (last && word.startsWith(term)) || (term.length > 3 && word === `${term}s`) || (word.length > 3 && term === `${word}s`));
    if (held === undefined) { continue; }
    found++;
    if (nameWords.has(held)) { inName++; }
  }
  return found === terms.length ? 1 + inName / terms.length + inName / (nameWords.size + terms.length) : found / (terms.length + 1);
}
