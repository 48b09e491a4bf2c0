/** Tiles that are dropped on a text editor become what its language refers to a picture by. */
import * as vscode from 'vscode';
import { assetMime } from '../protocol';
import { parseReferences } from './assetReferences';
import type { Host } from './host';

export class DropProvider implements vscode.DocumentDropEditProvider {
  static readonly #kind = vscode.DocumentDropOrPasteEditKind.Empty.append('assetSearch');
  static readonly #snippet = DropProvider.#kind.append('snippet');
  static readonly #path = DropProvider.#kind.append('path');

  constructor(private readonly host: Pick<Host, 'inserter' | 'roots'>) {}

  register(): vscode.Disposable {
    // Every document, and more exactly than by '*': VS Code's own provider of the tile's plain text has that, and the exacter one goes first.
    return vscode.languages.registerDocumentDropEditProvider({ pattern: '**' }, this, { dropMimeTypes: [assetMime], providedDropEditKinds: [DropProvider.#snippet, DropProvider.#path] });
  }

  async provideDocumentDropEdits(document: vscode.TextDocument, position: vscode.Position, data: vscode.DataTransfer, token: vscode.CancellationToken): Promise<vscode.DocumentDropEdit[] | undefined> {
    const assets = parseReferences(this.host, await data.get(assetMime)?.asString() ?? '');
    if (assets.length === 0 || token.isCancellationRequested) { return undefined; }
    const { inserter } = this.host;
    const { text, additions } = inserter.compose(document, new vscode.Range(position, position), assets);
    const snippet = new vscode.DocumentDropEdit(text, vscode.l10n.t('Insert Image'), DropProvider.#snippet);
    if (additions.length > 0) {
      snippet.additionalEdit = new vscode.WorkspaceEdit();
      for (const addition of additions) { snippet.additionalEdit.insert(document.uri, document.positionAt(addition.offset), addition.text); }
    }
    const paths = inserter.paths(document, position, assets);
    if (paths === text) { return [snippet]; }
    const path = new vscode.DocumentDropEdit(paths, vscode.l10n.t('Insert Path'), DropProvider.#path);
    return [snippet, path];
  }
}
