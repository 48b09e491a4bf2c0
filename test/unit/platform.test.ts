/** Where the native libraries cannot run, the reason is known before they are loaded, and names are still searched. */
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMessageConnection, IPCMessageReader, IPCMessageWriter, ResponseError } from 'vscode-jsonrpc/node';
import { loadProblem, platformProblem, thisPlatform } from '../../src/core/platform';
import { Engine, type ErrorInfo, type OpenParams, type Request } from '../../src/protocol';

suite('platform', () => {
  const flags = (...names: string[]) => new Set(names);

  test('supported platforms and processors', () => {
    assert.equal(platformProblem(thisPlatform()), undefined, 'this one runs these tests');
    for (const [platform, arch] of [['linux', 'arm64'], ['win32', 'x64'], ['win32', 'arm64'], ['darwin', 'arm64']] as const) {
      assert.equal(platformProblem({ platform, arch, processorFlags: undefined }), undefined);
    }
    assert.equal(platformProblem({ platform: 'linux', arch: 'x64', processorFlags: flags('sse4_2', 'avx2', 'fma') }), undefined);
  });

  test('an Intel Mac, a 32-bit system, and a processor without AVX2 or FMA are told apart', () => {
    const code = (platform: string, arch: string, processorFlags?: ReadonlySet<string>) => platformProblem({ platform, arch, processorFlags })?.code;
    assert.equal(code('darwin', 'x64'), 'platformUnsupported');
    assert.equal(code('linux', 'arm'), 'platformUnsupported');
    assert.equal(code('linux', 'x64', flags('avx', 'fma')), 'processorUnsupported');
    assert.equal(code('linux', 'x64', flags('avx', 'avx2')), 'processorUnsupported');
    assert.match(platformProblem({ platform: 'linux', arch: 'x64', processorFlags: flags('avx') })!.message, /AVX2, FMA/);
    assert.equal(loadProblem(new Error('Cannot find module x')).code, 'nativeMissing');
  });
});

suite('names only: an engine whose native libraries are missing', function () {
  this.timeout(60_000);
  let folder: string;
  let close: (() => void) | undefined;
  setup(() => { folder = mkdtempSync(join(tmpdir(), 'names-')); });
  teardown(() => { close?.(); rmSync(folder, { recursive: true, force: true }); });

  test('says why, lists the files, finds them by name and refuses the rest with a code', async () => {
    // The same engine in a place without node_modules.
    for (const name of ['engine.js', 'decodeProcess.js', 'encodeProcess.js']) { cpSync(join(process.cwd(), 'dist', name), join(folder, 'dist', name)); }
    const root = join(folder, 'ws');
    for (const path of ['icons/shopping-cart.svg', 'icons/cart-off.svg', 'cart/readme-banner.png', 'img/trashCan@2x.png', 'img/photo.jpg', 'img/notes.txt', 'old.xcf']) {
      mkdirSync(join(root, path, '..'), { recursive: true });
      writeFileSync(join(root, path), 'x');
    }
    const child = fork(join(folder, 'dist', 'engine.js'), [], { serialization: 'advanced', execArgv: [], env: { ...process.env, NODE_PATH: '' } });
    const connection = createMessageConnection(new IPCMessageReader(child), new IPCMessageWriter(child));
    connection.listen();
    close = () => { connection.dispose(); child.kill('SIGKILL'); };
    const ask = <P, R>({ method }: Request<P, R>, params: P): Promise<R> => connection.sendRequest<R>(method, params);
    const params: OpenParams = {
      roots: [{ id: 'ws', path: root }], rules: { exclude: [], include: [], gitignore: true, maxFileSizeBytes: 1e7, maxPixels: 1e7, splitSheets: true },
      dbFolder: join(folder, 'db'), modelFolder: join(process.cwd(), 'media', 'builtin'), device: 'auto', threads: 0, maxThumbnailBytes: 1e8,
    };
    const status = await ask(Engine.open, params);
    assert.equal(status.namesOnly?.code, 'nativeMissing');
    assert.deepEqual([status.state, status.assets, status.skipped], ['idle', 5, 1]);
    const found = async (text: string, filter = {}) => {
      const { hits, strong } = await ask(Engine.search, { text, limit: 10, useNames: true, filter });
      return { paths: hits.map(hit => hit.path), strong };
    };
    assert.deepEqual(await found('shopping cart'), { paths: ['icons/shopping-cart.svg', 'icons/cart-off.svg', 'cart/readme-banner.png'], strong: 1 });
    const typing = await found('the trash c');
    assert.deepEqual([typing.paths[0], typing.strong], ['img/trashCan@2x.png', 1], 'while one types');
    assert.deepEqual((await found('cart', { formats: ['png'] })).paths, ['cart/readme-banner.png']);
    assert.deepEqual((await found('walrus')).paths, []);
    assert.equal((await ask(Engine.browse, { offset: 1, limit: 2 })).total, 5);
    assert.deepEqual((await ask(Engine.folders, {})).map(({ path }) => path), ['cart', 'icons', 'img']);
    const refused = (error: unknown): boolean => error instanceof ResponseError && (error.data as ErrorInfo).code === 'nativeMissing';
    await assert.rejects(ask(Engine.similar, { image: { kind: 'file', path: join(root, 'img/photo.jpg') }, limit: 1 }), refused);
    await assert.rejects(ask(Engine.label, { images: [], labels: ['a'] }), refused);
    writeFileSync(join(root, 'new.webp'), 'x');
    rmSync(join(root, 'img/photo.jpg'));
    const summary = await ask(Engine.update, { changes: [{ root: 'ws', path: 'new.webp' }] });
    assert.deepEqual([summary.indexed, summary.unchanged, summary.removed, summary.skipped.length, summary.seen], [1, 4, 1, 1, 6]);
  });
});
