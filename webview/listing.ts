/** What the grid lists: browse pages, search hits or similar images, with the running request cancelled when the question changes. */
import { CancellationTokenSource } from 'vscode-jsonrpc/browser';
import { View, type ErrorInfo, type Filter, type Tile, type ViewImage } from '../src/protocol';
import { toErrorInfo, type Host } from './connection';

/** A question to the index. `shown` are tiles the host found itself (a file outside the workspace, say). */
export type Question =
  | { kind: 'browse' }
  | { kind: 'search'; text: string }
  | { kind: 'similar'; name: string; image: ViewImage; text?: string; textWeight?: number }
  | { kind: 'shown'; name: string; tiles: Tile[]; stacks?: number[]; strong?: number };

/** A tile in the list. `stack` is set where it stands for others that show the same drawing. */
export interface ListedTile extends Tile { stack?: { others: number; open: boolean }; /** Shown because its stack is open. */ fanned?: boolean }

/** What labelling "all" covers: everything that passes the filter, the hits above the divider or, where there is none, the best ones so far. */
export interface LabelTarget {
  kind: 'all' | 'matches' | 'best';
  /** How many images that is; undefined while there may be matches beyond those that are listed. */
  images?: number;
}

export const pageSize = 200;
/** Hits asked for at first; scrolling to the end asks for twice as many, up to `maxHits`. */
export const firstHits = 100;
export const maxHits = 1600;

export class Listing {
  question: Question = { kind: 'browse' };
  filter: Filter = {};
  /** Sparse while browsing: pages arrive as they come into sight. */
  tiles: (ListedTile | undefined)[] = [];
  /** How many tiles, at the top, fit the question; undefined where nobody can tell. */
  strong?: number;
  /** 'waiting': nothing asked yet. While 'loading', `tiles` still answer the question before. */
  state: 'waiting' | 'loading' | 'listed' | 'failed' = 'waiting';
  error?: ErrorInfo;
  /** The question that `tiles` answer. */
  answered: Question = { kind: 'browse' };
  /** Rows the host looked at. */
  total = 0;

  private hits = firstHits;
  /** The answer of a ranked question as it came: `tiles` shows its stacks closed, but for the open ones. */
  private ranked: { tiles: Tile[]; stacks?: number[]; strong?: number } = { tiles: [] };
  private readonly open = new Set<string>();
  private cancellation = new CancellationTokenSource();
  private readonly pages = new Map<number, 'loading' | 'listed'>();

  constructor(private readonly host: Host, private readonly changed: () => void) {}

  /** Asks anew. Resolves when the answer is there, has failed, or was overtaken by another question. */
  async show(question: Question, filter: Filter): Promise<void> {
    this.question = question;
    this.filter = filter;
    this.hits = firstHits;
    this.open.clear();
    await this.ask([0]);
  }

  /** The hits of a ranked question, those in closed stacks included. */
  get hitsFound(): readonly Tile[] { return this.ranked.tiles; }

  get labelTarget(): LabelTarget {
    if (this.answered.kind === 'browse') { return { kind: 'all', images: this.tiles.length }; }
    const { tiles, strong } = this.ranked;
    if (!strong) { return { kind: 'best', images: tiles.length }; }
    return { kind: 'matches', ...!(strong === tiles.length && this.hasMoreHits) && { images: this.matches.length } };
  }

  /** The hits above the divider, and what stands in a stack with one of them. All of them are fetched, up to `maxHits`. */
  async fetchMatches(): Promise<readonly Tile[]> {
    if (this.labelTarget.images === undefined) {
      this.hits = maxHits;
      await this.ask([]);
    }
    return this.matches;
  }

  private get matches(): readonly Tile[] {
    const { tiles, stacks, strong = 0 } = this.ranked;
    return tiles.filter((_, index) => (stacks?.[index] ?? index) < strong);
  }

  private get hasMoreHits(): boolean {
    return this.answered.kind !== 'shown' && this.ranked.tiles.length === this.hits && this.hits < Math.min(maxHits, this.total);
  }

  /** Opens or closes the stack that a tile stands for. */
  toggleStack(tile: Tile): void {
    const key = stackKey(tile);
    if (!this.open.delete(key)) { this.open.add(key); }
    this.lay();
    this.changed();
  }

  /** The same question again because the index has changed; what is shown stays until the answer is there. */
  async refresh(first: number, last: number): Promise<void> {
    if (this.state === 'waiting') { return; }
    await this.ask(pagesOf(first, last));
  }

  /** Tells which tiles are in sight, so that missing pages or more hits are fetched. */
  need(first: number, last: number): void {
    if (this.state !== 'listed') { return; }
    if (this.answered.kind === 'browse') {
      for (const page of pagesOf(first, Math.min(last, this.tiles.length - 1))) {
        if (!this.pages.has(page)) { void this.fetchPage(page, this.cancellation); }
      }
    } else if (last >= this.tiles.length - 1 && this.hasMoreHits) {
      this.hits *= 2;
      void this.ask([]);
    }
  }

  /** Stops caring for running requests. */
  cancel(): void {
    this.cancellation.cancel();
    this.cancellation = new CancellationTokenSource();
  }

  private async ask(pages: number[]): Promise<void> {
    this.cancel();
    const cancellation = this.cancellation;
    const { question } = this;
    this.state = 'loading';
    this.error = undefined;
    this.changed();
    try {
      if (question.kind === 'browse') { await this.browse(pages, cancellation); } else { await this.rank(question, cancellation); }
    } catch (error) {
      if (cancellation !== this.cancellation) { return; }
      this.error = toErrorInfo(error);
      this.answered = question;
      this.tiles = [];
      this.strong = undefined;
      this.state = 'failed';
      this.changed();
    }
  }

  private async browse(pages: number[], cancellation: CancellationTokenSource): Promise<void> {
    const [first = 0, ...others] = pages;
    const request = (page: number) => this.host.request(View.browse, { offset: page * pageSize, limit: pageSize, filter: this.filter }, cancellation.token);
    const reply = await request(first);
    if (cancellation !== this.cancellation) { return; }
    // Tiles of other pages stay as they were until they come into sight: better a moment old than a flicker.
    const kept = this.answered.kind === 'browse' ? this.tiles.slice(0, reply.total) : [];
    kept.length = reply.total;
    this.pages.clear();
    this.tiles = kept;
    this.strong = undefined;
    this.place(first, reply.tiles);
    this.answered = this.question;
    this.total = reply.total;
    this.state = 'listed';
    this.changed();
    for (const page of others) { if (page * pageSize < reply.total) { void this.fetchPage(page, cancellation); } }
  }

  private async fetchPage(page: number, cancellation: CancellationTokenSource): Promise<void> {
    this.pages.set(page, 'loading');
    try {
      const reply = await this.host.request(View.browse, { offset: page * pageSize, limit: pageSize, filter: this.filter }, cancellation.token);
      if (cancellation !== this.cancellation) { return; }
      this.place(page, reply.tiles);
      this.changed();
    } catch {
      // The page stays missing and is asked for again when it comes into sight.
      if (cancellation === this.cancellation) { this.pages.delete(page); }
    }
  }

  /** Lays the ranked tiles out: one for each stack, all of an open one side by side. */
  private lay(): void {
    const { tiles, stacks, strong } = this.ranked;
    if (!stacks) {
      this.tiles = tiles;
      this.strong = strong;
      return;
    }
    const members = new Map<number, number[]>();
    stacks.forEach((first, index) => { if (first !== index) { members.set(first, [...members.get(first) ?? [], index]); } });
    const laid: ListedTile[] = [];
    let above = 0;
    tiles.forEach((tile, index) => {
      if (stacks[index] !== index) { return; }
      const others = members.get(index) ?? [];
      const open = others.length > 0 && this.open.has(stackKey(tile));
      laid.push(others.length === 0 ? tile : { ...tile, stack: { others: others.length, open } });
      if (open) { laid.push(...others.map(each => ({ ...tiles[each]!, fanned: true }))); }
      if (strong !== undefined && index < strong) { above = laid.length; }
    });
    this.tiles = laid;
    this.strong = strong === undefined ? undefined : above;
  }

  private place(page: number, tiles: Tile[]): void {
    const placed = [...this.tiles];
    placed.length = this.tiles.length;
    tiles.forEach((tile, index) => { placed[page * pageSize + index] = tile; });
    this.tiles = placed;
    this.pages.set(page, 'listed');
  }

  private async rank(question: Exclude<Question, { kind: 'browse' }>, cancellation: CancellationTokenSource): Promise<void> {
    const limit = this.hits;
    const { filter } = this;
    const reply = question.kind === 'search'
      ? await this.host.request(View.search, { text: question.text, limit, filter, useNames: true }, cancellation.token)
      : question.kind === 'similar'
        ? await this.host.request(View.similar, { image: question.image, ...question.text && { text: question.text, textWeight: question.textWeight }, limit, filter }, cancellation.token)
        : { tiles: question.tiles, stacks: question.stacks, strong: question.strong, total: question.tiles.length };
    if (cancellation !== this.cancellation) { return; }
    this.ranked = reply;
    this.lay();
    this.answered = question;
    this.total = reply.total;
    this.state = 'listed';
    this.changed();
  }
}

const stackKey = ({ root, path, part }: Tile): string => `${root}\n${path}\n${part}`;

function pagesOf(first: number, last: number): number[] {
  const pages: number[] = [];
  for (let page = Math.floor(Math.max(0, first) / pageSize); page <= Math.floor(Math.max(0, last) / pageSize); page++) { pages.push(page); }
  return pages;
}
