/** A pretended extension host inside the development page: real message shapes, made-up answers. Never part of dist/. */
import type { AssetKey, Filter, IndexStatus, SkipCode, SkippedFile, SkippedGroup, SpaceInfo, StatusDetails, Tile, ViewStatus } from '../../src/protocol';
import { themes, type ThemeName } from './themes';

interface Message { jsonrpc: '2.0'; id?: number; method?: string; params?: any }

/** What the tests read and steer. */
export interface MockHost {
  received: { method: string; params: any }[];
  cancelled: string[];
  /** Milliseconds until a request is answered, by method. */
  delays: Record<string, number>;
  /** Methods that fail, with the message. */
  failures: Record<string, string>;
  violations: string[];
  setStatus(scenario: string): void;
  setTheme(theme: ThemeName): void;
  notify(method: string, params: unknown): void;
}

declare global {
  interface Window { mockAssets: Tile[]; mock: MockHost }
}

const settings = new URLSearchParams(location.search);
const scenario = settings.get('scenario') ?? 'ready';
const theme = (settings.get('theme') ?? 'dark') as ThemeName;

const model = {
  id: 'builtin', revision: '1', variant: 'int8', name: 'Built-in icons', description: 'Icons, emoji, logos and flat drawings', license: 'MIT',
  embeddingDim: 256, sizeBytes: 4_200_000, folder: '/media/builtin',
};

function statusOf(name: string): ViewStatus {
  const lastRun = { seen: assets.length + skipped.length, indexed: 12, unchanged: assets.length - 12, reused: 0, removed: 2, skipped: [], seconds: 3.4, device: 'cpu', cancelled: false };
  const idle: IndexStatus = { state: 'idle', assets: assets.length, cells: 0, skipped: skipped.length, lastRun, model, device: 'cpu', diskBytes: 9_400_000 };
  const roots = settings.has('roots') ? [{ id: 'web-app', name: 'web-app' }, { id: 'design', name: 'design' }] : [{ id: 'web-app', name: 'web-app' }];
  const ready = (index: Partial<IndexStatus>): ViewStatus => ({ availability: 'ready', automatic: true, roots, ...settings.has('sets') && { labelSets: { 'UI state': ['enabled', 'disabled'], 'Kind': ['icon', 'logo', 'photo'] } }, index: { ...idle, ...index } });
  const error = { code: 'diskFull', message: 'The disk is full: the index needs about 12 MB more. Free some space, then run the index again.' };
  switch (name) {
    case 'noFolder': return { availability: 'noFolder', automatic: true, roots: [] };
    case 'virtual': return { availability: 'virtual', automatic: true, roots: [] };
    case 'untrusted': return { availability: 'untrusted', automatic: false, roots };
    case 'starting': return { availability: 'starting', automatic: true, roots };
    case 'engineFailed': return { availability: 'engineFailed', automatic: true, roots, error: { code: 'engineCrashed', message: 'The engine ended three times in a row (signal SIGILL). This processor may lack instructions the model needs.' } };
    case 'folderFault': return { availability: 'engineFailed', automatic: true, roots, error: { code: 'usage', message: '"/etc" holds other files than an index, so none is made there. Choose a folder of its own for it.' } };
    case 'indexing': return ready({ state: 'indexing', assets: 320, progress: { phase: 'encoding', done: 320, total: 547, skipped: 3, imagesPerSecond: 210, secondsLeft: 8, current: 'icons/shopping-cart.svg' } });
    case 'indexingEmpty': return ready({ state: 'indexing', assets: 0, skipped: 0, progress: { phase: 'scanning', done: 0, total: 1240, skipped: 0, imagesPerSecond: 0 } });
    case 'paused': return ready({ state: 'paused', assets: 320 });
    case 'pausedEmpty': return ready({ state: 'paused', assets: 0, skipped: 0 });
    case 'elsewhere': return ready({ state: 'indexingElsewhere', writer: { pid: 4711, host: 'here' } });
    case 'elsewhereEmpty': return ready({ state: 'indexingElsewhere', assets: 0, skipped: 0, writer: { pid: 4711, host: 'here' } });
    case 'failed': return ready({ state: 'failed', assets: 0, error });
    case 'failedWithAssets': return ready({ state: 'failed', error });
    case 'namesOnly': return ready({ namesOnly: { code: 'processorUnsupported', message: 'This processor lacks instructions that the search engine needs (AVX2, FMA), so pictures cannot be read here. File names are searched instead. In a virtual machine, let it pass on the host\'s processor type.' } });
    case 'modelMissing': return { ...ready({ modelProblem: { code: 'modelMissing', message: 'There is no model.' } }), modelProblem: { code: 'modelMissing', message: 'There is no model.', title: 'OpenAI CLIP ViT-B/32', downloadable: true } };
    case 'switching': return ready({ state: 'indexing', model: { ...model, id: 'clip-vit-base-patch32', name: 'OpenAI CLIP ViT-B/32' }, serving: model, progress: { phase: 'encoding', done: 320, total: 547, skipped: 3, imagesPerSecond: 21, secondsLeft: 11 } });
    case 'empty': return ready({ assets: 0, skipped: 2 });
    case 'byHand': return { ...ready({ assets: 0, skipped: 0, lastRun: undefined }), automatic: false };
    case 'beforeFirstRun': return ready({ assets: 0, skipped: 0, lastRun: undefined });
    case 'corrupt': return ready({ state: 'failed', assets: 0, error: { code: 'indexCorrupt', message: 'The index cannot be read.' } });
    default: return ready({});
  }
}

const nameIn = (path: string): string => path.replace(/^.*\/|\.\w+$/g, '');
const wanted = Number(settings.get('count') ?? (scenario === 'many' ? 10_000 : 547));
const drawn = window.mockAssets;
const assets: Tile[] = Array.from({ length: ['empty', 'indexingEmpty', 'elsewhereEmpty', 'pausedEmpty', 'failed', 'byHand', 'beforeFirstRun', 'corrupt'].includes(scenario) ? 0 : wanted }, (_, index) => {
  // A step that shares no factor with the number mixes emoji, photographs, dark and light icons.
  const tile = drawn[index * 197 % drawn.length]!;
  const round = Math.floor(index / drawn.length);
  return round === 0 ? tile : { ...tile, path: tile.path.replace(/(\.\w+)$/, `-${round}$1`), hash: `${tile.hash}${round}` };
});

// Cells of two sheets, one with the names of an atlas.
if (settings.has('cells')) {
  assets.forEach((tile, index) => {
    if (tile.format !== 'png' || index % 3 === 0) { return; }
    const cell = { x: (index % 4) * 64, y: 128, width: 64, height: 64 };
    const named = index % 2 === 0;
    assets[index] = { ...tile, path: `game/sprites/${named ? 'ui-atlas' : 'animals-sheet'}.png`, part: index + 1, width: 64, height: 64, title: named ? nameIn(tile.path) : '', cell: named ? { ...cell, name: `ui/${nameIn(tile.path)}` } : cell };
  });
}

const passes = (tile: Tile, filter: Filter = {}): boolean =>
  (!filter.labels?.length || filter.labels.some(label => label === '' ? !tile.labels?.length : tile.labels?.some(kept => kept.label === label)))
  && (!filter.formats?.length || filter.formats.includes(tile.format))
  && (!filter.folders?.length || filter.folders.some(({ root, path }) => root === tile.root && (path === '' || tile.path.startsWith(`${path}/`))));

function rank(text: string, limit: number, filter?: Filter) {
  const words = text.toLowerCase().split(/\s+/);
  const scored = assets.filter(tile => passes(tile, filter)).map((tile, order) => {
    const found = words.filter(word => tile.path.toLowerCase().includes(word)).length / words.length;
    return { tile, score: 0.12 + 0.2 * found - order * 0.00001, found };
  }).sort((a, b) => b.score - a.score);
  const none = text.includes('zzz');
  const tiles = none ? [] : scored.slice(0, limit).map(({ tile, score, found }): Tile => ({ ...tile, score, matched: { visual: true, name: found > 0 } }));
  const strong = settings.has('divider') ? tiles.filter(tile => tile.score! >= 0.3).length : undefined;
  // The first forty hits are stacks of four, three, two and one.
  const stacks = settings.has('stacks') ? tiles.map((_, index) => (index >= 40 ? index : index - [0, 1, 2, 3, 0, 1, 2, 0, 1, 0][index % 10]!)) : undefined;
  return { tiles, ...(stacks && { stacks }), ...(strong !== undefined && { strong }), milliseconds: 4, total: none ? 0 : scored.length };
}

// ─── the status page

/** `skipped` in the address says how many there are. */
let skipped: SkippedFile[] = Array.from({ length: Number(settings.get('skipped') ?? 3) }, (_, index): SkippedFile => {
  const kinds: [SkipCode, string, string, string][] = [
    ['corrupt', 'png', 'The image is damaged: the file ends in the middle of the picture (pngload: libspng read error).', 'Restore it from a backup or save it again.'],
    ['unsupportedFormat', 'heic', 'HEIC images cannot be read.', 'Convert it to PNG: on macOS "sips -s format png image.heic --out image.png", elsewhere with ImageMagick "magick image.heic image.png".'],
    ['tooLarge', 'tiff', `The file has ${21 + index % 60}.0 MB; the limit is 20.0 MB.`, 'Raise the file size limit in the settings, or shrink the image.'],
    ['svgTooComplex', 'svg', 'The SVG nests entities without end.', 'Save it as plain SVG.'],
  ];
  const [code, extension, reason, remedy] = kinds[index % 7 % kinds.length]!;
  return { root: 'web-app', path: `design/exports/${['hero', 'banner', 'portrait-of-the-whole-team', 'scan'][index % 4]}-${String(index + 1).padStart(4, '0')}.${extension}`, code, reason, remedy };
});

function groupsOf(text: string, rows: Partial<Record<SkipCode, number>>): { total: number; matching: number; groups: SkippedGroup[] } {
  const matching = skipped.filter(({ path, reason }) => `${path} ${reason}`.toLowerCase().includes(text.toLowerCase()));
  const groups = [...new Set(matching.map(({ code }) => code))].map((code): SkippedGroup => {
    const files = matching.filter(each => each.code === code);
    return { code, count: files.length, remedy: files[0]!.remedy, files: files.slice(0, rows[code] ?? 50) };
  });
  return { total: skipped.length, matching: matching.length, groups: groups.sort((a, b) => b.count - a.count) };
}

let spaces: SpaceInfo[] = [
  { name: 'builtin_1_int8_p1', role: 'serving', rows: 547, retired: 38, bytes: 1_240_000 },
  { name: 'clip-vit-b32_2_fp16_p1', role: 'unused', rows: 547, retired: 0, bytes: 2_480_000 },
];
const details = (): StatusDetails => ({
  index: {
    folders: (settings.has('roots') ? ['web-app', 'design'] : ['web-app']).map((root, index) => ({ root, images: index === 0 ? 547 : 0, parts: index === 0 ? Number(settings.get('parts') ?? 0) : 0, skipped: index === 0 ? skipped.length : 0, ...(index === 0 ? { scannedAt: Date.now() - 125_000 } : settings.has('unreadable') && { unreadable: true as const }) })),
    spaces, thumbnailBytes: 3_100_000, maxThumbnailBytes: 512 * 2 ** 20, threads: 8,
    device: { device: 'cpu', reason: 'measured', batchSize: 8, rates: [{ device: 'cpu', imagesPerSecond: 312.4 }, { device: 'webgpu', imagesPerSecond: 287 }], problems: [{ device: 'cuda', code: 'unavailable', detail: 'Failed to load shared library' }] },
    engine: { node: '22.21.1', pid: 4711, memoryBytes: 3e8 },
  },
  models: settings.has('models') ? [
    { id: 'clip-vit-base-patch32', variant: 'int8', title: 'OpenAI CLIP ViT-B/32', sizeBytes: 155_800_000, state: 'inUse' }, { id: 'my-own', variant: 'fp32', title: 'my-own', sizeBytes: 610_000_000, state: 'unused' },
    { id: 'siglip2-base-patch16-224', variant: 'int8', title: 'SigLIP 2 base 224', sizeBytes: 98_000_000, state: 'partial' },
  ] : [],
  threads: 0,
  problems: settings.has('problems') ? [
    { at: Date.UTC(2026, 0, 5, 9, 12), level: 'error', message: '[engine] The disk is full: the index needs about 12 MB more. Free some space, then run the index again.' },
    { at: Date.UTC(2026, 0, 5, 9, 10), level: 'warn', message: '[engine] Cannot read web-app/private: EACCES: permission denied, scandir \'/projects/web-app/private\'' },
  ] : [],
});

let savedState: unknown = settings.has('state') ? JSON.parse(settings.get('state')!) : undefined;

function answer(method: string, params: any): unknown {
  switch (method) {
    case 'view/ready': return { status: statusOf(scenario), state: savedState, strings: settings.has('german') ? { 'Search assets': 'Bilder suchen', '{0} assets': '{0} Bilder' } : {} };
    case 'view/browse': {
      const all = assets.filter(tile => passes(tile, params.filter));
      return { tiles: all.slice(params.offset, params.offset + params.limit), total: all.length };
    }
    case 'view/search': return rank(params.text, params.limit, params.filter);
    case 'view/similar': return rank('key' in params.image ? /([a-z]+)[^/]*$/.exec((params.image.key as AssetKey).path)?.[1] ?? '' : 'cart', params.limit, params.filter);
    case 'view/folders': return [...settings.has('deep') ? ['small', 'large'].map(name => `packages/shop/frontend/source/components/checkout/pictures/payment/icons/${name}`) : [], ...new Set(assets.map(({ path }) => path.slice(0, path.lastIndexOf('/'))))].sort().map(path => ({ root: 'web-app', path }));
    case 'view/label': return (params.keys as AssetKey[]).map((_, image) => {
      const weights = (params.labels as string[]).map((label, index) => Math.exp(((label.length * 7 + image * 3 + index) % 5) * 0.9));
      const sum = weights.reduce((total, weight) => total + weight, 0);
      return { image, labels: params.labels, probabilities: weights.map(weight => weight / sum), cosines: weights.map(() => 0.2) };
    });
    case 'view/action': return params.action === 'copyRelativePath' ? { announcement: `Copied the path of ${(params.key as AssetKey).path.split('/').at(-1)}` } : {};
    case 'view/labelMany': {
      const chosen = assets.filter(tile => params.scope.keys ? (params.scope.keys as AssetKey[]).some(key => key.path === tile.path && key.part === tile.part) : passes(tile, params.scope.filter));
      const labels = params.labels as string[];
      const counts = labels.map(label => ({ label, images: 0 }));
      chosen.forEach((tile, index) => {
        const place = tile.path.length % (labels.length + 1);
        tile.labels = [...tile.labels ?? []].filter(({ label, model: by }) => !by || !labels.includes(label));
        if (place < labels.length) { counts[place]!.images++; tile.labels.push({ label: labels[place]!, probability: 0.5 + index % 50 / 100, model: 'builtin@1' }); }
      });
      setTimeout(() => mock.notify('view/assetsChanged', {}));
      return { images: chosen.length, counts, unsure: chosen.length - counts.reduce((sum, { images }) => sum + images, 0), changed: chosen.length, seconds: 0.1, cancelled: false };
    }
    case 'view/setLabels': {
      for (const tile of assets.filter(tile => (params.keys as AssetKey[]).some(key => key.path === tile.path && key.part === tile.part))) {
        tile.labels = [...tile.labels ?? []].filter(({ label }) => !params.add.includes(label) && !params.remove.includes(label)).concat(params.add.map((label: string) => ({ label })));
      }
      setTimeout(() => mock.notify('view/assetsChanged', {}));
      return null;
    }
    case 'view/labelCounts': {
      const images = new Map<string, number>();
      for (const { label } of assets.flatMap(({ labels = [] }) => labels)) { images.set(label, (images.get(label) ?? 0) + 1); }
      return { labels: [...images].map(([label, count]) => ({ label, images: count })).sort((a, b) => b.images - a.images), unlabelled: assets.filter(({ labels }) => !labels?.length).length };
    }
    case 'view/details': return details();
    case 'view/skipped': return groupsOf(params.text, params.rows);
    case 'view/retry': {
      const tried = skipped.filter(file => params.files ? params.files.some((each: { path: string }) => each.path === file.path) : !params.code || file.code === params.code);
      skipped = skipped.filter(file => !tried.includes(file) || file.code === 'svgTooComplex');
      return { tried: tried.length, skipped: tried.filter(({ code }) => code === 'svgTooComplex').length };
    }
    case 'view/removeSpace': spaces = spaces.filter(({ name }) => name !== params.name); return true;
    case 'view/removeModel': return true;
    default: return null;
  }
}

const timers = new Map<number, { timer: ReturnType<typeof setTimeout>; method: string }>();
const post = (message: Message & { result?: unknown; error?: unknown }): void => { window.postMessage(message, '*'); };

function receive(message: Message): void {
  const { id, method, params } = message;
  if (method === '$/cancelRequest') {
    const pending = timers.get(params.id);
    if (!pending) { return; }
    clearTimeout(pending.timer);
    timers.delete(params.id);
    mock.cancelled.push(pending.method);
    post({ jsonrpc: '2.0', id: params.id, error: { code: -32603, message: 'Cancelled', data: { code: 'cancelled', message: 'Cancelled' } } });
    return;
  }
  if (!method) { return; }
  mock.received.push({ method, params });
  if (method === 'view/saveState') { savedState = params; }
  if (id === undefined) { return; }
  const reply = (): void => {
    timers.delete(id);
    const failure = mock.failures[method];
    if (failure) { post({ jsonrpc: '2.0', id, error: { code: -32603, message: failure, data: { code: 'internal', message: failure } } }); return; }
    post({ jsonrpc: '2.0', id, result: answer(method, params) });
  };
  timers.set(id, { timer: setTimeout(reply, mock.delays[method] ?? 5), method });
}

const mock: MockHost = {
  received: [], cancelled: [], violations: [],
  delays: scenario === 'loading' ? { 'view/browse': 1e8 } : scenario === 'slow' ? { 'view/search': 3_000 } : {},
  failures: scenario === 'searchFails' ? { 'view/search': 'The model could not read the query: the text encoder ended. Try again, or see the log.' } : {},
  setStatus: name => mock.notify('view/statusChanged', statusOf(name)),
  setTheme,
  notify: (method, params) => post({ jsonrpc: '2.0', method, params: params as any }),
};
window.mock = mock;
document.addEventListener('securitypolicyviolation', event => { mock.violations.push(`${event.violatedDirective}: ${event.blockedURI} ${event.sample}`); });
Object.assign(window, {
  acquireVsCodeApi: () => ({ postMessage: (message: Message) => { setTimeout(() => receive(structuredClone(message))); }, getState: () => undefined, setState: () => undefined }),
});

function setTheme(name: ThemeName): void {
  const { kind, variables } = themes[name];
  document.body.classList.remove(...Object.values(themes).flatMap(other => other.kind));
  document.body.classList.add(...kind);
  const { style } = document.documentElement;
  for (const variable of [...style].filter(property => property.startsWith('--vscode-'))) { style.removeProperty(variable); }
  for (const [variable, value] of Object.entries(variables)) { style.setProperty(`--vscode-${variable}`, value); }
  style.background = `var(--vscode-${document.body.dataset.kind === 'sidebar' ? 'sideBar' : 'editor'}-background)`;
}
setTheme(theme);
