/** Sorts skipped files by their reason for the status page, which can neither be sent nor draw ten thousand of them. */
import type { SkipCode, SkippedFile, SkippedGroup } from '../protocol';

/** Rows of one reason that are sent when the page asks for no number. */
const rowsPerGroup = 50;

/** By reason, the most frequent first; `rows` says how many of each are wanted. `text` stands in the path, the reason or the remedy. */
export function groupSkipped(files: readonly SkippedFile[], text: string, rows: Partial<Record<SkipCode, number>>): { total: number; matching: number; groups: SkippedGroup[] } {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const matching = words.length === 0 ? files : files.filter(({ path, reason, remedy }) => {
    const all = `${path}\n${reason}\n${remedy}`.toLowerCase();
    return words.every(word => all.includes(word));
  });
  const byCode = new Map<SkipCode, SkippedFile[]>();
  for (const file of matching) {
    const list = byCode.get(file.code);
    if (list) { list.push(file); } else { byCode.set(file.code, [file]); }
  }
  const groups = [...byCode].map(([code, list]): SkippedGroup => {
    const sorted = list.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
    const remedy = sorted[0]!.remedy;
    return { code, count: list.length, ...(sorted.every(each => each.remedy === remedy) && { remedy }), files: sorted.slice(0, rows[code] ?? rowsPerGroup) };
  });
  return { total: files.length, matching: matching.length, groups: groups.sort((a, b) => b.count - a.count) };
}
