/** Photographs and screenshots are told from drawings by format, size and density. */
import assert from 'node:assert/strict';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { kindOf, prevail } from '../../src/core/pictureKind';
import { randomFrom } from '../samplePictures.mjs';

const file = (format: string, width: number, height: number, sizeBytes: number) => kindOf({ format, width, height, sizeBytes });

suite('kind of a picture', () => {
  test('by what is typical', () => {
    assert.equal(file('jpeg', 4032, 3024, 3_400_000), 'photograph');
    assert.equal(file('jpeg', 320, 240, 24_000), 'photograph');
    assert.equal(file('webp', 1200, 800, 90_000), 'photograph');
    assert.equal(file('avif', 1200, 800, 45_000), 'photograph');
    assert.equal(file('png', 1600, 1066, 2_600_000), 'photograph');
    assert.equal(file('png', 1920, 1080, 240_000), 'screenshot');
    assert.equal(file('png', 1170, 2532, 400_000), 'screenshot');
    assert.equal(file('jpeg', 1440, 900, 60_000), 'screenshot');
    for (const drawing of [
      file('svg', 1200, 800, 900_000), file('png', 512, 512, 30_000), file('png', 1024, 1024, 80_000), file('png', 64, 64, 3000), file('jpeg', 64, 64, 9000), file('ico', 256, 256, 90_000),
      file('gif', 400, 300, 60_000), file('png', 4096, 64, 400_000), file('psd', 2000, 1000, 9e6), file('png', 0, 0, 0),
    ]) { assert.equal(drawing, 'drawing'); }
  });

  test('of pictures as they are made', async () => {
    const random = randomFrom(5);
    const noise = Buffer.from(Uint8Array.from({ length: 640 * 480 * 3 }, () => 90 + random() * 70));
    const photograph = sharp(noise, { raw: { width: 640, height: 480, channels: 3 } }).blur(1);
    for (const format of ['jpeg', 'webp', 'avif', 'png'] as const) {
      const { length } = await photograph.clone().toFormat(format).toBuffer();
      assert.equal(file(format, 640, 480, length), 'photograph', `${format}: ${(length / 640 / 480).toFixed(2)}`);
    }
    const page = `<svg xmlns="http://www.w3.org/2000/svg" width="1280" height="800"><rect width="1280" height="800" fill="#fff"/>${Array.from({ length: 40 }, (_, row) => `<text x="40" y="${20 * row}" font-size="14">line ${row} of the text of a page that somebody photographed from a screen</text>`).join('')}</svg>`;
    const { length } = await sharp(Buffer.from(page)).png().toBuffer();
    assert.equal(file('png', 1280, 800, length), 'screenshot');
    for (const name of readdirSync(join(process.cwd(), 'media', 'screenshots'))) { assert.equal(file('png', 1280, 800, statSync(join(process.cwd(), 'media', 'screenshots', name)).size), 'screenshot', name); }
  });

  test('worth a word from 100 images on, where most are no drawings', () => {
    assert.equal(prevail({ images: 100, photographs: 30, screenshots: 21 }), true);
    assert.equal(prevail({ images: 99, photographs: 99, screenshots: 0 }), false);
    assert.equal(prevail({ images: 1000, photographs: 500, screenshots: 0 }), false);
  });
});
