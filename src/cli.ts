#!/usr/bin/env node
/** The command line: index, search, similar, label, models and stats, with the same core as the extension and without VS Code. */
import './core/nativeEnvironment';
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { parseArgs, type ParseArgsConfig } from 'node:util';
import { AssetSearchError, messageOf } from './errors';
import { checkOutside, isIndexFolder, realPathOf } from './core/indexFolder';
import { readMeta } from './core/meta';
import { parseDevice } from './core/devices';
import { prefixOf } from './core/roots';
import { defaultExclude } from './core/scan';
import { AssetService } from './core/service';
import { models } from './modelCommands';
import { builtinId } from './models/manifest';
import { defaultModelsFolder, findModel } from './models/modelsFolder';
import type { DeviceReport, Hit, IndexProgress, IndexStatus, OpenParams, Root, ScanRules, SearchResult } from './protocol';
import { exitCodes, none, only, ProgressLine, write } from './terminal';

const help = `Finds images by what they show. Everything runs on this machine.

  asset-search index <folder> [--db <dir>] [--model <id or folder>] [--device auto] [--json]
  asset-search search <text> --db <dir> [--limit 10] [--label cat] [--no-names] [--json]
  asset-search search --queries <file> --db <dir>      a query a line ("-": from stdin), a JSON line each
  asset-search similar <image> --db <dir> [--text "but filled"] [--limit 10] [--json]
  asset-search similar --queries <file> --db <dir>     an image path a line, a JSON line each
  asset-search label <image...> --labels "cat,dog" [--model <id or folder>] [--json]
  asset-search label --files <file> --labels "cat,dog"  an image path a line ("-": from stdin)
  asset-search label --all --labels "cat,dog" --db <dir> [--csv|--json]   keeps them in the index
  asset-search models list [--available] [--json]    what is installed, or can be downloaded
  asset-search models pull <id[@variant]> [--yes]    downloads a model; goes on where it was interrupted
  asset-search models import <folder> [--name <name>] [--variant fp32|fp16|int8]   a model of your own: ONNX graphs, tokenizer.json and the configuration that they were exported with
  asset-search models verify <id or folder> [--json] whether a model is whole and its pictures and words mean the same; done by itself before its first use
  asset-search models remove <id[@variant]>
  asset-search stats --db <dir> [--json]

  --db <dir>       folder of the index; "index" uses <folder>/.asset-search without it
  --model <m>      "builtin", an installed model's id[@variant], or a folder that holds a model; a built index remembers its own
  --models <dir>   folder of the installed models; else $ASSET_SEARCH_MODELS, else in the platform's folder for caches
  --endpoint <url> models pull: a mirror of huggingface.co; else $HF_ENDPOINT. $HF_TOKEN is the token for models that need one
  --yes            models pull: also a model that may be used for research only
  --device <d>     where images are encoded: auto (measured in the first long run), cpu, gpu, or one of cuda, directml, coreml, webgpu
  --threads <n>    threads for decoding and encoding; 0 = as many as cores
  --exclude <glob> index: leave out (again and again for more); --no-gitignore: also index ignored files
  --include <glob> index: only what matches one of these, for example "icons/**"
  --max-megapixels <n>  skip images with more pixels (100); --max-file-size <MB>: skip larger files (20)
  --force          index: read and encode everything again
  --no-split       index: do not cut sprite sheets into cells
  --rebuild        index: delete the index and build it anew
  --limit <n>      number of hits (10)
  --text <words>   similar: words that refine the picture, counted alike
  --label <word>   search: only images with this kept label (again and again for more)
  --csv            label --all: every kept label as CSV on stdout; --json as JSON
  --no-names       rank by pictures alone
  --json           one JSON line per result on stdout, messages on stderr

"search" joins two rankings: by picture, which gives the score (a cosine, at most 1), and by the words of file names, folders and titles. A hit that the names
found, too, has "name" beside its score and may stand above higher scores; one called exactly what was asked for comes first.
An image that is itself in the index is found first by "similar", with a score of about 1.

An index may hold several folders: "index" adds one. A folder that has moved, or that a larger one takes in, is recognised by its contents and listed once,
and nothing of it is encoded again; a folder inside one that is indexed already is refused.
ASSET_SEARCH_DEBUG=1 in the environment shows the log of the libraries on stderr.

Exit codes: 0 done, 1 error, 2 wrong usage, 3 another process is writing the index, 130 stopped by Ctrl-C (what was done is kept).
`;

const options = {
  db: { type: 'string' }, model: { type: 'string' }, models: { type: 'string' }, endpoint: { type: 'string' }, yes: { type: 'boolean', default: false }, available: { type: 'boolean', default: false }, name: { type: 'string' }, variant: { type: 'string' }, device: { type: 'string', default: 'auto' }, threads: { type: 'string', default: '0' }, json: { type: 'boolean', default: false },
  limit: { type: 'string', default: '10' }, 'no-names': { type: 'boolean', default: false }, queries: { type: 'string' }, text: { type: 'string' }, labels: { type: 'string' },
  label: { type: 'string', multiple: true }, all: { type: 'boolean', default: false }, csv: { type: 'boolean', default: false },
  files: { type: 'string' }, 'max-megapixels': { type: 'string', default: '100' }, 'max-file-size': { type: 'string', default: '20' },
  include: { type: 'string', multiple: true }, exclude: { type: 'string', multiple: true }, 'no-gitignore': { type: 'boolean', default: false }, 'no-split': { type: 'boolean', default: false }, force: { type: 'boolean', default: false }, rebuild: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false }, version: { type: 'boolean', default: false },
} as const satisfies ParseArgsConfig['options'];

type Values = ReturnType<typeof parse>['values'];
function parse(args: string[]) { return parseArgs({ args, options, allowPositionals: true, strict: true, tokens: true }); }

const modelOptions = ['db', 'model', 'models', 'device', 'threads'];
const limitOptions = ['max-megapixels', 'max-file-size'];
/** What each command understands besides --json, --help and --version. */
const optionsOf: ReadonlyMap<string, readonly string[]> = new Map(Object.entries({
  index: [...modelOptions, ...limitOptions, 'exclude', 'include', 'no-gitignore', 'no-split', 'force', 'rebuild'],
  search: [...modelOptions, 'limit', 'label', 'no-names', 'queries'],
  similar: [...modelOptions, ...limitOptions, 'limit', 'text', 'queries'],
  label: [...modelOptions, ...limitOptions, 'labels', 'files', 'all', 'csv'],
  models: ['model', 'models', 'endpoint', 'yes', 'available', 'name', 'variant'],
  stats: modelOptions,
}));

const builtinModel = join(__dirname, '..', 'media', 'builtin');
const debug = Boolean(process.env.ASSET_SEARCH_DEBUG);

async function main(args: string[]): Promise<number> {
  let parsed;
  try { parsed = parse(args); } catch (thrown) { throw usageOf(thrown); }
  const { values, positionals: [command, ...rest], tokens } = parsed;
  if (values.version) {
    await write(`${(JSON.parse(readFileSync(join(__dirname, '..', 'package.json'), 'utf8')) as { version: string }).version}\n`);
    return exitCodes.done;
  }
  if (values.help || command === 'help') { await write(help); return exitCodes.done; }
  const understood = optionsOf.get(command ?? '');
  const foreign = tokens.find(token => token.kind === 'option' && !['json', ...understood ?? [token.name]].includes(token.name));
  if (foreign?.kind === 'option') { throw new AssetSearchError('usage', `"${command}" does not know ${foreign.rawName}.`); }
  try { parseDevice(values.device); } catch (thrown) { throw new AssetSearchError('usage', messageOf(thrown)); }
  // Of an unset variable: the current folder would be taken instead.
  if (values.db === '') { throw new AssetSearchError('usage', '--db needs a folder.'); }
  switch (command) {
    case 'index': return index(rest, values);
    case 'search': return query(rest, values, 'search');
    case 'similar': return query(rest, values, 'similar');
    case 'label': return label(rest, values);
    case 'models': return models(rest, values, builtinModel);
    case 'stats': return stats(rest, values);
    case undefined: throw new AssetSearchError('usage', 'Say what to do: index, search, similar, label, models or stats.');
    default: throw new AssetSearchError('usage', `There is no command "${command}".`);
  }
}

/** parseArgs names the option, but an option whose value begins with a dash in a text of three lines. */
function usageOf(thrown: unknown): AssetSearchError {
  const [, option] = /^Option '(?:-\w, )?(--[\w-]+)[^']*' argument is ambiguous/.exec(messageOf(thrown)) ?? [];
  return new AssetSearchError('usage', option === undefined ? messageOf(thrown) : `${option} needs a value; one that begins with "-" is written ${option}=<value>.`);
}

// ───────────────────────────────────────────── commands

async function index(folders: string[], values: Values): Promise<number> {
  const folder = only(folders, 'index needs one folder.');
  if (!existsSync(folder) || !statSync(folder).isDirectory()) { throw new AssetSearchError('usage', `There is no folder "${folder}".`); }
  const dbFolder = resolve(values.db ?? join(folder, '.asset-search'));
  const root = rootOf(folder, dbFolder);
  checkOutside(dbFolder, [root]);
  const progress = new ProgressLine(!values.json || process.stderr.isTTY);
  const stop = new AbortController();
  const { service, close } = await openService(dbFolder, [root], values, await modelFolder(values, dbFolder), status => showProgress(progress, status.progress));
  // The first Ctrl-C ends the run and keeps what is done; a second one does not wait.
  let interrupts = 0;
  const interrupt = (): void => { if (++interrupts > 1) { process.kill(process.pid, 'SIGKILL'); } stop.abort(); };
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  try {
    const summary = await (values.rebuild ? service.rebuild({}, stop.signal) : service.index({ force: values.force }, stop.signal));
    progress.clear();
    const { indexed, unchanged, reused, removed, skipped, seconds, device, seen, cancelled } = summary;
    if (values.json) {
      await write(`${JSON.stringify({
        indexed, unchanged, reused, removed, skipped: skipped.map(({ path, reason, remedy, code }) => ({ path, reason, remedy, code })), seconds, device, seen, ...(cancelled && { cancelled }),
      })}\n`);
    } else {
      const rate = indexed > 0 && seconds > 0 ? ` (${Math.round(indexed / seconds)} images/s)` : '';
      const lines = [`${cancelled ? 'Stopped. ' : ''}${indexed} indexed${rate}, ${unchanged} unchanged, ${reused} reused, ${removed} removed, ${skipped.length} skipped of ${seen} in ${seconds.toFixed(1)} s on ${device}.`];
      for (const { path, reason, remedy } of skipped.slice(0, 20)) { lines.push(`  skipped ${path}: ${reason} ${remedy}`); }
      if (skipped.length > 20) { lines.push(`  and ${skipped.length - 20} more (all with --json)`); }
      await write(`${lines.join('\n')}\n`);
    }
    return cancelled ? exitCodes.cancelled : exitCodes.done;
  } finally {
    progress.clear();
    await close();
  }
}

async function query(words: string[], values: Values, kind: 'search' | 'similar'): Promise<number> {
  const limit = positiveInteger(values.limit, '--limit');
  const wanted = kind === 'search' ? 'search needs a text, or --queries <file>.' : 'similar needs an image, or --queries <file>.';
  let queries: string[];
  if (values.queries !== undefined) {
    if (words.length > 0) { throw new AssetSearchError('usage', `Give either a ${kind === 'search' ? 'text' : 'image'} or --queries, not both.`); }
    queries = readLines(values.queries);
  } else {
    // Words without quotes around them are one text.
    queries = [kind === 'search' && words.length > 0 ? words.join(' ') : only(words, wanted)];
    if (queries[0]!.trim() === '') { throw new AssetSearchError('usage', wanted); }
  }
  const json = values.json || values.queries !== undefined;
  const { service, close } = await openExisting(values);
  let failed = 0;
  try {
    for (const each of queries) {
      try {
        const result = kind === 'search'
          ? await service.search({ text: each, limit, useNames: !values['no-names'], ...(values.label && { filter: { labels: values.label } }) })
          : await service.similar({ image: { kind: 'file', path: each }, text: values.text, limit });
        await write(json ? `${JSON.stringify({ query: each, hits: result.hits.map(toJson), ...(result.strong !== undefined && { strong: result.strong }) })}\n` : toText(result));
      } catch (thrown) {
        // One bad line of many must not cost the others; each line gets its answer.
        if (values.queries === undefined || !(thrown instanceof AssetSearchError) || !queryErrors.has(thrown.code)) { throw thrown; }
        if (thrown.code !== 'textNotUnderstood') { failed++; }
        await write(`${JSON.stringify({ query: each, hits: [], error: { code: thrown.code, message: thrown.message } })}\n`);
      }
    }
  } finally {
    await close();
  }
  return failed > 0 ? exitCodes.error : exitCodes.done;
}

/** Errors of one query, not of the index. */
const queryErrors: ReadonlySet<string> = new Set(['imageUnreadable', 'imageUnsupported', 'imageTooLarge', 'textNotUnderstood']);

async function label(named: string[], values: Values): Promise<number> {
  if (values.all) { none(named, 'label --all'); return labelAll(values); }
  if (values.csv) { throw new AssetSearchError('usage', '--csv goes with label --all.'); }
  const images = [...named, ...values.files === undefined ? [] : readLines(values.files)];
  if (images.length === 0) { throw new AssetSearchError('usage', 'label needs at least one image, or --files <file>.'); }
  const labels = (values.labels ?? '').split(',').map(each => each.trim()).filter(each => each !== '');
  if (labels.length === 0) { throw new AssetSearchError('usage', 'label needs --labels "one,two".'); }
  const dbFolder = values.db === undefined ? undefined : indexFolder(values.db);
  const { service, close } = await openService(dbFolder, [], values, await modelFolder(values, dbFolder));
  try {
    const results = await service.label({ images: images.map(path => ({ kind: 'file', path })), labels });
    for (const { image, labels: names, probabilities, cosines, error } of results) {
      const ranked = names.map((name, place) => ({ label: name, probability: probabilities[place], cosine: cosines[place] })).sort((a, b) => (b.probability ?? 0) - (a.probability ?? 0));
      if (values.json) { await write(`${JSON.stringify(error ? { image: images[image], labels: [], error } : { image: images[image], labels: ranked })}\n`); }
      else if (error) { process.stderr.write(`${error.message}\n`); }
      else { await write(`${images[image]}\n${ranked.map(each => `  ${(100 * (each.probability ?? 0)).toFixed(1).padStart(5)} %  ${each.label}\n`).join('')}`); }
    }
    return results.some(result => result.error) ? exitCodes.error : exitCodes.done;
  } finally {
    await close();
  }
}

async function labelAll(values: Values): Promise<number> {
  const labels = (values.labels ?? '').split(',');
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  const { service, close } = await openExisting(values);
  try {
    const { images, counts, unsure, seconds, cancelled } = await service.labelMany({ scope: {}, labels }, stop.signal);
    const summary = [
      `${images} images in ${seconds.toFixed(1)} s${cancelled ? ', then stopped; what was done is kept' : ''}`,
      ...counts.map(({ label: name, images: count }) => `${String(count).padStart(8)}  ${name}`), `${String(unsure).padStart(8)}  unsure`, '',
    ].join('\n');
    if (values.csv || values.json) {
      process.stderr.write(summary);
      await write((await service.exportLabels({ scope: {}, format: values.csv ? 'csv' : 'json' })).text);
    } else {
      await write(summary);
    }
    return cancelled ? exitCodes.cancelled : exitCodes.done;
  } finally {
    await service.settle();
    await close();
  }
}

async function stats(rest: string[], values: Values): Promise<number> {
  none(rest, 'stats');
  const { service, dbFolder, close } = await openExisting(values);
  try {
    const { assets, cells, retired, formats, tableBytes, thumbnailBytes, spaces, device } = await service.stats();
    const { model, skipped } = service.status();
    const roots = (readMeta(dbFolder)?.roots ?? []).map(({ id, path }) => ({ id, path, exists: existsSync(path) }));
    const modelId = isBuiltin(model.folder) ? builtinId : model.id;
    if (values.json) {
      await write(`${JSON.stringify({ assets, cells, skipped, retired, formats, tableBytes, thumbnailBytes, spaces, roots, device, model: { id: modelId, revision: model.revision, variant: model.variant, embeddingDim: model.embeddingDim } })}\n`);
    } else {
      const megabytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MB`;
      await write([
        `${assets} images (${Object.entries(formats).sort((a, b) => b[1] - a[1]).map(([format, count]) => `${count} ${format}`).join(', ')}), ${cells} cells of sprite sheets, ${skipped} files skipped`,
        `${retired} vectors kept of files that are gone`,
        `${megabytes(tableBytes)} table, ${megabytes(thumbnailBytes)} thumbnails`,
        `model ${modelId} (${model.name}, ${model.revision}, ${model.variant})`,
        deviceText(device),
        ...spaces.map(({ name, rows, retired: kept, bytes, role }) => `table ${name}: ${rows === undefined ? 'cannot be read' : `${rows + (kept ?? 0)} vectors`}, ${megabytes(bytes)}, ${role}`),
        ...roots.map(({ id, path, exists }) => `folder ${id}: ${path}${exists ? '' : ' (not there)'}`), '',
      ].join('\n'));
    }
    return exitCodes.done;
  } finally {
    await close();
  }
}

const reasons: Readonly<Record<DeviceReport['reason'], string>> = {
  asked: 'as asked', unmeasured: 'nothing is measured before the first long run', untried: 'what is asked for is tried with the next images', measured: 'measured to be the fastest', only: 'no other device works here',
};

function deviceText({ device, reason, batchSize, rates, problems, fasterVariant }: DeviceReport): string {
  return [
    `device ${device} (${reasons[reason]}), ${batchSize} images at a time${rates.map(each => `; ${each.device}: ${each.imagesPerSecond.toFixed(1)} images/s`).join('')}`,
    ...problems.map(problem => `  ${problem.device} is not used (${problem.code}): ${problem.detail}`),
    ...fasterVariant ? [`  the variant ${fasterVariant.variant} of this model is ${fasterVariant.factor.toFixed(1)} times as fast here`] : [],
  ].join('\n');
}

// ───────────────────────────────────────────── opening

interface OpenService { service: AssetService; dbFolder: string; close(): Promise<void> }

async function openService(db: string | undefined, roots: Root[], values: Values, model: string, onStatus: (status: IndexStatus) => void = () => undefined): Promise<OpenService> {
  const service = new AssetService({
    processes: { decoder: join(__dirname, 'decodeProcess.js'), encoder: join(__dirname, 'encodeProcess.js'), verifier: join(__dirname, 'conformanceProcess.js') },
    keepOtherRoots: true, waitForLock: false, onStatus,
    onLog: ({ level, message }) => { if (level === 'warn' || debug) { process.stderr.write(`${message}\n`); } },
  });
  const params: Omit<OpenParams, 'dbFolder'> = {
    roots, rules: rulesOf(values), modelFolder: model, device: values.device, measurementsFolder: resolve(values.models ?? defaultModelsFolder()),
    threads: threadsOf(values.threads),
    // Nobody looks at thumbnails here; a window that shares the index makes those that it shows.
    maxThumbnailBytes: 0,
  };
  // Labels need no index: what the open service keeps of one lies in a temporary folder that goes with the process.
  const temporary = db === undefined ? mkdtempSync(join(tmpdir(), 'asset-search-')) : undefined;
  const dbFolder = db ?? temporary!;
  const close = async (): Promise<void> => {
    await service.close();
    if (temporary !== undefined) { rmSync(temporary, { recursive: true, force: true }); }
  };
  try {
    await service.open({ ...params, dbFolder });
  } catch (thrown) {
    await close();
    throw thrown;
  }
  return { service, dbFolder, close };
}

async function openExisting(values: Values): Promise<OpenService> {
  if (values.db === undefined) { throw new AssetSearchError('usage', 'Say which index with --db <dir>.'); }
  const dbFolder = indexFolder(values.db);
  const opened = await openService(dbFolder, readMeta(dbFolder)?.roots ?? [], values, await modelFolder(values, dbFolder));
  const { error } = opened.service.status();
  try {
    if (error) { throw new AssetSearchError(error.code as AssetSearchError['code'], error.message); }
    // An old table serves a window while the new one grows; who names a model here means that one.
    if ((values.model !== undefined && opened.service.status().serving) || !await opened.service.hasIndex()) {
      throw new AssetSearchError('indexMissing', `The index in "${values.db}" was not built with this model. Index again, or name its model with --model.`);
    }
  } catch (thrown) {
    await opened.close();
    throw thrown;
  }
  return opened;
}

/** The folder of an index that exists. */
function indexFolder(db: string): string {
  if (!isIndexFolder(resolve(db))) { throw new AssetSearchError('indexMissing', `There is no index in "${db}". Build it with: asset-search index <folder> --db "${db}"`); }
  return resolve(db);
}

function rulesOf(values: Values): ScanRules {
  return {
    exclude: [...defaultExclude, ...values.exclude ?? []], include: values.include ?? [], gitignore: !values['no-gitignore'], splitSheets: !values['no-split'],
    maxFileSizeBytes: positiveNumber(values['max-file-size'], '--max-file-size') * 2 ** 20, maxPixels: Math.round(positiveNumber(values['max-megapixels'], '--max-megapixels') * 1e6),
  };
}

/** `--model`, else the model the index was built with, else the built-in one. */
async function modelFolder({ model, models: modelsFolder }: Values, dbFolder: string | undefined): Promise<string> {
  if (model === undefined) {
    const used = dbFolder === undefined ? undefined : readMeta(dbFolder)?.model;
    // The built-in model moves with each installation.
    if (used === undefined || used.id === builtinManifestId()) { return builtinModel; }
    if (!existsSync(used.folder)) {
      throw new AssetSearchError('modelMissing', `The index was built with the model "${used.id}", which is no longer in ${used.folder}. Install it again, or index with another one: asset-search index <folder> --db "${dbFolder}" --model ${builtinId}`);
    }
    return used.folder;
  }
  if (model === builtinId) { return builtinModel; }
  const installed = /[\\/]/.test(model) ? undefined : await findModel(modelsFolder ?? defaultModelsFolder(), model);
  if (installed) { return installed.folder; }
  if (!existsSync(model)) { throw new AssetSearchError('usage', `There is no model "${model}". Give "${builtinId}", a model that "asset-search models list" shows, or a folder that holds a model.`); }
  return resolve(model);
}

function builtinManifestId(): string | undefined {
  try { return (JSON.parse(readFileSync(join(builtinModel, 'model.json'), 'utf8')) as { id: string }).id; } catch { return undefined; }
}

function isBuiltin(folder: string): boolean { return resolve(folder) === resolve(builtinModel); }

/** The id under which this folder's rows are stored: as VS Code names it, and the same again when a folder moved together with its index. */
function rootOf(folder: string, dbFolder: string): Root {
  const path = realpathSync.native(folder);
  const known = readMeta(dbFolder)?.roots ?? [];
  const same = known.find(root => realPathOf(root.path) === path) ?? (known.length === 1 && dirname(realPathOf(dbFolder)) === path ? known[0] : undefined);
  // A window may have opened a folder and one inside it: each has its own rows.
  if (same) { return { id: same.id, path, exclude: known.flatMap(root => { const prefix = root === same ? undefined : prefixOf(path, root.path); return prefix === undefined ? [] : [escapeGlob(prefix.slice(0, -1))]; }) }; }
  const outer = known.find(root => existsSync(root.path) && prefixOf(root.path, path) !== undefined);
  if (outer) { throw new AssetSearchError('usage', `"${folder}" lies inside "${outer.path}", which this index holds already: index that folder, or give this one an index of its own with another --db.`); }
  const name = basename(path) || 'root';
  const gone = known.find(root => root.id === name && !existsSync(root.path));
  if (gone) { return { id: name, path }; }
  for (let number = 1; ; number++) {
    const id = number === 1 ? name : `${name}~${number}`;
    if (!known.some(root => root.id === id)) { return { id, path }; }
  }
}

function escapeGlob(path: string): string { return path.replace(/[\\*?[\]{}()!+@]/g, '\\$&'); }

// ───────────────────────────────────────────── input and output

function positiveInteger(text: string, name: string): number {
  const value = nonNegativeInteger(text, name);
  if (value === 0) { throw new AssetSearchError('usage', `${name} needs a number above 0.`); }
  return value;
}
/** Beyond this, ONNX Runtime runs out of memory for its threads. */
const maxThreads = 256;
function threadsOf(text: string): number {
  const threads = nonNegativeInteger(text, '--threads');
  if (threads > maxThreads) { throw new AssetSearchError('usage', `--threads takes at most ${maxThreads}; 0 is as many as cores.`); }
  return threads;
}
function nonNegativeInteger(text: string, name: string): number {
  if (!/^\d{1,9}$/.test(text)) { throw new AssetSearchError('usage', `${name} needs a number, not "${text}".`); }
  return Number(text);
}
function positiveNumber(text: string, name: string): number {
  if (!/^\d{1,9}(\.\d+)?$/.test(text) || Number(text) === 0) { throw new AssetSearchError('usage', `${name} needs a number above 0, not "${text}".`); }
  return Number(text);
}
/** The lines that say something, of a file or of stdin, without the byte order mark that Windows' editors put first. */
function readLines(file: string): string[] {
  return readText(file).replace(/^\uFEFF/, '').split(/\r?\n/).filter(line => line.trim() !== '');
}
function readText(file: string): string {
  try { return readFileSync(file === '-' ? 0 : file, 'utf8'); } catch (thrown) { throw new AssetSearchError('usage', `Cannot read "${file}": ${messageOf(thrown)}`); }
}

function showProgress(line: ProgressLine, progress: IndexProgress | undefined): void {
  if (!progress) { return; }
  const { phase, done, total, imagesPerSecond, secondsLeft } = progress;
  const rate = imagesPerSecond > 0 ? `  ${Math.round(imagesPerSecond)} images/s` : '';
  const left = secondsLeft !== undefined && secondsLeft > 1 ? `  ${Math.ceil(secondsLeft)} s left` : '';
  line.show(phase, total > 0 ? done / total : 0, `${done}/${total}${rate}${left}`);
}

const round = (score: number | null): number | null => (score === null ? null : Math.round(score * 1e6) / 1e6);
function toJson({ path, part, cell, score, root, matched }: Hit): object {
  return { path, ...(cell && { part, cell }), score: round(score), root, matched: [...(matched.visual ? ['visual'] : []), ...(matched.name ? ['name'] : [])] };
}
function toText({ hits, strong = hits.length }: SearchResult): string {
  if (hits.length === 0) { return 'Nothing found.\n'; }
  const names = hits.some(({ matched }) => matched.name);
  const lines = hits.map(({ path, part, cell, score, matched }) => `${(score ?? 0).toFixed(3).padStart(6)}  ${names ? (matched.name ? 'name  ' : '      ') : ''}${path}${cell ? ` #${part} ${cell.name ?? `at ${cell.x},${cell.y}`}` : ''}\n`);
  if (strong < hits.length) { lines.splice(strong, 0, '        ── weak matches ──\n'); }
  return lines.join('');
}

// A reader that has seen enough (head) closes the pipe.
process.stdout.on('error', (error: NodeJS.ErrnoException) => { process.exit(error.code === 'EPIPE' ? exitCodes.done : exitCodes.error); });

main(process.argv.slice(2)).then(
  // Native threads may still be at work on something that was given up; nothing of it matters any more.
  code => process.exit(code),
  (thrown: unknown) => {
    const code = thrown instanceof AssetSearchError ? thrown.code : 'internal';
    process.stderr.write(`asset-search: ${messageOf(thrown)}\n${code === 'usage' ? 'See asset-search --help.\n' : ''}`);
    process.exit(code === 'usage' ? exitCodes.usage : code === 'indexLocked' ? exitCodes.locked : code === 'cancelled' ? exitCodes.cancelled : exitCodes.error);
  },
);
