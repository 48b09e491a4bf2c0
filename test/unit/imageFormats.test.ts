/** The formats that are decoded here and not by sharp, written byte by byte; animations; and files made to mislead the decoders. */
import assert from 'node:assert/strict';
import { readFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { writePsdUint8Array, type Psd } from 'ag-psd';
import sharp from 'sharp';
import { Decoder } from '../../src/core/decoder';
import { detectFormat, unsupportedExtensions } from '../../src/core/imageFormat';
import type { ImageSpec } from '../../src/models/manifest';
import { NameService } from '../../src/core/nameService';
import { preprocess } from '../../src/core/preprocess';
import type { Raster } from '../../src/core/cells';
import { openRaster } from '../../src/core/rasterDecoders';
import { candidateExtensions } from '../../src/core/scan';
import { imageExtensions, imageFormats } from '../../src/protocol';

const maxPixels = 1_000_000;
const image: ImageSpec = { input: 'pixel_values', output: 'image_embeds', size: 32, resize: 'pad', interpolation: 'bicubic', mean: [0, 0, 0], std: [1, 1, 1] };

type Rgba = [number, number, number, number];
/** Odd sides: rows need padding, and no axis can be taken for the other. */
const width = 13;
const height = 9;
const palette: Rgba[] = Array.from({ length: 256 }, (_, index) => [(index * 37 + 200) & 255, (index * 91 + 50) & 255, (index * 151 + 20) & 255, 255]);
const indexAt = (x: number, y: number, count: number) => (x * 3 + y * 5 + (x > 6 && y > 4 ? 1 : 0)) % count;
const drawn = (colour: (x: number, y: number) => Rgba) => {
  const data = new Uint8Array(width * height * 4);
  for (let y = 0; y < height; y++) { for (let x = 0; x < width; x++) { data.set(colour(x, y), (y * width + x) * 4); } }
  return data;
};
const coloured = drawn((x, y) => palette[indexAt(x, y, 256)]!);
const translucent = drawn((x, y) => [...palette[indexAt(x, y, 256)]!.slice(0, 3), (x * 19) & 255] as Rgba);

async function rasterOf(bytes: Uint8Array, longest = 1e6): Promise<Raster> {
  const detected = detectFormat(bytes);
  assert.ok('format' in detected, JSON.stringify(detected));
  const opened = openRaster(detected.format, bytes);
  assert.ok(opened && 'decode' in opened);
  return opened.decode(longest);
}

async function shows(bytes: Uint8Array, expected: Uint8Array, what = '', tolerance = 0): Promise<void> {
  const raster = await rasterOf(bytes);
  assert.deepEqual([raster.width, raster.height], [width, height], what);
  // What is wholly transparent has no colour.
  const worst = Math.max(...expected.map((value, index) => expected[index | 3] === 0 && raster.data[index | 3] === 0 ? 0 : Math.abs(value - raster.data[index]!)));
  assert.ok(worst <= tolerance, `${what}: off by ${worst}`);
}

const refused = (bytes: Uint8Array, code: string, pixelLimit = maxPixels) =>
  assert.rejects(preprocess(bytes, { image, thumbnail: true }, pixelLimit), (error: { name?: string; code?: string; reason?: string; remedy?: string; message?: string }) => {
    assert.deepEqual([error.name, error.code], ['SkipError', code], error.message);
    assert.ok(error.reason && error.remedy);
    return true;
  });

const u16 = (...values: number[]) => Buffer.concat(values.map(value => { const bytes = Buffer.alloc(2); bytes.writeUInt16LE(value & 0xffff); return bytes; }));
const u32 = (...values: number[]) => Buffer.concat(values.map(value => { const bytes = Buffer.alloc(4); bytes.writeUInt32LE(value >>> 0); return bytes; }));
const u32be = (...values: number[]) => Buffer.concat(values.map(value => { const bytes = Buffer.alloc(4); bytes.writeUInt32BE(value >>> 0); return bytes; }));
const tagged = (tag: string, content: Uint8Array) => Buffer.concat([Buffer.from(tag, 'latin1'), u32be(content.length + 8), content]);

// ── writers

interface BmpOptions { topDown?: boolean; compression?: number; masks?: number[]; pixels?: Uint8Array; header?: 12 | 40 | 124; alpha?: boolean; wide?: number; high?: number }

/** Rows of a bitmap, each filled up to four bytes. */
function bitmapRows(depth: number, topDown: boolean, alpha: boolean): Buffer {
  const stride = Math.ceil(width * depth / 32) * 4;
  const rows = Buffer.alloc(stride * height);
  for (let y = 0; y < height; y++) {
    const start = (topDown ? y : height - 1 - y) * stride;
    for (let x = 0; x < width; x++) {
      if (depth <= 8) {
        rows[start + (x * depth >> 3)]! |= indexAt(x, y, 1 << depth) << (8 - depth - x * depth % 8);
      } else {
        const [red, green, blue, opacity] = (alpha ? translucent : coloured).subarray((y * width + x) * 4);
        if (depth === 16) { rows.writeUInt16LE(red! >> 3 << 10 | green! >> 3 << 5 | blue! >> 3, start + x * 2); }
        else { rows.set([blue!, green!, red!, ...depth === 32 ? [alpha ? opacity! : 0] : []], start + x * depth / 8); }
      }
    }
  }
  return rows;
}

/** Header, masks, palette and pixels. */
function dib(depth: number, { topDown = false, compression = 0, masks = [], pixels, header = 40, alpha = false, wide = width, high = height }: BmpOptions = {}): { head: Buffer; pixels: Buffer } {
  const colours = depth <= 8 ? palette.slice(0, 1 << depth).map(([red, green, blue]) => Buffer.from(header === 12 ? [blue, green, red] : [blue, green, red, 0])) : [];
  const long = [u32(40 === header ? 40 : 124, wide, topDown ? -high : high), u16(1, depth), u32(compression, 0, 2835, 2835, colours.length === 256 ? 0 : colours.length, 0)];
  const head = header === 12 ? [u32(12), u16(wide, high, 1, depth)] : header === 40 ? [...long, u32(...masks)] : [...long, u32(...masks, ...Array<number>(21 - masks.length).fill(0))];
  return { head: Buffer.concat([...head, ...colours]), pixels: Buffer.from(pixels ?? bitmapRows(depth, topDown, alpha)) };
}

function bmp(depth: number, options: BmpOptions = {}): Buffer {
  const { head, pixels } = dib(depth, options);
  return Buffer.concat([Buffer.from('BM'), u32(14 + head.length + pixels.length, 0, 14 + head.length), head, pixels]);
}

/** RLE: literal stretches, runs, ends of rows, a jump. */
function rle8(): Buffer {
  const parts: number[] = [];
  for (let y = height - 1; y >= 0; y--) {
    const row = Array.from({ length: width }, (_, x) => indexAt(x, y, 256));
    // A literal of odd length is filled up; the rest as runs of one.
    parts.push(0, 5, ...row.slice(0, 5), 0, ...row.slice(5).flatMap(value => [1, value]), 0, y === 0 ? 1 : 0);
  }
  return Buffer.from(parts);
}

function rle4(): Buffer {
  const parts: number[] = [];
  for (let y = height - 1; y >= 0; y--) {
    const row = Array.from({ length: width }, (_, x) => indexAt(x, y, 16));
    const [first, second, ...others] = row;
    parts.push(2, first! << 4 | second!, 0, 5, others[0]! << 4 | others[1]!, others[2]! << 4 | others[3]!, others[4]! << 4, 0, ...others.slice(5).flatMap(value => [1, value << 4]), 0, y === 0 ? 1 : 0);
  }
  return Buffer.from(parts);
}

interface IconEntry { content: Uint8Array; offset?: number; claimed?: number }

function ico(entries: IconEntry[], type = 1): Buffer {
  let offset = 6 + entries.length * 16;
  const directory = entries.map(({ content, offset: lie, claimed = 16 }) => {
    const entry = Buffer.concat([Buffer.from([claimed, claimed, 0, 0]), u16(1, 32), u32(content.length, lie ?? offset)]);
    offset += content.length;
    return entry;
  });
  return Buffer.concat([u16(0, type, entries.length), ...directory, ...entries.map(entry => entry.content)]);
}

/** A bitmap as icons hold it, with its mask (transparent in the first column) below. */
function iconBitmap(depth: number, alpha = false): Buffer {
  const { head, pixels } = dib(depth, { high: height * 2, alpha });
  const mask = Buffer.alloc(4 * height);
  for (let y = 0; y < height; y++) { mask[y * 4] = 0x80; }
  return Buffer.concat([head, pixels, mask]);
}

const solid = (side: number, colour: string) => sharp({ create: { width: side, height: side, channels: 4, background: colour } }).png().toBuffer();

interface TgaOptions { type: number; depth: number; topDown?: boolean; rightToLeft?: boolean; packed?: boolean }

function tga({ type, depth, topDown = false, rightToLeft = false }: TgaOptions, source = coloured): Buffer {
  const indexed = type % 8 === 1;
  const pixels: Buffer[] = [];
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const [x, y] = [rightToLeft ? width - 1 - column : column, topDown ? row : height - 1 - row];
      const [red, green, blue, alpha] = source.subarray((y * width + x) * 4);
      pixels.push(indexed ? Buffer.from([indexAt(x, y, 256)]) : depth === 8 ? Buffer.from([red!]) : depth === 16 ? u16(red! >> 3 << 10 | green! >> 3 << 5 | blue! >> 3) : Buffer.from([blue!, green!, red!, alpha!].slice(0, depth / 8)));
    }
  }
  const map = indexed ? palette.map(([red, green, blue]) => Buffer.from([blue, green, red])) : [];
  const head = Buffer.concat([Buffer.from([3, indexed ? 1 : 0, type]), u16(0, map.length), Buffer.from([indexed ? 24 : 0]), u16(0, 0, width, height), Buffer.from([depth, (depth === 32 ? 8 : 0) | (rightToLeft ? 16 : 0) | (topDown ? 32 : 0)]), Buffer.from('id!'), ...map]);
  if (type < 8) { return Buffer.concat([head, ...pixels]); }
  // Literal packets of seven pixels run across rows; then a run of one.
  const packets: Buffer[] = [];
  for (let at = 0; at < pixels.length;) {
    const literal = pixels.slice(at, at + 7);
    packets.push(Buffer.from([literal.length - 1]), ...literal);
    at += 7;
    if (at < pixels.length) { packets.push(Buffer.from([0x80]), pixels[at++]!); }
  }
  return Buffer.concat([head, ...packets]);
}

/** Of the specification: repeated pixels as runs, others as they are, one of each other kind where it fits. */
function qoi(pixels: Uint8Array, w = width, h = height): Buffer {
  const parts: Buffer[] = [Buffer.from('qoif'), u32be(w, h), Buffer.from([4, 0])];
  let last: number[] = [0, 0, 0, 255];
  const seen = new Map<number, string>();
  for (let at = 0; at < pixels.length; at += 4) {
    const pixel = [...pixels.subarray(at, at + 4)] as Rgba;
    const [red, green, blue, alpha] = pixel;
    const place = (red * 3 + green * 5 + blue * 7 + alpha * 11) % 64;
    const [dr, dg, db] = [red - last[0]!, green - last[1]!, blue - last[2]!] as [number, number, number];
    if (pixel.join() === last.join()) { parts.push(Buffer.from([0xc0])); }
    else if (seen.get(place) === pixel.join()) { parts.push(Buffer.from([place])); }
    else if (alpha === last[3] && [dr, dg, db].every(each => each >= -2 && each <= 1)) { parts.push(Buffer.from([0x40 | dr + 2 << 4 | dg + 2 << 2 | db + 2])); }
    else if (alpha === last[3] && dg >= -32 && dg <= 31 && [dr - dg, db - dg].every(each => each >= -8 && each <= 7)) { parts.push(Buffer.from([0x80 | dg + 32, dr - dg + 8 << 4 | db - dg + 8])); }
    else { parts.push(Buffer.from(alpha === last[3] ? [0xfe, red, green, blue] : [0xff, ...pixel])); }
    seen.set(place, pixel.join());
    last = pixel;
  }
  return Buffer.concat([...parts, Buffer.from([0, 0, 0, 0, 0, 0, 0, 1])]);
}

function psd(pixels: Uint8Array, more: Partial<Psd> = {}, large = false): Buffer {
  const imageData = { width, height, data: new Uint8ClampedArray(pixels) };
  return Buffer.from(writePsdUint8Array({ width, height, imageData, children: [{ name: 'layer', left: 0, top: 0, imageData }], ...more } as Psd, { psb: large }));
}

/** Photoshop's numbers for colour modes. */
const mode = { grey: 1, indexed: 2, rgb: 3, cmyk: 4, lab: 9 };

/** A Photoshop file without layers: `planes` are the channels' bytes one after the other. */
function flatPsd(colourMode: number, depth: number, planes: Uint8Array[], { colourData = Buffer.alloc(0), resources = Buffer.alloc(0), wide = width, high = height } = {}): Buffer {
  const head = Buffer.alloc(26);
  head.write('8BPS');
  head.writeUInt16BE(1, 4); head.writeUInt16BE(planes.length, 12); head.writeUInt32BE(high, 14); head.writeUInt32BE(wide, 18); head.writeUInt16BE(depth, 22); head.writeUInt16BE(colourMode, 24);
  return Buffer.concat([head, u32be(colourData.length), colourData, u32be(resources.length), resources, u32be(0), Buffer.from([0, 0]), ...planes]);
}
const planeOf = (pixels: Uint8Array, channel: number) => Uint8Array.from({ length: width * height }, (_, index) => pixels[index * 4 + channel]!);

// ── tests

suite('formats: BMP', () => {
  for (const depth of [1, 2, 4, 8, 16, 24, 32]) {
    test(`${depth} bits, bottom-up and top-down`, async () => {
      const count = 1 << depth;
      const expected = depth <= 8 ? drawn((x, y) => palette[indexAt(x, y, count)]!) : coloured;
      for (const topDown of [false, true]) { await shows(bmp(depth, { topDown }), expected, `top-down ${topDown}`, depth === 16 ? 8 : 0); }
    });
  }

  test('run-length coded, 4 and 8 bits', async () => {
    await shows(bmp(8, { compression: 1, pixels: rle8() }), drawn((x, y) => palette[indexAt(x, y, 256)]!), 'rle8');
    await shows(bmp(4, { compression: 2, pixels: rle4() }), drawn((x, y) => palette[indexAt(x, y, 16)]!), 'rle4');
    // A jump of two columns and one row upwards, then the end: what is passed over has the first colour.
    const jump = drawn((x, y) => palette[y === height - 1 && x === 0 ? 7 : y === height - 2 && x === 3 ? 9 : 0]!);
    await shows(bmp(8, { compression: 1, pixels: Buffer.from([1, 7, 0, 2, 2, 1, 1, 9, 0, 1]) }), jump, 'jump');
  });

  test('bit fields, with and without alpha; OS/2', async () => {
    await shows(bmp(32, { compression: 3, masks: [0xff0000, 0xff00, 0xff], alpha: true }), coloured, 'without alpha');
    await shows(bmp(32, { compression: 3, masks: [0xff0000, 0xff00, 0xff, 0xff000000], header: 124, alpha: true }), translucent, 'with alpha');
    await shows(bmp(16, { compression: 3, masks: [0x7c00, 0x3e0, 0x1f] }), coloured, '5 bits each', 8);
    await shows(bmp(8, { header: 12 }), coloured, 'OS/2');
    await shows(bmp(24, { header: 12 }), coloured, 'OS/2, 24 bits');
  });

  test('flows through the same reduction and thumbnail as others', async () => {
    const { format, width: w, height: h, pixels, thumbnail } = await preprocess(bmp(24), { image, thumbnail: true }, maxPixels);
    assert.deepEqual([format, w, h, pixels?.length], ['bmp', width, height, 32 * 32 * 3]);
    assert.equal((await sharp(thumbnail).metadata()).width, width);
  });

  test('refused: truncated, lying about its size or its pixels, wrapping something else', async () => {
    for (const depth of [1, 8, 24]) { await refused(bmp(depth).subarray(0, -20), 'corrupt'); }
    await refused(bmp(8).subarray(0, 30), 'corrupt');
    await refused(bmp(8, { compression: 1, pixels: rle8().subarray(0, 20) }), 'corrupt');
    await refused(bmp(24, { wide: 60_000, high: 60_000 }), 'tooManyPixels');
    await refused(bmp(8, { compression: 1, pixels: rle8(), wide: 0x7fffffff, high: 0x7fffffff }), 'tooManyPixels');
    await refused(bmp(24, { wide: 0 }), 'corrupt');
    await refused(bmp(24, { wide: -5 }), 'corrupt');
    const offset = bmp(24);
    offset.writeUInt32LE(0xfffffff0, 10);
    await refused(offset, 'corrupt');
    await refused(bmp(24, { compression: 5 }), 'unsupportedFormat');
  });
});

suite('formats: icons', () => {
  test('ICO: the largest image, whatever the directory says; then the most bits', async () => {
    const png = await solid(48, '#c83214');
    const small = await solid(16, '#0000ff');
    const bytes = ico([{ content: small, claimed: 255 }, { content: png, claimed: 1 }, { content: iconBitmap(32, true) }]);
    const { format, width: w, pixels } = await preprocess(bytes, { image, thumbnail: true }, maxPixels);
    assert.deepEqual([format, w, [...pixels!.subarray(0, 3)]], ['ico', 48, [200, 50, 20]]);
    await shows(ico([{ content: iconBitmap(4) }, { content: iconBitmap(32, true) }, { content: iconBitmap(8) }]), translucent, 'bits');
  });

  test('ICO and CUR: the mask is transparent, also of 32 bits without alpha', async () => {
    const masked = (source: Uint8Array) => source.map((value, index) => index >> 2 === Math.floor((index >> 2) / width) * width && index % 4 === 3 ? 0 : value);
    for (const depth of [1, 4, 8]) { await shows(ico([{ content: iconBitmap(depth) }]), masked(drawn((x, y) => palette[indexAt(x, y, 1 << depth)]!)), `${depth} bits`); }
    await shows(ico([{ content: iconBitmap(24) }], 2), masked(coloured), 'CUR');
    await shows(ico([{ content: iconBitmap(32) }]), masked(coloured), '32 bits');
  });

  test('ICO: one damaged image does not spoil the others; all damaged, or out of the file', async () => {
    const { width: w } = await preprocess(ico([{ content: await solid(16, '#fff') }, { content: await solid(64, '#fff'), offset: 1e9 }]), { image, thumbnail: false }, maxPixels);
    assert.equal(w, 16);
    await refused(ico([{ content: iconBitmap(24), offset: 0xffffffff }]), 'corrupt');
    await refused(Buffer.concat([u16(0, 1, 60_000), Buffer.alloc(40)]), 'corrupt');
    const { head } = dib(24, { wide: 30_000, high: 60_000 });
    await refused(ico([{ content: head }]), 'tooManyPixels');
    await refused(ico([{ content: (await solid(64, '#fff')).subarray(0, 60) }]), 'corrupt');
  });

  test('ICNS: the largest PNG; old ones say what to do', async () => {
    const bytes = tagged('icns', Buffer.concat([tagged('TOC ', Buffer.alloc(16)), tagged('ic07', await solid(32, '#0000ff')), tagged('ic08', await solid(64, '#c83214')), tagged('il32', Buffer.alloc(500))]));
    const { format, width: w, pixels } = await preprocess(bytes, { image, thumbnail: true }, maxPixels);
    assert.deepEqual([format, w, [...pixels!.subarray(0, 3)]], ['icns', 64, [200, 50, 20]]);
    await refused(tagged('icns', tagged('il32', Buffer.alloc(500))), 'unsupportedFormat');
    await refused(tagged('icns', Buffer.alloc(0)), 'corrupt');
    await refused(tagged('icns', Buffer.alloc(20)), 'corrupt');
  });
});

suite('formats: TGA, QOI, PSD', () => {
  test('TGA: plain and run-length coded, from each corner', async () => {
    for (const topDown of [false, true]) {
      for (const rightToLeft of [false, true]) {
        for (const type of [2, 10]) { await shows(tga({ type, depth: 24, topDown, rightToLeft }), coloured, `type ${type}, ${topDown}, ${rightToLeft}`); }
      }
    }
    await shows(tga({ type: 2, depth: 32 }, translucent), translucent, 'alpha');
    await shows(tga({ type: 10, depth: 16 }), coloured, '16 bits', 8);
    for (const type of [1, 9]) { await shows(tga({ type, depth: 8 }), coloured, `palette ${type}`); }
    for (const type of [3, 11]) { await shows(tga({ type, depth: 8 }), drawn((x, y) => { const [red] = palette[indexAt(x, y, 256)]!; return [red, red, red, 255]; }), `grey ${type}`); }
    // An alpha channel that nobody filled.
    await shows(tga({ type: 2, depth: 32 }, drawn((x, y) => [...palette[indexAt(x, y, 256)]!.slice(0, 3), 0] as Rgba)), coloured, 'unused alpha');
  });

  test('QOI: every kind of chunk', async () => {
    await shows(qoi(coloured), coloured);
    await shows(qoi(translucent), translucent);
    const gentle = drawn((x, y) => x > 8 ? [9, 9, 9, 255] : [100 + x, 100 + x * 2 + y, 100 + y, 255]);
    await shows(qoi(gentle), gentle);
  });

  test('cells are cut from them as from others, but not from what was averaged', async () => {
    const cells = [{ x: 3, y: 2, width: 2, height: 2 }];
    const pixels = drawn((x, y) => x >= 3 && x < 5 && y >= 2 && y < 4 ? [200, 50, 20, 255] : [0, 0, 255, 255]);
    const found = await preprocess(qoi(pixels), { image, thumbnail: false, split: { by: 'cells', cells } }, maxPixels);
    assert.deepEqual([...found.cells![0]!.pixels!.subarray(0, 3)], [200, 50, 20]);
    const large = await preprocess(qoi(new Uint8Array(2100 * 2100 * 4).fill(255), 2100, 2100), { image, thumbnail: false, split: { by: 'cells', cells } }, 5_000_000);
    assert.equal(large.cells, undefined);
  });

  test('PSD and PSB: the composite, as an independent writer stores it', async () => {
    for (const large of [false, true]) {
      await shows(psd(coloured, {}, large), coloured, `large ${large}`);
      // Colours were mixed with white: the fainter a pixel, the less is left of its colour.
      const { data } = await rasterOf(psd(translucent, {}, large));
      for (let at = 0; at < data.length; at += 4) {
        const alpha = translucent[at + 3]!;
        assert.equal(data[at + 3], alpha);
        for (let channel = 0; channel < 3 && alpha > 0; channel++) { assert.ok(Math.abs(data[at + channel]! - translucent[at + channel]!) <= 255 / alpha + 1, `${data[at + channel]} for ${translucent[at + channel]} at alpha ${alpha}`); }
      }
    }
  });

  test('PSD: other modes and depths', async () => {
    const grey = drawn((x, y) => { const [red] = palette[indexAt(x, y, 256)]!; return [red, red, red, 255]; });
    await shows(flatPsd(mode.grey, 8, [planeOf(coloured, 0)]), grey, 'grey');
    await shows(flatPsd(mode.rgb, 16, [0, 1, 2].map(channel => Uint8Array.from(planeOf(coloured, channel)).reduce((bytes, value, index) => { bytes[index * 2] = value; return bytes; }, new Uint8Array(width * height * 2)))), coloured, '16 bits');
    const colourData = Buffer.concat([0, 1, 2].map(channel => Buffer.from(palette.map(colour => colour[channel]!))));
    await shows(flatPsd(mode.indexed, 8, [Uint8Array.from({ length: width * height }, (_, index) => indexAt(index % width, Math.floor(index / width), 256))], { colourData }), coloured, 'indexed');
    // Full key plate, so that the inks are the colours' complements, stored inverted.
    await shows(flatPsd(mode.cmyk, 8, [0, 1, 2].map(channel => planeOf(coloured, channel)).concat(new Uint8Array(width * height).fill(255))), coloured, 'CMYK');
    // An extra channel without layers is a selection, no transparency.
    await shows(flatPsd(mode.rgb, 8, [0, 1, 2, 0].map(channel => planeOf(coloured, channel))), coloured, 'selection');
  });

  test('refused: truncated, lying, and what has no composite', async () => {
    for (const bytes of [tga({ type: 2, depth: 24 }), tga({ type: 9, depth: 8 }), qoi(coloured), psd(coloured), psd(coloured, {}, true)]) {
      await refused(bytes.subarray(0, bytes.length - 60), 'corrupt');
      await refused(bytes.subarray(0, 20), 'corrupt');
    }
    await refused(qoi(coloured, 1 << 20, 1 << 20), 'tooManyPixels');
    await refused(qoi(coloured, 1000, 1000), 'corrupt');
    await refused(flatPsd(mode.rgb, 8, [], { wide: 0 }), 'corrupt');
    await refused(flatPsd(mode.rgb, 8, [new Uint8Array(9), new Uint8Array(9), new Uint8Array(9)], { wide: 30_000, high: 30_000 }), 'tooManyPixels');
    await refused(flatPsd(mode.lab, 8, [0, 1, 2].map(channel => planeOf(coloured, channel))), 'unsupportedFormat');
    const resources = Buffer.concat([Buffer.from('8BIM'), Buffer.from([1057 >> 8, 1057 & 255, 0, 0]), u32be(6), u32be(1), Buffer.from([0, 0])]);
    await refused(flatPsd(mode.rgb, 8, [0, 1, 2].map(channel => planeOf(coloured, channel)), { resources }), 'unsupportedFormat');
    const huge = tga({ type: 10, depth: 24 });
    huge.writeUInt32LE(0xffffffff, 12);
    await refused(huge, 'tooManyPixels');
  });

  test('a large image is averaged while it is decoded', async () => {
    // Two halves of 3000 x 1500, run-length coded, transparent at the bottom.
    const row = (pixel: number[]) => Array.from({ length: 3000 / 125 }, () => [0x80 | 124, ...pixel]).flat();
    const head = Buffer.concat([Buffer.from([0, 0, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0]), u16(3000, 3000), Buffer.from([32, 32 | 8])]);
    const bytes = Buffer.concat([head, ...Array.from({ length: 3000 }, (_, y) => Buffer.from(row(y < 1500 ? [20, 50, 200, 255] : [0, 0, 0, 0])))]);
    const raster = await rasterOf(bytes);
    assert.ok(raster.width * raster.height <= 4_000_000 && raster.width >= 1000);
    assert.deepEqual([...raster.data.subarray(0, 4)], [200, 50, 20, 255]);
    assert.equal(raster.data.at(-1), 0);
    const { width: w, height: h, pixels } = await preprocess(bytes, { image, thumbnail: true }, 9_000_000);
    assert.deepEqual([w, h, [...pixels!.subarray(0, 3)]], [3000, 3000, [200, 50, 20]]);
  });
});

suite('formats: SVGZ', () => {
  const svg = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><title>Packed</title><rect width="24" height="24" fill="#c83214"/></svg>';
  test('read as the SVG it holds', async () => {
    const { format, title, pixels } = await preprocess(gzipSync(svg), { image, thumbnail: true }, maxPixels);
    assert.deepEqual([format, title, [...pixels!.subarray(0, 3)]], ['svg', 'Packed', [200, 50, 20]]);
  });
  test('refused: a bomb, a truncated file, something else', async () => {
    await refused(gzipSync(Buffer.concat([Buffer.from(svg), Buffer.alloc(200 * 2 ** 20)])), 'svgTooComplex');
    await refused(gzipSync(svg).subarray(0, 60), 'corrupt');
    await refused(gzipSync('no drawing'), 'unsupportedFormat');
  });
});

suite('formats: JPEG 2000, in the decoder process', () => {
  let folder: string;
  let decoder: Decoder;
  let codestream: Buffer;
  const side = 600;
  suiteSetup(async () => {
    folder = mkdtempSync(join(tmpdir(), 'asset-search-'));
    decoder = Decoder.start({ processFile: join(process.cwd(), 'dist', 'decodeProcess.js'), concurrency: 2, limits: { maxFileSizeBytes: 1e7, maxPixels, timeoutMs: 30_000 } });
    codestream = await encode(3);
  });
  suiteTeardown(async () => { await decoder.close(); rmSync(folder, { recursive: true }); });

  async function encode(components: number): Promise<Buffer> {
    // The package's encoder, which is not bundled: its .wasm lies beside it.
    const encoders = await createRequire(join(process.cwd(), 'package.json'))('@cornerstonejs/codec-openjpeg/wasmjs')({ print: () => {} });
    const encoder = new encoders.J2KEncoder();
    const pixels: Uint8Array = encoder.getDecodedBuffer({ width: side, height: side / 2, bitsPerSample: 8, componentCount: components, isSigned: false });
    const colour = [200, 50, 20, 255];
    pixels.forEach((_, index) => { pixels[index] = components < 3 ? 120 : colour[index % components]!; });
    encoder.encode();
    return Buffer.from(encoder.getEncodedBuffer());
  }
  const box = (type: string, content: Uint8Array) => Buffer.concat([u32be(content.length + 8), Buffer.from(type), content]);
  const jp2 = (inside: Uint8Array) => Buffer.concat([
    box('jP  ', Buffer.from([0x0d, 0x0a, 0x87, 0x0a])), box('ftyp', Buffer.from('jp2 \0\0\0\0jp2 ')),
    box('jp2h', Buffer.concat([box('ihdr', Buffer.concat([u32be(side / 2, side), Buffer.from([0, 3, 7, 7, 0, 0])])), box('colr', Buffer.concat([Buffer.from([1, 0, 0]), u32be(16)]))])), box('jp2c', inside),
  ]);
  const decode = (bytes: Uint8Array) => decoder.decode({ source: { bytes }, image });

  test('a bare codestream, a JP2 file, one in an ICNS', async () => {
    for (const [bytes, format] of [[codestream, 'jp2'], [jp2(codestream), 'jp2'], [tagged('icns', tagged('ic08', jp2(codestream))), 'icns']] as const) {
      const { format: found, width: w, height: h, pixels } = await decode(bytes);
      assert.deepEqual([found, w, h], [format, side, side / 2]);
      const [red, green, blue] = pixels!.subarray((16 * 32 + 16) * 3);
      assert.ok(Math.abs(red! - 200) < 3 && Math.abs(green! - 50) < 3 && Math.abs(blue! - 20) < 3, `${[red, green, blue]}`);
    }
    const { pixels } = await decode(await encode(1));
    assert.deepEqual([...pixels!.subarray((16 * 32 + 16) * 3, (16 * 32 + 16) * 3 + 3)], [120, 120, 120]);
  });

  test('refused: truncated, garbled, too large, unusual', async () => {
    const code = (bytes: Uint8Array) => decode(bytes).then(() => 'decoded', error => error.code);
    assert.equal(await code(codestream.subarray(0, codestream.length - 40)), 'corrupt');
    assert.equal(await code(codestream.subarray(0, 30)), 'corrupt');
    assert.equal(await code(jp2(codestream).subarray(0, 70)), 'corrupt');
    const large = Buffer.from(codestream);
    large.writeUInt32BE(50_000, 8);
    large.writeUInt32BE(50_000, 24);
    assert.equal(await code(large), 'tooManyPixels');
    const tiled = Buffer.from(codestream);
    tiled.writeUInt32BE(1, 24);
    tiled.writeUInt32BE(1, 28);
    assert.equal(await code(tiled), 'unsupportedFormat');
    const garbled = Buffer.from(codestream).fill(0x7f, 120);
    assert.equal(await code(garbled), 'corrupt');
    // The process lives on, and goes on decoding.
    assert.equal((await decode(codestream)).width, side);
  });
});

suite('formats: animations', () => {
  const block = (colour: { r: number; g: number; b: number; alpha: number }) => sharp({ create: { width: 40, height: 40, channels: 4, background: colour } });
  const blank = () => block({ r: 0, g: 0, b: 0, alpha: 0 }).png().toBuffer();
  const figure = (colour: string, radius = 14) => sharp(Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40"><circle cx="20" cy="20" r="${radius}" fill="${colour}"/></svg>`)).png().toBuffer();
  const middle = async (bytes: Uint8Array) => {
    const { pixels, thumbnail, width: w, height: h } = await preprocess(bytes, { image, thumbnail: true }, maxPixels);
    assert.deepEqual([w, h], [40, 40]);
    const seen = await sharp(thumbnail).ensureAlpha().raw().toBuffer();
    return { model: [...pixels!.subarray((16 * 32 + 16) * 3, (16 * 32 + 16) * 3 + 3)], thumbnail: [...seen.subarray((20 * 40 + 20) * 4, (20 * 40 + 20) * 4 + 3)] };
  };
  const near = (actual: number[], expected: number[]) => assert.ok(actual.every((value, index) => Math.abs(value - expected[index]!) < 12), `${actual} for ${expected}`);

  for (const format of ['gif', 'webp'] as const) {
    const animated = (frames: Buffer[]) => sharp(frames, { join: { animated: true } }).toFormat(format, { lossless: true }).toBuffer();

    test(`${format}: blank frames at the start are passed over, for the model and for the thumbnail`, async () => {
      for (const first of [await blank(), await block({ r: 255, g: 255, b: 255, alpha: 1 }).png().toBuffer()]) {
        const { model, thumbnail } = await middle(await animated([first, first, first, await figure('#c80000'), await figure('#0000c8')]));
        // Equal frames may be stored as one: the third frame that is left is blue at the latest.
        near(model, [200, 0, 0]);
        near(thumbnail, [200, 0, 0]);
      }
    });

    test(`${format}: a first frame that shows something stays`, async () => {
      near((await middle(await animated([await figure('#c80000'), await figure('#0000c8')]))).model, [200, 0, 0]);
      near((await middle(await animated([await figure('#c80000', 4), await figure('#0000c8')]))).model, [200, 0, 0]);
    });

    test(`${format}: nothing but uniform frames: the first`, async () => {
      const colours = await Promise.all([0, 80, 160].map(blue => block({ r: 200, g: 0, b: blue, alpha: 1 }).png().toBuffer()));
      near((await middle(await animated(colours))).model, [200, 0, 0]);
    });
  }

  test('blank at first and damaged later: the first frame', async () => {
    const bytes = await sharp([await block({ r: 10, g: 60, b: 10, alpha: 1 }).png().toBuffer(), await figure('#c80000'), await figure('#0000c8')], { join: { animated: true } }).webp({ lossless: true }).toBuffer();
    const frames = [...bytes.toString('latin1').matchAll(/ANMF/g)].map(match => match.index);
    bytes.fill(0xff, frames[1]! + 37, frames[2]);
    await assert.rejects(sharp(bytes, { page: 1 }).raw().toBuffer());
    near((await middle(bytes)).model, [10, 60, 10]);
  });

  test('a PNG animation shows its default image', async () => {
    const png = await figure('#c80000');
    // acTL: two frames, for ever; players take the rest from fdAT, others show IDAT.
    const chunk = (type: string, content: Buffer) => Buffer.concat([u32be(content.length), Buffer.from(type), content, u32be(crc32(Buffer.concat([Buffer.from(type), content])))]);
    near((await middle(Buffer.concat([png.subarray(0, 33), chunk('acTL', u32be(2, 0)), png.subarray(33)]))).model, [200, 0, 0]);
  });
});

suite('formats: one list', () => {
  test('menus, dialogs, watcher, scan and filters name the same extensions', () => {
    assert.deepEqual([...candidateExtensions], [...imageExtensions]);
    const manifest = JSON.parse(readFileSync(join(process.cwd(), 'package.json'), 'utf8')) as { contributes: { menus: Record<string, { when?: string }[]> } };
    const patterns = Object.values(manifest.contributes.menus).flat().flatMap(({ when = '' }) => [...when.matchAll(/resourceExtname =~ \/(.*?)\/i/g)].map(match => match[1]!));
    assert.ok(patterns.length >= 4);
    for (const pattern of patterns) {
      const named = /^\^\\\.\((.*)\)\$$/.exec(pattern)?.[1]?.split('|');
      assert.deepEqual(named?.sort(), [...imageExtensions].sort());
    }
    for (const file of ['src/host/imageFiles.ts', 'webview/filterBar.ts']) { assert.doesNotMatch(readFileSync(join(process.cwd(), file), 'utf8'), /['"]jfif['"]|['"]avif['"]/, `${file} has a list of its own`); }
  });

  test('where no picture is opened, the extension stands for the format, so that its filter finds it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'asset-search-'));
    try {
      for (const name of ['a.cur', 'b.dib', 'c.svgz', 'd.psb', 'e.j2k', 'f.jfif']) { writeFileSync(join(folder, name), 'x'); }
      const service = new NameService({ reason: { code: 'internal', message: '' }, onStatus: () => {}, onLog: () => {} });
      await service.open({
        roots: [{ id: 'r', path: folder }], rules: { exclude: [], include: [], gitignore: false, splitSheets: false, maxFileSizeBytes: 100, maxPixels }, dbFolder: folder,
        modelFolder: join(process.cwd(), 'media', 'builtin'), device: 'cpu', threads: 1, maxThumbnailBytes: 1,
      });
      const { assets } = await service.browse({ offset: 0, limit: 10 });
      assert.deepEqual(assets.map(({ path, format }) => [path, format]), [['a.cur', 'ico'], ['b.dib', 'bmp'], ['c.svgz', 'svg'], ['d.psb', 'psd'], ['e.j2k', 'jp2'], ['f.jfif', 'jpeg']]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('no extension is both read and refused, and each refusal says what to do', () => {
    assert.deepEqual([...unsupportedExtensions.keys()].filter(extension => candidateExtensions.has(extension)), []);
    for (const extension of ['heic', 'jxl', 'dds', 'exr', 'xcf', 'cr2', 'eps', 'ai', 'ppm', 'ktx2']) { assert.ok(unsupportedExtensions.get(extension)?.remedy, extension); }
  });

  test('content decides: each format is told by its first bytes, and texts are no images', async () => {
    const samples: Record<string, Uint8Array> = { bmp: bmp(8), ico: ico([{ content: iconBitmap(8) }]), psd: psd(coloured), tga: tga({ type: 2, depth: 24 }), icns: tagged('icns', Buffer.alloc(8)), qoi: qoi(coloured), jp2: Buffer.from('0000000c6a5020200d0a870a', 'hex') };
    for (const [format, bytes] of Object.entries(samples)) { assert.deepEqual(detectFormat(bytes), { format }); }
    assert.deepEqual(Object.keys(imageFormats).filter(format => !(format in samples)).sort(), ['avif', 'gif', 'jpeg', 'png', 'svg', 'tiff', 'webp']);
    for (const text of ['BMW builds cars, and this is a text', 'icon', '\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0', 'P6 is not a size']) { assert.ok(!('format' in detectFormat(Buffer.from(text))), text); }
  });
});

suite('formats: hostile files', () => {
  test('mutated files give pixels or a SkipError', async function () {
    this.timeout(60_000);
    const png = await solid(16, '#c83214');
    const seeds = [
      bmp(1), bmp(4), bmp(8), bmp(16), bmp(24), bmp(32), bmp(8, { compression: 1, pixels: rle8() }), bmp(4, { compression: 2, pixels: rle4() }), bmp(32, { compression: 3, masks: [0xff0000, 0xff00, 0xff, 0xff000000], header: 124 }), bmp(8, { header: 12 }),
      ico([{ content: iconBitmap(8) }, { content: png }]), tagged('icns', tagged('ic07', png)), tga({ type: 1, depth: 8 }), tga({ type: 10, depth: 24 }), tga({ type: 9, depth: 8 }), qoi(translucent), psd(translucent), psd(coloured, {}, true), flatPsd(mode.grey, 8, [planeOf(coloured, 0)]),
    ];
    const random = seededRandom(7);
    let decoded = 0;
    const rounds = Number(process.env['FUZZ_ROUNDS'] ?? 40);
    for (const seed of seeds) {
      for (let round = 0; round < rounds; round++) {
        const bytes = mutate(seed, random);
        try {
          await preprocess(bytes, { image, thumbnail: true }, maxPixels);
          decoded++;
        } catch (error) {
          assert.equal((error as Error).name, 'SkipError', `${(error as Error).stack}\n${Buffer.from(bytes).toString('base64')}`);
        }
      }
    }
    assert.ok(decoded > 0 && decoded < seeds.length * rounds);
  });
});

/** A few bytes changed (mostly in the header, often to extremes), sometimes cut or lengthened. */
function mutate(seed: Uint8Array, random: () => number): Uint8Array {
  const bytes = Buffer.from(seed);
  const below = (limit: number) => Math.floor(random() * limit);
  for (let count = 1 + below(6); count > 0; count--) {
    const at = random() < 0.7 ? below(Math.min(bytes.length, 64)) : below(bytes.length);
    bytes[at] = random() < 0.5 ? [0, 1, 0x7f, 0x80, 0xff][below(5)]! : below(256);
  }
  const cut = random();
  return cut < 0.15 ? bytes.subarray(0, below(bytes.length)) : cut < 0.2 ? Buffer.concat([bytes, Buffer.alloc(below(5000), 0xff)]) : bytes;
}

/** mulberry32. */
function seededRandom(seed: number): () => number {
  return () => {
    seed = seed + 0x6d2b79f5 | 0;
    let mixed = Math.imul(seed ^ seed >>> 15, 1 | seed);
    mixed = mixed + Math.imul(mixed ^ mixed >>> 7, 61 | mixed) ^ mixed;
    return ((mixed ^ mixed >>> 14) >>> 0) / 4294967296;
  };
}

/** CRC of PNG chunks, bit by bit. */
function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) { crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1; }
  }
  return (crc ^ 0xffffffff) >>> 0;
}
