/** Zero-shot labels: how well each candidate label fits an image, by the rule in the model's manifest. */
import type { ScoreSpec } from '../models/manifest';

/** The sentences whose vectors are averaged into the vector of one label. */
export function labelPrompts(label: string, templates: readonly string[]): string[] {
  return (templates.length > 0 ? templates : ['{}']).map(template => template.replaceAll('{}', () => label));
}

/** What a label may mean: itself, and where it joins things ("maps & travel", "cat / dog") each of them. A joining sign stands between spaces. */
export function labelReadings(label: string): string[] {
  const parts = label.split(/\s+[&/]\s+/).filter(part => part !== '');
  return parts.length > 1 ? [...new Set([label, ...parts])] : [label];
}

/** The vectors of one label: of each of its readings the mean over the sentences. `encode`: texts to unit vectors, in order. */
export async function labelVectors(labels: readonly string[], templates: readonly string[], encode: (texts: string[]) => Promise<readonly Float32Array[]>): Promise<Float32Array[][]> {
  const prompts = labels.map(label => labelReadings(label).map(reading => labelPrompts(reading, templates)));
  const vectors = await encode(prompts.flat(2));
  let start = 0;
  return prompts.map(readings => readings.map(list => meanVector(vectors.slice(start, start += list.length))));
}

/** The cosine of a picture to a label: that of the reading which fits it best. */
export function labelCosine(readings: readonly Float32Array[], picture: Float32Array): number {
  return Math.max(...readings.map(each => dot(each, picture)));
}

/** Unit vector of the mean of unit vectors. */
export function meanVector(vectors: readonly Float32Array[]): Float32Array {
  const mean = new Float32Array(vectors[0]?.length ?? 0);
  for (const vector of vectors) {
    for (let i = 0; i < mean.length; i++) { mean[i]! += vector[i]!; }
  }
  const norm = Math.hypot(...mean) || 1;
  return mean.map(value => value / norm);
}

/** Dot product; the cosine of unit vectors. */
export function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) { sum += a[i]! * b[i]!; }
  return sum;
}

/**
 * Places of the labels that are sure enough to be kept. Softmax: the best one from 0.8 on. It has to choose one of the words even where none fits: of 1,512
 * Phosphor icons with 24, 8 and 2 words those that show one get the right word in 66, 77 and 99 %, a wrong one in 1, 5 and 1 %, and 14, 26 and 67 % of all others
 * get some word; from 0.5 on these were 78, 83 and 99 %, 12, 10 and 1 %, 49, 72 and 100 %. Sigmoid judges each label alone: every one from 0.5 on.
 */
export function surePlaces(values: readonly number[], kind: ScoreSpec['kind']): number[] {
  return values.flatMap((value, place) => (value >= sureFrom[kind] ? [place] : []));
}
const sureFrom = { softmax: 0.8, sigmoid: 0.5 };

/** Softmax over all labels, or an independent sigmoid of each, of logitScale * cosine + logitBias. */
export function probabilities(cosines: readonly number[], score: ScoreSpec): number[] {
  const logits = cosines.map(cosine => score.logitScale * cosine + score.logitBias);
  if (score.kind === 'sigmoid') { return logits.map(logit => 1 / (1 + Math.exp(-logit))); }
  const top = Math.max(...logits);
  const exps = logits.map(logit => Math.exp(logit - top));
  const sum = exps.reduce((total, value) => total + value, 0);
  return exps.map(value => value / sum);
}
