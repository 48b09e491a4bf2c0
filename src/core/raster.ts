/** Pixels on their way from the decoders of this folder to sharp, and how a file is told to be damaged. */
import type { Raster } from './cells';
import { SkipError } from '../errors';

/** A picture whose header was read and whose pixels were not: its size is checked in between. */
export interface Picture {
  width: number;
  height: number;
  /**
   * Paints every row once, from the top down or from the bottom up. Many writers leave the alpha of opaque images at 0:
   * what turned out to be wholly transparent is painted again with `opaque`.
   */
  paint(rows: RowCollector, opaque: boolean): void;
}

/** More pixels than this are averaged while they are decoded: a raster of the largest image allowed would take 400 MB. */
const maxCollectedPixels = 4_000_000;

/** Throws SkipError 'corrupt'. */
export function collect(picture: Picture): Raster {
  const { width, height } = picture;
  const rows = new RowCollector(width, height);
  picture.paint(rows, false);
  if (rows.visible) { return rows.finish(); }
  const again = new RowCollector(width, height);
  picture.paint(again, true);
  return again.finish();
}

/** Takes rows in order and, of large images, keeps the mean of each square of pixels. Memory is bounded by `maxCollectedPixels`. */
export class RowCollector {
  /** RGBA of the row to come. */
  readonly row: Uint8Array;
  /** Some pixel is not wholly transparent. */
  visible = false;
  private readonly factor: number;
  private readonly outWidth: number;
  private readonly outHeight: number;
  private readonly data: Uint8Array;
  /** Of the output row in work: sums of red, green and blue times alpha, and of alpha. */
  private readonly sums: Float64Array;
  private summedRow = -1;
  private summedCount = 0;

  constructor(private readonly width: number, height: number) {
    this.factor = Math.ceil(Math.sqrt(width * height / maxCollectedPixels));
    this.outWidth = Math.ceil(width / this.factor);
    this.outHeight = Math.ceil(height / this.factor);
    this.row = new Uint8Array(width * 4);
    this.data = new Uint8Array(this.outWidth * this.outHeight * 4);
    this.sums = new Float64Array(this.factor > 1 ? this.outWidth * 4 : 0);
  }

  /** Takes over `row` as row y of the image. */
  commit(y: number): void {
    const { row, factor, sums } = this;
    if (!this.visible) {
      for (let at = 3; at < row.length; at += 4) { if (row[at] !== 0) { this.visible = true; break; } }
    }
    if (factor === 1) { this.data.set(row, y * row.length); return; }
    const outRow = Math.floor(y / factor);
    if (outRow !== this.summedRow) { this.flush(); this.summedRow = outRow; }
    for (let at = 0, to = 0, left = factor; at < row.length; at += 4) {
      const alpha = row[at + 3]!;
      sums[to]! += row[at]! * alpha;
      sums[to + 1]! += row[at + 1]! * alpha;
      sums[to + 2]! += row[at + 2]! * alpha;
      sums[to + 3]! += alpha;
      if (--left === 0) { to += 4; left = factor; }
    }
    this.summedCount++;
  }

  finish(): Raster {
    this.flush();
    return { data: this.data, width: this.outWidth, height: this.outHeight };
  }

  private flush(): void {
    if (this.summedCount === 0) { return; }
    const { sums, data, factor, outWidth } = this;
    for (let x = 0; x < outWidth; x++) {
      const to = (this.summedRow * outWidth + x) * 4;
      const alpha = sums[x * 4 + 3]!;
      if (alpha > 0) { for (let channel = 0; channel < 3; channel++) { data[to + channel] = Math.round(sums[x * 4 + channel]! / alpha); } }
      data[to + 3] = Math.round(alpha / (this.summedCount * Math.min(factor, this.width - x * factor)));
    }
    sums.fill(0);
    this.summedCount = 0;
  }
}

export function viewOf(bytes: Uint8Array): DataView { return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength); }

/** Throws SkipError 'corrupt' unless all of it lies in the file. */
export function demand(bytes: Uint8Array, offset: number, length: number): void {
  if (!(offset >= 0 && length >= 0 && offset + length <= bytes.length)) { throw corrupt('it ends too early'); }
}

export function corrupt(detail: string): SkipError {
  return new SkipError('corrupt', `The file is damaged or incomplete (${detail}).`, 'Open it in an image editor and save it again, or restore it.');
}

/** A variant of a known format that is not read. */
export function unsupportedVariant(what: string, remedy: string): SkipError {
  return new SkipError('unsupportedFormat', `The file is ${what}, which cannot be decoded here.`, remedy);
}
