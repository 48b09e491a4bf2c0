/** Tells photographs and screenshots from drawings by what the index knows of a file, without reading it. */
import type { Asset, PictureKinds } from '../protocol';

/** Bytes a pixel from which on a file is as dense as a photograph: of 64 photographs of web pages in JPEG, 0.09 to 1.6, half of them above 0.33; the newer codecs need about a third. */
const photographDensity: Readonly<Record<string, number>> = { jpeg: 0.08, webp: 0.04, avif: 0.03, jp2: 0.04, png: 0.8 };
/** Pixels of a small picture in a text, such as 320 x 240; a camera's has millions. */
const minPhotographPixels = 40_000;
/** Of a window or a telephone, such as 750 x 500. Icons are smaller, and square. */
const minScreenshotPixels = 350_000;

/**
 * 'photograph': dense, as only noise and fine detail make it. 'screenshot': large, of the shape of a screen or a window, and not dense; large illustrations are among them, which a
 * model for small drawings understands as little. The index does not know whether a picture is transparent, so that cannot tell. A guess for the whole, not for one file.
 */
export function kindOf({ format, width, height, sizeBytes }: Pick<Asset, 'format' | 'width' | 'height' | 'sizeBytes'>): 'photograph' | 'screenshot' | 'drawing' {
  const pixels = width * height;
  const dense = photographDensity[format];
  const [long, short] = [Math.max(width, height), Math.min(width, height)];
  if (dense !== undefined && pixels >= minPhotographPixels && sizeBytes / pixels >= dense && long <= 4 * short) { return 'photograph'; }
  return (dense !== undefined || format === 'bmp') && pixels >= minScreenshotPixels && long >= 1.1 * short ? 'screenshot' : 'drawing';
}

/** Fewer images than this are looked through faster than another model is had. */
const minImages = 100;

/** Whether most images of an index that is worth the trouble are photographs or screenshots. */
export function prevail({ images, photographs, screenshots }: Omit<PictureKinds, 'prevail'>): boolean { return images >= minImages && photographs + screenshots > images / 2; }
