/**
 * A real model of one's own, from its folder to search, with the built command line: import, index, find photographs by their captions.
 * Runs where ASSET_SEARCH_TEST_MODEL names a model's folder, and ASSET_SEARCH_TEST_PHOTOS a folder with `images/` and `captions.csv` (file name first, caption last in each line).
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const cliFile = join(process.cwd(), 'dist', 'cli.js');
const { ASSET_SEARCH_TEST_MODEL: modelFolder, ASSET_SEARCH_TEST_PHOTOS: photos } = process.env;

suite('a model of one\'s own', function () {
  this.timeout(600_000);
  let folder: string;
  suiteSetup(() => { folder = mkdtempSync(join(tmpdir(), 'own-')); });
  suiteTeardown(() => rmSync(folder, { recursive: true, force: true }));

  async function run(...args: string[]): Promise<string> {
    return (await promisify(execFile)(process.execPath, [cliFile, ...args], { maxBuffer: 2 ** 28 })).stdout;
  }

  test('is imported, indexes photographs and finds them by their captions', async function () {
    if (!modelFolder || !photos) {
      console.log('    ASSET_SEARCH_TEST_MODEL and ASSET_SEARCH_TEST_PHOTOS name no model and no photographs: skipped.');
      this.skip();
    }
    const models = join(folder, 'models');
    const imported = JSON.parse(await run('models', 'import', modelFolder, '--name', 'own', '--models', models, '--json')) as { folder: string; unchanged: boolean };
    assert.equal(imported.unchanged, false);
    const again = JSON.parse(await run('models', 'import', modelFolder, '--name', 'own', '--models', models, '--json')) as { unchanged: boolean };
    assert.equal(again.unchanged, true);

    const db = join(folder, 'db');
    await run('index', join(photos, 'images'), '--db', db, '--model', imported.folder);
    const captions = readCaptions(join(photos, 'captions.csv'));
    const queries = join(folder, 'queries.txt');
    writeFileSync(queries, [...captions.keys()].join('\n'));
    // By pictures alone: the names of the files would give them away.
    const results = (await run('search', '--queries', queries, '--db', db, '--no-names', '--limit', '1000')).trim().split('\n').map(line => JSON.parse(line) as { query: string; hits: { path: string }[] });
    const count = Math.max(...results.map(({ hits }) => hits.length));
    // A caption of which the model knows no word counts as chance does.
    const ranks = results.map(({ query, hits }) => {
      const place = hits.findIndex(({ path }) => captions.get(query)!.includes(path));
      console.log(`    ${place < 0 ? '  -' : String(place + 1).padStart(3)} of ${hits.length}  ${query.slice(0, 100)}`);
      return place < 0 ? count / 2 : place + 1;
    }).sort((a, b) => a - b);
    const median = ranks[ranks.length >> 1]!;
    console.log(`    median rank ${median} of ${count}`);
    assert.ok(ranks.length >= 5 && median <= count / 4, `the median rank is ${median} of ${count}`);
  });
});

/** Captions of at least three words, each with the files that bear it. */
function readCaptions(file: string): Map<string, string[]> {
  const captions = new Map<string, string[]>();
  for (const line of readFileSync(file, 'utf8').split(/\r?\n/).slice(1)) {
    const fields = [...line.matchAll(/"((?:[^"]|"")*)"/g)].map(([, field]) => field!.replaceAll('""', '"').trim());
    const [name, caption] = [fields[0], fields.at(-1)];
    if (name && caption && caption.split(/\s+/).length >= 3) { captions.set(caption, [...captions.get(caption) ?? [], name]); }
  }
  return captions;
}
