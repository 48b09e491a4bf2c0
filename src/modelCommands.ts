/** `asset-search models`: lists, downloads, imports, checks and removes models. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ensureVerified, failedCheck, verifyModel } from './core/conformance';
import { loadModel } from './core/model';
import { importModel } from './core/modelImport';
import { AssetSearchError } from './errors';
import { catalog, findInCatalog, type CatalogModel, type CatalogVariant } from './models/catalog';
import { downloadModel, huggingFaceCache, isCurrent, planDownload, type DownloadOptions, type DownloadProgress } from './models/download';
import { defaultEndpoint } from './models/hub';
import { builtinId } from './models/manifest';
import { defaultModelsFolder, findModel, listModels, listPartial, modelFolder, readInstalled, removeModel } from './models/modelsFolder';
import { exitCodes, none, only, ProgressLine, write } from './terminal';

export interface ModelValues { model?: string | undefined; models?: string | undefined; endpoint?: string | undefined; yes: boolean; available: boolean; name?: string | undefined; variant?: string | undefined; json: boolean }

/** Runs `models <what> ...`; gives the exit code. */
export async function models([what = 'list', ...rest]: string[], values: ModelValues, builtinFolder: string): Promise<number> {
  switch (what) {
    case 'list': return list(rest, values, builtinFolder);
    case 'pull': return pull(rest, values);
    case 'import': return importOwn(rest, values);
    case 'verify': return verify(rest, values, builtinFolder);
    case 'remove': return remove(rest, values);
    default: throw new AssetSearchError('usage', `models knows list, pull, import, verify and remove, not "${what}".`);
  }
}

async function list(rest: string[], values: ModelValues, builtinFolder: string): Promise<number> {
  none(rest, 'models list');
  const folders = values.model === undefined || values.model === builtinId ? [builtinFolder] : [builtinFolder, resolve(values.model)];
  for (const folder of folders) {
    const { info } = await loadModel(folder);
    const id = folder === builtinFolder ? builtinId : info.id;
    await write(values.json
      ? `${JSON.stringify({ ...info, id })}\n`
      : `${id}\n  ${info.name} (${info.revision}, ${info.variant}), ${info.embeddingDim} dimensions, ${(info.sizeBytes / 2 ** 20).toFixed(1)} MB, ${info.license || 'licence not stated'}\n  ${info.description}\n  ${info.folder}\n`);
  }
  const folder = folderOf(values);
  for (const { id, variant, folder: own, sizeBytes, manifest, damaged } of await listModels(folder)) {
    const { name, revision, license, description, embeddingDim } = manifest ?? {};
    await write(values.json
      ? `${JSON.stringify({ id, revision, variant, name, description, license, embeddingDim, sizeBytes, folder: own, ...(damaged !== undefined && { damaged }) })}\n`
      : `${id}@${variant}\n  ${damaged === undefined ? `${name} (${revision}), ${embeddingDim} dimensions, ${megabytes(sizeBytes)}, ${license || 'licence not stated'}` : `damaged: ${damaged}; download it again, or remove it`}\n  ${own}\n`);
  }
  for (const { id, variant, sizeBytes } of await listPartial(folder)) {
    await write(values.json
      ? `${JSON.stringify({ id, variant, sizeBytes, partial: true })}\n`
      : `${id}@${variant}\n  ${megabytes(sizeBytes)} of an interrupted download; "models pull" goes on, "models remove" deletes it\n`);
  }
  if (values.available) {
    for (const model of catalog) { await write(values.json ? `${JSON.stringify({ ...model, available: true })}\n` : describe(model)); }
  } else if (!values.json) {
    await write('"models list --available" shows what can be downloaded.\n');
  }
  return exitCodes.done;
}

function describe({ id, name, bestFor, languages, license, variants, verified, note, recommended }: CatalogModel): string {
  return [
    `${id} (can be downloaded${recommended ? `, recommended: ${recommended}` : ''})`, `  ${name}. ${bestFor}. Languages: ${languages}`,
    `  ${variants.map(({ variant, sizeBytes }) => `@${variant} ${megabytes(sizeBytes)}`).join(', ')}; ${licenseOf(license)}`,
    ...verified === 'verified' ? [] : [`  Not verified: ${note}`], '',
  ].join('\n');
}

async function pull(rest: string[], values: ModelValues): Promise<number> {
  const name = only(rest, 'models pull needs one model; "models list --available" shows which there are.');
  const found = findInCatalog(name);
  if (!found) { throw new AssetSearchError('usage', `There is no model "${name}" to download. Known: ${catalog.map(({ id, variants }) => variants.map(({ variant }) => `${id}@${variant}`).join(', ')).join(', ')}.`); }
  const { model, variant } = found;
  const modelsFolder = folderOf(values);
  const target = modelFolder(modelsFolder, model.id, variant.variant);
  const installed = await readInstalled(target);
  if (installed && isCurrent(installed, model.commit)) {
    process.stderr.write(`${model.name} (${variant.variant}) is installed already.\n`);
    return report(values, model, variant, target, installed.manifest!.source!.commit);
  }
  process.stderr.write(`${model.name} (${variant.variant}): ${licenseOf(model.license)}\n${model.verified === 'verified' ? '' : `Not verified: ${model.note}\n`}`);
  if (model.license.researchOnly && !values.yes) { throw new AssetSearchError('licenseNotAccepted', `${model.name} may be used for research only. If that is what you do, add --yes.`); }
  const stop = new AbortController();
  const interrupt = (): void => stop.abort();
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  const token = process.env['HF_TOKEN']?.trim();
  const endpoint = values.endpoint ?? (process.env['HF_ENDPOINT'] || defaultEndpoint);
  const options: DownloadOptions = { modelsFolder, endpoint, ...(token && { token }), cacheFolder: huggingFaceCache(), signal: stop.signal };
  const plan = await planDownload(model, variant, options);
  process.stderr.write(`${megabytes(plan.totalBytes)}${plan.presentBytes > 0 ? `, of which ${megabytes(plan.presentBytes)} are here already,` : ''} from ${new URL(endpoint).host}/${model.repo} at ${plan.commit.slice(0, 12)}, into ${target}\n`);
  const progress = new DownloadLines(new ProgressLine(true));
  try {
    await downloadModel(plan, { ...options, licenseAccepted: values.yes, onProgress: each => progress.show(each) });
  } catch (thrown) {
    if (stop.signal.aborted) { throw new AssetSearchError('cancelled', 'Stopped. What was downloaded is kept: the same command goes on from there.'); }
    throw thrown;
  } finally {
    progress.clear();
  }
  return report(values, model, variant, target, plan.commit);
}

async function report({ json }: ModelValues, { id }: CatalogModel, { variant }: CatalogVariant, folder: string, commit: string): Promise<number> {
  await write(json ? `${JSON.stringify({ id, variant, folder, commit })}\n` : `${folder}\n`);
  return exitCodes.done;
}

async function importOwn(rest: string[], values: ModelValues): Promise<number> {
  const from = only(rest, 'models import needs the folder of one model.');
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  const { folder, manifest, unchanged } = await importModel(from, folderOf(values), {
    ...values.name !== undefined && { name: values.name }, ...values.variant !== undefined && { variant: values.variant }, signal: stop.signal,
    check: model => ensureVerified(model, { processFile: join(__dirname, 'conformanceProcess.js'), threads: 0 }, stop.signal),
  });
  const { id, variant, embeddingDim, image } = manifest;
  if (values.json) { await write(`${JSON.stringify({ id, variant, folder, unchanged })}\n`); return exitCodes.done; }
  process.stderr.write(unchanged ? `${id} (${variant}) is there already.\n` : `${id} (${variant}): ${embeddingDim} dimensions, images of ${image.size} x ${image.size}. Use it with --model ${id}, or with the setting assetSearch.model.\n`);
  await write(`${folder}\n`);
  return exitCodes.done;
}

async function verify(rest: string[], values: ModelValues, builtinFolder: string): Promise<number> {
  const name = only(rest, 'models verify needs one model, or the folder of one.');
  const installed = name === builtinId || /[\\/]/.test(name) ? undefined : await findModel(folderOf(values), name);
  const folder = name === builtinId ? builtinFolder : installed?.folder ?? resolve(name);
  if (!existsSync(folder)) { throw new AssetSearchError('usage', `There is no model "${name}". Give "${builtinId}", a model that "asset-search models list" shows, or a folder that holds a model.`); }
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  // What cannot be loaded is the report's first line. Nothing is written beside our own model.
  const model = folder === builtinFolder ? undefined : await loadModel(folder).catch(() => undefined);
  const report = await verifyModel(model ?? { folder }, { processFile: join(__dirname, 'conformanceProcess.js'), threads: 0 }, stop.signal);
  const failed = failedCheck(report);
  if (values.json) {
    await write(`${JSON.stringify({ folder, passed: !failed, ...report })}\n`);
  } else {
    await write([
      ...report.checks.map(check => `${check.outcome.padEnd(8)}${check.name.padEnd(15)}${check.detail}`.trimEnd()),
      failed ? `The model is refused, because it fails "${failed.name}".` : `The model can be used; checked in ${report.seconds.toFixed(1)} s.`, '',
    ].join('\n'));
  }
  return failed ? exitCodes.error : exitCodes.done;
}

async function remove(rest: string[], values: ModelValues): Promise<number> {
  const name = only(rest, 'models remove needs one model; "models list" shows what is there.');
  if (name === builtinId) { throw new AssetSearchError('usage', 'The built-in model belongs to the program and stays.'); }
  const sizeBytes = await removeModel(folderOf(values), name);
  await write(values.json ? `${JSON.stringify({ removed: name, sizeBytes })}\n` : `${name} removed, ${megabytes(sizeBytes)} freed.\n`);
  return exitCodes.done;
}

/** A bar on a terminal; elsewhere a line for each tenth, and for each wait. */
class DownloadLines {
  private last = '';
  constructor(private readonly line: ProgressLine) {}

  show({ phase, file, doneBytes, totalBytes, bytesPerSecond, reason, waitMs }: DownloadProgress): void {
    const share = totalBytes > 0 ? doneBytes / totalBytes : 1;
    const rate = bytesPerSecond > 0 ? `  ${megabytes(bytesPerSecond)}/s` : '';
    const text = phase === 'retrying' ? `${reason} Next try in ${Math.ceil((waitMs ?? 0) / 1000)} s.` : phase === 'waiting' ? 'another process downloads this model' : file;
    if (process.stderr.isTTY) {
      if (phase === 'retrying') { this.clear(); process.stderr.write(`${text}\n`); } else { this.line.show(phase, share, `${megabytes(doneBytes)} of ${megabytes(totalBytes)}${rate}  ${text}`); }
      return;
    }
    const tenth = `${phase} ${Math.floor(share * 10)} ${phase === 'retrying' ? text : ''}`;
    if (tenth !== this.last) { process.stderr.write(`${phase} ${Math.floor(share * 100)} % of ${megabytes(totalBytes)}${rate}: ${text}\n`); }
    this.last = tenth;
  }

  clear(): void { this.line.clear(); }
}

const folderOf = ({ models: folder }: ModelValues): string => resolve(folder ?? defaultModelsFolder());
const licenseOf = ({ name, url, researchOnly }: CatalogModel['license']): string => `${name}${researchOnly ? ', research only' : ''} (${url})`;
const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
