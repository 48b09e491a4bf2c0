/** Every type that crosses a process boundary (webview ↔ extension host ↔ engine ↔ CLI output). Imports nothing. */

/** A request of one seam: its method name carries the parameter and reply types. */
export interface Request<P, R> { readonly method: string; readonly types?: (params: P) => R }
/** A one-way message of one seam. */
export interface Notification<P> { readonly method: string; readonly types?: (params: P) => void }

const request = <P, R>(method: string): Request<P, R> => ({ method });
const notification = <P>(method: string): Notification<P> => ({ method });

// ───────────────────────────────────────────── assets and hits

/**
 * Formats that can be indexed, as in {@link Asset.format}, the most common in projects first, with the extensions of their files.
 * Scan, watcher, dialogs and filters take them from here; the menus of package.json repeat the extensions, which a test checks.
 */
export const imageFormats = {
  svg: ['svg', 'svgz'],
  png: ['png', 'apng'],
  jpeg: ['jpg', 'jpeg', 'jpe', 'jfif'],
  webp: ['webp'],
  gif: ['gif'],
  ico: ['ico', 'cur'],
  avif: ['avif'],
  tiff: ['tif', 'tiff'],
  bmp: ['bmp', 'dib'],
  psd: ['psd', 'psb'],
  tga: ['tga'],
  icns: ['icns'],
  qoi: ['qoi'],
  jp2: ['jp2', 'j2k', 'j2c', 'jpc', 'jpf', 'jpx'],
} as const satisfies Record<string, readonly string[]>;

export type ImageFormat = keyof typeof imageFormats;

/** Extensions in lower case, without a dot. */
export const imageExtensions: readonly string[] = Object.values(imageFormats).flat();

/** Portable identity of a row: root id, POSIX path relative to that root, part (0 = the whole file, from 1 on the cells of a sprite sheet). */
export interface AssetKey { root: string; path: string; part: number }

/** Where a cell lies in its sheet, in pixels of the oriented image, and what an atlas file calls it. */
export interface Cell {
  x: number;
  y: number;
  width: number;
  height: number;
  name?: string;
  /** It lies there turned clockwise by a quarter, and is shown upright. */
  rotated?: boolean;
}

/** What is known of one indexed asset. Sizes in bytes, width and height in pixels of the oriented image (of a cell: of the cell). */
export interface Asset extends AssetKey {
  /** Of the content: begins with the sha256 of the file's bytes, hex. Unique per content and cell; also the thumbnail's name. */
  hash: string;
  /** Lower-case name of a format: a key of {@link imageFormats}. */
  format: string;
  width: number;
  height: number;
  sizeBytes: number;
  /** Title inside the file (SVG `<title>`), the name of a cell, or an empty string. */
  title: string;
  /** Present when `part` > 0. */
  cell?: Cell;
  /** Absent when no label is kept of it. */
  labels?: KeptLabel[];
}

/** A label that is kept of an asset: with the model that set it and how probable it was, [0, 1], or set by hand. */
export interface KeptLabel { label: string; probability?: number; model?: string }

/** One search result. `score` is the cosine similarity in [-1, 1] of query and image, also of a hit found by its name alone; `null` when the model knows none of the words. */
export interface Hit extends Asset {
  score: number | null;
  /** Which rankings found it. */
  matched: { visual: boolean; name: boolean };
}

/** Narrows a query. Empty lists mean no restriction. */
export interface Filter {
  /** Folders: root id and POSIX folder path inside it ('' = the whole root). */
  folders?: { root: string; path: string }[];
  /** Formats as in {@link Asset.format}. */
  formats?: string[];
  /** Kept labels, of which an asset has at least one; '' stands for assets without any. */
  labels?: string[];
}

/** One workspace folder: `id` is portable (its name, made unique), `path` is absolute and local. */
export interface Root {
  id: string;
  path: string;
  /** Globs left out of this folder, besides those of {@link ScanRules}: each folder of a workspace has its own `files.exclude`. */
  exclude?: string[];
}

// ───────────────────────────────────────────── indexing

/** How a scan chooses files. Globs are matched against the POSIX path relative to the root. */
export interface ScanRules {
  /** Globs that are left out of every folder (our own setting; {@link Root.exclude} has VS Code's). */
  exclude: string[];
  /** Globs of which one must match; empty = everything. */
  include: string[];
  /** Obey .gitignore files. */
  gitignore: boolean;
  /** Files larger than this are skipped with a reason. */
  maxFileSizeBytes: number;
  /** Images with more pixels than this are skipped with a reason (decompression bombs). */
  maxPixels: number;
  /** Cut sprite sheets into cells, each an asset of its own beside the whole. */
  splitSheets: boolean;
}

/** Why a file is not in the index. Stable codes; the UI translates them, `message` is English. */
export type SkipCode =
  | 'tooLarge' | 'tooManyPixels' | 'unsupportedFormat' | 'corrupt' | 'svgTooComplex'
  | 'timeout' | 'crashesDecoder' | 'unreadable' | 'vanished' | 'empty' | 'internal';

export interface SkippedFile {
  root: string;
  path: string;
  code: SkipCode;
  /** What happened. */
  reason: string;
  /** What the user can do. */
  remedy: string;
}

export type IndexPhase = 'scanning' | 'hashing' | 'encoding' | 'optimizing';

export interface IndexProgress {
  phase: IndexPhase;
  /** Files done and to do in this run (planned work only: unchanged files are not counted). */
  done: number;
  total: number;
  skipped: number;
  /** Files encoded a second, over the last few seconds. */
  imagesPerSecond: number;
  /** Estimated seconds left; undefined while unknown. */
  secondsLeft?: number;
  /** The file in work, relative to its root. */
  current?: string;
}

/** indexed + unchanged + reused + skipped.length = seen. */
export interface IndexSummary {
  seen: number;
  indexed: number;
  unchanged: number;
  reused: number;
  removed: number;
  skipped: SkippedFile[];
  seconds: number;
  device: string;
  /** True when the run was cancelled; what was done is kept. */
  cancelled: boolean;
}

/** 'paused': nothing is indexed until somebody resumes or asks for it; a run that was in work ends with the files it had begun. */
export type IndexState = 'idle' | 'indexing' | 'indexingElsewhere' | 'paused' | 'failed';

/** A model as the UI names it. */
export interface ModelInfo {
  id: string;
  revision: string;
  variant: string;
  name: string;
  description: string;
  license: string;
  embeddingDim: number;
  sizeBytes: number;
  /** Folder that holds model.json (or a Hugging Face configuration). */
  folder: string;
}

export interface IndexStatus {
  state: IndexState;
  /** Files in the serving table. */
  assets: number;
  /** Cells of sprite sheets in it, besides. */
  cells: number;
  /** Files skipped at the last run that saw them. */
  skipped: number;
  model: ModelInfo;
  /** The model whose index answers until that of `model` is complete. */
  serving?: ModelInfo;
  /** Why the model that was asked for is not used, but `model`. */
  modelProblem?: ErrorInfo;
  device: string;
  progress?: IndexProgress;
  lastRun?: IndexSummary;
  /** Set when state is 'failed': what happened and what to do next. */
  error?: ErrorInfo;
  /** Who is writing when state is 'indexingElsewhere'. */
  writer?: { pid: number; host: string };
  /** Disk used by the index and the thumbnails. */
  diskBytes: number;
  /** Set where the native libraries cannot run: why, and that only file names are searched. Assets then have no size in pixels and no thumbnail. */
  namesOnly?: ErrorInfo;
}

/**
 * An error as it crosses a boundary. Codes are stable; messages say what happened and what to do next.
 * On both JSON-RPC seams a request fails with a `ResponseError` whose `data` is an ErrorInfo (and whose message is `message`).
 */
export interface ErrorInfo { code: string; message: string }

// ───────────────────────────────────────────── engine seam (extension host → engine process)

export interface OpenParams {
  roots: Root[];
  rules: ScanRules;
  /** Absolute folder of the index (table, state, thumbnails). */
  dbFolder: string;
  /** Absolute folder of the model. */
  modelFolder: string;
  /**
   * Absolute folder of a model that is always there. Where `modelFolder` holds none that may be used, the model of the existing index is used instead, or this one;
   * {@link IndexStatus.modelProblem} says why. Without it, that is an error.
   */
  fallbackModelFolder?: string;
  /** A setting of core/devices.ts: auto, cpu, gpu, or one device by name. */
  device: string;
  /** Absolute folder in which measurements of devices are remembered; without it they last as long as the engine. */
  measurementsFolder?: string;
  /** Threads for decoding and encoding; 0 = as many as cores. */
  threads: number;
  /** Upper bound of the thumbnail folder. */
  maxThumbnailBytes: number;
  /** Load no native library, for this reason: an engine before this one died of it. */
  namesOnly?: ErrorInfo;
}

/** An image given by file, or by its bytes (pasted, dropped; at most 32 MiB). */
export type ImageSource =
  | { kind: 'file'; path: string }
  | { kind: 'asset'; key: AssetKey }
  | { kind: 'bytes'; bytes: Uint8Array; name?: string };

export interface SearchParams { text: string; limit: number; filter?: Filter; useNames: boolean }
/** `text` narrows the picture down ("this, but filled"); `textWeight` in [0, 1] says how much the words count against the picture, 0.5 when left out. */
export interface SimilarParams { image: ImageSource; text?: string; textWeight?: number; limit: number; filter?: Filter }
/**
 * `stacks`: for each hit the index of the first hit that shows the same drawing (another size, colour, format or a copy of it), its own index for the
 * first one; a list may show one tile for them all.
 * `strong`: how many hits fit the query, told from how its own scores are spread over the table; they come first, weak ones after.
 * Undefined where that cannot be told: a small table, or words that the model does not know.
 */
export interface SearchResult { hits: Hit[]; stacks?: number[]; strong?: number; milliseconds: number; total: number }

export interface BrowseParams { offset: number; limit: number; filter?: Filter }
export interface BrowseResult { assets: Asset[]; total: number }

export interface LabelParams { images: ImageSource[]; labels: string[]; templates?: string[] }
/** `probabilities[i]` belongs to `labels[i]`; softmax sums to 1, sigmoid scores are independent. */
export interface LabelResult { image: number; labels: string[]; probabilities: number[]; cosines: number[]; error?: ErrorInfo }

/** Files that were skipped and shall be tried again; without a list, all of them. */
export interface RetryParams { files?: { root: string; path: string }[] }

/** A vector space in the index folder: the table of one model, and the vectors it keeps of files that are gone. */
export interface SpaceInfo {
  name: string;
  /** 'serving' answers queries, 'building' takes its place when it is complete, 'unused' can be removed. */
  role: 'serving' | 'building' | 'unused';
  /** Undefined when the table cannot be read. */
  rows?: number;
  retired?: number;
  bytes: number;
}

/** What is indexed of one workspace folder. */
export interface FolderDetails {
  root: string;
  images: number;
  /** Rows of parts of images (sprite cells, frames). */
  parts: number;
  skipped: number;
  /** It does not exist or cannot be read; what was indexed of it stays. */
  unreadable?: true;
  /** End of the last complete scan, milliseconds since 1970. */
  scannedAt?: number;
}

/** A device that is not used, and why: it is not there, it gave an error, its process died or was silent for too long, or its vectors are not the CPU's. */
export interface DeviceProblem { device: string; code: 'unavailable' | 'failed' | 'crashed' | 'hung' | 'wrong'; detail: string }

/** Which device encodes images, and how it came to that. */
export interface DeviceReport {
  device: string;
  /** 'unmeasured': no run has been long enough yet that measuring could pay; 'untried': what the setting asks for comes with the next images; 'measured': the fastest; 'only': no other that the setting allows works here. */
  reason: 'asked' | 'unmeasured' | 'untried' | 'measured' | 'only';
  /** Images a run takes. */
  batchSize: number;
  /** Images a second, the fastest first; empty when nothing was compared. */
  rates: { device: string; imagesPerSecond: number }[];
  problems: DeviceProblem[];
  /** An installed variant of the same model that was measured to be so many times as fast here. */
  fasterVariant?: { variant: string; factor: number };
}

/** More than {@link IndexStatus} tells, for those who look into the index. */
export interface IndexDetails {
  folders: FolderDetails[];
  spaces: SpaceInfo[];
  thumbnailBytes: number;
  /** Upper bound of the thumbnails. */
  maxThumbnailBytes: number;
  threads: number;
  /** Absent where only names are searched. */
  device?: DeviceReport;
  /** Of the engine process. */
  engine: { node: string; pid: number; memoryBytes: number };
}
/** Which assets a change of labels concerns: these, or those that pass the filter; all of them when neither is given. */
export interface LabelScope { keys?: AssetKey[]; filter?: Filter }
export interface LabelCount { label: string; images: number }
/** Zero-shot labels of many assets from their stored vectors. Of each the labels are kept that the model is sure of; `unsure` counts those without. */
export interface LabelRunParams { scope: LabelScope; labels: string[]; templates?: string[] }
export interface LabelRunResult {
  /** Assets that were judged; fewer than the scope holds when the run was cancelled. */
  images: number;
  /** In the order of the labels. */
  counts: LabelCount[];
  unsure: number;
  /** Assets whose kept labels are others now. */
  changed: number;
  seconds: number;
  cancelled: boolean;
}
/** Labels a person sets and takes away; no model changes them later. */
export interface SetLabelsParams { scope: LabelScope; add: string[]; remove: string[] }
/** Every kept label, the most frequent first, and how many assets have none. */
export interface LabelCounts { labels: LabelCount[]; unlabelled: number }
export type LabelExportFormat = 'csv' | 'json';
/** `rows`: image and label pairs. */
export interface LabelExport { text: string; rows: number }
/** Content of a root's team file, or why it cannot be written over. */
export interface TeamExport { root: string; text: string; images: number; error?: ErrorInfo }
export interface TeamImport { changed: number; errors: { root: string; error: ErrorInfo }[] }

/** Paths (POSIX, relative to their root) the watcher saw; a folder stands for all below it. */
export interface UpdateParams { changes: { root: string; path: string }[] }

/** How many of the indexed files seem to be photographs or screenshots, and whether these prevail in an index of some size. */
export interface PictureKinds { images: number; photographs: number; screenshots: number; prevail: boolean }

/** A warning or an error of the log. */
export interface Problem { /** Milliseconds since 1970. */ at: number; level: 'warn' | 'error'; message: string }

export interface LogRecord { level: 'trace' | 'debug' | 'info' | 'warn' | 'error'; message: string }

export const Engine = {
  open: request<OpenParams, IndexStatus>('engine/open'),
  /** Full scan and index. Cancellable. `force` re-reads and re-encodes everything. */
  index: request<{ force?: boolean }, IndexSummary>('engine/index'),
  update: request<UpdateParams, IndexSummary>('engine/update'),
  /** Drops table, state and thumbnails of the serving model, then indexes. */
  rebuild: request<Record<string, never>, IndexSummary>('engine/rebuild'),
  /** Reads skipped files anew as if nothing were known of them, and looks at no others. Runs while paused, too: somebody asked for it. */
  retry: request<RetryParams, IndexSummary>('engine/retry'),
  /** Paused, every run but a retry ends at once, and one in work takes no new files; resolves when it has written what it had begun. */
  pause: request<{ paused: boolean }, void>('engine/pause'),
  search: request<SearchParams, SearchResult>('engine/search'),
  similar: request<SimilarParams, SearchResult>('engine/similar'),
  browse: request<BrowseParams, BrowseResult>('engine/browse'),
  label: request<LabelParams, LabelResult[]>('engine/label'),
  /** Cancellable; what is done is kept. Waits for a run of the index that is under way. */
  labelMany: request<LabelRunParams, LabelRunResult>('engine/labelMany'),
  labelProgress: notification<{ done: number; total: number }>('engine/labelProgress'),
  /** These three return how many assets have other labels now. */
  setLabels: request<SetLabelsParams, number>('engine/setLabels'),
  clearLabels: request<{ scope: LabelScope }, number>('engine/clearLabels'),
  /** Takes back the last labelling, setting or clearing of this session, where nothing has changed since. */
  undoLabels: request<Record<string, never>, number>('engine/undoLabels'),
  labelCounts: request<{ filter?: Filter }, LabelCounts>('engine/labelCounts'),
  exportLabels: request<{ scope: LabelScope; format: LabelExportFormat }, LabelExport>('engine/exportLabels'),
  exportTeamLabels: request<Record<string, never>, TeamExport[]>('engine/exportTeamLabels'),
  /** Reads `.vscode/asset-labels.json` of each root where it has changed. */
  readTeamLabels: request<Record<string, never>, TeamImport>('engine/readTeamLabels'),
  status: request<Record<string, never>, IndexStatus>('engine/status'),
  skipped: request<Record<string, never>, SkippedFile[]>('engine/skipped'),
  details: request<Record<string, never>, IndexDetails>('engine/details'),
  /** Deletes an unused space. Fails with 'usage' for one in use, with 'indexLocked' while somebody writes. */
  removeSpace: request<{ name: string }, void>('engine/removeSpace'),
  pictureKinds: request<Record<string, never>, PictureKinds>('engine/pictureKinds'),
  /** Checks a model before it is chosen. Fails with modelInvalid, modelMissing, modelCorrupt, or where no model can run. Cancellable. */
  verifyModel: request<{ folder: string }, void>('engine/verifyModel'),
  /** Copies a folder as other tools export a model into the models' folder, checked. `name`: what it is called from now on. Cancellable. */
  importModel: request<{ from: string; modelsFolder: string; name?: string }, { id: string; variant: string; unchanged: boolean }>('engine/importModel'),
  /** Folders that hold indexed files, at any depth; sorted by root and path. */
  folders: request<Record<string, never>, { root: string; path: string }[]>('engine/folders'),
  /** Makes sure thumbnails exist; returns the absolute file path per hash (missing when it could not be made). */
  thumbnails: request<{ assets: AssetKey[] }, { key: AssetKey; file?: string }[]>('engine/thumbnails'),
  statusChanged: notification<IndexStatus>('engine/statusChanged'),
  log: notification<LogRecord>('engine/log'),
} as const;

// ───────────────────────────────────────────── webview seam (webview → extension host)

/** A hit as the webview shows it: `thumbnail` is a webview URI. */
export interface Tile extends Hit {
  thumbnail?: string;
  /** The folder's display name in multi-root workspaces. */
  rootName: string;
}

export interface ViewState {
  query: string;
  /** Set when the list shows images similar to this one. */
  similarTo?: { key?: AssetKey; name: string };
  /** How much the words count against the picture, [0, 1]. */
  textWeight?: number;
  filter: Filter;
  labels: string;
  /** Edge of a picture in the grid, pixels. */
  tileSize?: number;
  /** Whether the panel's labels are open. */
  labelsOpen?: boolean;
}

/** What the webview knows about the index and its surroundings. */
export interface ViewStatus {
  /** 'noFolder': no workspace folder is open; 'virtual': none of those that are open is on a disk; 'engineFailed': see error. */
  availability: 'ready' | 'starting' | 'noFolder' | 'virtual' | 'engineFailed' | 'untrusted';
  /** The index builds by itself: without it, nothing happens until the user asks. */
  automatic: boolean;
  index?: IndexStatus;
  error?: ErrorInfo;
  /** Why the model of the settings is not used, with its name, and whether it can be had by a download. */
  modelProblem?: ErrorInfo & { title: string; downloadable: boolean };
  roots: { id: string; name: string }[];
  /** Words to label with, by the name of their set (a setting). */
  labelSets?: Readonly<Record<string, readonly string[]>>;
}

/** A pasted, dropped or picked query picture. */
export interface QueryImage { bytes: Uint8Array; name: string }

/** What a webview can search by: an asset, the bytes of a picture, or a file that was dragged here from VS Code itself. */
export type ViewImage = { key: AssetKey } | { uri: string } | QueryImage;

/** {@link SearchResult} as the webview shows it. */
export interface ViewResult { tiles: Tile[]; stacks?: number[]; strong?: number; milliseconds: number; total: number }

/** What is needed of an asset to insert or copy it. */
export type AssetReference = AssetKey & Pick<Asset, 'width' | 'height' | 'title' | 'cell'>;

/** The data of dragged tiles: a JSON list of {@link AssetReference}. */
export const assetMime = 'application/vnd.asset-search.asset';

/** Ways to copy an asset as text. */
export type CopyKind = 'path' | 'relativePath' | 'import' | 'markdown' | 'dataUri' | 'svg';

/** One of the extension's commands, or of VS Code's. */
export type ViewCommand =
  | 'index' | 'cancelIndexing' | 'pauseIndexing' | 'resumeIndexing' | 'rebuild' | 'showLog' | 'openFolder' | 'openPanel' | 'openSettings' | 'showSkipped' | 'copyDiagnostics' | 'chooseModel' | 'downloadModel' | 'showModelCard' | 'manageTrust' | 'getStarted';

/** Skipped files of one reason; `remedy` when it is the same for all. Of many, `files` holds only the first. */
export interface SkippedGroup { code: SkipCode; count: number; remedy?: string; files: SkippedFile[] }

/** A model in this machine's folder of models; 'partial' is what an interrupted download left. */
export interface ModelOnDisk { id: string; variant: string; title: string; sizeBytes: number; state: 'inUse' | 'unused' | 'damaged' | 'partial' }

/** What the status page shows beside {@link ViewStatus}: the settings, what the engine knows when it runs, models on disk, and the last problems, latest first. */
export interface StatusDetails { index?: IndexDetails; models: ModelOnDisk[]; threads: number; problems: Problem[] }

/** A part of the status page that one can jump to. */
export type StatusSection = 'skipped';

export type TileAction = 'open' | 'reveal' | 'copyPath' | 'findSimilar' | 'openToSide'
  | 'insert' | 'copyRelativePath' | 'copyImport' | 'copyMarkdown' | 'copyDataUri' | 'copySvg' | 'copyFileTo';

/** What the host does about labels after asking the user. */
export type LabelCommand = 'clear' | 'undo' | 'export' | 'exportTeam' | 'saveSet';

export const View = {
  /** First message of a webview: the reply is what it needs to draw. */
  ready: request<{ kind: 'sidebar' | 'panel' | 'status' }, { status: ViewStatus; state?: ViewState; strings: Record<string, string> }>('view/ready'),
  search: request<SearchParams, ViewResult>('view/search'),
  similar: request<{ image: ViewImage; text?: string; textWeight?: number; limit: number; filter?: Filter }, ViewResult>('view/similar'),
  browse: request<BrowseParams, { tiles: Tile[]; total: number }>('view/browse'),
  /** Folders that hold images, for the filter. */
  folders: request<Record<string, never>, { root: string; path: string }[]>('view/folders'),
  label: request<{ keys: AssetKey[]; labels: string[] }, LabelResult[]>('view/label'),
  /** Labels what the scope holds and keeps it; the host shows the progress. Before many it asks the user, and null says that they do not want it. */
  labelMany: request<{ scope: LabelScope; labels: string[] }, LabelRunResult | null>('view/labelMany'),
  setLabels: request<{ keys: AssetKey[]; add: string[]; remove: string[] }, void>('view/setLabels'),
  labelCounts: request<Record<string, never>, LabelCounts>('view/labelCounts'),
  labelCommand: request<{ command: LabelCommand; scope: LabelScope; labels?: string[] }, void>('view/labelCommand'),
  /** `assets`: all that the action is meant for, where it takes several. `announcement` is for screen readers. */
  action: request<{ action: TileAction; key: AssetKey; assets?: AssetReference[] }, { announcement?: string } | null>('view/action'),
  /** Runs one of the extension's commands (start indexing, cancel, show log, open folder…). */
  command: request<{ command: ViewCommand }, void>('view/command'),
  details: request<Record<string, never>, StatusDetails>('view/details'),
  /** Skipped files whose path, reason or remedy holds all words of `text`; `rows`: how many of a group are wanted where the first ones are not enough. */
  skipped: request<{ text: string; rows: Partial<Record<SkipCode, number>> }, { total: number; matching: number; groups: SkippedGroup[] }>('view/skipped'),
  /** Tries these files again, those of one reason, or all; says how many of them were skipped again. */
  retry: request<{ files?: { root: string; path: string }[]; code?: SkipCode }, { tried: number; skipped: number }>('view/retry'),
  /** Asks the user first; tells whether it was removed. */
  removeSpace: request<{ name: string }, boolean>('view/removeSpace'),
  /** Likewise for a model on disk. */
  removeModel: request<Pick<ModelOnDisk, 'id' | 'variant'>, boolean>('view/removeModel'),
  saveState: notification<ViewState>('view/saveState'),
  statusChanged: notification<ViewStatus>('view/statusChanged'),
  /** Host → webview: show images similar to this asset or file, or run this query. */
  show: notification<{ query?: string; similarTo?: { key?: AssetKey; name: string; tiles?: Tile[]; stacks?: number[]; strong?: number } }>('view/show'),
  /** Host → status page: ask for the details again. */
  detailsChanged: notification<Record<string, never>>('view/detailsChanged'),
  showSection: notification<{ section: StatusSection }>('view/showSection'),
  /** Host → webview: the table changed, list again. */
  assetsChanged: notification<Record<string, never>>('view/assetsChanged'),
} as const;

// ───────────────────────────────────────────── error codes

/** Codes used by both sides; tests check these, never messages. */
export type ErrorCode =
  | 'modelMissing' | 'modelCorrupt' | 'modelInvalid' | 'modelBusy' | 'modelsReadOnly' | 'licenseNotAccepted' | 'deviceUnavailable'
  | 'networkUnavailable' | 'downloadFailed' | 'downloadForbidden' | 'downloadNotFound' | 'downloadCorrupt'
  | 'indexMissing' | 'indexCorrupt' | 'indexLocked' | 'indexReadOnly' | 'diskFull'
  | 'imageUnreadable' | 'imageUnsupported' | 'imageTooLarge' | 'notIndexed' | 'textNotUnderstood'
  | 'platformUnsupported' | 'processorUnsupported' | 'nativeMissing'
  | 'labelFileInvalid'
  | 'encoderCrashed' | 'encoderHung' | 'engineCrashed' | 'engineUnavailable' | 'cancelled' | 'usage' | 'internal';
