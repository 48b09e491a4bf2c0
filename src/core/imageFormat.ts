/** Tells the format of an image by its first bytes: file names lie, contents do not. */

import { imageFormats, type ImageFormat } from '../protocol';

export type Detection =
  | { format: ImageFormat }
  /** What it is, as it stands in "The file is …"; 'unknown' when nobody knows. */
  | { unsupported: string; remedy: string };

/** How far into a text the root element of an SVG is looked for: licence texts and editors' metadata come before it. */
const svgSearchLength = 64 * 1024;
const supported = `Supported are ${Object.keys(imageFormats).join(', ').toUpperCase()}.`;
const magick = (extension: string) => `Convert it to PNG, for example with ImageMagick: "magick image.${extension} image.png".`;

/** Images that people expect to find and that nothing here decodes, each with a way out. */
const unsupportedFormats = {
  // libheif and its HEVC decoders are LGPL and patent-encumbered.
  heic: { name: 'HEIC', extensions: ['heic', 'heif', 'hif'], remedy: 'Convert it to PNG: on macOS "sips -s format png image.heic --out image.png", elsewhere with ImageMagick "magick image.heic image.png".' },
  // What npm has is 850 KB (@jsquash/jxl, whose libjxl stays at one commit) or 1.8 MB (jxl-oxide-wasm): too much for a format that projects hardly hold.
  jxl: { name: 'JPEG XL', extensions: ['jxl'], remedy: 'Convert it to PNG with the tool of libjxl: "djxl image.jxl image.png".' },
  jxr: { name: 'JPEG XR', extensions: ['jxr', 'wdp', 'hdp'], remedy: magick('jxr') },
  raw: { name: 'Camera raw', extensions: ['cr2', 'cr3', 'nef', 'arw', 'dng', 'orf', 'rw2', 'raf'], remedy: 'Export it as JPEG from a raw developer such as darktable, or keep the camera\'s JPEG beside it.' },
  exr: { name: 'OpenEXR', extensions: ['exr'], remedy: magick('exr') },
  hdr: { name: 'Radiance HDR', extensions: ['hdr', 'rgbe'], remedy: magick('hdr') },
  dds: { name: 'DDS', extensions: ['dds'], remedy: magick('dds') },
  ktx: { name: 'KTX', extensions: ['ktx', 'ktx2'], remedy: 'Keep the PNG it was made from beside it, or unpack it with the KTX tools: "ktx extract image.ktx2 image.png".' },
  xcf: { name: 'GIMP', extensions: ['xcf'], remedy: 'Export it from GIMP as PNG.' },
  pdf: { name: 'PDF or Illustrator', extensions: ['ai'], remedy: 'Export it as SVG, for example with Inkscape: "inkscape drawing.ai --export-filename=drawing.svg".' },
  eps: { name: 'PostScript', extensions: ['eps'], remedy: 'Export it as SVG, for example with Inkscape: "inkscape drawing.eps --export-filename=drawing.svg".' },
  wmf: { name: 'Windows metafile', extensions: ['wmf', 'emf'], remedy: 'Export it as SVG, for example with Inkscape: "inkscape drawing.emf --export-filename=drawing.svg".' },
  netpbm: { name: 'Netpbm', extensions: ['pbm', 'pgm', 'ppm', 'pnm', 'pam'], remedy: magick('ppm') },
  pcx: { name: 'PCX', extensions: ['pcx'], remedy: magick('pcx') },
  xpm: { name: 'XPM', extensions: ['xpm', 'xbm'], remedy: magick('xpm') },
  wbmp: { name: 'WBMP', extensions: ['wbmp'], remedy: magick('wbmp') },
} as const satisfies Record<string, { name: string; extensions: readonly string[]; remedy: string }>;

/** By lower-case extension: why a file with this name is not even opened. */
export const unsupportedExtensions: ReadonlyMap<string, { name: string; remedy: string }> =
  new Map(Object.values(unsupportedFormats).flatMap(({ extensions, name, remedy }) => extensions.map(extension => [extension, { name, remedy }] as const)));

const not = (format: keyof typeof unsupportedFormats): Detection => ({ unsupported: unsupportedFormats[format].name, remedy: unsupportedFormats[format].remedy });

/** A .svgz, or anything else that gzip packed. */
export function isGzip(bytes: Uint8Array): boolean { return bytes[0] === 0x1f && bytes[1] === 0x8b; }

/** Signatures: the "magic" of each format's specification, as [offset, bytes]. */
export function detectFormat(bytes: Uint8Array): Detection {
  const starts = (text: string, offset = 0) => [...text].every((character, index) => bytes[offset + index] === character.charCodeAt(0));
  if (starts('\x89PNG\r\n\x1a\n')) { return { format: 'png' }; }
  if (starts('\xff\xd8\xff')) { return { format: 'jpeg' }; }
  if (starts('GIF87a') || starts('GIF89a')) { return { format: 'gif' }; }
  if (starts('RIFF') && starts('WEBP', 8)) { return { format: 'webp' }; }
  if (starts('II*\0') || starts('MM\0*') || starts('II+\0') || starts('MM\0+')) { return { format: 'tiff' }; }
  if (starts('ftyp', 4)) { return detectBaseMedia(bytes); }
  if (isBmp(bytes)) { return { format: 'bmp' }; }
  // Followed by the number of images: a TGA may begin like a CUR that holds none.
  if ((starts('\0\0\x01\0') || starts('\0\0\x02\0')) && !starts('\0\0', 4)) { return { format: 'ico' }; }
  if (starts('8BPS')) { return { format: 'psd' }; }
  if (starts('icns')) { return { format: 'icns' }; }
  if (starts('qoif')) { return { format: 'qoi' }; }
  if (isJpeg2000(bytes)) { return { format: 'jp2' }; }
  if (isGzip(bytes)) { return { unsupported: 'a gzip archive', remedy: 'Unpack it to have the image in it indexed.' }; }
  if (starts('%PDF')) { return not('pdf'); }
  if (starts('%!PS')) { return not('eps'); }
  if (starts('\xff\x0a') || starts('\0\0\0\x0cJXL ')) { return not('jxl'); }
  if (starts('II\xbc\x01')) { return not('jxr'); }
  if (starts('DDS ')) { return not('dds'); }
  if (starts('\xabKTX ')) { return not('ktx'); }
  if (starts('v/1\x01')) { return not('exr'); }
  if (starts('#?RADIANCE') || starts('#?RGBE')) { return not('hdr'); }
  if (starts('gimp xcf')) { return not('xcf'); }
  if (starts('/* XPM */')) { return not('xpm'); }
  if (/^P[1-7]\s/.test(String.fromCharCode(...bytes.subarray(0, 3)))) { return not('netpbm'); }
  if (starts('version https://git-lfs')) {
    return { unsupported: 'a Git LFS pointer', remedy: 'Run "git lfs pull" to fetch the image itself.' };
  }
  if (svgRootOffset(headText(bytes)) >= 0) { return { format: 'svg' }; }
  if (isTga(bytes)) { return { format: 'tga' }; }
  return { unsupported: 'unknown', remedy: `${supported} Convert it to one of them to have it indexed.` };
}

/** "BM" alone also begins texts: the size of the header that follows is one of Windows' or OS/2's. */
function isBmp(bytes: Uint8Array): boolean {
  return bytes[0] === 0x42 && bytes[1] === 0x4d && [12, 16, 40, 52, 56, 64, 108, 124].includes(bytes[14]!) && bytes[15] === 0 && bytes[16] === 0 && bytes[17] === 0;
}

/** A JP2 file, or a bare codestream (ISO/IEC 15444-1, A.4 and I.5.1). */
export function isJpeg2000(bytes: Uint8Array): boolean {
  return [[0, 0, 0, 12, 0x6a, 0x50, 0x20, 0x20, 0x0d, 0x0a, 0x87, 0x0a], [0xff, 0x4f, 0xff, 0x51]].some(magic => magic.every((byte, index) => bytes[index] === byte));
}

/** TGA has no signature at its start; a header whose every field makes sense is as good as one (Truevision TGA 2.0, "Field 2" to "Field 5.6"). */
function isTga(bytes: Uint8Array): boolean {
  if (bytes.length < 18) { return false; }
  const [, mapType, type, , , , , mapDepth, , , , , , , , , depth, descriptor] = bytes as unknown as number[];
  const size = (bytes[12]! | bytes[13]! << 8) * (bytes[14]! | bytes[15]! << 8);
  if (size === 0 || mapType! > 1 || descriptor! >> 6 !== 0 || (descriptor! & 15) > 8) { return false; }
  if (mapType === 1 ? ![15, 16, 24, 32].includes(mapDepth!) : bytes.subarray(3, 8).some(byte => byte !== 0)) { return false; }
  switch (type) {
    case 1: case 9: return mapType === 1 && (depth === 8 || depth === 16);
    case 2: case 10: return [15, 16, 24, 32].includes(depth!);
    case 3: case 11: return depth === 8 || depth === 16;
    default: return false;
  }
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
  if (['heic', 'heix', 'hevc', 'hevx', 'heim', 'heis', 'mif1', 'msf1'].some(brand => brands.has(brand))) { return not('heic'); }
  return { unsupported: 'a video or another media file', remedy: 'Only still images are indexed.' };
}
