/** The status-bar item: progress while indexing, a sign when something is wrong, nothing when all is well. */
import * as vscode from 'vscode';
import type { IndexProgress } from '../protocol';
import type { Host } from './host';

export class StatusBar implements vscode.Disposable {
  readonly #item = vscode.window.createStatusBarItem('assetSearch.status', vscode.StatusBarAlignment.Left, 0);
  readonly #listeners: vscode.Disposable;

  constructor(private readonly host: Host) {
    this.#item.name = vscode.l10n.t('Asset Search');
    this.#item.command = 'assetSearch.showStatus';
    this.#listeners = vscode.Disposable.from(host.engine.onDidChangeStatus(() => this.#update()), host.indexing.onDidChangePaused(() => this.#update()));
    // A pause of the last session shows at once, without an engine.
    this.#update();
  }

  dispose(): void { this.#listeners.dispose(); this.#item.dispose(); }

  #update(): void {
    const { engine, indexing: { paused } } = this.host;
    const status = engine.status;
    const indexing = status?.state === 'indexing';
    void vscode.commands.executeCommand('setContext', 'assetSearch.indexing', indexing);
    void vscode.commands.executeCommand('setContext', 'assetSearch.paused', paused);
    const error = engine.error ?? (status?.state === 'failed' ? status.error : undefined);
    this.#item.backgroundColor = error && new vscode.ThemeColor('statusBarItem.errorBackground');
    if (error) {
      this.#item.text = `$(error) ${vscode.l10n.t('Assets')}`;
      this.#item.tooltip = error.message;
    } else if (status?.state === 'indexing') {
      const { done, total } = status.progress ?? { done: 0, total: 0 };
      this.#item.text = total > 0 ? `$(sync~spin) ${vscode.l10n.t('Assets {0}/{1}', done, total)}` : `$(sync~spin) ${vscode.l10n.t('Assets')}`;
      this.#item.tooltip = status.progress ? progressText(status.progress) : vscode.l10n.t('Indexing images');
    } else if (status?.state === 'indexingElsewhere') {
      this.#item.text = `$(sync) ${vscode.l10n.t('Assets')}`;
      this.#item.tooltip = vscode.l10n.t('Another window or the command line is indexing this workspace (process {0}). Search works meanwhile.', status.writer?.pid ?? '?');
    } else if (paused && engine.availability !== 'noFolder') {
      this.#item.text = `$(debug-pause) ${vscode.l10n.t('Assets')}`;
      const tooltip = new vscode.MarkdownString(`${vscode.l10n.t('Indexing is paused.')} [${vscode.l10n.t('Resume')}](command:assetSearch.resumeIndexing)`);
      tooltip.isTrusted = { enabledCommands: ['assetSearch.resumeIndexing'] };
      this.#item.tooltip = tooltip;
    } else if (status?.namesOnly) {
      this.#item.text = `$(warning) ${vscode.l10n.t('Assets')}`;
      this.#item.tooltip = status.namesOnly.message;
    } else {
      this.#item.hide();
      return;
    }
    this.#item.show();
  }
}

/** One line on a run: phase, numbers, speed and time left. */
export function progressText({ phase, done, total, imagesPerSecond, secondsLeft }: IndexProgress): string {
  switch (phase) {
    case 'scanning': return vscode.l10n.t('Looking for images');
    case 'hashing': return vscode.l10n.t('Comparing {0} of {1} files', done, total);
    case 'optimizing': return vscode.l10n.t('Tidying the index');
    case 'encoding': {
      const text = vscode.l10n.t('Indexing {0} of {1} images, {2} a second', done, total, imagesPerSecond.toFixed(imagesPerSecond < 10 ? 1 : 0));
      return secondsLeft === undefined ? text : `${text}, ${vscode.l10n.t('{0} s left', Math.ceil(secondsLeft))}`;
    }
  }
}
