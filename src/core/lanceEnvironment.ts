/** Imported first by each entry point: what LanceDB reads from the environment when it loads. */
import { availableParallelism } from 'node:os';

// With one thread its full-text index hangs for ever (lancedb#3568).
process.env.LANCE_CPU_THREADS ??= String(Math.max(2, availableParallelism()));
// Two warnings of LanceDB's describe the normal course of things: a first table, and an index that it reads in its older format.
process.env.LANCEDB_LOG ??= 'warn,lance::dataset::write::insert=error,lance_index::scalar::inverted=error';
