import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AssetSearchError } from '../../src/errors';
import { formatMarks } from '../../src/core/labelText';
import { rank } from '../../src/core/ranking';
import { fileKey } from '../../src/core/state';
import { belowPredicate, filterPredicate, labelKey, quote, Store, type Row, type Space } from '../../src/core/store';
import { assetStem, assetWords, indexWords } from '../../src/core/words';

const dim = 8;
/** A unit vector that depends on the seed alone. */
function vectorOf(seed: number): Float32Array {
  const values = Array.from({ length: dim }, (_, index) => Math.sin(seed * 12.9898 + index * 78.233));
  const norm = Math.hypot(...values);
  return Float32Array.from(values, value => value / norm);
}
function row(path: string, seed: number, more: Partial<Row> = {}): Row {
  const named = { path, part: more.part ?? 0, title: more.title ?? '' };
  return { root: 'r', ...named, hash: `h${seed}`, vector: vectorOf(seed), format: 'png', width: 1, height: 2, sizeBytes: 3_000_000_000, cells: 0, x: 0, y: 0, rotated: false, stem: assetStem(named), words: assetWords(named), ...more };
}

suite('store', () => {
  let folder: string;
  let store: Store;
  let space: Space;
  setup(async () => {
    folder = mkdtempSync(join(tmpdir(), 'store-'));
    store = await Store.open(folder);
    space = (await store.openSpace('m_1_fp32_p1', dim, true))!;
  });
  teardown(() => { store.close(); rmSync(folder, { recursive: true, force: true }); });

  const awkward = ["it's.png", '100%/a_b.png', '100x/aXb.png', 'ünï/日本 😀.png', '"q".png', "'; DROP TABLE x; --.png", 'back\\slash.png', 'a\nb.png', '`b`.png'];

  test('any path can be stored, found and removed by its key alone', async () => {
    await space.add(awkward.map((path, index) => row(path, index)));
    for (const [index, path] of awkward.entries()) {
      assert.deepEqual((await space.get([{ root: 'r', path, part: 0 }])).map(({ asset }) => [asset.path, asset.hash]), [[path, `h${index}`]]);
    }
    assert.deepEqual([...await space.hashes()].sort(), awkward.map((path, index) => [fileKey('r', path), `h${index}`] as [string, string]).sort());
    for (const [index, path] of awkward.entries()) {
      await space.remove([{ root: 'r', path }]);
      assert.equal(await space.count(), awkward.length - index - 1, path);
    }
  });

  test('a table that was dropped and made anew is not taken for the old one', async () => {
    // What LanceDB caches depends on the version numbers, so several numbers of writes are tried.
    for (let cycle = 0; cycle < 12; cycle++) {
      const warnings: string[] = [];
      for (let round = 0; round <= cycle % 3; round++) {
        for (let write = 0; write <= (cycle * 7) % 5; write++) { await space.add(Array.from({ length: 20 }, (_, index) => row(`icons/c${cycle}r${round}w${write}i${index}.png`, index))); }
        await space.maintain({ force: true, warn: message => warnings.push(message), timeoutMs: 60_000 });
        assert.equal((await space.byWords(['icon'], 10_000, { every: true })).length, await space.count(), `cycle ${cycle}`);
      }
      assert.deepEqual(warnings, []);
      await store.dropSpace('m_1_fp32_p1');
      space = (await store.openSpace('m_1_fp32_p1', dim, true))!;
    }
  }).timeout(60_000);

  test('a folder filter takes % and _ literally, and one folder is not another that starts alike', async () => {
    await space.add([...awkward.map((path, index) => row(path, index)), row('100%more/x.png', 20), row('other/y.svg', 21, { root: 's', format: 'svg' })]);
    const below = async (path: string, root = 'r') => (await space.page(0, 100, { folders: [{ root, path }] })).assets.map(asset => asset.path);
    assert.deepEqual(await below('100%'), ['100%/a_b.png']);
    assert.deepEqual(await below('100%/'), ['100%/a_b.png']);
    assert.deepEqual(await below('', 's'), ['other/y.svg']);
    assert.equal(await space.count({ formats: ['svg'] }), 1);
    assert.equal(await space.count({ formats: ["x' OR '1'='1"] }), 0);
    assert.equal(await space.count({ folders: [{ root: "r' OR 1=1 --", path: '' }] }), 0);
    assert.equal(quote("a'b"), "'a''b'");
    assert.equal(filterPredicate({ folders: [], formats: [] }), undefined);
    assert.equal(belowPredicate({ root: 'r', path: '' }), "(root = 'r')");
  });

  test('rows are portable: no column holds an absolute path or a time', async () => {
    await space.add([row('a.png', 1)]);
    const { connect } = await import('@lancedb/lancedb');
    const table = await (await connect(join(folder, 'lance'))).openTable('m_1_fp32_p1');
    const names = (await table.schema()).fields.map(field => field.name);
    assert.deepEqual(names, ['root', 'path', 'part', 'hash', 'vector', 'format', 'width', 'height', 'sizeBytes', 'title', 'cells', 'x', 'y', 'rotated', 'labels', 'stem', 'words']);
    assert.ok(!JSON.stringify((await table.query().toArray()).map(each => ({ ...each, vector: null }))).includes(folder));
  });

  test('replace keeps one row a key', async () => {
    await space.add([row('a.png', 1), row('b.png', 2)]);
    await space.replace([row('a.png', 3)]);
    assert.equal(await space.count(), 2);
    assert.equal((await space.hashes()).get(fileKey('r', 'a.png')), 'h3');
  });

  test('vectors of removed rows can be used again, once each, until they are pruned', async () => {
    await space.add([row('a.png', 1), row('copy.png', 1), row('b.png', 2)]);
    const keys = [{ root: 'r', path: 'a.png' }, { root: 'r', path: 'copy.png' }, { root: 'r', path: 'b.png' }];
    await space.keepVectors(keys);
    await space.keepVectors(keys);
    await space.remove(keys);
    assert.equal(await space.countRetired(), 2);
    assert.deepEqual([...await space.knownHashes(['h1', 'h2', 'h3'])].sort(), ['h1', 'h2']);
    const content = (await space.contents(['h1'])).get('h1')![0]!;
    assert.deepEqual(content.vector, vectorOf(1));
    assert.equal(content.sizeBytes, 3_000_000_000);
    await space.add([row('a.png', 1)]);
    await space.pruneRetired(100, 1e9);
    assert.equal(await space.countRetired(), 1, 'the one that lives again goes');
    await space.pruneRetired(0, 1e9);
    assert.equal(await space.countRetired(), 0);
  });

  test('the nearest come first with their cosine, also under a filter', async () => {
    await space.add(Array.from({ length: 50 }, (_, index) => row(`f${index % 2}/${index}.png`, index)));
    const [first] = await space.nearest(vectorOf(7), 3);
    assert.equal(first!.asset.path, 'f1/7.png');
    assert.ok(Math.abs(first!.score - 1) < 1e-5);
    assert.ok((await space.nearest(vectorOf(7), 10, { folders: [{ root: 'r', path: 'f0' }] })).every(({ asset }) => asset.path.startsWith('f0/')));
  });

  test('pages follow the path order and see new rows', async () => {
    await space.add([row('b.png', 1), row('a.png', 2), row('c.png', 3)]);
    const paths = async (offset: number, limit: number) => (await space.page(offset, limit)).assets.map(asset => asset.path);
    assert.deepEqual(await paths(0, 2), ['a.png', 'b.png']);
    assert.deepEqual(await paths(2, 2), ['c.png']);
    assert.deepEqual(await paths(9, 2), []);
    await space.add([row('aa.png', 4)]);
    let seen: string[] = [];
    for (let attempt = 0; attempt < 50 && !seen.includes('aa.png'); attempt++) { seen = await paths(0, 9); await new Promise(resolve => setTimeout(resolve, 50)); }
    assert.deepEqual(seen, ['a.png', 'aa.png', 'b.png', 'c.png']);
  });

  test('a second connection sees the writer, and survives its compaction', async () => {
    await space.add([row('a.png', 1)]);
    const reader = (await (await Store.open(folder)).openSpace('m_1_fp32_p1', dim, false))!;
    assert.equal(await reader.count(), 1);
    for (let index = 0; index < 5; index++) { await space.add([row(`n${index}.png`, 10 + index)]); }
    await space.maintain({ force: true, warn: assert.fail, timeoutMs: 60_000 });
    await reader.refresh();
    assert.equal((await reader.nearest(vectorOf(11), 1))[0]!.asset.path, 'n1.png');
    assert.equal(await reader.count(), 6);
  });

  test('a damaged table is told as such', async () => {
    await space.add([row('a.png', 1)]);
    for (const name of readdirSync(join(folder, 'lance', 'm_1_fp32_p1.lance', '_versions'))) { writeFileSync(join(folder, 'lance', 'm_1_fp32_p1.lance', '_versions', name), 'garbage'); }
    const again = await Store.open(folder);
    await assert.rejects(again.openSpace('m_1_fp32_p1', dim, false), (error: unknown) => error instanceof AssetSearchError && error.code === 'indexCorrupt');
    await assert.rejects(store.openSpace('m_1_fp32_p1', dim + 1, false), (error: unknown) => error instanceof AssetSearchError && error.code === 'indexCorrupt');
  });

  suite('labels', () => {
    const labels = ["it's", 'a|b', 'größe 日本', "x' OR '1'='1", '100%', 'a'];
    const key = (seed: number) => labelKey(`h${seed}`, 0);

    test('a filter finds exactly the rows with a label, whatever is in it', async () => {
      await space.add([...labels.map((_, index) => row(`${index}.png`, index)), row('none.png', 90), row('removed.png', 91)]);
      await space.writeLabels(new Map([...labels.map((label, index) => [key(index), formatMarks([{ label, probability: 0.9, model: 'm@1' }])] as const), [key(91), formatMarks([{ label: 'a', removed: true }])]]));
      const having = async (...wanted: string[]) => (await space.page(0, 100, { labels: wanted })).assets.map(asset => asset.path);
      for (const [index, label] of labels.entries()) { assert.deepEqual(await having(label), [`${index}.png`], label); }
      assert.deepEqual(await having("it's", 'a'), ['0.png', '5.png']);
      assert.deepEqual(await having(''), ['none.png', 'removed.png']);
      assert.deepEqual(await having('b'), []);
      assert.deepEqual(await space.labelCounts(), { labels: labels.map(label => ({ label, images: 1 })).sort((a, b) => (a.label < b.label ? -1 : 1)), unlabelled: 2 });
      assert.deepEqual((await space.get([{ root: 'r', path: '1.png', part: 0 }]))[0]!.asset.labels, [{ label: 'a|b', probability: 0.9, model: 'm@1' }]);
      assert.equal((await space.nearest(vectorOf(3), 5, { labels: ["x' OR '1'='1"] })).length, 1);
    });

    test('labels change without touching anything else of a row, on every copy of the content', async () => {
      await space.add([row('a.png', 1), row('copy.png', 1), row('b.png', 2), row('part.png', 1, { part: 3 })]);
      await space.maintain({ force: true, warn: assert.fail, timeoutMs: 60_000 });
      await space.writeLabels(new Map([[key(1), formatMarks([{ label: 'cat' }])]]));
      const rows = (await space.page(0, 9)).assets;
      assert.deepEqual(rows.map(({ path, labels: kept }) => [path, kept?.map(each => each.label)]), [['a.png', ['cat']], ['b.png', undefined], ['copy.png', ['cat']], ['part.png', undefined]]);
      assert.equal(rows[0]!.sizeBytes, 3_000_000_000);
      assert.deepEqual((await space.get([{ root: 'r', path: 'a.png', part: 0 }]))[0]!.vector, vectorOf(1));
      assert.equal((await space.byWords(['copy'], 5, { every: true })).length, 1);
      assert.equal((await space.nearest(vectorOf(2), 1))[0]!.asset.path, 'b.png');
    });

    test('a label counts as a name', async () => {
      await space.add(Array.from({ length: 60 }, (_, index) => row(`${index}.png`, index)));
      await space.writeLabels(new Map([[key(7), formatMarks([{ label: 'lighthouse' }])]]));
      assert.deepEqual((await rank(space, { text: 'Lighthouse', vector: undefined, limit: 5, useNames: true })).hits.map(hit => hit.path), ['7.png']);
      assert.equal((await rank(space, { text: 'lighthouse', vector: vectorOf(3), limit: 5, useNames: true })).hits.some(hit => hit.path === '7.png'), true);
    });

    test('the batches of a scope hold the vectors that belong to the rows', async () => {
      await space.add(Array.from({ length: 700 }, (_, index) => row(`f${index % 2}/${index}.png`, index)));
      for (const scope of [{}, { filter: { folders: [{ root: 'r', path: 'f1' }] } }, { keys: Array.from({ length: 600 }, (_, index) => ({ root: 'r', path: `f${index % 2}/${index}.png`, part: 0 })) }]) {
        let rows = 0;
        for await (const batch of space.labelBatches(scope, { vectors: true })) {
          for (let at = 0; at < batch.length; at++, rows++) { assert.deepEqual(batch.vectorAt(at), vectorOf(Number(/(\d+)\.png/.exec(batch.keyAt(at).path)![1]))); }
        }
        assert.equal(rows, 'keys' in scope ? 600 : 'filter' in scope ? 350 : 700);
      }
    });

    test('a table of an earlier version gets its column from the next writer', async () => {
      await space.add([row('a.png', 1)]);
      const { connect } = await import('@lancedb/lancedb');
      for (const name of ['m_1_fp32_p1', 'm_1_fp32_p1__retired']) { await (await (await connect(join(folder, 'lance'))).openTable(name)).dropColumns(['labels']); }
      const again = await Store.open(folder);
      const reader = (await again.openSpace('m_1_fp32_p1', dim, false))!;
      assert.deepEqual((await reader.page(0, 9)).assets.map(asset => asset.path), ['a.png']);
      const filter = (...labels: string[]) => ({ labels });
      assert.deepEqual([await reader.count(filter('cat')), await reader.count(filter('')), await reader.count(filter('cat', ''))], [0, 1, 1]);
      assert.deepEqual([(await reader.nearest(vectorOf(1), 5, filter('cat'))).length, (await reader.nearest(vectorOf(1), 5, filter(''))).length], [0, 1]);
      assert.deepEqual([(await reader.page(0, 9, filter('cat'))).total, await reader.labelCounts(filter('cat'))], [0, { labels: [], unlabelled: 0 }]);
      assert.deepEqual((await rank(reader, { text: 'a', vector: vectorOf(1), limit: 5, useNames: true, filter: filter('cat') })).hits, []);
      const writer = (await again.openSpace('m_1_fp32_p1', dim, true))!;
      await writer.writeLabels(new Map([[key(1), formatMarks([{ label: 'cat' }])]]));
      await writer.keepVectors([{ root: 'r', path: 'a.png' }]);
      await writer.remove([{ root: 'r', path: 'a.png' }]);
      assert.equal((await writer.contents(['h1'])).get('h1')![0]!.labels, '|cat=|');
    });
  });

  suite('ranking', () => {
    const paths = async (text: string, seed: number | undefined, limit = 10, useNames = true) =>
      (await rank(space, { text, vector: seed === undefined ? undefined : vectorOf(seed), limit, useNames })).hits.map(hit => hit.path);

    for (const indexed of [false, true]) {
      test(`an exact name is never missed among 2,000 rows (${indexed ? 'with' : 'without'} a full-text index)`, async () => {
        // The folder makes every row match the words too, so that only exactness tells.
        await space.add(Array.from({ length: 2000 }, (_, index) => row(`shopping/cart/item cart ${index}.png`, index)));
        await space.add([row('z/deep/shopping-cart.svg', 5000), row('y/ShoppingCart.png', 5001)]);
        if (indexed) { await space.maintain({ force: true, warn: assert.fail, timeoutMs: 60_000 }); }
        for (const text of ['shopping cart', 'ShoppingCart', 'shopping-cart.svg', 'SHOPPING_CART']) {
          assert.deepEqual((await paths(text, 3, 2)).sort(), ['y/ShoppingCart.png', 'z/deep/shopping-cart.svg'], text);
        }
        assert.equal((await paths('item cart 1234', 3, 1))[0], 'shopping/cart/item cart 1234.png');
        assert.ok(!(await paths('shopping cart', 3, 10, false)).includes('y/ShoppingCart.png'), 'pictures alone');
      });
    }

    test('a cell is found by its own name, exactly and by words; its sheet by the file name alone', async () => {
      const cell = (part: number, title: string) => row('hero.png', 10 + part, { hash: 'h', part, title, cells: 3, x: part });
      await space.add([row('hero.png', 10, { hash: 'h', cells: 3 }), cell(1, 'ui/run_03'), cell(2, 'jump'), cell(3, ''), row('other.png', 20)]);
      await space.maintain({ force: true, warn: assert.fail, timeoutMs: 60_000 });
      const found = async (text: string) => (await rank(space, { text, vector: undefined, limit: 10, useNames: true })).hits.map(hit => `${hit.path} ${hit.part}`);
      assert.deepEqual([await found('run_03'), await found('jumps'), await found('hero'), await found('ui')], [['hero.png 1'], ['hero.png 2'], ['hero.png 0'], ['hero.png 1']]);
      const all = (await rank(space, { text: 'x', vector: vectorOf(12), limit: 10, useNames: false })).hits;
      assert.equal(new Set(all.map(hit => hit.hash)).size, 5);
      assert.deepEqual(all[0]!.cell, { x: 2, y: 0, width: 1, height: 2, name: 'jump' });
      assert.deepEqual((await space.get([{ root: 'r', path: 'hero.png', part: 2 }, { root: 'r', path: 'other.png', part: 0 }])).map(({ asset }) => asset.part).sort(), [0, 2]);
    });

    test('of one name, a file comes before the cell of a sheet, whichever looks more like the query', async () => {
      await space.add([row('atlas.png', 30, { hash: 'h', cells: 1 }), row('atlas.png', 1, { hash: 'h', part: 1, title: 'heart.png', cells: 1, x: 1 }), row('icons/heart.svg', 2), ...Array.from({ length: 20 }, (_, index) => row(`${index}.png`, 40 + index))]);
      const found = (await rank(space, { text: 'heart', vector: vectorOf(1), limit: 10, useNames: true })).hits.map(hit => `${hit.path} ${hit.part}`);
      assert.deepEqual(found.slice(0, 2), ['icons/heart.svg 0', 'atlas.png 1']);
    });

    test('a golden of pictures and names together', async () => {
      await space.add([row('cart.png', 1), row('icons/basket.png', 2), row('cart/wheel.png', 3), row('trash.png', 4), row('購物車.png', 5), row('a.png', 6, { title: 'Bin for waste', words: indexWords('a.png', 'Bin for waste') })]);
      await space.maintain({ force: true, warn: assert.fail, timeoutMs: 60_000 });
      assert.deepEqual((await paths('cart', 2)).slice(0, 3), ['cart.png', 'cart/wheel.png', 'icons/basket.png']);
      assert.equal((await paths('tras', 2))[0], 'trash.png');
      assert.equal((await paths('物車', undefined))[0], '購物車.png');
      assert.deepEqual(await paths('waste bins', undefined), ['a.png']);
      assert.deepEqual((await paths('carts', undefined)).sort(), ['cart.png', 'cart/wheel.png']);
      assert.deepEqual(await paths('nothing like it', undefined), []);
    });

    test('what fits comes first: by its picture, or by a name with all the words; the rest is weak', async () => {
      await space.add([row('x.png', 1), row('red cart.png', 2), row('red bus.png', 3), row('y.png', 4)]);
      const vector = vectorOf(1);
      const cosine = (seed: number) => vectorOf(seed).reduce((sum, value, index) => sum + value * vector[index]!, 0);
      assert.ok(Math.max(cosine(2), cosine(3), cosine(4)) < 0.9);
      const { hits, strong } = await rank(space, { text: 'red cart', vector, strongFrom: 0.9, limit: 10, useNames: true });
      assert.equal(strong, 2);
      assert.deepEqual(hits.slice(0, 2).map(hit => hit.path).sort(), ['red cart.png', 'x.png']);
      assert.equal(hits.length, 4);
      assert.deepEqual(await rank(space, { text: 'red cart', vector, strongFrom: 0.9, limit: 1, useNames: true }).then(({ hits, strong }) => [hits.length, strong]), [1, 1]);
      assert.equal((await rank(space, { text: 'red cart', vector, limit: 10, useNames: true })).strong, undefined);
    });

    test('a sample is spread over the whole table, also where rows were removed', async () => {
      assert.equal((await space.sample(10)).rows, 0);
      await space.add(Array.from({ length: 100 }, (_, index) => row(`${index}.png`, index)));
      await space.remove(Array.from({ length: 50 }, (_, index) => ({ root: 'r', path: `${index}.png` })));
      await space.refresh();
      const again = (await store.openSpace('m_1_fp32_p1', dim, false))!;
      const { rows, total, vectors, embeddingDim } = await again.sample(10);
      assert.deepEqual([rows, total, vectors.length, embeddingDim], [10, 50, 10 * dim, dim]);
      const seeds = Array.from({ length: 10 }, (_, at) => Array.from({ length: 100 }, (_, seed) => seed).find(seed => vectorOf(seed).every((value, index) => Math.abs(value - vectors[at * dim + index]!) < 1e-6)));
      assert.deepEqual(seeds, [52, 57, 62, 67, 72, 77, 82, 87, 92, 97]);
      assert.equal((await again.sample(1000)).rows, 50);
    });

    test('whatever is typed is text, never syntax', async () => {
      await space.add([row('a.png', 1)]);
      for (const text of ['"', "'", '*', 'a AND', 'NOT a', 'a:b', '(a', '[', '\\', '%', '_', '\0', 'x'.repeat(5000), 'w '.repeat(2500), '😀', "'; DROP TABLE x; --"]) {
        await rank(space, { text, vector: vectorOf(1), limit: 5, useNames: true });
      }
      assert.equal(await space.count(), 1);
    });

    test('a hit found by its name alone carries its true cosine', async () => {
      await space.add([...Array.from({ length: 100 }, (_, index) => row(`x${index}.png`, 7)), row('needle.png', 8)]);
      const { hits: [hit] } = await rank(space, { text: 'needle', vector: vectorOf(7), limit: 3, useNames: true });
      const cosine = vectorOf(7).reduce((sum, value, index) => sum + value * vectorOf(8)[index]!, 0);
      assert.equal(hit!.path, 'needle.png');
      assert.ok(Math.abs(hit!.score! - cosine) < 1e-6);
      assert.deepEqual(hit!.matched, { visual: false, name: true });
    });
  });
});
