/** The one panel of the editor area. */
import * as vscode from 'vscode';
import type { SearchResult } from '../protocol';
import { EditorPanel } from './editorPanel';
import type { Host } from './host';
import { ViewSession, type ShowParams } from './viewSession';

export class Panel extends EditorPanel<ViewSession> {
  static readonly viewType = 'assetSearch.panel';

  constructor(host: Host) { super(host, Panel.viewType, vscode.l10n.t('Asset Search'), webview => new ViewSession(host, webview, 'panel')); }

  async showSimilar(name: string, key: { root: string; path: string; part: number } | undefined, { hits, stacks, strong }: SearchResult): Promise<void> {
    const session = this.reveal();
    session.show({ similarTo: { key, name, tiles: await session.tiles(hits), ...this.host.settings.current.stackVariants && { stacks }, strong } });
  }

  show(params: ShowParams): void { this.reveal().show(params); }
}
