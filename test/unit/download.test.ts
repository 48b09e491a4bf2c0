import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer as createProxy, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ProxyAgent } from 'undici';
import { loadModel } from '../../src/core/model';
import { AssetSearchError } from '../../src/errors';
import type { CatalogModel } from '../../src/models/catalog';
import { downloadModel, huggingFaceCache, isCurrent, planDownload, type DownloadOptions, type DownloadProgress } from '../../src/models/download';
import type { Manifest } from '../../src/models/manifest';
import { readInstalled } from '../../src/models/modelsFolder';
import type { ErrorCode } from '../../src/protocol';
import { blobOf, HubServer, newCommit, sendFile, sha256Of, testModel, type Misbehaviour } from './hubServer';

const [variant] = testModel.variants as [CatalogModel['variants'][number]];
const { vision, text, tokenizer } = variant.files;
const token = 'hf_secretSecretSecret';

suite('download', function () {
  this.timeout(60_000);
  let hub: HubServer;
  let folder: string;
  let options: DownloadOptions;

  setup(async () => {
    hub = await HubServer.start();
    folder = mkdtempSync(join(tmpdir(), 'download-'));
    options = { modelsFolder: join(folder, 'models'), endpoint: hub.endpoint, patience: { idleMs: 20_000, attempts: 3, backoffMs: 1, longestWaitMs: 2000 } };
  });
  teardown(async () => {
    await hub.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const target = (): string => join(folder, 'models', 'test-clip', 'fp32');
  const staging = (): string => join(folder, 'models', '.partial', 'test-clip@fp32');
  const partOf = (path: string): string => join(staging(), `${sha256Of(hub.file(path).bytes)}.part`);
  const leftovers = (): string[] => (existsSync(staging()) ? readdirSync(staging()) : []);
  async function pull(more: Partial<Parameters<typeof downloadModel>[1]> = {}, model: CatalogModel = testModel): Promise<string> {
    const all = { ...options, ...more };
    return downloadModel(await planDownload(model, model.variants[0]!, all), all);
  }
  async function refused(code: ErrorCode, more: Parameters<typeof pull>[0] = {}, model?: CatalogModel): Promise<string> {
    const thrown: unknown = await pull(more, model).then(() => undefined, (error: unknown) => error);
    assert.ok(thrown instanceof AssetSearchError, `refused with an error of ours, not ${String((thrown as Error | undefined)?.stack)}`);
    assert.equal(thrown.code, code, thrown.message);
    assert.ok(!thrown.message.includes(token), 'a token is never told');
    if (code !== 'cancelled') { assert.ok(thrown.message.split(/[.:;,] /).length > 1, 'says what happened, and what to do'); }
    assert.ok(!existsSync(target()), 'a model is complete or not there');
    return thrown.message;
  }
  function assertComplete(): void {
    for (const path of [vision, text, tokenizer]) { assert.ok(readFileSync(join(target(), path)).equals(hub.file(path).bytes), path); }
    assert.deepEqual(readdirSync(dirname(staging())), [], 'nothing is left over');
  }
  /** The CDN sends only so many bytes of a file and closes the connection. */
  const cutAt = (path: string, sizeBytes: number, times = 1): Misbehaviour => (seen, response) => {
    const { bytes } = hub.file(path);
    if (!seen.path.includes(sha256Of(bytes)) || seen.where !== 'cdn' || times-- <= 0) { return false; }
    response.writeHead(200, { 'content-length': bytes.length, etag: `"${sha256Of(Buffer.from(`cdn ${sha256Of(bytes)}`))}"` });
    response.write(bytes.subarray(0, sizeBytes), () => setTimeout(() => response.destroy(), 20));
    return true;
  };
  /** Instead of the vision file's bytes. */
  const instead = (answer: (response: ServerResponse, bytes: Buffer) => void): Misbehaviour => (seen, response) => {
    if (seen.where !== 'cdn' || !seen.path.includes(sha256Of(hub.file(vision).bytes))) { return false; }
    answer(response, hub.file(vision).bytes);
    return true;
  };
  const onMetadata = (kind: 'revision' | 'tree', answer: (response: ServerResponse) => void): Misbehaviour => ({ path }, response) => {
    if (!path.includes(`/${kind}/`)) { return false; }
    answer(response);
    return true;
  };

  suite('a model', () => {
    test('comes with its lock, proven by the product\'s own loader', async () => {
      const progress: DownloadProgress[] = [];
      assert.equal(await pull({ onProgress: each => progress.push(each) }), target());
      assertComplete();
      const manifest = JSON.parse(readFileSync(join(target(), 'model.json'), 'utf8')) as Manifest;
      assert.deepEqual(manifest.source, { repo: testModel.repo, commit: hub.main, files: { [vision]: vision, [text]: text, [tokenizer]: tokenizer } });
      assert.deepEqual(manifest.files.tokenizer, { path: tokenizer, sha256: sha256Of(hub.file(tokenizer).bytes), sizeBytes: hub.file(tokenizer).bytes.length });
      assert.equal((await loadModel(target())).manifest.files.vision.sha256, sha256Of(hub.file(vision).bytes));
      const totalBytes = [vision, text, tokenizer].reduce((sum, path) => sum + hub.file(path).bytes.length, 0);
      assert.ok(progress.every((each, place) => each.totalBytes === totalBytes && each.doneBytes >= (progress[place - 1]?.doneBytes ?? 0)));
      assert.equal(progress.at(-1)!.doneBytes, totalBytes);
      assert.deepEqual([...new Set(progress.map(each => each.file))], [vision, text, tokenizer]);
    });

    test('is asked for by a pinned commit, which main no longer is', async () => {
      const commit = hub.main;
      hub.push({ [vision]: { bytes: Buffer.from('newer'), lfs: true } });
      const plan = await planDownload({ ...testModel, commit }, variant, options);
      assert.equal(plan.commit, commit);
      assert.equal(plan.totalBytes, [vision, text, tokenizer].reduce((sum, path) => sum + hub.commits.get(commit)!.get(path)!.bytes.length, 0));
      assert.ok(!hub.seen.some(({ path }) => path.includes('/revision/')));
      assert.ok(plan.freeBytes > plan.totalBytes && plan.presentBytes === 0);
      assert.ok(!existsSync(options.modelsFolder), 'a plan writes nothing');
    });

    test('that is there already is not asked for again; a newer commit replaces it', async () => {
      await pull();
      const before = hub.downloads().length;
      await pull();
      assert.equal(hub.downloads().length, before);
      hub.push({ [text]: { bytes: Buffer.from('a new text graph'), lfs: true } });
      await pull();
      assertComplete();
      assert.equal(hub.downloads().length, before + 1, 'what did not change is kept');
      const installed = await readInstalled(target());
      assert.ok(isCurrent(installed!, hub.main) && isCurrent(installed!, undefined) && !isCurrent(installed!, newCommit()));
    });

    test('that was damaged is repaired: only the damaged file comes anew', async () => {
      await pull();
      writeFileSync(join(target(), text), 'damaged');
      hub.seen = [];
      await pull();
      assertComplete();
      assert.deepEqual(hub.downloads().map(({ path }) => path.includes(sha256Of(hub.file(text).bytes))), [true]);
    });

    test('of one graph for both towers, weights beside it and a tokenizer from elsewhere', async () => {
      const commit = newCommit();
      hub.repos.push('else/where');
      const main = hub.main;
      hub.push({ 'tokens/tokenizer.json': { bytes: Buffer.from('{}'), lfs: false } }, commit);
      hub.main = main;
      hub.push({ [`${vision}_data`]: { bytes: Buffer.from('weights'), lfs: true }, [`${vision}.data`]: { bytes: Buffer.from('more weights'), lfs: true } });
      const tokenizerRepo = { repo: 'else/where', commit };
      await pull({}, { ...testModel, tokenizerRepo, variants: [{ ...variant, files: { vision, text: vision, tokenizer: 'tokens/tokenizer.json' } }] });
      const { manifest } = await loadModel(target());
      assert.deepEqual([manifest.files.vision, manifest.files.data?.map(({ path }) => path)], [manifest.files.text, [`${vision}_data`, `${vision}.data`]]);
      assert.deepEqual(manifest.source?.tokenizerRepo, tokenizerRepo);
      assert.equal(readFileSync(join(target(), 'tokens', 'tokenizer.json'), 'utf8'), '{}');
    });

    test('that was imported is not overwritten', async () => {
      await pull();
      const file = join(target(), 'model.json');
      const { source: _, ...imported } = JSON.parse(readFileSync(file, 'utf8')) as Manifest;
      writeFileSync(file, JSON.stringify(imported));
      hub.push({ [text]: { bytes: Buffer.from('new'), lfs: true } });
      await assert.rejects(pull(), { code: 'modelBusy' });
      assert.deepEqual(JSON.parse(readFileSync(file, 'utf8')), imported);
    });

    test('for research only needs a yes', async () => {
      const research = { ...testModel, license: { ...testModel.license, researchOnly: true } };
      await refused('licenseNotAccepted', {}, research);
      assert.equal(hub.downloads().length, 0);
      await pull({ licenseAccepted: true }, research);
      assertComplete();
    });

    test('whose paths lead out of its folder is refused before anything is asked', async () => {
      for (const path of ['../evil', '/etc/evil', 'a\\..\\evil', 'c:evil', 'a//b']) {
        await refused('modelInvalid', {}, { ...testModel, variants: [{ ...variant, files: { ...variant.files, vision: path } }] });
      }
      hub.push({ [`${vision}_data/../../../../../evil`]: { bytes: Buffer.from('evil'), lfs: true } });
      await refused('modelInvalid');
      for (const id of ['..', 'a/b', '.partial', 'c:']) { await refused('modelInvalid', {}, { ...testModel, id }); }
      assert.equal(hub.downloads().length, 0);
    });
  });

  suite('an interrupted download', () => {
    test('goes on where it was, with Range and If-Range', async () => {
      hub.misbehave = cutAt(vision, 1_000_000);
      await refused('networkUnavailable', { patience: { ...options.patience, attempts: 1 } });
      assert.equal(statSync(partOf(vision)).size, 1_000_000);
      assert.equal((await planDownload(testModel, variant, options)).presentBytes, 1_000_000);
      hub.seen = [];
      await pull();
      assertComplete();
      const { range, 'if-range': ifRange, 'accept-encoding': encoding } = hub.downloads()[0]!.headers;
      assert.deepEqual([range, ifRange, encoding], ['bytes=1000000-', `"${sha256Of(Buffer.from(`cdn ${sha256Of(hub.file(vision).bytes)}`))}"`, 'identity']);
    });

    test('within one run, too', async () => {
      hub.misbehave = cutAt(vision, 700_000);
      const progress: DownloadProgress[] = [];
      await pull({ onProgress: each => progress.push(each) });
      assertComplete();
      assert.equal(hub.downloads()[1]!.headers.range, 'bytes=700000-');
      assert.deepEqual(progress.filter(({ phase }) => phase === 'retrying').map(({ doneBytes, waitMs }) => [doneBytes, waitMs]), [[700_000, 1]]);
    });

    test('by the person keeps what is there', async () => {
      const stop = new AbortController();
      hub.misbehave = (seen, response) => {
        if (seen.where !== 'cdn') { return false; }
        response.writeHead(200, { 'content-length': 3_000_000 }).write(hub.file(vision).bytes.subarray(0, 500_000));
        return true;
      };
      await refused('cancelled', { signal: stop.signal, onProgress: () => stop.abort() });
      assert.ok(statSync(partOf(vision)).size > 0);
      hub.misbehave = undefined;
      await pull();
      assertComplete();
      assert.ok(hub.downloads().some(({ headers }) => headers.range !== undefined));
      await assert.rejects(pull({ signal: AbortSignal.abort() }), { code: 'cancelled' });
    });

    test('is cancelled while it waits for a hub that is out of order', async () => {
      const stop = new AbortController();
      hub.misbehave = instead(response => response.writeHead(503, { 'retry-after': '60' }).end());
      await refused('cancelled', { signal: stop.signal, patience: { ...options.patience, longestWaitMs: 120_000 }, onProgress: ({ phase }) => { if (phase === 'retrying') { stop.abort(); } } });
    });

    test('starts anew where the server ignores Range', async () => {
      hub.misbehave = cutAt(vision, 1_000_000);
      await refused('networkUnavailable', { patience: { ...options.patience, attempts: 1 } });
      hub.misbehave = instead((response, bytes) => response.writeHead(200, { 'content-length': bytes.length }).end(bytes));
      await pull();
      assertComplete();
    });

    test('starts anew when the server\'s file has another validator, and uses nothing of a file of another commit', async () => {
      hub.misbehave = cutAt(vision, 1_000_000);
      await refused('networkUnavailable', { patience: { ...options.patience, attempts: 1 } });
      writeFileSync(`${partOf(vision)}.etag`, '"another"');
      hub.misbehave = cutAt(vision, 0, 0);
      hub.seen = [];
      await pull();
      assertComplete();
      assert.equal(hub.downloads()[0]!.headers['if-range'], '"another"');

      rmSync(target(), { recursive: true });
      hub.misbehave = cutAt(vision, 1_000_000);
      await refused('networkUnavailable', { patience: { ...options.patience, attempts: 1 } });
      hub.push({ [vision]: { bytes: Buffer.alloc(2_000_000, 7), lfs: true } });
      hub.seen = [];
      await pull();
      assertComplete();
      assert.equal(hub.downloads()[0]!.headers.range, undefined);
    });

    test('whose beginning was damaged, is too long, or is the whole file', async () => {
      const { bytes } = hub.file(vision);
      mkdirSync(staging(), { recursive: true });
      writeFileSync(partOf(vision), Buffer.alloc(1_000_000));
      await pull();
      assertComplete();
      assert.deepEqual(hub.downloads().filter(({ path }) => path.includes(sha256Of(bytes))).map(({ headers }) => headers.range), ['bytes=1000000-', undefined]);

      rmSync(target(), { recursive: true });
      mkdirSync(staging(), { recursive: true });
      writeFileSync(partOf(vision), Buffer.alloc(bytes.length + 1));
      await pull();
      assertComplete();

      rmSync(target(), { recursive: true });
      mkdirSync(staging(), { recursive: true });
      writeFileSync(partOf(vision), bytes);
      hub.seen = [];
      await pull();
      assertComplete();
      assert.ok(!hub.downloads().some(({ path }) => path.includes(sha256Of(bytes))));
    });

    test('of a process that was killed while it put the model together', async () => {
      await pull();
      mkdirSync(staging(), { recursive: true });
      renameSync(target(), join(staging(), 'model'));
      rmSync(join(staging(), 'model', 'model.json'));
      hub.seen = [];
      await pull();
      assertComplete();
      assert.equal(hub.downloads().length, 0);
    });

    test('gets the right part or none', async () => {
      for (const wrong of [
        (response: ServerResponse, bytes: Buffer) => response.writeHead(206, { 'content-range': `bytes 5-${bytes.length - 1}/${bytes.length}` }).end(bytes.subarray(5)),
        (response: ServerResponse, bytes: Buffer) => response.writeHead(206).end(bytes.subarray(1_000_000)),
        (response: ServerResponse, bytes: Buffer) => response.writeHead(416, { 'content-range': `bytes */${bytes.length}` }).end(),
      ]) {
        mkdirSync(staging(), { recursive: true });
        writeFileSync(partOf(vision), hub.file(vision).bytes.subarray(0, 1_000_000));
        hub.misbehave = (seen, response, request) => (request.headers.range === undefined ? false : instead(wrong)(seen, response, request));
        await pull();
        assertComplete();
        rmSync(target(), { recursive: true });
      }
    });
  });

  suite('what is no model', () => {
    test('a web page is told apart, by its type and by its first bytes', async () => {
      const page = Buffer.from('<!DOCTYPE html><title>Sign in</title>'.padEnd(3_000_000));
      hub.misbehave = instead(response => response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(page));
      assert.match(await refused('downloadFailed'), /web page/);
      hub.misbehave = instead(response => response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(page));
      assert.match(await refused('downloadFailed'), /web page/);
      assert.deepEqual(leftovers().filter(name => name.includes('.part')), []);
      hub.misbehave = onMetadata('revision', response => response.writeHead(200, { 'content-type': 'text/html' }).end(page));
      assert.match(await refused('downloadFailed'), /web page/);
    });

    test('wrong bytes of the right length are deleted, in LFS and beside it', async () => {
      hub.misbehave = instead((response, bytes) => response.end(Buffer.alloc(bytes.length, 1)));
      await refused('downloadCorrupt');
      hub.misbehave = ({ path }, response, request) => {
        if (!path.includes('resolve-cache')) { return false; }
        sendFile(request, response, Buffer.alloc(hub.file(tokenizer).bytes.length, 32), '"x"');
        return true;
      };
      await refused('downloadCorrupt');
      assert.deepEqual(leftovers().filter(name => name.includes('.part')), []);
      assert.ok(leftovers().includes(sha256Of(hub.file(vision).bytes)), 'what is proven is kept');
    });

    test('a file that ends early, again and again, is kept as far as it came', async () => {
      hub.misbehave = instead((response, bytes) => response.end(bytes.subarray(0, 900_000)));
      await refused('downloadFailed');
      assert.equal(statSync(partOf(vision)).size, 900_000);
      assert.equal(hub.downloads().length, 3);
    });

    test('a file that does not end is cut off', async () => {
      let sent = 0;
      hub.misbehave = instead((response, bytes) => {
        const more = (): void => { if (!response.destroyed) { sent += bytes.length; response.write(bytes, () => setImmediate(more)); } };
        more();
      });
      await refused('downloadCorrupt');
      assert.ok(!existsSync(partOf(vision)));
      assert.ok(sent < 100e6);
    });

    test('another hash, size or commit in the hub\'s headers is noticed before the first byte', async () => {
      for (const header of [['x-linked-etag', `"${'0'.repeat(64)}"`], ['x-linked-size', '5'], ['x-repo-commit', newCommit()]] as const) {
        hub.misbehave = ({ path }, response) => {
          if (!path.includes('/resolve/')) { return false; }
          response.writeHead(302, { [header[0]]: header[1], location: `${hub.cdn}/blobs/${sha256Of(hub.file(vision).bytes)}` }).end();
          return true;
        };
        await refused('downloadCorrupt');
      }
      assert.deepEqual(leftovers(), []);
    });

    test('metadata that is none', async () => {
      const answers: [kind: 'revision' | 'tree', text: string][] = [
        ['revision', 'no JSON'], ['revision', '{}'], ['revision', '{"sha":"main"}'], ['revision', 'null'], ['tree', '{"error":"none"}'], ['tree', '[{"type":"file","path":"a"}]'],
        ['tree', `[{"type":"file","path":"a","size":-1,"oid":"${'0'.repeat(40)}"}]`], ['tree', '[{"type":"file","path":"a","size":1,"oid":"0","lfs":{"oid":"../x","size":5}}]'],
      ];
      for (const [kind, answer] of answers) {
        hub.misbehave = onMetadata(kind, response => response.setHeader('content-type', 'application/json').end(answer));
        await refused('downloadFailed');
      }
      hub.misbehave = onMetadata('tree', response => response.setHeader('link', '<https://huggingface.co/x?cursor=7>; rel="next"').end('[]'));
      await refused('downloadFailed');
      hub.misbehave = onMetadata('tree', response => response.end(Buffer.alloc(17 * 2 ** 20, ' ')));
      await refused('downloadFailed');
    });
  });

  suite('the hub', () => {
    test('gets the token, and nobody else', async () => {
      await pull({ token });
      const told = hub.seen.map(({ where, headers }) => [where, headers.authorization]);
      assert.ok(told.some(([where]) => where === 'cdn'));
      assert.deepEqual(told.filter(([where, authorization]) => (authorization === `Bearer ${token}`) !== (where === 'hub')), []);
    });

    test('may be a mirror below a path', async () => {
      hub.base = '/mirrors/hf';
      await pull({ endpoint: `${hub.endpoint}/` });
      assertComplete();
      for (const endpoint of ['ftp://example.org', 'file:///etc', 'example', 'https://user:password@example.org', '']) { await assert.rejects(pull({ endpoint }), { code: 'usage' }); }
    });

    test('says who may have a model, and how', async () => {
      const answer = (status: number, code?: string) => { hub.misbehave = (_, response) => { response.writeHead(status, code ? { 'x-error-code': code } : {}).end('no'); return true; }; };
      answer(401, 'GatedRepo');
      const gated = await refused('downloadForbidden');
      assert.ok(gated.includes(`${hub.endpoint}/${testModel.repo}`) && gated.includes(`${hub.endpoint}/settings/tokens`) && gated.includes('HF_TOKEN'));
      answer(403, 'GatedRepo');
      await refused('downloadForbidden', { token });
      answer(401, 'RepoNotFound');
      await refused('downloadForbidden');
      answer(401);
      await refused('downloadForbidden', { token });
      answer(403, 'DisabledRepo');
      await refused('downloadForbidden');
    });

    test('does not have it', async () => {
      await refused('downloadNotFound', {}, { ...testModel, repo: 'someone/else' });
      await refused('downloadNotFound', {}, { ...testModel, commit: newCommit() });
      await refused('downloadNotFound', {}, { ...testModel, variants: [{ ...variant, files: { ...variant.files, text: 'missing.onnx' } }] });
      hub.misbehave = ({ path }, response) => { if (path.includes('/resolve/')) { response.writeHead(404, { 'x-error-code': 'EntryNotFound' }).end(); return true; } return false; };
      await refused('downloadNotFound');
    });

    test('asks to wait, and is waited for, within reason', async () => {
      let times = 2;
      hub.misbehave = (_, response) => { if (times-- <= 0) { return false; } response.writeHead(429, { 'retry-after': times === 1 ? '0' : new Date(Date.now() - 1000).toUTCString() }).end(); return true; };
      await pull();
      assertComplete();
      rmSync(target(), { recursive: true });
      hub.misbehave = (_, response) => { response.writeHead(429, { 'retry-after': '3600' }).end(); return true; };
      hub.seen = [];
      assert.match(await refused('downloadFailed'), /60 min/);
      assert.equal(hub.seen.length, 1);
    });

    test('is out of order, for a moment or for long', async () => {
      let times = 2;
      hub.misbehave = (_, response) => { if (times-- <= 0) { return false; } response.writeHead(503).end(); return true; };
      await pull();
      assertComplete();
      rmSync(target(), { recursive: true });
      for (const status of [500, 502, 503, 504, 408]) {
        hub.seen = [];
        hub.misbehave = (_, response) => { response.writeHead(status).end(); return true; };
        await refused('downloadFailed');
        assert.equal(hub.seen.length, 3);
      }
      hub.misbehave = (_, response) => { response.writeHead(418).end(); return true; };
      await refused('downloadFailed');
    });

    test('signs the CDN\'s address anew when it has run out', async () => {
      let times = 1;
      hub.misbehave = (seen, response) => { if (seen.where !== 'cdn' || times-- <= 0) { return false; } response.writeHead(403).end('expired'); return true; };
      await pull();
      assertComplete();
    });

    test('redirects in a circle, to another kind of address, or nowhere', async () => {
      const redirect = (location: string | undefined): Misbehaviour => ({ path }, response) => { if (!path.includes('/resolve/')) { return false; } response.writeHead(302, location === undefined ? {} : { location }).end(); return true; };
      hub.misbehave = redirect(`/${testModel.repo}/resolve/${hub.main}/${encodeURIComponent(vision).replace('%2F', '/')}`);
      assert.match(await refused('downloadFailed'), /circle/);
      let turn = 0;
      hub.misbehave = (seen, response, request) => redirect(`/${testModel.repo}/resolve/main/${++turn}`)(seen, response, request);
      assert.match(await refused('downloadFailed'), /circle/);
      for (const location of ['file:///etc/passwd', 'ftp://example.org/x', 'data:text/plain,x', 'http://[broken', undefined]) {
        hub.misbehave = redirect(location);
        await refused('downloadFailed');
      }
      const toHttp: typeof fetch = () => Promise.resolve(new Response(null, { status: 302, headers: { location: 'http://example.org/x' } }));
      assert.match(await refused('downloadFailed', { endpoint: 'https://example.org', fetch: toHttp }), /https to http/);
    });
  });

  suite('the network', () => {
    test('is silent: another try, and in the end a message', async () => {
      let times = 1;
      hub.misbehave = (seen, response) => {
        if (seen.where !== 'cdn' || times-- <= 0) { return false; }
        response.writeHead(200, { 'content-length': 3_000_000 }).write(hub.file(vision).bytes.subarray(0, 10));
        return true;
      };
      await pull({ patience: { ...options.patience, idleMs: 700 } });
      assertComplete();
      rmSync(target(), { recursive: true });
      hub.misbehave = () => true;
      await refused('networkUnavailable', { patience: { ...options.patience, idleMs: 100 } });
    });

    test('has no such name, or nobody there', async () => {
      await refused('networkUnavailable', { endpoint: 'http://no-such-hub.invalid' });
      await hub.close();
      await refused('networkUnavailable');
    });

    test('breaks off in the middle of metadata', async () => {
      hub.misbehave = onMetadata('tree', response => { response.writeHead(200, { 'content-length': 500 }).write('[{"type"'); setTimeout(() => response.destroy(), 20); });
      await refused('networkUnavailable');
    });

    test('has a certificate that nobody trusts', async function () {
      await refused('networkUnavailable', { endpoint: hub.origin.replace('http:', 'https:') });
      const made = spawnSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', '/CN=localhost', '-keyout', join(folder, 'key.pem'), '-out', join(folder, 'certificate.pem')]);
      if (made.status !== 0) { this.skip(); }
      const server = createTlsServer({ key: readFileSync(join(folder, 'key.pem')), cert: readFileSync(join(folder, 'certificate.pem')) }, (_, response) => response.end());
      await new Promise<void>(done => server.listen(0, '127.0.0.1', done));
      try {
        assert.match(await refused('networkUnavailable', { endpoint: `https://localhost:${(server.address() as AddressInfo).port}` }), /certificate/);
      } finally {
        server.close();
      }
    });

    test('leads through a proxy that refuses', async () => {
      hub.misbehave = (_, response) => { response.writeHead(407, { 'proxy-authenticate': 'Basic' }).end(); return true; };
      await refused('networkUnavailable');
      hub.misbehave = undefined;
      const proxy = createProxy().on('connect', (_, socket) => socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n'));
      await new Promise<void>(done => proxy.listen(0, '127.0.0.1', done));
      const dispatcher = new ProxyAgent(`http://127.0.0.1:${(proxy.address() as AddressInfo).port}`);
      const throughProxy: typeof fetch = (input, init) => fetch(input, { ...init, dispatcher } as unknown as RequestInit);
      try {
        assert.match(await refused('networkUnavailable', { fetch: throughProxy, endpoint: 'https://huggingface.co' }), /proxy/);
      } finally {
        await dispatcher.destroy();
        proxy.close();
      }
    });
  });

  suite('the disk', () => {
    test('is asked for space before the first byte', async () => {
      hub.misbehave = onMetadata('tree', response => response.end(JSON.stringify([vision, text, tokenizer].map(path => ({ type: 'file', path, size: 2 ** 50, oid: '0'.repeat(40) })))));
      await refused('diskFull');
      assert.ok(!hub.seen.some(({ path }) => path.includes('/resolve/')));
    });

    test('gets full on the way', async function () {
      if (!existsSync('/dev/full')) { this.skip(); }
      mkdirSync(staging(), { recursive: true });
      symlinkSync('/dev/full', partOf(vision));
      await refused('diskFull');
    });

    test('cannot be written', async function () {
      if (process.platform === 'win32') { this.skip(); }
      mkdirSync(options.modelsFolder);
      chmodSync(options.modelsFolder, 0o555);
      chmodSync(folder, 0o755);
      const root = process.geteuid?.() === 0;
      // Nothing is read-only for root.
      if (root) { process.seteuid!(65534); }
      try { await refused('modelsReadOnly'); } finally { if (root) { process.seteuid!(0); } }
      writeFileSync(join(folder, 'file'), '');
      await refused('modelsReadOnly', { modelsFolder: join(folder, 'file') });
    });
  });

  suite('Hugging Face\'s own cache', () => {
    test('is where huggingface_hub has it', () => {
      assert.equal(huggingFaceCache({}, '/home/u'), join('/home/u', '.cache', 'huggingface', 'hub'));
      assert.equal(huggingFaceCache({ XDG_CACHE_HOME: '/x' }, '/home/u'), join('/x', 'huggingface', 'hub'));
      assert.equal(huggingFaceCache({ HF_HOME: '/hf', XDG_CACHE_HOME: '/x' }, '/home/u'), join('/hf', 'hub'));
      assert.equal(huggingFaceCache({ HF_HUB_CACHE: '/cache', HF_HOME: '/hf' }, '/home/u'), '/cache');
    });

    test('gives its files: blobs with links, snapshots without; a damaged one is not taken', async () => {
      const repo = join(folder, 'hub', 'models--someone--test-clip');
      const snapshot = join(repo, 'snapshots', hub.main);
      mkdirSync(join(repo, 'blobs'), { recursive: true });
      mkdirSync(join(snapshot, 'onnx'), { recursive: true });
      writeFileSync(join(repo, 'blobs', sha256Of(hub.file(vision).bytes)), hub.file(vision).bytes);
      writeFileSync(join(repo, 'blobs', blobOf(hub.file(tokenizer).bytes)), hub.file(tokenizer).bytes);
      writeFileSync(join(snapshot, text), hub.file(text).bytes);
      const phases = new Set<string>();
      await pull({ cacheFolder: join(folder, 'hub'), onProgress: ({ phase }) => phases.add(phase) });
      assertComplete();
      assert.deepEqual([...phases], ['copying']);
      assert.ok(!hub.seen.some(({ where, path }) => where === 'cdn' || path.includes('/resolve')));

      rmSync(target(), { recursive: true });
      writeFileSync(join(repo, 'blobs', sha256Of(hub.file(vision).bytes)), Buffer.alloc(hub.file(vision).bytes.length));
      await pull({ cacheFolder: join(folder, 'hub') });
      assertComplete();
      assert.equal(hub.downloads().length, 1);
      assert.equal(statSync(join(repo, 'blobs', sha256Of(hub.file(vision).bytes))).size, hub.file(vision).bytes.length, 'the cache is not touched');
    });
  });
});
