/** The decoder process: what it returns, which files it skips, and that a crash or an endless file costs only that file. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { Decoder, type DecodeLimits } from '../../src/core/decoder';
import type { ImageSpec } from '../../src/models/manifest';

const processFile = join(process.cwd(), 'dist', 'decodeProcess.js');
const crashingFile = join(process.cwd(), 'test', 'fixtures', 'crashingDecoder.cjs');
const limits: DecodeLimits = { maxFileSizeBytes: 1024 * 1024, maxPixels: 1_000_000, timeoutMs: 30_000 };
const image: ImageSpec = { input: 'pixel_values', output: 'image_embeds', size: 32, resize: 'pad', interpolation: 'bicubic', mean: [0, 0, 0], std: [1, 1, 1] };

/** Takes the renderer minutes: 100 dilations, ten times. */
const endlessSvg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><filter id="f">${'<feMorphology operator="dilate" radius="9"/>'.repeat(100)}</filter>${'<rect width="24" height="24" filter="url(#f)"/>'.repeat(10)}</svg>`;

suite('decoder', () => {
  let folder: string;
  let decoders: Decoder[];
  const start = (changes: Partial<DecodeLimits> = {}, file = processFile, concurrency = 2) => {
    const decoder = Decoder.start({ processFile: file, concurrency, limits: { ...limits, ...changes } });
    decoders.push(decoder);
    return decoder;
  };
  const write = (name: string, bytes: string | Uint8Array) => {
    writeFileSync(join(folder, name), bytes);
    return join(folder, name);
  };
  const drawn = (width = 20, height = 10) => sharp({ create: { width, height, channels: 3, background: '#c83214' } }).png().toBuffer();

  setup(() => {
    folder = mkdtempSync(join(tmpdir(), 'asset-search-'));
    decoders = [];
  });
  teardown(async () => {
    await Promise.all(decoders.map(decoder => decoder.close()));
    rmSync(folder, { recursive: true, force: true });
  });

  test('hash, metadata, pixels and thumbnail of a file', async () => {
    const decoder = start();
    const bytes = await drawn();
    const file = write('a b\'ü.txt', bytes);
    const hash = createHash('sha256').update(bytes).digest('hex');
    assert.deepEqual(await decoder.hash(file), { hash, sizeBytes: bytes.length });
    const thumbnailFile = join(folder, 'thumbnails', hash.slice(0, 2), `${hash}.webp`);
    const { pixels, ...rest } = await decoder.decode({ source: { file }, image, thumbnailFile });
    assert.deepEqual(rest, { hash, sizeBytes: bytes.length, format: 'png', width: 20, height: 10, title: '' });
    assert.equal(pixels?.length, 32 * 32 * 3);
    assert.deepEqual([...pixels.subarray((16 * 32 + 16) * 3, (16 * 32 + 16) * 3 + 3)], [200, 50, 20]);
    assert.equal((await sharp(thumbnailFile).metadata()).width, 20);
    assert.deepEqual(readdirSync(join(folder, 'thumbnails', hash.slice(0, 2))), [`${hash}.webp`], 'no temporary file is left');
  });

  test('bytes without a file', async () => {
    const { title, format, pixels } = await start().decode({ source: { bytes: Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><title>Nine</title><path d="M0 0h9v9z"/></svg>') } });
    assert.deepEqual([title, format, pixels], ['Nine', 'svg', undefined]);
  });

  test('files that are skipped, each with its code', async () => {
    const decoder = start({ maxFileSizeBytes: 5000, maxPixels: 10_000 });
    mkdirSync(join(folder, 'folder.png'));
    const pipes: [string, string][] = process.platform === 'win32' ? [] : [[join(folder, 'pipe.png'), 'unreadable']];
    for (const [pipe] of pipes) { execFileSync('mkfifo', [pipe]); }
    const expected: [string, string][] = [
      [join(folder, 'gone.png'), 'vanished'], [join(folder, 'gone', 'gone.png'), 'vanished'],
      [write('empty.png', ''), 'empty'], [write('text.png', 'no image'), 'unsupportedFormat'],
      [write('large.png', Buffer.alloc(5001)), 'tooLarge'], [write('pixels.png', await drawn(101, 100)), 'tooManyPixels'],
      [join(folder, 'folder.png'), 'unreadable'], ...pipes,
      [write('broken.png', (await drawn()).subarray(0, 60)), 'corrupt'],
    ];
    for (const [file, code] of expected) {
      await assert.rejects(decoder.decode({ source: { file }, image }), { name: 'SkipError', code }, file);
    }
    await assert.rejects(decoder.hash(join(folder, 'gone.png')), { code: 'vanished' });
    const good = write('good.png', await drawn());
    assert.equal((await decoder.decode({ source: { file: good }, image })).format, 'png');
    decoder.setLimits({ ...limits, maxPixels: 20_000 });
    assert.equal((await decoder.decode({ source: { file: join(folder, 'pixels.png') }, image })).width, 101);
  });

  test('a file without permission is unreadable', async function () {
    // Root may read everything.
    if (process.getuid?.() === 0) { this.skip(); }
    const file = write('secret.png', await drawn());
    chmodSync(file, 0);
    await assert.rejects(start().decode({ source: { file }, image }), { code: 'unreadable' });
  });

  test('an endless SVG is stopped and skipped; what was in work beside it is not', async () => {
    const decoder = start({ timeoutMs: 3000 });
    await decoder.hash(write('first.png', await drawn()));
    const pid = decoder.pid;
    const endless = decoder.decode({ source: { file: write('endless.svg', endlessSvg) }, image });
    const others = Array.from({ length: 40 }, async (_, index) => decoder.decode({ source: { file: write(`${index}.png`, await drawn(10 + index)) }, image }));
    await assert.rejects(endless, { name: 'SkipError', code: 'timeout' });
    assert.deepEqual((await Promise.all(others)).map(each => each.width), others.map((_, index) => 10 + index));
    await decoder.hash(join(folder, 'first.png'));
    assert.notEqual(decoder.pid, pid, 'a new process');
  });

  test('a process killed from outside: every file still succeeds', async () => {
    const decoder = start();
    const files = await Promise.all(Array.from({ length: 60 }, async (_, index) => write(`${index}.png`, await drawn(10 + index))));
    await decoder.hash(files[0]!);
    const work = files.map(file => decoder.decode({ source: { file }, image, thumbnailFile: `${file}.webp` }));
    process.kill(decoder.pid!, 'SIGKILL');
    assert.deepEqual((await Promise.all(work)).map(each => each.width), files.map((_, index) => 10 + index));
    assert.equal(readdirSync(folder).filter(name => name.endsWith('.tmp')).length, 0);
  });

  test('a file that always crashes the decoder is skipped, all others succeed', async () => {
    const decoder = start({}, crashingFile, 4);
    const names = ['1', '2 slow', '3 crash', '4 slow', '5', '6 crash', '7 slow', '8'];
    const results = await Promise.allSettled(names.map(name => decoder.hash(name)));
    for (const [index, result] of results.entries()) {
      if (names[index]!.includes('crash')) {
        assert.equal(result.status === 'rejected' && result.reason.code, 'crashesDecoder');
      } else {
        assert.equal(result.status === 'fulfilled' && result.value.hash, names[index]);
      }
    }
  });

  test('hanging, crashing and sound files together: each gets its own verdict', async () => {
    const decoder = start({ timeoutMs: 1500 }, crashingFile, 3);
    const names = ['hang', 'a slow', 'crash', 'b slow', 'hang too', 'c'];
    const results = await Promise.allSettled(names.map(name => decoder.hash(name)));
    assert.deepEqual(results.map(result => result.status === 'fulfilled' ? 'ok' : result.reason.code), ['timeout', 'ok', 'crashesDecoder', 'ok', 'timeout', 'ok']);
  });

  test('no more than `concurrency` files are in work', async () => {
    const decoder = start({ timeoutMs: 1000 }, crashingFile, 2);
    // Both places are taken: the third begins only when one of them is given up.
    const hanging = [decoder.hash('hang 1'), decoder.hash('hang 2')].map(each => each.catch(error => error.code));
    let third = 'waiting';
    const later = decoder.hash('c').then(() => { third = 'done'; });
    await Promise.race(hanging);
    assert.equal(third, 'waiting');
    await later;
    assert.deepEqual(await Promise.all(hanging), ['timeout', 'timeout']);
  });

  test('cancelling rejects at once, in the queue and in work', async () => {
    const decoder = start({}, crashingFile, 1);
    const controller = new AbortController();
    const work = [decoder.hash('hang', controller.signal), decoder.hash('queued', controller.signal)];
    controller.abort();
    for (const each of work) { await assert.rejects(each, { name: 'AssetSearchError', code: 'cancelled' }); }
    await assert.rejects(decoder.hash('late', controller.signal), { code: 'cancelled' });
  });

  test('closing ends the process and rejects what waits', async () => {
    const decoder = start({}, crashingFile, 1);
    await decoder.hash('a');
    const pid = decoder.pid!;
    const work = [decoder.hash('hang'), decoder.hash('queued')];
    const outcomes = Promise.allSettled(work);
    await decoder.close();
    assert.deepEqual((await outcomes).map(each => each.status === 'rejected' && each.reason.code), ['cancelled', 'cancelled']);
    assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' });
    await assert.rejects(decoder.hash('a'), { code: 'cancelled' });
  });

  test('a process that does not start is an error of its own, not of the files', async () => {
    await assert.rejects(start({}, join(folder, 'absent.js')).hash('a'), { name: 'AssetSearchError', code: 'internal' });
  });

  test('a process that dies while it starts is tried again', async () => {
    const decoder = start({}, crashingFile);
    for (let round = 0; round < 3; round++) {
      const work = decoder.hash(`${round}`);
      // Killed in its first moments, before it can say that it is ready.
      for (let kills = 0, last: number | undefined; kills < 2;) {
        const { pid } = decoder;
        if (pid !== undefined && pid !== last) { process.kill(pid, 'SIGKILL'); last = pid; kills++; }
        await new Promise(resolve => setImmediate(resolve));
      }
      assert.equal((await work).hash, `${round}`);
      process.kill(decoder.pid!, 'SIGKILL');
      while (decoder.pid !== undefined) { await new Promise(resolve => setTimeout(resolve, 5)); }
    }
    await decoder.close();
  });

  test('a thumbnail folder that cannot be made costs the thumbnail alone', async () => {
    const file = write('a.png', await drawn());
    const { thumbnailProblem, pixels } = await start().decode({ source: { file }, image, thumbnailFile: join(file, 'below.webp') });
    assert.ok(thumbnailProblem !== undefined && pixels !== undefined);
    assert.ok(existsSync(file) && readFileSync(file).length > 0);
  });
});
