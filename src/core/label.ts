/** Zero-shot labels: how well each candidate label fits an image, by the rule in the model's manifest. */
import type { ScoreSpec } from './manifest';

/** The sentences whose vectors are averaged into the vector of one label. */
export function labelPrompts(label: string, templates: readonly string[]): string[] {
  return (templates.length > 0 ? templates : ['{}']).map(template => template.replaceAll('{}', () => label));
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
 * Places of the labels that are worth keeping. Softmax: the best one from 0.5 on, for then it is more probable than all others together and no other can be;
 * sigmoid, which judges each label alone: every one from 0.5 on.
 */
export function surePlaces(values: readonly number[]): number[] {
  return values.flatMap((value, place) => (value >= sureFrom ? [place] : []));
}
const sureFrom = 0.5;

/** Softmax over all labels, or an independent sigmoid of each, of logitScale * cosine + logitBias. */
export function probabilities(cosines: readonly number[], score: ScoreSpec): number[] {
  const logits = cosines.map(cosine => score.logitScale * cosine + score.logitBias);
  if (score.kind === 'sigmoid') { return logits.map(logit => 1 / (1 + Math.exp(-logit))); }
  const top = Math.max(...logits);
  const exps = logits.map(logit => Math.exp(logit - top));
  const sum = exps.reduce((total, value) => total + value, 0);
  return exps.map(value => value / sum);
}
