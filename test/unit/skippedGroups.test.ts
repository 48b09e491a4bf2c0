import assert from 'node:assert/strict';
import { groupSkipped } from '../../src/host/skippedGroups';
import type { SkippedFile } from '../../src/protocol';

suite('skipped groups', () => {
  const file = (path: string, code: SkippedFile['code'], remedy = 'Save it again.'): SkippedFile => ({ root: 'r', path, code, reason: `${code} is wrong`, remedy });
  const files = [file('b.png', 'corrupt'), ...Array.from({ length: 120 }, (_, index) => file(`${String(119 - index).padStart(3, '0')}.bmp`, 'unsupportedFormat', 'Convert it.')), file('a.png', 'corrupt', 'Restore it.')];

  test('the most frequent reason comes first, its files by path, and only the first of many', () => {
    const { total, matching, groups } = groupSkipped(files, '', {});
    assert.deepEqual([total, matching], [122, 122]);
    assert.deepEqual(groups.map(({ code, count, files: shown, remedy }) => [code, count, shown.length, shown[0]!.path, remedy]),
      [['unsupportedFormat', 120, 50, '000.bmp', 'Convert it.'], ['corrupt', 2, 2, 'a.png', undefined]]);
    assert.equal(groupSkipped(files, '', { unsupportedFormat: 250 }).groups[0]!.files.length, 120);
  });

  test('every word must stand in the path, the reason or the remedy', () => {
    assert.deepEqual(groupSkipped(files, 'RESTORE png', {}).groups.map(({ files: shown }) => shown.map(({ path }) => path)), [['a.png']]);
    assert.deepEqual(groupSkipped(files, 'nothing', {}), { total: 122, matching: 0, groups: [] });
  });
});
