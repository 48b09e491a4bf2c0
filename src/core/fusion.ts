/** Fuses ranked lists by reciprocal rank: ranks can be compared across rankings, scores cannot. */

/** Reciprocal Rank Fusion constant: Cormack, Clarke, Büttcher, SIGIR 2009. */
export const rrfK = 60;

export interface Ranking {
  /** Ids, best first. */
  ids: readonly string[];
  weight: number;
  /** All entries are equally good: each counts as rank 1. */
  tied?: boolean;
}

/** Ids of all rankings, best first. Equal sums keep the order in which the rankings name them. */
export function fuse(rankings: readonly Ranking[]): string[] {
  const sums = new Map<string, number>();
  for (const { ids, weight, tied } of rankings) {
    ids.forEach((id, index) => {
      sums.set(id, (sums.get(id) ?? 0) + weight / (rrfK + (tied ? 1 : index + 1)));
    });
  }
  return [...sums].sort((a, b) => b[1] - a[1]).map(([id]) => id);
}
