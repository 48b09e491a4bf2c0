import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileLock } from '../../src/lock';
import { catalog } from '../../src/models/catalog';
import type { Manifest } from '../../src/models/manifest';
import { defaultModelsFolder, findModel, listModels, listPartial, lockModel, modelFolder, removeModel } from '../../src/models/modelsFolder';

suite('models\' folder', () => {
  let folder: string;
  setup(() => { folder = mkdtempSync(join(tmpdir(), 'models-')); });
  teardown(() => rmSync(folder, { recursive: true, force: true }));

  function install(id: string, variant: string): string {
    const own = join(folder, id, variant);
    mkdirSync(own, { recursive: true });
    const file = (path: string) => { writeFileSync(join(own, path), path); return { path, sha256: createHash('sha256').update(path).digest('hex'), sizeBytes: path.length }; };
    const { name, description, preprocessingVersion, embeddingDim, image, text, score, promptTemplates } = catalog[0]!;
    const manifest: Manifest = {
      id, variant, revision: '1', name, description, license: 'MIT', preprocessingVersion, embeddingDim, image, text, score, promptTemplates,
      files: { vision: file('vision.onnx'), text: file('text.onnx'), tokenizer: file('tokenizer.json') },
    };
    writeFileSync(join(own, 'model.json'), JSON.stringify(manifest));
    return own;
  }
  const names = async (): Promise<string[]> => (await listModels(folder)).map(({ id, variant, damaged }) => `${id}@${variant}${damaged === undefined ? '' : ' damaged'}`);

  test('lists complete and damaged models, and nothing that is none', async () => {
    assert.deepEqual(await names(), []);
    assert.deepEqual(await listModels(join(folder, 'missing')), []);
    for (const [id, variant] of [['b', 'fp32'], ['a', 'int8'], ['a', 'fp32']] as const) { install(id, variant); }
    truncateSync(join(install('c', 'short'), 'vision.onnx'), 3);
    unlinkSync(join(install('c', 'missing'), 'tokenizer.json'));
    writeFileSync(join(install('c', 'torn'), 'model.json'), '{');
    mkdirSync(join(folder, 'photos', '2020'), { recursive: true });
    writeFileSync(join(folder, 'calibration.json'), '{}');
    assert.deepEqual(await names(), ['a@fp32', 'a@int8', 'b@fp32', 'c@missing damaged', 'c@short damaged', 'c@torn damaged']);
    const [first] = await listModels(folder);
    assert.equal(first!.sizeBytes, 'vision.onnxtext.onnxtokenizer.json'.length + readFileSync(join(first!.folder, 'model.json')).length);
  });

  test('finds by id, in the catalogue\'s order of variants, or by variant', async () => {
    const { id, variants } = catalog[0]!;
    const [first, second] = variants.map(({ variant }) => variant);
    for (const variant of ['aaa', second!, first!]) { install(id, variant); }
    assert.equal((await findModel(folder, id))!.variant, first);
    assert.equal((await findModel(folder, `${id}@aaa`))!.variant, 'aaa');
    assert.equal(await findModel(folder, `${id}@none`), undefined);
    assert.equal(await findModel(folder, 'none'), undefined);
  });

  test('removes one variant or all, with what interrupted downloads left, and no other folder', async () => {
    for (const [id, variant] of [['a', 'int8'], ['a', 'fp32'], ['b', 'fp32']] as const) { install(id, variant); }
    mkdirSync(join(folder, '.partial', 'a@fp16'), { recursive: true });
    writeFileSync(join(folder, '.partial', 'a@fp16', 'x.part'), Buffer.alloc(100));
    mkdirSync(join(folder, 'photos', '2020'), { recursive: true });
    assert.deepEqual(await listPartial(folder), [{ id: 'a', variant: 'fp16', sizeBytes: 100 }]);
    assert.ok(await removeModel(folder, 'a@int8') > 100);
    assert.deepEqual(await names(), ['a@fp32', 'b@fp32']);
    await removeModel(folder, 'a');
    assert.deepEqual(await names(), ['b@fp32']);
    assert.deepEqual(await listPartial(folder), []);
    assert.ok(!existsSync(join(folder, 'a')));
    for (const name of ['a', 'photos', 'photos@2020', '..', '']) { await assert.rejects(removeModel(folder, name), { code: 'modelMissing' }); }
    assert.ok(existsSync(join(folder, 'photos', '2020')));
  });

  test('removes nothing while somebody writes it', async () => {
    install('a', 'fp32');
    const lock = await lockModel(folder, 'a', 'fp32');
    assert.ok(lock instanceof FileLock);
    await assert.rejects(removeModel(folder, 'a'), { code: 'modelBusy' });
    lock.release();
    await removeModel(folder, 'a');
    assert.deepEqual(await names(), []);
  });

  test('has plain names only', () => {
    for (const name of ['', '.', '..', 'a/b', 'a\\b', 'a:b', '.hidden', 'a.', 'a'.repeat(101), 'con', 'Aux.txt', 'LPT1']) { assert.throws(() => modelFolder(folder, name, 'fp32'), { code: 'modelInvalid' }); }
    assert.equal(modelFolder(folder, 'clip-vit_b.32', 'fp16'), join(folder, 'clip-vit_b.32', 'fp16'));
  });

  test('lies among the platform\'s caches', () => {
    assert.equal(defaultModelsFolder({}, 'linux', '/home/u'), join('/home/u', '.cache', 'asset-search', 'models'));
    assert.equal(defaultModelsFolder({ XDG_CACHE_HOME: '/x' }, 'linux', '/home/u'), join('/x', 'asset-search', 'models'));
    assert.equal(defaultModelsFolder({}, 'darwin', '/Users/u'), join('/Users/u', 'Library', 'Caches', 'asset-search', 'models'));
    assert.equal(defaultModelsFolder({ LOCALAPPDATA: '/local' }, 'win32', '/Users/u'), join('/local', 'asset-search', 'models'));
    assert.equal(defaultModelsFolder({ ASSET_SEARCH_MODELS: '/m' }, 'linux', '/home/u'), join('/m'));
  });
});
