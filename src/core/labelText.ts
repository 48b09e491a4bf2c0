/** What is kept of an image's labels: its form in the table, and the rules by which the model, people and the team change it. No I/O. */
import type { KeptLabel } from '../protocol';

/** One kept statement about a content. Without `model` a person made it. */
export interface Mark extends KeptLabel {
  /** A person took the label away: no model sets it again. */
  removed?: true;
  /** Read from the team's file, and goes when the file no longer holds it. */
  team?: true;
}

const maxLabelLength = 100;

/** One spelling of a label: composed, without control characters and doubled or outer space. */
export function normalizeLabel(label: string): string {
  return label.normalize('NFC').replace(/[\p{C}\s]+/gu, ' ').trim().slice(0, maxLabelLength).trim();
}
export function normalizeLabels(labels: readonly string[]): string[] { return [...new Set(labels.map(normalizeLabel).filter(label => label !== ''))]; }

// |cat=0.931~builtin@3|dog=|!bird=|   cat by a model, dog by a person, bird taken away by a person; a third field "t" is the team's.
const escapeText = (text: string): string => text.replace(/[%|=!~]/g, letter => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`);
const unescapeText = (text: string): string => text.replace(/%([0-9A-F]{2})/g, (_, code: string) => String.fromCharCode(parseInt(code, 16)));

/** Part of the table's text that exactly the images with this label hold. */
export function labelNeedle(label: string): string { return `|${escapeText(normalizeLabel(label))}=`; }
/** How the text of an image begins from which labels were only taken away. */
export const onlyRemoved = '|!';

/** Labels first, in a stable order, then those taken away. */
export function formatMarks(marks: readonly Mark[]): string {
  if (marks.length === 0) { return ''; }
  const sorted = [...marks].sort((a, b) => Number(a.removed ?? false) - Number(b.removed ?? false) || compare(a.label, b.label));
  return `|${sorted.map(({ label, probability, model, removed, team }) => {
    const fields = [probability === undefined ? '' : String(Math.round(probability * 1000) / 1000), escapeText(model ?? ''), team ? 't' : ''].join('~').replace(/~+$/, '');
    return `${removed ? '!' : ''}${escapeText(label)}=${fields}`;
  }).join('|')}|`;
}

export function parseMarks(text: string): Mark[] {
  return text.split('|').filter(entry => entry !== '').map(entry => {
    const equals = entry.indexOf('=');
    const [probability = '', model = '', team = ''] = entry.slice(equals + 1).split('~');
    const removed = entry.startsWith('!');
    return {
      label: unescapeText(entry.slice(removed ? 1 : 0, equals)), ...(probability !== '' && { probability: Number(probability) }), ...(model !== '' && { model: unescapeText(model) }),
      ...(removed && { removed }), ...(team === 't' && { team: true as const }),
    };
  });
}

/** What others see: labels that the image has. */
export function keptLabels(text: string): KeptLabel[] {
  return parseMarks(text).filter(mark => !mark.removed).map(({ label, probability, model }) => ({ label, ...(probability !== undefined && { probability }), ...(model !== undefined && { model }) }));
}

/** A model judged the image by `candidates`: of them it keeps those it is sure of, and a person's word stands. */
export function markByModel(old: readonly Mark[], candidates: ReadonlySet<string>, sure: readonly { label: string; probability: number }[], model: string): Mark[] {
  const kept = old.filter(mark => mark.model === undefined || !candidates.has(mark.label));
  const said = new Set(kept.map(mark => mark.label));
  return [...kept, ...sure.filter(({ label }) => !said.has(label)).map(each => ({ ...each, model }))];
}

/** A person sets and takes away labels. Taking away what is not there leaves nothing. */
export function markByHand(old: readonly Mark[], add: readonly string[], remove: readonly string[]): Mark[] {
  const touched = new Set([...add, ...remove]);
  const had = new Set(old.map(mark => mark.label));
  return [
    ...old.filter(mark => !touched.has(mark.label)), ...add.map(label => ({ label })),
    ...remove.filter(label => had.has(label) && !add.includes(label)).map((label): Mark => ({ label, removed: true })),
  ];
}

/**
 * What the team's file says of an image, over what is kept here: a mark by hand of this machine stands until it is exported, then it is the team's;
 * everything else gives way to the file. `whole`: it is known what all files say that may speak of it, so what they do not say any more goes.
 */
export function markByTeam(old: readonly Mark[], said: readonly Mark[], whole: boolean): Mark[] {
  const byLabel = new Map(old.filter(mark => !whole || !mark.team).map(mark => [mark.label, mark]));
  for (const mark of said) {
    const mine = byLabel.get(mark.label);
    const byHand = mine !== undefined && mine.model === undefined && !mine.team;
    const agrees = byHand && mark.model === undefined && mine.removed === mark.removed;
    if (!byHand || agrees) { byLabel.set(mark.label, { ...mark, team: true }); }
  }
  return [...byLabel.values()];
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
