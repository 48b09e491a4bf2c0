/** The vectors and what is known of each asset, in LanceDB: one table per vector space, and beside it one of vectors whose file is gone. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Index, MatchQuery, Operator, connect, type Connection, type Query, type Table, type VectorQuery } from '@lancedb/lancedb';
import {
  Bool, Field, FixedSizeList, Float32, Float64, Int32, RecordBatch, Schema, Struct, Table as ArrowTable, Utf8, makeData, vectorFromArray, type Data, type DataType, type Vector,
} from 'apache-arrow';
import type { Asset, AssetKey, Filter, LabelCounts, LabelScope } from '../protocol';
import { cellHash } from './cells';
import { folderBytes } from '../disk';
import { AssetSearchError, messageOf } from '../errors';
import { keptLabels, labelNeedle, onlyRemoved } from './labelText';
import type { VectorSample } from './relevance';
import { fileKey } from './state';

/** Raised when the columns or their meaning change: part of a table's name, so that an older one is never misread. */
export const schemaVersion = 2;

/** What belongs to one part of a content, wherever its file lies. */
export interface Content {
  /** Of the whole file's content ({@link contentHash}), also in the rows of its cells. */
  hash: string;
  part: number;
  vector: Float32Array;
  format: string;
  width: number;
  height: number;
  sizeBytes: number;
  title: string;
  /** Cells of the whole content; {@link notSplit} where nobody looked for any. */
  cells: number;
  /** Where a cell lies in its sheet. */
  x: number;
  y: number;
  rotated: boolean;
  /** Kept labels as {@link formatMarks} writes them; absent = none. They go wherever the content goes. */
  labels?: string;
}
export interface Row extends Content, Pick<AssetKey, 'root' | 'path'> {
  /** Normalised words of the file name without extension, or of a cell's name. */
  stem: string;
  /** Normalised words of the path and the title. */
  words: string;
}
export interface Found { asset: Asset; vector: Float32Array }
/** Rows of one Arrow batch, column by column: what labelling reads of 100,000 rows. */
export interface LabelBatch {
  length: number;
  keyAt(row: number): AssetKey;
  /** {@link labelKey} of the row's content. */
  contentAt(row: number): string;
  labelsAt(row: number): string;
  /** View of the batch's memory; only where vectors were asked for. */
  vectorAt(row: number): Float32Array;
}
/** Labels belong to a content, which every copy of a file shares; a part of a file is a content of its own. */
export const labelKey = (hash: string, part: number): string => `${hash}\n${part}`;

/** In place of a number of cells: the file was indexed while sheets were not split. */
export const notSplit = -1;

/** Above this many rows an exact search takes longer than a person notices (512 dimensions: 89 ms), so an index is built. */
const approximateRows = 100_000;
/** Below this many rows a scan of the hash column is as fast as its index. */
const scalarIndexRows = 20_000;
/** Rows of an IN list; longer ones make DataFusion's planning slower than several queries. */
const chunkRows = 500;
/** Versions pile up with each write; this many fragments make reading slower than one compaction. */
const manyFragments = 24;

const assetColumns = ['root', 'path', 'part', 'hash', 'format', 'width', 'height', 'sizeBytes', 'title', 'x', 'y', 'rotated'];
const contentColumns = ['hash', 'part', 'vector', 'format', 'width', 'height', 'sizeBytes', 'title', 'cells', 'x', 'y', 'rotated'];

/** The only way a value gets into a predicate. */
export function quote(value: string): string { return `'${value.replaceAll("'", "''")}'`; }

const inList = (column: string, values: readonly string[]): string => `${column} IN (${values.map(quote).join(', ')})`;

export function keysPredicate(keys: readonly { root: string; path: string }[]): string {
  const byRoot = new Map<string, string[]>();
  for (const { root, path } of keys) {
    const paths = byRoot.get(root);
    if (paths) { paths.push(path); } else { byRoot.set(root, [path]); }
  }
  return [...byRoot].map(([root, paths]) => `(root = ${quote(root)} AND ${inList('path', paths)})`).join(' OR ');
}

/** These assets and no other part of their files. */
function assetsPredicate(keys: readonly AssetKey[]): string {
  const whole = keys.filter(key => key.part === 0);
  const parts = new Map<string, AssetKey[]>();
  for (const key of keys.filter(each => each.part > 0)) {
    const file = fileKey(key.root, key.path);
    parts.set(file, [...parts.get(file) ?? [], key]);
  }
  return [
    ...(whole.length > 0 ? [`(part = 0 AND (${keysPredicate(whole)}))`] : []),
    ...[...parts.values()].map(list => `(${keysPredicate([list[0]!])} AND part IN (${list.map(key => Math.trunc(key.part)).join(', ')}))`),
  ].join(' OR ');
}

/** Everything at or below a path. */
export function belowPredicate({ root, path }: { root: string; path: string }): string {
  const folder = path.replace(/^\/+|\/+$/g, '');
  if (folder === '') { return `(root = ${quote(root)})`; }
  // starts_with, because % and _ in a folder's name are wildcards to LIKE.
  return `(root = ${quote(root)} AND (path = ${quote(folder)} OR starts_with(path, ${quote(`${folder}/`)})))`;
}

/** Undefined when nothing is restricted. A table of an earlier version holds no labels (`labelled` false): of it all rows are without any. */
export function filterPredicate(filter: Filter | undefined, labelled = true): string | undefined {
  const parts: string[] = [];
  if (filter?.folders?.length) { parts.push(`(${filter.folders.map(belowPredicate).join(' OR ')})`); }
  if (filter?.formats?.length) { parts.push(inList('format', filter.formats)); }
  if (filter?.labels?.length && !labelled) { if (!filter.labels.includes('')) { parts.push('false'); } }
  else if (filter?.labels?.length) { parts.push(`(${filter.labels.map(labelPredicate).join(' OR ')})`); }
  return parts.length > 0 ? parts.join(' AND ') : undefined;
}

/** Rows with this label; '' = rows without any. */
function labelPredicate(label: string): string {
  return label === '' ? `labels = '' OR starts_with(labels, ${quote(onlyRemoved)})` : `contains(labels, ${quote(labelNeedle(label))})`;
}

const and = (...predicates: (string | undefined)[]): string => predicates.filter(each => each !== undefined).map(each => `(${each})`).join(' AND ');

export class Store {
  private constructor(private readonly dbFolder: string, private connection: Connection) {}

  static async open(dbFolder: string): Promise<Store> { return new Store(dbFolder, await Store.connect(dbFolder)); }

  private static connect(dbFolder: string): Promise<Connection> {
    return guard(() => connect(join(dbFolder, 'lance'), { readConsistencyInterval: 0.5 }));
  }

  /**
   * Forgets what LanceDB has cached. Its caches are named by path and version, so a table that was dropped and made anew could be taken for the
   * old one, and be written with references to indexes that are gone. Spaces that are open go on with the old connection.
   */
  async reconnect(): Promise<void> { this.connection = await Store.connect(this.dbFolder); }

  static exists(dbFolder: string): boolean { return existsSync(join(dbFolder, 'lance')); }

  async spaces(): Promise<string[]> {
    const names = await guard(() => this.connection.tableNames({ limit: 1000 }));
    return names.filter(name => !name.endsWith(retiredSuffix));
  }

  /** Opens the table of a space; without `create`, undefined when there is none. Throws indexCorrupt when it cannot be read. */
  async openSpace(name: string, embeddingDim: number, create: boolean): Promise<Space | undefined> {
    return guard(async () => {
      const names = new Set(await this.connection.tableNames({ limit: 1000 }));
      if (!names.has(name) && !create) { return undefined; }
      const rows = names.has(name) ? await this.connection.openTable(name) : await this.connection.createEmptyTable(name, rowSchema(embeddingDim), { mode: 'create', existOk: true });
      const retiredName = `${name}${retiredSuffix}`;
      let retired: Table | undefined;
      if (names.has(retiredName)) { retired = await this.connection.openTable(retiredName); }
      else if (create) { retired = await this.connection.createEmptyTable(retiredName, retiredSchema(embeddingDim), { mode: 'create', existOk: true }); }
      const vector = (await rows.schema()).fields.find(field => field.name === 'vector');
      if ((vector?.type as FixedSizeList | undefined)?.listSize !== embeddingDim) {
        throw new AssetSearchError('indexCorrupt', 'The index does not fit the model. Rebuild it, with "Rebuild Index" or on the command line with "index <folder> --rebuild".');
      }
      // Tables of earlier versions lack the labels. Only a writer adds them; a reader meanwhile finds none.
      if (create) {
        for (const table of [rows, ...retired ? [retired] : []]) {
          if (!hasLabels(await table.schema())) { await table.addColumns([{ name: 'labels', valueSql: "''" }]); }
        }
      }
      await rows.countRows();
      return new Space(name, embeddingDim, rows, retired);
    });
  }

  /** Rows of a space and of what it keeps of files that are gone; a table that cannot be read has no number. */
  async countSpace(name: string): Promise<{ rows?: number; retired?: number }> {
    const count = async (table: string): Promise<number | undefined> => {
      try { return await (await this.connection.openTable(table)).countRows(); } catch { return undefined; }
    };
    const [rows, retired] = await Promise.all([count(name), count(`${name}${retiredSuffix}`)]);
    return { rows, retired };
  }

  /** Bytes on disk of each space, by name. */
  async spaceBytes(): Promise<Map<string, number>> {
    const bytes = new Map<string, number>();
    for (const name of await this.spaces()) {
      const sizes = await Promise.all([name, `${name}${retiredSuffix}`].map(table => folderBytes(join(this.dbFolder, 'lance', `${table}.lance`))));
      bytes.set(name, sizes.reduce((sum, size) => sum + size, 0));
    }
    return bytes;
  }

  async dropSpace(name: string): Promise<void> {
    await guard(async () => {
      const names = new Set(await this.connection.tableNames({ limit: 1000 }));
      for (const each of [name, `${name}${retiredSuffix}`]) {
        if (names.has(each)) { await this.connection.dropTable(each); }
      }
    });
    await this.reconnect();
  }

  close(): void { this.connection.close(); }
}

const retiredSuffix = '__retired';
const hasLabels = (schema: Schema): boolean => schema.fields.some(field => field.name === 'labels');
/** While a run writes, a sample serves at least this long. */
const sampleAgeMs = 10_000;

/** The rows of one vector space. */
export class Space {
  private order: { version: number; predicate: string; rowIds: BigUint64Array; builtAt: number; costMs: number } | undefined;
  private sampled: { sample: VectorSample & { total: number }; limit: number; version: number; builtAt: number } | undefined;
  private approximate: boolean | undefined;
  private counted: { counts: LabelCounts; predicate: string; version: number; builtAt: number } | undefined;
  private labelled = false;
  private anyLabel: { is: boolean; askedAt: number } | undefined;
  private stuck = false;
  /** Contents whose labels were written through this object. */
  labelsWritten = 0;

  constructor(readonly name: string, readonly embeddingDim: number, private readonly rows: Table, private readonly retired: Table | undefined) {}

  // ── reading

  /** Sees what other processes wrote; without this, up to the connection's read-consistency interval late. */
  async refresh(): Promise<void> {
    await guard(async () => { await this.rows.checkoutLatest(); await this.retired?.checkoutLatest(); });
  }

  count(filter?: Filter): Promise<number> { return this.read(async () => this.rows.countRows(await this.predicateOf(filter))); }
  /** Rows of one folder: whole images, and parts of them. */
  async countRoot(root: string): Promise<{ images: number; parts: number }> {
    const inRoot = belowPredicate({ root, path: '' });
    const [images, parts] = await this.read(() => Promise.all(['part = 0', 'part > 0'].map(part => this.rows.countRows(and(inRoot, part)))));
    return { images: images!, parts: parts! };
  }
  countFiles(): Promise<number> { return this.read(() => this.rows.countRows('part = 0')); }
  countRetired(): Promise<number> { return this.read(async () => await this.retired?.countRows() ?? 0); }

  /**
   * Hash of each file's content at or below the given paths, or of all files, by {@link fileKey}. Empty where the rows are not what they should be:
   * a cell is missing or left over, or whether there are cells was not asked as `split` wants it.
   */
  async hashes(scope?: readonly { root: string; path: string }[], split = true): Promise<Map<string, string>> {
    const groups = new Map<string, RowGroup>();
    const chunks = scope === undefined ? [undefined] : [...chunked(scope, 50)].map(list => list.map(belowPredicate).join(' OR '));
    for (const predicate of chunks) {
      await this.read(async () => {
        const query = this.rows.query().select(['root', 'path', 'hash', 'part', 'cells']);
        for await (const batch of predicate === undefined ? query : query.where(predicate)) {
          const [root, path, hash] = ['root', 'path', 'hash'].map(name => batch.getChild(name) as Vector<Utf8>) as [Vector<Utf8>, Vector<Utf8>, Vector<Utf8>];
          const [part, cells] = ['part', 'cells'].map(name => batch.getChild(name) as Vector<Int32>) as [Vector<Int32>, Vector<Int32>];
          for (let i = 0; i < batch.numRows; i++) {
            const key = fileKey(root.get(i)!, path.get(i)!);
            const [ownHash, ownPart, ownCells] = [hash.get(i)!, part.get(i)!, cells.get(i)!];
            const group = groups.get(key);
            if (group === undefined) { groups.set(key, { hash: ownHash, rows: 1, cells: ownCells, whole: ownPart === 0 }); continue; }
            group.rows++;
            group.whole ||= ownPart === 0;
            if (group.hash !== ownHash || group.cells !== ownCells) { group.whole = false; group.hash = ''; }
          }
        }
      });
    }
    return new Map([...groups].map(([key, group]) => [key, isComplete(group, split) && (split || group.rows === 1) ? group.hash : '']));
  }

  /** Which of these contents can be had whole from here, from rows or from retired ones. */
  async knownHashes(hashes: readonly string[], split = true): Promise<Set<string>> {
    const known = new Set<string>();
    for (const list of chunked([...new Set(hashes)], chunkRows)) {
      const parts = new Map<string, Map<number, { hash: string; part: number; cells: number }>>();
      for (const table of this.tables()) {
        for (const row of await this.read(() => table.query().where(inList('hash', list)).select(['hash', 'part', 'cells']).toArrow())) {
          const { hash, part, cells } = row as { hash: string; part: number; cells: number };
          collect(parts, { hash, part, cells });
        }
      }
      for (const [hash, group] of parts) { if (isComplete(groupOf(hash, group), split)) { known.add(hash); } }
    }
    return known;
  }

  /** Vectors and metadata of contents, from rows or from retired ones: all parts of each, or only the whole where sheets are not split. */
  async contents(hashes: readonly string[], split = true): Promise<Map<string, Content[]>> {
    const found = new Map<string, Content[]>();
    for (const list of chunked([...new Set(hashes)], chunkRows)) {
      const parts = new Map<string, Map<number, Content>>();
      for (const table of this.tables()) {
        const missing = list.filter(hash => !found.has(hash));
        if (missing.length === 0) { continue; }
        const wanted = split ? inList('hash', missing) : `${inList('hash', missing)} AND part = 0`;
        for (const row of await this.read(async () => table.query().where(wanted).select(await this.with(contentColumns)).toArrow())) { collect(parts, contentOf(row)); }
        for (const [hash, group] of parts) {
          if (!isComplete(groupOf(hash, group), split)) { continue; }
          const whole = group.get(0)!;
          found.set(hash, split ? [...group.values()].sort((a, b) => a.part - b.part) : [{ ...whole, cells: whole.cells > 0 ? notSplit : whole.cells }]);
        }
      }
    }
    return found;
  }

  async get(keys: readonly AssetKey[]): Promise<Found[]> {
    const found: Found[] = [];
    for (const list of chunked(keys, chunkRows)) {
      const arrow = await this.read(async () => this.rows.query().where(assetsPredicate(list)).select([...await this.with(assetColumns), 'vector']).toArrow());
      for (const row of arrow) { found.push(foundOf(row)); }
    }
    return found;
  }

  /**
   * The nearest by cosine, asked for as L2, which orders unit vectors alike (|a-b|² = 2 - 2 cos) in 0.4 of the time (100,000 rows of 256 on busy cores: 89 against 216 ms).
   * Exact below {@link approximateRows} rows and under a filter, where an index would miss what the filter leaves.
   */
  async nearest(vector: Float32Array, limit: number, filter?: Filter): Promise<(Found & { score: number })[]> {
    const predicate = await this.predicateOf(filter);
    const arrow = await this.read(async () => {
      let query = (this.rows.query().nearestTo(Array.from(vector)) as VectorQuery).column('vector').distanceType('l2').limit(limit).select([...await this.with(assetColumns), 'vector', '_distance']);
      if (predicate !== undefined) { query = query.where(predicate).bypassVectorIndex(); }
      else if (await this.isApproximate()) { query = query.nprobes(32); }
      return query.toArrow();
    });
    return arrow.toArray().map(row => ({ ...foundOf(row), score: 1 - Number((row as { _distance: number })._distance) / 2 }));
  }

  /** Full-text ranking (BM25) of every or any of the terms. Terms hold only letters and digits: nothing a user types is syntax. */
  async byWords(terms: readonly string[], limit: number, { every, filter }: { every: boolean; filter?: Filter }): Promise<Found[]> {
    const match = new MatchQuery(terms.join(' '), 'words', { operator: every ? Operator.And : Operator.Or });
    return this.found(query => query.fullTextSearch(match), limit, await this.predicateOf(filter), ['_score']);
  }

  /** Rows whose file name is exactly one of these sequences of words. */
  async byStems(stems: readonly string[], limit: number, filter?: Filter): Promise<Found[]> {
    return stems.length === 0 ? [] : this.found(query => query, limit, and(inList('stem', stems), await this.predicateOf(filter)));
  }

  /** Rows that hold all words and a word that starts with the prefix; shortest names first. */
  async byPrefix(words: readonly string[], prefix: string, limit: number, filter?: Filter): Promise<Found[]> {
    const starts = `starts_with(words, ${quote(prefix)}) OR contains(words, ${quote(` ${prefix}`)})`;
    const found = await this.found(query => query, limit, and(starts, ...words.map(word => `contains(words, ${quote(word)})`), await this.predicateOf(filter)));
    return found.sort((a, b) => a.asset.path.length - b.asset.path.length);
  }

  /** Rows with one of these labels; those nearest to the vector first. */
  async byLabels(labels: readonly string[], vector: Float32Array | undefined, limit: number, filter?: Filter): Promise<Found[]> {
    if (!this.anyLabel?.is && Date.now() - (this.anyLabel?.askedAt ?? 0) > sampleAgeMs) {
      this.anyLabel = { is: await this.holdsLabels() && await this.read(() => this.rows.countRows("labels != ''")) > 0, askedAt: Date.now() };
    }
    if (!this.anyLabel?.is) { return []; }
    const labelled = { ...filter, labels: [...labels] };
    const found = vector ? await this.nearest(vector, limit, labelled) : await this.found(query => query, limit, await this.predicateOf(labelled));
    return filter?.labels?.length ? found.filter(({ asset }) => asset.labels?.some(({ label }) => filter.labels!.includes(label))) : found;
  }

  private async found(refine: (query: Query) => Query, limit: number, predicate: string | undefined, more: string[] = []): Promise<Found[]> {
    const arrow = await this.read(async () => {
      const query = refine(this.rows.query()).limit(limit).select([...await this.with(assetColumns), 'vector', ...more]);
      return (predicate === undefined || predicate === '' ? query : query.where(predicate)).toArrow();
    });
    return arrow.toArray().map(foundOf);
  }

  /** A page of all rows in path order. The order is kept as row ids (8 bytes a row) as long as the table does not change. */
  async page(offset: number, limit: number, filter?: Filter): Promise<{ assets: Asset[]; total: number }> {
    const predicate = await this.predicateOf(filter) ?? '';
    return this.read(async () => {
      const version = await this.rows.version();
      // While a run writes every 2 s, an order that took long to build serves a little longer than its version.
      const old = this.order;
      if (old?.predicate !== predicate || (old.version !== version && Date.now() - old.builtAt > 5 * old.costMs)) {
        const start = performance.now();
        const query = this.rows.query().orderBy([{ columnName: 'path', ascending: true, nullsFirst: false }, { columnName: 'root', ascending: true, nullsFirst: false }, { columnName: 'part', ascending: true, nullsFirst: false }]).select(['path', 'root', 'part']).withRowId();
        const arrow = await (predicate === '' ? query : query.where(predicate)).toArrow();
        const column = arrow.getChild('_rowid')!;
        const rowIds = new BigUint64Array(arrow.numRows);
        for (let i = 0; i < rowIds.length; i++) { rowIds[i] = BigInt(column.get(i) as bigint); }
        this.order = { version, predicate, rowIds, builtAt: Date.now(), costMs: performance.now() - start };
      }
      const { rowIds } = this.order!;
      const slice = [...rowIds.subarray(offset, offset + limit)];
      if (slice.length === 0) { return { assets: [], total: rowIds.length }; }
      const arrow = await this.rows.takeRowIds(slice).select(await this.with(assetColumns)).withRowId().toArrow();
      const byId = new Map(arrow.toArray().map(row => [BigInt((row as { _rowid: bigint })._rowid), assetOf(row)]));
      return { assets: slice.flatMap(id => byId.get(id) ?? []), total: rowIds.length };
    });
  }

  /** Vectors of at most `limit` rows, taken at even distances from the whole table, and the number of all rows. Kept while the table does not change. */
  async sample(limit: number): Promise<VectorSample & { total: number }> {
    const { embeddingDim } = this;
    return this.read(async () => {
      const version = await this.rows.version();
      const old = this.sampled;
      if (old?.limit === limit && (old.version === version || Date.now() - old.builtAt < sampleAgeMs)) { return old.sample; }
      const total = await this.rows.countRows();
      const count = Math.min(total, limit);
      const vectors = new Float32Array(count * embeddingDim);
      let rows = 0;
      if (count > 0) {
        const offsets = Array.from({ length: count }, (_, index) => Math.floor((index + 0.5) * total / count));
        for (const row of await this.rows.takeOffsets(offsets).select(['vector']).toArrow()) { vectors.set(vectorOf(row), rows++ * embeddingDim); }
      }
      const sample = { vectors: vectors.subarray(0, rows * embeddingDim), embeddingDim, rows, total };
      this.sampled = { sample, limit, version, builtAt: Date.now() };
      return sample;
    });
  }

  async formats(): Promise<Record<string, number>> {
    const counts: Record<string, number> = {};
    await this.read(async () => {
      for await (const batch of this.rows.query().where('part = 0').select(['format'])) {
        for (const format of batch.getChild('format') as Vector<Utf8>) { counts[format!] = (counts[format!] ?? 0) + 1; }
      }
    });
    return counts;
  }

  /** Calls `see` with each file, without its cells. */
  async eachFile(see: (file: { format: string; width: number; height: number; sizeBytes: number }) => void): Promise<void> {
    await this.read(async () => {
      for await (const batch of this.rows.query().where('part = 0').select(['format', 'width', 'height', 'sizeBytes'])) {
        const format = batch.getChild('format') as Vector<Utf8>;
        const [width, height] = ['width', 'height'].map(name => batch.getChild(name) as Vector<Int32>) as [Vector<Int32>, Vector<Int32>];
        const sizeBytes = batch.getChild('sizeBytes') as Vector<Float64>;
        for (let i = 0; i < batch.numRows; i++) { see({ format: format.get(i)!, width: width.get(i)!, height: height.get(i)!, sizeBytes: sizeBytes.get(i)! }); }
      }
    });
  }

  // ── labels

  /** The columns, and the labels where the table has them. */
  private async with(columns: readonly string[]): Promise<string[]> { return await this.holdsLabels() ? [...columns, 'labels'] : [...columns]; }

  private async predicateOf(filter: Filter | undefined): Promise<string | undefined> { return filterPredicate(filter, !filter?.labels?.length || await this.holdsLabels()); }

  private async holdsLabels(): Promise<boolean> { return this.labelled ||= await this.read(async () => hasLabels(await this.rows.schema())); }

  /** All rows of a scope as one version of the table has them, whatever is written meanwhile. */
  async *labelBatches({ keys, filter }: LabelScope, { vectors }: { vectors: boolean }): AsyncIterableIterator<LabelBatch> {
    const { embeddingDim } = this;
    const predicates = keys ? [...chunked(keys, chunkRows)].map(keysPredicate) : [await this.predicateOf(filter)];
    const wanted = keys && new Set(keys.map(({ root, path, part }) => labelKey(fileKey(root, path), part)));
    for (const predicate of predicates) {
      const query = this.rows.query().select([...await this.with(['root', 'path', 'part', 'hash']), ...vectors ? ['vector'] : []]);
      for await (const batch of predicate === undefined ? query : query.where(predicate)) {
        const [root, path, part, hash, labels] = ['root', 'path', 'part', 'hash', 'labels'].map(name => batch.getChild(name)) as Vector[];
        const at = (column: Vector | undefined, row: number): string => (column?.get(row) as string | null | undefined) ?? '';
        const rows = Array.from({ length: batch.numRows }, (_, row) => row)
          .filter(row => !wanted || wanted.has(labelKey(fileKey(at(root, row), at(path, row)), part!.get(row) as number)));
        const vector = vectors ? batch.getChild('vector')!.data[0] as Data<FixedSizeList> : undefined;
        const flat = vector?.children[0]!.values as Float32Array | undefined;
        yield {
          length: rows.length,
          keyAt: row => ({ root: at(root, rows[row]!), path: at(path, rows[row]!), part: part!.get(rows[row]!) as number }),
          contentAt: row => labelKey(at(hash, rows[row]!), part!.get(rows[row]!) as number),
          labelsAt: row => at(labels, rows[row]!),
          vectorAt: row => flat!.subarray(rows[row]! * embeddingDim, (rows[row]! + 1) * embeddingDim),
        };
      }
    }
  }

  /** Labels of contents by {@link labelKey}, of those of these hashes that have any. */
  async labelsOf(hashes: readonly string[]): Promise<Map<string, string>> {
    const found = new Map<string, string>();
    for (const list of chunked([...new Set(hashes)], chunkRows)) {
      const arrow = await this.read(() => this.rows.query().where(and(inList('hash', list), "labels != ''")).select(['hash', 'part', 'labels']).toArrow());
      for (const row of arrow) { const { hash, part, labels = '' } = row as Content; found.set(labelKey(hash, part), labels); }
    }
    return found;
  }

  /** How often each label is kept. Counted anew when the table has changed, but not at each write of a run. */
  async labelCounts(filter?: Filter): Promise<LabelCounts> {
    const predicate = await this.predicateOf(filter) ?? '';
    const version = await this.read(() => this.rows.version());
    const old = this.counted;
    if (old?.predicate === predicate && (old.version === version || Date.now() - old.builtAt < sampleAgeMs / 10)) { return old.counts; }
    const images = new Map<string, number>();
    let unlabelled = 0;
    for await (const batch of this.labelBatches({ filter }, { vectors: false })) {
      for (let row = 0; row < batch.length; row++) {
        const labels = keptLabels(batch.labelsAt(row));
        if (labels.length === 0) { unlabelled++; }
        for (const { label } of labels) { images.set(label, (images.get(label) ?? 0) + 1); }
      }
    }
    const counts = { labels: [...images].map(([label, count]) => ({ label, images: count })).sort((a, b) => b.images - a.images || (a.label < b.label ? -1 : 1)), unlabelled };
    this.counted = { counts, predicate, version, builtAt: Date.now() };
    return counts;
  }

  // ── writing (only with the lock held)

  /**
   * Gives contents (by {@link labelKey}) other labels. The merge holds the key and the labels alone, so vectors are not written again:
   * 9 µs a row for 100,000 rows at once, where whole rows take 69 and removing and adding them 48.
   */
  async writeLabels(labels: ReadonlyMap<string, string>): Promise<void> {
    if (labels.size === 0) { return; }
    const keys = [...labels.keys()].map(key => key.split('\n') as [string, string]);
    const schema = new Schema([column('hash', new Utf8()), column('part', new Int32()), column('labels', new Utf8())]);
    const columns = [keys.map(([hash]) => hash), keys.map(([, part]) => Number(part)), [...labels.values()]];
    const children = schema.fields.map((field, index) => vectorFromArray(columns[index]!, field.type).data[0] as Data);
    const data = makeData({ type: new Struct(schema.fields), length: labels.size, nullCount: 0, children });
    await guard(() => this.rows.mergeInsert(['hash', 'part']).whenMatchedUpdateAll().execute(new ArrowTable(schema, new RecordBatch(schema, data as never))));
    this.counted = undefined;
    this.labelsWritten += labels.size;
  }

  async add(rows: readonly Row[]): Promise<void> {
    if (rows.length > 0) { await guard(() => this.rows.add(rowTable(rows, this.embeddingDim))); }
  }

  /** Replaces all rows of the files that these rows belong to. Costs more the larger the table is: only for files that exist. */
  async replace(rows: readonly Row[]): Promise<void> {
    if (rows.length === 0) { return; }
    const files = [...new Map(rows.map(row => [fileKey(row.root, row.path), row])).values()];
    // First what will have no successor: a kill before the next step leaves too few cells, which `hashes` tells, and not some of another picture.
    for (const list of chunked(files, chunkRows)) {
      const cells = `part > 0 AND (${keysPredicate(list)})`;
      if (await this.read(() => this.rows.countRows(cells)) > 0) { await guard(() => this.rows.delete(cells)); }
    }
    await guard(() => this.rows.mergeInsert(['root', 'path', 'part']).whenMatchedUpdateAll().whenNotMatchedInsertAll().execute(rowTable(rows, this.embeddingDim)));
  }

  /** Keeps the vectors of rows that are about to go, unless they are kept already. */
  async keepVectors(keys: readonly { root: string; path: string }[]): Promise<void> {
    if (!this.retired) { return; }
    for (const list of chunked(keys, chunkRows)) {
      const arrow = await this.read(async () => this.rows.query().where(keysPredicate(list)).select(await this.with(contentColumns)).toArrow());
      const contents = new Map([...arrow].map(row => { const content = contentOf(row); return [`${content.hash} ${content.part} ${content.cells}`, content] as const; }));
      if (contents.size === 0) { continue; }
      const kept = await this.read(() => this.retired!.query().where(inList('hash', [...new Set([...contents.values()].map(each => each.hash))])).select(['hash', 'part', 'cells']).toArrow());
      for (const row of kept) { const { hash, part, cells } = row as Content; contents.delete(`${hash} ${part} ${cells}`); }
      if (contents.size > 0) { await guard(() => this.retired!.add(retiredTable([...contents.values()], this.embeddingDim))); }
    }
  }

  async remove(keys: readonly { root: string; path: string }[]): Promise<void> {
    for (const list of chunked(keys, chunkRows)) { await guard(() => this.rows.delete(keysPredicate(list))); }
  }

  /** Deletes retired vectors that a row holds again, and the oldest above the bounds. */
  async pruneRetired(maxRows: number, maxAgeMs: number): Promise<void> {
    const { retired } = this;
    if (!retired || await this.countRetired() === 0) { return; }
    const arrow = await this.read(() => retired.query().select(['hash', 'retiredAt']).toArrow());
    const list = arrow.toArray().map(row => row as { hash: string; retiredAt: number }).map(({ hash, retiredAt }) => ({ hash, retiredAt }));
    const living = new Set<string>();
    for (const hashes of chunked(list.map(each => each.hash), chunkRows)) {
      for (const row of await this.read(() => this.rows.query().where(inList('hash', hashes)).select(['hash']).toArrow())) { living.add((row as { hash: string }).hash); }
    }
    const oldest = Date.now() - maxAgeMs;
    const kept = list.filter(each => !living.has(each.hash)).sort((a, b) => b.retiredAt - a.retiredAt);
    const gone = [...living, ...kept.filter((each, index) => index >= maxRows || each.retiredAt < oldest).map(each => each.hash)];
    for (const hashes of chunked([...new Set(gone)], chunkRows)) { await guard(() => retired.delete(inList('hash', hashes))); }
  }

  /**
   * Builds the indexes that are due, compacts and deletes old versions. Each step has a time limit, because an index build can hang for ever
   * (lancedb#3568); then the search goes on without it, and this process starts no further maintenance.
   */
  async maintain({ force, warn, timeoutMs }: { force: boolean; warn: (message: string) => void; timeoutMs: number }): Promise<void> {
    if (this.stuck) { return; }
    const step = async (name: string, work: () => Promise<unknown>): Promise<void> => {
      if (this.stuck) { return; }
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<'late'>(resolve => { timer = setTimeout(() => resolve('late'), timeoutMs); timer.unref(); });
      try {
        if (await Promise.race([guard(work), late]) === 'late') {
          this.stuck = true;
          warn(`${name} did not end within ${timeoutMs / 1000} s. The search works without it, but may be slower.`);
        }
      } catch (thrown) {
        if (thrown instanceof AssetSearchError && thrown.code === 'diskFull') { throw thrown; }
        warn(`${name} failed: ${messageOf(thrown)}`);
      } finally {
        clearTimeout(timer);
      }
    };
    const { numRows, fragmentStats } = await guard(() => this.rows.stats());
    const names = (await guard(() => this.rows.listIndices())).flatMap(index => index.columns);
    const damaged = names.includes('words') && !await this.isWordIndexReadable();
    if (!force && !damaged && fragmentStats.numFragments < manyFragments) { return; }
    // An index whose files are gone (a killed process, a disk that was cleaned) is built anew.
    if (damaged) {
      warn('The full-text index cannot be read and is built anew.');
      for (const { name, columns } of await guard(() => this.rows.listIndices())) {
        if (columns.includes('words')) { await guard(() => this.rows.dropIndex(name)); }
      }
      names.splice(names.indexOf('words'), 1);
    }
    if (numRows > 0 && !names.includes('words')) {
      await step('The full-text index', () => this.rows.createIndex('words', {
        config: Index.fts({ baseTokenizer: 'whitespace', lowercase: false, stem: true, language: 'English', removeStopWords: false, asciiFolding: false, maxTokenLength: 400, withPosition: false }),
      }));
    }
    if (numRows >= scalarIndexRows) {
      for (const column of ['hash', 'stem']) {
        if (!names.includes(column)) { await step(`The index of ${column}`, () => this.rows.createIndex(column, { config: Index.btree() })); }
      }
    }
    if (numRows >= approximateRows && !names.includes('vector')) {
      await step('The vector index', () => this.rows.createIndex('vector', { config: Index.ivfFlat({ distanceType: 'l2' }) }));
      this.approximate = undefined;
    }
    // Nobody else writes while the lock is held, so what no version names is left over from a killed run.
    const cleanup = { cleanupOlderThan: new Date(), deleteUnverified: true };
    await step('Compaction', () => this.rows.optimize(cleanup));
    await step('Compaction of kept vectors', async () => this.retired?.optimize(cleanup));
  }

  /** Asked for a word that is there: for another one not all of its files are read. */
  private async isWordIndexReadable(): Promise<boolean> {
    try {
      const [row] = (await this.rows.query().where("words != ''").select(['words']).limit(1).toArrow()).toArray() as { words: string }[];
      await this.byWords([row?.words.split(' ')[0] ?? 'a'], 1, { every: true });
      return true;
    } catch {
      return false;
    }
  }

  private async isApproximate(): Promise<boolean> {
    return this.approximate ??= (await this.rows.listIndices()).some(index => index.columns.includes('vector'));
  }

  private tables(): Table[] { return this.retired ? [this.rows, this.retired] : [this.rows]; }

  /** The writer of another process may compact files away under a query: it then runs once more on the newest version. */
  private read<T>(work: () => Promise<T>): Promise<T> {
    return guard(async () => {
      try {
        return await work();
      } catch {
        this.order = undefined;
        await this.rows.checkoutLatest();
        await this.retired?.checkoutLatest();
        return work();
      }
    });
  }
}

/** Gives LanceDB's errors our codes. */
async function guard<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    if (thrown instanceof AssetSearchError) { throw thrown; }
    const message = messageOf(thrown);
    if (/no space left|not enough space|os error 28|ENOSPC|quota exceeded|file too large/i.test(message)) {
      throw new AssetSearchError('diskFull', 'The disk is full. Free some space and index again; nothing that was indexed is lost.', { cause: thrown });
    }
    // What the system refuses is no damage: a rebuild would only lose what is there.
    if (/permission denied|access is denied|read-only file system|used by another process/i.test(message)) {
      throw new AssetSearchError('indexReadOnly', 'A file of the index may not be read or written. Grant permission on the index folder and all in it, or give another folder with "assetSearch.storageFolder" or, on the command line, with --db.', { cause: thrown });
    }
    if (/too many open files|cannot allocate memory/i.test(message)) {
      throw new AssetSearchError('internal', 'The system allows this process no more open files or memory. Close other programs or raise the limit, and try again.', { cause: thrown });
    }
    if (/not found|corrupt|checksum|magic|footer|manifest|protobuf|failed to (read|decode)|unexpected end|out of (bounds|range)|LanceError\(IO\)/i.test(message)) {
      throw new AssetSearchError('indexCorrupt', 'The index is damaged and cannot be read. Rebuild it, with "Rebuild Index" or on the command line with "index <folder> --rebuild".', { cause: thrown });
    }
    throw new AssetSearchError('internal', message.slice(0, 600), { cause: thrown });
  }
}

function* chunked<T>(list: readonly T[], size: number): IterableIterator<T[]> {
  for (let start = 0; start < list.length; start += size) { yield list.slice(start, start + size); }
}

/** The rows of one file, or of one content. */
interface RowGroup { hash: string; rows: number; cells: number; whole: boolean }

/** With `split`, all the cells that were found are there; without, the whole is. */
function isComplete({ hash, rows, cells, whole }: RowGroup, split: boolean): boolean {
  return whole && hash !== '' && (!split || (cells !== notSplit && rows === cells + 1));
}

function groupOf(hash: string, parts: ReadonlyMap<number, { cells: number }>): RowGroup {
  return { hash, rows: parts.size, cells: parts.get(0)?.cells ?? 0, whole: parts.has(0) };
}

/** Keeps one row a part; of two wholes the one whose cells were looked for. */
function collect<T extends { hash: string; part: number; cells: number }>(groups: Map<string, Map<number, T>>, row: T): void {
  const parts = groups.get(row.hash) ?? new Map<number, T>();
  groups.set(row.hash, parts);
  if ((parts.get(row.part)?.cells ?? notSplit) === notSplit) { parts.set(row.part, row); }
}

// ── Arrow

const column = (name: string, type: DataType): Field => new Field(name, type, false);
const vectorType = (embeddingDim: number): FixedSizeList => new FixedSizeList(embeddingDim, new Field('item', new Float32(), true));
const contentFields = (embeddingDim: number): Field[] => [
  column('part', new Int32()), column('hash', new Utf8()), column('vector', vectorType(embeddingDim)), column('format', new Utf8()), column('width', new Int32()), column('height', new Int32()),
  column('sizeBytes', new Float64()), column('title', new Utf8()), column('cells', new Int32()), column('x', new Int32()), column('y', new Int32()), column('rotated', new Bool()),
  column('labels', new Utf8()),
];
function rowSchema(embeddingDim: number): Schema {
  return new Schema([
    column('root', new Utf8()), column('path', new Utf8()), ...contentFields(embeddingDim), column('stem', new Utf8()), column('words', new Utf8()),
  ]);
}
function retiredSchema(embeddingDim: number): Schema { return new Schema([...contentFields(embeddingDim), column('retiredAt', new Float64())]); }

/** Built column by column: LanceDB's own conversion from objects stalls the event loop 10 times as long. */
function arrowTable(schema: Schema, records: readonly object[], embeddingDim: number): ArrowTable {
  const children = schema.fields.map((field): Data => {
    if (field.name === 'vector') {
      const flat = new Float32Array(records.length * embeddingDim);
      records.forEach((record, index) => flat.set((record as Content).vector, index * embeddingDim));
      return makeData({ type: field.type as FixedSizeList, length: records.length, nullCount: 0, child: makeData({ type: new Float32(), length: flat.length, nullCount: 0, data: flat }) });
    }
    return vectorFromArray(records.map(record => (record as Record<string, unknown>)[field.name] ?? ''), field.type).data[0] as Data;
  });
  const data = makeData({ type: new Struct(schema.fields), length: records.length, nullCount: 0, children });
  return new ArrowTable(schema, new RecordBatch(schema, data as never));
}
function rowTable(rows: readonly Row[], embeddingDim: number): ArrowTable { return arrowTable(rowSchema(embeddingDim), rows, embeddingDim); }
function retiredTable(contents: readonly Content[], embeddingDim: number): ArrowTable {
  const retiredAt = Date.now();
  return arrowTable(retiredSchema(embeddingDim), contents.map(content => ({ ...content, retiredAt })), embeddingDim);
}

function assetOf(row: unknown): Asset {
  const { root, path, part, hash, format, width, height, sizeBytes, title, x, y, rotated, labels: text = '' } = row as Row;
  const kept = keptLabels(text);
  const labels = kept.length > 0 && { labels: kept };
  if (part === 0) { return { root, path, part, hash, format, width, height, sizeBytes, title, ...labels }; }
  const cell = { x, y, width, height, ...(title !== '' && { name: title }), ...(rotated && { rotated }) };
  return { root, path, part, hash: cellHash(hash, cell), format, width, height, sizeBytes, title, cell, ...labels };
}
/** Copied as a whole: value by value a query took 1.2 to 1.4 times as long. */
function vectorOf(row: unknown): Float32Array { return new Float32Array((row as { vector: Vector<Float32> }).vector.toArray()); }
function foundOf(row: unknown): Found { return { asset: assetOf(row), vector: vectorOf(row) }; }
function contentOf(row: unknown): Content {
  const { hash, part, format, width, height, sizeBytes, title, cells, x, y, rotated, labels } = row as Content;
  return { hash, part, vector: vectorOf(row), format, width, height, sizeBytes, title, cells, x, y, rotated, labels };
}
