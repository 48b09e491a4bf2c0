/** Which images are cut into cells by their pixels alone: sheets and strips of every make are, single pictures are not. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { atlasCells, cut, distinctCells, type Raster } from '../../src/core/cells';
import { findGrid, mayHoldGrid } from '../../src/core/spriteGrid';
import { randomFrom } from '../samplePictures.mjs';
import { blank, pixelSprite, put, sheet } from '../sheets';

const modules = join(process.cwd(), 'node_modules');
const lucide = join(modules, 'lucide-static', 'icons');
const twemoji = join(modules, '@twemoji', 'svg');
const phosphor = join(modules, '@phosphor-icons', 'core', 'assets', 'fill');
const iconNames = ['anchor', 'bell', 'camera', 'cloud', 'house', 'key', 'moon', 'rocket', 'star', 'truck', 'umbrella', 'wrench', 'zap', 'gift', 'heart', 'leaf', 'ghost', 'cat'];

async function render(svg: string | Buffer, width: number, height = width): Promise<Raster> {
  const { data, info } = await sharp(svg, { density: 300 }).resize(width, height, { fit: 'contain', background: '#0000' }).ensureAlpha().raw().toBuffer({ resolveWithObject: true });
  return { data: new Uint8Array(data), width: info.width, height: info.height };
}
const cellsOf = (raster: Raster) => distinctCells(raster, findGrid(raster));

suite('sprite grid', function () {
  this.timeout(60_000);
  const icons = (size: number, colour = '#000') => Promise.all(iconNames.map(async name => {
    const raster = await render(join(lucide, `${name}.svg`), size);
    if (colour === '#fff') { for (let at = 0; at < raster.data.length; at += 4) { raster.data.fill(255, at, at + 3); } }
    return raster;
  }));

  test('sheets of pixel art, with and without spacing and margin', () => {
    for (const [size, options, columns, count] of [[8, {}, 8, 40], [16, {}, 8, 64], [16, { spacing: 1 }, 10, 50], [16, { spacing: 1, margin: 1 }, 12, 60], [32, {}, 4, 16], [18, { spacing: 1 }, 9, 27], [24, { spacing: 2, margin: 2 }, 5, 20]] as const) {
      // With spacing a tile may fill its cell up to the edge.
      const sprites = Array.from({ length: count }, (_, index) => pixelSprite(index + 1, size, 'spacing' in options ? size : size - 2));
      const cells = cellsOf(sheet(sprites, columns, { size, ...options }));
      assert.equal(cells.length, count, `${size} ${JSON.stringify(options)}`);
      const { spacing = 0, margin = 0 } = options as { spacing?: number; margin?: number };
      assert.deepEqual(cells[columns], { x: margin, y: margin + size + spacing, width: size, height: size });
    }
  });

  test('sheets of icons and emoji, dark, white, and on a ground of one colour', async () => {
    const dark = await icons(48);
    assert.equal(cellsOf(sheet(dark, 6, { size: 48 })).length, 18);
    assert.equal(cellsOf(sheet(await icons(64, '#fff'), 6, { size: 64 })).length, 18);
    assert.equal(cellsOf(sheet(dark, 6, { size: 48, ground: [255, 255, 255, 255] })).length, 18);
    assert.equal(cellsOf(sheet(dark.slice(0, 9), 3, { size: 48 })).length, 9, 'three times three');
    const emoji = await Promise.all(readdirSync(twemoji).filter(name => /^1f4[0-9a-f]{2}\.svg$/.test(name)).slice(0, 60).map(name => render(join(twemoji, name), 60)));
    const padded = emoji.map(each => { const cell = blank(64, 64); put(cell, each, 2, 2); return cell; });
    assert.equal(cellsOf(sheet(padded, 10, { size: 64 })).length, 60);
    assert.equal(cellsOf(sheet(padded.slice(0, 16), 4, { size: 64 })).length, 16);
  });

  test('strips: icons, and frames of an animation', async () => {
    const small = (await icons(14)).map(icon => { const cell = blank(16, 16); put(cell, icon, 1, 1); return cell; });
    assert.deepEqual(cellsOf(sheet(small.slice(0, 8), 8, { size: 16 })).map(cell => cell.x), [0, 16, 32, 48, 64, 80, 96, 112]);
    assert.equal(cellsOf(sheet((await icons(24)).slice(0, 5), 1, { size: 24 })).length, 5, 'upright');
    const bounce = await Promise.all(Array.from({ length: 6 }, (_, step) => render(Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" width="32" height="32"><circle cx="16" cy="${16 + 3 * Math.sin(step)}" r="${9 + step / 2}" fill="#f5b301"/><path d="M10 ${12 + step}h12v3H10z"/></svg>`), 32)));
    assert.equal(cellsOf(sheet(bounce, 6, { size: 32 })).length, 6);
  });

  test('empty cells are left out, equal ones kept once, in reading order', () => {
    const sprites = Array.from({ length: 12 }, (_, index) => pixelSprite(index + 1, 16));
    const cells = cellsOf(sheet([...sprites, undefined, sprites[3], sprites[0], undefined], 4, { size: 16 }));
    assert.deepEqual(cells.map(({ x, y }) => y / 16 * 4 + x / 16), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  });

  test('one picture is not cut, however regular: icons of dots and squares, a rating, words, a chessboard, noise', async () => {
    const names = readdirSync(lucide).filter(name => /grid|grip|ellipsis|columns|rows|layout|table|list|square|dot|blocks|component|binary|dice|braille|loader|barcode|scan|qr|keyboard|calculator|apps|group/.test(name));
    const solid = readdirSync(phosphor).filter(name => /dots|squares|grid|four|three|six|nine|circle|numpad|keyboard|columns|rows|list|dashed|bounding|selection|scan|qr|barcode/.test(name));
    assert.ok(names.length > 60 && solid.length > 40);
    for (const file of [...names.map(name => join(lucide, name)), ...solid.map(name => join(phosphor, name))]) {
      for (const size of [48, 64, 96]) { assert.equal(findGrid(await render(file, size)).length, 0, `${file} at ${size}`); }
    }
    const svg = (width: number, height: number, content: string): Buffer => Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${content}</svg>`);
    const star = (x: number, fill: string): string => `<path transform="translate(${x})" fill="${fill}" d="M16 3l4 9 10 1-8 6 3 10-9-5-9 5 3-10-8-6 10-1z"/>`;
    const flat: [string, Buffer, number, number][] = [
      ['rating', svg(160, 32, [0, 32, 64, 96].map(x => star(x, 'gold')).join('') + star(128, 'silver')), 160, 32],
      ['four squares', svg(64, 64, '<path fill="red" d="M2 2h26v26H2z"/><path fill="green" d="M36 2h26v26H36z"/><path fill="blue" d="M2 36h26v26H2z"/><path fill="orange" d="M36 36h26v26H36z"/>'), 64, 64],
      ['nine dots', svg(96, 96, Array.from({ length: 9 }, (_, at) => `<circle cx="${16 + at % 3 * 32}" cy="${16 + Math.floor(at / 3) * 32}" r="${5 + at}"/>`).join('')), 96, 96],
      ['halftone', svg(128, 128, Array.from({ length: 64 }, (_, at) => `<circle cx="${8 + at % 8 * 16}" cy="${8 + Math.floor(at / 8) * 16}" r="${2 + at % 5}"/>`).join('')), 128, 128],
      ['words', svg(400, 50, '<text x="4" y="38" font-family="sans-serif" font-size="36">Evergreen Bank of old</text>'), 400, 50],
      ['chessboard', svg(128, 128, Array.from({ length: 32 }, (_, at) => `<path d="M${at % 4 * 32 + Math.floor(at / 4) % 2 * 16} ${Math.floor(at / 4) * 16}h16v16h-16z"/>`).join('')), 128, 128],
    ];
    for (const [name, picture, width, height] of flat) { assert.equal(findGrid(await render(picture, width, height)).length, 0, name); }
    const random = randomFrom(5);
    assert.equal(findGrid({ ...blank(64, 64), data: Uint8Array.from({ length: 64 * 64 * 4 }, () => Math.floor(random() * 256)) }).length, 0, 'noise');
  });

  test('the header alone rules out photographs and what is too small or too large', () => {
    assert.deepEqual([
      { format: 'jpeg', transparent: false, width: 640, height: 480 }, { format: 'webp', transparent: false, width: 640, height: 480 }, { format: 'png', transparent: true, width: 16, height: 16 },
      { format: 'png', transparent: true, width: 9000, height: 64 }, { format: 'png', transparent: true, width: 128, height: 16 }, { format: 'gif', transparent: false, width: 64, height: 64 },
    ].map(each => mayHoldGrid(each as never)), [false, false, false, false, true, true]);
  });
});

suite('cells', () => {
  test('a turned cell is cut upright', () => {
    const upright = blank(3, 2);
    upright.data.set([1, 0, 0, 255, 2, 0, 0, 255, 3, 0, 0, 255, 4, 0, 0, 255, 5, 0, 0, 255, 6, 0, 0, 255]);
    // Turned clockwise: the first column of what lies in the sheet is the last row of it, read upwards.
    const turned = blank(2, 3);
    [4, 1, 5, 2, 6, 3].forEach((value, index) => turned.data.set([value, 0, 0, 255], index * 4));
    const whole = blank(6, 6);
    put(whole, turned, 1, 2);
    assert.deepEqual(cut(whole, { x: 1, y: 2, width: 2, height: 3, rotated: true }), upright);
    assert.deepEqual(cut(whole, { x: 1, y: 2, width: 2, height: 3 }), turned);
  });

  test('frames of an atlas: scaled, from below, and without those that do not fit', () => {
    const frame = { x: 0, y: 0, width: 8, height: 8 };
    assert.deepEqual(atlasCells({ frames: [{ ...frame, name: 'a' }, { ...frame, x: 24 }, { ...frame, x: -1 }, { ...frame, x: 25 }, { ...frame, width: 32, height: 16 }, frame, { ...frame, x: NaN }], fromBottom: true }, 32, 16),
      [{ x: 0, y: 8, width: 8, height: 8, name: 'a' }, { x: 24, y: 8, width: 8, height: 8 }]);
    assert.deepEqual(atlasCells({ frames: [frame], sheetWidth: 16 }, 32, 32), [{ x: 0, y: 0, width: 16, height: 16 }]);
    assert.equal(atlasCells({ frames: Array.from({ length: 2000 }, (_, index) => ({ ...frame, x: index % 100, y: Math.floor(index / 100) })) }, 200, 200).length, 1024);
  });
});
