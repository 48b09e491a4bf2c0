/** The sidebar view "Browser" in its own activity-bar container. */
import * as vscode from 'vscode';
import type { Host } from './host';
import { ViewSession } from './viewSession';

export class BrowserView implements vscode.WebviewViewProvider {
  static readonly id = 'assetSearch.browser';

  constructor(private readonly host: Host) {}

  resolveWebviewView(view: vscode.WebviewView): void {
    const session = new ViewSession(this.host, view.webview, 'sidebar');
    const visibility = view.onDidChangeVisibility(() => { if (!view.visible) { session.hidden(); } });
    view.onDidDispose(() => { visibility.dispose(); session.dispose(); });
  }
}
