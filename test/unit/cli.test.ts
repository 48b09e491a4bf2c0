import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { IndexLock } from '../../src/core/lock';
import { Store } from '../../src/core/store';

const cliFile = join(process.cwd(), 'dist', 'cli.js');

interface Result { code: number | null; out: string; err: string }
interface HitJson { path: string; score: number; root: string }

/** Runs the built command line in a process of its own, as a script does. */
function start(args: string[], env: NodeJS.ProcessEnv = {}, stdin: 'ignore' | 'pipe' = 'ignore'): { child: ChildProcess; ended: Promise<Result> } {
  const child = spawn(process.execPath, [cliFile, ...args], { stdio: [stdin, 'pipe', 'pipe'], env: { ...process.env, ...env } });
  let [out, err] = ['', ''];
  child.stdout!.on('data', data => { out += data; });
  child.stderr!.on('data', data => { err += data; });
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

  test('an index folder that the system refuses to make is an error at once', async function () {
    if (process.platform !== 'linux') { this.skip(); }
    const { child, ended } = start(['index', images, '--db', '/proc/asset-search/index']);
    const timer = setTimeout(() => child.kill('SIGKILL'), 30_000);
    const { code, err } = await ended;
    clearTimeout(timer);
    assert.equal(code, 1);
    assert.match(err, /\/proc\/asset-search\/index/);
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

  test('an emoji is read as its name', async () => {
    for (const text of ['🛒', '🛒 empty', '⭐️']) {
      const { hits } = await json<{ hits: HitJson[] }>('search', text, '--db', db, '--limit', '1', '--no-names');
      assert.equal(hits[0]!.path, text === '⭐️' ? 'sub/star.svg' : 'sub/shopping-cart.svg');
    }
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
    assert.equal((await json<{ id: string }>('models', '--models', join(folder, 'no models'))).id, 'builtin');
    const stats = await json<{ assets: number; skipped: number; formats: object; roots: { id: string }[]; model: { id: string }; spaces: { role: string; rows: number; bytes: number }[] }>('stats', '--db', db);
    assert.deepEqual([stats.assets, stats.skipped, stats.formats, stats.roots[0]!.id, stats.model.id], [9, 1, { svg: 9 }, 'my images', 'builtin']);
    assert.deepEqual(stats.spaces.map(({ role, rows, bytes }) => [role, rows, bytes > 1000]), [['serving', 9, true]]);
  });

  test('who names a model is answered by no other one; of a model that is gone the index says so', async () => {
    const another = join(folder, 'another model');
    cpSync(join(process.cwd(), 'media', 'builtin'), another, { recursive: true });
    const manifest = join(another, 'model.json');
    writeFileSync(manifest, JSON.stringify({ ...JSON.parse(readFileSync(manifest, 'utf8')) as object, revision: 'another' }));
    assert.equal((await run('search', 'heart', '--db', db, '--model', another)).code, 1);
    assert.equal((await run('search', 'heart', '--db', db, '--model', 'builtin')).code, 0);
    const meta = join(db, 'meta.json');
    const before = readFileSync(meta, 'utf8');
    writeFileSync(meta, JSON.stringify({ ...JSON.parse(before) as object, model: { id: 'mine', folder: join(folder, 'gone') } }));
    const { code, err } = await run('search', 'heart', '--db', db);
    writeFileSync(meta, before);
    assert.equal(code, 1);
    assert.match(err, /"mine".*--model builtin/);
  });

  test('models verify names each check, and the one that a model fails', async () => {
    const passed = await json<{ passed: boolean; checks: { name: string; outcome: string }[] }>('models', 'verify', 'builtin');
    assert.ok(passed.passed && passed.checks.length >= 10 && passed.checks.every(({ outcome }) => outcome === 'passed'));
    const damaged = join(folder, 'damaged model');
    cpSync(join(process.cwd(), 'media', 'builtin'), damaged, { recursive: true });
    writeFileSync(join(damaged, 'tokenizer.json'), '{}');
    const { code, out } = await run('models', 'verify', damaged);
    assert.equal(code, 1);
    assert.match(out, /^failed +files +.*tokenizer\.json/);
    assert.match(out, /skipped +meaning/);
    assert.equal((await run('models', 'verify', 'nonsense')).code, 2);
  });

  test('exit codes tell what went wrong, on stderr', async () => {
    const cases: [string[], number][] = [
      [[], 2], [['nonsense'], 2], [['index'], 2], [['index', join(folder, 'missing')], 2], [['search', 'x'], 2], [['search', 'x', '--db', db, '--limit', 'many'], 2], [['search', 'x', '--wrong'], 2],
      [['search', 'x', '--db', join(folder, 'nowhere')], 1], [['similar', join(folder, 'nowhere.png'), '--db', db], 1], [['index', images, '--db', db, '--model', 'nonsense'], 2], [['--help'], 0],
      [['index', images, '--db', db, '--device', 'abacus'], 2], [['index', images, '--db', db, '--threads', '257'], 2], [['search', '', '--db', db], 2], [['search', 'x', '--text', 'y', '--db', db], 2], [['stats', '--db', db, '--limit', '5'], 2],
      [['search', 'x', '--db', db, '--limit', '-1'], 2], [['index', images, '--db', join(images, 'love.svg')], 2], [['label', join(images, 'love.svg'), '--labels', 'a', '--db', join(folder, 'nowhere')], 1],
      [['index', images, '--db', db, '--max-megapixels', '0'], 2], [['constructor'], 2], [['index', images, '--db', ''], 2], [['index', images, '--db', db, '--exclude', '', '--include', ''], 0],
    ];
    for (const [args, expected] of cases) {
      const { code, out, err } = await run(...args);
      assert.equal(code, expected, args.join(' '));
      assert.equal(expected === 0 ? err.replace(/^  skipped.*\n/m, '') : out, '', args.join(' '));
    }
    assert.ok(!existsSync(join(folder, 'nowhere')), 'asking makes no folder');
  });

  test('an index is made in no folder with other files, and not around the images', async () => {
    const project = join(folder, 'project');
    mkdirSync(join(project, 'icons'), { recursive: true });
    copyFileSync(join(images, 'love.svg'), join(project, 'icons', 'love.svg'));
    // Not even where somebody's file has the name and the shape of ours.
    writeFileSync(join(project, 'meta.json'), '{"version":1,"roots":[]}');
    for (const args of [['index', project, '--db', project], ['index', join(project, 'icons'), '--db', project], ['index', images, '--db', project], ['index', images, '--db', join(images, 'sub', '..')]]) {
      assert.equal((await run(...args)).code, 2, args.join(' '));
    }
    assert.deepEqual([readdirSync(project), readFileSync(join(project, 'meta.json'), 'utf8'), readdirSync(images).sort()], [['icons', 'meta.json'], '{"version":1,"roots":[]}', ['broken.png', 'love.svg', 'sub']]);
    const empty = join(folder, 'empty');
    mkdirSync(empty);
    assert.equal((await run('index', join(project, 'icons'), '--db', empty)).code, 0);
    // An index of earlier days has no mark, and one whose first run was killed has hardly more than its folders.
    const { kind, ...old } = JSON.parse(readFileSync(join(empty, 'meta.json'), 'utf8')) as { kind: string };
    writeFileSync(join(empty, 'meta.json'), JSON.stringify(old));
    assert.equal((await json<{ unchanged: number }>('index', join(project, 'icons'), '--db', empty)).unchanged, 1);
    rmSync(join(empty, 'meta.json'));
    assert.equal((await json<{ unchanged: number }>('index', join(project, 'icons'), '--db', empty)).unchanged, 1);
    assert.equal((JSON.parse(readFileSync(join(empty, 'meta.json'), 'utf8')) as { kind: string }).kind, kind);
  });

  test('a folder that moved, or that a larger one takes in, is listed once and not encoded again', async () => {
    const [target, first, second, around] = ['moved-db', 'before', 'after', 'around'].map(name => join(folder, name)) as [string, string, string, string];
    cpSync(images, first, { recursive: true });
    const roots = async () => (await json<{ roots: { id: string; exists: boolean }[]; assets: number }>('stats', '--db', target));
    await json('index', first, '--db', target);
    renameSync(first, second);
    assert.deepEqual((await roots()).roots.map(({ id, exists }) => [id, exists]), [['before', false]]);
    const moved = await json<{ indexed: number; reused: number }>('index', second, '--db', target);
    assert.deepEqual([moved.indexed, moved.reused], [0, 9]);
    assert.deepEqual((await roots()).roots.map(({ id, exists }) => [id, exists]), [['after', true]]);
    assert.equal((await roots()).assets, 9);
    mkdirSync(around);
    renameSync(second, join(around, 'pictures'));
    symlinkSync(join(around, 'pictures'), second, 'junction');
    const taken = await json<{ indexed: number; seen: number }>('index', around, '--db', target);
    assert.deepEqual([taken.indexed, taken.seen, (await roots()).assets, (await roots()).roots.map(({ id }) => id)], [0, 10, 9, ['around']]);
    assert.deepEqual((await json<{ hits: HitJson[] }>('search', 'moon', '--db', target)).hits.filter(hit => hit.path.endsWith('moon.svg')).length, 1);
    assert.equal((await run('index', join(around, 'pictures'), '--db', target)).code, 2, 'part of what is there');
    // Something else, on a disk that is not there now, is none of both.
    const other = join(folder, 'other');
    mkdirSync(other);
    copyFileSync(join(process.cwd(), 'node_modules', 'lucide-static', 'icons', 'bell.svg'), join(other, 'bell.svg'));
    await json('index', other, '--db', target);
    rmSync(other, { recursive: true });
    await json('index', around, '--db', target);
    assert.deepEqual([(await roots()).assets, (await roots()).roots.map(({ id }) => id).sort()], [10, ['around', 'other']]);
  });

  test('limits and globs are options, too', async () => {
    const own = join(folder, 'limits');
    mkdirSync(join(own, 'out'), { recursive: true });
    for (const name of ['a.png', 'b.png', 'out/c.png']) { copyFileSync(join(process.cwd(), 'media', 'icon.png'), join(own, name)); }
    const codes = async (...args: string[]): Promise<string[]> => (await json<{ skipped: { code: string }[] }>('index', own, '--include', '?.png', ...args)).skipped.map(skip => skip.code);
    assert.deepEqual(await codes('--max-megapixels', '0.001'), ['tooManyPixels', 'tooManyPixels']);
    assert.deepEqual(await codes('--max-file-size', '0.0001'), ['tooLarge', 'tooLarge']);
    assert.deepEqual(await codes(), []);
  });

  test('lists of queries and of images come from stdin, without a byte order mark', async () => {
    const ask = async (input: string, ...args: string[]): Promise<Record<string, unknown>[]> => {
      const { child, ended } = start([...args, '--json'], {}, 'pipe');
      child.stdin!.end(input);
      const { code, out, err } = await ended;
      assert.equal(code, 0, err);
      return out.trim().split('\n').map(line => JSON.parse(line) as Record<string, unknown>);
    };
    assert.deepEqual((await ask('\uFEFFmoon\n', 'search', '--queries', '-', '--db', db)).map(({ query }) => query), ['moon']);
    const files = [join(images, 'love.svg'), join(images, 'sub', 'moon.svg')];
    assert.deepEqual((await ask(`\uFEFF${files.join('\r\n')}`, 'label', '--files', '-', '--labels', 'heart,moon')).map(({ image }) => image), files);
  });

  test('a damaged index says how to repair it, without the libraries\' own words', async () => {
    const own = join(folder, 'damaged');
    await json('index', images, '--db', own);
    for (const name of readdirSync(join(own, 'lance'), { recursive: true, encoding: 'utf8' })) {
      if (statSync(join(own, 'lance', name)).isFile()) { writeFileSync(join(own, 'lance', name), 'garbage'); }
    }
    for (const args of [['search', 'moon', '--db', own], ['stats', '--db', own], ['index', images, '--db', own]]) {
      const { code, err } = await run(...args);
      assert.deepEqual([code, err.trim().split('\n').length, err.includes('--rebuild'), /lance|cargo/i.test(err)], [1, 1, true, false], err);
    }
    await json('index', images, '--db', own, '--rebuild');
    assert.equal((await json<{ hits: HitJson[] }>('search', 'moon', '--db', own)).hits[0]!.path, 'sub/moon.svg');
    const files = readdirSync(join(own, 'lance'), { recursive: true, encoding: 'utf8' }).filter(name => statSync(join(own, 'lance', name)).isFile());
    assert.deepEqual(files.filter(name => readFileSync(join(own, 'lance', name), 'utf8') === 'garbage'), []);
  });

  test('a damaged full-text index is built anew by the next run, though no file changed', async () => {
    const own = join(folder, 'damagedWords');
    await json('index', images, '--db', own);
    for (const name of readdirSync(join(own, 'lance'), { recursive: true, encoding: 'utf8' })) {
      if (/_indices.*_tokens\.lance$/.test(name)) { writeFileSync(join(own, 'lance', name), 'garbage'); }
    }
    assert.equal((await run('search', 'moon', '--db', own)).code, 1);
    assert.equal((await json<{ unchanged: number }>('index', images, '--db', own)).unchanged, 9);
    assert.equal((await json<{ hits: HitJson[] }>('search', 'moon', '--db', own)).hits[0]!.path, 'sub/moon.svg');
  });

  test('what the system refuses is not called damage', async function () {
    if (process.platform !== 'linux') { this.skip(); }
    const few = (files: number, ...args: string[]): Promise<Result> => new Promise(resolve => {
      const child = spawn('/bin/sh', ['-c', `ulimit -n ${files}; exec "$0" "$@"`, process.execPath, cliFile, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
      let [out, err] = ['', ''];
      child.stdout.on('data', data => { out += data; });
      child.stderr.on('data', data => { err += data; });
      child.once('close', code => resolve({ code, out, err }));
    });
    const said: string[] = [];
    // How many open files are too few depends on the machine; with fewer still, Node.js itself does not start.
    for (const args of [['search', 'moon', '--db', db], ['index', images, '--db', db, '--force']]) {
      for (let files = 24, code: number | null = 1; code !== 0 && files < 60; files++) {
        const result = await few(files, ...args);
        code = result.code;
        if (result.err.includes('asset-search: ')) { said.push(result.err); }
      }
    }
    assert.ok(said.length > 0);
    assert.deepEqual(said.filter(err => /--rebuild|undefined|deleted/.test(err)), []);
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
        writeFileSync(join(many, `${index}.svg`), `<svg xmlns="http://www.w3.org/2000/svg" width="900" height="900"><circle cx="${index % 900}" cy="${900 - index % 900}" r="${9 + (index % 300)}" fill="#${(index * 7919 % 0xffffff).toString(16).padStart(6, '0')}"/></svg>`);
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

    test('an index folder that is deleted under the run is not said to be kept', async () => {
      const target = join(folder, 'deleted');
      const { child, ended } = start(['index', many, '--db', target, '--json']);
      void child;
      while (!existsSync(join(target, 'state.ndjson'))) { await new Promise(resolve => setTimeout(resolve, 5)); }
      // A write under way may make a folder anew while it is being deleted.
      rmSync(target, { recursive: true, force: true, maxRetries: 10 });
      const { code, err } = await ended;
      assert.equal(code, 1);
      assert.doesNotMatch(err, /took over|is kept/);
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
