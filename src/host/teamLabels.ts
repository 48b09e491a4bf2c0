/** Watches the label file that a team shares in each workspace folder, and has it read when it changes and when the engine is ready. */
import * as vscode from 'vscode';
import { isCancelled, toErrorInfo } from './errors';
import type { Host } from './host';
import { teamFilePath } from './labels';

const quietMs = 300;

export class TeamLabels implements vscode.Disposable {
  #watchers: vscode.Disposable[] = [];
  readonly #subscriptions: vscode.Disposable[];
  #timer: NodeJS.Timeout | undefined;
  #ready = false;

  constructor(private readonly host: Host) {
    this.#watch();
    this.#subscriptions = [
      vscode.workspace.onDidChangeWorkspaceFolders(() => this.#watch()),
      host.engine.onDidChangeStatus(() => {
        const ready = host.engine.availability === 'ready';
        if (ready && !this.#ready) { this.#soon(); }
        this.#ready = ready;
      }),
    ];
  }

  dispose(): void {
    clearTimeout(this.#timer);
    vscode.Disposable.from(...this.#watchers, ...this.#subscriptions).dispose();
  }

  #watch(): void {
    vscode.Disposable.from(...this.#watchers).dispose();
    this.#watchers = this.host.roots().map(({ path }) => {
      const watcher = vscode.workspace.createFileSystemWatcher(new vscode.RelativePattern(vscode.Uri.file(path), teamFilePath));
      watcher.onDidCreate(() => this.#soon());
      watcher.onDidChange(() => this.#soon());
      return watcher;
    });
  }

  #soon(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      // An engine that does not run reads the file when it starts.
      if (this.host.engine.availability !== 'ready') { return; }
      this.host.labels.readTeam().catch(error => {
        if (!isCancelled(error)) { this.host.log.warn(`${teamFilePath} could not be read: ${toErrorInfo(error).message}`); }
      });
    }, quietMs);
  }
}
