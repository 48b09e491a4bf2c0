/** Measures the divider above weak matches on icons the built-in model never saw: where the right hit lies, and what absent concepts show. */
import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { Decoder } from '../src/core/decoder';
import { createImageEncoder, createTextEncoder } from '../src/core/encoder';
import { dot } from '../src/core/label';
import { loadModel } from '../src/core/model';
import { spreadOf, strongDeviations, strongFrom, type VectorSample } from '../src/core/relevance';

/** A page of results: what lies below it, nobody sees. */
const pageHits = 50;
const repository = process.cwd();
const icons = join(repository, 'node_modules', '@phosphor-icons', 'core', 'assets');

/** Things of which no icon of the set shows one, and strings that mean nothing. */
const absent = [
  'walrus', 'giraffe', 'violin', 'volcano', 'submarine', 'penguin', 'octopus', 'pineapple', 'strawberry', 'mermaid', 'dinosaur', 'accordion', 'castle', 'windmill', 'crocodile', 'kangaroo',
  'igloo', 'lobster', 'saxophone', 'unicorn', 'wedding dress', 'bagpipes', 'broccoli', 'canoe', 'chess queen', 'elephant', 'flamingo', 'hedgehog', 'helicopter pilot', 'jellyfish', 'koala', 'llama',
  'mummy', 'ostrich', 'parachute jumper', 'pirate', 'raccoon', 'scarecrow', 'sloth', 'sushi', 'tractor driver', 'turtle', 'vampire', 'waffle', 'yak', 'zebra', 'cactus in a pot', 'harp',
];
const nonsense = ['asdf qwer', 'xyzzy', 'lorem ipsum dolor', 'foo bar baz', 'blorptastic', 'the of and', 'qqqqqqq', 'tax return 2019', 'meeting notes', 'null pointer exception', 'npm install failed', 'grobnik'];

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { model: { type: 'string', default: join(repository, 'media', 'builtin') }, sweep: { type: 'boolean', default: false }, styles: { type: 'string', default: 'regular' } } });
  const model = await loadModel(values.model);
  const images = await createImageEncoder(model, { device: 'cpu', threads: 0 });
  const texts = await createTextEncoder(model, { device: 'cpu', threads: 0 });
  const decoder = Decoder.start({
    processFile: join(repository, 'dist', 'decodeProcess.js'), concurrency: availableParallelism(),
    limits: { maxFileSizeBytes: 20 * 1024 * 1024, maxPixels: 100_000_000, timeoutMs: 10_000 },
  });
  try {
    const embed = async (style: string, names: string[]): Promise<Float32Array[]> => {
      const pixels = await Promise.all(names.map(async name => (await decoder.decode({
        source: { bytes: readFileSync(join(icons, style, `${name}${style === 'regular' ? '' : `-${style}`}.svg`)) }, image: model.manifest.image,
      })).pixels!));
      return images.encode(pixels);
    };
    const encode = async (list: string[]): Promise<(Float32Array | undefined)[]> =>
      Promise.all(list.map(text => texts.encode([text]).then(([vector]) => vector, error => { if (error.code !== 'textNotUnderstood') { throw error; } return undefined; })));

    const names = readdirSync(join(icons, 'regular')).filter(name => name.endsWith('.svg')).sort().map(name => basename(name, '.svg'));
    const table: Float32Array[] = [];
    for (const style of values.styles.split(',')) { table.push(...await embed(style, names)); }
    const { embeddingDim } = model.manifest;
    const sample: VectorSample = { vectors: new Float32Array(table.length * embeddingDim), embeddingDim, rows: table.length };
    table.forEach((vector, index) => sample.vectors.set(vector, index * embeddingDim));
    const taken = names.map((_, index) => index).filter(index => index % 7 === 0);
    const filled = await embed('fill', taken.map(index => names[index]!));

    console.log(`${model.manifest.id} ${model.manifest.revision}: ${table.length} icons of @phosphor-icons/core (${values.styles}), pictures only; the first ${pageHits} hits`);
    console.log(`${''.padEnd(44)}${['right above', 'of those found', 'above, mean', 'median', 'none above'].map(title => title.padStart(15)).join('')}`);
    const deviations = values.sweep ? [2, 2.25, 2.5, 2.75, 3, 3.25, 3.5, 3.75, 4, 4.5, 5] : [undefined];
    const report = (title: string, kind: 'text' | 'picture', queries: (Float32Array | undefined)[], right?: number[]): void => {
      for (const at of deviations) {
        let rightAbove = 0; let found = 0; let none = 0;
        const counts: number[] = [];
        queries.forEach((query, index) => {
          if (!query) { none++; counts.push(0); return; }
          const spread = spreadOf(query, sample)!;
          const from = at === undefined ? strongFrom(spread, kind, table.length) : spread.center + at * spread.deviation;
          const scores = table.map(vector => dot(query, vector));
          const page = scores.toSorted((a, b) => b - a).slice(0, pageHits);
          const above = page.filter(score => score >= from).length;
          counts.push(above);
          if (above === 0) { none++; }
          if (right) {
            const score = scores[right[index]!]!;
            if (score >= page.at(-1)!) { found++; if (score >= from) { rightAbove++; } }
          }
        });
        const percent = (part: number, whole: number): string => `${(100 * part / whole).toFixed(1)} %`;
        console.log([
          `${title}${at === undefined ? `, ${strongDeviations(kind, table.length).toFixed(2)} deviations` : ` at ${at}`}`.padEnd(44), ...[
            right ? percent(rightAbove, queries.length) : '', right ? percent(rightAbove, found) : '', (counts.reduce((sum, each) => sum + each, 0) / counts.length).toFixed(1),
            String(counts.toSorted((a, b) => a - b)[counts.length >> 1]), percent(none, queries.length),
          ].map(cell => cell.padStart(15)),
        ].join(''));
      }
    };
    report('a name that is there', 'text', await encode(names.map(name => name.replaceAll('-', ' '))), names.map((_, index) => index));
    report('an absent concept', 'text', await encode(absent));
    report('nonsense', 'text', await encode(nonsense));
    report('the filled picture of one that is there', 'picture', filled, taken);
  } finally {
    await decoder.close();
    await images.dispose();
    await texts.dispose();
  }
}

main().catch(error => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
});
