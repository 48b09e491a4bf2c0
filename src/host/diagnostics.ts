/** A report for an issue, as Markdown in English: versions, machine, model, numbers, changed settings and the last problems; no file contents and no user name. */
import { readFile } from 'node:fs/promises';
import { arch, availableParallelism, cpus, homedir, hostname, platform, release, tmpdir, totalmem, userInfo, version } from 'node:os';
import { dirname } from 'node:path';
import * as vscode from 'vscode';
import { Engine, type DeviceReport, type IndexDetails, type IndexStatus, type SkippedFile } from '../protocol';
import { toErrorInfo } from './errors';
import type { Host } from './host';
import { redact } from './redact';

/** What the native libraries choose their code by. */
const tellingFeatures = ['sse4_2', 'avx', 'f16c', 'fma', 'avx2', 'avx512f', 'avx512_vnni', 'avx_vnni', 'amx_int8', 'asimd', 'asimddp', 'i8mm', 'sve'];

export async function createDiagnostics(host: Host): Promise<string> {
  const { context, engine, indexing, log, roots } = host;
  const status = engine.status;
  const [details, skipped, features] = await Promise.all([
    status ? ask<IndexDetails>(() => engine.request(Engine.details, {})) : undefined,
    status ? ask<SkippedFile[]>(() => engine.request(Engine.skipped, {})) : undefined,
    cpuFeatures(),
  ]);
  const memoryGB = (totalmem() / 2 ** 30).toFixed(1);
  const { name: editor, host: kind } = { name: vscode.env.appName, host: vscode.env.appHost };
  const text = [
    '# Asset Search diagnostics',
    '',
    'Folders, the user name and the machine name are replaced (`<folder 1>`, `~`, `<user>`, `<machine>`); no picture and no list of files is in here.',
    '',
    ...section('Versions', [
      `Asset Search ${(context.extension.packageJSON as { version: string }).version}`,
      `${editor} ${vscode.version} (${kind}${vscode.env.remoteName ? `, remote: ${vscode.env.remoteName}` : ''}, ${vscode.env.language})`,
      `Node ${process.versions.node} (extension host)${details ? `, ${details.engine.node} (engine)` : ''}`,
      `${platform()} ${release()} ${arch()} (${version()})`,
      `${cpus()[0]?.model.trim() ?? 'unknown processor'}, ${availableParallelism()} threads, ${memoryGB} GB; features: ${features}`,
    ]),
    ...section('Engine', [
      `availability: ${engine.availability}${indexing.paused ? ', indexing is paused' : ''}`,
      ...engine.error ? [`failed: ${engine.error.code}: ${engine.error.message}`] : [],
      ...details ? [`${megabytes(details.engine.memoryBytes)} memory, ${details.threads} threads`] : [],
    ]),
    ...status ? indexSection(status, details, skipped) : [],
    ...section('Settings that differ from their defaults', changedSettings(context)),
    ...section('Last problems', log.problems.map(({ at, level, message }) => `${new Date(at).toISOString()} ${level}: ${message.replace(/\s*\n\s*/g, ' ⏎ ')}`)),
  ].join('\n');
  return redact(text, {
    roots: roots(),
    folders: [
      { path: homedir(), name: '~' }, { path: tmpdir(), name: '<temporary>' }, { path: dirname(context.extensionPath), name: '<extensions>' },
      ...context.storageUri ? [{ path: context.storageUri.fsPath, name: '<storage>' }] : [],
    ],
    userName: userName(), hostName: hostname(),
  });
}

function indexSection({ state, assets, cells, skipped, model, serving, modelProblem, device, diskBytes, lastRun, error, progress, namesOnly }: IndexStatus, details: IndexDetails | undefined, files: SkippedFile[] | undefined): string[] {
  const reasons = new Map<string, number>();
  for (const { code } of files ?? []) { reasons.set(code, (reasons.get(code) ?? 0) + 1); }
  return section('Index', [
    `state: ${state}${progress ? ` (${progress.phase}, ${progress.done} of ${progress.total})` : ''}${error ? `, ${error.code}: ${error.message}` : ''}`,
    ...namesOnly ? [`names only: ${namesOnly.code}: ${namesOnly.message}`] : [],
    `${assets} images, ${cells} cells, ${skipped} files skipped${reasons.size > 0 ? ` (${[...reasons].map(([code, count]) => `${code} ${count}`).join(', ')})` : ''}, ${megabytes(diskBytes)} on disk`,
    `model: ${model.id} ${model.revision} ${model.variant}, ${model.embeddingDim} dimensions, ${megabytes(model.sizeBytes)}; device: ${device}`,
    ...serving ? [`answered by the index of ${serving.id} ${serving.revision} ${serving.variant} meanwhile`] : [],
    ...modelProblem ? [`the model of the settings is not used: ${modelProblem.code}: ${modelProblem.message}`] : [],
    ...(details?.folders ?? []).map(({ images, parts, skipped: count, unreadable, scannedAt }, index) =>
      `<folder ${index + 1}>: ${images} images, ${parts} parts, ${count} skipped${unreadable ? ', cannot be read' : ''}, last scan ${scannedAt === undefined ? 'unknown' : new Date(scannedAt).toISOString()}`),
    ...(details?.spaces ?? []).map(({ name, role, rows, retired, bytes }) => `table ${name}: ${role}, ${rows ?? 'unreadable'} rows, ${retired ?? 0} retired, ${megabytes(bytes)}`),
    ...details ? [`thumbnails: ${megabytes(details.thumbnailBytes)} of at most ${megabytes(details.maxThumbnailBytes)}`] : [],
    ...details?.device ? [deviceLine(details.device)] : [],
    ...lastRun ? [`last run: ${lastRun.seen} seen, ${lastRun.indexed} indexed, ${lastRun.unchanged} unchanged, ${lastRun.reused} reused, ${lastRun.removed} removed, ${lastRun.skipped.length} skipped in ${lastRun.seconds.toFixed(1)} s on ${lastRun.device}${lastRun.cancelled ? ', stopped' : ''}`] : [],
  ]);
}

const deviceLine = ({ device, reason, batchSize, rates, problems }: DeviceReport): string => [
  `device: ${device}, ${reason}, ${batchSize} at a time`, ...rates.map(each => `${each.device} ${each.imagesPerSecond.toFixed(1)} images/s`),
  ...problems.map(problem => `${problem.device} ${problem.code}: ${problem.detail.replace(/\s*\n\s*/g, ' ⏎ ')}`),
].join('; ');

const section = (heading: string, lines: readonly string[]): string[] => [`## ${heading}`, ...lines.length > 0 ? lines.map(line => `- ${line}`) : ['- none'], ''];

const megabytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MB`;

function changedSettings(context: vscode.ExtensionContext): string[] {
  const { contributes } = context.extension.packageJSON as { contributes: { configuration: Configuration | Configuration[] } };
  const settings = vscode.workspace.getConfiguration();
  return [contributes.configuration].flat().flatMap(({ properties }) => Object.keys(properties)).flatMap(name => {
    const value = JSON.stringify(settings.get(name));
    return value === JSON.stringify(settings.inspect(name)?.defaultValue) ? [] : [`${name}: ${value}`];
  });
}
interface Configuration { properties: Record<string, unknown> }

/** Of Linux, which lists them; elsewhere the processor's name has to do. */
async function cpuFeatures(): Promise<string> {
  try {
    const flags = new Set(/^(?:flags|Features)\s*:\s*(.*)$/m.exec(await readFile('/proc/cpuinfo', 'utf8'))?.[1]?.split(' '));
    return tellingFeatures.filter(feature => flags.has(feature)).join(' ') || 'none of those looked for';
  } catch {
    return 'not listed by this system';
  }
}

/** A container's user may have no name. */
function userName(): string {
  try { return userInfo().username; } catch { return ''; }
}

/** What the engine says, or nothing: a report on a broken engine is wanted most. */
async function ask<T>(request: () => Promise<T>): Promise<T | undefined> {
  try { return await request(); } catch (error) { toErrorInfo(error); return undefined; }
}
