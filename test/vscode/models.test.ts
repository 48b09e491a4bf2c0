/** Models in a real VS Code: downloaded from a hub on this machine, checked, imported, chosen, and never in the way of a search. */
import assert from 'node:assert/strict';
import { copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { EngineClient } from '../../src/host/engineClient';
import type { Log } from '../../src/host/log';
import { Models } from '../../src/host/models';
import type { CatalogModel } from '../../src/models/catalog';
import { filesOf, type Manifest } from '../../src/models/manifest';
import { imageTower, textTower, wordTokenizer } from '../onnxGraphs';
import { HubServer, newCommit } from '../unit/hubServer';
import { api, extension, inWorkspace, names, putIcon, remove, until } from './support';

const builtin = (): string => join(extension().extensionPath, 'media', 'builtin');
const builtinManifest = (): Manifest => JSON.parse(readFileSync(join(builtin(), 'model.json'), 'utf8')) as Manifest;

suite('models from a hub', () => {
  let folder: string;
  let hub: HubServer;
  let models: Models;
  const engineParts: vscode.Disposable[] = [];
  const settings = { model: 'builtin', hubEndpoint: '' };

  /** Our own model's files as a row of the catalogue, and a model of CLIP's contract that was never trained. */
  function rows(): [CatalogModel, CatalogModel] {
    const { files, ...manifest } = builtinManifest();
    const paths = { vision: files.vision.path, text: files.text.path, tokenizer: files.tokenizer.path };
    const common = { bestFor: '', languages: 'English', license: { spdx: 'MIT', name: 'MIT License', url: 'https://example.org/license', researchOnly: false }, verified: 'verified' as const, note: '' };
    return [
      { ...manifest, ...common, id: 'icons', repo: 'someone/icons', commit: newCommit(), variants: [{ variant: 'fp16', files: paths, sizeBytes: 1e7 }] },
      {
        ...manifest, ...common, id: 'untrained', repo: 'someone/untrained', commit: newCommit(), embeddingDim: 4,
        variants: [{ variant: 'fp32', files: { vision: 'vision.onnx', text: 'text.onnx', tokenizer: 'tokenizer.json' }, sizeBytes: 1e4 }],
        image: { ...manifest.image, input: 'pixel_values', output: 'image_embeds', size: 8 }, text: { ...manifest.text, inputs: { ids: 'input_ids' }, output: 'text_embeds', padId: 0 },
      },
    ];
  }

  suiteSetup(async () => {
    folder = mkdtempSync(join(tmpdir(), 'models-'));
    const [icons, untrained] = rows();
    hub = await HubServer.start(icons.repo);
    hub.repos.push(untrained.repo);
    const { files } = builtinManifest();
    hub.push(Object.fromEntries(filesOf({ files }).map(({ path }) => [path, { bytes: readFileSync(join(builtin(), path)), lfs: path.includes('.onnx') }])), icons.commit);
    hub.push({ 'vision.onnx': { bytes: imageTower({ size: 8 }), lfs: true }, 'text.onnx': { bytes: textTower(), lfs: true }, 'tokenizer.json': { bytes: Buffer.from(JSON.stringify(wordTokenizer())), lfs: false } }, untrained.commit);
    settings.hubEndpoint = hub.endpoint;
    // A channel of the same name would be the extension's own, and closed with this one.
    const log = Object.fromEntries(['trace', 'debug', 'info', 'warn', 'error', 'write'].map(level => [level, () => undefined])) as unknown as Log;
    const images = join(folder, 'images');
    mkdirSync(images);
    const engine = new EngineClient({
      engineFile: join(extension().extensionPath, 'dist', 'engine.js'), log, paused: () => false,
      openParams: () => ({
        roots: [{ id: 'images', path: images }], rules: { exclude: [], include: [], gitignore: false, maxFileSizeBytes: 1e6, maxPixels: 1e6, splitSheets: false },
        dbFolder: join(folder, 'index'), modelFolder: builtin(), device: 'cpu', threads: 1, maxThumbnailBytes: 1e6,
      }),
    });
    const secrets = new Map<string, string>();
    models = new Models({
      context: {
        extensionUri: extension().extensionUri, globalStorageUri: vscode.Uri.file(folder),
        secrets: { get: async key => secrets.get(key), store: async (key, value) => void secrets.set(key, value), delete: async key => void secrets.delete(key), onDidChange: new vscode.EventEmitter<vscode.SecretStorageChangeEvent>().event },
      },
      log, engine, settings: { current: settings as never }, catalog: [icons, untrained],
    });
    engineParts.push(models, engine);
  });
  suiteTeardown(async () => {
    vscode.Disposable.from(...engineParts).dispose();
    await hub.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const download = async (index: number, signal = new AbortController().signal, onProgress: Parameters<Models['download']>[2]['onProgress'] = () => undefined) =>
    models.download(models.catalog[index]!, models.catalog[index]!.variants[0]!, { licenseAccepted: true, signal, onProgress });

  test('one is downloaded with its progress, by the token of the secret storage, passes its check and is listed', async () => {
    await models.setToken('hf_secret');
    const seen: number[] = [];
    let changes = 0;
    const listener = models.onDidChange(() => { changes++; });
    const target = await download(0, undefined, ({ doneBytes, totalBytes }) => seen.push(doneBytes / totalBytes));
    listener.dispose();
    assert.equal(seen.at(-1), 1);
    assert.deepEqual(seen, [...seen].sort((a, b) => a - b));
    assert.ok(hub.seen.filter(({ where }) => where === 'hub').every(({ headers }) => headers.authorization === 'Bearer hf_secret'));
    await models.setToken(undefined);
    assert.equal(await models.hasToken(), false);
    await models.verify(target);
    assert.deepEqual(await models.onDisk(), [{ id: 'icons', variant: 'fp16', title: builtinManifest().name, sizeBytes: (await models.installed())[0]!.sizeBytes, state: 'unused' }]);
    assert.equal(changes, 1);
  });

  test('one that was never trained is refused by its check, and can be removed', async () => {
    await assert.rejects(models.verify(await download(1)), { code: 'modelInvalid' });
    await models.remove('untrained', 'fp32');
    assert.deepEqual((await models.installed()).map(({ id }) => id), ['icons']);
  });

  test('a download that is cancelled is kept as what it is, and goes on', async () => {
    await models.remove('icons', 'fp16');
    const stop = new AbortController();
    // Some of it has to be there: the answer hangs after its first half.
    hub.misbehave = ({ where }, response) => { if (where !== 'cdn') { return false; } response.writeHead(200, { 'content-length': builtinManifest().files.vision.sizeBytes }); response.write(readFileSync(join(builtin(), builtinManifest().files.vision.path)).subarray(0, 1e5)); return true; };
    await assert.rejects(download(0, stop.signal, ({ doneBytes }) => { if (doneBytes > 0) { stop.abort(); } }), { code: 'cancelled' });
    hub.misbehave = undefined;
    const [partial] = await models.onDisk();
    assert.ok(partial?.state === 'partial' && partial.sizeBytes > 0);
    await download(0);
    assert.deepEqual((await models.onDisk()).map(({ state }) => state), ['unused']);
  });

  test('the one that the settings name stays', async () => {
    settings.model = 'icons';
    await assert.rejects(models.remove('icons', 'fp16'), { code: 'usage' });
    assert.ok(existsSync(join(models.folder, 'icons', 'fp16', 'model.json')));
    settings.model = 'builtin';
  });
});

suite('the model of a workspace', () => {
  let folder: string;
  const setting = () => vscode.workspace.getConfiguration('assetSearch');
  const status = async () => (await api()).status().catch(() => undefined); // asked in the moment the engine opens anew
  const search = async (text: string) => until(`an answer to ${text}`, () => api().then(each => each.search(text, { limit: 3, useFileNames: false })).then(found => found.length > 0 && names(found), () => undefined));
  /** In use, complete, and with nothing to complain of. */
  const becomes = (id: string) => until(`${id} to be used`, async () => {
    const now = await status();
    return now?.model.id === id && now.state === 'idle' && now.serving === undefined && now.lastRun !== undefined && now.modelProblem === undefined;
  });

  suiteSetup(async () => {
    folder = mkdtempSync(join(tmpdir(), 'model-'));
    cpSync(builtin(), join(folder, 'own'), { recursive: true });
    await putIcon('anchor', 'models', 'a1.svg');
    await (await api()).index();
  });
  teardown(async () => {
    await setting().update('model', undefined, vscode.ConfigurationTarget.Workspace);
    await becomes('builtin');
  });
  suiteTeardown(async () => {
    await remove('models');
    await remove('.vscode');
    await (await api()).index();
    rmSync(folder, { recursive: true, force: true });
  });

  test('a folder is imported, chosen and indexed; the old index answers until then, and is there when one goes back', async () => {
    const seen: (string | undefined)[] = [];
    const listener = (await api()).onDidChangeStatus(() => { void status().then(now => seen.push(now?.serving?.id)); });
    assert.equal(await vscode.commands.executeCommand('assetSearch.importModel', vscode.Uri.file(join(folder, 'own')), { name: 'own-icons', use: true }), 'own-icons');
    assert.equal(setting().inspect('model')?.workspaceValue, 'own-icons');
    assert.ok((await search('anchor')).includes('models/a1.svg'), 'at no time there is no answer');
    await becomes('own-icons');
    assert.ok((await search('anchor')).includes('models/a1.svg'));
    listener.dispose();
    assert.ok(seen.includes('builtin'), 'it was said which index answers meanwhile');
    assert.equal(await vscode.commands.executeCommand('assetSearch.chooseModel', 'builtin'), 'builtin');
    assert.equal(setting().inspect('model')?.workspaceValue, undefined, 'the default needs no line');
    await becomes('builtin');
    assert.equal((await (await api()).status()).lastRun?.indexed, 0, 'going back encodes nothing');
  });

  test('one that is not there is said, and the built-in model answers', async () => {
    await setting().update('model', 'clip-vit-base-patch32@int8', vscode.ConfigurationTarget.Workspace);
    const { model, modelProblem } = await until('the reason', async () => { const now = await status(); return now?.modelProblem && now; });
    assert.deepEqual([model.id, modelProblem?.code], ['builtin', 'modelMissing']);
    assert.ok((await search('anchor')).includes('models/a1.svg'));
    await setting().update('model', '../../etc', vscode.ConfigurationTarget.Workspace);
    await until('the reason', async () => (await status())?.modelProblem?.code === 'modelMissing');
  });

  test('a model of one\'s own, from its folder to photographs', async function () {
    const { ASSET_SEARCH_TEST_MODEL: from, ASSET_SEARCH_TEST_PHOTOS: photos } = process.env;
    if (!from || !photos) {
      console.log('    ASSET_SEARCH_TEST_MODEL and ASSET_SEARCH_TEST_PHOTOS name no model and no photographs: skipped.');
      this.skip();
    }
    this.timeout(600_000);
    const images = existsSync(join(photos, 'images')) ? join(photos, 'images') : photos;
    const target = inWorkspace('models', 'photos').fsPath;
    mkdirSync(target, { recursive: true });
    const files = readdirSync(images).filter(name => /\.(jpe?g|png|webp)$/i.test(name));
    for (const name of files) { copyFileSync(join(images, name), join(target, name)); }
    await (await api()).index();
    assert.equal(await vscode.commands.executeCommand('assetSearch.importModel', vscode.Uri.file(from), { name: 'of-my-own', use: true }), 'of-my-own');
    await until('the model to be used', async () => { const now = await status(); return now?.model.id === 'of-my-own' && now.state === 'idle' && now.serving === undefined && now.lastRun; }, 500_000);
    const captions = readFileSync(join(images, '..', 'captions.csv'), 'utf8').split(/\r?\n/).slice(1).map(line => [...line.matchAll(/"((?:[^"]|"")*)"/g)].map(([, field]) => field!.replaceAll('""', '"').trim()))
      .filter(fields => files.includes(fields[0] ?? '') && fields.at(-1)!.split(/\s+/).length >= 3);
    const ranks: number[] = [];
    for (const fields of captions) {
      const found = await (await api()).search(fields.at(-1)!, { limit: 10_000, useFileNames: false }).catch((error: { code?: string }) => { if (error.code === 'textNotUnderstood') { return []; } throw error; });
      const place = names(found).filter(name => name.startsWith('models/photos/')).indexOf(`models/photos/${fields[0]}`);
      ranks.push(place < 0 ? files.length / 2 : place + 1);
    }
    ranks.sort((a, b) => a - b);
    const median = ranks[ranks.length >> 1]!;
    this.test!.title += `: ${ranks.length} captions, median rank ${median} of ${files.length}`;
    assert.ok(ranks.length >= 5 && median <= files.length / 4, `the median rank is ${median} of ${files.length}`);
  });
});
