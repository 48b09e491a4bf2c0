/** Imported before any native library, by each entry point and each importer: what LanceDB and ONNX Runtime read from the environment when they load. */
import { availableParallelism } from 'node:os';

// Nothing leaves this machine. Since 1.29 ONNX Runtime sends usage data to Microsoft and keeps a device id under ~/.cache (Linux, macOS); preparing that
// also matches a regular expression with the whole command line, recursively: from 15-30 KB of arguments on, it overflows the stack (onnxruntime#27379).
// A worker's process.env is a copy that the library does not see, so this has to run in the main thread.
process.env.ORT_DISABLE_TELEMETRY = '1';
// With one thread its full-text index hangs for ever (lancedb#3568).
process.env.LANCE_CPU_THREADS ??= String(Math.max(2, availableParallelism()));
// LanceDB's warnings describe the normal course of things (a first table, an older format), or tell in its own terms what comes as an error anyway.
process.env.LANCEDB_LOG ??= process.env.ASSET_SEARCH_DEBUG ? 'warn' : 'error';
