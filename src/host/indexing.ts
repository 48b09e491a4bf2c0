/** Runs indexing one at a time, takes it up again after a crash, and lets the user cancel or pause it. */
import * as vscode from 'vscode';
import { Engine, type IndexSummary, type Request, type RetryParams, type UpdateParams } from '../protocol';
import type { EngineClient } from './engineClient';
import { isCancelled, toErrorInfo } from './errors';
import type { Log } from './log';

const pausedKey = 'assetSearch.paused';

export class Indexing implements vscode.Disposable {
  #last: Promise<unknown> = Promise.resolve();
  readonly #cancellations = new Set<vscode.CancellationTokenSource>();
  /** The run that the engine has been asked for. */
  #current: vscode.CancellationTokenSource | undefined;
  /** The plain run that is under way or waits: asking again joins it. */
  #scan: Promise<IndexSummary> | undefined;

  readonly #pausedChanged = new vscode.EventEmitter<void>();
  readonly onDidChangePaused = this.#pausedChanged.event;

  /** `memory` belongs to the workspace: a pause outlives the window. */
  constructor(private readonly engine: EngineClient, private readonly log: Log, private readonly memory: vscode.Memento) {}

  get busy(): boolean { return this.#cancellations.size > 0; }

  /** Nothing is indexed by itself; the engine is told and keeps to it, too. */
  get paused(): boolean { return this.memory.get(pausedKey, false); }

  /** Scans all folders and indexes what changed. Whoever asks for it ends a pause. */
  index(token?: vscode.CancellationToken): Promise<IndexSummary> {
    this.#endPause();
    this.#scan ??= this.rescan();
    const scan = this.#scan;
    const over = (): void => { if (this.#scan === scan) { this.#scan = undefined; } };
    scan.then(over, over);
    const listener = token?.onCancellationRequested(() => this.cancel());
    return scan.finally(() => listener?.dispose());
  }

  /** A scan after all that runs or waits: one that is under way may have passed what changed since it began. Ends no pause. */
  rescan(): Promise<IndexSummary> {
    return this.#run('index', Engine.index, {});
  }

  rebuild(token?: vscode.CancellationToken): Promise<IndexSummary> {
    this.#endPause();
    this.cancel();
    return this.#run('rebuild', Engine.rebuild, {}, token);
  }

  update(params: UpdateParams): Promise<IndexSummary> {
    return this.#run('update', Engine.update, params);
  }

  /** Reads skipped files anew, all of them where none are named. Somebody asked for it, so it runs during a pause, and the pause goes on. */
  retry(files?: RetryParams['files']): Promise<IndexSummary> {
    return this.#run('retry', Engine.retry, { files });
  }

  /** The run in work takes no new files and ends when it has written what it had begun; what waits is dropped. Holds on after a reload. */
  async pause(): Promise<void> {
    if (this.paused) { return; }
    this.#setPaused(true);
    this.#scan = undefined;
    for (const source of this.#cancellations) { if (source !== this.#current) { source.cancel(); } }
    if (this.engine.running) { await this.engine.request(Engine.pause, { paused: true }); }
  }

  /** A scan takes up what the pause left, and all that changed meanwhile. */
  resume(): Promise<IndexSummary> { return this.index(); }

  /** Stops what runs and what waits; what is done is kept. */
  cancel(): void {
    for (const source of this.#cancellations) { source.cancel(); }
  }

  dispose(): void { this.cancel(); this.#pausedChanged.dispose(); }

  #endPause(): void {
    if (!this.paused) { return; }
    this.#setPaused(false);
    // Sent before the run that follows. An engine that starts later is not told in the first place.
    if (this.engine.running) {
      this.engine.request(Engine.pause, { paused: false }).catch(error => { if (!isCancelled(error)) { this.log.warn(`Indexing could not be resumed: ${toErrorInfo(error).message}`); } });
    }
  }

  #setPaused(paused: boolean): void {
    void this.memory.update(pausedKey, paused || undefined);
    this.log.info(paused ? 'Indexing is paused' : 'Indexing is resumed');
    this.#pausedChanged.fire();
  }

  #run<P>(name: string, request: Request<P, IndexSummary>, params: P, token?: vscode.CancellationToken): Promise<IndexSummary> {
    const source = new vscode.CancellationTokenSource();
    this.#cancellations.add(source);
    const listener = token?.onCancellationRequested(() => source.cancel());
    if (token?.isCancellationRequested) { source.cancel(); }
    const run = this.#last.then(() => { this.#current = source; return this.#persist(name, request, params, source.token); }).finally(() => {
      listener?.dispose();
      this.#cancellations.delete(source);
      source.dispose();
    });
    this.#last = run.catch(() => undefined);
    return run;
  }

  /** A run that the engine died under goes on in the next engine, which skips what is already done. */
  async #persist<P>(name: string, request: Request<P, IndexSummary>, params: P, token: vscode.CancellationToken): Promise<IndexSummary> {
    if (token.isCancellationRequested) { throw new vscode.CancellationError(); }
    for (;;) {
      try {
        const summary = await this.engine.request(request, params, token);
        // Saving any .json or .css asks for an update: one that found nothing to do is not worth a line.
        const idle = name === 'update' && !summary.cancelled && summary.indexed + summary.reused + summary.removed + summary.skipped.length === 0;
        this.log[idle ? 'debug' : 'info'](`${name}: ${summary.indexed} indexed, ${summary.reused} reused, ${summary.unchanged} unchanged, ${summary.removed} removed, `
          + `${summary.skipped.length} skipped of ${summary.seen} in ${summary.seconds.toFixed(1)} s on ${summary.device}${summary.cancelled ? ' (cancelled)' : ''}`);
        return summary;
      } catch (error) {
        // The engine client bounds the restarts: when there are none left, the next request fails with another code.
        if (toErrorInfo(error).code !== 'engineCrashed' || token.isCancellationRequested || this.paused) { throw error; }
        this.log.info(`${name}: goes on after the engine's restart`);
      }
    }
  }
}
