/** Pixels against a floating point reference of the published rule (test/pillowReference.ts): on average within 1 of 255, nowhere further than 6. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { createImageEncoder } from '../../src/core/encoder';
import type { Model } from '../../src/core/model';
import { preprocess } from '../../src/core/preprocess';
import type { ImageSpec, Resize } from '../../src/models/manifest';
import { modelOf, node, value } from '../onnxGraphs';
import { referencePixels, type Filter, type FloatImage } from '../pillowReference';
import { randomFrom } from '../samplePictures.mjs';

const random = randomFrom(21);

/** A scene as a camera sees it: slow gradients, fine texture, noise, and a few hard edges. */
function scene(width: number, height: number): FloatImage {
  const data = new Float64Array(width * height * 4);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [across, down] = [x / width, y / height];
      const inside = Math.hypot(across - 0.35, down - 0.55) < 0.2 ? 70 : across > 0.6 && down < 0.4 ? -60 : 0;
      const noise = (random() - 0.5) * 30;
      data.set([120 + 60 * Math.sin(across * 9 + down * 4) + 25 * Math.sin(x * 0.7) + inside, 120 + 70 * Math.cos(down * 11) + noise, 70 + 110 * across + noise - inside / 2, 255].map(each => Math.round(Math.min(255, Math.max(0, each)))), (y * width + x) * 4);
    }
  }
  return { width, height, data };
}
function noise(width: number, height: number): FloatImage {
  return { width, height, data: Float64Array.from({ length: width * height * 4 }, (_, at) => at % 4 === 3 ? 255 : Math.floor(random() * 256)) };
}

const png = ({ width, height, data }: FloatImage) => sharp(Uint8Array.from(data), { raw: { width, height, channels: 4 } }).png({ compressionLevel: 1 }).toBuffer();

/** Mean luminance of what is drawn above 0.6 of 1: dark, else white; opaque and empty images lie on white. */
function behind({ data }: FloatImage): number {
  let [weight, light] = [0, 0];
  for (let at = 0; at < data.length; at += 4) {
    const alpha = Math.round(data[at + 3]!);
    weight += alpha;
    light += alpha * (0.2126 * data[at]! + 0.7152 * data[at + 1]! + 0.0722 * data[at + 2]!) / 255;
  }
  return weight < data.length / 4 * 255 && light > 0.6 * weight ? 0x1e : 0xff;
}

async function compare(bytes: Uint8Array, decoded: FloatImage, resize: Resize, size: number, filter: Filter = 'bicubic'): Promise<void> {
  const image: ImageSpec = { input: '', output: '', size, resize, interpolation: filter, mean: [0, 0, 0], std: [1, 1, 1] };
  const pixels = (await preprocess(bytes, { image, thumbnail: false }, 1e8)).pixels!;
  const expected = referencePixels(decoded, resize, size, filter, behind);
  assert.equal(pixels.length, expected.length);
  let [sum, worst] = [0, 0];
  expected.forEach((each, at) => { const error = Math.abs(each - pixels[at]!); sum += error; worst = Math.max(worst, error); });
  const mean = sum / expected.length;
  assert.ok(mean <= 1 && worst <= 6, `${decoded.width} x ${decoded.height}, ${resize} to ${size}, ${filter}: mean ${mean.toFixed(2)}, largest ${worst.toFixed(1)}`);
}

suite('preprocess against the published rule', function () {
  this.timeout(60_000);

  for (const resize of ['crop', 'squash'] as const) {
    test(`${resize}: odd sizes, tiny ones, huge ratios; scenes and noise`, async () => {
      for (const [width, height] of [[1, 1], [3, 200], [20, 20], [64, 64], [65, 63], [333, 777], [640, 481], [1000, 999], [2000, 150]] as const) {
        for (const picture of [scene(width, height), noise(width, height)]) { await compare(await png(picture), picture, resize, 64); }
      }
    });

    test(`${resize}: the size of CLIP, enlarged, reduced at once and in two steps`, async () => {
      for (const [width, height] of [[48, 40], [500, 333], [1201, 901]] as const) {
        const picture = scene(width, height);
        await compare(await png(picture), picture, resize, 224);
      }
    });

    test(`${resize}: bilinear and Lanczos`, async () => {
      for (const filter of ['bilinear', 'lanczos'] as const) {
        for (const [width, height] of [[20, 31], [171, 140], [640, 480]] as const) {
          const picture = scene(width, height);
          await compare(await png(picture), picture, resize, 64, filter);
        }
      }
    });
  }

  // No published model pads: the rule is our own, and what is smaller than the built-in model's 64 pixels is enlarged as libvips does, which it was trained on.
  test('pad: reduced images, odd sizes and huge ratios', async () => {
    for (const [width, height] of [[65, 63], [333, 777], [640, 481], [1000, 999], [2000, 150]] as const) {
      const picture = scene(width, height);
      await compare(await png(picture), picture, 'pad', 64);
    }
  });

  for (const resize of ['crop', 'squash', 'pad'] as const) {
    test(`${resize}: grey, 16 bits, CMYK and JPEG, from what they decode to`, async () => {
      const picture = scene(321, 240);
      const raw = sharp(Uint8Array.from(picture.data), { raw: { width: 321, height: 240, channels: 4 } }).removeAlpha();
      const wholly = async (bytes: Uint8Array): Promise<FloatImage> => {
        const { data, info } = await sharp(bytes).toColourspace('srgb').ensureAlpha().raw().toBuffer({ resolveWithObject: true });
        return { width: info.width, height: info.height, data: Float64Array.from(data) };
      };
      for (const bytes of [
        await raw.clone().greyscale().png().toBuffer(), await raw.clone().toColourspace('cmyk').jpeg({ quality: 95 }).toBuffer(), await raw.clone().jpeg({ quality: 90 }).toBuffer(),
        await raw.clone().webp({ lossless: true }).toBuffer(),
      ]) { await compare(bytes, await wholly(bytes), resize, 64); }
      const deep = Uint16Array.from({ length: 321 * 240 * 3 }, (_, at) => Math.min(65535, Math.round(picture.data[Math.floor(at / 3) * 4 + at % 3]! * 257 + random() * 200)));
      const bytes = await sharp(deep, { raw: { width: 321, height: 240, channels: 3 } }).toColourspace('rgb16').png().toBuffer();
      assert.equal((await sharp(bytes).metadata()).depth, 'ushort');
      await compare(bytes, { ...picture, data: picture.data.map((each, at) => at % 4 === 3 ? each : deep[Math.floor(at / 4) * 3 + at % 4]! / 257) }, resize, 64);
    });

    test(`${resize}: a large JPEG, which is reduced while it is decoded`, async () => {
      const { width, height, data } = scene(1600, 1200);
      const bytes = await sharp(Uint8Array.from(data), { raw: { width, height, channels: 4 } }).removeAlpha().jpeg({ quality: 90 }).toBuffer();
      await compare(bytes, { width, height, data: Float64Array.from(await sharp(bytes).ensureAlpha().raw().toBuffer()) }, resize, 64);
    });

    test(`${resize}: turned by EXIF`, async () => {
      const picture = scene(150, 101);
      const bytes = await sharp(Uint8Array.from(picture.data), { raw: { width: 150, height: 101, channels: 4 } }).removeAlpha().withMetadata({ orientation: 6 }).png().toBuffer();
      // Orientation 6: the first row of the file is the right side of the scene (EXIF 2.3, 4.6.4.A).
      const data = new Float64Array(picture.data.length);
      for (let y = 0; y < 150; y++) { for (let x = 0; x < 101; x++) { const from = ((100 - x) * 150 + y) * 4; data.set(picture.data.subarray(from, from + 4), (y * 101 + x) * 4); } }
      await compare(bytes, { width: 101, height: 150, data }, resize, 64);
    });

    test(`${resize}: transparent, on the background that contrasts`, async () => {
      for (const light of [0, 110]) {
        const picture = scene(200, 131);
        picture.data.forEach((each, at) => {
          const [x, y] = [Math.floor(at / 4) % 200, Math.floor(at / 800)];
          picture.data[at] = at % 4 === 3 ? Math.round(Math.min(255, Math.max(0, 400 - 5 * Math.hypot(x - 100, y - 65)))) : Math.min(255, Math.round(each * 0.7) + light);
        });
        await compare(await png(picture), picture, resize, 64);
      }
    });
  }

  test('normalization is exact to 1e-6', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'asset-search-'));
    try {
      const [size, dim] = [8, 192];
      // The graph gives back what it gets.
      writeFileSync(join(folder, 'v.onnx'), modelOf(node('Flatten', ['i'], ['o']), value(11, 'i', 'float32', ['b', 3, size, size]), value(12, 'o', 'float32', ['b', dim])));
      const [mean, std] = [[0.48145466, 0.4578275, 0.40821073], [0.26862954, 0.26130258, 0.27577711]] as [ImageSpec['mean'], ImageSpec['std']];
      const manifest = { files: { vision: { path: 'v.onnx', sizeBytes: 1 } }, embeddingDim: dim, image: { input: 'i', output: 'o', size, resize: 'crop', interpolation: 'bicubic', mean, std } };
      const encoder = await createImageEncoder({ folder, manifest } as unknown as Model, { device: 'cpu', threads: 1 });
      const pixels = Uint8Array.from({ length: dim }, (_, at) => at * 53 % 256);
      const [vector] = await encoder.encode([pixels]);
      await encoder.dispose();
      const planes = [0, 1, 2].flatMap(channel => Array.from({ length: size * size }, (_, at) => (pixels[at * 3 + channel]! / 255 - mean[channel]!) / std[channel]!));
      const length = Math.hypot(...planes);
      planes.forEach((each, at) => assert.ok(Math.abs(vector![at]! * length - each) <= 1e-6 * Math.max(1, Math.abs(each)), `${at}: ${vector![at]! * length} for ${each}`));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
