/** Composition root of the extension: wires settings, engine, index and views. Loads nothing native, starts the engine on first need. */
import * as vscode from 'vscode';
import { createApi, type AssetSearchApi } from './host/api';
import { BrowserView } from './host/browserView';
import { registerCommands } from './host/commands';
import { DropProvider } from './host/dropProvider';
import { EngineClient } from './host/engineClient';
import { isCancelled, toErrorInfo } from './host/errors';
import type { Host } from './host/host';
import { Indexing } from './host/indexing';
import { Inserter } from './host/inserter';
import { Labels } from './host/labels';
import { Log } from './host/log';
import { Models } from './host/models';
import { ModelSuggestion } from './host/modelSuggestion';
import { Panel } from './host/panel';
import { readRoots } from './host/roots';
import { indexFolder, openParams, SettingsStore } from './host/settings';
import { StatusBar } from './host/statusBar';
import { StatusPage } from './host/statusPage';
import { TeamLabels } from './host/teamLabels';
import { Thumbnails } from './host/thumbnails';
import { Watcher } from './host/watcher';

export function activate(context: vscode.ExtensionContext): AssetSearchApi {
  const startedAt = performance.now();
  const log = new Log();
  const settings = new SettingsStore();
  const wanted = () => openParams(settings.current, context);
  const engine = new EngineClient({ engineFile: context.asAbsolutePath('dist/engine.js'), log, openParams: wanted, paused: () => indexing.paused });
  const indexing: Indexing = new Indexing(engine, log, context.workspaceState);
  const thumbnails = new Thumbnails(engine, () => indexFolder(settings.current, readRoots(), context.storageUri));
  const inserter = new Inserter({ settings, roots: readRoots });
  const models = new Models({ context, log, settings, engine });
  const labels = new Labels({ context, log, settings, engine, indexing, thumbnails, inserter, models, roots: readRoots });
  const host: Host = { context, log, settings, engine, indexing, thumbnails, inserter, labels, models, roots: readRoots };
  const panel = new Panel(host);
  const statusPage = new StatusPage(host);
  const watcher = new Watcher(indexing, log);
  let watching = false;

  /** Brings the index up to date in the background and keeps it so. */
  const keepFresh = (): void => {
    const params = wanted();
    watching = params !== undefined && vscode.workspace.isTrusted && settings.current.autoIndex;
    watcher.watch(watching && params ? params.roots : [], params?.rules.exclude ?? []);
    if (!watching || indexing.paused) { return; }
    indexing.index().catch(error => {
      if (!isCancelled(error)) { log.warn(`The index could not be updated: ${toErrorInfo(error).message}`); }
    });
  };
  /** Folders or settings changed: the engine opens anew where that concerns it. */
  const reconsider = async (): Promise<void> => {
    const reopened = await engine.reopen();
    if (reopened || watching !== settings.current.autoIndex) { keepFresh(); }
  };

  context.subscriptions.push(
    engine, indexing, models, watcher, panel, statusPage, new StatusBar(host), new ModelSuggestion(host), inserter, labels, new TeamLabels(host), settings,
    registerCommands(host, panel, statusPage),
    new DropProvider(host).register(),
    vscode.window.registerWebviewViewProvider(BrowserView.id, new BrowserView(host)),
    vscode.window.registerWebviewPanelSerializer(Panel.viewType, panel),
    vscode.window.registerWebviewPanelSerializer(StatusPage.viewType, statusPage),
    settings.onDidChange(() => void reconsider()),
    models.onDidRepair(() => { if (engine.status?.modelProblem) { void engine.reopen(true).then(keepFresh); } }),
    vscode.workspace.onDidChangeWorkspaceFolders(() => void reconsider()),
    vscode.workspace.onDidGrantWorkspaceTrust(keepFresh),
    log,
  );
  // Starting a process takes longer than all the rest: not within the activation that others wait for.
  setImmediate(keepFresh);
  log.info(`Activated in ${(performance.now() - startedAt).toFixed(1)} ms`);
  return createApi(host);
}
