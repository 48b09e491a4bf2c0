/** Reads TGA: palette, grey and true colour, plain and run-length coded. Source: Truevision TGA File Format Specification 2.0. */
import { corrupt, demand, viewOf, type Picture, type RowCollector } from './raster';

export function openTarga(bytes: Uint8Array): Picture {
  demand(bytes, 0, 18);
  const view = viewOf(bytes);
  const [idLength, mapType, type, mapDepth, depth, descriptor] = [bytes[0]!, bytes[1]!, bytes[2]!, bytes[7]!, bytes[16]!, bytes[17]!];
  const [mapFirst, mapLength, width, height] = [3, 5, 12, 14].map(offset => view.getUint16(offset, true)) as [number, number, number, number];
  const mapStart = 18 + idLength;
  const mapSize = Math.ceil(mapDepth / 8);
  const start = mapStart + (mapType === 1 ? mapLength * mapSize : 0);
  demand(bytes, 18, start - 18);
  if (width === 0 || height === 0) { throw corrupt('it has no width or height'); }
  const size = Math.ceil(depth / 8);
  const colour = new Uint8Array(4);
  const read: (at: number) => void = (type & 7) === 1
    ? at => {
      const index = (size === 2 ? bytes[at]! | bytes[at + 1]! << 8 : bytes[at]!) - mapFirst;
      if (index < 0 || index >= mapLength) { throw corrupt('a colour is not in its palette'); }
      readColour(bytes, mapStart + index * mapSize, mapSize, colour);
    }
    : (type & 7) === 3
      ? at => { colour.fill(bytes[at]!, 0, 3); colour[3] = size === 2 ? bytes[at + 1]! : 255; }
      : at => readColour(bytes, at, size, colour);
  return {
    width, height,
    paint: (rows, opaque) => paint(bytes, { width, height, size, start, coded: type >= 9, rightToLeft: (descriptor & 16) !== 0, topDown: (descriptor & 32) !== 0 }, read, colour, rows, opaque),
  };
}

/** BGR, BGRA, or 5 bits each in two bytes, whose 16th bit is rarely alpha. */
function readColour(bytes: Uint8Array, at: number, size: number, colour: Uint8Array): void {
  if (size === 2) {
    const value = bytes[at]! | bytes[at + 1]! << 8;
    for (let channel = 0; channel < 3; channel++) { colour[channel] = Math.round((value >> (10 - 5 * channel) & 31) * 255 / 31); }
    colour[3] = 255;
  } else {
    colour[0] = bytes[at + 2]!;
    colour[1] = bytes[at + 1]!;
    colour[2] = bytes[at]!;
    colour[3] = size === 4 ? bytes[at + 3]! : 255;
  }
}

interface Layout { width: number; height: number; size: number; start: number; coded: boolean; rightToLeft: boolean; topDown: boolean }

function paint(bytes: Uint8Array, layout: Layout, read: (at: number) => void, colour: Uint8Array, rows: RowCollector, opaque: boolean): void {
  const { width, height, size, start, coded, rightToLeft, topDown } = layout;
  if (!coded) { demand(bytes, start, width * height * size); }
  let at = start;
  // Of the packet in work, which may go on in the next row.
  let left = coded ? 0 : Infinity;
  let repeats = false;
  for (let index = 0; index < height; index++) {
    for (let x = 0; x < width; x++) {
      if (left === 0) {
        demand(bytes, at, 1 + size);
        const head = bytes[at++]!;
        repeats = head >= 128;
        left = (head & 127) + 1;
        if (repeats) { read(at); at += size; }
      }
      if (!repeats) {
        if (coded) { demand(bytes, at, size); }
        read(at);
        at += size;
      }
      left--;
      const to = (rightToLeft ? width - 1 - x : x) * 4;
      rows.row[to] = colour[0]!;
      rows.row[to + 1] = colour[1]!;
      rows.row[to + 2] = colour[2]!;
      rows.row[to + 3] = opaque ? 255 : colour[3]!;
    }
    rows.commit(topDown ? index : height - 1 - index);
  }
}
