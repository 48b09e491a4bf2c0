/** Turns file names, paths, titles and typed queries into the same normalised words. */

import { nameEmojis } from './emoji';

/** Letters that Unicode does not decompose into a base letter and a mark. */
const foldings: Record<string, string> = { ß: 'ss', ẞ: 'SS', æ: 'ae', Æ: 'AE', œ: 'oe', Œ: 'OE', ø: 'o', Ø: 'O', ł: 'l', Ł: 'L', đ: 'd', Đ: 'D', ı: 'i' };
const unsegmented = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}ー]+/u;

/**
 * Words of a text, lower-case and without diacritics, emojis by their names: 'ShoppingCart_2x' and '🛒2x' → shopping, cart, 2, x.
 * Text of scripts that put no space between words stays in one piece.
 */
export function splitWords(text: string): string[] {
  return nameEmojis(text)
    .normalize('NFKD').replace(/[\u0300-\u036f]/g, '').normalize('NFKC')
    .replace(/[ßẞæÆœŒøØłŁđĐı]/g, letter => foldings[letter] ?? letter)
    .replace(/(\p{Ll})(\p{Lu})/gu, '$1 $2')
    .replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, '$1 $2')
    .replace(/(\p{L})(\p{N})/gu, '$1 $2')
    .replace(/(\p{N})(\p{L})/gu, '$1 $2')
    .toLowerCase()
    // A mark inside a word (Devanagari, Thai vowels) belongs to it.
    .split(/[^\p{L}\p{N}\p{M}]+/u)
    .filter(word => word !== '');
}

/** Words of the file name without its extension, joined by one space: what an exact name is compared with. */
export function stemOf(path: string): string {
  return splitWords(fileStem(path)).join(' ');
}

/** Words for full-text search: all path segments without the extension, then the title; each once, in order. */
export function indexWords(path: string, title: string): string {
  const slash = path.lastIndexOf('/');
  const words = [...splitWords(fileStem(path)), ...splitWords(path.slice(0, Math.max(slash, 0))), ...splitWords(title)];
  return [...new Set(searchTerms(words))].join(' ');
}

/**
 * Words of an asset for full-text search. The file's name speaks for the file, a cell's own name for the cell: else a sheet would be found
 * together with all of its cells, and leave no place for others.
 */
export function assetWords({ part, path, title }: { part: number; path: string; title: string }): string {
  return part === 0 ? indexWords(path, title) : [...new Set(searchTerms(splitWords(title)))].join(' ');
}

/** What an exact name is compared with; empty, and never found so, for a cell without a name. */
export function assetStem({ part, path, title }: { part: number; path: string; title: string }): string {
  return part === 0 ? stemOf(path) : splitWords(title.slice(title.lastIndexOf('/') + 1)).join(' ');
}

/** A typed query as words; what lies beyond `maxWords` cannot make a name match better and only costs time. */
export function queryWords(text: string, maxWords = 24): string[] {
  return splitWords(text.slice(0, 1000)).slice(0, maxWords);
}

/** Words as the full-text index holds them: a run of Han, kana or Thai is also found by any two neighbours of it. */
export function searchTerms(words: string[]): string[] {
  return words.flatMap(word => {
    const run = unsegmented.exec(word)?.[0];
    if (run === undefined) { return [word]; }
    const letters = [...run];
    const pairs = letters.slice(1).map((letter, index) => `${letters[index]}${letter}`);
    return [word, ...pairs];
  });
}

function fileStem(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const dot = name.lastIndexOf('.');
  return dot > 0 ? name.slice(0, dot) : name;
}
