/** Pixels that a model sees: every format, colour space and orientation, transparency, geometry, and files that cannot be decoded. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import sharp, { type Sharp } from 'sharp';
import type { ImageSpec } from '../../src/models/manifest';
import { preprocess } from '../../src/core/preprocess';

const size = 64;
const maxPixels = 10_000_000;
const white = [255, 255, 255];
const dark = [0x1e, 0x1e, 0x1e];

const spec = (changes: Partial<ImageSpec> = {}): ImageSpec =>
  ({ input: 'pixel_values', output: 'image_embeds', size, resize: 'pad', interpolation: 'bicubic', mean: [0, 0, 0], std: [1, 1, 1], ...changes });

async function pixelsOf(bytes: Uint8Array, changes?: Partial<ImageSpec>): Promise<Uint8Array> {
  const { pixels } = await preprocess(bytes, { image: spec(changes), thumbnail: false }, maxPixels);
  assert.equal(pixels?.length, size * size * 3);
  return pixels;
}

const at = (pixels: Uint8Array, x: number, y: number) => [...pixels.subarray((y * size + x) * 3, (y * size + x) * 3 + 3)];

function near(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number, what: string): void {
  assert.equal(actual.length, expected.length, what);
  const worst = Math.max(...Array.from(actual, (value, index) => Math.abs(value - expected[index]!)));
  assert.ok(worst <= tolerance, `${what}: off by ${worst}, got ${Array.from(actual).slice(0, 6).join(',')} for ${Array.from(expected).slice(0, 6).join(',')}`);
}

const means = (pixels: Uint8Array) => [0, 1, 2].map(channel => {
  let sum = 0;
  for (let place = channel; place < pixels.length; place += 3) { sum += pixels[place]!; }
  return sum / (pixels.length / 3);
});

const block = (width: number, height: number, background: string | { r: number; g: number; b: number; alpha: number }) => sharp({ create: { width, height, channels: 4, background } });
const drawing = (body: string, attributes = 'viewBox="0 0 24 24"') =>
  Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" ${attributes}>${body}</svg>`);
const photo = () => sharp(drawing('<defs><linearGradient id="g"><stop stop-color="#c03020"/><stop offset="1" stop-color="#2050d0"/></linearGradient></defs><rect width="800" height="600" fill="url(#g)"/><circle cx="250" cy="320" r="130" fill="#30a050"/><path d="M400 100h300v60h-300z" fill="#eee"/>', 'width="800" height="600"')).removeAlpha();

suite('preprocess: formats', () => {
  for (const format of ['png', 'jpeg', 'webp', 'gif', 'avif', 'tiff'] as const) {
    test(`${format}: the same colours and size as drawn`, async () => {
      const bytes = await block(100, 50, '#c83214').removeAlpha().toFormat(format).toBuffer();
      const result = await preprocess(bytes, { image: spec(), thumbnail: true }, maxPixels);
      assert.deepEqual([result.format, result.width, result.height, result.title], [format, 100, 50, '']);
      near(at(result.pixels!, 32, 32), [200, 50, 20], 3, 'middle');
      near(at(result.pixels!, 32, 2), white, 0, 'padding');
      const thumbnail = await sharp(result.thumbnail).metadata();
      assert.deepEqual([thumbnail.format, thumbnail.width, thumbnail.height], ['webp', 100, 50]);
    });
  }

  test('svg: rendered at the size it is used in, also when it says otherwise', async () => {
    for (const attributes of ['viewBox="0 0 24 24"', 'width="24" height="24"', 'width="1em" height="1em" viewBox="0 0 24 24"', 'width="200000" height="200000" viewBox="0 0 24 24"', 'width="3" height="3" viewBox="0 0 24 24"']) {
      const { format, pixels, thumbnail } = await preprocess(drawing('<path fill="#102030" d="M0 0h12v24h-12z"/><path fill="#d0c0b0" d="M12 0h12v24h-12z"/>', attributes), { image: spec(), thumbnail: true }, maxPixels);
      assert.equal(format, 'svg');
      near(at(pixels!, 28, 32), [16, 32, 48], 1, attributes);
      near(at(pixels!, 35, 32), [208, 192, 176], 1, attributes);
      const { width, height } = await sharp(thumbnail).metadata();
      assert.deepEqual([width, height], [192, 192]);
    }
  });

  test('svg without any size takes the size of what it draws; a strip is drawn too', async () => {
    const free = await preprocess(drawing('<circle cx="50" cy="50" r="50" fill="red"/>', ''), { image: spec(), thumbnail: false }, maxPixels);
    assert.deepEqual([free.width, free.height], [100, 100]);
    for (const [x, y] of [[32, 3], [60, 32], [32, 60]] as const) { near(at(free.pixels!, x, y), [255, 0, 0], 1, `circle at ${x},${y}`); }
    near(at(free.pixels!, 2, 2), white, 1, 'outside');
    const strip = await pixelsOf(drawing('<rect width="10" height="100000" fill="red"/>', 'viewBox="0 0 10 100000"'), { resize: 'crop' });
    near(at(strip, 32, 32), [255, 0, 0], 1, 'strip');
  });

  test('the content tells the format, not the name: nothing but bytes is passed', async () => {
    const { format } = await preprocess(await photo().jpeg().toBuffer(), { thumbnail: false }, maxPixels);
    assert.equal(format, 'jpeg');
  });

  test('animations: the first frame', async () => {
    const frames = await Promise.all(['#ff0000', '#0000ff'].map(colour => block(20, 20, colour).png().toBuffer()));
    for (const format of ['gif', 'webp'] as const) {
      const bytes = await sharp(frames, { join: { animated: true } }).toFormat(format, { lossless: true }).toBuffer();
      assert.equal((await sharp(bytes, { animated: true }).metadata()).pages, 2);
      const result = await preprocess(bytes, { image: spec(), thumbnail: false }, maxPixels);
      assert.deepEqual([result.width, result.height], [20, 20]);
      near(at(result.pixels!, 32, 32), [255, 0, 0], 3, format);
    }
  });

  test('grey, palette, 16 bits and CMYK become 8-bit RGB', async () => {
    const red = () => block(40, 40, '#c83214').removeAlpha();
    near(at(await pixelsOf(await red().toColourspace('rgb16').png().toBuffer()), 32, 32), [200, 50, 20], 1, '16 bits');
    near(at(await pixelsOf(await red().png({ palette: true }).toBuffer()), 32, 32), [200, 50, 20], 1, 'palette');
    near(at(await pixelsOf(await red().greyscale().png().toBuffer()), 32, 32), [107, 107, 107], 1, 'grey');
    near(at(await pixelsOf(await red().toColourspace('grey16').png().toBuffer()), 32, 32), [107, 107, 107], 1, 'grey, 16 bits');
    // CMYK has no bright red: what matters is that it is red, and not inverted.
    near(at(await pixelsOf(await red().toColourspace('cmyk').jpeg().toBuffer()), 32, 32), [200, 50, 20], 25, 'CMYK');
  });
});

suite('preprocess: geometry', () => {
  test('EXIF orientation is applied: all eight equal the upright image', async () => {
    const upright = await sharp(drawing('<path fill="#c00" d="M0 0h40v20h-40z"/><path fill="#0a0" d="M0 20h20v40h-20z"/><path fill="#00c" d="M20 20h20v40h-20z"/>', 'width="40" height="60"')).removeAlpha().png().toBuffer();
    const expected = await pixelsOf(upright);
    // How the camera held the upright scene, by the values of EXIF 2.3, 4.6.4.A.
    // A mirror is its own step: sharp always mirrors before it rotates.
    const flop = async (image: Sharp) => sharp(await image.png().toBuffer()).flop();
    const stored: Record<number, (image: Sharp) => Sharp | Promise<Sharp>> = {
      1: image => image, 2: image => image.flop(), 3: image => image.rotate(180), 4: image => image.flip(),
      5: image => flop(image.rotate(90)), 6: image => image.rotate(270), 7: image => flop(image.rotate(270)), 8: image => image.rotate(90),
    };
    for (const [orientation, turn] of Object.entries(stored)) {
      const turned = await (await turn(sharp(upright))).png().toBuffer();
      const bytes = await sharp(turned).withMetadata({ orientation: Number(orientation) }).png().toBuffer();
      const result = await preprocess(bytes, { image: spec(), thumbnail: true }, maxPixels);
      assert.deepEqual([result.width, result.height], [40, 60], `orientation ${orientation}`);
      near(result.pixels!, expected, 1, `orientation ${orientation}`);
      const thumbnail = await sharp(result.thumbnail).metadata();
      assert.deepEqual([thumbnail.width, thumbnail.height], [40, 60]);
    }
  });

  // Three bands across: red 25 %, green 50 %, blue 25 % of a 2:1 image.
  const bands = () => sharp(drawing('<path fill="red" d="M0 0h50v100h-50z"/><path fill="#0f0" d="M50 0h100v100h-100z"/><path fill="blue" d="M150 0h50v100h-50z"/>', 'width="200" height="100"')).removeAlpha().png().toBuffer();

  test('pad keeps the whole image, centred', async () => {
    const pixels = await pixelsOf(await bands());
    near(at(pixels, 2, 32), [255, 0, 0], 2, 'left');
    near(at(pixels, 61, 32), [0, 0, 255], 2, 'right');
    near(at(pixels, 32, 15), white, 0, 'above');
    near(at(pixels, 32, 16), [0, 255, 0], 2, 'first row');
    near(at(pixels, 32, 47), [0, 255, 0], 2, 'last row');
    near(at(pixels, 32, 48), white, 0, 'below');
  });

  test('crop takes the middle', async () => {
    const pixels = await pixelsOf(await bands(), { resize: 'crop' });
    for (const [x, y] of [[2, 2], [61, 2], [2, 61], [61, 61]] as const) { near(at(pixels, x, y), [0, 255, 0], 4, `${x},${y}`); }
  });

  test('squash keeps every part', async () => {
    const pixels = await pixelsOf(await bands(), { resize: 'squash' });
    near(at(pixels, 2, 2), [255, 0, 0], 2, 'left');
    near(at(pixels, 32, 61), [0, 255, 0], 2, 'middle');
    near(at(pixels, 61, 32), [0, 0, 255], 2, 'right');
  });

  test('small images are enlarged to the model, but not in their thumbnail', async () => {
    const bytes = await block(16, 16, '#224466').removeAlpha().png().toBuffer();
    const { pixels, thumbnail } = await preprocess(bytes, { image: spec(), thumbnail: true }, maxPixels);
    near(at(pixels!, 1, 1), [0x22, 0x44, 0x66], 1, 'corner');
    assert.equal((await sharp(thumbnail).metadata()).width, 16);
  });

  test('golden: pixel means of a drawn photograph', async () => {
    const bytes = await photo().png().toBuffer();
    // Of the drawing: worked out by rendering it at 800 x 600 and averaging, independent of the code under test.
    const { channels } = await sharp(bytes).stats();
    const inside = channels.map(channel => channel.mean);
    near(means(await pixelsOf(bytes, { resize: 'squash' })), inside, 0.6, 'squash');
    near(means(await pixelsOf(bytes)), inside.map(mean => mean * 0.75 + 255 * 0.25), 0.6, 'pad');
    near(inside, [116.5, 86.2, 125.5], 25, 'the drawing itself');
  });

  test('reducing in two steps gives the pixels of one step', async () => {
    const bytes = await photo().png().toBuffer();
    for (const side of [64, 224]) {
      const direct = await sharp(bytes).resize(side, side, { fit: 'fill', kernel: 'cubic' }).raw().toBuffer();
      const { pixels } = await preprocess(bytes, { image: spec({ size: side, resize: 'squash' }), thumbnail: false }, maxPixels);
      let sum = 0;
      direct.forEach((value, index) => { sum += Math.abs(value - pixels![index]!); });
      assert.ok(sum / direct.length < 1, `${side} px: mean difference ${sum / direct.length}`);
    }
  });

  test('the same with and without a thumbnail', async () => {
    const bytes = await photo().jpeg().toBuffer();
    const { pixels } = await preprocess(bytes, { image: spec(), thumbnail: true }, maxPixels);
    assert.deepEqual(pixels, await pixelsOf(bytes));
  });
});

suite('preprocess: transparency', () => {
  const icon = (colour: string) => drawing(`<circle cx="12" cy="12" r="8" fill="${colour}"/>`);

  test('a dark icon lies on white, a white icon on dark: neither vanishes', async () => {
    const black = await pixelsOf(icon('#000'));
    near(at(black, 32, 32), [0, 0, 0], 1, 'black icon');
    near(at(black, 1, 1), white, 0, 'behind it');
    const bright = await pixelsOf(icon('#fff'));
    near(at(bright, 32, 32), white, 1, 'white icon');
    near(at(bright, 1, 1), dark, 0, 'behind it');
  });

  test('raster images too, and thumbnails keep their transparency', async () => {
    for (const format of ['png', 'webp', 'avif', 'tiff'] as const) {
      // TIFF's default, JPEG, holds no transparency.
      const options = format === 'tiff' ? { compression: 'lzw' as const } : {};
      const bytes = await sharp(icon('#fff'), { density: 72 * 12 }).toFormat(format, options).toBuffer();
      const { pixels, thumbnail } = await preprocess(bytes, { image: spec(), thumbnail: true }, maxPixels);
      near(at(pixels!, 1, 1), dark, 0, `${format}: background`);
      near(at(pixels!, 32, 32), white, 3, `${format}: icon`);
      const { data, info } = await sharp(thumbnail).raw().toBuffer({ resolveWithObject: true });
      assert.equal(info.channels, 4);
      assert.equal(data[3], 0);
    }
  });

  test('half transparent pixels are blended, edges carry no dark fringe', async () => {
    const half = await pixelsOf(await block(64, 64, { r: 0, g: 0, b: 200, alpha: 0.5 }).png().toBuffer());
    near(at(half, 32, 32), [127, 127, 227], 2, 'half blue on white');
    // Transparent pixels are often black inside: an average that ignores alpha would darken the red edge.
    const stripes = await sharp(drawing('<path fill="red" d="M0 0h1v64h-1zM2 0h1v64h-1zM4 0h60v64h-60z"/>', 'width="512" height="512" viewBox="0 0 64 64"')).png().toBuffer();
    const pixels = await pixelsOf(stripes);
    for (let x = 0; x < size; x++) { assert.ok(at(pixels, x, 32)[0]! >= 253, `column ${x}: red ${at(pixels, x, 32)[0]}`); }
  });

  test('a picture that shows nothing is refused; a faint one and one of few specks are not', async () => {
    const blank = await block(32, 32, { r: 255, g: 255, b: 255, alpha: 0 }).png().toBuffer();
    const nothing = [blank, await sharp(blank).webp().toBuffer(), await sharp(blank).gif().toBuffer(), drawing('<path fill="none" d="M0 0h24v24h-24z"/>'), drawing('<g opacity="0"><path d="M0 0h24v24h-24z"/></g>'), drawing('<title>Ghost</title>'),
      await block(4000, 64, { r: 0, g: 0, b: 0, alpha: 0 }).png().toBuffer()];
    for (const bytes of nothing) { await assert.rejects(preprocess(bytes, { image: spec(), thumbnail: true, split: { by: 'grid' } }, maxPixels), { code: 'empty' }); }
    const speck = sharp({ create: { width: 2600, height: 2600, channels: 4, background: { r: 0, g: 0, b: 0, alpha: 0 } } }).composite([{ input: await block(1, 1, '#000').png().toBuffer(), left: 1200, top: 1200 }]);
    const something = [await block(32, 32, { r: 0, g: 0, b: 0, alpha: 1 / 255 }).png().toBuffer(), await speck.png().toBuffer(), drawing('<path fill="#000" fill-opacity=".01" d="M0 0h24v24h-24z"/>'), drawing('<circle r="1"/>', 'viewBox="0 0 900 900"'), await block(32, 32, '#fff').png().toBuffer()];
    for (const bytes of something) { await pixelsOf(bytes); }
  });

  test('an opaque white image is padded with white', async () => {
    near(at(await pixelsOf(await block(64, 32, '#fff').png().toBuffer()), 1, 1), white, 0, 'padding');
  });
});

suite('preprocess: files that cannot be decoded', () => {
  const refused = (bytes: Uint8Array, code: string, pixelLimit = maxPixels) =>
    assert.rejects(preprocess(bytes, { image: spec(), thumbnail: true }, pixelLimit), (error: { code?: string; reason?: string; remedy?: string }) => {
      assert.equal(error.code, code);
      assert.ok(error.reason && error.remedy);
      return true;
    });

  test('empty', () => refused(new Uint8Array(), 'empty'));
  test('an SVG that draws nothing', () => refused(drawing('<g/>', ''), 'empty'));

  test('other formats', async () => {
    for (const bytes of ['hello', 'BM......', '%PDF-1.7', '%!PS-Adobe-3.0', '\xff\x0ajxl', 'DDS |', 'gimp xcf v011', 'P6 1 1 255 rgb', 'PK\x03\x04', '\0\0\0\x18ftypheic\0\0\0\0mif1heic', '<html><body><svg></svg></body></html>', 'version https://git-lfs.github.com/spec/v1\n']) {
      await refused(Buffer.from(bytes, 'latin1'), 'unsupportedFormat');
    }
  });

  test('truncated', async () => {
    for (const format of ['png', 'jpeg', 'webp', 'gif', 'avif', 'tiff'] as const) {
      const bytes = await photo().toFormat(format).toBuffer();
      await refused(bytes.subarray(0, bytes.length >> 1), 'corrupt');
      await refused(bytes.subarray(0, 24), 'corrupt');
    }
  });

  test('damaged, but trailing bytes are no damage', async () => {
    const png = await photo().png().toBuffer();
    const damaged = Buffer.from(png);
    damaged[png.length >> 1]! ^= 0xff;
    await refused(damaged, 'corrupt');
    await refused(Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><g>'), 'corrupt');
    await pixelsOf(Buffer.concat([await photo().jpeg().toBuffer(), Buffer.alloc(64)]));
  });

  test('more pixels than allowed: refused by the header, a bomb is never unpacked', async () => {
    await refused(await block(101, 100, '#fff').png().toBuffer(), 'tooManyPixels', 10_000);
    await preprocess(await block(100, 100, '#fff').png().toBuffer(), { image: spec(), thumbnail: false }, 10_000);
    // A header that promises 60,000 x 60,000 pixels, and no data.
    const header = Buffer.from('89504e470d0a1a0a0000000d494844520000ea600000ea600802000000', 'hex');
    const bomb = Buffer.concat([header, Buffer.from('00000000', 'hex'), Buffer.from('0000000049444154', 'hex'), Buffer.from('35af061e', 'hex')]);
    bomb.writeUInt32BE(crc32(bomb.subarray(12, 29)), 29);
    await refused(bomb, 'tooManyPixels');
  });

  test('an SVG loads nothing from outside', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'asset-search-'));
    try {
      const file = join(folder, 'red.png');
      const red = await block(24, 24, '#f00').png().toBuffer();
      writeFileSync(file, red);
      const image = (reference: string) => drawing(`<path d="M0 0h1v1h-1z"/><image href="${reference}" width="24" height="24"/><image xlink:href="${reference}" width="24" height="24"/>`);
      // The same picture inside the file is drawn: the check can fail.
      near(at(await pixelsOf(image(`data:image/png;base64,${red.toString('base64')}`)), 32, 32), [255, 0, 0], 1, 'inside');
      for (const reference of [pathToFileURL(file).href, file, 'red.png']) {
        near(at(await pixelsOf(image(reference)), 32, 32), white, 0, reference);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

/** CRC of PNG chunks (PNG 1.2, appendix: Sample CRC Code), bit by bit. */
function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) { crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1; }
  }
  return (crc ^ 0xffffffff) >>> 0;
}
