/** The catalogue: each row makes a manifest, and what is recommended may be used by everybody. */
import assert from 'node:assert/strict';
import { catalog, findInCatalog } from '../../src/models/catalog';
import { parseManifest, spaceName } from '../../src/models/manifest';

suite('catalogue', () => {
  test('each variant of each row is a valid manifest once its files have hashes, with a space of its own', () => {
    const spaces = new Set<string>();
    let count = 0;
    for (const row of catalog) {
      for (const { variant, files } of row.variants) {
        const hashed = Object.fromEntries(Object.entries(files).map(([name, path]) => [name, { path, sha256: 'a'.repeat(64), sizeBytes: 1 }]));
        const { image, text, score } = row;
        const manifest = parseManifest({ ...row, revision: 'abc', variant, license: row.license.spdx, files: hashed });
        assert.deepEqual({ image: manifest.image, text: manifest.text, score: manifest.score }, { image, text, score }, row.id);
        spaces.add(spaceName(manifest));
        count++;
      }
    }
    assert.ok(count >= 12);
    assert.equal(spaces.size, count);
  });

  test('ids are folder names, repositories and commits have their form, and every row says what it is', () => {
    for (const { id, repo, commit, tokenizerRepo, license, variants, note, description, bestFor, languages } of catalog) {
      assert.match(id, /^[a-z0-9][a-z0-9.-]*$/);
      for (const at of [{ repo, commit }, ...tokenizerRepo ? [tokenizerRepo] : []]) {
        assert.match(at.repo, /^[\w.-]+\/[\w.-]+$/);
        if (at.commit !== undefined) { assert.match(at.commit, /^[0-9a-f]{40}$/); }
      }
      assert.match(license.url, /^https:\/\//);
      assert.ok(variants.length > 0 && variants.every(({ sizeBytes }) => sizeBytes > 1e6), id);
      for (const words of [license.name, note, description, bestFor, languages]) { assert.ok(words.length > 2, id); }
    }
  });

  test('one row is recommended for each need, and none of them is for research alone', () => {
    const recommended = catalog.filter(row => row.recommended !== undefined);
    assert.deepEqual(recommended.map(row => row.recommended).sort(), ['english', 'multilingual', 'small']);
    assert.ok(recommended.every(row => !row.license.researchOnly && row.verified === 'verified'));
  });

  test('found by id and by id@variant', () => {
    const [first] = catalog;
    assert.equal(findInCatalog(first!.id)?.variant, first!.variants[0]);
    const last = first!.variants.at(-1)!;
    assert.equal(findInCatalog(`${first!.id}@${last.variant}`)?.variant, last);
    assert.deepEqual([findInCatalog(`${first!.id}@nothing`), findInCatalog('nothing')], [undefined, undefined]);
  });
});
