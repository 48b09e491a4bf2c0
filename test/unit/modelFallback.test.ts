/** A model that cannot be used leaves nobody without search: the index that is there goes on, or the built-in model serves, and the status says why. */
import assert from 'node:assert/strict';
import { appendFileSync, copyFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NameService } from '../../src/core/nameService';
import { defaultExclude } from '../../src/core/scan';
import { AssetService } from '../../src/core/service';
import type { IndexStatus, OpenParams } from '../../src/protocol';
import { imageTower, textTower, wordTokenizer } from '../onnxGraphs';

const icons = join(process.cwd(), 'node_modules', 'lucide-static', 'icons');
const dist = join(process.cwd(), 'dist');
const builtin = join(process.cwd(), 'media', 'builtin');

suite('a model that cannot be used', function () {
  this.timeout(120_000);
  let folder: string;
  let root: string;
  let service: AssetService;
  let seen: IndexStatus[];

  setup(() => {
    folder = mkdtempSync(join(tmpdir(), 'fallback-'));
    root = join(folder, 'root');
    mkdirSync(root);
    seen = [];
    for (const icon of ['heart', 'bell', 'anchor']) { put(icon); }
    service = new AssetService({
      processes: { decoder: join(dist, 'decodeProcess.js'), encoder: join(dist, 'encodeProcess.js'), verifier: join(dist, 'conformanceProcess.js') },
      keepOtherRoots: false, waitForLock: true, onStatus: status => seen.push(status), onLog: () => undefined,
    });
  });
  teardown(async () => { await service.settle(); await service.close(); rmSync(folder, { recursive: true, force: true }); });

  const put = (icon: string) => copyFileSync(join(icons, `${icon}.svg`), join(root, `${icon}.svg`));
  const params = (modelFolder: string): OpenParams => ({
    roots: [{ id: 'r', path: root }], rules: { exclude: [...defaultExclude], include: [], gitignore: true, maxFileSizeBytes: 1e6, maxPixels: 1e8, splitSheets: true },
    dbFolder: join(folder, 'db'), modelFolder, fallbackModelFolder: builtin, device: 'cpu', threads: 2, maxThumbnailBytes: 0,
  });
  const best = async (text: string) => (await service.search({ text, limit: 1, useNames: false })).hits[0]?.path;

  /** Our own model under another name: it passes the check, and its vectors are of another space. */
  function copyModel(id: string): string {
    const copy = join(folder, id);
    cpSync(builtin, copy, { recursive: true });
    writeFileSync(join(copy, 'model.json'), JSON.stringify({ ...JSON.parse(readFileSync(join(builtin, 'model.json'), 'utf8')) as object, id, name: id }));
    return copy;
  }
  function untrained(): string {
    const model = join(folder, 'untrained');
    mkdirSync(model);
    const write = (name: string, content: Buffer | object) => writeFileSync(join(model, name), Buffer.isBuffer(content) ? content : JSON.stringify(content));
    write('config.json', { model_type: 'clip', projection_dim: 4 });
    write('preprocessor_config.json', { size: { height: 8, width: 8 }, image_mean: [0, 0, 0], image_std: [1, 1, 1] });
    write('tokenizer.json', wordTokenizer());
    write('vision_model.onnx', imageTower({ size: 8 }));
    write('text_model.onnx', textTower());
    return model;
  }

  test('one that is not there: the built-in model indexes and finds', async () => {
    const { model, modelProblem } = await service.open(params(join(folder, 'none')));
    assert.deepEqual([model.id, modelProblem?.code], ['builtin', 'modelMissing']);
    await service.index({});
    assert.equal(await best('anchor'), 'anchor.svg');
    assert.equal(service.status().modelProblem?.code, 'modelMissing', 'it is said as long as it is so');
  });

  test('one that is damaged: the index there is goes on', async () => {
    const [own, damaged] = [copyModel('own'), copyModel('damaged')];
    await service.open(params(own));
    await service.index({});
    appendFileSync(join(damaged, 'tokenizer.json'), ' ');
    const { model, modelProblem } = await service.open(params(damaged));
    assert.deepEqual([model.id, modelProblem?.code], ['own', 'modelCorrupt']);
    assert.equal(await best('bell'), 'bell.svg');
    put('plane');
    const { indexed, unchanged } = await service.index({});
    assert.deepEqual([indexed, unchanged], [1, 3]);
    // The one that served is gone as well.
    rmSync(own, { recursive: true });
    assert.equal((await service.open(params(damaged))).model.id, 'builtin');
    await service.index({});
    assert.equal(await best('plane'), 'plane.svg');
  });

  test('one that fails its check, in a new folder and beside an index', async () => {
    const model = untrained();
    assert.equal((await service.open(params(model))).modelProblem, undefined, 'what was never used is checked by the first run');
    assert.equal((await service.index({})).indexed, 3);
    assert.deepEqual([service.status().state, service.status().model.id, service.status().modelProblem?.code], ['idle', 'builtin', 'modelInvalid']);
    assert.equal(await best('heart'), 'heart.svg');
    await service.open(params(model));
    assert.equal(await best('heart'), 'heart.svg');
    put('plane');
    assert.equal((await service.index({})).unchanged, 3, 'nothing is encoded again');
    assert.equal(service.status().modelProblem?.code, 'modelInvalid');
  });

  test('another one answers from the old index until its own is complete', async () => {
    await service.open(params(builtin));
    await service.index({});
    await service.open(params(copyModel('own')));
    assert.deepEqual([service.status().model.id, service.status().serving?.id], ['own', 'builtin']);
    assert.equal(await best('bell'), 'bell.svg');
    await service.index({});
    assert.ok(seen.some(({ state, serving, progress }) => state === 'indexing' && progress && serving?.id === 'builtin'));
    assert.equal(service.status().serving, undefined);
    assert.equal(await best('bell'), 'bell.svg');
  });

  test('where names alone are searched, no model is missed', async () => {
    const names = new NameService({ reason: { code: 'platformUnsupported', message: '' }, onStatus: () => undefined, onLog: () => undefined });
    assert.equal((await names.open(params(join(folder, 'none')))).assets, 3);
    await assert.rejects(names.verifyModel(), { code: 'platformUnsupported' });
  });

  test('checking and importing for those who choose', async () => {
    await service.open(params(builtin));
    const modelsFolder = join(folder, 'models');
    const own = copyModel('own');
    assert.deepEqual(await service.importModel({ from: own, modelsFolder, name: 'mine' }), { id: 'mine', variant: 'fp16', unchanged: false });
    await service.verifyModel({ folder: join(modelsFolder, 'mine', 'fp16') });
    await assert.rejects(service.importModel({ from: untrained(), modelsFolder }), { code: 'modelInvalid' });
    await assert.rejects(service.verifyModel({ folder: join(folder, 'none') }), { code: 'modelMissing' });
  });
});
