/** Changes the kept labels of many rows: by the model from their stored vectors, by hand, by the team's file; each in chunks, and only with the lock held. */
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LabelRunResult, LabelScope, Root, TeamExport, TeamImport } from '../protocol';
import { AssetSearchError, messageOf } from '../errors';
import { labelCosine, probabilities, surePlaces } from './label';
import type { LabelledAsset } from './labelExport';
import { formatMarks, keptLabels, markByHand, markByModel, markByTeam, parseMarks, type Mark } from './labelText';
import type { ScoreSpec } from '../models/manifest';
import type { LabelBatch, Space } from './store';
import { formatTeamLabels, readTeamFile, teamFileStamp, type TeamLabels } from './teamLabels';

/** Rows judged before what they got is written. A run that is cancelled writes what it has judged; one that is killed loses the last of these. */
const chunkRows = 20_000;
/** Cosines computed before queries get their turn: about 10 ms. */
const sliceCosines = 20_000;

/** What a model says: the unit vector of each label, and how cosines become probabilities. */
export interface Judge { labels: readonly string[]; vectors: readonly (readonly Float32Array[])[]; score: ScoreSpec; model: string }

export interface Changing { space: Space; signal?: AbortSignal; onProgress?: (done: number, total: number) => void }

/** Labels of contents by {@link labelKey}, before and after a change. */
type Changes = Map<string, { before: string; after: string }>;

export class LabelKeeper {
  private last: { space: string; changes: Changes } | undefined;
  private readonly stamps = new Map<string, string>();

  constructor(private readonly dbFolder: string, private readonly roots: readonly Root[]) {}

  /** Judges every row of a scope. A content in several places is judged once for each, and written once. */
  async byModel(scope: LabelScope, judge: Judge, changing: Changing): Promise<LabelRunResult> {
    const started = performance.now();
    const candidates = new Set(judge.labels);
    const counts = judge.labels.map(label => ({ label, images: 0 }));
    let [images, unsure] = [0, 0];
    const { changed, cancelled } = await this.change(scope, { ...changing, vectors: true, cost: judge.labels.length }, (batch, row, old) => {
      const vector = batch.vectorAt(row);
      const values = probabilities(judge.vectors.map(readings => labelCosine(readings, vector)), judge.score);
      const sure = surePlaces(values, judge.score.kind).map(place => ({ label: judge.labels[place]!, probability: values[place]! }));
      const marks = markByModel(old, candidates, sure, judge.model);
      images++;
      const has = marks.filter(mark => !mark.removed && candidates.has(mark.label));
      if (has.length === 0) { unsure++; }
      for (const { label } of has) { counts[judge.labels.indexOf(label)]!.images++; }
      return marks;
    });
    return { images, counts, unsure, changed, seconds: (performance.now() - started) / 1000, cancelled };
  }

  async byHand(scope: LabelScope, add: readonly string[], remove: readonly string[], changing: Changing): Promise<number> {
    return (await this.change(scope, { ...changing, vectors: false, cost: 1 }, (_batch, _row, old) => markByHand(old, add, remove))).changed;
  }

  async clear(scope: LabelScope, changing: Changing): Promise<number> {
    return (await this.change(scope, { ...changing, vectors: false, cost: 1 }, () => [])).changed;
  }

  async undo({ space }: Changing): Promise<number> {
    const { last } = this;
    if (!last || last.space !== space.name) { return 0; }
    const back = new Map<string, string>();
    let assets = 0;
    for await (const batch of space.labelBatches({}, { vectors: false })) {
      for (let row = 0; row < batch.length; row++) {
        const change = last.changes.get(batch.contentAt(row));
        if (change?.after === batch.labelsAt(row)) { back.set(batch.contentAt(row), change.before); assets++; }
      }
    }
    await writeInChunks(space, back);
    this.last = undefined;
    return assets;
  }

  private async change(scope: LabelScope, { space, signal, onProgress, vectors, cost }: Changing & { vectors: boolean; cost: number }, marksOf: (batch: LabelBatch, row: number, old: Mark[]) => Mark[]): Promise<{ changed: number; cancelled: boolean }> {
    const total = scope.keys?.length ?? await space.count(scope.filter);
    const changes: Changes = new Map();
    let pending = new Map<string, string>();
    let [done, since, changed] = [0, 0, 0];
    const slice = Math.max(1, Math.floor(sliceCosines / cost));
    const write = async (): Promise<void> => {
      await space.writeLabels(pending);
      pending = new Map();
      since = 0;
      onProgress?.(done, total);
    };
    this.last = { space: space.name, changes };
    try {
      for await (const batch of space.labelBatches(scope, { vectors })) {
        for (let row = 0; row < batch.length; row++) {
          if (signal?.aborted) { await write(); return { changed, cancelled: true }; }
          const before = batch.labelsAt(row);
          const after = formatMarks(marksOf(batch, row, parseMarks(before)));
          done++;
          since++;
          if (after !== before) {
            changed++;
            pending.set(batch.contentAt(row), after);
            changes.set(batch.contentAt(row), { before, after });
          }
          if (since % slice === 0) { onProgress?.(done, total); await new Promise(resolve => setImmediate(resolve)); }
          if (since >= chunkRows) { await write(); }
        }
      }
      await write();
      return { changed, cancelled: false };
    } finally {
      if (changes.size === 0) { this.last = undefined; }
    }
  }

  // ── the team's file

  /** Brings the rows to what the team's files say, where a file has changed since or rows are new. */
  async readTeam(space: Space, rowsAreNew: boolean): Promise<TeamImport> {
    const files = new Map<string, TeamLabels>();
    const errors: TeamImport['errors'] = [];
    /** Folders of which is known what they say: what their file holds, or nothing without one. */
    const known = new Set<string>();
    let isNews = rowsAreNew;
    for (const { id, path } of this.roots) {
      const stamp = teamFileStamp(path);
      isNews ||= stamp !== (this.stamps.get(id) ?? '');
      this.stamps.set(id, stamp);
      try {
        const file = readTeamFile(path);
        if (file) { files.set(id, file.labels); }
        known.add(id);
      } catch (thrown) {
        errors.push({ root: id, error: { code: thrown instanceof AssetSearchError ? thrown.code : 'internal', message: messageOf(thrown) } });
      }
    }
    if (!isNews || files.size === 0) { return { changed: 0, errors }; }
    // The index may hold folders that are not open, and copies of a content may lie in several.
    const contents = new Map<string, { before: string; said: Mark[]; isSaid: boolean; whole: boolean }>();
    for await (const batch of space.labelBatches({}, { vectors: false })) {
      for (let row = 0; row < batch.length; row++) {
        const { root, path, part } = batch.keyAt(row);
        const marks = files.get(root)?.get(path)?.get(part);
        if (!marks && batch.labelsAt(row) === '') { continue; }
        const content = contents.get(batch.contentAt(row)) ?? { before: batch.labelsAt(row), said: [], isSaid: false, whole: true };
        contents.set(batch.contentAt(row), { before: content.before, said: [...content.said, ...marks ?? []], isSaid: content.isSaid || files.has(root), whole: content.whole && known.has(root) });
      }
    }
    const changes = new Map<string, string>();
    for (const [content, { before, said, isSaid, whole }] of contents) {
      if (!isSaid) { continue; }
      const after = formatMarks(markByTeam(parseMarks(before), said, whole));
      if (after !== before) { changes.set(content, after); }
    }
    await writeInChunks(space, changes);
    return { changed: changes.size, errors };
  }

  /** What each folder's team file shall hold. A file that cannot be read is not written over. */
  async exportTeam(space: Space): Promise<TeamExport[]> {
    const labels = new Map<string, TeamLabels>(this.roots.map(({ id }) => [id, new Map()]));
    for await (const batch of space.labelBatches({}, { vectors: false })) {
      for (let row = 0; row < batch.length; row++) {
        if (batch.labelsAt(row) === '') { continue; }
        const { root, path, part } = batch.keyAt(row);
        const parts = labels.get(root)?.get(path) ?? new Map<number, Mark[]>();
        labels.get(root)?.set(path, parts.set(part, parseMarks(batch.labelsAt(row))));
      }
    }
    return this.roots.map(({ id, path }) => {
      const own = labels.get(id)!;
      try {
        // What the file says of images that are not here (another branch, an excluded folder) stays in it.
        for (const [image, parts] of readTeamFile(path)?.labels ?? []) { if (!own.has(image) && !existsSync(join(path, image))) { own.set(image, parts); } }
        return { root: id, text: formatTeamLabels(own), images: own.size };
      } catch (thrown) {
        return { root: id, text: '', images: own.size, error: { code: thrown instanceof AssetSearchError ? thrown.code : 'internal', message: messageOf(thrown) } };
      }
    });
  }

  // ── over a new table

  private get stash(): string { return join(this.dbFolder, 'labels.json'); }

  /** Puts the labels of a table that is about to go where the next complete run finds them. A table that cannot be read has none to keep. */
  async keep(space: Space): Promise<void> {
    const kept = existsSync(this.stash) ? this.stashed() : {};
    try {
      for await (const batch of space.labelBatches({}, { vectors: false })) {
        for (let row = 0; row < batch.length; row++) { if (batch.labelsAt(row) !== '') { kept[batch.contentAt(row)] = batch.labelsAt(row); } }
      }
    } catch { /* what was read until here is kept */ }
    if (Object.keys(kept).length === 0) { return; }
    writeFileSync(`${this.stash}.new`, JSON.stringify(kept));
    renameSync(`${this.stash}.new`, this.stash);
  }

  /** Gives kept labels back to the same contents in a new table. */
  async restore(space: Space): Promise<void> {
    if (!existsSync(this.stash)) { return; }
    const kept = this.stashed();
    const back = new Map<string, string>();
    for await (const batch of space.labelBatches({}, { vectors: false })) {
      for (let row = 0; row < batch.length; row++) {
        const labels = kept[batch.contentAt(row)];
        if (labels !== undefined && batch.labelsAt(row) === '') { back.set(batch.contentAt(row), labels); }
      }
    }
    await writeInChunks(space, back);
    rmSync(this.stash, { force: true });
  }

  private stashed(): Record<string, string> {
    try {
      const kept = JSON.parse(readFileSync(this.stash, 'utf8')) as Record<string, unknown> | null;
      return Object.fromEntries(Object.entries(kept ?? {}).filter((entry): entry is [string, string] => typeof entry[1] === 'string' && entry[1].startsWith('|')));
    } catch {
      return {};
    }
  }
}

/** Assets with their labels, for an export. */
export async function labelledAssets(space: Space, scope: LabelScope): Promise<LabelledAsset[]> {
  const assets: LabelledAsset[] = [];
  for await (const batch of space.labelBatches(scope, { vectors: false })) {
    for (let row = 0; row < batch.length; row++) {
      const labels = keptLabels(batch.labelsAt(row));
      if (labels.length > 0) { assets.push({ ...batch.keyAt(row), labels }); }
    }
  }
  return assets;
}

async function writeInChunks(space: Space, labels: ReadonlyMap<string, string>): Promise<void> {
  const list = [...labels];
  for (let start = 0; start < list.length; start += chunkRows) { await space.writeLabels(new Map(list.slice(start, start + chunkRows))); }
}
