/** Inserts assets into the text editor that was used last, the way its language refers to a picture. */
import { basename } from 'node:path';
import * as vscode from 'vscode';
import type { AssetReference } from '../protocol';
import { AssetSearchError } from '../errors';
import type { Host } from './host';
import { keyOf, requireUri } from './roots';
import { pathAt, placeholders, snippetAt, unknownPlaceholders, type SnippetAsset, type SnippetDocument } from './snippet';

/** Within this time the extension host hears which editor follows one that is gone. */
const editorSwitchMs = 300;

/** What goes in at one place, and the imports that it needs elsewhere in the document. */
export interface Composition { text: string; additions: { offset: number; text: string }[] }

export class Inserter implements vscode.Disposable {
  /** Survives that a webview, a picture or a list takes the focus. */
  #last: vscode.TextDocument | undefined;
  /** Templates whose faults the user has been told of. */
  readonly #told = new Set<string>();
  readonly #subscriptions: vscode.Disposable[];

  constructor(private readonly host: Pick<Host, 'settings' | 'roots'>) {
    this.#remember(vscode.window.activeTextEditor);
    this.#subscriptions = [
      vscode.window.onDidChangeActiveTextEditor(editor => this.#remember(editor)),
      host.settings.onDidChange(() => this.#checkTemplates()),
    ];
  }

  dispose(): void { vscode.Disposable.from(...this.#subscriptions).dispose(); }

  /** At every cursor, in one step of undo. Says what was done; asks for another way where there is no editor. */
  async insert(assets: readonly AssetReference[]): Promise<string | undefined> {
    if (assets.length === 0) { return undefined; }
    this.#checkTemplates();
    for (let attempt = 0; ; attempt++) {
      const editor = await this.#editor();
      if (!editor) { void this.#offerCopy(assets); return undefined; }
      try {
        return await this.#insertInto(editor, assets);
      } catch (error) {
        // VS Code refuses an editor that has just given way to another, and tells who follows a moment later.
        if (error instanceof AssetSearchError || attempt > 0) { throw error; }
        await new Promise(resolve => setTimeout(resolve, editorSwitchMs));
      }
    }
  }

  async #insertInto(editor: vscode.TextEditor, assets: readonly AssetReference[]): Promise<string> {
    const { document } = editor;
    const places = editor.selections.map(selection => ({ selection, ...this.compose(document, selection, assets) }));
    const additions = new Map(places.flatMap(place => place.additions).map(addition => [JSON.stringify(addition), addition]));
    const done = await editor.edit(builder => {
      for (const { selection, text } of places) {
        // Only an insertion pushes the cursor behind it.
        if (selection.isEmpty) { builder.insert(selection.start, text); } else { builder.replace(selection, text); }
      }
      for (const { offset, text } of additions.values()) { builder.insert(document.positionAt(offset), text); }
    });
    if (!done) { throw new AssetSearchError('usage', vscode.l10n.t('{0} could not be changed. It may be read-only.', basename(document.fileName))); }
    editor.selections = editor.selections.map(({ end }) => new vscode.Selection(end, end));
    // The cell of a notebook cannot be shown as an editor of its own.
    if (document.uri.scheme !== 'vscode-notebook-cell') { await vscode.window.showTextDocument(document, { viewColumn: editor.viewColumn }); }
    return assets.length === 1
      ? vscode.l10n.t('Inserted {0} into {1}', basename(assets[0]!.path), basename(document.fileName))
      : vscode.l10n.t('Inserted {0} images into {1}', assets.length, basename(document.fileName));
  }

  /** What to put in place of `range` for these assets. */
  compose(document: vscode.TextDocument, range: vscode.Range, assets: readonly AssetReference[]): Composition {
    const [start, end] = [document.offsetAt(range.start), document.offsetAt(range.end)];
    const indentation = /^\s*/.exec(document.lineAt(range.start.line).text.slice(0, range.start.character))![0];
    const described = this.describe(document);
    const texts: string[] = [];
    const additions: Composition['additions'] = [];
    let separator = '\n';
    for (const asset of assets) {
      // Names that the snippets before it brought are taken; as comments they are no imports.
      const text = [described.text, ...[...texts, ...additions.map(addition => addition.text)].map(taken => `// ${taken.trim()}`)].join('\n');
      const snippet = snippetAt(this.#asset(asset), { ...described, text }, start, end, this.host.settings.current.insert);
      texts.push(texts.length === 0 ? snippet.text : snippet.text.trimStart());
      if (snippet.addition) { additions.push(snippet.addition); }
      separator = snippet.separator === '\n' ? `\n${indentation}` : snippet.separator;
    }
    return { text: texts.join(separator), additions };
  }

  /** The paths alone, as the document refers to the assets. */
  paths(document: vscode.TextDocument, position: vscode.Position, assets: readonly AssetReference[]): string {
    const described = this.describe(document);
    return assets.map(asset => pathAt(this.#asset(asset), described, document.offsetAt(position), this.host.settings.current.insert)).join(', ');
  }

  /** What to copy for: the document that was edited last, or none in particular. */
  get document(): SnippetDocument {
    return this.#last && !this.#last.isClosed ? this.describe(this.#last) : { languageId: 'plaintext', text: '' };
  }

  describe(document: vscode.TextDocument): SnippetDocument {
    // The cell of a notebook lies where the notebook does.
    const file = document.uri.scheme === 'vscode-notebook-cell' ? vscode.Uri.file(document.uri.fsPath) : document.uri;
    return { languageId: document.languageId, file: keyOf(this.host.roots(), file) && file.fsPath, text: document.getText() };
  }

  #asset(asset: AssetReference): SnippetAsset {
    requireUri(this.host.roots(), asset);
    const { root, ...rest } = asset;
    return { ...rest, folder: this.host.roots().find(({ id }) => id === root)!.path };
  }

  #remember(editor: vscode.TextEditor | undefined): void {
    if (editor && canEdit(editor)) { this.#last = editor.document; }
  }

  /** The active editor; or the one that was, brought back when another tab hides it. */
  async #editor(): Promise<vscode.TextEditor | undefined> {
    const active = vscode.window.activeTextEditor;
    if (active && canEdit(active)) { return active; }
    const last = this.#last;
    const visible = vscode.window.visibleTextEditors.filter(canEdit);
    const shown = visible.find(({ document }) => document === last);
    if (shown) { return shown; }
    const group = last && vscode.window.tabGroups.all.find(({ tabs }) => tabs.some(({ input }) => input instanceof vscode.TabInputText && input.uri.toString() === last.uri.toString()));
    return group && last && !last.isClosed ? vscode.window.showTextDocument(last, { viewColumn: group.viewColumn }) : visible[0];
  }

  async #offerCopy(assets: readonly AssetReference[]): Promise<void> {
    const copy = assets.length === 1 ? vscode.l10n.t('Copy Path') : vscode.l10n.t('Copy Paths');
    const choice = await vscode.window.showInformationMessage(vscode.l10n.t('No text editor is open to insert into. Open a file and put the cursor where the image belongs, or copy the path.'), copy);
    if (choice === copy) { await vscode.commands.executeCommand('assetSearch.copyAs', 'relativePath', assets); }
  }

  #checkTemplates(): void {
    for (const [language, template] of Object.entries(this.host.settings.current.insert.templates)) {
      const unknown = unknownPlaceholders(template);
      if (unknown.length === 0 || this.#told.has(`${language}\n${template}`)) { continue; }
      this.#told.add(`${language}\n${template}`);
      const open = vscode.l10n.t('Open Settings');
      const names = (list: readonly string[]): string => list.map(name => `\${${name}}`).join(', ');
      void vscode.window.showWarningMessage(
        vscode.l10n.t('The template for "{0}" in assetSearch.insert.templates holds {1}, which is not replaced. Possible are {2}.', language, names(unknown), names(placeholders)), open,
      ).then(choice => choice === open ? vscode.commands.executeCommand('workbench.action.openSettings', 'assetSearch.insert.templates') : undefined);
    }
  }
}

/** An output channel is a text editor, too. */
const canEdit = ({ document }: vscode.TextEditor): boolean => document.uri.scheme !== 'output';
