import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { catalog } from '../../src/models/catalog';
import { HubServer, sha256Of } from './hubServer';

const row = catalog.find(({ license, tokenizerRepo, variants: [first] }) => !license.researchOnly && !tokenizerRepo && first!.files.vision !== first!.files.text)!;
const [{ variant, files }] = row.variants as [typeof row.variants[number]];
const name = `${row.id}@${variant}`;

interface Result { code: number | null; out: string; err: string }

/** The built command line, in processes of its own, on a hub of the test's. */
suite('models on the command line', function () {
  this.timeout(120_000);
  let hub: HubServer;
  let folder: string;
  let children: ChildProcess[];

  setup(async () => {
    hub = await HubServer.start(row.repo, files);
    if (row.commit !== undefined) { hub.push({}, row.commit); }
    folder = mkdtempSync(join(tmpdir(), 'pull-'));
    children = [];
  });
  teardown(async () => {
    for (const child of children) { child.kill('SIGKILL'); }
    await hub.close();
    rmSync(folder, { recursive: true, force: true });
  });

  function start(args: string[], env: NodeJS.ProcessEnv = {}): { child: ChildProcess; told(text: string): Promise<void>; ended: Promise<Result> } {
    const child = spawn(process.execPath, [join(process.cwd(), 'dist', 'cli.js'), ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, HF_ENDPOINT: hub.endpoint, HF_HOME: join(folder, 'hf'), HF_HUB_CACHE: '', HUGGINGFACE_HUB_CACHE: '', HF_TOKEN: '', ASSET_SEARCH_MODELS: join(folder, 'models'), ...env },
    });
    children.push(child);
    let [out, err] = ['', ''];
    child.stdout!.on('data', data => { out += data; });
    child.stderr!.on('data', data => { err += data; });
    const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, out, err }));
    const told = async (text: string): Promise<void> => { while (!err.includes(text)) { assert.equal(child.exitCode, null, err); await Promise.race([once(child.stderr!, 'data'), ended]); } };
    return { child, told, ended };
  }
  const run = (args: string[], env?: NodeJS.ProcessEnv): Promise<Result> => start(args, env).ended;
  const target = (): string => join(folder, 'models', row.id, variant);
  const lines = (text: string): Record<string, unknown>[] => text.trim().split('\n').map(line => JSON.parse(line) as Record<string, unknown>);
  /** The CDN sends the first half of the vision graph, and then nothing. */
  function holdHalfway(): void {
    hub.misbehave = (seen, response) => {
      const { bytes } = hub.file(files.vision);
      if (seen.where !== 'cdn' || seen.headers.range !== undefined || !seen.path.includes(sha256Of(bytes))) { return false; }
      response.writeHead(200, { 'content-length': bytes.length }).write(bytes.subarray(0, bytes.length / 2));
      return true;
    };
  }

  test('pull tells licence and size before, and the folder after; list and remove know it', async () => {
    const { code, out, err } = await run(['models', 'pull', name], { HF_TOKEN: 'hf_secret' });
    assert.equal(code, 0, err);
    assert.equal(out, `${target()}\n`);
    assert.ok(err.indexOf(row.license.url) >= 0 && err.indexOf(row.license.url) < err.indexOf(' MB'), err);
    assert.ok(err.includes('100 %') && !err.includes('\x1b') && !err.includes('hf_secret'), err);
    assert.ok(hub.seen.every(({ where, headers }) => (where === 'hub') === (headers.authorization === 'Bearer hf_secret')));
    const seen = hub.seen.length;
    assert.equal((await run(['models', 'pull', name])).code, 0);
    assert.equal(hub.seen.length, seen, 'what is installed is not asked for again');
    const listed = lines((await run(['models', 'list', '--json'])).out);
    assert.deepEqual(listed.map(each => each['id']), ['builtin', row.id]);
    assert.equal(listed[1]!['folder'], target());
    assert.ok((await run(['models', 'list', '--available'])).out.includes(row.license.url));
    assert.equal((await run(['models', 'remove', name])).code, 0);
    assert.ok(!existsSync(target()));
    const again = await run(['models', 'remove', name]);
    assert.equal(again.code, 1);
  });

  test('--models and --endpoint say where to and where from', async () => {
    const elsewhere = join(folder, 'elsewhere');
    const { code, out, err } = await run(['models', 'pull', name, '--models', elsewhere, '--endpoint', hub.endpoint, '--json'], { HF_ENDPOINT: 'http://127.0.0.1:9' });
    assert.equal(code, 0, err);
    assert.deepEqual(lines(out), [{ id: row.id, variant, folder: join(elsewhere, row.id, variant), commit: hub.main }]);
  });

  test('two processes download it once; the second waits and finds it done', async () => {
    let release = (): void => undefined;
    hub.misbehave = (seen, response) => {
      const { bytes } = hub.file(files.vision);
      if (seen.where !== 'cdn' || !seen.path.includes(sha256Of(bytes))) { return false; }
      response.writeHead(200, { 'content-length': bytes.length }).write(bytes.subarray(0, bytes.length / 2));
      release = () => response.end(bytes.subarray(bytes.length / 2));
      return true;
    };
    const first = start(['models', 'pull', name]);
    await first.told('downloading');
    const second = start(['models', 'pull', name]);
    await second.told('waiting');
    release();
    const [one, two] = await Promise.all([first.ended, second.ended]);
    assert.deepEqual([one.code, two.code], [0, 0], one.err + two.err);
    assert.equal(one.out, two.out);
    assert.equal(hub.downloads().length, 2, 'each file once');
    assert.ok(!two.err.includes('downloading'));
  });

  test('the one who waits goes on where a killed one was', async () => {
    holdHalfway();
    const first = start(['models', 'pull', name]);
    await first.told('downloading');
    const second = start(['models', 'pull', name]);
    await second.told('waiting');
    first.child.kill('SIGKILL');
    const { code, err } = await second.ended;
    assert.equal(code, 0, err);
    assert.ok(hub.downloads().some(({ headers }) => /^bytes=[1-9]/.test(headers.range ?? '')));
    assert.ok(readFileSync(join(target(), files.vision)).equals(hub.file(files.vision).bytes));
    assert.deepEqual(readdirSync(join(folder, 'models', '.partial')), []);
  });

  test('Ctrl-C keeps what is there, list shows it, and the same command goes on', async () => {
    holdHalfway();
    const first = start(['models', 'pull', name]);
    await first.told('downloading');
    first.child.kill('SIGINT');
    assert.equal((await first.ended).code, 130);
    const partial = lines((await run(['models', 'list', '--json'])).out).find(each => each['partial']);
    assert.ok(partial?.['id'] === row.id && (partial['sizeBytes'] as number) > 0);
    const { code, err } = await run(['models', 'pull', name]);
    assert.equal(code, 0, err);
    assert.ok(hub.downloads().some(({ headers }) => headers.range !== undefined));
  });

  test('wrong words are answered with usage, a hub that is not there with 1', async () => {
    for (const args of [['models', 'pull'], ['models', 'pull', 'nonsense'], ['models', 'pull', `${row.id}@nonsense`], ['models', 'dance'], ['models', 'remove', 'builtin'], ['models', 'list', 'x'], ['models', 'pull', name, '--endpoint', 'nonsense']]) {
      assert.equal((await run(args)).code, 2, args.join(' '));
    }
    const { code, err } = await run(['models', 'pull', name, '--endpoint', 'http://127.0.0.1:9']);
    assert.equal(code, 1);
    assert.ok(!err.includes('\n    at '), err);
    const research = catalog.find(({ license }) => license.researchOnly);
    if (research) { assert.equal((await run(['models', 'pull', research.id])).code, 1); }
  });

  test('index and search take an installed model by its id', async () => {
    cpSync(join(process.cwd(), 'media', 'builtin'), join(folder, 'models', 'own', 'fp16'), { recursive: true });
    const manifest = join(folder, 'models', 'own', 'fp16', 'model.json');
    writeFileSync(manifest, JSON.stringify({ ...JSON.parse(readFileSync(manifest, 'utf8')) as object, id: 'own' }));
    mkdirSync(join(folder, 'images'));
    copyFileSync(join(process.cwd(), 'node_modules', 'lucide-static', 'icons', 'heart.svg'), join(folder, 'images', 'heart.svg'));
    const db = join(folder, 'db');
    for (const model of ['own', 'own@fp16']) { assert.equal((await run(['index', join(folder, 'images'), '--db', db, '--model', model])).code, 0); }
    assert.equal((lines((await run(['stats', '--db', db, '--json'])).out)[0]!['model'] as { id: string }).id, 'own');
    assert.equal(lines((await run(['search', 'heart', '--db', db, '--model', 'own', '--json'])).out).length, 1);
    assert.equal((await run(['search', 'heart', '--db', db, '--model', 'own@int8'])).code, 2);
  });

  test('import takes a folder over once, and checks it', async () => {
    const own = join(folder, 'my icons');
    cpSync(join(process.cwd(), 'media', 'builtin'), own, { recursive: true });
    const imported = await start(['models', 'import', own, '--name', 'icons', '--json']).ended;
    assert.equal(imported.code, 0, imported.err);
    const target = join(folder, 'models', 'icons', 'fp16');
    assert.deepEqual(JSON.parse(imported.out), { id: 'icons', variant: 'fp16', folder: target, unchanged: false });
    assert.ok(existsSync(join(target, 'verified.json')));
    assert.match((await start(['models', 'import', own, '--name', 'icons', '--json']).ended).out, /"unchanged":true/);
    for (const [args, code] of [[['models', 'import'], 2], [['models', 'import', own], 2], [['models', 'import', folder], 1], [['models', 'import', own, '--name', 'a/b'], 1]] as const) {
      assert.equal((await start([...args]).ended).code, code, args.join(' '));
    }
    // A model with the towers of another one is refused by name of the check, and leaves nothing.
    const manifest = JSON.parse(readFileSync(join(own, 'model.json'), 'utf8')) as { image: object };
    writeFileSync(join(own, 'model.json'), JSON.stringify({ ...manifest, image: { ...manifest.image, output: 'nothing' } }));
    const refused = await start(['models', 'import', own, '--name', 'wrong']).ended;
    assert.equal(refused.code, 1);
    assert.match(refused.err, /"graphs"/);
    assert.equal(existsSync(join(folder, 'models', 'wrong')), false);
  });
});
