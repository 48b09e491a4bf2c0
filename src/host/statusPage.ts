/** The page "Index Status" in the editor area: what is indexed and what is not, why, and what can be done about it. */
import * as vscode from 'vscode';
import { Engine, View, type StatusSection } from '../protocol';
import { ModelChooser } from './chooseModel';
import { EditorPanel } from './editorPanel';
import type { Host } from './host';
import { requireUri } from './roots';
import { groupSkipped } from './skippedGroups';
import { ViewConnection } from './viewConnection';
import { runViewCommand, translations, viewStatusOf } from './viewSession';
import { webviewHtml } from './webviewHtml';

export class StatusPage extends EditorPanel<StatusSession> {
  static readonly viewType = 'assetSearch.status';

  constructor(host: Host) { super(host, StatusPage.viewType, vscode.l10n.t('Index Status'), webview => new StatusSession(host, webview)); }

  /** Brings a section of the page into sight. */
  show(section: StatusSection): void { this.reveal().show(section); }
}

class StatusSession implements vscode.Disposable {
  readonly #connection: ViewConnection;
  readonly #subscriptions: vscode.Disposable[];

  constructor(private readonly host: Host, webview: vscode.Webview) {
    const { engine, log, models, settings, context } = host;
    this.#connection = new ViewConnection(webview, log);
    this.#answer();
    const statusChanged = (): void => this.#connection.notify(View.statusChanged, viewStatusOf(host));
    this.#subscriptions = [
      this.#connection,
      engine.onDidChangeStatus(statusChanged),
      vscode.workspace.onDidGrantWorkspaceTrust(statusChanged),
      log.onDidLogProblem(() => this.#connection.notify(View.detailsChanged, {})),
      settings.onDidChange(() => { statusChanged(); this.#connection.notify(View.detailsChanged, {}); }),
      models.onDidChange(() => this.#connection.notify(View.detailsChanged, {})),
    ];
    webview.options = { enableScripts: true, localResourceRoots: [vscode.Uri.joinPath(context.extensionUri, 'dist')] };
    webview.html = webviewHtml(webview, context.extensionUri, 'status');
    engine.start();
  }

  /** As soon as the page can. */
  show(section: StatusSection): void { this.#connection.show(View.showSection, { section }); }

  hidden(): void { this.#connection.hidden(); }

  dispose(): void { vscode.Disposable.from(...this.#subscriptions).dispose(); }

  #answer(): void {
    const { engine, indexing, log, models, settings, roots } = this.host;
    const connection = this.#connection;
    connection.onReady(() => ({ status: viewStatusOf(this.host), strings: translations() }));
    connection.onRequest(View.details, async (_, token) => ({
      // Problems are shown most of all when the engine cannot answer.
      index: engine.status && await engine.request(Engine.details, {}, token).catch(() => undefined),
      models: await models.onDisk(), threads: settings.current.threads, problems: [...log.problems],
    }));
    connection.onRequest(View.skipped, async ({ text, rows }, token) => {
      const files = await engine.request(Engine.skipped, {}, token);
      return groupSkipped(files.map(file => ({ ...file, reason: engine.translate(file.reason), remedy: engine.translate(file.remedy) })), text, rows);
    });
    connection.onRequest(View.retry, async ({ files, code }, token) => {
      const wanted = files ?? (code ? (await engine.request(Engine.skipped, {}, token)).filter(each => each.code === code).map(({ root, path }) => ({ root, path })) : undefined);
      const { seen, skipped } = await indexing.retry(wanted);
      return { tried: seen, skipped: skipped.length };
    });
    connection.onRequest(View.removeSpace, ({ name }) => this.#removeSpace(name));
    connection.onRequest(View.removeModel, ({ id, variant }) => new ModelChooser(this.host).remove(id, variant));
    // A file that was skipped can only be looked at where it lies.
    connection.onRequest(View.action, async ({ key }) => {
      await vscode.commands.executeCommand('revealInExplorer', requireUri(roots(), key));
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
