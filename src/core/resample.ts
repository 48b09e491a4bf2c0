/** Resizes pixels exactly as the image processors of published models do: Pillow's separable filters, whose support grows with the reduction. */
import type { Raster } from './cells';
import type { Interpolation } from '../models/manifest';

/** A part of the result, in its pixels. */
export interface Window { left: number; top: number; width: number; height: number }

/** Distance (in source pixels of a stretched filter) up to which a filter reaches, and its weight there. Bicubic: Keys 1981 with a = -0.5. */
const filters: Record<Exclude<Interpolation, 'nearest'>, { reach: number; weight(distance: number): number }> = {
  bilinear: { reach: 1, weight: distance => Math.max(0, 1 - distance) },
  bicubic: { reach: 2, weight: distance => distance < 1 ? (1.5 * distance - 2.5) * distance ** 2 + 1 : distance < 2 ? 2 + distance * (distance * (2.5 - 0.5 * distance) - 4) : 0 },
  lanczos: { reach: 3, weight: distance => distance === 0 ? 1 : distance < 3 ? 3 * Math.sin(Math.PI * distance) * Math.sin(Math.PI * distance / 3) / (Math.PI * distance) ** 2 : 0 },
};

/** Binary places of a weight, as in Pillow: 255 times the weights' sum, with what overshoots, stays below 2^31. */
const weightBits = 22;
const half = 1 << (weightBits - 1);

/** For each place of the result: where its source pixels begin and end, and their weights, in rows of `taps`. */
interface Taps { starts: Int32Array; ends: Int32Array; weights: Int32Array; taps: number }

/**
 * The part `window` of the image resized to width x height. Libvips extends an image over its border, and enlarges by another rule: enlarged noise differs by 20 of 255
 * on average, the border of a reduced image by up to 20; this differs from a floating point reference by rounding alone.
 */
export function resample(raster: Raster, width: number, height: number, window: Window, interpolation: Interpolation, opaque = isOpaque(raster)): Raster {
  const columns = tapsOf(raster.width, width, window.left, window.width, interpolation);
  const rows = tapsOf(raster.height, height, window.top, window.height, interpolation);
  const { data } = raster;
  const channels = opaque ? 3 : 4;

  // Alpha is multiplied in: the colour of what cannot be seen does not count.
  const source = opaque ? data : multiplied(data);
  // Only rows that some row of the result needs.
  const firstRow = rows.starts[0]!;
  const rowCount = rows.ends.at(-1)! - firstRow;
  const stride = window.width * channels;
  // Rounded and cut to 0-255, as Pillow's is.
  const across = new Uint8ClampedArray(rowCount * stride);
  for (let y = 0; y < rowCount; y++) {
    const row = (firstRow + y) * raster.width * 4;
    for (let x = 0, to = y * stride; x < window.width; x++, to += channels) {
      let red = half;
      let green = half;
      let blue = half;
      let alpha = half;
      const last = row + columns.ends[x]! * 4;
      for (let at = row + columns.starts[x]! * 4, weightAt = x * columns.taps; at < last; at += 4, weightAt++) {
        const weight = columns.weights[weightAt]!;
        red += Math.imul(weight, source[at]!);
        green += Math.imul(weight, source[at + 1]!);
        blue += Math.imul(weight, source[at + 2]!);
        if (!opaque) { alpha += Math.imul(weight, source[at + 3]!); }
      }
      across[to] = red >> weightBits;
      across[to + 1] = green >> weightBits;
      across[to + 2] = blue >> weightBits;
      if (!opaque) { across[to + 3] = alpha >> weightBits; }
    }
  }

  const result = new Uint8ClampedArray(window.width * window.height * 4);
  const sums = new Int32Array(stride);
  for (let y = 0; y < window.height; y++) {
    sums.fill(half);
    for (let row = rows.starts[y]!, weightAt = y * rows.taps; row < rows.ends[y]!; row++, weightAt++) {
      const weight = rows.weights[weightAt]!;
      for (let at = 0, from = (row - firstRow) * stride; at < stride; at++, from++) { sums[at] = sums[at]! + Math.imul(weight, across[from]!); }
    }
    for (let x = 0, at = 0, to = y * window.width * 4; x < window.width; x++, at += channels, to += 4) {
      result[to] = sums[at]! >> weightBits;
      result[to + 1] = sums[at + 1]! >> weightBits;
      result[to + 2] = sums[at + 2]! >> weightBits;
      result[to + 3] = opaque ? 255 : sums[at + 3]! >> weightBits;
      const alpha = result[to + 3]!;
      if (alpha !== 255 && alpha !== 0) {
        for (let channel = 0; channel < 3; channel++) { result[to + channel] = result[to + channel]! * 255 / alpha; }
      }
    }
  }
  return { data: new Uint8Array(result.buffer), width: window.width, height: window.height };
}

export function isOpaque({ data }: Raster): boolean {
  for (let at = 3; at < data.length; at += 4) { if (data[at] !== 255) { return false; } }
  return true;
}

function multiplied(data: Uint8Array): Uint8Array {
  const result = data.slice();
  for (let at = 0; at < data.length; at += 4) {
    const alpha = data[at + 3]!;
    if (alpha === 255) { continue; }
    for (let channel = 0; channel < 3; channel++) { result[at + channel] = Math.round(data[at + channel]! * alpha / 255); }
  }
  return result;
}

function tapsOf(from: number, to: number, first: number, count: number, interpolation: Interpolation): Taps {
  const scale = from / to;
  if (interpolation === 'nearest') {
    const starts = Int32Array.from({ length: count }, (_, place) => Math.floor((first + place + 0.5) * scale));
    return { starts, ends: starts.map(start => start + 1), weights: new Int32Array(count).fill(1 << weightBits), taps: 1 };
  }
  const { reach, weight } = filters[interpolation];
  const stretch = Math.max(1, scale);
  const taps = Math.ceil(2 * reach * stretch) + 1;
  const starts = new Int32Array(count);
  const ends = new Int32Array(count);
  const weights = new Int32Array(count * taps);
  const exact = new Float64Array(taps);
  for (let place = 0; place < count; place++) {
    const centre = (first + place + 0.5) * scale;
    const start = Math.max(0, Math.floor(centre - reach * stretch + 0.5));
    const end = Math.min(from, Math.floor(centre + reach * stretch + 0.5));
    let sum = 0;
    for (let at = start; at < end; at++) { sum += exact[at - start] = weight(Math.abs(at + 0.5 - centre) / stretch); }
    for (let tap = 0; tap < end - start; tap++) { weights[place * taps + tap] = Math.round(exact[tap]! / sum * (1 << weightBits)); }
    starts[place] = start;
    ends[place] = end;
  }
  return { starts, ends, weights, taps };
}
