/** The engine's side of the encode process: one model on one device. */
import { fork, type ChildProcess } from 'node:child_process';
import type { ErrorCode } from '../protocol';
import { AssetSearchError, cancelled } from '../errors';
import type { Device } from './devices';
import type { EncodeMessage, EncodeReply } from './encodeProcess';
import type { Model } from './model';

export interface EncodeClientOptions {
  /** The bundled encodeProcess.js. */
  processFile: string;
  model: Model;
  device: Device;
  threads: number;
  /** Longest silence of the process while something is asked of it; undefined waits for ever. */
  timeoutMs?: number;
  /** Ends the process at once. */
  signal?: AbortSignal;
}

interface Waiting { resolve(vectors: Float32Array[]): void; reject(error: Error): void }

const stderrLength = 2_000;
const killMs = 2_000;

export class EncodeClient {
  /** Rejects with the AssetSearchError of the encoder's creation, or as {@link encode}. */
  static async start(options: EncodeClientOptions): Promise<EncodeClient> {
    const client = new EncodeClient(options);
    try {
      await client.opened;
      return client;
    } catch (error) {
      await client.kill();
      throw error;
    }
  }

  private readonly child: ChildProcess;
  private readonly waiting = new Map<number, Waiting>();
  private readonly exited: Promise<void>;
  private readonly opened: Promise<unknown>;
  private idle: (() => void) | undefined;
  private nextId = 1;
  private ended: Error | undefined;
  private stderr = '';
  private watch: NodeJS.Timeout | undefined;
  private silentTicks = 0;

  private constructor({ processFile, timeoutMs, signal, ...open }: EncodeClientOptions) {
    this.child = fork(processFile, [], { execArgv: [], serialization: 'advanced', stdio: ['ignore', 'ignore', 'pipe', 'ipc'], env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' } });
    this.child.stderr!.setEncoding('utf8').on('data', (text: string) => { this.stderr = (this.stderr + text).slice(-stderrLength); });
    this.child.on('message', (reply: EncodeReply) => this.receive(reply));
    this.child.on('error', error => this.end('encoderCrashed', `The image encoder cannot be started: ${error.message}`));
    this.exited = new Promise(resolve => this.child.once('exit', (code, signal) => {
      this.end('encoderCrashed', `The image encoder crashed (${signal ?? `exit code ${code}`}). ${lastLine(this.stderr)}`.trim());
      resolve();
    }));
    if (timeoutMs !== undefined) {
      // Ticks, not a clock: a laptop that was asleep has not been silent.
      const ticks = 10;
      this.watch = setInterval(() => {
        if (this.waiting.size === 0 || ++this.silentTicks <= ticks) { return; }
        this.end('encoderHung', `The image encoder gave no answer for ${timeoutMs / 1000} seconds.`);
        void this.kill();
      }, timeoutMs / ticks);
    }
    signal?.addEventListener('abort', () => { void this.kill(); }, { once: true });
    this.opened = this.ask(0, { kind: 'open', ...open });
  }

  /** Of the process. */
  get pid(): number | undefined { return this.child.pid; }

  /**
   * As ImageEncoder.encode. Rejects with AssetSearchError 'encoderCrashed' when the process ends, 'encoderHung' when it is silent for too long;
   * the client is then of no further use.
   */
  encode(pixels: Uint8Array[], batchSize: number): Promise<Float32Array[]> {
    if (pixels.length === 0) { return Promise.resolve([]); }
    const id = this.nextId++;
    return this.ask(id, { kind: 'encode', id, pixels, batchSize });
  }

  /** Waits for the runs that were asked for. */
  async close(): Promise<void> {
    this.ended ??= cancelled();
    while (this.waiting.size > 0) { await new Promise<void>(resolve => { this.idle = resolve; }); }
    await this.kill();
  }

  /** Ends the process at once, in whatever it is. */
  async kill(): Promise<void> {
    this.ended ??= cancelled();
    this.child.kill('SIGKILL');
    // One that is stuck in a driver may not even die.
    if (this.child.pid !== undefined) { await Promise.race([this.exited, new Promise(resolve => { setTimeout(resolve, killMs).unref(); })]); }
  }

  private ask(id: number, message: EncodeMessage): Promise<Float32Array[]> {
    if (this.ended) { return Promise.reject(this.ended); }
    if (this.waiting.size === 0) { this.silentTicks = 0; }
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      // A failed send means a dying process, whose exit is dealt with above.
      this.child.send(message, () => {});
    });
  }

  private receive(reply: EncodeReply): void {
    this.silentTicks = 0;
    const id = reply.kind === 'ready' ? 0 : reply.id ?? 0;
    const waiting = this.waiting.get(id);
    this.waiting.delete(id);
    if (reply.kind === 'failed') {
      waiting?.reject(new AssetSearchError(reply.code, reply.message));
    } else {
      waiting?.resolve(reply.kind === 'ready' ? [] : reply.vectors);
    }
    if (this.waiting.size === 0) { this.idle?.(); }
  }

  private end(code: ErrorCode, message: string): void {
    clearInterval(this.watch);
    this.ended ??= new AssetSearchError(code, message);
    for (const waiting of this.waiting.values()) { waiting.reject(this.ended); }
    this.waiting.clear();
    this.idle?.();
  }
}

/** What a process said last, without colours. */
function lastLine(text: string): string { return text.replace(/\x1b\[[\d;]*m/g, '').trim().split('\n').at(-1)!.slice(0, 300); }
