/**
 * Prints how fast indexing and searching are: `node esbuild.js --tests && node out/bench/search.js [folder] [rows…]`.
 * The folder is indexed with the built-in model; the tables of the given sizes hold random unit vectors, which tell about speed and nothing about quality.
 */
import '../src/core/nativeEnvironment';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createTextEncoder } from '../src/core/encoder';
import { loadModel } from '../src/core/model';
import { rank } from '../src/core/ranking';
import { defaultExclude, scan } from '../src/core/scan';
import { AssetService } from '../src/core/service';
import { Store, type Row } from '../src/core/store';
import { indexWords, stemOf } from '../src/core/words';

const dist = join(process.cwd(), 'dist');
const builtin = join(process.cwd(), 'media', 'builtin');
const rules = { exclude: [...defaultExclude], include: [], gitignore: true, maxFileSizeBytes: 20 * 2 ** 20, maxPixels: 1e8, splitSheets: true };
const queries = ['shopping cart', 'red apple', 'arrow left', 'trash', 'a cat with a hat', 'settings', 'user profile', 'tras', 'play button', 'heart'];
const nouns = ['arrow', 'cart', 'trash', 'user', 'home', 'star', 'heart', 'cloud', 'lock', 'mail', 'phone', 'camera', 'book', 'chart', 'folder', 'flag', 'music', 'moon', 'sun', 'tree'];

function percentile(values: number[], share: number): number { return [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(share * values.length))]!; }
const ms = (value: number): string => `${value.toFixed(1)} ms`;
function table(title: string, rows: Record<string, string>): void {
  console.log(`\n${title}`);
  for (const [name, value] of Object.entries(rows)) { console.log(`  ${name.padEnd(44)}${value}`); }
}

async function benchFolder(folder: string): Promise<void> {
  const temporary = mkdtempSync(join(tmpdir(), 'bench-'));
  let indexing = false;
  let rate = 0;
  const service = new AssetService({
    processes: { decoder: join(dist, 'decodeProcess.js'), encoder: join(dist, 'encodeProcess.js'), verifier: join(dist, 'conformanceProcess.js') }, keepOtherRoots: true, waitForLock: false,
    onStatus: status => { indexing = status.progress?.phase === 'encoding'; rate = Math.max(rate, status.progress?.imagesPerSecond ?? 0); }, onLog: () => undefined,
  });
  await service.open({ roots: [{ id: 'bench', path: folder }], rules, dbFolder: join(temporary, 'db'), modelFolder: builtin, device: 'auto', threads: 0, maxThumbnailBytes: 0 });
  const during: number[] = [];
  let over = false;
  const run = service.index({}).finally(() => { over = true; });
  while (!over) {
    await new Promise(done => setTimeout(done, 100));
    if (!indexing) { continue; }
    const started = performance.now();
    // A new text each time: a repeated one would skip the encoder.
    await service.search({ text: `${queries[during.length % queries.length]} ${during.length}`, limit: 20, useNames: true });
    during.push(performance.now() - started);
  }
  const first = await run;
  const again = await service.index({});
  table(`Folder with ${first.seen} images`, {
    'index, all new': `${first.seconds.toFixed(1)} s, ${(first.indexed / first.seconds).toFixed(0)} images/s (best ${rate.toFixed(0)})`,
    'index, nothing changed': `${again.seconds.toFixed(2)} s`,
    [`query while indexing (${during.length}), p50 / p95`]: during.length > 0 ? `${ms(percentile(during, 0.5))} / ${ms(percentile(during, 0.95))}` : 'the run was too short',
  });
  await service.close();
  rmSync(temporary, { recursive: true });
}

async function benchRows(count: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  const model = await loadModel(builtin);
  const dim = model.manifest.embeddingDim;
  const encoder = await createTextEncoder(model, { device: 'cpu', threads: 0 });
  const store = await Store.open(folder);
  const space = (await store.openSpace('bench', dim, true))!;
  const started = performance.now();
  for (let start = 0; start < count; start += 1024) {
    const rows = Array.from({ length: Math.min(1024, count - start) }, (_, offset): Row => {
      const index = start + offset;
      const path = `assets/${nouns[index % 17]}/${nouns[(index * 7) % 20]}-${nouns[(index * 13) % 19]}-${index}.svg`;
      const vector = Float32Array.from({ length: dim }, () => Math.random() - 0.5);
      const norm = Math.hypot(...vector);
      return { root: 'r', path, part: 0, hash: `${index}`.padStart(64, '0'), vector: vector.map(value => value / norm), format: 'svg', width: 24, height: 24, sizeBytes: 400, title: '', cells: 0, x: 0, y: 0, rotated: false, stem: stemOf(path), words: indexWords(path, '') };
    });
    await space.add(rows);
  }
  const added = performance.now() - started;
  const maintained = performance.now();
  await space.maintain({ force: true, warn: console.log, timeoutMs: 600_000 });
  const maintain = performance.now() - maintained;
  const times: Record<'encode' | 'pictures' | 'fused' | 'filtered', number[]> = { encode: [], pictures: [], fused: [], filtered: [] };
  for (let turn = 0; turn < 40; turn++) {
    const text = queries[turn % queries.length]!;
    const t0 = performance.now();
    const vector = (await encoder.encode([text]))[0]!;
    const t1 = performance.now();
    await rank(space, { text, vector, limit: 50, useNames: false });
    const t2 = performance.now();
    await rank(space, { text, vector, limit: 50, useNames: true });
    const t3 = performance.now();
    await rank(space, { text, vector, limit: 50, useNames: true, filter: { folders: [{ root: 'r', path: 'assets/arrow' }] } });
    if (turn < 3) { continue; }
    times.encode.push(t1 - t0); times.pictures.push(t2 - t1); times.fused.push(t3 - t2); times.filtered.push(performance.now() - t3);
  }
  const page = performance.now();
  await space.page(0, 100);
  const page2 = performance.now();
  await space.page(Math.floor(count / 2), 100);
  const both = (values: number[]): string => `${ms(percentile(values, 0.5))} / ${ms(percentile(values, 0.95))}`;
  table(`${count} rows of random vectors (p50 / p95)`, {
    'write': `${(added / 1000).toFixed(1)} s, ${(added / count * 1000).toFixed(0)} µs a row`,
    'indexes and compaction': `${(maintain / 1000).toFixed(1)} s`,
    'encode the text': both(times.encode),
    'pictures alone': both(times.pictures),
    'pictures and names, fused': both(times.fused),
    'the same in one folder': both(times.filtered),
    'first page / another page': `${ms(page2 - page)} / ${ms(performance.now() - page2)}`,
  });
  await encoder.dispose();
  store.close();
  rmSync(folder, { recursive: true });
}

async function benchScan(count: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  for (let index = 0; index < count; index++) {
    if (index % 100 === 0) { mkdirSync(join(folder, `f${index / 100}`)); }
    writeFileSync(join(folder, `f${Math.floor(index / 100)}`, `${index}.png`), 'x');
  }
  writeFileSync(join(folder, '.gitignore'), 'dist\n*.log\n/build/\n!keep.png\n');
  const started = performance.now();
  const { files } = await scan([{ id: 'r', path: folder }], rules);
  table(`Scan of ${files.length} files`, { 'with globs and .gitignore': ms(performance.now() - started) });
  rmSync(folder, { recursive: true });
}

async function main([folder, ...sizes]: string[]): Promise<void> {
  await benchFolder(resolve(folder ?? join('node_modules', 'lucide-static', 'icons')));
  await benchScan(100_000);
  for (const size of sizes.length > 0 ? sizes.map(Number) : [1_000, 10_000, 100_000]) { await benchRows(size); }
  process.exit(0);
}

main(process.argv.slice(2)).catch((error: unknown) => { console.error(error); process.exit(1); });
