/** Finds the largest image in a Windows icon or cursor (ICO, CUR) and in a macOS icon (ICNS). */
import { openIconBitmap } from './bmp';
import { SkipError } from '../errors';
import { isJpeg2000 } from './imageFormat';
import { readJpeg2000Header } from './jpeg2000';
import { corrupt, demand, unsupportedVariant, viewOf, type Picture } from './raster';

/** An image of an icon: a bitmap, or a whole PNG or JPEG 2000 file. */
export type IconImage = { picture: Picture } | { png: Uint8Array } | { jpeg2000: Uint8Array };

interface Candidate { image: IconImage; pixels: number; depth: number }

/** By pixels, then by bits a pixel. What the directory says of them is often wrong: each image's own header counts. */
export function openIco(bytes: Uint8Array): IconImage {
  demand(bytes, 0, 6);
  const view = viewOf(bytes);
  const count = view.getUint16(4, true);
  demand(bytes, 6, count * 16);
  const candidates: Candidate[] = [];
  for (let index = 0; index < count; index++) {
    const entry = 6 + index * 16;
    const start = view.getUint32(entry + 12, true);
    const content = bytes.subarray(start, Math.min(bytes.length, start + view.getUint32(entry + 8, true)));
    try {
      const png = readPngHeader(content);
      if (png) { candidates.push({ image: { png: content }, ...png }); continue; }
      const picture = openIconBitmap(content);
      candidates.push({ image: { picture }, pixels: picture.width * picture.height, depth: picture.depth });
    } catch (error) {
      // One that is damaged does not spoil the others.
      if (!(error instanceof SkipError)) { throw error; }
    }
  }
  const best = largest(candidates);
  if (!best) { throw corrupt('none of its images can be read'); }
  return best;
}

/** Source: Apple's "Icon Services"; https://en.wikipedia.org/wiki/Apple_Icon_Image_format lists what the types hold. */
export function openIcns(bytes: Uint8Array): IconImage {
  demand(bytes, 0, 8);
  const view = viewOf(bytes);
  const candidates: Candidate[] = [];
  let elements = 0;
  for (let at = 8; at + 8 <= bytes.length; elements++) {
    const length = view.getUint32(at + 4);
    if (length < 8) { throw corrupt('an element of it has no length'); }
    const content = bytes.subarray(at + 8, Math.min(bytes.length, at + length));
    at += length;
    const png = readPngHeader(content);
    if (png) {
      candidates.push({ image: { png: content }, ...png });
    } else if (isJpeg2000(content)) {
      try {
        const { width, height } = readJpeg2000Header(content);
        candidates.push({ image: { jpeg2000: content }, pixels: width * height, depth: 32 });
      } catch (error) {
        if (!(error instanceof SkipError)) { throw error; }
      }
    }
  }
  if (elements === 0) { throw corrupt('it holds nothing'); }
  const best = largest(candidates);
  if (!best) { throw unsupportedVariant('a macOS icon from before 2007, with neither PNG nor JPEG 2000 in it', 'Open it in Preview and export the largest image as PNG.'); }
  return best;
}

function largest(candidates: Candidate[]): IconImage | undefined {
  return candidates.sort((a, b) => b.pixels - a.pixels || b.depth - a.depth)[0]?.image;
}

/** From the IHDR chunk (PNG 1.2, 4.1.1); undefined for anything else. */
function readPngHeader(bytes: Uint8Array): { pixels: number; depth: number } | undefined {
  if (bytes.length < 26 || ![0x89, 0x50, 0x4e, 0x47].every((byte, index) => bytes[index] === byte)) { return undefined; }
  const view = viewOf(bytes);
  const channels = [1, 0, 3, 1, 2, 0, 4][bytes[25]!] ?? 0;
  return { pixels: view.getUint32(16) * view.getUint32(20), depth: bytes[24]! * channels };
}
