/** Import of a model of one's own: copied whole or not at all, once, and never over another one. */
import assert from 'node:assert/strict';
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createImageEncoder, createTextEncoder } from '../../src/core/encoder';
import { loadModel, type Model } from '../../src/core/model';
import { importModel, type ImportOptions } from '../../src/core/modelImport';
import { catalog } from '../../src/models/catalog';
import { listModels, listPartial, lockModel } from '../../src/models/modelsFolder';
import { FileLock } from '../../src/lock';
import { combinedGraph, imageTower, textTower, wordTokenizer, wordVectors } from '../onnxGraphs';

const size = 8;
const options = { device: 'cpu', threads: 1 } as const;
const red = Uint8Array.from({ length: 3 * size * size }, (_, index) => index % 3 === 0 ? 255 : 0);

suite('model import', () => {
  let parent: string;
  let models: string;
  setup(() => { parent = mkdtempSync(join(tmpdir(), 'import-')); models = join(parent, 'models'); });
  teardown(() => rmSync(parent, { recursive: true, force: true }));

  const write = (folder: string, path: string, content: Buffer | object): void => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), Buffer.isBuffer(content) ? content : JSON.stringify(content));
  };
  function writeHub(name: string, vocabulary = 16): string {
    const folder = join(parent, name);
    write(folder, 'config.json', { model_type: 'clip', projection_dim: 4 });
    write(folder, 'preprocessor_config.json', { size: { height: size, width: size }, image_mean: [0, 0, 0], image_std: [1, 1, 1] });
    write(folder, 'tokenizer.json', wordTokenizer());
    write(folder, 'onnx/vision_model.onnx', imageTower({ size }));
    write(folder, 'onnx/text_model.onnx', textTower({ vocabulary }));
    return folder;
  }
  const check: ImportOptions['check'] = async () => undefined;
  async function encode(model: Model): Promise<{ image: number[]; text: number[] }> {
    const [images, texts] = [await createImageEncoder(model, options), await createTextEncoder(model, options)];
    try { return { image: [...(await images.encode([red]))[0]!].map(Math.round), text: [...(await texts.encode(['red']))[0]!].map(Math.round) }; } finally { await images.dispose(); await texts.dispose(); }
  }
  const contents = (): string[] => readdirSync(models, { recursive: true }).map(String).filter(path => !path.endsWith('.lock')).sort();

  test('a folder becomes a model that loads, lists and encodes, under the name of the folder', async () => {
    let checked: string | undefined;
    const { folder, manifest, unchanged } = await importModel(writeHub('My model!'), models, { check: async model => { checked = model.manifest.id; } });
    assert.deepEqual([folder, unchanged, checked, manifest.id, manifest.name], [join(models, 'My-model', 'fp32'), false, 'My-model', 'My-model', 'My model!']);
    assert.deepEqual((await listModels(models)).map(({ id, variant, damaged }) => ({ id, variant, damaged })), [{ id: 'My-model', variant: 'fp32', damaged: undefined }]);
    assert.deepEqual(await listPartial(models), []);
    const model = await loadModel(folder);
    assert.deepEqual(model.manifest, manifest);
    assert.deepEqual(await encode(model), { image: [1, 0, 0, 0], text: [1, 0, 0, 0] });
  });

  test('one graph with both towers and weights beside it', async () => {
    const from = writeHub('both');
    rmSync(join(from, 'onnx'), { recursive: true });
    write(from, 'onnx/model.onnx', combinedGraph({ size, externalWords: 'model.onnx_data' }));
    write(from, 'onnx/model.onnx_data', Buffer.from(wordVectors({}).buffer));
    const { folder } = await importModel(from, models, { check });
    assert.deepEqual(readdirSync(folder, { recursive: true }).map(path => String(path).replaceAll('\\', '/')).sort(), ['model.json', 'onnx', 'onnx/model.onnx', 'onnx/model.onnx_data', 'tokenizer.json']);
    assert.deepEqual(await encode(await loadModel(folder)), { image: [1, 0, 0, 0], text: [1, 0, 0, 0] });
    appendFileSync(join(folder, 'onnx/model.onnx_data'), 'x');
    await assert.rejects(loadModel(folder), { code: 'modelCorrupt' });
  });

  test('the same again changes nothing; another one needs another name; a damaged one is repaired', async () => {
    const from = writeHub('mine');
    const { folder } = await importModel(from, models, { check });
    const before = contents();
    assert.equal((await importModel(from, models, { check })).unchanged, true);
    assert.deepEqual(contents(), before);
    const other = writeHub('other', 17);
    await assert.rejects(importModel(other, models, { name: 'mine', check }), { code: 'usage' });
    assert.equal((await importModel(from, models, { check })).unchanged, true);
    assert.equal((await importModel(other, models, { name: 'theirs', check })).manifest.name, 'theirs');
    rmSync(join(folder, 'tokenizer.json'));
    assert.equal((await importModel(from, models, { check })).unchanged, false);
    await loadModel(folder);
  });

  test('a model that fails its check, or an import that is stopped, leaves nothing', async () => {
    const from = writeHub('mine');
    await assert.rejects(importModel(from, models, { check: () => Promise.reject(new Error('worse than chance')) }), /worse than chance/);
    const stop = new AbortController();
    await assert.rejects(importModel(from, models, { check: async () => stop.abort(), signal: stop.signal }), { code: 'cancelled' });
    await assert.rejects(importModel(from, models, { check, signal: stop.signal }), { code: 'cancelled' });
    assert.deepEqual([await listModels(models), await listPartial(models)], [[], []]);
    assert.equal(existsSync(join(models, 'mine')), false);
  });

  test('names that others have, or that are none', async () => {
    const from = writeHub('mine');
    const known = catalog[0]!;
    for (const name of ['builtin', known.id]) { await assert.rejects(importModel(from, models, { name, check }), { code: 'usage' }); }
    for (const name of ['../mine', 'a/b', 'a@b', '']) { await assert.rejects(importModel(from, models, { name, check }), { code: 'modelInvalid' }); }
    // What was downloaded elsewhere keeps its name: it is the same model.
    const { folder } = await importModel(from, models, { check });
    const carried = JSON.parse(readFileSync(join(folder, 'model.json'), 'utf8')) as object;
    writeFileSync(join(folder, 'model.json'), JSON.stringify({ ...carried, id: known.id, source: { repo: known.repo, commit: 'a'.repeat(40), files: {} } }));
    assert.equal((await importModel(folder, join(parent, 'here'), { check })).manifest.id, known.id);
  });

  test('while another process writes the model', async () => {
    const from = writeHub('mine');
    const lock = await lockModel(models, 'mine', 'fp32');
    assert.ok(lock instanceof FileLock);
    try { await assert.rejects(importModel(from, models, { check }), { code: 'modelBusy' }); } finally { lock.release(); }
    await importModel(from, models, { check });
  });

  test('a folder without a model', async () => {
    mkdirSync(join(parent, 'empty'));
    await assert.rejects(importModel(join(parent, 'empty'), models, { check }), { code: 'modelMissing' });
    assert.equal(existsSync(models), false);
  });
});
