/** Reads an emoji as its name, in queries, labels and file names: models of words and names know no signs. */
// The build reduces the file to an object: names by sign (esbuild.js).
import emojis from 'emojibase-data/en/compact.json';

/** What may stand in a text that holds an emoji: most texts hold none, and are done at once. */
const hint = /\p{Extended_Pictographic}|\p{Regional_Indicator}|\u20e3/u;
/** Whether a sign is drawn as text or picture, and the colour of a skin: the name is the same. */
const variations = /[\ufe0e\ufe0f\u{1f3fb}-\u{1f3ff}]/gu;
const plain = (emoji: string): string => emoji.replace(variations, '') || emoji;

/** Names of the Unicode CLDR as emojibase has them ("shopping cart"). */
const names: ReadonlyMap<string, string> = new Map(Object.entries(emojis as unknown as Record<string, string>).map(([sign, name]) => [plain(sign), name.replaceAll(':', '')]));
const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** The text with each emoji's name in its place; what has no name stays. */
export function nameEmojis(text: string): string {
  if (!hint.test(text)) { return text; }
  return [...graphemes.segment(text)].map(({ segment }) => { const name = names.get(plain(segment)); return name === undefined ? segment : ` ${name} `; }).join('').replace(/ {2,}/g, ' ').trim();
}
