/** Answers one webview: queries, labels, actions on tiles, and news of the index. */
import { basename } from 'node:path';
import * as vscode from 'vscode';
import { Engine, View, type Asset, type AssetKey, type AssetReference, type CopyKind, type Hit, type ImageSource, type IndexStatus, type Tile, type TileAction, type ViewCommand, type ViewImage, type ViewState, type ViewStatus } from '../protocol';
import { translateCatalog } from './catalogTexts';
import { copyAssets, copyFilesTo } from './copy';
import { AssetSearchError } from '../errors';
import { showError, type Host } from './host';
import { imageExtension, openImage, requireFile } from './imageFiles';
import { requireUri, uriOf } from './roots';
import { ViewConnection } from './viewConnection';
import { webviewHtml } from './webviewHtml';

/** Bytes of a pasted or dropped picture. */
const maxQueryImageBytes = 32 * 1024 * 1024;
/** Without thumbnails: larger files would fill the page's memory. */
const maxPictureBytes = 300_000;
const browserFormats: ReadonlySet<string> = new Set(['png', 'jpeg', 'webp', 'gif', 'svg', 'avif', 'bmp', 'ico']);
/** While the index grows the grid lists anew at most this often. */
const assetsChangedMs = 2_000;

export type ShowParams = NonNullable<Parameters<NonNullable<typeof View.show.types>>[0]>;

export class ViewSession implements vscode.Disposable {
  readonly #connection: ViewConnection;
  readonly #subscriptions: vscode.Disposable[];
  #seen: string | undefined;
  #assetsTimer: NodeJS.Timeout | undefined;
  #allowedFolders = '';

  constructor(private readonly host: Host, private readonly webview: vscode.Webview, private readonly kind: 'sidebar' | 'panel') {
    this.#connection = new ViewConnection(webview, host.log);
    this.#answer();
    this.#subscriptions = [
      this.#connection,
      host.engine.onDidChangeStatus(() => this.#statusChanged()),
      host.settings.onDidChange(() => this.#statusChanged()),
      host.labels.onDidChange(() => this.#connection.notify(View.assetsChanged, {})),
      vscode.workspace.onDidGrantWorkspaceTrust(() => this.#statusChanged()),
    ];
    this.#allowFolders();
    webview.html = webviewHtml(webview, host.context.extensionUri, kind);
    host.engine.start();
  }

  /** Shows a query or similar images, as soon as the page can. */
  show(params: ShowParams): void { this.#connection.show(View.show, params); }

  hidden(): void { this.#connection.hidden(); }

  async tiles(hits: readonly Hit[]): Promise<Tile[]> {
    if (this.host.engine.status?.namesOnly) { return hits.map(hit => ({ ...hit, rootName: hit.root, thumbnail: this.#picture(hit) })); }
    const files = await this.host.thumbnails.files(hits);
    return hits.map(hit => {
      const file = files.get(hit.hash);
      return { ...hit, rootName: hit.root, thumbnail: file && this.webview.asWebviewUri(vscode.Uri.file(file)).toString() };
    });
  }

  /** Where nothing can make thumbnails, a small file that a browser draws is its own. */
  #picture(hit: Hit): string | undefined {
    const uri = hit.sizeBytes <= maxPictureBytes && browserFormats.has(hit.format) ? uriOf(this.host.roots(), hit) : undefined;
    return uri && this.webview.asWebviewUri(uri).toString();
  }

  dispose(): void {
    clearTimeout(this.#assetsTimer);
    vscode.Disposable.from(...this.#subscriptions).dispose();
  }

  get #stateKey(): string { return `assetSearch.view.${this.kind}`; }

  /** VS Code loads the page anew when its options change, and one that is being loaded may stay empty: they change only when a folder does. */
  #allowFolders(): void {
    const { context, thumbnails, roots } = this.host;
    const folder = thumbnails.folder;
    const folders = [vscode.Uri.joinPath(context.extensionUri, 'dist'), ...folder ? [vscode.Uri.file(folder)] : [], ...roots().map(({ path }) => vscode.Uri.file(path))];
    const key = folders.join('\n');
    if (key === this.#allowedFolders) { return; }
    this.#allowedFolders = key;
    this.webview.options = { enableScripts: true, localResourceRoots: folders };
  }

  #answer(): void {
    const { engine, settings, context, labels } = this.host;
    const connection = this.#connection;
    // What waits to be shown comes in place of the page's old state, so that the two do not race.
    connection.onReady(waiting => ({ status: viewStatusOf(this.host), state: waiting ? undefined : context.workspaceState.get<ViewState>(this.#stateKey), strings: translations() }));
    connection.onNotification(View.saveState, state => void context.workspaceState.update(this.#stateKey, state));
    connection.onRequest(View.search, async (params, token) => {
      void tick('searched');
      const { hits, stacks, ...more } = await engine.request(Engine.search, { ...params, useNames: params.useNames && settings.current.useFileNames }, token);
      return { tiles: await this.tiles(hits), ...settings.current.stackVariants && { stacks }, ...more };
    });
    connection.onRequest(View.similar, async ({ image, ...params }, token) => {
      void tick('foundSimilar');
      const { hits, stacks, ...more } = await engine.request(Engine.similar, { image: imageSource(image), ...params }, token);
      return { tiles: await this.tiles(hits), ...settings.current.stackVariants && { stacks }, ...more };
    });
    connection.onRequest(View.browse, async (params, token) => {
      const { assets, total } = await engine.request(Engine.browse, params, token);
      return { tiles: await this.tiles(assets.map(asHit)), total };
    });
    connection.onRequest(View.folders, (params, token) => engine.request(Engine.folders, params, token));
    connection.onRequest(View.label, async ({ keys, labels }, token) => {
      const results = await engine.request(Engine.label, { images: keys.map(key => ({ kind: 'asset' as const, key })), labels }, token);
      return results.map(({ error, ...result }) => ({ ...result, ...error && { error: { ...error, message: engine.translate(error.message) } } }));
    });
    connection.onRequest(View.labelMany, async ({ scope, labels: words }) => await labels.run(scope, words) ?? null);
    connection.onRequest(View.setLabels, ({ keys, add, remove }) => labels.set({ keys }, add, remove));
    connection.onRequest(View.labelCounts, (_, token) => engine.request(Engine.labelCounts, {}, token));
    connection.onRequest(View.labelCommand, async ({ command, scope, labels: words = [] }) => {
      switch (command) {
        case 'clear': await labels.clear(scope); return;
        case 'undo': await labels.undo(); return;
        case 'export': await labels.export(scope); return;
        case 'exportTeam': await labels.exportTeam(); return;
        case 'saveSet': await labels.saveSet(words); return;
      }
    });
    connection.onRequest(View.action, async ({ action, key, assets }) => {
      void tick('usedImage');
      return { announcement: await this.#act(action, key, assets ?? [{ ...key, width: 0, height: 0, title: '' }]) };
    });
    connection.onRequest(View.command, ({ command }) => runViewCommand(this.host, command));
  }

  #statusChanged(): void {
    const index = this.host.engine.status;
    this.#allowFolders();
    this.#connection.notify(View.statusChanged, viewStatusOf(this.host));
    const now = index && contentOf(index);
    if (now === undefined || now === this.#seen) { return; }
    this.#seen = now;
    this.#assetsTimer ??= setTimeout(() => {
      this.#assetsTimer = undefined;
      this.#connection.notify(View.assetsChanged, {});
    }, index?.state === 'indexing' ? assetsChangedMs : 0);
  }

  /** Says what was done, where that is not seen. */
  async #act(action: TileAction, key: AssetKey, assets: AssetReference[]): Promise<string | undefined> {
    const { host } = this;
    const uri = requireUri(host.roots(), key);
    switch (action) {
      case 'open': await openImage(uri); return undefined;
      case 'openToSide': await openImage(uri, { viewColumn: vscode.ViewColumn.Beside }); return undefined;
      case 'reveal': await requireFile(uri); await vscode.commands.executeCommand('revealInExplorer', uri); return undefined;
      case 'findSimilar': await vscode.commands.executeCommand('assetSearch.findSimilar', uri); return undefined;
      case 'insert': return host.inserter.insert(assets);
      // Not awaited: it asks for a folder, shows its own progress, and tells of its end.
      case 'copyFileTo': void copyFilesTo(host, assets).catch(error => showError(host, error)); return undefined;
      default: return copyAssets(host, kindOf[action], assets);
    }
  }
}

/** The webview's English strings are its keys; only a translation has to be sent. */
export function translations(): Record<string, string> {
  return Object.fromEntries(Object.entries(vscode.l10n.bundle ?? {}).filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}

export function viewStatusOf({ engine, models, roots, settings }: Host): ViewStatus {
  const { isTrusted, workspaceFolders = [] } = vscode.workspace;
  const { status: index, error } = engine;
  return {
    availability: engine.availability === 'noFolder' && workspaceFolders.length > 0 ? 'virtual' : engine.availability,
    automatic: isTrusted && settings.current.autoIndex,
    index: index && { ...index, model: { ...index.model, description: translateCatalog(index.model.description) } },
    error: error ?? index?.error,
    ...models.problem && { modelProblem: models.problem },
    roots: roots().map(({ id }) => ({ id, name: id })),
    labelSets: settings.current.labelSets,
  };
}

export async function runViewCommand({ context, settings }: Host, command: ViewCommand): Promise<void> {
  switch (command) {
    case 'openFolder': await vscode.commands.executeCommand('vscode.openFolder'); return;
    case 'openSettings': await vscode.commands.executeCommand('workbench.action.openSettings', `@ext:${context.extension.id}`); return;
    case 'downloadModel': void vscode.commands.executeCommand('assetSearch.chooseModel', settings.current.model); return;
    case 'manageTrust': await vscode.commands.executeCommand('workbench.trust.manage'); return;
    // Not awaited: a run may take minutes, and its progress is shown by the status.
    default: void vscode.commands.executeCommand(`assetSearch.${command}`); return;
  }
}

const kindOf = {
  copyPath: 'path', copyRelativePath: 'relativePath', copyImport: 'import', copyMarkdown: 'markdown', copyDataUri: 'dataUri', copySvg: 'svg',
} as const satisfies Partial<Record<TileAction, CopyKind>>;
/**
 * Completes a step of the walkthrough: what is done inside a view runs no command that could. Only a key that becomes true is an event;
 * one that is true already when VS Code reads the walkthrough, which it may do late, would never complete its step.
 */
async function tick(step: 'searched' | 'foundSimilar' | 'usedImage'): Promise<void> {
  await vscode.commands.executeCommand('setContext', `assetSearch.${step}`, true);
  await vscode.commands.executeCommand('setContext', `assetSearch.${step}`, undefined);
}

const asHit = (asset: Asset): Hit => ({ ...asset, score: null, matched: { visual: false, name: false } });

/** Changes whenever the table does. */
const contentOf = ({ assets, lastRun }: IndexStatus): string => JSON.stringify([assets, lastRun?.indexed, lastRun?.reused, lastRun?.removed, lastRun?.seconds]);

function imageSource(image: ViewImage): ImageSource {
  if ('key' in image) { return { kind: 'asset', key: image.key }; }
  if ('uri' in image) {
    const uri = vscode.Uri.parse(image.uri);
    if (uri.scheme !== 'file' || !imageExtension.test(uri.path)) { throw new AssetSearchError('imageUnsupported', vscode.l10n.t('{0} is not an image that can be read.', basename(uri.path))); }
    return { kind: 'file', path: uri.fsPath };
  }
  if (image.bytes.byteLength > maxQueryImageBytes) {
    throw new AssetSearchError('imageTooLarge', vscode.l10n.t('{0} is larger than 32 MB. Use a smaller copy of it.', image.name));
  }
  // Copied: what postMessage delivers may be a view into a larger message.
  return { kind: 'bytes', bytes: new Uint8Array(image.bytes), name: image.name };
}
