/** The main thread's side of the encode worker. */
import { Worker } from 'node:worker_threads';
import type { EncodeMessage, EncodeReply, EncodeWorkerData } from './encodeWorker';
import { AssetSearchError, cancelled } from '../errors';

export interface EncodeClientOptions extends EncodeWorkerData {
  /** The bundled encodeWorker.js. */
  workerFile: string;
}

interface Waiting { count: number; resolve(vectors: Float32Array[]): void; reject(error: Error): void }

export class EncodeClient {
  /** Rejects with the AssetSearchError of loading the model. */
  static async start({ workerFile, ...data }: EncodeClientOptions): Promise<EncodeClient> {
    const worker = new Worker(workerFile, { workerData: data satisfies EncodeWorkerData });
    const device = await new Promise<string>((resolve, reject) => {
      worker.once('message', (reply: EncodeReply) => {
        if (reply.kind === 'ready') { resolve(reply.device); } else if (reply.kind === 'failed') { reject(new AssetSearchError(reply.code, reply.message)); }
      });
      worker.once('error', error => reject(new AssetSearchError('internal', `The image encoder does not start: ${error.message}`, { cause: error })));
      worker.once('exit', () => reject(new AssetSearchError('internal', 'The image encoder does not start.')));
    });
    return new EncodeClient(worker, device);
  }

  private readonly waiting = new Map<number, Waiting>();
  private readonly exited: Promise<void>;
  private nextId = 1;
  private ended: Error | undefined;

  private constructor(private readonly worker: Worker, readonly device: string) {
    worker.on('message', (reply: EncodeReply) => this.receive(reply));
    worker.on('error', error => this.end(new AssetSearchError('internal', `The image encoder failed: ${error.message}`, { cause: error })));
    this.exited = new Promise(resolve => worker.once('exit', () => {
      this.end(new AssetSearchError('internal', 'The image encoder ended.'));
      resolve();
    }));
  }

  /** As ImageEncoder.encode. The pixels are copied. */
  async encode(pixels: Uint8Array[]): Promise<Float32Array[]> {
    if (this.ended) { throw this.ended; }
    if (pixels.length === 0) { return []; }
    const length = pixels[0]!.length;
    const joined = new Uint8Array(length * pixels.length);
    pixels.forEach((each, index) => {
      if (each.length !== length) { throw new AssetSearchError('internal', 'The images of a batch differ in size.'); }
      joined.set(each, index * length);
    });
    return new Promise((resolve, reject) => {
      const id = this.nextId++;
      this.waiting.set(id, { count: pixels.length, resolve, reject });
      this.worker.postMessage({ kind: 'encode', id, pixels: joined, count: pixels.length } satisfies EncodeMessage, [joined.buffer]);
    });
  }

  /** Waits for the runs that were asked for: terminating a worker during a run aborts the whole process. */
  async close(): Promise<void> {
    this.ended ??= cancelled();
    this.worker.postMessage({ kind: 'close' } satisfies EncodeMessage);
    await this.exited;
  }

  private receive(reply: EncodeReply): void {
    if (reply.kind === 'ready' || reply.id === undefined) { return; }
    const waiting = this.waiting.get(reply.id);
    this.waiting.delete(reply.id);
    if (reply.kind === 'failed') {
      waiting?.reject(new AssetSearchError(reply.code, reply.message));
    } else if (waiting) {
      const dimension = reply.vectors.length / waiting.count;
      waiting.resolve(Array.from({ length: waiting.count }, (_, index) => reply.vectors.slice(index * dimension, (index + 1) * dimension)));
    }
  }

  private end(error: Error): void {
    this.ended ??= error;
    for (const waiting of this.waiting.values()) { waiting.reject(error); }
    this.waiting.clear();
  }
}
