/** Words of file names and identifiers, and identifiers of file names. Pure, without VS Code. */

/** "icShoppingCart" → ic, Shopping, Cart. Digits stay with the letters before them. */
export function splitName(name: string): string[] {
  return name.normalize('NFC')
    .replace(/(\p{Ll}\p{N}*)(\p{Lu})/gu, '$1 $2')
    .replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, '$1 $2')
    .split(/[^\p{L}\p{M}\p{N}]+/u).filter(Boolean);
}

/** File name without folders and extension. */
export const stemOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1).replace(/(?<=.)\.[^.]*$/, '');

/** Lower case, without the dot; '' without one. */
export const extensionOf = (path: string): string => /\.([^./]+)$/.exec(path)?.[1]?.toLowerCase() ?? '';

/** "icons/shopping-cart.svg" → "shopping cart". */
export const displayWords = (path: string): string => splitName(stemOf(path)).join(' ').toLowerCase() || stemOf(path);

// ECMA-262, ReservedWord and what strict code and modules reserve.
const reserved = new Set(('arguments await break case catch class const continue debugger default delete do else enum eval export extends false finally for function if '
  + 'implements import in instanceof interface let new null package private protected public return static super switch this throw true try typeof undefined var void while with yield').split(' '));

/** "icons/shopping-cart.svg" → shoppingCart: an identifier of JavaScript. */
export function identifierOf(path: string): string {
  const [first = '', ...rest] = splitName(stemOf(path));
  const name = (first.toLowerCase() + rest.map(word => word[0]!.toUpperCase() + word.slice(1).toLowerCase()).join('')).replace(/[^\p{ID_Continue}]/gu, '');
  if (!name) { return 'image'; }
  if (reserved.has(name)) { return `${name}Image`; }
  return /^\p{ID_Start}/u.test(name) ? name : `image${name}`;
}

/** Words around a picture's name that do not say what it shows. */
const noise = new Set(['ic', 'ico', 'icon', 'icons', 'img', 'image', 'images', 'svg', 'png', 'jpg', 'jpeg', 'webp', 'gif', 'src', 'asset', 'assets']);
const maxQueryLength = 200;

/** What to search for when `text` was selected in an editor: prose as it is, the words of an identifier or a path. */
export function queryOfSelection(text: string): string {
  const line = text.trim().split(/\s*[\r\n]+\s*/).slice(0, 3).join(' ').slice(0, maxQueryLength);
  const bare = line.replace(/^[\s"'`<({[]+|[\s"'`>)}\];,/]+$/g, '');
  if (/\s/.test(bare)) { return bare.replace(/\s+/g, ' '); }
  const words = splitName(/\.\w{2,4}$/.test(bare) ? stemOf(bare) : bare.slice(bare.lastIndexOf('/') + 1)).map(word => word.toLowerCase());
  const telling = words.filter(word => !noise.has(word));
  return (telling.length > 0 ? telling : words).join(' ') || bare;
}
