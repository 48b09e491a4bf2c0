/** Decodes the raster formats that sharp does not read, once their header was checked. */
import type { ImageFormat } from '../protocol';
import { openBmp } from './bmp';
import type { Raster } from './cells';
import { openIcns, openIco, type IconImage } from './icons';
import { decodeJpeg2000, readJpeg2000Header } from './jpeg2000';
import { openPhotoshop } from './photoshop';
import { openQoi } from './qoi';
import { collect, corrupt, type Picture } from './raster';
import { openTarga } from './targa';

/** Not decoded yet, or a PNG that was inside. Sizes are those of the file, not of what `decode` gives, which may be smaller. */
export type OpenedRaster = { png: Uint8Array } | { width: number; height: number; decode(longest: number): Promise<Raster> };

const openers: Partial<Record<ImageFormat, (bytes: Uint8Array) => IconImage>> = {
  bmp: bytes => ({ picture: openBmp(bytes) }),
  ico: openIco,
  icns: openIcns,
  psd: bytes => ({ picture: openPhotoshop(bytes) }),
  tga: bytes => ({ picture: openTarga(bytes) }),
  qoi: bytes => ({ picture: openQoi(bytes) }),
  jp2: bytes => ({ jpeg2000: bytes }),
};

/** Undefined when sharp reads the format. Throws SkipError, and so does `decode`, which gives at least `longest` pixels of the longer side. */
export function openRaster(format: ImageFormat, bytes: Uint8Array): OpenedRaster | undefined {
  const open = openers[format];
  return open && guarded(() => {
    const image = open(bytes);
    if ('png' in image) { return image; }
    if ('picture' in image) { return decodable(image.picture); }
    const header = readJpeg2000Header(image.jpeg2000);
    return { width: header.width, height: header.height, decode: longest => decodeJpeg2000(image.jpeg2000, header, longest) };
  });
}

function decodable(picture: Picture): OpenedRaster {
  return { width: picture.width, height: picture.height, decode: async () => guarded(() => collect(picture)) };
}

/** A read beyond the end, which a DataView answers with a RangeError, is the file's fault. */
function guarded<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof RangeError ? corrupt('it ends too early') : error;
  }
}
