/** Tells which hits show the same drawing, so that a list can show one of them for all: other sizes, colours, formats and copies of it. */
import type { Asset } from '../protocol';
import { splitWords } from './words';

/**
 * Cosine from which on two pictures are near-identical. Measured on icons the model never saw: the same drawing at 24 px and more, or in white, has 0.98
 * (median), in another colour 0.94; of different drawings one in twelve has a neighbour at 0.95 (a lock and an open one: 0.98), one in 500 at 0.995.
 * So close pictures are one drawing only when their names agree as well; without that they have to be as good as equal.
 */
const sameNameCosine = 0.93;
const anyNameCosine = 0.995;

/** Words of a file name that tell variants of one drawing apart. Styles and hues are not among them: whoever asks for a filled or a red heart wants to see it. */
const variantWords: ReadonlySet<string> = new Set([
  'x', 'px', 'dp', 'pt', 'sm', 'md', 'lg', 'xl', 'xs', 'xxl', 'small', 'medium', 'large', 'mini', 'big', 'tiny', 'size', 'ldpi', 'mdpi', 'hdpi', 'xhdpi', 'xxhdpi', 'xxxhdpi', 'retina', 'hd', 'scale',
  'dark', 'light', 'white', 'black', 'grey', 'gray', 'inverse', 'inverted', 'theme', 'mono', 'monochrome', 'hover', 'active', 'inactive', 'disabled', 'enabled', 'selected', 'pressed', 'focus', 'focused',
  'normal', 'default', 'copy', 'final', 'original', 'orig', 'old', 'new', 'backup', 'min', 'thumb', 'thumbnail', 'preview', 'ic', 'icon', 'img', 'image', 'svg', 'png', 'jpg', 'jpeg', 'webp', 'gif',
]);
/** Edges that icons are exported with; other numbers name different things (battery-20, dice-3). */
const exportSizes: ReadonlySet<string> = new Set([
  1, 2, 3, 4, 8, 10, 12, 14, 15, 16, 18, 20, 22, 24, 28, 29, 30, 32, 36, 40, 44, 48, 50, 56, 57, 58, 60, 64, 70, 72, 76, 80, 87, 96, 100, 108, 114, 120, 128, 144, 150, 152, 160, 167, 168, 180, 192, 196, 200, 240, 250,
  256, 300, 310, 320, 384, 400, 480, 500, 512, 600, 640, 720, 768, 800, 1000, 1024, 1080, 1200, 1280, 1600, 1920, 2048,
].map(String));

/** What a name says besides the variant: 'ic_cart_white_48dp.png' and 'cart@2x.svg' → 'cart'. Empty when that is too little to go by. */
export function drawingName(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const dot = name.lastIndexOf('.');
  const stem = dot > 0 ? name.slice(0, dot) : name;
  const words = splitWords(stem);
  const sizeless = words.filter((word, index) => !(exportSizes.has(word) && isSize(words, index)));
  const telling = sizeless.filter(word => !variantWords.has(word));
  // One letter, or a code made of digits and letters, is no name.
  const isName = (list: readonly string[]): boolean => list.some(word => /\p{L}{3}/u.test(word) || /\p{Script=Han}/u.test(word));
  return isName(telling) ? telling.join(' ') : isName(sizeless) ? sizeless.join(' ') : '';
}

/** A number is a size when it says so (2x, 48dp, 48x48), or ends the name and is more than a count. */
function isSize(words: readonly string[], index: number): boolean {
  const next = words[index + 1];
  if (words[index - 1] === 'x' || (next !== undefined && ['x', 'px', 'dp', 'pt'].includes(next))) { return true; }
  return Number(words[index]) >= 16 && (next === undefined || variantWords.has(next));
}

/**
 * For each hit the index of the first one that it is near-identical to; its own index when there is none before it.
 * Hits are in ranking order, so a stack shows its best member. Vectors are unit vectors.
 */
export function stacksOf(hits: readonly { asset: Asset; vector: Float32Array }[]): number[] {
  const stacks: number[] = [];
  const leaders: number[] = [];
  // A cell has only its own name: that of the sheet says nothing of what it shows.
  const names = hits.map(({ asset }) => drawingName(asset.part === 0 ? asset.path : asset.title));
  hits.forEach(({ asset, vector }, index) => {
    const leader = leaders.find(each => {
      const other = hits[each]!;
      if (other.asset.hash === asset.hash) { return true; }
      const cosine = names[index] !== '' && names[index] === names[each] ? sameNameCosine : anyNameCosine;
      return isWithin(vector, other.vector, 2 - 2 * cosine) && isAlikeInShape(asset, other.asset);
    });
    if (leader === undefined) { leaders.push(index); }
    stacks.push(leader ?? index);
  });
  return stacks;
}

/** Whether the squared distance, 2 - 2 cos for unit vectors, is at most `limit`. Most pairs are told apart by their first few numbers. */
function isWithin(a: Float32Array, b: Float32Array, limit: number): boolean {
  let sum = 0;
  for (let start = 0; start < a.length; start += 16) {
    for (let at = start; at < Math.min(start + 16, a.length); at++) { const difference = a[at]! - b[at]!; sum += difference * difference; }
    if (sum > limit) { return false; }
  }
  return true;
}

/** A banner is no variant of a square logo, however alike the model finds them. */
function isAlikeInShape(a: Asset, b: Asset): boolean {
  const ratio = (a.width * b.height) / (a.height * b.width);
  return ratio > 0.8 && ratio < 1.25;
}
