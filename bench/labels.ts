/** Prints how long labelling takes, and what a query waits meanwhile: `node esbuild.js --tests && node out/bench/labels.js [rows…]`. Random vectors tell about speed alone. */
import '../src/core/nativeEnvironment';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LabelKeeper, type Judge } from '../src/core/labelKeeper';
import { Store, type Row } from '../src/core/store';

const dim = 256;
const words = ['arrow', 'cart', 'trash', 'user', 'home', 'star', 'heart', 'cloud', 'lock', 'mail'];

function randomUnit(): Float32Array {
  const vector = Float32Array.from({ length: dim }, () => Math.random() - 0.5);
  const norm = Math.hypot(...vector);
  return vector.map(value => value / norm);
}

async function bench(count: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  const store = await Store.open(folder);
  const space = (await store.openSpace('bench', dim, true))!;
  for (let start = 0; start < count; start += 1024) {
    await space.add(Array.from({ length: Math.min(1024, count - start) }, (_, offset): Row => {
      const path = `assets/${(start + offset) % 17}/${start + offset}.svg`;
      return { root: 'r', path, part: 0, hash: `${start + offset}`.padStart(64, '0'), vector: randomUnit(), format: 'svg', width: 24, height: 24, sizeBytes: 400, title: '', cells: 0, x: 0, y: 0, rotated: false, stem: `${start + offset}`, words: `assets ${start + offset}` };
    }));
  }
  await space.maintain({ force: true, warn: console.log, timeoutMs: 600_000 });
  const keeper = new LabelKeeper(folder, []);
  const judge: Judge = { labels: words, vectors: words.map(() => [randomUnit()]), score: { kind: 'softmax', logitScale: 26, logitBias: 0 }, model: 'bench@1' };
  const timed = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    const waits: number[] = [];
    let over = false;
    const started = performance.now();
    const asking = (async () => {
      while (!over) { const asked = performance.now(); await space.nearest(randomUnit(), 20); waits.push(performance.now() - asked); await new Promise(done => setTimeout(done, 20)); }
    })();
    const result = await work();
    const took = performance.now() - started;
    over = true;
    await asking;
    waits.sort((a, b) => a - b);
    console.log(`  ${name.padEnd(36)}${(took / 1000).toFixed(2)} s, a query meanwhile p50 ${waits[waits.length >> 1]!.toFixed(0)} ms, worst ${waits.at(-1)!.toFixed(0)} ms`);
    return result;
  };
  console.log(`${count} rows, ${words.length} words`);
  const { unsure } = await timed('label everything', () => keeper.byModel({}, judge, { space }));
  console.log(`  ${count - unsure} rows got a label`);
  await timed('the same again', () => keeper.byModel({}, judge, { space }));
  await timed('maintenance after it', () => space.maintain({ force: true, warn: console.log, timeoutMs: 600_000 }));
  await timed('set a label on all by hand', () => keeper.byHand({}, ['mine'], [], { space }));
  await timed('undo', () => keeper.undo({ space }));
  await timed('counts', () => space.labelCounts());
  await timed('first page of a label', () => space.page(0, 200, { labels: ['cart'] }));
  await timed('clear', () => keeper.clear({}, { space }));
  await timed('maintenance after it', () => space.maintain({ force: true, warn: console.log, timeoutMs: 600_000 }));
  store.close();
  rmSync(folder, { recursive: true });
}

async function main(sizes: string[]): Promise<void> {
  for (const size of sizes.length > 0 ? sizes.map(Number) : [10_000, 100_000]) { await bench(size); }
  process.exit(0);
}

main(process.argv.slice(2)).catch((error: unknown) => { console.error(error); process.exit(1); });
