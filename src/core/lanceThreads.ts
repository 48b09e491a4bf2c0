/** Imported first by each entry point: LanceDB reads this at its start, and with one thread its full-text index hangs for ever (lancedb#3568). */
import { availableParallelism } from 'node:os';

process.env.LANCE_CPU_THREADS ??= String(Math.max(2, availableParallelism()));
