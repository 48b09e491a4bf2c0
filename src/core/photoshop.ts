/**
 * Reads the composite image of Photoshop files (PSD, PSB): the picture as it was saved, without touching the layers.
 * Own code: ag-psd adds 285 KB, parses every layer of a file it was not asked about, and reads no CMYK.
 * Source: Adobe Photoshop File Formats Specification (November 2019).
 */
import { corrupt, demand, unsupportedVariant, viewOf, type Picture, type RowCollector } from './raster';

const enum Mode { Bitmap = 0, Greyscale = 1, Indexed = 2, Rgb = 3, Cmyk = 4, Duotone = 8 }

interface Composite {
  width: number;
  height: number;
  depth: number;
  mode: Mode;
  palette: Uint8Array;
  channels: number;
  /** The channel that says how opaque a pixel is; colours are mixed with white where it is not. */
  alpha: number | undefined;
  large: boolean;
  coded: boolean;
  start: number;
}

/** Of each mode that is read, how many channels its colour takes. */
const colourChannels: Partial<Record<number, number>> = { [Mode.Bitmap]: 1, [Mode.Greyscale]: 1, [Mode.Indexed]: 1, [Mode.Rgb]: 3, [Mode.Cmyk]: 4, [Mode.Duotone]: 1 };
/** Image resource "version info", which says whether there is a composite at all. */
const versionInfo = 1057;

export function openPhotoshop(bytes: Uint8Array): Picture {
  demand(bytes, 0, 26);
  const view = viewOf(bytes);
  const large = view.getUint16(4) === 2;
  const [channels, height, width, depth, mode] = [view.getUint16(12), view.getUint32(14), view.getUint32(18), view.getUint16(22), view.getUint16(24)];
  if (width === 0 || height === 0 || Math.max(width, height) > 300_000) { throw corrupt('it has no valid width and height'); }
  const colours = colourChannels[mode];
  if (colours === undefined) { throw unsupportedVariant('a Photoshop file in Lab or multichannel mode', 'Choose Image > Mode > RGB Color and save it again.'); }
  if (!(mode === Mode.Bitmap ? [1] : mode === Mode.Indexed ? [8] : [8, 16, 32]).includes(depth) || channels < colours || channels > 56) { throw corrupt('its header contradicts itself'); }
  let at = 26;
  const section = (wide: boolean): { start: number; end: number } => {
    demand(bytes, at, wide ? 8 : 4);
    const length = wide ? view.getUint32(at) * 2 ** 32 + view.getUint32(at + 4) : view.getUint32(at);
    const start = at + (wide ? 8 : 4);
    demand(bytes, start, length);
    at = start + length;
    return { start, end: at };
  };
  const colourData = section(false);
  const palette = bytes.subarray(colourData.start, colourData.end);
  if (mode === Mode.Indexed && palette.length < 768) { throw corrupt('its palette is incomplete'); }
  const resources = section(false);
  if (!hasComposite(bytes, resources.start, resources.end)) {
    throw unsupportedVariant('a Photoshop file that was saved without its composite image', 'Save it in Photoshop with "Maximize Compatibility" switched on.');
  }
  const layers = section(large);
  const layerInfo = layers.start + (large ? 8 : 4);
  // A negative number of layers says that the first extra channel is the transparency of the whole.
  const transparent = channels > colours && layerInfo + 2 <= layers.end && view.getInt16(layerInfo) < 0;
  demand(bytes, at, 2);
  const coding = view.getUint16(at);
  if (coding > 1) { throw unsupportedVariant('a Photoshop file with a zipped composite image', 'Save it again in Photoshop, or export it as PNG.'); }
  const composite: Composite = { width, height, depth, mode, palette, channels, alpha: transparent ? colours : undefined, large, coded: coding === 1, start: at + 2 };
  return { width, height, paint: rows => paint(bytes, composite, rows) };
}

function hasComposite(bytes: Uint8Array, start: number, end: number): boolean {
  const view = viewOf(bytes);
  const even = (length: number) => length + (length & 1);
  for (let at = start; at + 12 <= end;) {
    const nameLength = even(bytes[at + 6]! + 1);
    const content = at + 6 + nameLength + 4;
    if (content > end) { return true; }
    if (view.getUint16(at + 4) === versionInfo && content + 5 <= end) { return bytes[content + 4] !== 0; }
    at = content + even(view.getUint32(content - 4));
  }
  return true;
}

function paint(bytes: Uint8Array, composite: Composite, rows: RowCollector): void {
  const { width, height, depth, mode, palette, alpha } = composite;
  const count = colourChannels[mode]! + (alpha === undefined ? 0 : 1);
  const rowBytes = Math.ceil(width * depth / 8);
  const offsets = composite.coded ? codedRows(bytes, composite, count) : undefined;
  const planes = Array.from({ length: count }, () => new Uint8Array(width));
  const buffer = new Uint8Array(rowBytes);
  if (!offsets) { demand(bytes, composite.start, rowBytes * height * count); }
  for (let y = 0; y < height; y++) {
    for (let channel = 0; channel < count; channel++) {
      const index = channel * height + y;
      let packed: Uint8Array = buffer;
      if (offsets) { unpack(bytes.subarray(offsets[index]!, offsets[index + 1]!), buffer); }
      else { packed = bytes.subarray(composite.start + index * rowBytes, composite.start + (index + 1) * rowBytes); }
      narrow(packed, depth, planes[channel]!);
    }
    mix(planes, mode, palette, alpha, rows.row);
    rows.commit(y);
  }
}

/** Where each coded row of the first channels starts, and where the last one ends: a table of their lengths comes before them. */
function codedRows(bytes: Uint8Array, { height, channels, large, start }: Composite, count: number): Float64Array {
  const size = large ? 4 : 2;
  demand(bytes, start, channels * height * size);
  const view = viewOf(bytes);
  const offsets = new Float64Array(count * height + 1);
  offsets[0] = start + channels * height * size;
  for (let index = 0; index < count * height; index++) {
    offsets[index + 1] = offsets[index]! + (large ? view.getUint32(start + index * 4) : view.getUint16(start + index * 2));
  }
  demand(bytes, offsets[count * height]!, 0);
  return offsets;
}

/** PackBits (TIFF 6.0, section 9). */
function unpack(packed: Uint8Array, row: Uint8Array): void {
  let to = 0;
  for (let at = 0; at < packed.length && to < row.length;) {
    const head = packed[at++]!;
    if (head < 128) {
      const part = packed.subarray(at, at + Math.min(head + 1, row.length - to));
      row.set(part, to);
      to += part.length;
      at += head + 1;
    } else if (head > 128) {
      const end = Math.min(row.length, to + 257 - head);
      row.fill(packed[at++] ?? 0, to, end);
      to = end;
    }
  }
  if (to < row.length) { throw corrupt('a row of it is incomplete'); }
}

/** To 8 bits. 16-bit values run to 65535; 32-bit ones are linear floats, white being 1. */
function narrow(packed: Uint8Array, depth: number, plane: Uint8Array): void {
  switch (depth) {
    case 1: for (let x = 0; x < plane.length; x++) { plane[x] = packed[x >> 3]! & 0x80 >> (x & 7) ? 0 : 255; } return;
    case 8: plane.set(packed.subarray(0, plane.length)); return;
    case 16: for (let x = 0; x < plane.length; x++) { plane[x] = packed[2 * x]!; } return;
    default: {
      const view = viewOf(packed);
      for (let x = 0; x < plane.length; x++) { plane[x] = Math.round(255 * Math.min(1, Math.max(0, view.getFloat32(4 * x))) ** (1 / 2.2)); }
    }
  }
}

function mix(planes: Uint8Array[], mode: Mode, palette: Uint8Array, alpha: number | undefined, row: Uint8Array): void {
  const [first, second, third, fourth] = planes;
  const opacity = alpha === undefined ? undefined : planes[alpha];
  for (let x = 0, to = 0; to < row.length; x++, to += 4) {
    const value = first![x]!;
    switch (mode) {
      case Mode.Rgb: row[to] = value; row[to + 1] = second![x]!; row[to + 2] = third![x]!; break;
      // Stored inverted: 255 is no ink.
      case Mode.Cmyk: { const key = fourth![x]! / 255; row[to] = value * key; row[to + 1] = second![x]! * key; row[to + 2] = third![x]! * key; break; }
      case Mode.Indexed: row[to] = palette[value]!; row[to + 1] = palette[256 + value]!; row[to + 2] = palette[512 + value]!; break;
      default: row[to] = row[to + 1] = row[to + 2] = value;
    }
    const part = opacity ? opacity[x]! : 255;
    row[to + 3] = part;
    // Taken out of the white it was mixed with.
    if (part > 0 && part < 255) {
      for (let channel = 0; channel < 3; channel++) { row[to + channel] = Math.min(255, Math.max(0, Math.round((row[to + channel]! - 255 + part) * 255 / part))); }
    }
  }
}
