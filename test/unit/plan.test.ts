import assert from 'node:assert/strict';
import { planFiles, planHashed } from '../../src/core/plan';
import type { ScanResult } from '../../src/core/scan';
import { fileKey, type FileState } from '../../src/core/state';

const file = (path: string, sizeBytes = 1, mtimeMs = 1, ctimeMs = 5) => ({ root: 'r', path, sizeBytes, mtimeMs, ctimeMs });
const scanOf = (paths: string[], more: Partial<ScanResult> = {}): ScanResult => ({ files: paths.map(path => file(path)), skipped: [], unreadable: [], ...more });
const rowsOf = (rows: Record<string, string>) => new Map(Object.entries(rows).map(([path, hash]) => [fileKey('r', path), hash]));
const plan = (scan: ScanResult, states: Record<string, FileState>, rows: Record<string, string>, more = {}) =>
  planFiles({ scan, stateOf: (_, path) => states[path], rows: rowsOf(rows), maxPixels: 100, ...more });
const paths = (list: { path: string }[]) => list.map(each => each.path);

suite('plan', () => {
  test('same size and mtime and the row is there: unchanged', () => {
    const result = plan(scanOf(['a']), { a: { mtimeMs: 1, sizeBytes: 1, hash: 'h' } }, { a: 'h' });
    assert.deepEqual(paths(result.unchanged), ['a']);
    assert.equal(result.toHash.length + result.removed.length, 0);
  });
  test('size or mtime differs, or the file is new: hash it', () => {
    const result = plan(scanOf(['a', 'b', 'c']), { a: { mtimeMs: 2, sizeBytes: 1, hash: 'h' }, b: { mtimeMs: 1, sizeBytes: 2, hash: 'h' } }, { a: 'h', b: 'h' });
    assert.deepEqual(paths(result.toHash), ['a', 'b', 'c']);
  });
  test('size and mtime are kept, but something was done to the file: hash it; a line of an earlier version knows no ctime', () => {
    const state = { mtimeMs: 1, sizeBytes: 1, hash: 'h' };
    const result = plan(scanOf(['edited', 'same', 'old']), { edited: { ...state, ctimeMs: 4 }, same: { ...state, ctimeMs: 5 }, old: state }, { edited: 'h', same: 'h', old: 'h' });
    assert.deepEqual([result.toHash, result.unchanged].map(paths), [['edited'], ['same', 'old']]);
  });
  test('known content without its row (another model, a killed run) needs no hashing', () => {
    const result = plan(scanOf(['a', 'b']), { a: { mtimeMs: 1, sizeBytes: 1, hash: 'h' }, b: { mtimeMs: 1, sizeBytes: 1, hash: 'new' } }, { b: 'old' });
    assert.deepEqual(result.known.map(each => [each.file.path, each.hash]), [['a', 'h'], ['b', 'new']]);
  });
  test('a bad file is tried again only when it or its limit changes', () => {
    const skip = (code: 'corrupt' | 'tooManyPixels' | 'unreadable', maxPixels?: number) => ({ mtimeMs: 1, sizeBytes: 1, skip: { code, reason: '', remedy: '', maxPixels } });
    const result = plan(scanOf(['bad', 'big', 'bigger', 'denied']), { bad: skip('corrupt'), big: skip('tooManyPixels', 100), bigger: skip('tooManyPixels', 50), denied: skip('unreadable') }, {});
    assert.deepEqual(paths(result.stillSkipped), ['bad', 'big']);
    assert.deepEqual(paths(result.toHash), ['bigger', 'denied']);
  });
  test('rows of files that are gone or skipped now are removed; what could not be read stays', () => {
    const result = plan(
      scanOf(['a'], { skipped: [{ ...file('large'), code: 'tooLarge', reason: '', remedy: '' }], unreadable: [{ root: 'r', path: 'closed', reason: '' }] }),
      {}, { a: 'h', gone: 'h', large: 'h', 'closed/x': 'h', closedToo: 'h' },
    );
    assert.deepEqual(result.removed, ['gone', 'large', 'closedToo'].map(path => fileKey('r', path)));
  });
  test('an unreadable root loses nothing', () => {
    assert.deepEqual(plan(scanOf([], { unreadable: [{ root: 'r', path: '', reason: '' }] }), {}, { a: 'h' }).removed, []);
  });
  test('hash decides: touched, reused, encoded; a duplicate in one run is encoded once', () => {
    const hashed = [['same', 'h1'], ['renamed', 'h2'], ['new', 'h3'], ['copy', 'h3']].map(([path, hash]) => ({ file: file(path!), hash: hash! }));
    const result = planHashed(hashed, rowsOf({ same: 'h1' }), hash => hash === 'h2');
    assert.deepEqual([result.touched, result.reused, result.encode].map(list => list.map(each => each.file.path)), [['same'], ['renamed', 'copy'], ['new']]);
  });
});
