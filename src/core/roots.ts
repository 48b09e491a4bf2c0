/** Which folders an index holds when the command line adds one: a folder that moved, or that a larger one takes in, is listed once. */
import { existsSync } from 'node:fs';
import { relative, sep } from 'node:path';
import type { Root } from '../protocol';
import { isInside, realPathOf } from './indexFolder';
import type { StateFile } from './state';
import type { Space } from './store';

/** Path of `inner` relative to `outer` in POSIX form with a slash at its end; undefined when it lies elsewhere or is the same folder. */
export function prefixOf(outer: string, inner: string): string | undefined {
  const [around, within] = [realPathOf(outer), realPathOf(inner)];
  return around !== within && isInside(within, around) ? `${relative(around, within).split(sep).join('/')}/` : undefined;
}

/**
 * Of the index's other folders returns those that stay. One that is no longer where it was, or lies inside a folder of this run, goes when at least half of
 * its files are found again there, with the same content and under the same path as its end: it has moved there, or is part of it. So a disk that is not
 * mounted keeps its rows.
 */
export async function keepUnmoved(space: Space, state: StateFile, roots: readonly Root[], others: readonly Root[]): Promise<Root[]> {
  const isCandidate = ({ path }: Root): boolean => !existsSync(path) || roots.some(root => prefixOf(root.path, path) !== undefined);
  if (!others.some(isCandidate)) { return [...others]; }
  const pathsOf = new Map<string, string[]>();
  for (const [key, hash] of await space.hashes(roots.map(({ id }) => ({ root: id, path: '' })))) {
    if (hash === '') { continue; }
    const path = `/${pathIn(key)}`;
    pathsOf.get(hash)?.push(path) ?? pathsOf.set(hash, [path]);
  }
  const kept: Root[] = [];
  for (const other of others) {
    if (!isCandidate(other)) { kept.push(other); continue; }
    const files = [...await space.hashes([{ root: other.id, path: '' }])].map(([key, hash]) => ({ root: other.id, path: pathIn(key), hash }));
    const lost = files.filter(({ path, hash }) => !pathsOf.get(hash)?.some(place => place.endsWith(`/${path}`)));
    if (lost.length * 2 > files.length) { kept.push(other); continue; }
    await space.keepVectors(lost);
    await space.remove(files);
    state.write([...state.all()].filter(({ root }) => root === other.id).map(({ root, path }) => ({ root, path, state: undefined })));
  }
  return kept;
}

function pathIn(key: string): string { return key.slice(key.indexOf('\0') + 1); }
