/** Watches the folders and tells the index what changed: debounced, in batches, and as one scan when much changed at once. */
import { stat } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join, posix } from 'node:path';
import picomatch from 'picomatch';
import * as vscode from 'vscode';
import type { Root } from '../protocol';
import { isCancelled, toErrorInfo } from './errors';
import { atlasExtension, imageExtension } from './imageFiles';
import type { Indexing } from './indexing';
import type { Log } from './log';
import { pathBelow } from './roots';

const quietMs = 300;
/** A steady stream of changes is passed on at least this often. */
const longestWaitMs = 3_000;
/** While git holds its lock, a checkout is under way. */
const longestGitWaitMs = 15_000;
/** From here on a scan of everything (0.3 s for 100,000 files) is cheaper and surer than the list. */
const batchLimit = 500;

type Kind = 'created' | 'changed' | 'deleted';

export class Watcher implements vscode.Disposable {
  #subscriptions: vscode.Disposable[] = [];
  #roots: Root[] = [];
  /** By root and path. */
  readonly #pending = new Map<string, { root: Root; path: string; kind: Kind }>();
  #rescan = false;
  #timer: NodeJS.Timeout | undefined;
  #firstAt = 0;
  #sending = false;

  constructor(private readonly indexing: Indexing, private readonly log: Log) {}

  /** Watches these folders from now on, and no others. */
  watch(roots: Root[], exclude: readonly string[]): void {
    this.#stop();
    this.#roots = roots;
    for (const root of roots) {
      const excluded = excluder([...exclude, ...root.exclude ?? []]);
      const saw = (uri: vscode.Uri, kind: Kind) => this.#saw(root, uri, kind, excluded);
      // All names, not only images: a deleted or renamed folder is reported as itself alone.
      const watcher = vscode.workspace.createFileSystemWatcher(new vscode.RelativePattern(vscode.Uri.file(root.path), '**/*'));
      this.#subscriptions.push(watcher,
        watcher.onDidCreate(uri => saw(uri, 'created')),
        watcher.onDidChange(uri => saw(uri, 'changed')),
        watcher.onDidDelete(uri => saw(uri, 'deleted')));
    }
  }

  dispose(): void { this.#stop(); }

  #stop(): void {
    vscode.Disposable.from(...this.#subscriptions).dispose();
    this.#subscriptions = [];
    this.#pending.clear();
    this.#rescan = false;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #saw(root: Root, uri: vscode.Uri, kind: Kind, excluded: (path: string) => boolean): void {
    const path = pathBelow(root.path, uri.fsPath);
    if (!path || path.startsWith('.git/') || path.includes('/.git/') || path === '.git') { return; }
    if (posix.basename(path) === '.gitignore') {
      this.#rescan = true;
    } else if (excluded(path) || (kind === 'changed' && !imageExtension.test(path) && !atlasExtension.test(path))) {
      return;
    } else if (this.#pending.size < batchLimit) {
      this.#pending.set(`${root.id}\n${path}`, { root, path, kind });
    } else {
      this.#rescan = true;
    }
    this.#schedule();
  }

  #schedule(): void {
    const now = Date.now();
    if (!this.#timer) { this.#firstAt = now; }
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#flush(), Math.max(0, Math.min(quietMs, this.#firstAt + longestWaitMs - now)));
  }

  async #flush(): Promise<void> {
    this.#timer = undefined;
    if (this.#sending) { return; } // what came meanwhile is sent when this batch is done
    if (Date.now() - this.#firstAt < longestGitWaitMs && this.#roots.some(root => existsSync(join(root.path, '.git', 'index.lock')))) {
      this.#timer = setTimeout(() => void this.#flush(), quietMs);
      return;
    }
    const pending = [...this.#pending.values()];
    const rescan = this.#rescan;
    this.#pending.clear();
    this.#rescan = false;
    // Whoever resumes looks at all files.
    if (this.indexing.paused) { return; }
    this.#sending = true;
    try {
      if (rescan) {
        await this.indexing.rescan();
      } else {
        const changes = (await Promise.all(pending.map(async change => await this.#matters(change) ? [{ root: change.root.id, path: change.path }] : []))).flat();
        if (changes.length > 0) { await this.indexing.update({ changes }); }
      }
    } catch (error) {
      if (!isCancelled(error)) { this.log.warn(`Changed files could not be indexed: ${toErrorInfo(error).message}`); }
    } finally {
      this.#sending = false;
    }
    if ((this.#pending.size > 0 || this.#rescan) && !this.#timer) { this.#schedule(); }
  }

  /** Images and folders; what is gone may have been a folder of images. */
  async #matters({ root, path, kind }: { root: Root; path: string; kind: Kind }): Promise<boolean> {
    if (kind === 'deleted' || imageExtension.test(path) || atlasExtension.test(path)) { return true; }
    try {
      return (await stat(join(root.path, path))).isDirectory();
    } catch {
      return true;
    }
  }
}

/** Whether a path is left out; a pattern that names a folder leaves out all below it. */
function excluder(globs: string[]): (path: string) => boolean {
  if (globs.length === 0) { return () => false; }
  const matches = picomatch(globs, { dot: true, windows: false });
  return path => {
    for (let end = path.indexOf('/'); end !== -1; end = path.indexOf('/', end + 1)) {
      if (matches(path.slice(0, end))) { return true; }
    }
    return matches(path);
  };
}
