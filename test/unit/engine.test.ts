import assert from 'node:assert/strict';
import { fork, spawn, type ChildProcess } from 'node:child_process';
import { copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { CancellationTokenSource, createMessageConnection, IPCMessageReader, IPCMessageWriter, ResponseError, type CancellationToken, type MessageConnection } from 'vscode-jsonrpc/node';
import { IndexLock } from '../../src/core/lock';
import { Store } from '../../src/core/store';
import type { Manifest } from '../../src/models/manifest';
import { Engine, type ErrorInfo, type IndexStatus, type LogRecord, type OpenParams, type Request } from '../../src/protocol';

const builtin = join(process.cwd(), 'media', 'builtin');
const icons = join(process.cwd(), 'node_modules', 'lucide-static', 'icons');

/** The built engine process, driven as the extension host drives it. */
class Client {
  readonly child: ChildProcess;
  readonly connection: MessageConnection;
  readonly statuses: IndexStatus[] = [];
  readonly logs: LogRecord[] = [];
  readonly exited: Promise<unknown>;

  constructor() {
    this.child = fork(join(process.cwd(), 'dist', 'engine.js'), [], { serialization: 'advanced', execArgv: [] });
    this.exited = new Promise(resolve => this.child.once('exit', resolve));
    this.connection = createMessageConnection(new IPCMessageReader(this.child), new IPCMessageWriter(this.child));
    this.connection.onError(() => undefined);
    this.connection.onNotification(Engine.statusChanged.method, (status: IndexStatus) => this.statuses.push(status));
    this.connection.onNotification(Engine.log.method, (record: LogRecord) => this.logs.push(record));
    this.connection.listen();
  }
  ask<P, R>({ method }: Request<P, R>, params: P, token?: CancellationToken): Promise<R> {
    return token ? this.connection.sendRequest<R>(method, params, token) : this.connection.sendRequest<R>(method, params);
  }
  async until(wanted: (status: IndexStatus) => boolean): Promise<IndexStatus> {
    for (;;) {
      const found = this.statuses.find(wanted);
      if (found) { return found; }
      await new Promise(resolve => setTimeout(resolve, 10));
    }
  }
}

const codeOf = (code: string) => (error: unknown): boolean => error instanceof ResponseError && (error.data as ErrorInfo).code === code;
const svg = (index: number): string =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="600" height="600"><circle cx="${index % 600}" cy="300" r="${9 + (index % 200)}" fill="#${(index * 7919 % 0xffffff).toString(16).padStart(6, '0')}"/></svg>`;

suite('engine process', function () {
  this.timeout(120_000);
  let folder: string;
  let root: string;
  let clients: Client[];
  setup(() => {
    folder = mkdtempSync(join(tmpdir(), 'engine-'));
    root = join(folder, 'ws');
    mkdirSync(join(root, 'icons'), { recursive: true });
    for (const name of ['anchor', 'shopping-cart', 'star', 'heart']) { copyFileSync(join(icons, `${name}.svg`), join(root, 'icons', `${name}.svg`)); }
    clients = [];
  });
  teardown(async () => {
    for (const client of clients) { client.child.kill('SIGKILL'); await client.exited; }
    rmSync(folder, { recursive: true, force: true });
  });
  const params = (more: Partial<OpenParams> = {}): OpenParams => ({
    roots: [{ id: 'ws', path: root }], rules: { exclude: [], include: [], gitignore: true, maxFileSizeBytes: 1e7, maxPixels: 1e7, splitSheets: true },
    dbFolder: join(folder, 'db'), modelFolder: builtin, device: 'auto', threads: 0, maxThumbnailBytes: 1e8, ...more,
  });
  async function open(more: Partial<OpenParams> = {}): Promise<Client> {
    const client = new Client();
    clients.push(client);
    await client.ask(Engine.open, params(more));
    return client;
  }
  const key = (path: string) => ({ root: 'ws', path, part: 0 });

  test('answers every request of the protocol', async () => {
    writeFileSync(join(root, 'bad.png'), 'x');
    const client = await open();
    assert.deepEqual((await client.ask(Engine.search, { text: 'star', limit: 5, useNames: true })).hits, [], 'nothing is indexed yet');
    const summary = await client.ask(Engine.index, {});
    assert.deepEqual([summary.indexed, summary.skipped.length, summary.cancelled], [4, 1, false]);
    const found = await client.ask(Engine.search, { text: 'shopping cart', limit: 2, useNames: true });
    assert.deepEqual([found.hits[0]!.path, found.hits.length, found.total], ['icons/shopping-cart.svg', 2, 4]);
    assert.equal((await client.ask(Engine.search, { text: 'star', limit: 5, useNames: true, filter: { folders: [{ root: 'ws', path: 'elsewhere' }] } })).hits.length, 0);
    const own = await client.ask(Engine.similar, { image: { kind: 'asset', key: key('icons/star.svg') }, limit: 10 });
    assert.equal(own.hits.length, 3);
    assert.ok(own.hits.every(hit => hit.path !== 'icons/star.svg'), 'an asset leaves itself out');
    const bytes = readFileSync(join(root, 'icons/star.svg'));
    const pasted = await client.ask(Engine.similar, { image: { kind: 'bytes', bytes }, limit: 1 });
    assert.equal(pasted.hits[0]!.path, 'icons/star.svg');
    assert.equal((await client.ask(Engine.similar, { image: { kind: 'file', path: join(root, 'icons/heart.svg') }, limit: 1 })).hits[0]!.path, 'icons/heart.svg');
    const page = await client.ask(Engine.browse, { offset: 1, limit: 2 });
    assert.deepEqual([page.assets.map(asset => asset.path), page.total], [['icons/heart.svg', 'icons/shopping-cart.svg'], 4]);
    const [good, bad] = await client.ask(Engine.label, { images: [{ kind: 'asset', key: key('icons/star.svg') }, { kind: 'file', path: join(root, 'bad.png') }], labels: ['star', 'heart'] });
    assert.ok(Math.abs(good!.probabilities.reduce((sum, each) => sum + each, 0) - 1) < 1e-6);
    assert.ok(bad!.error !== undefined && bad!.probabilities.length === 0);
    assert.deepEqual((await client.ask(Engine.skipped, {})).map(skip => skip.path), ['bad.png']);
    const status = await client.ask(Engine.status, {});
    assert.deepEqual([status.state, status.assets, status.skipped, status.model.id, status.lastRun?.indexed], ['idle', 4, 1, 'builtin', 4]);
    assert.ok(status.diskBytes > 1000);
    assert.ok(client.statuses.some(each => each.state === 'indexing'));
    await assert.rejects(client.ask(Engine.similar, { image: { kind: 'file', path: join(root, 'gone.png') }, limit: 1 }), codeOf('imageUnreadable'));
    await assert.rejects(client.ask(Engine.label, { images: [], labels: [' '] }), codeOf('usage'));
  });

  test('each cell of a sprite sheet is found by words, has a thumbnail of its own, and finds others like itself', async () => {
    const animals = ['1f436', '1f431', '1f98a', '1f43c', '1f981', '1f437', '1f438', '1f427', '1f989', '1f422', '1f419', '1f40b'];
    const twemoji = join(process.cwd(), 'node_modules', '@twemoji', 'svg');
    const cells = await Promise.all(animals.map(async (code, index) => ({ input: await sharp(join(twemoji, `${code}.svg`), { density: 300 }).resize(60).toBuffer(), left: index % 4 * 64 + 2, top: Math.floor(index / 4) * 64 + 2 })));
    await sharp({ create: { width: 256, height: 192, channels: 4, background: '#0000' } }).composite(cells).png().toFile(join(root, 'animals.png'));
    copyFileSync(join(twemoji, '1f427.svg'), join(root, 'icons', 'bird.svg'));
    const client = await open({ maxThumbnailBytes: 0 });
    const summary = await client.ask(Engine.index, {});
    assert.deepEqual([summary.seen, summary.indexed], [6, 6]);
    const { assets, cells: count } = await client.ask(Engine.status, {});
    assert.deepEqual([assets, count], [6, 12]);
    for (const [word, part] of [['fox', 3], ['pig face', 6], ['penguin', 8], ['owl', 9]] as const) {
      const { hits } = await client.ask(Engine.search, { text: word, limit: 4, useNames: true, filter: { formats: ['png'] } });
      assert.deepEqual([hits[0]!.path, hits[0]!.part], ['animals.png', part], word);
      assert.deepEqual(hits[0]!.cell, { x: (part - 1) % 4 * 64, y: Math.floor((part - 1) / 4) * 64, width: 64, height: 64 });
    }
    const penguin = { root: 'ws', path: 'animals.png', part: 8 };
    const { hits } = await client.ask(Engine.similar, { image: { kind: 'asset', key: penguin }, limit: 30 });
    assert.equal(hits[0]!.path, 'icons/bird.svg');
    assert.deepEqual([hits.length, hits.some(hit => hit.part === 8), hits.some(hit => hit.path === 'animals.png' && hit.part === 0)], [17, false, true]);
    await assert.rejects(client.ask(Engine.similar, { image: { kind: 'asset', key: { ...penguin, part: 99 } }, limit: 1 }), codeOf('notIndexed'));
    const [label] = await client.ask(Engine.label, { images: [{ kind: 'asset', key: penguin }], labels: ['penguin', 'octopus', 'anchor'] });
    assert.ok(label!.probabilities[0]! > label!.probabilities[1]! && label!.probabilities[0]! > label!.probabilities[2]!);
    // Made when asked for, all of a sheet at once; the whole is not one of them.
    const made = await client.ask(Engine.thumbnails, { assets: [penguin, { ...penguin, part: 1 }, { ...penguin, part: 0 }, { ...penguin, part: 99 }] });
    const sizes = await Promise.all(made.slice(0, 3).map(async ({ file }) => sharp(file).metadata()));
    assert.deepEqual(sizes.map(({ width }) => width), [64, 64, 192]);
    assert.deepEqual([made[3]!.file, new Set(made.map(({ file }) => file)).size], [undefined, 4]);
    // Written by the run as well, under the same names.
    rmSync(join(folder, 'db', 'thumbnails'), { recursive: true });
    client.child.kill('SIGKILL');
    await client.exited;
    const again = await open();
    await again.ask(Engine.rebuild, {});
    assert.ok(made.slice(0, 3).every(({ file }) => existsSync(file!)));
  });

  test('a folder that is not there is told from an empty one', async () => {
    const client = await open({ roots: [{ id: 'ws', path: root }, { id: 'gone', path: join(folder, 'gone') }] });
    await client.ask(Engine.index, {});
    const { folders } = await client.ask(Engine.details, {});
    assert.deepEqual(folders.map(({ root: id, unreadable, scannedAt }) => [id, unreadable, scannedAt !== undefined]), [['ws', undefined, true], ['gone', true, false]]);
  });

  test('a folder in the place of a file of the index is named, and nothing is changed', async () => {
    const client = await open();
    await client.ask(Engine.index, {});
    mkdirSync(join(folder, 'db', 'lock.json', 'mine'), { recursive: true });
    await assert.rejects(client.ask(Engine.index, {}), codeOf('usage'));
    assert.ok(existsSync(join(folder, 'db', 'lock.json', 'mine')));
    rmSync(join(folder, 'db', 'lock.json'), { recursive: true });
    await client.ask(Engine.index, {});
    for (const name of ['labels.json', 'meta.json', 'state.ndjson']) {
      const [file, aside] = [join(folder, 'db', name), join(folder, name)];
      if (existsSync(file)) { renameSync(file, aside); }
      mkdirSync(file);
      await assert.rejects(open(), codeOf('usage'), name);
      rmSync(file, { recursive: true });
      if (existsSync(aside)) { renameSync(aside, file); }
    }
    assert.equal((await (await open()).ask(Engine.index, {})).unchanged, 4);
  });

  test('thumbnails come from the run, or are made when asked for', async () => {
    const client = await open();
    await client.ask(Engine.index, {});
    const ask = () => client.ask(Engine.thumbnails, { assets: [key('icons/star.svg'), key('icons/star.svg'), key('gone.svg')] });
    const [made, , none] = await ask();
    assert.ok(existsSync(made!.file!));
    assert.equal(none!.file, undefined);
    rmSync(join(folder, 'db', 'thumbnails'), { recursive: true });
    assert.ok(existsSync((await ask())[0]!.file!));
    rmSync(join(folder, 'db', 'thumbnails'), { recursive: true });
    copyFileSync(join(icons, 'moon.svg'), join(root, 'icons', 'star.svg'));
    assert.equal((await ask())[0]!.file, undefined, 'not the new picture under the old name');
  });

  test('an update takes in what the watcher saw', async () => {
    const client = await open();
    await client.ask(Engine.index, {});
    copyFileSync(join(icons, 'moon.svg'), join(root, 'moon.svg'));
    rmSync(join(root, 'icons', 'star.svg'));
    const summary = await client.ask(Engine.update, { changes: [{ root: 'ws', path: 'moon.svg' }, { root: 'ws', path: 'icons/star.svg' }] });
    assert.deepEqual([summary.indexed, summary.removed], [1, 1]);
    assert.equal((await client.ask(Engine.search, { text: 'moon', limit: 1, useNames: true })).hits[0]!.path, 'moon.svg');
    // Another size of the same drawing joins its stack, whatever lies between them in the ranking.
    copyFileSync(join(root, 'moon.svg'), join(root, 'moon@2x.svg'));
    await client.ask(Engine.update, { changes: [{ root: 'ws', path: 'moon@2x.svg' }] });
    const { hits, stacks } = await client.ask(Engine.search, { text: 'moon', limit: 10, useNames: true });
    const [one, two] = ['moon.svg', 'moon@2x.svg'].map(path => hits.findIndex(hit => hit.path === path));
    assert.equal(stacks![Math.max(one!, two!)], Math.min(one!, two!));
    assert.equal(new Set(stacks).size, hits.length - 1, 'the others stand alone');
    writeFileSync(join(root, '.gitignore'), 'icons\n');
    assert.equal((await client.ask(Engine.update, { changes: [{ root: 'ws', path: '.gitignore' }] })).removed, 3);
  });

  test('an atlas file that comes, changes and goes splits its image anew; one that speaks of no image starts no run', async () => {
    const cart = readFileSync(join(icons, 'shopping-cart.svg'));
    await sharp(cart, { density: 300 }).resize(96, 96).flatten({ background: '#ffe' }).extend({ right: 32, background: '#00f' }).png().toFile(join(root, 'icons', 'ui.png'));
    const client = await open();
    await client.ask(Engine.index, {});
    const update = (path: string) => client.ask(Engine.update, { changes: [{ root: 'ws', path }] });
    const css = (name: string) => `.ui { background: url(icons/ui.png); width: 96px; height: 96px } .${name} { background-position: 0 0 } .ui-blue { background-position: -96px 0; width: 32px }`;
    writeFileSync(join(root, 'site.css'), css('ui-basket'));
    assert.equal((await update('site.css')).indexed, 1);
    const first = async (text: string) => (await client.ask(Engine.search, { text, limit: 1, useNames: true })).hits[0];
    assert.deepEqual((await first('basket'))?.cell, { x: 0, y: 0, width: 96, height: 96, name: 'ui-basket' });
    writeFileSync(join(root, 'site.css'), css('ui-trolley'));
    assert.equal((await update('site.css')).indexed, 1);
    assert.equal((await first('trolley'))?.part, 1);
    writeFileSync(join(root, 'icons', 'data.json'), '{}');
    assert.deepEqual((await update('icons/data.json')).seen, 1, 'the one image beside it that may be a sheet');
    writeFileSync(join(root, 'icons', 'data.json'), '{"other": 1}');
    assert.equal((await update('icons/data.json')).seen, 0, 'of no atlas before and now');
    writeFileSync(join(root, 'site.css'), `${css('ui-trolley')} p { color: red }`);
    assert.equal((await update('site.css')).seen, 0, 'the same cells');
    mkdirSync(join(root, 'src'));
    writeFileSync(join(root, 'src', 'data.json'), '{}');
    assert.equal((await update('src/data.json')).seen, 0);
    const { cells } = await client.ask(Engine.status, {});
    assert.ok(cells > 0);
    rmSync(join(root, 'site.css'));
    await update('site.css');
    assert.equal((await client.ask(Engine.status, {})).cells, 0);
    writeFileSync(join(root, 'site.css'), css('ui-trolley'));
    await update('site.css');
    assert.equal((await client.ask(Engine.status, {})).cells, cells, 'back again');
    rmSync(join(root, 'site.css'));
    await update('site.css');
    assert.equal((await client.ask(Engine.browse, { offset: 0, limit: 100 })).total, 5);
  });

  test('a cancelled run resolves with what it did; queries are answered meanwhile', async () => {
    for (let index = 0; index < 600; index++) { writeFileSync(join(root, `${index}.svg`), svg(index)); }
    const client = await open();
    const source = new CancellationTokenSource();
    const run = client.ask(Engine.index, {}, source.token);
    await client.until(status => (status.progress?.done ?? 0) > 100);
    assert.ok((await client.ask(Engine.search, { text: 'circle', limit: 3, useNames: true })).milliseconds >= 0);
    source.cancel();
    const summary = await run;
    assert.ok(summary.cancelled && summary.indexed > 0 && summary.indexed < 604, `${summary.indexed}`);
    assert.equal((await client.ask(Engine.status, {})).assets, summary.indexed);
    const next = await client.ask(Engine.index, {});
    assert.equal(next.unchanged, summary.indexed);
  });

  test('paused: the run ends and frees the lock, no other starts, and resumed all is there', async () => {
    for (let index = 0; index < 600; index++) { writeFileSync(join(root, `${index}.svg`), svg(index)); }
    writeFileSync(join(root, 'bad.png'), 'x');
    const client = await open();
    const run = client.ask(Engine.index, {});
    await client.until(status => (status.progress?.done ?? 0) > 100);
    await client.ask(Engine.pause, { paused: true });
    const part = await run;
    assert.ok(part.cancelled && part.indexed > 0 && part.indexed < 604, `${part.indexed}`);
    const status = await client.ask(Engine.status, {});
    assert.deepEqual([status.state, status.assets, status.progress], ['paused', part.indexed, undefined]);
    assert.equal(IndexLock.holder(join(folder, 'db')), undefined);
    for (const summary of [await client.ask(Engine.index, {}), await client.ask(Engine.update, { changes: [{ root: 'ws', path: '' }] })]) {
      assert.deepEqual([summary.cancelled, summary.seen], [true, 0]);
    }
    const first = client.statuses.length;
    await client.ask(Engine.pause, { paused: false });
    assert.equal(client.statuses.slice(first).at(-1)!.state, 'idle');
    const { seen, indexed, unchanged, reused, skipped, cancelled } = await client.ask(Engine.index, {});
    assert.deepEqual([seen, indexed + unchanged + reused + skipped.length, cancelled], [605, 605, false]);
    assert.equal(unchanged, part.indexed, 'what was done is not done again');
    assert.equal((await client.ask(Engine.status, {})).assets, 604);
  });

  test('paused before it opens, and while it waits for another writer', async () => {
    for (let index = 0; index < 400; index++) { writeFileSync(join(root, `${index}.svg`), svg(index)); }
    const first = await open();
    const run = first.ask(Engine.index, {});
    await first.until(status => status.state === 'indexing');
    const second = new Client();
    clients.push(second);
    await second.ask(Engine.pause, { paused: true });
    assert.equal((await second.ask(Engine.open, params())).state, 'paused');
    await second.ask(Engine.pause, { paused: false });
    const waiting = second.ask(Engine.index, {});
    await second.until(status => status.state === 'indexingElsewhere');
    await second.ask(Engine.pause, { paused: true });
    assert.deepEqual([(await waiting).cancelled, (await second.ask(Engine.status, {})).state], [true, 'paused']);
    assert.equal((await run).indexed, 404, 'the other one goes on');
  });

  test('a skipped file is tried again when asked for, also while paused', async () => {
    const bad = join(root, 'bad.svg');
    writeFileSync(bad, 'x'.repeat(400));
    writeFileSync(join(root, 'worse.png'), 'x');
    const client = await open();
    await client.ask(Engine.index, {});
    assert.deepEqual((await client.ask(Engine.skipped, {})).map(skip => skip.path).sort(), ['bad.svg', 'worse.png']);
    // Repaired without a trace: the same size and time, as a remounted disk or a restored backup leaves it.
    const { mtimeMs, atimeMs } = statSync(bad);
    writeFileSync(bad, svg(1).padEnd(400));
    utimesSync(bad, atimeMs / 1000, mtimeMs / 1000);
    await client.ask(Engine.pause, { paused: true });
    const one = await client.ask(Engine.retry, { files: [{ root: 'ws', path: 'bad.svg' }] });
    assert.deepEqual([one.seen, one.indexed, one.skipped.length], [1, 1, 0]);
    assert.deepEqual((await client.ask(Engine.skipped, {})).map(skip => skip.path), ['worse.png']);
    assert.equal((await client.ask(Engine.status, {})).state, 'paused');
    const all = await client.ask(Engine.retry, {});
    assert.deepEqual([all.seen, all.indexed, all.skipped.map(skip => skip.path)], [1, 0, ['worse.png']]);
    assert.deepEqual((await client.ask(Engine.skipped, {})).map(skip => skip.path), ['worse.png']);
  });

  test('two windows: one writes, the other says so, searches and takes over', async () => {
    for (let index = 0; index < 500; index++) { writeFileSync(join(root, `${index}.svg`), svg(index)); }
    const first = await open();
    const run = first.ask(Engine.index, {});
    await first.until(status => status.state === 'indexing');
    const second = await open();
    const waiting = second.ask(Engine.index, {});
    const elsewhere = await second.until(status => status.state === 'indexingElsewhere');
    assert.equal(elsewhere.writer?.pid, first.child.pid);
    await second.ask(Engine.search, { text: 'circle', limit: 3, useNames: true });
    assert.equal((await run).indexed, 504);
    const summary = await waiting;
    assert.deepEqual([summary.unchanged, summary.indexed], [504, 0]);
    assert.equal((await second.ask(Engine.browse, { offset: 0, limit: 1 })).total, 504);
  });

  /** The built command line, beside the engine on the same index. */
  function command(...args: string[]): { child: ChildProcess; ended: Promise<{ code: number | null; out: string; err: string }> } {
    const child = spawn(process.execPath, [join(process.cwd(), 'dist', 'cli.js'), ...args, '--db', join(folder, 'db'), '--json'], { stdio: ['ignore', 'pipe', 'pipe'] });
    let [out, err] = ['', ''];
    child.stdout.on('data', data => { out += data; });
    child.stderr.on('data', data => { err += data; });
    return { child, ended: new Promise(resolve => child.once('close', code => resolve({ code, out, err }))) };
  }
  /** Each file has one row, also where two processes wrote one after the other. */
  async function assertRows(count: number): Promise<void> {
    const store = await Store.open(join(folder, 'db'));
    const space = (await store.openSpace((await store.spaces())[0]!, 256, false))!;
    assert.deepEqual([await space.count(), (await space.hashes()).size], [count, count]);
    store.close();
  }

  test('the command line beside a window that writes: it searches, and is told who writes', async () => {
    // More than one flush of rows, so that a fast machine is not done before the command line asks.
    for (let index = 0; index < 2400; index++) { writeFileSync(join(root, `${index}.svg`), svg(index)); }
    const client = await open();
    const run = client.ask(Engine.index, {});
    await client.until(status => status.assets > 0);
    const [refused, found] = await Promise.all([command('index', root).ended, command('search', 'circle').ended]);
    assert.equal(refused.code, 3, refused.err);
    assert.match(refused.err, new RegExp(`\\b${client.child.pid}\\b`));
    assert.equal(found.code, 0, found.err);
    assert.equal((JSON.parse(found.out) as { hits: unknown[] }).hits.length, 10);
    const { indexed, reused } = await run;
    assert.equal(indexed + reused, 2404);
    const { unchanged } = JSON.parse((await command('index', root).ended).out) as { unchanged: number };
    assert.equal(unchanged, 2404, 'both name the folder alike');
    await assertRows(2404);
  });

  test('a window beside the command line that writes: it waits, says for whom, and takes over from a killed one', async () => {
    for (let index = 0; index < 2400; index++) { writeFileSync(join(root, `${index}.svg`), svg(index)); }
    const client = await open();
    const { child, ended } = command('index', root);
    while (IndexLock.holder(join(folder, 'db'))?.pid !== child.pid) { await new Promise(resolve => setTimeout(resolve, 5)); }
    const waiting = client.ask(Engine.index, {});
    // With rows in the table, so that there is something to take over.
    const elsewhere = await client.until(status => status.state === 'indexingElsewhere' && status.assets > 0);
    assert.equal(elsewhere.writer?.pid, child.pid);
    child.kill('SIGKILL');
    assert.equal((await ended).code, null, 'it was killed, not done');
    const { seen, indexed, unchanged, reused, skipped } = await waiting;
    assert.deepEqual([seen, indexed + unchanged + reused + skipped.length], [2404, 2404]);
    assert.ok(unchanged > 0, 'what it had done is not done again');
    const status = await client.ask(Engine.status, {});
    assert.deepEqual([status.state, status.assets, status.writer], ['idle', 2404, undefined]);
    await assertRows(2404);
  });

  test('a storage folder with somebody\'s files is refused, and left as it is', async () => {
    writeFileSync(join(root, 'meta.json'), '{}');
    for (const dbFolder of [root, join(root, 'icons'), folder]) { await assert.rejects(open({ dbFolder }), codeOf('usage')); }
    assert.deepEqual([readdirSync(folder), readdirSync(root).sort()], [['ws'], ['icons', 'meta.json']]);
  });

  test('a window that waits takes over at once from a killed one', async () => {
    for (let index = 0; index < 300; index++) { writeFileSync(join(root, `${index}.svg`), svg(index)); }
    const first = await open();
    first.ask(Engine.index, {}).catch(() => undefined);
    await first.until(status => (status.progress?.done ?? 0) > 20);
    const second = await open();
    const waiting = second.ask(Engine.index, {});
    first.child.kill('SIGKILL');
    const summary = await waiting;
    assert.equal(summary.indexed + summary.unchanged + summary.reused, 304);
    assert.equal((await second.ask(Engine.browse, { offset: 0, limit: 1 })).total, 304);
  });

  test('a new model builds its own table; the old one serves until that is complete', async () => {
    for (let index = 0; index < 300; index++) { writeFileSync(join(root, `${index}.svg`), svg(index)); }
    const old = await open();
    await old.ask(Engine.index, {});
    old.child.kill('SIGKILL');
    await old.exited;
    const other = join(folder, 'model');
    cpSync(builtin, other, { recursive: true });
    const manifest = JSON.parse(readFileSync(join(other, 'model.json'), 'utf8')) as { revision: string };
    writeFileSync(join(other, 'model.json'), JSON.stringify({ ...manifest, revision: 'other' }));
    const client = await open({ modelFolder: other });
    assert.equal((await client.ask(Engine.search, { text: 'star', limit: 1, useNames: true })).total, 304, 'the old table serves');
    const source = new CancellationTokenSource();
    const run = client.ask(Engine.index, {}, source.token);
    await client.until(status => (status.progress?.done ?? 0) > 50);
    source.cancel();
    assert.ok((await run).cancelled);
    assert.equal((await client.ask(Engine.search, { text: 'star', limit: 1, useNames: true })).total, 304, 'half a table does not');
    await client.ask(Engine.index, {});
    assert.equal((await client.ask(Engine.browse, { offset: 0, limit: 1 })).total, 304);
    const tables = () => readdirSync(join(folder, 'db', 'lance')).filter(name => name.endsWith('.lance'));
    assert.equal(tables().filter(name => !name.includes('__')).length, 2);
    const { spaces, folders } = await client.ask(Engine.details, {});
    assert.deepEqual(spaces.map(({ role, rows }) => [role, rows]).sort(), [['serving', 304], ['unused', 304]]);
    assert.ok(spaces.every(({ bytes }) => bytes > 304 * 4 * 64));
    assert.deepEqual(folders.map(({ root: id, images, parts, skipped }) => [id, images, parts, skipped]), [['ws', 304, 0, 0]]);
    assert.ok(Date.now() - folders[0]!.scannedAt! < 60_000);
    const named = (role: string) => ({ name: spaces.find(each => each.role === role)!.name });
    await assert.rejects(client.ask(Engine.removeSpace, named('serving')), codeOf('usage'));
    await assert.rejects(client.ask(Engine.removeSpace, { name: '../lance' }), codeOf('usage'));
    const lock = IndexLock.acquire(join(folder, 'db'));
    assert.ok(lock instanceof IndexLock);
    await assert.rejects(client.ask(Engine.removeSpace, named('unused')), codeOf('indexLocked'));
    lock.release();
    await client.ask(Engine.removeSpace, named('unused'));
    assert.deepEqual((await client.ask(Engine.details, {})).spaces.map(({ name }) => name), [named('serving').name]);
    assert.equal(tables().length, 2, 'the serving table and what it keeps');
    assert.equal((await client.ask(Engine.search, { text: 'star', limit: 1, useNames: true })).total, 304);
  });

  test('a new model is checked before its first use: one that fails is refused, and the old one stays', async () => {
    const old = await open();
    await old.ask(Engine.index, {});
    old.child.kill('SIGKILL');
    await old.exited;
    const other = join(folder, 'model');
    cpSync(builtin, other, { recursive: true });
    const manifest = JSON.parse(readFileSync(join(other, 'model.json'), 'utf8')) as Manifest;
    const wrong = { ...manifest, id: 'other', image: { ...manifest.image, mean: [0, 0, 0], std: [1 / 255, 1 / 255, 1 / 255] } };
    writeFileSync(join(other, 'model.json'), JSON.stringify(wrong));
    const client = await open({ modelFolder: other });
    await assert.rejects(client.ask(Engine.index, {}), codeOf('modelInvalid'));
    const { state, error } = await client.ask(Engine.status, {});
    assert.deepEqual([state, error?.code], ['failed', 'modelInvalid']);
    assert.match(error!.message, /"normalization"/);
    assert.equal((await client.ask(Engine.search, { text: 'star', limit: 1, useNames: true })).total, 4, 'the old table serves');
    assert.equal((await client.ask(Engine.details, {})).spaces.length, 1, 'nothing was begun');
    await assert.rejects(client.ask(Engine.rebuild, {}), codeOf('modelInvalid'));
    assert.equal((await client.ask(Engine.search, { text: 'star', limit: 1, useNames: true })).total, 4);
    client.child.kill('SIGKILL');
    await client.exited;
    writeFileSync(join(other, 'model.json'), JSON.stringify({ ...manifest, id: 'other' }));
    const repaired = await open({ modelFolder: other });
    assert.equal((await repaired.ask(Engine.index, {})).indexed, 4);
    assert.ok(existsSync(join(other, 'verified.json')));
    assert.equal((await repaired.ask(Engine.search, { text: 'star', limit: 1, useNames: true })).hits[0]!.path, 'icons/star.svg');
  });

  test('a damaged table fails with a code, and a rebuild repairs it', async () => {
    const client = await open();
    await client.ask(Engine.index, {});
    client.child.kill('SIGKILL');
    await client.exited;
    const lance = join(folder, 'db', 'lance');
    for (const table of readdirSync(lance)) {
      for (const name of readdirSync(join(lance, table, '_versions'))) { writeFileSync(join(lance, table, '_versions', name), 'garbage'); }
    }
    const again = await open();
    assert.deepEqual([(await again.ask(Engine.status, {})).state, (await again.ask(Engine.status, {})).error?.code], ['failed', 'indexCorrupt']);
    await assert.rejects(again.ask(Engine.index, {}), codeOf('indexCorrupt'));
    assert.equal((await again.ask(Engine.rebuild, {})).indexed, 4);
    assert.equal((await again.ask(Engine.status, {})).state, 'idle');
    assert.equal((await again.ask(Engine.search, { text: 'star', limit: 1, useNames: true })).hits[0]!.path, 'icons/star.svg');
  });

  test('a model that is not there is an error with its code', async () => {
    const client = new Client();
    clients.push(client);
    await assert.rejects(client.ask(Engine.open, params({ modelFolder: join(folder, 'none') })), codeOf('modelMissing'));
    await assert.rejects(client.ask(Engine.status, {}), codeOf('indexMissing'));
  });

  test('ends by itself when the window is gone, in the middle of a run too', async () => {
    for (let index = 0; index < 300; index++) { writeFileSync(join(root, `${index}.svg`), svg(index)); }
    const client = await open();
    client.ask(Engine.index, {}).catch(() => undefined);
    await client.until(status => (status.progress?.done ?? 0) > 20);
    client.child.disconnect();
    await client.exited;
    const next = await open();
    assert.ok((await next.ask(Engine.index, {})).unchanged > 0, 'what was done is kept');
  });
});
