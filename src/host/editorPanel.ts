/** A page of its own in the editor area: there is one at most, and VS Code brings it back after a reload. */
import * as vscode from 'vscode';
import type { Host } from './host';

/** What answers the page. */
interface Session extends vscode.Disposable { hidden(): void }

export class EditorPanel<S extends Session> implements vscode.WebviewPanelSerializer, vscode.Disposable {
  #open: { panel: vscode.WebviewPanel; session: S } | undefined;

  constructor(protected readonly host: Host, private readonly viewType: string, private readonly title: string, private readonly createSession: (webview: vscode.Webview) => S) {}

  reveal(): S {
    if (this.#open) {
      this.#open.panel.reveal();
      return this.#open.session;
    }
    return this.#adopt(vscode.window.createWebviewPanel(this.viewType, this.title, vscode.ViewColumn.Active));
  }

  async deserializeWebviewPanel(panel: vscode.WebviewPanel): Promise<void> {
    if (this.#open) { panel.dispose(); return; }
    this.#adopt(panel);
  }

  /** With the extension: the panel itself stays for the serializer of the next start. */
  dispose(): void { this.#open?.session.dispose(); }

  #adopt(panel: vscode.WebviewPanel): S {
    panel.iconPath = vscode.Uri.joinPath(this.host.context.extensionUri, 'media', 'panel.svg');
    const session = this.createSession(panel.webview);
    this.#open = { panel, session };
    panel.onDidChangeViewState(() => { if (!panel.visible) { session.hidden(); } });
    panel.onDidDispose(() => {
      session.dispose();
      if (this.#open?.panel === panel) { this.#open = undefined; }
    });
    return session;
  }
}
