import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { outermost, scan } from '../../src/core/scan';
import type { ScanRules } from '../../src/protocol';

suite('scan', () => {
  let root: string;
  setup(() => { root = realpathSync(mkdtempSync(join(tmpdir(), 'scan-'))); });
  teardown(() => rmSync(root, { recursive: true, force: true }));

  const put = (path: string, content = 'x'): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  };
  const rules = (more: Partial<ScanRules> = {}): ScanRules => ({ exclude: [], include: [], gitignore: true, maxFileSizeBytes: 100, maxPixels: 1e6, splitSheets: true, ...more });
  const found = async (more: Partial<ScanRules> = {}, only?: string[]): Promise<string[]> => {
    const result = await scan([{ id: 'r', path: root }], rules(more), only?.map(path => ({ root: 'r', path })));
    return result.files.map(file => file.path).sort();
  };

  test('finds the formats, whatever the case of their extension, in hidden folders too', async () => {
    for (const path of ['a.png', 'B.JPG', '.hidden/c.webp', 'd.txt', 'png', '.svg', 'sub/deep/e.tiff']) { put(path); }
    assert.deepEqual(await found(), ['.hidden/c.webp', '.svg', 'B.JPG', 'a.png', 'sub/deep/e.tiff']);
  });

  test('each folder leaves out what its own globs name', async () => {
    for (const path of ['one/keep.png', 'one/out/a.png', 'two/keep.png', 'two/out/b.png']) { put(path); }
    const result = await scan([{ id: 'one', path: join(root, 'one'), exclude: ['**/out'] }, { id: 'two', path: join(root, 'two'), exclude: ['keep.*'] }], rules());
    assert.deepEqual(result.files.map(file => `${file.root}/${file.path}`).sort(), ['one/keep.png', 'two/out/b.png']);
  });

  test('skips what size or name rules out, with a reason and a remedy', async () => {
    put('large.png', 'x'.repeat(101)); put('empty.gif', ''); put('photo.heic'); put('ok.png');
    const result = await scan([{ id: 'r', path: root }], rules());
    assert.deepEqual(result.skipped.map(skip => [skip.path, skip.code]), [['empty.gif', 'empty'], ['large.png', 'tooLarge'], ['photo.heic', 'unsupportedFormat']]);
    assert.ok(result.skipped.every(skip => skip.reason !== '' && skip.remedy !== ''));
    assert.deepEqual(result.files.map(file => file.path), ['ok.png']);
  });

  test('what cannot be opened as a file is skipped, not passed over', async function () {
    // Elsewhere names are always Unicode, and there is no mkfifo.
    if (process.platform !== 'linux') { this.skip(); }
    put('ok.png');
    symlinkSync('nowhere.png', join(root, 'dangling.png'));
    execFileSync('mkfifo', [join(root, 'pipe.png'), join(root, 'pipe.txt')]);
    writeFileSync(Buffer.concat([Buffer.from(`${root}/latin`), Buffer.from([0xe9]), Buffer.from('.png')]), 'x');
    mkdirSync(Buffer.concat([Buffer.from(`${root}/dir`), Buffer.from([0xe9])]));
    const { files, skipped, unreadable } = await scan([{ id: 'r', path: root }], rules());
    assert.deepEqual(files.map(file => file.path), ['ok.png']);
    assert.deepEqual(skipped.map(skip => [skip.path, skip.code]), [['dangling.png', 'unreadable'], ['latin\uFFFD.png', 'unreadable'], ['pipe.png', 'unreadable'], ['dir\uFFFD', 'unreadable']]);
    assert.deepEqual(unreadable, []);
    const one = await scan([{ id: 'r', path: root }], rules(), [{ root: 'r', path: 'dangling.png' }, { root: 'r', path: 'gone.png' }]);
    assert.deepEqual(one.skipped.map(skip => skip.path), ['dangling.png']);
  });

  test('excludes by glob, folders included, and never enters .git or an index', async () => {
    for (const path of ['a.png', 'node_modules/x/b.png', 'sub/node_modules/c.png', '.git/d.png', '.asset-search/thumbnails/e.webp', 'drafts/f.png', 'g.tmp.png']) { put(path); }
    assert.deepEqual(await found({ exclude: ['**/node_modules', 'drafts/', '**/*.tmp.png'] }), ['a.png']);
    assert.deepEqual(await found({ include: ['sub/**'] }), ['sub/node_modules/c.png']);
  });

  test('obeys .gitignore files exactly as git does', async () => {
    execFileSync('git', ['init', '-q', root]);
    put('.gitignore', ['*.png', '!keep.png', '/build', 'logs/', '!logs/keep.png', 'doc/**/draft', '\\#hash.svg', 'sp ace.svg', '*.[jw]*', '!photo.jpg', 'deep/*', '!deep/kept/'].join('\n'));
    put('.git/info/exclude', 'secret.svg\n');
    put('sub/.gitignore', '!*.png\nonly-here.svg\n/anchored.svg\n');
    put('sub/deeper/.gitignore', '*.png\n');
    const all = ['a.png', 'keep.png', 'x/keep.png', 'build/a.svg', 'sub/build/a.svg', 'logs/keep.png', 'logs/a.svg', 'doc/draft/a.svg', 'doc/x/y/draft/a.svg', 'doc/a.svg', '#hash.svg',
      'sp ace.svg', 'a.webp', 'photo.jpg', 'sub/b.png', 'sub/deeper/c.png', 'sub/only-here.svg', 'only-here.svg', 'sub/anchored.svg', 'sub/deeper/anchored.svg', 'secret.svg', 'x/secret.svg',
      'deep/a.svg', 'deep/kept/a.svg', 'KEEP.PNG'];
    for (const path of all) { put(path); }
    const git = execFileSync('git', ['-C', root, '-c', 'core.excludesFile=/dev/null', 'ls-files', '-z', '--others', '--exclude-standard'], { encoding: 'utf8' });
    const expected = git.split('\0').filter(path => /\.(png|svg|webp|jpg)$/i.test(path)).sort();
    assert.ok(expected.length > 8 && expected.length < all.length);
    assert.deepEqual(await found(), expected);
    assert.equal((await found({ gitignore: false })).length, all.length);
  });

  test('a folder inside a repository obeys the rules above it; an ignored folder that was opened shows all', async () => {
    execFileSync('git', ['init', '-q', root]);
    put('.gitignore', 'packages/web/dist\n*.gif\n');
    put('packages/.gitignore', 'tmp\n');
    for (const path of ['packages/web/a.png', 'packages/web/b.gif', 'packages/web/dist/c.png', 'packages/web/tmp/d.png']) { put(path); }
    const inside = async (path: string) => (await scan([{ id: 'r', path: join(root, path) }], rules())).files.map(file => file.path).sort();
    assert.deepEqual(await inside('packages/web'), ['a.png']);
    assert.deepEqual(await inside('packages/web/dist'), ['c.png']);
  });

  test('symbolic links: a loop ends, a folder reached twice is listed once under its own path, files are followed', async () => {
    put('z/real/a.png');
    symlinkSync('z/real', join(root, 'aLink'));
    symlinkSync('..', join(root, 'z/loop'));
    symlinkSync(root, join(root, 'z/real/self'));
    symlinkSync('real/a.png', join(root, 'z/file.png'));
    symlinkSync('nowhere', join(root, 'broken.png'));
    assert.deepEqual(await found(), ['z/file.png', 'z/real/a.png']);
  });

  test('a linked folder outside is followed, once; one around the root is not', async () => {
    const outside = realpathSync(mkdtempSync(join(tmpdir(), 'scan-outside-')));
    writeFileSync(join(outside, 'o.png'), 'x');
    put('a.png');
    symlinkSync(outside, join(root, 'one'));
    symlinkSync(outside, join(root, 'two'));
    symlinkSync(dirname(root), join(root, 'up'));
    assert.deepEqual(await found(), ['a.png', 'one/o.png']);
    rmSync(outside, { recursive: true });
  });

  test('an update scans only its files and folders, by the same rules', async () => {
    put('.gitignore', 'ignored\n');
    for (const path of ['a.png', 'sub/b.png', 'sub/x/c.png', 'subway/d.png', 'ignored/e.png']) { put(path); }
    assert.deepEqual(await found({}, ['sub', 'a.png', 'gone.png', 'ignored/e.png', 'ignored']), ['a.png', 'sub/b.png', 'sub/x/c.png']);
    assert.deepEqual(await found({ exclude: ['sub/x'] }, ['sub/x/c.png']), []);
    assert.deepEqual(outermost(['a/b/c', 'a/b', 'ab', 'a/b']), ['ab', 'a/b']);
  });

  test('a missing root is reported, not taken for an empty one', async () => {
    const result = await scan([{ id: 'r', path: join(root, 'missing') }], rules());
    assert.deepEqual(result.unreadable.map(each => [each.root, each.path]), [['r', '']]);
  });

  test('a root inside another one is scanned once, as its own', async () => {
    put('a.png'); put('inner/b.png');
    const result = await scan([{ id: 'outer', path: root }, { id: 'inner', path: join(root, 'inner') }], rules());
    assert.deepEqual(result.files.map(file => `${file.root}:${file.path}`), ['outer:a.png', 'inner:b.png']);
  });

  test('stops when cancelled', async () => {
    for (let index = 0; index < 300; index++) { put(`d${index}/a.png`); }
    await assert.rejects(scan([{ id: 'r', path: root }], rules(), undefined, AbortSignal.abort()));
  });
});
