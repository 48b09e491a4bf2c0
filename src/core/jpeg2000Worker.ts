/** Decodes one JPEG 2000 image with OpenJPEG, compiled to WebAssembly: whatever the file does, it stays inside. */
import openJpeg from '@cornerstonejs/codec-openjpeg/decodewasmjs';
import { parentPort, workerData } from 'node:worker_threads';

export interface Jpeg2000Work { bytes: Uint8Array; /** How often to halve the resolution. */ level: number }
/** `data` is interleaved, two bytes a value above 8 bits. */
export interface Jpeg2000Reply { data: Uint8ClampedArray; components: number; bits: number }

async function main(): Promise<void> {
  const { bytes, level } = workerData as Jpeg2000Work;
  // The .wasm lies beside this bundle, where esbuild.js copies it.
  const { J2KDecoder } = await openJpeg({ print: () => {}, printErr: () => {} });
  const decoder = new J2KDecoder();
  decoder.getEncodedBuffer(bytes.length).set(bytes);
  decoder.decodeSubResolution(level, 0);
  const { componentCount, bitsPerSample } = decoder.getFrameInfo();
  const data = decoder.getDecodedBuffer();
  parentPort!.postMessage({ data, components: componentCount, bits: bitsPerSample } satisfies Jpeg2000Reply, [data.buffer as ArrayBuffer]);
}

void main();
