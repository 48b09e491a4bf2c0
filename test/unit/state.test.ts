import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StateFile } from '../../src/core/state';

suite('state file', () => {
  let folder: string;
  setup(() => { folder = mkdtempSync(join(tmpdir(), 'state-')); });
  teardown(() => rmSync(folder, { recursive: true, force: true }));
  const file = (): string => join(folder, 'state.ndjson');
  const known = (path: string, hash = 'h') => ({ root: 'r', path, state: { mtimeMs: 1.5, sizeBytes: 2, hash } });

  test('keeps hashes and skips over a restart; undefined forgets', () => {
    const state = StateFile.open(folder);
    const skip = { code: 'corrupt' as const, reason: 'why', remedy: 'what' };
    state.write([known('a "b"\n/ü.png'), known('gone'), { root: 'r', path: 'bad', state: { mtimeMs: 3, sizeBytes: 4, skip } }]);
    state.write([{ root: 'r', path: 'gone', state: undefined }]);
    const again = StateFile.open(folder);
    assert.deepEqual(again.get('r', 'a "b"\n/ü.png'), { mtimeMs: 1.5, sizeBytes: 2, hash: 'h' });
    assert.equal(again.get('r', 'gone'), undefined);
    assert.deepEqual(again.skipped(), [{ root: 'r', path: 'bad', ...skip }]);
    assert.equal(again.skippedCount, 1);
  });

  test('the time of the last change of any kind is kept, and unknown in lines of an earlier version', () => {
    const skip = { code: 'corrupt' as const, reason: 'why', remedy: 'what' };
    const states = { a: { mtimeMs: 1, sizeBytes: 2, hash: 'h', ctimeMs: 3.25 }, b: { mtimeMs: 1, sizeBytes: 2, hash: 'h', plainMeta: '9 9', ctimeMs: 3 }, c: { mtimeMs: 1, sizeBytes: 2, skip, ctimeMs: 3 } };
    StateFile.open(folder).write(Object.entries(states).map(([path, state]) => ({ root: 'r', path, state })));
    appendFileSync(file(), `${JSON.stringify(['r', 'older', 1, 2, 'h'])}\n${JSON.stringify(['r', 'olderMeta', 1, 2, 'h', null, '9 9'])}\n`);
    const again = StateFile.open(folder);
    for (const [path, state] of Object.entries(states)) { assert.deepEqual(again.get('r', path), state); }
    assert.deepEqual([again.get('r', 'older'), again.get('r', 'olderMeta')], [{ mtimeMs: 1, sizeBytes: 2, hash: 'h' }, { mtimeMs: 1, sizeBytes: 2, hash: 'h', plainMeta: '9 9' }]);
  });

  test('lines that no version wrote are passed over', () => {
    StateFile.open(folder).write([known('a')]);
    const lines = ['null', '5', '["r"]', '["r","x",{},2,"h"]', '["r","x",1,2,5]', '["r","x",1,2,""]', '["r","x",1,2,"",{"code":5}]', '["r","x",1,2,"h",null,"","now"]'];
    appendFileSync(file(), `${lines.join('\n')}\n`);
    const again = StateFile.open(folder);
    assert.deepEqual([[...again.all()].map(({ path }) => path), again.skipped()], [['a'], []]);
  });

  test('a file of a format that nobody read is unknown to a version that reads more formats', () => {
    const skip = { code: 'unsupportedFormat' as const, reason: 'why', remedy: 'what' };
    StateFile.open(folder).write([{ root: 'r', path: 'a.bmp', state: { mtimeMs: 3, sizeBytes: 4, skip } }]);
    assert.deepEqual(StateFile.open(folder).get('r', 'a.bmp'), { mtimeMs: 3, sizeBytes: 4, skip });
    appendFileSync(file(), `${JSON.stringify(['r', 'older.bmp', 3, 4, '', skip])}\n${JSON.stringify(['r', 'fewer.bmp', 3, 4, '', { ...skip, formats: 1 }])}\n`);
    assert.deepEqual(StateFile.open(folder).skipped().map(each => each.path), ['a.bmp']);
  });

  test('names the folders that hold indexed files, each once, with those above', () => {
    const state = StateFile.open(folder);
    const skip = { code: 'corrupt' as const, reason: 'why', remedy: 'what' };
    state.write([known('top.png'), known('src/icons/a.png'), known('src/icons/b.png'), known('docs/x.png'), { root: 'r', path: 'broken/c.png', state: { mtimeMs: 3, sizeBytes: 4, skip } }]);
    assert.deepEqual(state.folders().map(each => each.path), ['docs', 'src', 'src/icons']);
  });

  test('a torn last line costs only itself, also after more is written', () => {
    const state = StateFile.open(folder);
    state.write([known('a'), known('b')]);
    truncateSync(file(), statSync(file()).size - 9);
    const torn = StateFile.open(folder);
    assert.ok(torn.get('r', 'a') && !torn.get('r', 'b'));
    torn.write([known('c')]);
    const after = StateFile.open(folder);
    assert.ok(after.get('r', 'a') && after.get('r', 'c') && !after.get('r', 'b'));
  });

  test('a file of another version is read as empty and replaced', () => {
    appendFileSync(file(), '{"assetSearchState":99}\n["r","a",1,2,"h"]\n');
    const state = StateFile.open(folder);
    assert.equal(state.size, 0);
    state.write([known('b')]);
    assert.equal(StateFile.open(folder).size, 1);
  });

  test('sees what another process wrote', () => {
    const reader = StateFile.open(folder);
    StateFile.open(folder).write([known('a')]);
    reader.reload();
    assert.ok(reader.get('r', 'a'));
  });

  test('compaction keeps the last of each and shrinks the file', () => {
    const state = StateFile.open(folder);
    for (let turn = 0; turn < 20; turn++) { state.write(Array.from({ length: 100 }, (_, index) => known(`f${index}`, `h${turn}`))); }
    const before = statSync(file()).size;
    state.compact();
    assert.ok(statSync(file()).size < before / 10);
    assert.equal(readFileSync(file(), 'utf8').trim().split('\n').length, 101);
    assert.equal(StateFile.open(folder).get('r', 'f99')?.hash, 'h19');
  });
});
