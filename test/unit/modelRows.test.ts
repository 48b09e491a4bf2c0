/** Which models the list offers, under which names, and that the catalogue is said in every language. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { modelRows, settingName, variantRows } from '../../src/host/modelRows';
import { catalog } from '../../src/models/catalog';
import { locateModel, type InstalledModel } from '../../src/models/modelsFolder';

const builtin = { name: 'Built-in', variant: 'fp16', license: 'MIT', sizeBytes: 1e7 };
const installed = (id: string, variant: string): InstalledModel => ({ id, variant, folder: `/models/${id}/${variant}`, sizeBytes: 5 });
const listed = (current: string, here: InstalledModel[] = [], partial: { id: string; variant: string; sizeBytes: number }[] = []) => modelRows({ builtin, installed: here, partial }, current, catalog);
const names = (rows: ReturnType<typeof listed>, group: string) => rows.filter(row => row.group === group).map(row => row.name);

suite('rows of the list of models', () => {
  test('what is used comes first, then what is here, what is recommended, and all else, each once', () => {
    const rows = listed('mine', [installed('clip-vit-base-patch32', 'int8'), installed('mine', 'fp32')]);
    assert.deepEqual(names(rows, 'current'), ['mine']);
    assert.deepEqual(names(rows, 'installed'), ['builtin', 'clip-vit-base-patch32@int8']);
    assert.deepEqual(names(rows, 'recommended'), catalog.filter(({ recommended }) => recommended).map(({ id }) => id));
    assert.equal(new Set(rows.map(({ id }) => id)).size, rows.length);
    assert.equal(rows.length, catalog.length + 2);
    const { title, license, installed: own } = rows.find(({ id }) => id === 'mine')!;
    assert.deepEqual([title, license, own?.variant], ['mine', '', 'fp32'], 'a model without a manifest is listed, to be removed');
  });

  test('the model of the settings is there in the size that they name, also before it is downloaded; an unknown one is not', () => {
    const [first, ...rest] = listed('siglip2-base-patch16-224@fp16', [], [{ id: 'siglip2-base-patch16-224', variant: 'fp16', sizeBytes: 7 }]);
    assert.deepEqual([first!.group, first!.name, first!.variant, first!.partialBytes, first!.installed], ['current', 'siglip2-base-patch16-224@fp16', 'fp16', 7, undefined]);
    assert.ok(!rest.some(({ id }) => id === first!.id));
    assert.deepEqual(names(listed('no-such-model'), 'current'), []);
    assert.deepEqual(names(listed('builtin'), 'current'), ['builtin']);
    assert.equal(listed('clip-vit-base-patch32', [installed('clip-vit-base-patch32', 'int8')])[0]!.name, 'clip-vit-base-patch32@int8', 'without a size, the one that is here');
  });

  test('all sizes of one model, with what is here', () => {
    const model = catalog.find(({ id }) => id === 'clip-vit-base-patch32')!;
    const rows = variantRows(model, [{ id: model.id, variant: 'fp16', sizeBytes: 9 }], [installed(model.id, 'int8')]);
    assert.deepEqual(rows.map(({ name, sizeBytes, partialBytes, installed: here }) => [name, sizeBytes, partialBytes, here !== undefined]),
      [[model.id, model.variants[0]!.sizeBytes, undefined, false], [`${model.id}@fp16`, model.variants[1]!.sizeBytes, 9, false], [`${model.id}@int8`, 5, undefined, true]]);
  });

  test('a name leads to the folder that it stands for', () => {
    const folder = mkdtempSync(join(tmpdir(), 'models-'));
    try {
      for (const path of ['clip-vit-base-patch32/int8', 'clip-vit-base-patch32/fp16', 'mine/int8', 'two/fp16', 'two/fp32']) { mkdirSync(join(folder, path), { recursive: true }); }
      writeFileSync(join(folder, 'mine', 'desktop.ini'), '');
      for (const [name, path] of Object.entries({
        'clip-vit-base-patch32': 'clip-vit-base-patch32/fp16', 'clip-vit-base-patch32@int8': 'clip-vit-base-patch32/int8', 'clip-vit-base-patch32@fp32': 'clip-vit-base-patch32/fp32',
        'mine': 'mine/int8', 'two@fp32': 'two/fp32', 'tinyclip-vit-8m-16': 'tinyclip-vit-8m-16/int8',
      })) { assert.equal(locateModel(folder, name), join(folder, path), name); }
      for (const name of ['../x', 'a/b', '', '@fp32', 'mine@../x', '.partial']) { assert.throws(() => locateModel(folder, name), { code: 'modelInvalid' }, name); }
      const here = [installed('two', 'fp16'), installed('two', 'fp32'), installed('mine', 'int8')];
      for (const { id, variant } of here) { assert.equal(locateModel(folder, settingName(id, variant, here, catalog)), join(folder, id, variant)); }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('every word of the catalogue that is shown can be translated', () => {
    const offered = JSON.parse(readFileSync(join(process.cwd(), 'l10n', 'bundle.l10n.json'), 'utf8')) as Record<string, string>;
    const source = readFileSync(join(process.cwd(), 'src', 'host', 'catalogTexts.ts'), 'utf8').replaceAll('\\\'', '\'');
    for (const { bestFor, languages, description, verified, note } of catalog) {
      for (const text of [bestFor, languages, description, ...verified === 'verified' ? [] : [note]]) {
        assert.ok(text in offered, text);
        assert.ok(source.includes(`t('${text}')`), text);
      }
    }
  });
});
