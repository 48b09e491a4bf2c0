/** Draws sprite sheets for tests, pixel by pixel. */
import sharp from 'sharp';
import type { Raster } from '../src/core/cells';
import { randomFrom } from './samplePictures.mjs';

export function blank(width: number, height: number, ground = [0, 0, 0, 0]): Raster {
  return { data: Uint8Array.from({ length: width * height * 4 }, (_, index) => ground[index % 4]!), width, height };
}
export function put(onto: Raster, picture: Raster, left: number, top: number): void {
  for (let y = 0; y < picture.height; y++) {
    for (let x = 0; x < picture.width; x++) {
      const from = (y * picture.width + x) * 4;
      const to = ((top + y) * onto.width + left + x) * 4;
      const alpha = picture.data[from + 3]! / 255;
      if (alpha === 0) { continue; }
      if (onto.data[to + 3] !== 255) { onto.data.set(picture.data.subarray(from, from + 4), to); continue; }
      for (let channel = 0; channel < 3; channel++) { onto.data[to + channel] = Math.round(picture.data[from + channel]! * alpha + onto.data[to + channel]! * (1 - alpha)); }
    }
  }
}
/** A creature as of 8-bit games: random, mirrored, with hard edges. */
export function pixelSprite(seed: number, size: number, drawn = size - 2): Raster {
  const random = randomFrom(seed);
  const sprite = blank(size, size);
  const inset = Math.floor((size - drawn) / 2);
  const colour = [Math.floor(random() * 200) + 55, Math.floor(random() * 200), Math.floor(random() * 255), 255];
  for (let y = 0; y < drawn; y++) {
    for (let x = 0; x < Math.ceil(drawn / 2); x++) {
      if (random() < 0.35) { continue; }
      for (const at of [x, drawn - 1 - x]) { sprite.data.set(colour, ((inset + y) * size + inset + at) * 4); }
    }
  }
  return sprite;
}
export function sheet(pictures: (Raster | undefined)[], columns: number, { size, spacing = 0, margin = 0, ground, height = size }: { size: number; height?: number; spacing?: number; margin?: number; ground?: number[] }): Raster {
  const rows = Math.ceil(pictures.length / columns);
  const whole = blank(2 * margin + columns * (size + spacing) - spacing, 2 * margin + rows * (height + spacing) - spacing, ground);
  pictures.forEach((picture, index) => {
    if (picture) { put(whole, picture, margin + (index % columns) * (size + spacing), margin + Math.floor(index / columns) * (height + spacing)); }
  });
  return whole;
}

export function toPng({ data, width, height }: Raster): Promise<Buffer> { return sharp(data, { raw: { width, height, channels: 4 } }).png().toBuffer(); }

/** A sheet of 16-px creatures, four a row, as a PNG; the same numbers make the same bytes. */
export function pngSheet(seeds: readonly number[]): Promise<Buffer> { return toPng(sheet(seeds.map(seed => pixelSprite(seed, 16)), 4, { size: 16 })); }
