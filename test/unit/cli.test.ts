import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { IndexLock } from '../../src/core/lock';
import { Store } from '../../src/core/store';

const cliFile = join(process.cwd(), 'dist', 'cli.js');

interface Result { code: number | null; out: string; err: string }
interface HitJson { path: string; score: number; root: string }

/** Runs the built command line in a process of its own, as a script does. */
function start(args: string[], env: NodeJS.ProcessEnv = {}): { child: ChildProcess; ended: Promise<Result> } {
  const child = spawn(process.execPath, [cliFile, ...args], { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
  let [out, err] = ['', ''];
  child.stdout.on('data', data => { out += data; });
  child.stderr.on('data', data => { err += data; });
  return { child, ended: new Promise(resolve => child.once('close', code => resolve({ code, out, err }))) };
}
const run = (...args: string[]): Promise<Result> => start(args).ended;
async function json<T>(...args: string[]): Promise<T> {
  const { code, out, err } = await run(...args, '--json');
  assert.equal(code, 0, err);
  return JSON.parse(out.trim().split('\n').at(-1)!) as T;
}

suite('command line', function () {
  this.timeout(120_000);
  let folder: string;
  let images: string;
  let db: string;

  suiteSetup(async () => {
    folder = mkdtempSync(join(tmpdir(), 'cli-'));
    images = join(folder, 'my images');
    db = join(folder, 'db');
    mkdirSync(join(images, 'sub'), { recursive: true });
    const icons = join(process.cwd(), 'node_modules', 'lucide-static', 'icons');
    for (const name of ['anchor', 'shopping-cart', 'trash', 'star', 'camera', 'heart', 'house', 'moon']) { copyFileSync(join(icons, `${name}.svg`), join(images, 'sub', `${name}.svg`)); }
    copyFileSync(join(icons, 'heart.svg'), join(images, 'love.svg'));
    writeFileSync(join(images, 'broken.png'), 'no image');
    const { code, err } = await run('index', images, '--db', db);
    assert.equal(code, 0, err);
  });
  suiteTeardown(() => rmSync(folder, { recursive: true, force: true }));

  test('index --json ends with one line whose counters add up', async () => {
    const own = join(folder, 'own');
    const first = await json<Record<string, number> & { skipped: { path: string; reason: string }[]; device: string }>('index', images, '--db', own);
    assert.deepEqual([first.indexed, first.unchanged, first.reused, first.removed], [8, 0, 1, 0]);
    assert.deepEqual(first.skipped.map(skip => skip.path), ['broken.png']);
    assert.ok(first.skipped[0]!.reason.length > 0 && first.device === 'cpu' && typeof first.seconds === 'number');
    const second = await json<Record<string, number> & { skipped: unknown[] }>('index', images, '--db', own);
    assert.deepEqual([second.indexed, second.unchanged, second.reused, second.skipped.length], [0, 9, 0, 1]);
  });

  test('without --db the index lies in the folder, ignores itself and is not indexed', async () => {
    const own = join(folder, 'plain');
    mkdirSync(own);
    copyFileSync(join(images, 'love.svg'), join(own, 'love.svg'));
    await json('index', own);
    assert.equal(readFileSync(join(own, '.asset-search', '.gitignore'), 'utf8'), '*\n');
    assert.equal((await json<{ seen: number }>('index', own)).seen, 1);
  });

  test('search --json gives paths relative to the folder, scores, and the exact name first', async () => {
    const { query, hits } = await json<{ query: string; hits: HitJson[] }>('search', 'shopping cart', '--db', db);
    assert.equal(query, 'shopping cart');
    assert.equal(hits[0]!.path, 'sub/shopping-cart.svg');
    assert.ok(hits.every(hit => typeof hit.score === 'number' && hit.score <= 1 && hit.score >= -1));
    assert.equal(hits.length, 9);
    assert.equal((await json<{ hits: HitJson[] }>('search', 'star', '--db', db, '--limit', '2')).hits.length, 2);
  });

  test('--no-names ranks by the pictures alone: scores fall', async () => {
    const { hits } = await json<{ hits: HitJson[] }>('search', 'heart', '--db', db, '--no-names');
    assert.deepEqual(hits.map(hit => hit.score), hits.map(hit => hit.score).sort((a, b) => b - a));
  });

  test('similar finds an indexed file itself first, by any path to it', async () => {
    const { query, hits } = await json<{ query: string; hits: HitJson[] }>('similar', join(images, 'sub', 'moon.svg'), '--db', db);
    assert.equal(query, join(images, 'sub', 'moon.svg'));
    assert.equal(hits[0]!.path, 'sub/moon.svg');
    assert.ok(hits[0]!.score > 0.999);
    const copies = (await json<{ hits: HitJson[] }>('similar', join(images, 'love.svg'), '--db', db)).hits.slice(0, 2).map(hit => hit.path);
    assert.deepEqual(copies.sort(), ['love.svg', 'sub/heart.svg']);
  });

  test('--queries answers each line, and a bad image costs only its own line', async () => {
    writeFileSync(join(folder, 'queries.txt'), 'heart\n\nmoon "quoted\' %\r\n');
    const texts = await run('search', '--queries', join(folder, 'queries.txt'), '--db', db, '--json');
    assert.deepEqual(texts.out.trim().split('\n').map(line => (JSON.parse(line) as { query: string }).query), ['heart', 'moon "quoted\' %']);
    writeFileSync(join(folder, 'images.txt'), `${join(images, 'love.svg')}\n${join(folder, 'missing.png')}\n`);
    const pictures = await run('similar', '--queries', join(folder, 'images.txt'), '--db', db, '--json');
    const [good, bad] = pictures.out.trim().split('\n').map(line => JSON.parse(line) as { query: string; hits: HitJson[]; error?: { code: string } });
    assert.deepEqual([good!.hits.length, bad!.hits.length, bad!.error?.code, pictures.code], [9, 0, 'imageUnreadable', 1]);
  });

  test('label probabilities sum to 1', async () => {
    const { image, labels } = await json<{ image: string; labels: { label: string; probability: number }[] }>('label', join(images, 'love.svg'), '--labels', 'heart, moon ,star');
    assert.equal(image, join(images, 'love.svg'));
    assert.deepEqual(labels.map(each => each.label).sort(), ['heart', 'moon', 'star']);
    assert.ok(Math.abs(labels.reduce((sum, each) => sum + each.probability, 0) - 1) < 1e-6);
  });

  test('two thousand images on one command line; and nothing is prepared to be sent anywhere', async () => {
    const home = join(folder, 'home');
    mkdirSync(home);
    const many = Array.from({ length: 2000 }, () => join(images, 'love.svg'));
    // Variables of the test's own process must not hide what the command line forgets to say.
    const { code, out, err } = await start(['label', ...many, '--labels', 'heart,moon', '--json'], { HOME: home, XDG_CACHE_HOME: undefined, TMPDIR: home, TMP: home, TEMP: home, ORT_DISABLE_TELEMETRY: undefined }).ended;
    assert.equal(code, 0, err);
    assert.equal(out.trim().split('\n').length, 2000);
    assert.deepEqual(readdirSync(home), [], 'no device id, no queue of events');
  });

  test('label --all keeps labels in the index, prints them as CSV or JSON, and search finds by them', async () => {
    const { code, out, err } = await run('label', '--all', '--labels', 'heart,moon,star', '--db', db, '--csv');
    assert.equal(code, 0, err);
    assert.match(out, /^root,path,part,label,probability,model\r\n(.*\r\n)*my images,love\.svg,,heart,[01][\d.]*,builtin@\S+\r\n/);
    const rows = await run('label', '--all', '--labels', 'heart,moon,star', '--db', db, '--json');
    assert.ok((JSON.parse(rows.out) as { path: string; label: string }[]).some(each => each.path === 'sub/moon.svg' && each.label === 'moon'));
    const { hits } = await json<{ hits: HitJson[] }>('search', 'anything', '--db', db, '--label', 'moon');
    assert.ok(hits.some(hit => hit.path === 'sub/moon.svg') && !hits.some(hit => hit.path === 'love.svg'));
    assert.equal((await run('label', '--all', '--labels', 'heart', '--db', db)).code, 2);
  });

  test('models and stats', async () => {
    assert.equal((await json<{ id: string }>('models')).id, 'builtin');
    const stats = await json<{ assets: number; skipped: number; formats: object; roots: { id: string }[]; model: { id: string }; spaces: { role: string; rows: number; bytes: number }[] }>('stats', '--db', db);
    assert.deepEqual([stats.assets, stats.skipped, stats.formats, stats.roots[0]!.id, stats.model.id], [9, 1, { svg: 9 }, 'my images', 'builtin']);
    assert.deepEqual(stats.spaces.map(({ role, rows, bytes }) => [role, rows, bytes > 1000]), [['serving', 9, true]]);
  });

  test('exit codes tell what went wrong, on stderr', async () => {
    const cases: [string[], number][] = [
      [[], 2], [['nonsense'], 2], [['index'], 2], [['index', join(folder, 'missing')], 2], [['search', 'x'], 2], [['search', 'x', '--db', db, '--limit', 'many'], 2], [['search', 'x', '--wrong'], 2],
      [['search', 'x', '--db', join(folder, 'nowhere')], 1], [['similar', join(folder, 'nowhere.png'), '--db', db], 1], [['index', images, '--db', db, '--model', 'nonsense'], 1], [['--help'], 0],
    ];
    for (const [args, expected] of cases) {
      const { code, out, err } = await run(...args);
      assert.equal(code, expected, args.join(' '));
      assert.equal(expected === 0 ? err : out, '', args.join(' '));
    }
    assert.ok(!existsSync(join(folder, 'nowhere')), 'asking makes no folder');
  });

  test('a second writer is told who writes, and readers go on', async () => {
    const lock = IndexLock.acquire(db);
    assert.ok(lock instanceof IndexLock);
    try {
      const { code, err } = await run('index', images, '--db', db, '--json');
      assert.equal(code, 3);
      assert.match(err, new RegExp(`\\b${process.pid}\\b`));
      assert.equal((await json<{ hits: HitJson[] }>('search', 'moon', '--db', db)).hits[0]!.path, 'sub/moon.svg');
    } finally {
      lock.release();
    }
  });

  suite('stopped', () => {
    let many: string;
    // More than one flush of rows, so that a fast machine is not done before the signal.
    const count = 2400;
    suiteSetup(() => {
      many = join(folder, 'many');
      mkdirSync(many);
      for (let index = 0; index < count; index++) {
        writeFileSync(join(many, `${index}.svg`), `<svg xmlns="http://www.w3.org/2000/svg" width="900" height="900"><circle cx="${index}" cy="${900 - index}" r="${9 + (index % 300)}" fill="#${(index * 7919 % 0xffffff).toString(16).padStart(6, '0')}"/></svg>`);
      }
    });
    /** Stops the process as soon as its first rows are safe. */
    async function stopAfterFirstFlush(target: string, signal: 'SIGKILL' | 'SIGINT'): Promise<Result> {
      const { child, ended } = start(['index', many, '--db', target, '--json']);
      let over = false;
      void ended.then(() => { over = true; });
      const state = join(target, 'state.ndjson');
      while (!over && !(existsSync(state) && readFileSync(state, 'utf8').split('\n').length > 2)) { await new Promise(resolve => setTimeout(resolve, 5)); }
      child.kill(signal);
      return ended;
    }
    async function rowsOf(target: string): Promise<{ rows: number; keys: number }> {
      const store = await Store.open(target);
      const [name] = await store.spaces();
      const space = (await store.openSpace(name!, 256, false))!;
      const result = { rows: await space.count(), keys: (await space.hashes()).size };
      store.close();
      return result;
    }

    test('killed at any time, the next run goes on: each key once', async () => {
      const target = join(folder, 'killed');
      const killed = await stopAfterFirstFlush(target, 'SIGKILL');
      assert.equal(killed.code, null, 'it was killed, not done');
      const { rows } = await rowsOf(target);
      assert.ok(rows > 0, `${rows}`);
      // The worst moment: rows are written and their state lines are not.
      const lines = readFileSync(join(target, 'state.ndjson'), 'utf8').split('\n');
      writeFileSync(join(target, 'state.ndjson'), lines.slice(0, Math.ceil(lines.length / 2)).join('\n'));
      const next = await json<{ indexed: number; unchanged: number; reused: number }>('index', many, '--db', target);
      assert.equal(next.indexed + next.unchanged + next.reused, count);
      assert.ok(next.unchanged >= rows, 'nothing that was written is encoded again');
      assert.deepEqual(await rowsOf(target), { rows: count, keys: count });
      assert.ok(!readdirSync(target).includes('lock.json'));
    });

    test('Ctrl-C ends it with 130, says what was done and keeps it', async () => {
      const target = join(folder, 'interrupted');
      const { code, out } = await stopAfterFirstFlush(target, 'SIGINT');
      assert.equal(code, 130);
      const summary = JSON.parse(out) as { indexed: number; cancelled: boolean };
      assert.ok(summary.cancelled);
      assert.deepEqual(await rowsOf(target), { rows: summary.indexed, keys: summary.indexed });
    });
  });
});
