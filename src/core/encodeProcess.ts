/**
 * The process that encodes images while indexing. Its own, so that queries do not wait for a run, which blocks the event loop for as long as it takes; so that a
 * driver that crashes or hangs costs one batch; and so that it can step back behind everything else on the machine.
 */
import './nativeEnvironment';
import { constants, setPriority } from 'node:os';
import type { ErrorCode } from '../protocol';
import { AssetSearchError, messageOf } from '../errors';
import { createImageEncoder, type EncoderOptions, type ImageEncoder } from './encoder';
import type { Model } from './model';

/** The model's files were proved by whoever loaded it. */
export interface OpenMessage extends EncoderOptions { kind: 'open'; model: Model }
export type EncodeMessage = OpenMessage | { kind: 'encode'; id: number; pixels: Uint8Array[]; batchSize: number };
export type EncodeReply =
  | { kind: 'ready' }
  | { kind: 'encoded'; id: number; vectors: Float32Array[] }
  /** Without an id: the encoder did not start. */
  | { kind: 'failed'; id?: number; code: ErrorCode; message: string };

let encoder: ImageEncoder | undefined;

async function answer(message: EncodeMessage): Promise<void> {
  try {
    if (message.kind === 'open') {
      const { model, device, threads } = message;
      encoder = await createImageEncoder(model, { device, threads });
      send({ kind: 'ready' });
    } else {
      send({ kind: 'encoded', id: message.id, vectors: await encoder!.encode(message.pixels, message.batchSize) });
    }
  } catch (error) {
    const id = message.kind === 'encode' ? { id: message.id } : {};
    send({ kind: 'failed', ...id, code: error instanceof AssetSearchError ? error.code : 'internal', message: messageOf(error) });
  }
}

function send(reply: EncodeReply): void {
  if (process.connected) { process.send!(reply, undefined, undefined, () => {}); }
}

try {
  // Before the session: on Linux its threads inherit this.
  setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
} catch {
  // Not allowed here: encoding then competes with the rest on equal terms.
}
// Without a parent there is nobody to work for.
process.on('disconnect', () => process.exit(0));
// Runs go one after the other.
let last = Promise.resolve();
process.on('message', (message: EncodeMessage) => { last = last.then(() => answer(message)); });
