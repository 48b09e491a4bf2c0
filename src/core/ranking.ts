/** Ranks assets for a typed query: by picture, by words of the name, by the exact name, fused by rank. */
import type { Asset, Filter, Hit } from '../protocol';
import { fuse, type Ranking } from './fusion';
import { dot } from './label';
import { candidateExtensions } from './scan';
import { stacksOf } from './stacks';
import { assetKey } from './state';
import type { Found, Space } from './store';
import { assetWords, queryWords, searchTerms, splitWords, stemOf } from './words';

/** Words that stand in descriptions ("a photo of a cat") and tell nothing about a name. */
export const fillers: ReadonlySet<string> = new Set(['a', 'an', 'the', 'of', 'in', 'on', 'at', 'to', 'by', 'for', 'with', 'and', 'or', 'is', 'are', 'from', 'this', 'that']);
/** Files of one name that are told apart by their picture; more than a page shows. */
const exactLimit = 200;

export interface Ranked {
  hits: Hit[];
  /** How many of them, at the top, fit the query; undefined where nobody can tell. */
  strong?: number;
  /** As {@link stacksOf}. */
  stacks: number[];
}

export interface RankQuery {
  text: string;
  /** Undefined when the model knows none of the words. */
  vector: Float32Array | undefined;
  /** Cosine from which on a picture fits; undefined where nobody can tell. */
  strongFrom?: number;
  limit: number;
  useNames: boolean;
  filter?: Filter;
}

export async function rank(space: Space, { text, vector, strongFrom, limit, useNames, filter }: RankQuery): Promise<Ranked> {
  // Deeper lists than shown: something may be in the middle of two and at the top of none.
  const depth = useNames ? Math.max(2 * limit, 50) : limit;
  const [visual, names] = await Promise.all([
    vector ? space.nearest(vector, depth, filter) : [],
    useNames ? nameRankings(space, text, depth, filter, vector) : [],
  ]);
  const hits = new Map<string, Hit>();
  const named = new Set<string>();
  const vectors = new Map<string, Float32Array>();
  for (const { asset, score, vector: own } of visual) {
    vectors.set(assetKey(asset), own);
    hits.set(assetKey(asset), { ...asset, score, matched: { visual: true, name: false } });
  }
  const rankings: Ranking[] = [{ ids: [...hits.keys()], weight: 1 }];
  for (const { found, weight, tied, isWhole } of names) {
    for (const each of found) {
      const id = assetKey(each.asset);
      const hit = hits.get(id) ?? { ...each.asset, score: vector ? dot(vector, each.vector) : null, matched: { visual: false, name: true } };
      hit.matched.name = true;
      hits.set(id, hit);
      vectors.set(id, each.vector);
      if (isWhole(each.asset)) { named.add(id); }
    }
    const ids = found.map(each => assetKey(each.asset));
    rankings.push({ ids: tied ? ids.sort((a, b) => (hits.get(b)!.score ?? 0) - (hits.get(a)!.score ?? 0)) : ids, weight, tied });
  }
  const order = fuse(rankings);
  const listed = (ids: string[]): Pick<Ranked, 'hits' | 'stacks'> => ({
    hits: ids.map(id => hits.get(id)!), stacks: stacksOf(ids.map(id => ({ asset: hits.get(id)!, vector: vectors.get(id)! }))),
  });
  if (strongFrom === undefined) { return listed(order.slice(0, limit)); }
  // A name that holds all the words fits whatever its picture looks like; one that holds some of them has to look like it.
  const fits = (id: string): boolean => named.has(id) || (hits.get(id)!.score ?? -1) >= strongFrom;
  const strong = order.filter(fits);
  const ids = [...strong, ...order.filter(id => !fits(id))].slice(0, limit);
  return { ...listed(ids), strong: Math.min(strong.length, ids.length) };
}

/** `isWhole`: whether a name holds every word of the query. */
interface NameRanking { found: Found[]; weight: number; isWhole: (asset: Asset) => boolean; tied?: boolean }

async function nameRankings(space: Space, text: string, depth: number, filter: Filter | undefined, vector: Float32Array | undefined): Promise<NameRanking[]> {
  const all = queryWords(text);
  if (all.length === 0) { return []; }
  const telling = all.filter(word => !fillers.has(word));
  const words = telling.length > 0 ? telling : all;
  const terms = searchTerms(words);
  const last = words.at(-1)!;
  const stems = exactStems(text);
  const typed = text.trim();
  const [every, some, exact, lastKnown, labelled] = await Promise.all([
    space.byWords(terms, depth, { every: true, filter }),
    terms.length > 1 ? space.byWords(terms, depth, { every: false, filter }) : [],
    space.byStems(stems, exactLimit, filter),
    space.byWords(searchTerms([last]), 1, { every: true, filter }),
    space.byLabels([typed, typed.toLowerCase()], vector, Math.min(depth, exactLimit), filter),
  ]);
  // While somebody types, the last word is not whole yet: "tras" shall find trash.
  const prefix = lastKnown.length === 0 ? await space.byPrefix(words.slice(0, -1), last, depth, filter) : [];
  // Rows that the full-text index does not cover yet are found by any of the words, though all were asked for.
  const holdsAll = (asset: Asset): boolean => {
    const held = assetWords(asset).split(' ');
    return terms.every(term => held.some(word => isSameWord(word, term)));
  };
  return [
    { found: every, weight: 1, isWhole: holdsAll },
    { found: some, weight: 0.5, isWhole: () => false },
    { found: prefix, weight: 1.5, isWhole: () => true },
    // A kept label is a name somebody chose for the picture, or let a model choose.
    { found: labelled, weight: 1.5, isWhole: () => true },
    // More than the others together and no order of its own: whatever is called exactly so comes before all that is not.
    { found: exact.filter(({ asset }) => asset.part > 0), weight: 2.6, isWhole: () => true, tied: true },
    // A file of that name comes before a cell of a sheet, unless some ninety pictures look more like the query.
    { found: exact.filter(({ asset }) => asset.part === 0), weight: 3.2, isWhole: () => true, tied: true },
  ];
}

/** Alike but for an ending, as the stemming of the full-text index has it: cart and carts, index and indices. */
function isSameWord(a: string, b: string): boolean {
  const shared = Math.max(3, Math.max(a.length, b.length) - 3);
  return a === b || a.slice(0, shared) === b.slice(0, shared);
}

/** What a typed text may mean as a file name: with or without the extension, alone or with its folder. */
function exactStems(text: string): string[] {
  const name = text.trim().slice(0, 1000);
  const extension = /\.([A-Za-z]+)$/.exec(name)?.[1]?.toLowerCase();
  const stems = [splitWords(name).join(' ')];
  if (extension !== undefined && candidateExtensions.has(extension)) { stems.push(stemOf(name)); }
  return [...new Set(stems)].filter(stem => stem !== '');
}
