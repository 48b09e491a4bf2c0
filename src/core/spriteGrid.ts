/**
 * Finds the grid of a sprite sheet or icon strip in its pixels: lines of nothing at a regular distance over the whole image. A picture that is
 * split by mistake is worse than a sheet that is not, so what could be one picture (four squares, nine dots, a word) is left alone.
 */
import type { Cell } from '../protocol';
import { maxCells, type Raster } from './cells';
import type { ImageFormat } from '../protocol';

const minCell = 8;
const maxCell = 512;
/** Longer sides are posters and maps; a sheet as large comes with an atlas. */
const maxSide = 4096;
const minCells = 4;
/** Alpha up to which a pixel is nothing: resizing leaves a faint halo around what is drawn. */
const clearAlpha = 3;
/** Sizes that sprites and icons are drawn in; any other needs a wider gutter to be believed. */
const commonSizes: ReadonlySet<number> = new Set([8, 12, 16, 20, 24, 28, 30, 32, 36, 40, 48, 50, 56, 60, 64, 72, 80, 96, 100, 120, 128, 144, 160, 192, 200, 256, 512]);
/** Of these, the ones that small grids with spacing have to have. */
const usualSizes: ReadonlySet<number> = new Set([16, 24, 32, 48, 64, 96, 128]);
/** Pixels between cells, and around all of them. */
const spacings = [0, 1, 2, 3, 4];
/** Edge of the raster in which the shapes of cells are compared. */
const shapeSize = 8;

/** Told from the header, so that photographs and most pictures are never unpacked for this. */
export function mayHoldGrid({ format, transparent, width, height }: { format: ImageFormat; transparent: boolean; width: number; height: number }): boolean {
  const [short, long] = [Math.min(width, height), Math.max(width, height)];
  // Lossy formats without transparency have no exactly uniform gutter.
  return short >= minCell && long >= minCells * minCell && long <= maxSide && format !== 'jpeg' && (transparent || format === 'png' || format === 'gif');
}

/** Cells row by row, the empty ones included; none when no grid is evident. */
export function findGrid(raster: Raster): Cell[] {
  const projected = projections(raster);
  if (!projected) { return []; }
  const { columns, rows, ground } = projected;
  const [acrossGaps, downGaps] = [gapsBetween(columns), gapsBetween(rows)];
  if (Math.max(acrossGaps, downGaps) < minCells - 1 && (acrossGaps === 0 || downGaps === 0)) { return []; }
  const across = axisGrids(columns);
  const down = axisGrids(rows);
  if (!across.some(({ count }) => count > 1) && !down.some(({ count }) => count > 1)) { return []; }
  const filled = filledPixels(raster, ground);
  const pairs = across.flatMap(x => down.map(y => ({ x, y })))
    .filter(({ x, y }) => x.spacing === y.spacing && x.count * y.count >= minCells && x.count * y.count <= 4 * maxCells && ratio(x.size, y.size) <= 2)
    // The finest grid that cuts nothing, or none: what is regular in steps of several cells is a pattern. Of two, the one with square cells.
    .sort((a, b) => b.x.count * b.y.count - a.x.count * a.y.count || ratio(a.x.size, a.y.size) - ratio(b.x.size, b.y.size));
  for (const { x, y } of pairs.filter(each => each.x.count * each.y.count === pairs[0]!.x.count * pairs[0]!.y.count)) {
    const cells = Array.from({ length: x.count * y.count }, (_, index): Cell => ({
      x: x.margin + (index % x.count) * (x.size + x.spacing), y: y.margin + Math.floor(index / x.count) * (y.size + y.spacing), width: x.size, height: y.size,
    }));
    if (isSheet(raster, filled, columns, rows, cells, x, y)) { return cells; }
  }
  return [];
}

function isSheet(raster: Raster, filled: Filled, columns: Uint8Array, rows: Uint8Array, cells: readonly Cell[], x: AxisGrid, y: AxisGrid): boolean {
  const boxes = cells.map(cell => boxOf(raster, filled, cell));
  const drawn = boxes.filter(box => box !== undefined);
  if (drawn.length < minCells || drawn.length < 0.6 * cells.length) { return false; }
  // A sprite makes use of its cell; a dot or a dash of a larger picture does not.
  if (drawn.filter(box => box.width >= 0.5 * x.size || box.height >= 0.5 * y.size).length < 0.75 * drawn.length) { return false; }
  // A row may end early. Holes in it are the inside of a frame or of a ring.
  const holes = boxes.filter((box, index) => box === undefined && boxes.slice(index, index + x.count - index % x.count).some(later => later !== undefined)).length;
  if (holes > (cells.length < 12 ? 0 : Math.max(1, 0.05 * cells.length))) { return false; }
  const exact = new Set(drawn.map(box => shapeKey(raster, box)));
  if (exact.size < minCells) { return false; }
  const strip = x.count === 1 || y.count === 1;
  if (strip) {
    if (ratio(x.size, y.size) > 1.5 || exact.size < 0.6 * drawn.length) { return false; }
    // A word has gaps between its letters wherever they come; a strip has them between its cells.
    return (x.count === 1 ? gapsInside(y, rows) : gapsInside(x, columns)) <= drawn.length / 4;
  }
  if (drawn.length < 6) { return false; }
  const small = drawn.length < 12;
  // Of few cells each has to be a picture of its own: an icon of 24 px holds no nine of them.
  if (small && (x.size !== y.size || x.size < 16 || (x.spacing > 0 && !usualSizes.has(x.size)))) { return false; }
  const shapes = drawn.map(box => shapeOf(raster, filled, box));
  // The dots of one icon are alike, mirrored or turned; nine sprites are not.
  const classes = countClasses(shapes, small);
  return small ? classes >= 0.75 * drawn.length : classes >= minCells;
}

function gapsInside({ margin, size, spacing, count }: AxisGrid, filled: Uint8Array): number {
  let gaps = 0;
  for (let index = 0; index < count; index++) {
    const start = margin + index * (size + spacing);
    let seen = false;
    let gap = false;
    for (let at = start; at < start + size; at++) {
      if (filled[at]) { if (gap) { gaps++; } seen = true; gap = false; } else if (seen) { gap = true; }
    }
  }
  return gaps;
}

const ratio = (a: number, b: number): number => Math.max(a, b) / Math.min(a, b);

/** 1 for each pixel that shows something. */
type Filled = Uint8Array;

/** Which columns and rows show something anywhere; undefined when there is nothing that could be a gutter. */
interface Projections { columns: Uint8Array; rows: Uint8Array; /** Colour of the ground of an opaque image. */ ground: number | undefined }

function projections({ data, width, height }: Raster): Projections | undefined {
  const count = width * height;
  const pixels = new Uint32Array(data.buffer, data.byteOffset, count);
  const columns = new Uint8Array(width);
  const rows = new Uint8Array(height);
  // Alpha is the highest byte: all platforms of this extension are little-endian. Of alphas that are all nothing the or is nothing, too.
  let opaque = 0xff;
  for (let y = 0, index = 0; y < height; y++) {
    let any = 0;
    for (let x = 0; x < width; x++, index++) {
      const alpha = pixels[index]! >>> 24;
      columns[x]! |= alpha;
      any |= alpha;
      opaque &= alpha;
    }
    rows[y] = any > clearAlpha ? 1 : 0;
  }
  if (opaque !== 0xff) {
    for (let x = 0; x < width; x++) { columns[x] = columns[x]! > clearAlpha ? 1 : 0; }
    return { columns, rows, ground: undefined };
  }
  const ground = pixels[0]!;
  if (pixels[width - 1] !== ground || pixels[count - 1] !== ground || pixels[count - width] !== ground) { return undefined; }
  columns.fill(0);
  for (let y = 0, index = 0; y < height; y++) {
    rows[y] = 0;
    for (let x = 0; x < width; x++, index++) { if (pixels[index] !== ground) { columns[x] = 1; rows[y] = 1; } }
  }
  return { columns, rows, ground };
}

function filledPixels({ data, width, height }: Raster, ground: number | undefined): Filled {
  const pixels = new Uint32Array(data.buffer, data.byteOffset, width * height);
  return ground === undefined ? Uint8Array.from(pixels, pixel => (pixel >>> 24 > clearAlpha ? 1 : 0)) : Uint8Array.from(pixels, pixel => (pixel === ground ? 0 : 1));
}

/** Runs of nothing between what is drawn. */
function gapsBetween(filled: Uint8Array): number {
  let gaps = 0;
  for (let at = filled.indexOf(1), gap = false; at >= 0 && at < filled.length; at++) {
    if (filled[at]) { if (gap) { gaps++; } gap = false; } else { gap = true; }
  }
  return gaps;
}

/** `count` cells of `size` pixels along one axis. */
interface AxisGrid { size: number; spacing: number; margin: number; count: number }

/** Every division of the axis that cuts nothing; also its whole length as one cell. */
function axisGrids(filled: Uint8Array): AxisGrid[] {
  const { length } = filled;
  const found: AxisGrid[] = [];
  for (const spacing of spacings) {
    for (const margin of spacing === 0 ? [0] : [0, spacing]) {
      const inner = length - 2 * margin + spacing;
      if (!isClear(filled, 0, margin) || !isClear(filled, length - margin, length)) { continue; }
      for (let size = minCell; size <= Math.min(maxCell, length); size++) {
        if (inner % (size + spacing) !== 0) { continue; }
        const grid = { size, spacing, margin, count: inner / (size + spacing) };
        if (cutsNothing(filled, grid)) { found.push(grid); }
      }
    }
  }
  return found;
}

function cutsNothing(filled: Uint8Array, { size, spacing, margin, count }: AxisGrid): boolean {
  for (let index = 1; index < count; index++) {
    const end = margin + index * (size + spacing);
    if (spacing > 0 ? !isClear(filled, end - spacing, end) : !(commonSizes.has(size) ? !filled[end - 1] || !filled[end] : !filled[end - 1] && !filled[end])) { return false; }
  }
  return true;
}

function isClear(filled: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at++) { if (filled[at]) { return false; } }
  return true;
}

/** What a cell shows, without the nothing around it; undefined for an empty one. */
function boxOf({ width }: Raster, filled: Filled, cell: Cell): Cell | undefined {
  let [left, top, right, bottom] = [Infinity, Infinity, -1, -1];
  for (let y = cell.y; y < cell.y + cell.height; y++) {
    for (let x = cell.x; x < cell.x + cell.width; x++) {
      if (!filled[y * width + x]) { continue; }
      if (x < left) { left = x; }
      if (x > right) { right = x; }
      if (y < top) { top = y; }
      bottom = y;
    }
  }
  return right < 0 ? undefined : { x: left, y: top, width: right - left + 1, height: bottom - top + 1 };
}

/** Equal for boxes with the same pixels. */
function shapeKey({ data, width }: Raster, box: Cell): string {
  const lines = Array.from({ length: box.height }, (_, row) => {
    const from = ((box.y + row) * width + box.x) * 4;
    return Buffer.from(data.buffer, data.byteOffset + from, 4 * box.width).toString('latin1');
  });
  return `${box.width} ${lines.join('')}`;
}

/** What a box shows, in shapeSize x shapeSize fields of coverage, red, green and blue (0-1), whatever its size. */
function shapeOf({ data, width }: Raster, filled: Filled, box: Cell): Float32Array {
  const shape = new Float32Array(shapeSize * shapeSize * 4);
  for (let row = 0; row < shapeSize; row++) {
    const [top, bottom] = span(box.y, box.height, row);
    for (let column = 0; column < shapeSize; column++) {
      const [left, right] = span(box.x, box.width, column);
      const area = (bottom - top) * (right - left) * 255;
      const at = (row * shapeSize + column) * 4;
      for (let y = top; y < bottom; y++) {
        for (let x = left; x < right; x++) {
          const index = y * width + x;
          if (!filled[index]) { continue; }
          const alpha = data[4 * index + 3]!;
          shape[at]! += alpha / area;
          for (let channel = 0; channel < 3; channel++) { shape[at + 1 + channel]! += alpha / 255 * data[4 * index + channel]! / area; }
        }
      }
    }
  }
  return shape;
}
function span(start: number, length: number, field: number): [number, number] {
  const from = start + Math.floor(field * length / shapeSize);
  return [from, Math.max(from + 1, start + Math.floor((field + 1) * length / shapeSize))];
}

/** Mean difference of two fields from which on shapes are not alike: an antialiased edge that falls elsewhere makes half of it. */
const differs = 0.06;

/** How many kinds of shapes there are; with `outlines` only coverage counts, and mirrored or turned ones are alike. Stops at 32. */
function countClasses(shapes: readonly Float32Array[], outlines: boolean): number {
  const classes: Float32Array[][] = [];
  for (const shape of shapes) {
    const variants = outlines ? symmetries(shape) : [shape];
    if (classes.some(([known]) => variants.some(variant => distance(known!, variant) < differs))) { continue; }
    classes.push(variants);
    if (classes.length === 32) { break; }
  }
  return classes.length;
}

function distance(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let at = 0; at < a.length; at++) { sum += Math.abs(a[at]! - b[at]!); }
  return sum / a.length;
}

/** Coverage alone, in the eight ways to turn and mirror a square. */
function symmetries(shape: Float32Array): Float32Array[] {
  const last = shapeSize - 1;
  const at = (row: number, column: number): number => shape[(row * shapeSize + column) * 4]!;
  const ways: ((row: number, column: number) => number)[] = [
    at, (r, c) => at(r, last - c), (r, c) => at(last - r, c), (r, c) => at(last - r, last - c),
    (r, c) => at(c, r), (r, c) => at(c, last - r), (r, c) => at(last - c, r), (r, c) => at(last - c, last - r),
  ];
  return ways.map(way => Float32Array.from({ length: shapeSize * shapeSize }, (_, index) => way(Math.floor(index / shapeSize), index % shapeSize)));
}
