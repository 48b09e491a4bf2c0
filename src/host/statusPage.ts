/** The page "Index Status" in the editor area: what is indexed and what is not, why, and what can be done about it. */
import * as vscode from 'vscode';
import { Engine, View, type StatusSection } from '../protocol';
import { AssetSearchError } from '../errors';
import type { Host } from './host';
import { uriOf } from './roots';
import { groupSkipped } from './skippedGroups';
import { ViewConnection } from './viewConnection';
import { runViewCommand, translations, viewStatusOf } from './viewSession';
import { webviewHtml } from './webviewHtml';

export class StatusPage implements vscode.WebviewPanelSerializer, vscode.Disposable {
  static readonly viewType = 'assetSearch.status';
  #open: { panel: vscode.WebviewPanel; session: StatusSession } | undefined;

  constructor(private readonly host: Host) {}

  reveal(section?: StatusSection): void {
    if (this.#open) { this.#open.panel.reveal(); } else { this.#adopt(vscode.window.createWebviewPanel(StatusPage.viewType, vscode.l10n.t('Index Status'), vscode.ViewColumn.Active)); }
    if (section) { this.#open?.session.show(section); }
  }

  async deserializeWebviewPanel(panel: vscode.WebviewPanel): Promise<void> {
    if (this.#open) { panel.dispose(); return; }
    this.#adopt(panel);
  }

  /** With the extension: the panel itself stays for the serializer of the next start. */
  dispose(): void { this.#open?.session.dispose(); }

  #adopt(panel: vscode.WebviewPanel): void {
    panel.iconPath = vscode.Uri.joinPath(this.host.context.extensionUri, 'media', 'panel.svg');
    const session = new StatusSession(this.host, panel.webview);
    this.#open = { panel, session };
    panel.onDidChangeViewState(() => { if (!panel.visible) { session.hidden(); } });
    panel.onDidDispose(() => {
      session.dispose();
      if (this.#open?.panel === panel) { this.#open = undefined; }
    });
  }
}

class StatusSession implements vscode.Disposable {
  readonly #connection: ViewConnection;
  readonly #subscriptions: vscode.Disposable[];
  #ready = false;
  #waiting: StatusSection | undefined;

  constructor(private readonly host: Host, webview: vscode.Webview) {
    const { engine, log, settings, context } = host;
    this.#connection = new ViewConnection(webview, log);
    this.#answer();
    const statusChanged = (): void => this.#connection.notify(View.statusChanged, viewStatusOf(host));
    this.#subscriptions = [
      this.#connection,
      engine.onDidChangeStatus(statusChanged),
      vscode.workspace.onDidGrantWorkspaceTrust(statusChanged),
      log.onDidLogProblem(() => this.#connection.notify(View.detailsChanged, {})),
      settings.onDidChange(() => this.#connection.notify(View.detailsChanged, {})),
    ];
    webview.options = { enableScripts: true, localResourceRoots: [vscode.Uri.joinPath(context.extensionUri, 'dist')] };
    webview.html = webviewHtml(webview, context.extensionUri, 'status');
    engine.start();
  }

  /** Brings a section into sight, as soon as the page can. */
  show(section: StatusSection): void {
    if (this.#ready) { this.#connection.notify(View.showSection, { section }); } else { this.#waiting = section; }
  }

  hidden(): void { this.#ready = false; }

  dispose(): void { vscode.Disposable.from(...this.#subscriptions).dispose(); }

  #answer(): void {
    const { engine, indexing, log, settings, roots } = this.host;
    const connection = this.#connection;
    connection.onRequest(View.ready, () => {
      this.#ready = true;
      const waiting = this.#waiting;
      this.#waiting = undefined;
      if (waiting) { setImmediate(() => this.show(waiting)); }
      return { status: viewStatusOf(this.host), strings: translations() };
    });
    connection.onRequest(View.details, async (_, token) => ({
      // Problems are shown most of all when the engine cannot answer.
      index: engine.status && await engine.request(Engine.details, {}, token).catch(() => undefined),
      device: settings.current.device, threads: settings.current.threads, problems: [...log.problems],
    }));
    connection.onRequest(View.skipped, async ({ text, rows }, token) => groupSkipped(await engine.request(Engine.skipped, {}, token), text, rows));
    connection.onRequest(View.retry, async ({ files, code }, token) => {
      const wanted = files ?? (code ? (await engine.request(Engine.skipped, {}, token)).filter(each => each.code === code).map(({ root, path }) => ({ root, path })) : undefined);
      const { seen, skipped } = await indexing.retry(wanted);
      return { tried: seen, skipped: skipped.length };
    });
    connection.onRequest(View.removeSpace, ({ name }) => this.#removeSpace(name));
    // A file that was skipped can only be looked at where it lies.
    connection.onRequest(View.action, async ({ key }) => {
      const uri = uriOf(roots(), key);
      if (!uri) { throw new AssetSearchError('notIndexed', vscode.l10n.t('The folder of {0} is not open any more.', key.path)); }
      await vscode.commands.executeCommand('revealInExplorer', uri);
      return null;
    });
    connection.onRequest(View.command, ({ command }) => runViewCommand(this.host, command));
  }

  /** Whether it was removed. */
  async #removeSpace(name: string): Promise<boolean> {
    const remove = vscode.l10n.t('Remove');
    const choice = await vscode.window.showWarningMessage(vscode.l10n.t('Remove what is kept of the model {0}?', name), {
      modal: true, detail: vscode.l10n.t('If you choose this model again, every image is read anew for it. Your files and the index in use are not touched.'),
    }, remove);
    if (choice !== remove) { return false; }
    await this.host.engine.request(Engine.removeSpace, { name });
    return true;
  }
}
