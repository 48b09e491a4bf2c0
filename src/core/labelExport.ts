/** Kept labels as a table for other programs: CSV (RFC 4180) or JSON. */
import type { AssetKey, KeptLabel, LabelExportFormat } from '../protocol';

export interface LabelledAsset extends AssetKey { labels: KeptLabel[] }

/** One row for each label of each image, in path order. A label set by hand has no probability and no model. */
export function exportLabels(assets: readonly LabelledAsset[], format: LabelExportFormat): { text: string; rows: number } {
  const sorted = [...assets].sort((a, b) => compare(a.root, b.root) || compare(a.path, b.path) || a.part - b.part);
  const rows = sorted.flatMap(({ root, path, part, labels }) => labels.map(({ label, probability, model }) => ({ root, path, ...(part > 0 && { part }), label, probability: probability ?? null, model: model ?? null })));
  if (format === 'json') { return { text: rows.length === 0 ? '[]\n' : `[\n${rows.map(row => `  ${JSON.stringify(row)}`).join(',\n')}\n]\n`, rows: rows.length }; }
  const lines = rows.map(({ root, path, part, label, probability, model }) => [root, path, part ?? '', label, probability ?? '', model ?? 'by hand'].map(csvField).join(','));
  return { text: [['root', 'path', 'part', 'label', 'probability', 'model'].join(','), ...lines, ''].join('\r\n'), rows: rows.length };
}

/** Text that a spreadsheet would take for a formula gets an apostrophe in front (OWASP, CSV injection). */
export function csvField(value: string | number): string {
  const text = typeof value === 'string' && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
