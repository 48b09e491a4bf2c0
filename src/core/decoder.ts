/**
 * Reads, hashes and decodes image files in a child process, so that a file which crashes or hangs the decoder costs only itself.
 * After a crash each file that was in work is tried alone; the one that crashes the decoder again is skipped.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { constants, setPriority } from 'node:os';
import type { Cell, SkipCode } from '../protocol';
import type { Split } from './cells';
import { AssetSearchError, cancelled, SkipError } from '../errors';
import type { ImageSpec } from '../models/manifest';

export interface DecodeLimits {
  maxFileSizeBytes: number;
  maxPixels: number;
  /** For one file, from the moment its work begins. */
  timeoutMs: number;
}

export interface DecoderOptions {
  /** The bundled decodeProcess.js. */
  processFile: string;
  /** Files in work at the same time. */
  concurrency: number;
  limits: DecodeLimits;
}

export interface DecodeRequest {
  source: { file: string } | { bytes: Uint8Array };
  /** The model's input wanted in `pixels`. */
  image?: ImageSpec;
  /** Where to write a thumbnail: whole or not at all. Those of cells come beside it ({@link cellThumbnailFile}). */
  thumbnailFile?: string;
  /** How to look for cells; 'cells' leaves out the whole itself. */
  split?: Split;
}

export interface Decoded {
  /** sha256 of the file's bytes, hex. */
  hash: string;
  format: string;
  /** Of the oriented image; of an SVG in CSS px. */
  width: number;
  height: number;
  sizeBytes: number;
  title: string;
  /** Why the thumbnail or those of cells could not be written; the rest is there all the same. */
  thumbnailProblem?: string;
  /** size * size * 3 bytes, RGB interleaved; present when `image` was given. */
  pixels?: Uint8Array;
  /** Of a sheet. The first ones have their pixels; with `split.by` 'cells' the others can be asked for. */
  cells?: { cell: Cell; pixels?: Uint8Array }[];
}

export interface Hashed { hash: string; sizeBytes: number }

// ── what crosses to decodeProcess.ts

export type DecodeWork =
  | { kind: 'hash'; file: string }
  | { kind: 'decode'; source: DecodeRequest['source']; image?: ImageSpec; thumbnail?: { file: string; temporaryFile: string }; split?: Split };
export type DecodeMessage = DecodeWork & { id: number; limits: DecodeLimits };
export type DecodeReply =
  | { id: number; value: Hashed | Decoded }
  | { id: number; skip: { code: SkipCode; reason: string; remedy: string } };
/** The process's first message: its native modules are loaded. */
export interface DecoderReady { ready: true }

interface Job {
  id: number;
  work: DecodeWork;
  resolve(value: Hashed | Decoded): void;
  reject(error: Error): void;
  /** Was in work when the process died: it runs alone from now on. */
  suspect: boolean;
  /** Its caller no longer waits. */
  abandoned: boolean;
  timer?: NodeJS.Timeout;
}

/** A process without work ends after this long; the next file starts another (0.2 s). */
const idleTimeoutMs = 60_000;
const stderrLength = 2000;
/** A process that dies while it loads is tried again, later each time: memory may be short for a moment, or somebody ends processes. Waits 3 s in all. */
const startRetryMs = [200, 400, 800, 1600];

export class Decoder {
  static start(options: DecoderOptions): Decoder { return new Decoder(options); }

  private limits: DecodeLimits;
  private child: ChildProcess | undefined;
  private ready = false;
  /** Processes in a row that died before they were ready. */
  private failedStarts = 0;
  private startTimer: NodeJS.Timeout | undefined;
  private stderr = '';
  private nextId = 1;
  private readonly queue: Job[] = [];
  private readonly running = new Map<number, Job>();
  private idleTimer: NodeJS.Timeout | undefined;
  private closed = false;

  private constructor(private readonly options: DecoderOptions) {
    this.limits = options.limits;
  }

  /** Holds for files whose work has not begun. */
  setLimits(limits: DecodeLimits): void { this.limits = limits; }

  /** sha256 of a file's bytes. Rejects with SkipError (tooLarge, vanished, unreadable, empty, timeout) or AssetSearchError (cancelled, internal). */
  async hash(file: string, signal?: AbortSignal): Promise<Hashed> {
    return this.submit({ kind: 'hash', file }, signal);
  }

  /** Rejects with SkipError, or with AssetSearchError (cancelled, internal). */
  async decode(request: DecodeRequest, signal?: AbortSignal): Promise<Decoded> {
    const { source, image, thumbnailFile, split } = request;
    const thumbnail = thumbnailFile === undefined ? undefined : { file: thumbnailFile, temporaryFile: `${thumbnailFile}.${process.pid}-${this.nextId}.tmp` };
    return await this.submit({ kind: 'decode', source, ...(image && { image }), ...(thumbnail && { thumbnail }), ...(split && { split }) }, signal) as Decoded;
  }

  /** The process id while a process runs, for tests and diagnostics. */
  get pid(): number | undefined { return this.child?.pid; }

  /** Ends the process at once; what waits is rejected as cancelled. */
  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.startTimer);
    const jobs = [...this.running.values(), ...this.queue.splice(0)];
    await this.kill();
    for (const job of jobs) { this.settle(job, () => job.reject(cancelled())); }
    await Promise.all(jobs.map(removeTemporary));
  }

  private submit(work: DecodeWork, signal: AbortSignal | undefined): Promise<Hashed | Decoded> {
    if (this.closed || signal?.aborted) { return Promise.reject(cancelled()); }
    return new Promise((resolve, reject) => {
      const abort = () => {
        job.abandoned = true;
        const place = this.queue.indexOf(job);
        if (place >= 0) { this.queue.splice(place, 1); }
        reject(cancelled());
      };
      const finish = <T>(then: (value: T) => void) => (value: T) => { signal?.removeEventListener('abort', abort); then(value); };
      const job: Job = { id: this.nextId++, work, resolve: finish(resolve), reject: finish(reject), suspect: false, abandoned: false };
      signal?.addEventListener('abort', abort, { once: true });
      this.queue.push(job);
      this.pump();
    });
  }

  private pump(): void {
    clearTimeout(this.idleTimer);
    if (this.closed) { return; }
    if (this.queue.length === 0) {
      if (this.running.size === 0 && this.child) {
        this.idleTimer = setTimeout(() => { void this.kill(); }, idleTimeoutMs);
        this.idleTimer.unref();
      }
      return;
    }
    if (this.startTimer) { return; }
    this.child ??= this.spawn();
    if (!this.ready) { return; }
    while (this.queue.length > 0 && this.running.size < this.options.concurrency) {
      // A suspect waits for the others to end, runs by itself, and lets nobody in.
      if ([...this.running.values()].some(job => job.suspect)) { return; }
      if (this.queue[0]!.suspect && this.running.size > 0) { return; }
      this.begin(this.queue.shift()!);
    }
  }

  private begin(job: Job): void {
    this.running.set(job.id, job);
    const { timeoutMs } = this.limits;
    job.timer = setTimeout(() => {
      this.settle(job, () => job.reject(new SkipError('timeout', `Decoding took longer than ${timeoutMs / 1000} seconds.`, 'Simplify the image, or export it as PNG.')));
      void removeTemporary(job);
      // The others in work lose their place, not their chance, and no blame falls on them.
      this.requeue([...this.running.values()], false);
      void this.kill();
    }, timeoutMs);
    const message: DecodeMessage = { ...job.work, id: job.id, limits: this.limits };
    // A failed send means a dying process, whose exit is dealt with below.
    this.child!.send(message, () => {});
  }

  private spawn(): ChildProcess {
    const child = fork(this.options.processFile, [], {
      execArgv: [],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      env: {
        ...process.env,
        ELECTRON_RUN_AS_NODE: '1',
        // libuv's threads decode; two more read files meanwhile.
        UV_THREADPOOL_SIZE: String(this.options.concurrency + 2),
        // glibc keeps freed memory per arena, 8 a core by default.
        MALLOC_ARENA_MAX: '2',
      },
    });
    this.ready = false;
    this.stderr = '';
    // A process that could not be started has none: its error event says why.
    child.stderr?.setEncoding('utf8').on('data', (text: string) => { this.stderr = (this.stderr + text).slice(-stderrLength); });
    child.on('message', (message: DecodeReply | DecoderReady) => {
      if (child !== this.child) { return; }
      if ('ready' in message) { this.ready = true; this.failedStarts = 0; this.pump(); } else { this.answer(message); }
    });
    child.on('error', error => this.ended(child, error.message));
    child.on('exit', (code, signal) => this.ended(child, signal ?? `exit code ${code}`));
    try {
      if (child.pid !== undefined) { setPriority(child.pid, constants.priority.PRIORITY_BELOW_NORMAL); }
    } catch {
      // Not allowed here: decoding then competes with the rest on equal terms.
    }
    return child;
  }

  private answer(reply: DecodeReply): void {
    const job = this.running.get(reply.id);
    if (!job) { return; }
    this.settle(job, () => {
      if ('value' in reply) {
        job.resolve(reply.value);
      } else {
        job.reject(new SkipError(reply.skip.code, reply.skip.reason, reply.skip.remedy));
      }
    });
    this.pump();
  }

  /** The process died by itself, or was killed from outside. */
  private ended(child: ChildProcess, cause: string): void {
    if (child !== this.child) { return; }
    this.child = undefined;
    const wasReady = this.ready;
    this.ready = false;
    const interrupted = [...this.running.values()];
    for (const job of interrupted) { void removeTemporary(job); }
    if (!wasReady) {
      const waitMs = startRetryMs[this.failedStarts++];
      if (waitMs !== undefined) {
        this.startTimer = setTimeout(() => { this.startTimer = undefined; this.pump(); }, waitMs);
        return;
      }
      this.failedStarts = 0;
      const message = `The image decoder does not start (${cause}). ${this.stderr.trim()}`.trim();
      for (const job of [...interrupted, ...this.queue.splice(0)]) { this.settle(job, () => job.reject(new AssetSearchError('internal', message))); }
      return;
    }
    const guilty = interrupted.filter(job => job.suspect);
    for (const job of guilty) {
      this.settle(job, () => job.reject(new SkipError('crashesDecoder', `The image crashes the decoder (${cause}).`, 'Open it in an image editor and save it again.')));
    }
    this.requeue(interrupted.filter(job => !job.suspect), true);
    this.pump();
  }

  private requeue(jobs: Job[], suspect: boolean): void {
    for (const job of jobs) {
      clearTimeout(job.timer);
      this.running.delete(job.id);
      job.suspect ||= suspect;
    }
    const waiting = jobs.filter(job => !job.abandoned);
    // Suspects go last, so that they hold up nobody; innocents first.
    if (suspect) { this.queue.push(...waiting); } else { this.queue.unshift(...waiting); }
  }

  private settle(job: Job, report: () => void): void {
    clearTimeout(job.timer);
    this.running.delete(job.id);
    if (!job.abandoned) { report(); }
  }

  /** Nothing a process says while it is being killed counts. */
  private async kill(): Promise<void> {
    clearTimeout(this.idleTimer);
    const child = this.child;
    this.child = undefined;
    this.ready = false;
    if (!child || child.exitCode !== null || child.signalCode !== null) { this.pump(); return; }
    const exited = new Promise<void>(resolve => child.once('exit', () => resolve()));
    child.kill('SIGKILL');
    this.pump();
    await exited;
  }
}

/** A killed process leaves the file it was writing. */
async function removeTemporary(job: Job): Promise<void> {
  if (job.work.kind === 'decode' && job.work.thumbnail) {
    await rm(job.work.thumbnail.temporaryFile, { force: true }).catch(() => {});
  }
}
