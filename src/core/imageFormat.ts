/** Tells the format of an image by its first bytes: file names lie, contents do not. */

/** Formats that can be indexed, as they appear in {@link Asset.format}. */
export type ImageFormat = 'png' | 'jpeg' | 'webp' | 'gif' | 'svg' | 'avif' | 'tiff';

export type Detection =
  | { format: ImageFormat }
  /** Known, but nothing here decodes it. */
  | { unsupported: string; remedy: string };

/** How far into a text the root element of an SVG is looked for: licence texts and editors' metadata come before it. */
const svgSearchLength = 64 * 1024;
const convert = 'Convert it to PNG, JPEG, WebP or SVG to have it indexed.';

/** Signatures: the "magic" of each format's specification, as [offset, bytes]. */
export function detectFormat(bytes: Uint8Array): Detection {
  const starts = (text: string, offset = 0) => [...text].every((character, index) => bytes[offset + index] === character.charCodeAt(0));
  if (starts('\x89PNG\r\n\x1a\n')) { return { format: 'png' }; }
  if (starts('\xff\xd8\xff')) { return { format: 'jpeg' }; }
  if (starts('GIF87a') || starts('GIF89a')) { return { format: 'gif' }; }
  if (starts('RIFF') && starts('WEBP', 8)) { return { format: 'webp' }; }
  if (starts('II*\0') || starts('MM\0*') || starts('II+\0') || starts('MM\0+')) { return { format: 'tiff' }; }
  if (starts('ftyp', 4)) { return detectBaseMedia(bytes); }
  if (starts('\x1f\x8b')) { return { unsupported: 'gzip (.svgz)', remedy: 'Unpack it to a plain .svg file to have it indexed.' }; }
  if (starts('BM')) { return { unsupported: 'BMP', remedy: convert }; }
  if (starts('\0\0\x01\0')) { return { unsupported: 'ICO', remedy: convert }; }
  if (starts('\0\0\x02\0')) { return { unsupported: 'CUR', remedy: convert }; }
  if (starts('8BPS')) { return { unsupported: 'Photoshop', remedy: convert }; }
  if (starts('%PDF')) { return { unsupported: 'PDF', remedy: convert }; }
  if (starts('\0\0\0\x0cjP  ')) { return { unsupported: 'JPEG 2000', remedy: convert }; }
  if (starts('\xff\x0a') || starts('\0\0\0\x0cJXL ')) { return { unsupported: 'JPEG XL', remedy: convert }; }
  if (starts('qoif')) { return { unsupported: 'QOI', remedy: convert }; }
  if (starts('DDS ')) { return { unsupported: 'DDS', remedy: convert }; }
  if (starts('version https://git-lfs')) {
    return { unsupported: 'a Git LFS pointer', remedy: 'Run "git lfs pull" to fetch the image itself.' };
  }
  if (svgRootOffset(headText(bytes)) >= 0) { return { format: 'svg' }; }
  return { unsupported: 'unknown', remedy: `Supported are PNG, JPEG, WebP, GIF, SVG, AVIF and TIFF. ${convert}` };
}

/** Where the root element of an SVG begins, or -1. Comments may name an <svg> of their own; a page that shows an SVG is none. Linear in time. */
export function svgRootOffset(text: string): number {
  const pattern = /<!--|<html[\s>]|<(?:[A-Za-z_][\w.-]*:)?svg(?=[\s/>])/gi;
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    if (match[0] !== '<!--') { return match[0].toLowerCase().startsWith('<html') ? -1 : match.index; }
    const end = text.indexOf('-->', pattern.lastIndex);
    if (end < 0) { return -1; }
    pattern.lastIndex = end + 3;
  }
  return -1;
}

/** As UTF-16 by its byte order mark, else byte by byte: enough to find a tag. */
function headText(bytes: Uint8Array): string {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, svgSearchLength) & ~1 || bytes.length);
  if (head[0] === 0xff && head[1] === 0xfe) { return head.toString('utf16le'); }
  if (head[0] === 0xfe && head[1] === 0xff) { return Buffer.from(head).swap16().toString('utf16le'); }
  return head.toString('latin1');
}

/** ISO base media files (AVIF, HEIC, MP4): the brands of the `ftyp` box decide (ISO/IEC 14496-12, 4.3). */
function detectBaseMedia(bytes: Uint8Array): Detection {
  const boxLength = Math.min(bytes.length, 256, ((bytes[0] ?? 0) << 24 | (bytes[1] ?? 0) << 16 | (bytes[2] ?? 0) << 8 | (bytes[3] ?? 0)) >>> 0);
  const brands = new Set<string>();
  for (let offset = 8; offset + 4 <= boxLength; offset += 4) {
    if (offset !== 12) { brands.add(String.fromCharCode(...bytes.subarray(offset, offset + 4))); }
  }
  if (brands.has('avif') || brands.has('avis')) { return { format: 'avif' }; }
  if (['heic', 'heix', 'hevc', 'hevx', 'heim', 'heis', 'mif1', 'msf1'].some(brand => brands.has(brand))) { return { unsupported: 'HEIC', remedy: convert }; }
  return { unsupported: 'a video or another media file', remedy: 'Only still images are indexed.' };
}
