/** Runs the engine process: starts it on first need, speaks to it, restarts it after a crash, and ends it with the window. */
import { fork, type ChildProcess } from 'node:child_process';
import { availableParallelism } from 'node:os';
import * as vscode from 'vscode';
import { CancellationToken, createMessageConnection, IPCMessageReader, IPCMessageWriter, type MessageConnection } from 'vscode-jsonrpc/node';
import { Engine, type ErrorInfo, type IndexStatus, type LogRecord, type ModelInfo, type OpenParams, type Request, type ViewStatus } from '../protocol';
import { AssetSearchError } from '../errors';
import { createEngineTranslate } from './engineTexts';
import { isCancelled, toErrorInfo } from './errors';
import type { Log } from './log';

/** More crashes than this within {@link crashWindowMs} and the engine stays down until the user asks for it. */
const maxRestarts = 3;
const crashWindowMs = 10 * 60_000;
/** How long a leaving engine may take to close its files before it is killed. */
const graceMs = 2_000;

/** Exit code of a Windows process that ran into an unknown instruction: STATUS_ILLEGAL_INSTRUCTION. */
const illegalInstruction = 0xc000001d;

export interface EngineOptions {
  engineFile: string;
  log: Log;
  /** What the engine shall open; undefined while no folder is open. */
  openParams(): OpenParams | undefined;
  /** Whether a new engine starts paused. */
  paused(): boolean;
}

/** One engine process and the connection to it. */
class EngineProcess {
  readonly child: ChildProcess;
  readonly connection: MessageConnection;
  readonly opened: Promise<IndexStatus>;
  /** How it ended, in words. */
  readonly ended: Promise<string>;
  leaving = false;
  /** It died of an instruction that this processor does not have. */
  lackedInstruction = false;

  /** `params` are what the settings ask for, `sent` what this engine is told. */
  constructor(sent: OpenParams, readonly params: OpenParams, { engineFile, log, paused }: EngineOptions) {
    const inspect = process.env.ASSET_SEARCH_ENGINE_INSPECT;
    this.child = fork(engineFile, [], {
      execPath: process.execPath,
      execArgv: inspect ? [`--inspect=127.0.0.1:${Number(inspect)}`] : [],
      serialization: 'advanced',
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      // LanceDB's full-text index hangs with one thread, and reads the number before anything else runs.
      env: { ...process.env, ELECTRON_RUN_AS_NODE: '1', LANCE_CPU_THREADS: String(Math.max(2, availableParallelism())) },
    });
    this.child.stdout?.on('data', data => log.debug(`[engine] ${String(data).trimEnd()}`));
    this.child.stderr?.on('data', data => log.warn(`[engine] ${String(data).trimEnd()}`));
    this.ended = new Promise(resolve => {
      this.child.once('error', error => resolve(error.message));
      this.child.once('exit', (code, signal) => {
        this.lackedInstruction = signal === 'SIGILL' || (code !== null && code >>> 0 === illegalInstruction);
        resolve(signal ? `signal ${signal}` : `exit code ${code}`);
      });
    });
    this.connection = createMessageConnection(new IPCMessageReader(this.child), new IPCMessageWriter(this.child));
    // Without a listener a write to an engine that has just died would throw.
    this.connection.onError(([error]) => log.debug(`Engine connection: ${error.message}`));
    this.connection.onNotification(Engine.log.method, (record: LogRecord) => log.write(record));
    this.connection.listen();
    // Disposing the connection rejects what is pending.
    void this.ended.then(() => this.connection.dispose());
    // Before it opens, so that its first status says so.
    if (paused()) { this.connection.sendRequest(Engine.pause.method, { paused: true }).catch(() => { /* its end is told by `ended` */ }); }
    this.opened = this.connection.sendRequest<IndexStatus>(Engine.open.method, sent, CancellationToken.None);
    this.opened.catch(() => { /* everyone who waits for it handles it */ });
  }

  kill(): void {
    this.leaving = true;
    this.connection.dispose();
    this.child.kill('SIGKILL');
  }

  /** Lets it close its files; kills it when it does not. */
  async leave(): Promise<void> {
    this.leaving = true;
    this.connection.dispose();
    if (this.child.connected) { this.child.disconnect(); }
    const timer = setTimeout(() => this.child.kill('SIGKILL'), graceMs);
    await this.ended;
    clearTimeout(timer);
  }
}

export class EngineClient implements vscode.Disposable {
  #process: EngineProcess | undefined;
  #reopening: Promise<void> | undefined;
  #crashTimes: number[] = [];
  #failure: ErrorInfo | undefined;
  #status: IndexStatus | undefined;
  #allowedUntrusted = false;
  /** An engine died of an instruction that this processor lacks: the next ones load no native library. */
  #namesOnly: ErrorInfo | undefined;
  #disposed = false;
  readonly #statusChanged = new vscode.EventEmitter<void>();
  readonly #restarted = new vscode.EventEmitter<void>();
  readonly #labelProgress = new vscode.EventEmitter<{ done: number; total: number }>();
  /** The availability or the index status changed. */
  readonly onDidChangeStatus = this.#statusChanged.event;
  /** A new process took over from one that crashed. */
  readonly onDidRestart = this.#restarted.event;
  /** Of the labelling that is under way. */
  readonly onLabelProgress = this.#labelProgress.event;

  /** What the engine says, in the user's language. */
  readonly translate: (message: string) => string = vscode.l10n.bundle ? createEngineTranslate(vscode.l10n.t) : message => message;

  constructor(private readonly options: EngineOptions) {}

  get status(): IndexStatus | undefined { return this.#status; }
  get error(): ErrorInfo | undefined { return this.#failure; }
  get running(): boolean { return this.#process !== undefined; }

  get availability(): ViewStatus['availability'] {
    if (!this.options.openParams()) { return 'noFolder'; }
    if (this.#failure) { return 'engineFailed'; }
    if (!this.#mayRun()) { return 'untrusted'; }
    return this.#status ? 'ready' : 'starting';
  }

  /** In an untrusted workspace images are read only after the user asked for it. */
  allowUntrusted(): void { this.#allowedUntrusted = true; }

  /** Starts the engine where it may run; never throws, the status tells. */
  start(): void {
    if (this.#disposed || this.#process || this.#failure || this.#reopening || !this.options.openParams() || !this.#mayRun()) { return; }
    this.#spawn();
  }

  /** After a failure: forgets it, so that the next request starts the engine anew. */
  retry(): void {
    if (!this.#failure) { return; }
    this.#failure = undefined;
    this.#crashTimes = [];
    this.start();
    this.#statusChanged.fire();
  }

  /** @throws AssetSearchError engineCrashed when the engine dies under the request, engineUnavailable when it cannot run, or the engine's own code. */
  async request<P, R>(request: Request<P, R>, params: P, token: vscode.CancellationToken = CancellationToken.None): Promise<R> {
    const running = await this.#ready();
    try {
      return await running.connection.sendRequest<R>(request.method, params, token);
    } catch (error) {
      if (token.isCancellationRequested || running.leaving) { throw new AssetSearchError('cancelled', vscode.l10n.t('Cancelled.')); }
      throw this.#toAssetSearchError(error);
    }
  }

  /** Restarts the engine when what it shall open has changed (folders, rules, storage, model), or in any case. Returns whether it had to. */
  async reopen(always = false): Promise<boolean> {
    await this.#reopening;
    const wanted = this.options.openParams();
    const old = this.#process;
    if (!always && !this.#failure && (!old || JSON.stringify(old.params) === JSON.stringify(wanted))) {
      this.#statusChanged.fire();
      return false;
    }
    this.#process = undefined;
    this.#status = undefined;
    this.#failure = undefined;
    // Once more with all there is: what was missing may be there now.
    this.#namesOnly = undefined;
    this.#reopening = old?.leave();
    this.#statusChanged.fire();
    await this.#reopening;
    this.#reopening = undefined;
    if (!this.#disposed) { this.start(); }
    return true;
  }

  /** Ends the engine at once: killing it is clean (the index keeps all that was flushed), and leaves nothing behind when the window goes. */
  dispose(): void {
    this.#disposed = true;
    this.#process?.kill();
    this.#process = undefined;
    this.#statusChanged.dispose();
    this.#restarted.dispose();
    this.#labelProgress.dispose();
  }

  #mayRun(): boolean { return vscode.workspace.isTrusted || this.#allowedUntrusted; }

  async #ready(): Promise<EngineProcess> {
    for (;;) {
      await this.#reopening;
      if (this.#disposed) { throw new AssetSearchError('cancelled', vscode.l10n.t('Cancelled.')); }
      if (this.#failure) { throw new AssetSearchError(this.#failure.code as 'engineUnavailable', this.#failure.message); }
      if (!this.options.openParams()) { throw new AssetSearchError('engineUnavailable', vscode.l10n.t('Open a folder to search its images.')); }
      if (!this.#mayRun()) { throw new AssetSearchError('engineUnavailable', vscode.l10n.t('This workspace is not trusted. Trust it, or run "Asset Search: Update Index" to read its images all the same.')); }
      const running = this.#process ?? this.#spawn();
      try {
        await running.opened;
        return running;
      } catch (error) {
        // Another process is on its way (crash, changed settings): wait for that one.
        if (this.#process !== running && !this.#failure) { continue; }
        throw this.#toAssetSearchError(error);
      }
    }
  }

  #toAssetSearchError(error: unknown): AssetSearchError {
    const { code, message } = toErrorInfo(error);
    return code === 'engineCrashed'
      ? new AssetSearchError('engineCrashed', vscode.l10n.t('The search engine stopped unexpectedly and is being restarted. Try again.'), { cause: error })
      : new AssetSearchError(code as 'internal', this.translate(message), { cause: error });
  }

  #spawn(): EngineProcess {
    const params = this.options.openParams();
    if (!params) { throw new AssetSearchError('engineUnavailable', vscode.l10n.t('Open a folder to search its images.')); }
    const startedAt = performance.now();
    const running = new EngineProcess(this.#namesOnly ? { ...params, namesOnly: this.#namesOnly } : params, params, this.options);
    this.#process = running;
    this.options.log.info(`Engine started (pid ${running.child.pid}), index in ${params.dbFolder}`);
    running.connection.onNotification(Engine.statusChanged.method, (status: IndexStatus) => this.#setStatus(running, status));
    running.connection.onNotification(Engine.labelProgress.method, (progress: { done: number; total: number }) => this.#labelProgress.fire(progress));
    running.opened.then(status => {
      this.options.log.info(`Engine ready after ${Math.round(performance.now() - startedAt)} ms: ${status.assets} images, model ${status.model.id}, device ${status.device}`);
      this.#setStatus(running, status);
    }, error => {
      const info = toErrorInfo(error);
      // A crash is dealt with when the process has ended; here the engine lives and says why it cannot open.
      if (this.#process !== running || info.code === 'engineCrashed' || isCancelled(error)) { return; }
      this.options.log.error(`The engine cannot open the index: ${info.code}: ${info.message}`);
      this.#process = undefined;
      void running.leave();
      this.#fail(this.#said(info));
    });
    void running.ended.then(how => this.#ended(running, how));
    this.#statusChanged.fire();
    return running;
  }

  #setStatus(from: EngineProcess, status: IndexStatus): void {
    if (this.#process !== from) { return; }
    const { error, namesOnly, model, serving, modelProblem } = status;
    const named = (each: ModelInfo): ModelInfo => ({ ...each, name: this.translate(each.name), description: this.translate(each.description) });
    this.#status = {
      ...status, model: named(model), ...serving && { serving: named(serving) }, ...modelProblem && { modelProblem: this.#said(modelProblem) },
      ...error && { error: this.#said(error) }, ...namesOnly && { namesOnly: this.#said(namesOnly) },
    };
    this.#statusChanged.fire();
  }

  #said({ code, message }: ErrorInfo): ErrorInfo { return { code, message: this.translate(message) }; }

  #ended(running: EngineProcess, how: string): void {
    if (this.#process !== running || running.leaving) { return; }
    const now = Date.now();
    this.#process = undefined;
    this.#status = undefined;
    if (running.lackedInstruction && !this.#namesOnly) {
      this.#namesOnly = {
        code: 'processorUnsupported',
        message: vscode.l10n.t('This processor lacks instructions that the search engine needs (AVX2 or FMA), so pictures cannot be read here. File names are searched instead.'),
      };
    }
    this.#crashTimes = [...this.#crashTimes.filter(time => time > now - crashWindowMs), now];
    this.options.log.error(`The engine stopped unexpectedly (${how}); ${this.#crashTimes.length} of at most ${maxRestarts} restarts.`);
    if (this.#crashTimes.length > maxRestarts) {
      this.#fail({ code: 'engineUnavailable', message: vscode.l10n.t('The search engine stopped {0} times in a row. The log says why.', this.#crashTimes.length) });
      return;
    }
    this.#spawn();
    this.#restarted.fire();
  }

  #fail(error: ErrorInfo): void {
    this.#status = undefined;
    this.#failure = error;
    this.#statusChanged.fire();
    const showLog = vscode.l10n.t('Show Log');
    const settings = vscode.l10n.t('Open Settings');
    const again = vscode.l10n.t('Try Again');
    // An index folder that cannot be used is chosen in the settings.
    void vscode.window.showErrorMessage(error.message, ['usage', 'indexReadOnly'].includes(error.code) ? settings : showLog, again).then(choice => {
      if (choice === showLog) { this.options.log.show(); }
      if (choice === settings) { void vscode.commands.executeCommand('workbench.action.openSettings', 'assetSearch.storageFolder'); }
      if (choice === again) { this.retry(); }
    });
  }
}
