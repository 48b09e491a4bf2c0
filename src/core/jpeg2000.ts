/** Reads JPEG 2000: checks the header here, and decodes in a thread of its own, at the resolution that is needed. */
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Jpeg2000Reply, Jpeg2000Work } from './jpeg2000Worker';
import type { Raster } from './cells';
import { corrupt, demand, unsupportedVariant, viewOf } from './raster';

export interface Jpeg2000Header {
  width: number;
  height: number;
  /** How often the resolution can be halved without decoding the rest. */
  levels: number;
}

/** Decoded, a pixel takes up to 32 bytes. */
const maxDecodedPixels = 16_000_000;
const maxTiles = 4096;
const remedy = 'Convert it to PNG with the tool of OpenJPEG: "opj_decompress -i image.jp2 -o image.png".';
const enum Marker { Siz = 0xff51, Cod = 0xff52, Coc = 0xff53, Sot = 0xff90 }

/** Throws SkipError. Source: ISO/IEC 15444-1, annex A (codestream) and I (boxes). */
export function readJpeg2000Header(bytes: Uint8Array): Jpeg2000Header {
  const view = viewOf(bytes);
  const start = codestreamStart(bytes, view);
  demand(bytes, start, 42);
  if (view.getUint16(start + 2) !== Marker.Siz) { throw corrupt('its codestream has no size'); }
  const [right, bottom, left, top, tileWidth, tileHeight] = [8, 12, 16, 20, 24, 28].map(offset => view.getUint32(start + offset)) as [number, number, number, number, number, number];
  const components = view.getUint16(start + 40);
  demand(bytes, start + 42, components * 3);
  if (right <= left || bottom <= top || tileWidth === 0 || tileHeight === 0 || components === 0) { throw corrupt('its size contradicts itself'); }
  const layout = Array.from({ length: components }, (_, index) => [...bytes.subarray(start + 42 + index * 3, start + 45 + index * 3)]);
  const plain = layout.every(([depth, dx, dy]) => depth === layout[0]![0] && depth! < 16 && dx === 1 && dy === 1);
  if (components > 4 || !plain || left !== 0 || top !== 0 || Math.ceil(right / tileWidth) * Math.ceil(bottom / tileHeight) > maxTiles) {
    throw unsupportedVariant('a JPEG 2000 image of an unusual kind', remedy);
  }
  let levels = 32;
  for (let at = start + 2; ;) {
    demand(bytes, at, 10);
    const marker = view.getUint16(at);
    if (marker === Marker.Sot) { break; }
    if (marker < 0xff01) { throw corrupt('its codestream has no valid header'); }
    if (marker === Marker.Cod) { levels = Math.min(levels, bytes[at + 9]!); }
    if (marker === Marker.Coc) { levels = Math.min(levels, bytes[at + 6]!); }
    at += 2 + Math.max(2, view.getUint16(at + 2));
  }
  return { width: right, height: bottom, levels };
}

/** A bare codestream, or the box that holds one. */
function codestreamStart(bytes: Uint8Array, view: DataView): number {
  if (bytes[0] === 0xff) { return 0; }
  for (let at = 0; ;) {
    demand(bytes, at, 16);
    let length = view.getUint32(at);
    const type = view.getUint32(at + 4);
    const wide = length === 1;
    if (wide) { length = view.getUint32(at + 8) * 2 ** 32 + view.getUint32(at + 12); }
    if (type === 0x6a703263) { return at + (wide ? 16 : 8); } // jp2c
    if (length < 8) { throw corrupt('a box of it has no length'); }
    at += length;
  }
}

/**
 * At least `longest` pixels long, or as large as it is. Halving the resolution skips the finest details while decoding.
 * In a worker, because it is synchronous: other files in work would miss their time limits. Fresh for each image, because memory of
 * WebAssembly never shrinks; ending it is safe, as nothing in it is native.
 */
export async function decodeJpeg2000(bytes: Uint8Array, { width, height, levels }: Jpeg2000Header, longest: number): Promise<Raster> {
  let level = 0;
  while (level < levels && Math.max(width, height) / 2 ** (level + 1) >= longest) { level++; }
  const size = { width: Math.ceil(width / 2 ** level), height: Math.ceil(height / 2 ** level) };
  if (size.width * size.height > maxDecodedPixels) { throw unsupportedVariant('a JPEG 2000 image that holds only its full resolution', remedy); }
  const worker = new Worker(join(__dirname, 'jpeg2000Worker.js'), { workerData: { bytes, level } satisfies Jpeg2000Work });
  try {
    const reply = await new Promise<Jpeg2000Reply>((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
      worker.once('exit', () => reject(new Error('The thread ended.')));
    });
    return toRaster(reply, size);
  } catch {
    // What WebAssembly throws is a number or a trap: it says nothing more.
    throw corrupt('its codestream cannot be decoded');
  } finally {
    await worker.terminate();
  }
}

/** Grey, grey with alpha, RGB or RGBA of up to 16 bits, little-endian. */
function toRaster({ data, components, bits }: Jpeg2000Reply, { width, height }: { width: number; height: number }): Raster {
  const wide = bits > 8 ? 2 : 1;
  if (components < 1 || components > 4 || data.length !== width * height * components * wide) { throw corrupt('its pixels are incomplete'); }
  const rgba = new Uint8Array(width * height * 4);
  const value = (index: number) => wide === 2 ? (data[index * 2]! | data[index * 2 + 1]! << 8) >> (bits - 8) : bits === 8 ? data[index]! : data[index]! * 255 / ((1 << bits) - 1);
  const coloured = components >= 3;
  for (let pixel = 0; pixel < width * height; pixel++) {
    const from = pixel * components;
    const to = pixel * 4;
    for (let channel = 0; channel < 3; channel++) { rgba[to + channel] = value(from + (coloured ? channel : 0)); }
    rgba[to + 3] = components % 2 === 0 ? value(from + components - 1) : 255;
  }
  return { data: rgba, width, height };
}
