/**
 * Reads Windows and OS/2 bitmaps, as files and inside icons: 1 to 32 bits, RLE, bit fields, bottom-up and top-down.
 * Own code, because the packages for it (bmp-ts, decode-bmp) neither check sizes before they allocate nor read 1-bit, top-down and RLE files alike.
 * Source: Microsoft, "Bitmap Storage" and [MS-WMF] 2.2.2; icons: "Icons" (Hornick, 1995).
 */
import { corrupt, demand, unsupportedVariant, viewOf, type Picture, type RowCollector } from './raster';

interface Bitmap {
  width: number;
  height: number;
  depth: number;
  topDown: boolean;
  /** 'rle4' and 'rle8' hold indices. */
  coding: 'rows' | 'rle4' | 'rle8';
  /** RGB, three bytes a colour. */
  palette: Uint8Array;
  /** Red, green, blue, alpha; 0 for a channel that is absent. */
  masks: readonly number[];
  /** Where the pixels start if nothing else says so. */
  end: number;
}

const resave = 'Save it again as a plain 24- or 32-bit BMP, or as PNG.';

export function openBmp(bytes: Uint8Array): Picture {
  demand(bytes, 0, 18);
  const bitmap = readHeader(bytes, 14, bytes.length);
  const declared = viewOf(bytes).getUint32(10, true);
  // Some writers leave the offset at 0.
  const pixels = declared >= 26 ? declared : bitmap.end;
  demand(bytes, pixels, 0);
  return { width: bitmap.width, height: bitmap.height, paint: (rows, opaque) => paint(bytes, bitmap, pixels, rows, opaque) };
}

/** A bitmap in an icon: no file header, twice as high, and below it a mask of what is transparent. */
export function openIconBitmap(bytes: Uint8Array): Picture & { depth: number } {
  const bitmap = readHeader(bytes, 0, bytes.length);
  if (bitmap.topDown || bitmap.coding !== 'rows') { throw corrupt('an icon\'s bitmap is stored in a way that icons do not allow'); }
  const height = Math.floor(bitmap.height / 2);
  if (height === 0) { throw corrupt('it has no height'); }
  const { width, depth, end } = bitmap;
  const maskStart = end + strideOf(width, depth) * height;
  const maskStride = strideOf(width, 1);
  const masked = maskStart + maskStride * height <= bytes.length;
  return {
    width, height, depth,
    paint(rows, opaque) {
      paint(bytes, { ...bitmap, height }, end, rows, opaque, (row, y) => {
        // The alpha of a 32-bit icon makes its mask unnecessary, unless there is none.
        if (!masked || (depth === 32 && !opaque)) { return; }
        const start = maskStart + (height - 1 - y) * maskStride;
        for (let x = 0; x < width; x++) { if (bytes[start + (x >> 3)]! & 0x80 >> (x & 7)) { row[x * 4 + 3] = 0; } }
      });
    },
  };
}

function readHeader(bytes: Uint8Array, start: number, limit: number): Bitmap {
  demand(bytes, start, 12);
  const view = viewOf(bytes);
  const size = view.getUint32(start, true);
  if (size === 12) {
    const [width, height, depth] = [4, 6, 10].map(offset => view.getUint16(start + offset, true)) as [number, number, number];
    return finishHeader(bytes, { width, height, depth, compression: 0, used: 0, masks: [], paletteStart: start + size, entrySize: 3, limit });
  }
  if (size < 16 || size > 1024) { throw corrupt('its header has an unknown size'); }
  demand(bytes, start, size);
  const field = (offset: number) => offset + 4 <= size ? view.getUint32(start + offset, true) : 0;
  const [compression, depth] = [field(16), view.getUint16(start + 14, true)];
  // Bit fields follow the short header and are part of the long ones.
  const fields = compression === 3 ? 3 : compression === 6 ? 4 : 0;
  const trailing = size < 52 ? fields * 4 : 0;
  demand(bytes, start, size + trailing);
  const masks = Array.from({ length: fields && (size < 52 ? fields : size < 56 ? 3 : 4) }, (_, index) => view.getUint32(start + 40 + 4 * index, true));
  return finishHeader(bytes, {
    width: view.getInt32(start + 4, true), height: view.getInt32(start + 8, true), depth, compression, used: field(32),
    masks, paletteStart: start + size + trailing, entrySize: 4, limit,
  });
}

interface Fields { width: number; height: number; depth: number; compression: number; used: number; masks: number[]; paletteStart: number; entrySize: number; limit: number }

function finishHeader(bytes: Uint8Array, { width, height, depth, compression, used, masks, paletteStart, entrySize, limit }: Fields): Bitmap {
  if (compression === 4 || compression === 5) { throw unsupportedVariant('a BMP that wraps a JPEG or PNG for a printer', resave); }
  if (width <= 0 || height === 0) { throw corrupt('it has no width or height'); }
  if (![1, 2, 4, 8, 16, 24, 32].includes(depth)) { throw corrupt(`it has ${depth} bits a pixel`); }
  const coding = compression === 1 && depth === 8 ? 'rle8' : compression === 2 && depth === 4 ? 'rle4' : 'rows';
  if (coding === 'rows' && compression !== 0 && !(masks.length > 0 && depth >= 16)) { throw unsupportedVariant(`a BMP with compression ${compression} at ${depth} bits`, resave); }
  const colours = depth <= 8 ? Math.min(used || 1 << depth, 1 << depth) : used;
  const palette = new Uint8Array(256 * 3);
  for (let index = 0; index < Math.min(colours, 256) && depth <= 8; index++) {
    const at = paletteStart + index * entrySize;
    if (at + 3 > limit) { break; }
    palette.set([bytes[at + 2]!, bytes[at + 1]!, bytes[at]!], index * 3);
  }
  if (masks.length === 0) { masks = depth === 16 ? [0x7c00, 0x3e0, 0x1f, 0] : [0xff0000, 0xff00, 0xff, 0xff000000]; }
  return { width, height: Math.abs(height), depth, topDown: height < 0, coding, palette, masks, end: paletteStart + colours * entrySize };
}

/** Rows fill up to 4 bytes. */
function strideOf(width: number, depth: number): number { return Math.ceil(width * depth / 32) * 4; }

function paint(bytes: Uint8Array, bitmap: Bitmap, start: number, rows: RowCollector, opaque: boolean, mask?: (row: Uint8Array, y: number) => void): void {
  const { width, height, depth, topDown, coding, palette } = bitmap;
  const place = (index: number) => topDown ? index : height - 1 - index;
  const commit = (index: number) => {
    mask?.(rows.row, place(index));
    rows.commit(place(index));
  };
  if (coding !== 'rows') {
    paintRuns(bytes, bitmap, start, (indices, index) => { fromPalette(rows.row, indices, palette); commit(index); });
    return;
  }
  const stride = strideOf(width, depth);
  const needed = Math.ceil(width * depth / 8);
  const indices = new Uint8Array(depth <= 8 ? width : 0);
  const convert = depth > 8 ? converterOf(bitmap, opaque) : undefined;
  // Nobody pads the last row for certain.
  demand(bytes, start, stride * (height - 1) + needed);
  for (let index = 0; index < height; index++) {
    const from = start + index * stride;
    if (convert) {
      convert(bytes, from, rows.row);
    } else {
      const perByte = 8 / depth;
      const low = (1 << depth) - 1;
      for (let x = 0; x < width; x++) { indices[x] = bytes[from + Math.floor(x / perByte)]! >> (8 - depth - (x % perByte) * depth) & low; }
      fromPalette(rows.row, indices, palette);
    }
    commit(index);
  }
}

function fromPalette(row: Uint8Array, indices: Uint8Array, palette: Uint8Array): void {
  for (let x = 0, to = 0; x < indices.length; x++, to += 4) {
    const colour = indices[x]! * 3;
    row[to] = palette[colour]!;
    row[to + 1] = palette[colour + 1]!;
    row[to + 2] = palette[colour + 2]!;
    row[to + 3] = 255;
  }
}

/** Turns `row.length / 4` pixels of 16, 24 or 32 bits into RGBA. */
function converterOf({ depth, masks }: Bitmap, opaque: boolean): (bytes: Uint8Array, from: number, row: Uint8Array) => void {
  if (depth === 24) {
    return (bytes, from, row) => {
      for (let to = 0; to < row.length; to += 4, from += 3) {
        row[to] = bytes[from + 2]!;
        row[to + 1] = bytes[from + 1]!;
        row[to + 2] = bytes[from]!;
        row[to + 3] = 255;
      }
    };
  }
  const channels = [0, 1, 2, 3].map(index => {
    const mask = masks[index] ?? 0;
    const shift = mask === 0 ? 0 : 31 - Math.clz32(mask & -mask);
    const most = (mask >>> shift) || 1;
    return { mask, shift, scale: 255 / most };
  });
  const size = depth / 8;
  return (bytes, from, row) => {
    for (let to = 0; to < row.length; to += 4, from += size) {
      const value = bytes[from]! | bytes[from + 1]! << 8 | (size === 4 ? bytes[from + 2]! << 16 | bytes[from + 3]! << 24 : 0);
      for (let channel = 0; channel < 4; channel++) {
        const { mask, shift, scale } = channels[channel]!;
        row[to + channel] = channel === 3 && (mask === 0 || opaque) ? 255 : Math.round(((value & mask) >>> shift) * scale);
      }
    }
  };
}

/** RLE4 and RLE8. Every step consumes at least two bytes or ends a row, so that time is bounded by file and height. */
function paintRuns(bytes: Uint8Array, { width, height, coding }: Bitmap, start: number, commit: (indices: Uint8Array, index: number) => void): void {
  const indices = new Uint8Array(width);
  const narrow = coding === 'rle4';
  let at = start;
  let x = 0;
  let y = 0;
  const put = (value: number) => { if (x < width) { indices[x++] = value; } };
  const endRow = () => {
    if (y < height) { commit(indices, y++); }
    indices.fill(0);
  };
  while (y < height) {
    // The marker of the end may be missing after a whole last row.
    if (at + 2 > bytes.length && y === height - 1 && x >= width) { break; }
    demand(bytes, at, 2);
    const count = bytes[at]!;
    const value = bytes[at + 1]!;
    at += 2;
    if (count > 0) {
      for (let index = 0; index < count; index++) { put(narrow ? (index & 1 ? value & 15 : value >> 4) : value); }
    } else if (value === 0) {
      endRow();
      x = 0;
    } else if (value === 1) {
      break;
    } else if (value === 2) {
      demand(bytes, at, 2);
      x = Math.min(width, x + bytes[at]!);
      for (let skipped = bytes[at + 1]!; skipped > 0; skipped--) { endRow(); }
      at += 2;
    } else {
      const length = narrow ? Math.ceil(value / 2) : value;
      demand(bytes, at, length);
      for (let index = 0; index < value; index++) { put(narrow ? (index & 1 ? bytes[at + (index >> 1)]! & 15 : bytes[at + (index >> 1)]! >> 4) : bytes[at + index]!); }
      at += length + (length & 1);
    }
  }
  while (y < height) { endRow(); }
}
