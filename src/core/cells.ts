/** The cells of sprite sheets: what identifies them, and how they are cut out of decoded pixels. */
import type { Cell } from '../protocol';

/** More cells than this of one file would drown everything else; it is about what a screenful of tiles in a game's editor holds. */
export const maxCells = 1024;

/** Decoded pixels: 8-bit sRGB with straight alpha. */
export interface Raster { data: Uint8Array; width: number; height: number }

/** Rectangles that an atlas file gives, before they are checked against the image. */
export interface Atlas {
  frames: Frame[];
  /** Width of the sheet that the rectangles were made for; a sheet of another size is the same one scaled. */
  sheetWidth?: number;
  /** Rectangles count from the lower edge of the sheet (Unity). */
  fromBottom?: boolean;
}
export interface Frame { x: number; y: number; width: number; height: number; name?: string; rotated?: boolean }

/** How an image is looked through for cells: by an evident grid, as an atlas says, or at rectangles that were found before. */
export type Split = { by: 'grid' } | { by: 'atlas'; atlas: Atlas } | { by: 'cells'; cells: Cell[] };

/** The same bytes under another atlas are another content: other cells belong to it. */
export function contentHash(fileHash: string, atlasDigest: string | undefined): string { return atlasDigest ? `${fileHash}-${atlasDigest}` : fileHash; }
/** The sha256 of the file's bytes. */
export function fileHashOf(contentHash: string): string { return contentHash.slice(0, 64); }
export function atlasDigestOf(contentHash: string): string | undefined { return contentHash.slice(65) || undefined; }
/** Unique per content and rectangle: names the cell's thumbnail. */
export function cellHash(contentHash: string, { x, y, width, height }: Cell): string { return `${contentHash}-${x}-${y}-${width}-${height}`; }

/** Of a cell's hash that of its sheet's content. */
export function sheetHash(cellHash: string): string { return cellHash.replace(/(-\d+){4}$/, ''); }

/** The whole pixels that an atlas means inside a sheet of this size; what lies outside, or is all of it, is left out. */
export function atlasCells({ frames, sheetWidth, fromBottom }: Atlas, width: number, height: number): Cell[] {
  const scale = sheetWidth ? width / sheetWidth : 1;
  const cells = new Map<string, Cell>();
  for (const frame of frames) {
    const [left, right] = [Math.round(frame.x * scale), Math.round((frame.x + frame.width) * scale)];
    const [top, bottom] = [Math.round(frame.y * scale), Math.round((frame.y + frame.height) * scale)];
    const cell: Cell = { x: left, y: fromBottom ? height - bottom : top, width: right - left, height: bottom - top, ...(frame.name && { name: frame.name }), ...(frame.rotated && { rotated: true }) };
    const fits = cell.x >= 0 && cell.y >= 0 && cell.width > 0 && cell.height > 0 && cell.x + cell.width <= width && cell.y + cell.height <= height;
    const key = `${cell.x} ${cell.y} ${cell.width} ${cell.height}`;
    if (!fits || (cell.width === width && cell.height === height) || cells.has(key)) { continue; }
    cells.set(key, cell);
    if (cells.size === maxCells) { break; }
  }
  return [...cells.values()];
}

/** A copy of the cell's pixels, turned upright. */
export function cut(raster: Raster, { x, y, width, height, rotated }: Cell): Raster {
  const pixels = new Uint32Array(width * height);
  const source = new Uint32Array(raster.data.buffer, raster.data.byteOffset, raster.width * raster.height);
  for (let row = 0; row < height; row++) {
    const from = (y + row) * raster.width + x;
    if (rotated) {
      // It was turned clockwise to fit in: its left column is the bottom row of what it shows.
      for (let column = 0; column < width; column++) { pixels[(width - 1 - column) * height + row] = source[from + column]!; }
    } else {
      pixels.set(source.subarray(from, from + width), row * width);
    }
  }
  return { data: new Uint8Array(pixels.buffer), width: rotated ? height : width, height: rotated ? width : height };
}

/** Without the cells that show nothing, and of those with the same pixels only the first. At most {@link maxCells}. */
export function distinctCells(raster: Raster, cells: readonly Cell[]): Cell[] {
  const seen = new Set<string>();
  const kept: Cell[] = [];
  for (const cell of cells) {
    const pixels = cut(raster, cell);
    if (isBlank(pixels)) { continue; }
    const key = `${pixels.width} ${Buffer.from(pixels.data.buffer).toString('latin1')}`;
    if (seen.has(key)) { continue; }
    seen.add(key);
    kept.push(cell);
    if (kept.length === maxCells) { break; }
  }
  return kept;
}

/** Nothing but transparency, or one colour. */
function isBlank({ data }: Raster): boolean {
  const pixels = new Uint32Array(data.buffer);
  const first = pixels[0]!;
  const firstClear = data[3] === 0;
  return pixels.every((pixel, index) => pixel === first || (firstClear && data[4 * index + 3] === 0));
}
