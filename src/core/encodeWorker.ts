/** The worker thread that encodes images while indexing, so that queries on the main thread do not wait for it. */
import { parentPort, workerData } from 'node:worker_threads';
import type { ErrorCode } from '../protocol';
import { AssetSearchError, messageOf } from '../errors';
import { createImageEncoder, type EncoderOptions, type ImageEncoder } from './encoder';
import { loadModel } from './model';

export interface EncodeWorkerData extends EncoderOptions { modelFolder: string }

/** `pixels` holds `count` images one after the other. */
export type EncodeMessage = { kind: 'encode'; id: number; pixels: Uint8Array; count: number } | { kind: 'close' };
export type EncodeReply =
  | { kind: 'ready'; device: string }
  | { kind: 'encoded'; id: number; vectors: Float32Array }
  /** Without an id: the encoder did not start. */
  | { kind: 'failed'; id?: number; code: ErrorCode; message: string };

async function main(): Promise<void> {
  const port = parentPort!;
  const { modelFolder, ...options } = workerData as EncodeWorkerData;
  const send = (reply: EncodeReply, transfer: ArrayBuffer[] = []) => port.postMessage(reply, transfer);
  const fail = (error: unknown, id?: number) => send({
    kind: 'failed', ...(id !== undefined && { id }), code: error instanceof AssetSearchError ? error.code : 'internal', message: messageOf(error),
  });

  let encoder: ImageEncoder;
  try {
    encoder = await createImageEncoder(await loadModel(modelFolder), options);
  } catch (error) {
    fail(error);
    return;
  }
  // Runs go one after the other; closing waits for them.
  let last = Promise.resolve();
  port.on('message', (message: EncodeMessage) => {
    last = last.then(async () => {
      if (message.kind === 'close') {
        await encoder.dispose();
        port.close();
        return;
      }
      try {
        const { id, pixels, count } = message;
        const length = pixels.length / count;
        const vectors = await encoder.encode(Array.from({ length: count }, (_, index) => pixels.subarray(index * length, (index + 1) * length)));
        const joined = join(vectors);
        send({ kind: 'encoded', id, vectors: joined }, [joined.buffer]);
      } catch (error) {
        fail(error, message.id);
      }
    });
  });
  send({ kind: 'ready', device: encoder.device });
}

function join(vectors: Float32Array[]): Float32Array<ArrayBuffer> {
  const dimension = vectors[0]?.length ?? 0;
  const joined = new Float32Array(vectors.length * dimension);
  vectors.forEach((vector, index) => joined.set(vector, index * dimension));
  return joined;
}

void main();
