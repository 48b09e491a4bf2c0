/** Runs indexing one at a time, takes it up again after a crash, and lets the user cancel it. */
import * as vscode from 'vscode';
import { Engine, type IndexSummary, type Request, type UpdateParams } from '../protocol';
import type { EngineClient } from './engineClient';
import { toErrorInfo } from './errors';

export class Indexing implements vscode.Disposable {
  #last: Promise<unknown> = Promise.resolve();
  readonly #cancellations = new Set<vscode.CancellationTokenSource>();
  /** The plain run that is under way or waits: asking again joins it. */
  #scan: Promise<IndexSummary> | undefined;

  constructor(private readonly engine: EngineClient, private readonly log: vscode.LogOutputChannel) {}

  get busy(): boolean { return this.#cancellations.size > 0; }

  /** Scans all folders and indexes what changed. */
  index(token?: vscode.CancellationToken): Promise<IndexSummary> {
    this.#scan ??= this.#run('index', Engine.index, {}).finally(() => { this.#scan = undefined; });
    const scan = this.#scan;
    const listener = token?.onCancellationRequested(() => this.cancel());
    return scan.finally(() => listener?.dispose());
  }

  rebuild(token?: vscode.CancellationToken): Promise<IndexSummary> {
    this.cancel();
    return this.#run('rebuild', Engine.rebuild, {}, token);
  }

  update(params: UpdateParams): Promise<IndexSummary> {
    return this.#run('update', Engine.update, params);
  }

  /** Stops what runs and what waits; what is done is kept. */
  cancel(): void {
    for (const source of this.#cancellations) { source.cancel(); }
  }

  dispose(): void { this.cancel(); }

  #run<P>(name: string, request: Request<P, IndexSummary>, params: P, token?: vscode.CancellationToken): Promise<IndexSummary> {
    const source = new vscode.CancellationTokenSource();
    this.#cancellations.add(source);
    const listener = token?.onCancellationRequested(() => source.cancel());
    if (token?.isCancellationRequested) { source.cancel(); }
    const run = this.#last.then(() => this.#persist(name, request, params, source.token)).finally(() => {
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
        this.log.info(`${name}: ${summary.indexed} indexed, ${summary.reused} reused, ${summary.unchanged} unchanged, ${summary.removed} removed, `
          + `${summary.skipped.length} skipped of ${summary.seen} in ${summary.seconds.toFixed(1)} s on ${summary.device}${summary.cancelled ? ' (cancelled)' : ''}`);
        return summary;
      } catch (error) {
        // The engine client bounds the restarts: when there are none left, the next request fails with another code.
        if (toErrorInfo(error).code !== 'engineCrashed' || token.isCancellationRequested) { throw error; }
        this.log.info(`${name}: goes on after the engine's restart`);
      }
    }
  }
}
