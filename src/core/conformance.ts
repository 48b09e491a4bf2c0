/** Has a model checked before its first use, in a process of its own, and remembers the result beside the model. */
import { fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runtimeVersion } from './encoder';
import { AssetSearchError, cancelled } from '../errors';
import type { Model } from './model';
import type { Manifest } from '../models/manifest';

/** In their order. */
export const checkNames = ['files', 'graphs', 'images', 'repeatable', 'imageBatch', 'texts', 'textBatch', 'padding', 'normalization', 'meaning'] as const;
export type CheckName = typeof checkNames[number];
/** Raised when what the checks demand changes: models are then checked again. */
export const checksVersion = 1;

/** 'skipped': an earlier check failed on which it depends. */
export interface Check { name: CheckName; outcome: 'passed' | 'failed' | 'skipped'; detail: string }
export interface ConformanceReport { checks: Check[]; seconds: number }

export function failedCheck({ checks }: ConformanceReport): Check | undefined { return checks.find(({ outcome }) => outcome === 'failed'); }

export interface VerifyRequest { folder: string; threads: number }
export type VerifyReply = { report: ConformanceReport } | { failure: string };

export interface VerifyOptions {
  /** The bundled conformanceProcess.js. */
  processFile: string;
  threads: number;
}

const fileName = 'verified.json';

/** A result holds for these files with this manifest, these checks and this runtime. */
interface Remembered { manifest: string; checks: number; runtime: string; report: ConformanceReport }

/**
 * Checks a model anew and remembers the result, where it can be written; of a model that cannot even be loaded there is only the folder, and nothing is remembered.
 * Rejects with AssetSearchError 'cancelled', or 'modelInvalid' when the process that checks dies: nothing is remembered then either, since memory may have been short.
 */
export async function verifyModel({ folder, manifest }: Pick<Model, 'folder'> & Partial<Model>, { processFile, threads }: VerifyOptions, signal?: AbortSignal): Promise<ConformanceReport> {
  if (signal?.aborted) { throw cancelled(); }
  const child = fork(processFile, [], { execArgv: [], serialization: 'advanced', stdio: ['ignore', 'ignore', 'pipe', 'ipc'], env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' } });
  let stderr = '';
  child.stderr!.setEncoding('utf8').on('data', (text: string) => { stderr = (stderr + text).slice(-2000); });
  const abort = (): void => { child.kill('SIGKILL'); };
  signal?.addEventListener('abort', abort, { once: true });
  try {
    const reply = await new Promise<VerifyReply>(resolve => {
      child.once('message', resolve);
      child.once('error', error => resolve({ failure: error.message }));
      child.once('exit', (code, by) => resolve({ failure: `the process that checks it ended (${by ?? `exit code ${code}`}). ${stderr.trim()}` }));
      child.send({ folder, threads } satisfies VerifyRequest, () => { /* a dying process exits */ });
    });
    if (signal?.aborted) { throw cancelled(); }
    if ('failure' in reply) { throw new AssetSearchError('modelInvalid', `The model in ${folder} cannot be checked: ${reply.failure}`.trim()); }
    if (manifest) { await remember(folder, manifest, reply.report); }
    return reply.report;
  } finally {
    signal?.removeEventListener('abort', abort);
    child.kill('SIGKILL');
  }
}

/** Resolves for a model that passes or has passed. Rejects with AssetSearchError 'modelInvalid', naming the first check that failed, or as {@link verifyModel}. */
export async function ensureVerified(model: Model, options: VerifyOptions, signal?: AbortSignal): Promise<void> {
  const report = await recall(model) ?? await verifyModel(model, options, signal);
  const failed = failedCheck(report);
  if (failed) {
    throw new AssetSearchError('modelInvalid', `The model "${model.manifest.name}" is not used, because it failed the check "${failed.name}": ${failed.detail} Choose another model, or download or export it again.`);
  }
}

function keyOf(manifest: Manifest): Omit<Remembered, 'report'> {
  return { manifest: createHash('sha256').update(JSON.stringify(manifest)).digest('hex'), checks: checksVersion, runtime: runtimeVersion };
}

async function recall(model: Model): Promise<ConformanceReport | undefined> {
  try {
    const { report, ...key } = JSON.parse(await readFile(join(model.folder, fileName), 'utf8')) as Remembered;
    const own = keyOf(model.manifest);
    return Array.isArray(report.checks) && key.manifest === own.manifest && key.checks === own.checks && key.runtime === own.runtime ? report : undefined;
  } catch {
    return undefined;
  }
}

async function remember(folder: string, manifest: Manifest, report: ConformanceReport): Promise<void> {
  const temporary = join(folder, `${fileName}.${process.pid}.tmp`);
  try {
    await writeFile(temporary, `${JSON.stringify({ ...keyOf(manifest), report } satisfies Remembered, null, 2)}\n`);
    await rename(temporary, join(folder, fileName));
  } catch {
    // A folder that is not ours to write: the model is checked again by the next process that uses it.
    await rm(temporary, { force: true }).catch(() => undefined);
  }
}
