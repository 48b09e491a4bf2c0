/** Quick picks on the state of the index: what it is doing, and which files were left out and why. */
import { basename, posix } from 'node:path';
import * as vscode from 'vscode';
import { Engine } from '../protocol';
import type { Host } from './host';
import { uriOf } from './roots';
import { progressText } from './statusBar';

/** Opened from the status bar. */
export async function showStatus({ engine }: Host): Promise<void> {
  const status = engine.status;
  const items: (vscode.QuickPickItem & { command: string })[] = [];
  if (status?.state === 'indexing') {
    items.push({ label: `$(debug-stop) ${vscode.l10n.t('Stop Indexing')}`, detail: status.progress && progressText(status.progress), command: 'assetSearch.cancelIndexing' });
  } else {
    items.push({ label: `$(refresh) ${vscode.l10n.t('Update Index')}`, command: 'assetSearch.index' });
  }
  if (status && status.skipped > 0) {
    items.push({ label: `$(warning) ${vscode.l10n.t('Show Skipped Files')}`, description: String(status.skipped), command: 'assetSearch.showSkipped' });
  }
  items.push({ label: `$(output) ${vscode.l10n.t('Show Log')}`, command: 'assetSearch.showLog' });
  const title = engine.error?.message ?? (status ? vscode.l10n.t('{0} images indexed · {1} · {2}', status.assets, status.model.name, status.device) : vscode.l10n.t('Asset Search'));
  const chosen = await vscode.window.showQuickPick(items, { title });
  if (chosen) { await vscode.commands.executeCommand(chosen.command); }
}

export async function showSkipped({ engine, roots }: Host): Promise<void> {
  const skipped = await engine.request(Engine.skipped, {});
  if (skipped.length === 0) {
    void vscode.window.showInformationMessage(vscode.l10n.t('No file was skipped.'));
    return;
  }
  const items = skipped.map(({ root, path, reason, remedy }) => ({
    label: basename(path),
    description: posix.dirname(path) === '.' ? '' : posix.dirname(path),
    detail: `${reason} ${remedy}`.trim(),
    uri: uriOf(roots(), { root, path }),
  }));
  const chosen = await vscode.window.showQuickPick(items, {
    title: vscode.l10n.t('Skipped files: {0}', items.length), matchOnDetail: true, matchOnDescription: true,
    placeHolder: vscode.l10n.t('Enter reveals the file'),
  });
  if (chosen?.uri) { await vscode.commands.executeCommand('revealInExplorer', chosen.uri); }
}
