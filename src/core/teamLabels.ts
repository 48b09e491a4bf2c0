/** The labels a team shares, in `.vscode/asset-labels.json` of a folder: read, checked and written so that diffs stay small. */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { AssetSearchError, messageOf } from '../errors';
import { normalizeLabel, type Mark } from './labelText';

export const teamFile = ['.vscode', 'asset-labels.json'] as const;
const version = 1;

/** Marks by path of the folder, then by part (0 = the whole file). */
export type TeamLabels = Map<string, Map<number, Mark[]>>;

interface ImageJson {
  hand?: string[];
  not?: string[];
  model?: Record<string, Record<string, number>>;
}

/** One image a line, keys in code-unit order, probabilities in hundredths: a new run over the same pictures changes few lines. */
export function formatTeamLabels(labels: TeamLabels): string {
  const lines = [...labels].sort(([a], [b]) => compare(a, b)).map(([path, parts]) => {
    const { 0: whole, ...others } = Object.fromEntries([...parts].sort(([a], [b]) => a - b).map(([part, marks]) => [part, imageJson(marks)]));
    return `    ${JSON.stringify(path)}: ${spaced({ ...whole, ...Object.keys(others).length > 0 && { parts: others } })}`;
  });
  return `{\n  "version": ${version},\n  "images": {${lines.length > 0 ? `\n${lines.join(',\n')}\n  ` : ''}}\n}\n`;
}

function imageJson(marks: readonly Mark[]): ImageJson {
  const sorted = [...marks].sort((a, b) => compare(a.label, b.label));
  const [hand, not] = [false, true].map(removed => sorted.filter(mark => mark.model === undefined && (mark.removed ?? false) === removed).map(mark => mark.label)) as [string[], string[]];
  const model: Record<string, Record<string, number>> = {};
  for (const id of [...new Set(sorted.flatMap(mark => mark.model ?? []))].sort(compare)) {
    model[id] = Object.fromEntries(sorted.filter(mark => mark.model === id).map(mark => [mark.label, Math.round((mark.probability ?? 0) * 100) / 100]));
  }
  return { ...hand.length > 0 && { hand }, ...not.length > 0 && { not }, ...Object.keys(model).length > 0 && { model } };
}

/** JSON in one line that a person can read. */
function spaced(value: unknown): string {
  if (Array.isArray(value)) { return `[${value.map(spaced).join(', ')}]`; }
  if (typeof value !== 'object' || value === null) { return JSON.stringify(value); }
  return `{ ${Object.entries(value).map(([key, each]) => `${JSON.stringify(key)}: ${spaced(each)}`).join(', ')} }`;
}

/** @throws AssetSearchError labelFileInvalid: where it is wrong, and what to do. */
export function parseTeamLabels(text: string, name: string): TeamLabels {
  const invalid = (what: string): AssetSearchError => new AssetSearchError('labelFileInvalid', `${name} cannot be used: ${what} Correct it, or restore it from version control; the labels kept so far stay as they are.`);
  let json: unknown;
  try { json = JSON.parse(text.replace(/^\uFEFF/, '')); } catch (thrown) { throw invalid(/^[<=>]{7}/m.test(text) ? 'it holds an unresolved merge conflict.' : `it is not valid JSON (${messageOf(thrown).slice(0, 200)}).`); }
  if (!isObject(json) || typeof json.version !== 'number' || !isObject(json.images)) { throw invalid('"version" or "images" is missing.'); }
  if (json.version > version) { throw new AssetSearchError('labelFileInvalid', `${name} was written by a newer version of Asset Search. Update the extension to use it.`); }
  const labels: TeamLabels = new Map();
  for (const [path, image] of Object.entries(json.images)) {
    // Only below the folder: a path is looked up among the rows, never opened, yet what cannot match is an error worth telling.
    if (path === '' || /^\/|\\|^[a-z]:|(^|\/)\.\.(\/|$)/i.test(path)) { throw invalid(`"${path}" is not a path below the folder, with forward slashes.`); }
    const parts = new Map<number, Mark[]>();
    const read = (part: number, value: unknown): void => {
      const marks = isObject(value) ? marksOf(value) : undefined;
      if (!marks) { throw invalid(`the entry of "${path}" needs "hand" and "not" (lists of words) or "model" (probabilities by model).`); }
      if (marks.length > 0) { parts.set(part, marks); }
    };
    read(0, image);
    const others = (image as Record<string, unknown>).parts;
    if (others !== undefined && !isObject(others)) { throw invalid(`"parts" of "${path}" is not an object.`); }
    for (const [part, value] of Object.entries(others ?? {})) {
      if (!/^[1-9]\d{0,8}$/.test(part)) { throw invalid(`"${part}" is not the number of a part of "${path}".`); }
      read(Number(part), value);
    }
    labels.set(path, parts);
  }
  return labels;
}

function marksOf({ hand = [], not = [], model = {} }: Record<string, unknown>): Mark[] | undefined {
  const words = (list: unknown): list is string[] => Array.isArray(list) && list.every(word => typeof word === 'string');
  if (!words(hand) || !words(not) || !isObject(model)) { return undefined; }
  const marks = new Map<string, Mark>();
  for (const [id, labels] of Object.entries(model)) {
    if (!isObject(labels)) { return undefined; }
    for (const [label, probability] of Object.entries(labels)) {
      if (typeof probability !== 'number' || !(probability >= 0 && probability <= 1)) { return undefined; }
      marks.set(normalizeLabel(label), { label: normalizeLabel(label), probability, model: id });
    }
  }
  for (const label of not.map(normalizeLabel)) { marks.set(label, { label, removed: true }); }
  for (const label of hand.map(normalizeLabel)) { marks.set(label, { label }); }
  marks.delete('');
  return [...marks.values()];
}

/** The team file of a folder as it is now: its labels, or undefined without one. `stamp` changes with the file. */
export function readTeamFile(folder: string): { stamp: string; labels: TeamLabels } | undefined {
  const file = join(folder, ...teamFile);
  let text: string;
  try {
    // A pipe would never end.
    if (!statSync(file).isFile()) { throw new Error('it is not a file'); }
    text = readFileSync(file, 'utf8');
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') { return undefined; }
    throw new AssetSearchError('labelFileInvalid', `${teamFile.join('/')} cannot be read (${messageOf(thrown)}). The labels kept so far stay as they are.`, { cause: thrown });
  }
  return { stamp: teamFileStamp(folder), labels: parseTeamLabels(text, teamFile.join('/')) };
}

export function teamFileStamp(folder: string): string {
  try { const { mtimeMs, size } = statSync(join(folder, ...teamFile)); return `${mtimeMs}:${size}`; } catch { return ''; }
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
