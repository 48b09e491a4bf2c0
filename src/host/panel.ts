/** The one panel of the editor area; it comes back after a reload. */
import * as vscode from 'vscode';
import type { SearchResult } from '../protocol';
import type { Host } from './host';
import { ViewSession, type ShowParams } from './viewSession';

export class Panel implements vscode.WebviewPanelSerializer, vscode.Disposable {
  static readonly viewType = 'assetSearch.panel';
  #open: { panel: vscode.WebviewPanel; session: ViewSession } | undefined;

  constructor(private readonly host: Host) {}

  reveal(): ViewSession {
    if (this.#open) {
      this.#open.panel.reveal();
      return this.#open.session;
    }
    return this.#adopt(vscode.window.createWebviewPanel(Panel.viewType, vscode.l10n.t('Asset Search'), vscode.ViewColumn.Active));
  }

  async showSimilar(name: string, key: { root: string; path: string; part: number } | undefined, { hits, stacks, strong }: SearchResult): Promise<void> {
    const session = this.reveal();
    session.show({ similarTo: { key, name, tiles: await session.tiles(hits), ...this.host.settings.current.stackVariants && { stacks }, strong } });
  }

  show(params: ShowParams): void { this.reveal().show(params); }

  async deserializeWebviewPanel(panel: vscode.WebviewPanel): Promise<void> {
    if (this.#open) { panel.dispose(); return; }
    this.#adopt(panel);
  }

  /** With the extension: the panel itself stays for the serializer of the next start. */
  dispose(): void { this.#open?.session.dispose(); }

  #adopt(panel: vscode.WebviewPanel): ViewSession {
    panel.iconPath = vscode.Uri.joinPath(this.host.context.extensionUri, 'media', 'panel.svg');
    const session = new ViewSession(this.host, panel.webview, 'panel');
    this.#open = { panel, session };
    panel.onDidChangeViewState(() => { if (!panel.visible) { session.hidden(); } });
    panel.onDidDispose(() => {
      session.dispose();
      if (this.#open?.panel === panel) { this.#open = undefined; }
    });
    return session;
  }
}
