/** Says which hits of a query are weak, from how that query's own scores are spread over the table. */
import { dot } from './label';

/** Vectors of rows taken at random, one after another. */
export interface VectorSample { vectors: Float32Array; embeddingDim: number; rows: number }

/** How a query's cosines are spread over rows that have nothing to do with it. */
export interface Spread { center: number; deviation: number }

/** Below this many rows nothing can be said of a spread, and no hit is called weak. */
export const minSampleRows = 30;

/** At most so many rows say how a query's cosines are spread: 0.3 ms a query for 256 dimensions. */
export const maxSampleRows = 1000;

/**
 * A hit is strong from this many deviations above the centre on, in a table of 1,500 rows; pictures are spread wider than words. Ten times the rows
 * hold more that is alike by chance, and ask for `perDecade` more. Measured with `npm run eval:divider` at 1,512 and 9,072 rows, not derived: the
 * tail of cosines is heavier than a normal distribution's.
 */
const deviationsAt1500 = { text: 3.1, picture: 3.5 } as const;
const perDecade = 0.32;

export type QueryKind = keyof typeof deviationsAt1500;

/** Deviations above the centre, for a table of `rows` rows. */
export function strongDeviations(kind: QueryKind, rows: number): number {
  return deviationsAt1500[kind] + perDecade * Math.log10(Math.max(rows, 1) / 1500);
}

/**
 * Median and median absolute deviation (scaled to a standard deviation): the rows that do fit the query, however many, hardly move them.
 * Undefined for a table too small to tell, or one in which all pictures are alike.
 */
export function spreadOf(query: Float32Array, { vectors, embeddingDim, rows }: VectorSample): Spread | undefined {
  if (rows < minSampleRows) { return undefined; }
  const cosines = new Float64Array(rows);
  for (let row = 0; row < rows; row++) { cosines[row] = dot(query, vectors.subarray(row * embeddingDim, (row + 1) * embeddingDim)); }
  const center = median(cosines);
  const deviation = 1.4826 * median(cosines.map(cosine => Math.abs(cosine - center)));
  return deviation > 1e-6 ? { center, deviation } : undefined;
}

/** The cosine from which on a hit of this query is strong. */
export function strongFrom({ center, deviation }: Spread, kind: QueryKind, rows: number): number {
  return center + strongDeviations(kind, rows) * deviation;
}

/**
 * One query of a picture and words, a unit vector. Each counts in deviations of its own cosines over the sample, so that neither drowns the other:
 * pictures lie much closer to pictures than to words. `textWeight` in [0, 1].
 */
export function blend(picture: Float32Array, words: Float32Array, textWeight: number, sample: VectorSample): Float32Array {
  const ofWords = textWeight / (spreadOf(words, sample)?.deviation ?? 1);
  const ofPicture = (1 - textWeight) / (spreadOf(picture, sample)?.deviation ?? 1);
  const sum = picture.map((value, index) => ofPicture * value + ofWords * words[index]!);
  const norm = Math.hypot(...sum) || 1;
  return sum.map(value => value / norm);
}

/** Sorts in place: the caller's array is its own copy. */
function median(values: Float64Array): number {
  values.sort();
  const middle = values.length >> 1;
  return values.length % 2 === 1 ? values[middle]! : (values[middle - 1]! + values[middle]!) / 2;
}
