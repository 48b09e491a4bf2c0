/** The commands of the extension; each reports its own failure to the user. */
import { basename } from 'node:path';
import * as vscode from 'vscode';
import type { IndexSummary } from '../protocol';
import { requireReferences } from './assetReferences';
import { copyAssets, copyFilesTo, copyKinds, type Conflict } from './copy';
import { ModelChooser } from './chooseModel';
import { createDiagnostics } from './diagnostics';
import { AssetSearchError } from '../errors';
import { showError, type Host } from './host';
import { activeImage, imagesOf, pickImages } from './imageFiles';
import { labelImages } from './label';
import { scopeOf } from './labels';
import { queryOfSelection } from './names';
import type { Panel } from './panel';
import { quickSearch } from './quickSearch';
import { keyOf } from './roots';
import { findSimilar } from './similar';
import { progressText } from './statusBar';
import type { StatusPage } from './statusPage';

const similarLimit = 100;

export function registerCommands(host: Host, panel: Panel, statusPage: StatusPage): vscode.Disposable {
  const { engine, indexing, log } = host;
  const chooser = new ModelChooser(host);

  let open: ReturnType<typeof quickSearch> | undefined;
  const search = (text: string): void => {
    const mine = quickSearch(host, text, () => { if (open === mine) { setOpen(undefined); } });
    setOpen(mine);
  };
  /** The key that inserts the focused hit works while the list is open. */
  const setOpen = (list: typeof open): void => {
    open = list;
    void vscode.commands.executeCommand('setContext', 'assetSearch.searching', list !== undefined);
  };

  const commands: Record<string, (...args: unknown[]) => unknown> = {
    search: text => search(typeof text === 'string' ? text : ''),
    searchSelection: () => search(queryOfSelection(selectedText())),
    insertPicked: () => open?.insertPicked(),
    /** For keybindings and other extensions: files of the workspace, or what a tile tells of its asset. */
    insert: async assets => { await host.inserter.insert(requireReferences(host, assets)); },
    copyAs: async (kind, assets, options) => {
      const known = copyKinds.find(each => each === kind);
      if (!known) { throw new AssetSearchError('usage', vscode.l10n.t('Images are copied as {0}.', copyKinds.join(', '))); }
      await copyAssets(host, known, requireReferences(host, assets), options as { confirm?: boolean } | undefined);
    },
    copyFileTo: (assets, options) => copyFilesTo(host, requireReferences(host, assets), options as { folder?: vscode.Uri; conflict?: Conflict } | undefined),
    openPanel: options => {
      const query = (options as { query?: unknown } | undefined)?.query;
      if (typeof query === 'string') { panel.show({ query }); } else { panel.reveal(); }
    },
    /** From the Explorer the second argument lists what is selected; from a cell of a sheet it is the cell's number. */
    findSimilar: async (clicked, selected) => {
      const uri = imagesOf(clicked, undefined)[0] ?? activeImage() ?? (await pickImages({ many: false, title: vscode.l10n.t('Find Images Similar to This One') }))[0];
      if (!uri) { return; }
      const part = typeof selected === 'number' ? selected : 0;
      const result = await vscode.window.withProgress({ location: vscode.ProgressLocation.Window, title: vscode.l10n.t('Finding similar images') },
        (_progress, token) => findSimilar(host, uri, similarLimit, token, part));
      await panel.showSimilar(part > 0 ? `${basename(uri.fsPath)} · ${part}` : basename(uri.fsPath), keyOf(host.roots(), uri, part), result);
    },
    label: async (clicked, selected, labels) => {
      let images = imagesOf(clicked, selected);
      const active = activeImage();
      if (images.length === 0) { images = active ? [active] : await pickImages({ many: true, title: vscode.l10n.t('Label Images') }); }
      if (images.length === 0) { return undefined; }
      return labelImages(host, images, Array.isArray(labels) ? labels.map(String) : undefined);
    },
    /** A folder of the Explorer, or several; `words` spares the questions, also here below. */
    labelFolder: async (clicked, selected, words) => {
      const uris = (Array.isArray(selected) && selected.length > 0 ? selected : [clicked]).filter((uri): uri is vscode.Uri => uri instanceof vscode.Uri && uri.scheme === 'file');
      const scope = scopeOf(host, uris);
      if (!scope) { throw new AssetSearchError('notIndexed', vscode.l10n.t('Choose a folder of this workspace in the Explorer.')); }
      return host.labels.askAndRun(scope, vscode.l10n.t('Label Images in Folder'), words);
    },
    labelAll: words => host.labels.askAndRun({}, vscode.l10n.t('Label All Images'), words),
    clearLabels: options => host.labels.clear({}, (options as { confirm?: unknown } | undefined)?.confirm !== false),
    undoLabels: () => host.labels.undo(),
    exportLabels: target => host.labels.export({}, target instanceof vscode.Uri ? target : undefined),
    exportTeamLabels: () => host.labels.exportTeam(),
    index: () => runVisibly(host, token => indexing.index(token)),
    /** `{ confirm: false }` is for keybindings of those who do not want to be asked. */
    rebuild: async options => {
      if ((options as { confirm?: unknown } | undefined)?.confirm === false) { return runVisibly(host, token => indexing.rebuild(token)); }
      const rebuild = vscode.l10n.t('Rebuild');
      const choice = await vscode.window.showWarningMessage(vscode.l10n.t('Rebuild the index from nothing?'), {
        modal: true, detail: vscode.l10n.t('Every image of this workspace is read again. Your files are not touched.'),
      }, rebuild);
      return choice === rebuild ? runVisibly(host, token => indexing.rebuild(token)) : undefined;
    },
    cancelIndexing: () => indexing.cancel(),
    pauseIndexing: () => indexing.pause(),
    resumeIndexing: () => indexing.resume(),
    /** The name of a model spares the list. */
    chooseModel: name => chooser.choose(typeof name === 'string' ? name : undefined),
    importModel: (folder, options) => chooser.importFolder(folder instanceof vscode.Uri ? folder : undefined, options as { name?: string; use?: boolean } | undefined),
    removeModel: () => chooser.pickAndRemove(),
    setHubToken: () => chooser.setToken(),
    showModelCard: () => chooser.showCard(),
    showLog: () => log.show(),
    getStarted: () => vscode.commands.executeCommand('workbench.action.openWalkthrough', `${host.context.extension.id}#start`, false),
    showSkipped: () => statusPage.show('skipped'),
    showStatus: () => { statusPage.reveal(); },
    copyDiagnostics: async () => {
      const text = await createDiagnostics(host);
      await vscode.env.clipboard.writeText(text);
      void vscode.window.showInformationMessage(vscode.l10n.t('The diagnostics are on the clipboard. Folders, user and machine name are replaced in them.'));
      return text;
    },
  };
  const needsFolder = new Set(['search', 'searchSelection', 'findSimilar', 'label', 'labelFolder', 'labelAll', 'clearLabels', 'undoLabels', 'exportLabels', 'exportTeamLabels', 'index', 'rebuild', 'pauseIndexing', 'resumeIndexing', 'showSkipped', 'chooseModel', 'importModel']);

  return vscode.Disposable.from(...Object.entries(commands).map(([name, run]) => vscode.commands.registerCommand(`assetSearch.${name}`, async (...args: unknown[]) => {
    try {
      if (needsFolder.has(name) && engine.availability === 'noFolder') { return await offerFolder(); }
      return await run(...args);
    } catch (error) {
      showError(host, error);
      return undefined;
    }
  })));
}

/** What is selected in the active editor, or the word at the cursor. */
function selectedText(): string {
  const editor = vscode.window.activeTextEditor;
  if (!editor) { return ''; }
  const range = editor.selection.isEmpty ? editor.document.getWordRangeAtPosition(editor.selection.active) : editor.selection;
  return range ? editor.document.getText(range) : '';
}

async function offerFolder(): Promise<undefined> {
  const open = vscode.l10n.t('Open Folder');
  const choice = await vscode.window.showInformationMessage(vscode.l10n.t('Open a folder to search its images.'), open);
  if (choice === open) { await vscode.commands.executeCommand('vscode.openFolder'); }
  return undefined;
}

/** A run that the user asked for: a notification with its progress and a way to stop it, and the outcome in the end. */
async function runVisibly({ engine, indexing, log }: Host, run: (token: vscode.CancellationToken) => Promise<IndexSummary>): Promise<IndexSummary | undefined> {
  engine.allowUntrusted();
  engine.retry();
  const title = vscode.l10n.t('Asset Search');
  const summary = await vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title, cancellable: true }, async (progress, token) => {
    let reported = 0;
    progress.report({ message: vscode.l10n.t('Starting…') });
    const listener = engine.onDidChangeStatus(() => {
      const now = engine.status?.progress;
      if (!now) { return; }
      const percent = now.total > 0 ? now.done / now.total * 100 : 0;
      progress.report({ message: progressText(now), increment: Math.max(0, percent - reported) });
      reported = Math.max(reported, percent);
    });
    try {
      return await run(token);
    } finally {
      listener.dispose();
    }
  });
  log.debug(`Run by hand: ${JSON.stringify({ ...summary, skipped: summary.skipped.length })}`);
  void report(summary, indexing.paused);
  return summary;
}

async function report(summary: IndexSummary, paused: boolean): Promise<void> {
  const skipped = vscode.l10n.t('Show Skipped Files');
  const text = [
    summary.cancelled && paused ? vscode.l10n.t('Indexing is paused; what was done is kept.') : summary.cancelled ? vscode.l10n.t('Indexing was stopped; what was done is kept.') : vscode.l10n.t('The index is up to date.'),
    vscode.l10n.t('{0} images new or changed, {1} unchanged, {2} removed.', summary.indexed + summary.reused, summary.unchanged, summary.removed),
    ...summary.skipped.length > 0 ? [vscode.l10n.t('{0} files were skipped.', summary.skipped.length)] : [],
  ].join(' ');
  const resume = vscode.l10n.t('Resume');
  const choice = await vscode.window.showInformationMessage(text, ...summary.cancelled && paused ? [resume] : [], ...summary.skipped.length > 0 ? [skipped] : []);
  if (choice === resume) { await vscode.commands.executeCommand('assetSearch.resumeIndexing'); }
  if (choice === skipped) { await vscode.commands.executeCommand('assetSearch.showSkipped'); }
}
