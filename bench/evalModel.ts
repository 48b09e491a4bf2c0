/** Measures the built-in model on icons it never saw: names as queries, pictures only. Prints recall, exits with 1 below the floor. */
import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { Decoder } from '../src/core/decoder';
import { createImageEncoder, createTextEncoder } from '../src/core/encoder';
import { loadModel } from '../src/core/model';

/** Recall@10 that the built-in model must reach on the regular set. */
const floor = 0.78;
const repository = process.cwd();
const iconFolder = join(repository, 'node_modules', '@phosphor-icons', 'core', 'assets', 'regular');

interface Picture { name: string; bytes: Buffer }

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { model: { type: 'string', default: join(repository, 'media', 'builtin') } } });
  const model = await loadModel(values.model);
  const options = { device: 'auto', threads: 0 };
  const images = await createImageEncoder(model, options);
  const texts = await createTextEncoder(model, options);
  const concurrency = availableParallelism();
  const decoder = Decoder.start({
    processFile: join(repository, 'dist', 'decodeProcess.js'), concurrency,
    limits: { maxFileSizeBytes: 20 * 1024 * 1024, maxPixels: 100_000_000, timeoutMs: 10_000 },
  });

  try {
    const dark: Picture[] = readdirSync(iconFolder).filter(name => name.endsWith('.svg')).sort()
      .map(name => ({ name: basename(name, '.svg'), bytes: readFileSync(join(iconFolder, name)) }));
    // The same icons in white on nothing: where the background does not follow, they vanish.
    const light = dark.map(({ name, bytes }) => ({ name, bytes: Buffer.from(bytes.toString().replaceAll('currentColor', '#fff')) }));
    const queries = dark.map(({ name }) => name.replaceAll('-', ' '));

    const textStart = performance.now();
    const queryVectors: Float32Array[] = [];
    for (const query of queries) {
      queryVectors.push(await texts.encode([query]).then(([vector]) => vector!, error => {
        if (error.code !== 'textNotUnderstood') { throw error; }
        // Equally far from everything: a miss.
        return new Float32Array(model.manifest.embeddingDim);
      }));
    }
    const textMs = (performance.now() - textStart) / queries.length;

    const embed = async (pictures: Picture[]) => {
      const start = performance.now();
      const pixels = await mapLimited(pictures, 2 * concurrency, async ({ bytes }) => (await decoder.decode({ source: { bytes }, image: model.manifest.image })).pixels!);
      const decodeSeconds = (performance.now() - start) / 1000;
      const encodeStart = performance.now();
      const vectors = await images.encode(pixels);
      return { vectors, decodeRate: pictures.length / decodeSeconds, encodeRate: pictures.length / ((performance.now() - encodeStart) / 1000) };
    };
    const darkSet = await embed(dark);
    const lightSet = await embed(light);

    const { id, revision, variant } = model.manifest;
    console.log(`${id} ${revision} ${variant} on ${images.device}: ${dark.length} icons of @phosphor-icons/core, regular; the name is the query`);
    const rows = [
      ['dark on transparent', recallOf(queryVectors, darkSet.vectors)],
      ['white on transparent', recallOf(queryVectors, lightSet.vectors)],
      ['both mixed, either counts', recallOf(queryVectors, [...darkSet.vectors, ...lightSet.vectors])],
    ] as const;
    console.log(`${''.padEnd(28)}${['R@1', 'R@5', 'R@10', 'median rank'].map(title => title.padStart(8)).join('')}`);
    for (const [title, { recall, medianRank }] of rows) {
      console.log(`${title.padEnd(28)}${recall.map(value => value.toFixed(3).padStart(8)).join('')}${String(medianRank).padStart(8)}`);
    }
    console.log(`decode ${darkSet.decodeRate.toFixed(0)} images/s, encode ${darkSet.encodeRate.toFixed(0)} images/s, a query ${textMs.toFixed(2)} ms (${concurrency} cores)`);

    const reached = rows[0][1].recall[2]!;
    if (reached < floor) {
      console.error(`R@10 ${reached.toFixed(3)} is below ${floor.toFixed(2)}.`);
      process.exitCode = 1;
    }
  } finally {
    await decoder.close();
    await images.dispose();
    await texts.dispose();
  }
}

/** Recall@1, 5, 10 and the median rank of the right picture. `pictures` holds one or more rounds of the queries' pictures, in their order. */
function recallOf(queries: Float32Array[], pictures: Float32Array[]): { recall: number[]; medianRank: number } {
  const ranks = queries.map((query, right) => {
    const scores = pictures.map(picture => dot(query, picture));
    const isRight = (_: number, index: number) => index % queries.length === right;
    const best = Math.max(...scores.filter(isRight));
    // Equal scores of other pictures count against the model: a collapsed model must not look perfect.
    return 1 + scores.filter((score, index) => score >= best && !isRight(score, index)).length;
  });
  const sorted = ranks.toSorted((a, b) => a - b);
  return { recall: [1, 5, 10].map(k => ranks.filter(rank => rank <= k).length / ranks.length), medianRank: sorted[Math.floor(sorted.length / 2)]! };
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let index = 0; index < a.length; index++) { sum += a[index]! * b[index]!; }
  return sum;
}

async function mapLimited<T, R>(items: T[], limit: number, work: (item: T) => Promise<R>): Promise<R[]> {
  const results = new Array<R>(items.length);
  let next = 0;
  await Promise.all(Array.from({ length: limit }, async () => {
    while (next < items.length) {
      const index = next++;
      results[index] = await work(items[index]!);
    }
  }));
  return results;
}

main().catch(error => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
});
