/** Downloads a model of the catalogue: resumable, once for all processes, every byte proven, and the model's folder either complete or not there. */
import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readFile, rename, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AssetSearchError, cancelled } from '../errors';
import { folderBytes } from '../disk';
import { FileLock } from '../lock';
import type { CatalogModel, CatalogVariant } from './catalog';
import { Hub, IdleGuard, progressBytes, TransientError, type ExpectedDigest, type HubFile, type HubOptions } from './hub';
import { isInside, type Manifest, type ModelFile } from './manifest';
import { lockModel, modelFolder, partialFolder, readInstalled, writing } from './modelsFolder';

export interface DownloadOptions extends HubOptions {
  modelsFolder: string;
  /** Hugging Face's own cache (`huggingFaceCache`), whose files are copied instead of downloaded; none is looked at without it. */
  cacheFolder?: string | undefined;
  /** A cancelled download keeps what it has; the next one goes on from there. */
  signal?: AbortSignal | undefined;
}

/** What a download will do, for the question before it. */
export interface DownloadPlan {
  model: CatalogModel;
  variant: CatalogVariant;
  commit: string;
  files: HubFile[];
  /** Of all files. */
  totalBytes: number;
  /** Of these, what an interrupted download has left. */
  presentBytes: number;
  /** Free on the disk of the models' folder. */
  freeBytes: number;
}

export interface DownloadProgress {
  /** 'waiting': another process downloads the same model, and these are its bytes; 'retrying': a pause after a failure. */
  phase: 'downloading' | 'copying' | 'waiting' | 'retrying';
  /** Path in the repository; '' while waiting for another process. */
  file: string;
  doneBytes: number;
  totalBytes: number;
  /** Over the last seconds; 0 while not known. */
  bytesPerSecond: number;
  /** 'retrying': why, and for how long. */
  reason?: string;
  waitMs?: number;
}

/** Space that stays free for others, and for model.json. */
const spareBytes = 64 * 2 ** 20;
const progressMs = 200;
const pollMs = 300;

/** `hub` folder of Hugging Face's cache, as huggingface_hub finds it (its documentation, "Environment variables"). */
export function huggingFaceCache(env: NodeJS.ProcessEnv = process.env, home: string = homedir()): string {
  return env['HF_HUB_CACHE'] || env['HUGGINGFACE_HUB_CACHE'] || join(env['HF_HOME'] || join(env['XDG_CACHE_HOME'] || join(home, '.cache'), 'huggingface'), 'hub');
}

/**
 * Asks the hub for commit, sizes and hashes, and the disk for space. Writes nothing.
 * Throws AssetSearchError: see `downloadModel`.
 */
export async function planDownload(model: CatalogModel, variant: CatalogVariant, options: DownloadOptions): Promise<DownloadPlan> {
  const hub = new Hub(options);
  const { repo, tokenizerRepo } = model;
  const { vision, text, tokenizer } = variant.files;
  checkInside(model, [vision, text, tokenizer]);
  const commit = model.commit ?? await hub.resolveCommit(repo, 'main', options.signal);
  const listed = await hub.listFiles(repo, commit, options.signal);
  const find = (from: HubFile[], path: string): HubFile => {
    const file = from.find(each => each.path === path);
    if (!file) { throw new AssetSearchError('downloadNotFound', `${hub.endpoint.host} has no file ${path} in ${repo} at ${commit.slice(0, 12)}. If you use a mirror, it may not hold this model: use another one.`); }
    return file;
  };
  const graphs = [...new Set([vision, text])].map(path => find(listed, path));
  // Weights beside a graph, as optimum (model.onnx_data, model.onnx_data_1) and PyTorch (model.onnx.data) name them.
  const data = listed.filter(({ path }) => graphs.some(graph => path.startsWith(`${graph.path}_data`) || path === `${graph.path}.data`));
  checkInside(model, data.map(({ path }) => path));
  const files = [...graphs, ...data, find(tokenizerRepo ? await hub.listFiles(tokenizerRepo.repo, tokenizerRepo.commit, options.signal) : listed, tokenizer)];
  const totalBytes = files.reduce((sum, file) => sum + file.sizeBytes, 0);
  const { folder } = partialFolder(options.modelsFolder, model.id, variant.variant);
  const present = await Promise.all(files.map(async ({ digest, sizeBytes }) => Math.min(sizeBytes, await sizeOf(join(folder, digest.hex)) ?? await sizeOf(partOf(folder, digest)) ?? 0)));
  const presentBytes = present.reduce((sum, size) => sum + size, 0);
  const freeBytes = await freeBytesOf(options.modelsFolder);
  if (freeBytes < totalBytes - presentBytes + spareBytes) {
    const megabytes = (bytes: number): string => `${Math.ceil(bytes / 1e6)} MB`;
    throw new AssetSearchError('diskFull', `${model.name} needs ${megabytes(totalBytes - presentBytes + spareBytes)}, but ${megabytes(freeBytes)} are free in ${options.modelsFolder}. Free some space, or name another folder.`);
  }
  return { model, variant, commit, files, totalBytes, presentBytes, freeBytes };
}

/** A hub's list of files comes from a stranger, as a row of the catalogue may. */
function checkInside(model: CatalogModel, paths: string[]): void {
  const outside = paths.find(path => !isInside(path));
  if (outside !== undefined) { throw new AssetSearchError('modelInvalid', `The file "${outside}" of ${model.id} lies outside its folder. Choose another model.`); }
}

/**
 * Carries a plan out and gives the model's folder. A second process that wants the same model waits for the first, with its progress.
 * Throws AssetSearchError: licenseNotAccepted; cancelled; networkUnavailable (no way to the hub); downloadForbidden (401, 403, gated), downloadNotFound;
 * downloadFailed (the hub is out of order, or is none); downloadCorrupt (not the bytes that the hub's metadata promised); diskFull, modelsReadOnly, modelBusy; modelInvalid.
 */
export async function downloadModel(plan: DownloadPlan, options: DownloadOptions & { licenseAccepted?: boolean; onProgress?: (progress: DownloadProgress) => void }): Promise<string> {
  const { model, variant } = plan;
  const { modelsFolder, signal } = options;
  if (model.license.researchOnly && !options.licenseAccepted) {
    throw new AssetSearchError('licenseNotAccepted', `${model.name} may be used for research only (${model.license.name}, ${model.license.url}). Download it after you have agreed to that.`);
  }
  const target = modelFolder(modelsFolder, model.id, variant.variant);
  const staging = partialFolder(modelsFolder, model.id, variant.variant).folder;
  const lock = await takeTurn(plan, options, staging);
  try {
    const installed = await readInstalled(target);
    if (installed?.manifest && !installed.manifest.source) { throw new AssetSearchError('modelBusy', `A model that was imported bears the name ${model.id} (${variant.variant}). Remove it first: ${target}`); }
    if (installed && isCurrent(installed, plan.commit)) { return target; }
    const download = new Download(plan, options, staging, target);
    await writing(modelsFolder, mkdir(staging, { recursive: true }));
    const files = new Map<string, ModelFile>();
    for (const file of plan.files) { files.set(file.path, { path: file.path, sha256: await download.fetch(file), sizeBytes: file.sizeBytes }); }
    if (signal?.aborted) { throw cancelled(); }
    if (!lock.isHeld()) { throw new AssetSearchError('modelBusy', `Another process took over the download of ${model.id}. Wait until it is done.`); }
    await writing(modelsFolder, install(plan, files, staging, target));
    return target;
  } finally {
    lock.release();
  }
}

/** Whether a complete model lies there that needs no download: of this commit, or, where the catalogue pins none, of any. */
export function isCurrent(installed: { manifest?: Manifest; damaged?: string }, commit: string | undefined): boolean {
  return installed.damaged === undefined && installed.manifest?.source !== undefined && installed.manifest.source.commit === (commit ?? installed.manifest.source.commit);
}

async function takeTurn(plan: DownloadPlan, { modelsFolder, signal, onProgress }: Parameters<typeof downloadModel>[1], staging: string): Promise<FileLock> {
  const meter = new Meter();
  for (;;) {
    if (signal?.aborted) { throw cancelled(); }
    const taken = await writing(modelsFolder, lockModel(modelsFolder, plan.model.id, plan.variant.variant));
    if (taken instanceof FileLock) { return taken; }
    const doneBytes = Math.min(plan.totalBytes, await folderBytes(staging));
    onProgress?.({ phase: 'waiting', file: '', doneBytes, totalBytes: plan.totalBytes, bytesPerSecond: meter.rate(doneBytes) });
    await sleep(pollMs, undefined, signal && { signal }).catch(() => undefined);
  }
}

/** Moves the proven files together, writes model.json last, and puts the whole folder into its place. */
async function install({ model, variant, commit, files: wanted }: DownloadPlan, files: ReadonlyMap<string, ModelFile>, staging: string, target: string): Promise<void> {
  const assembled = join(staging, 'model');
  await rm(assembled, { recursive: true, force: true });
  for (const { path, digest } of wanted) {
    await mkdir(dirname(join(assembled, path)), { recursive: true });
    await rename(join(staging, digest.hex), join(assembled, path));
  }
  const { id, name, description, preprocessingVersion, embeddingDim, image, text, score, promptTemplates } = model;
  const { vision, text: textGraph, tokenizer } = variant.files;
  const data = [...files.values()].filter(({ path }) => ![vision, textGraph, tokenizer].includes(path));
  const manifest: Manifest = {
    id, revision: commit.slice(0, 12), variant: variant.variant, name, description, license: model.license.spdx, preprocessingVersion,
    files: { vision: files.get(vision)!, text: files.get(textGraph)!, tokenizer: files.get(tokenizer)!, ...(data.length > 0 && { data }) },
    embeddingDim, image, text, score, promptTemplates,
    source: { repo: model.repo, commit, files: Object.fromEntries(wanted.map(({ path }) => [path, path])), ...(model.tokenizerRepo && { tokenizerRepo: model.tokenizerRepo }) },
  };
  const written = join(assembled, 'model.json.new');
  await writeFile(written, `${JSON.stringify(manifest, undefined, 2)}\n`, { flush: true });
  await rename(written, join(assembled, 'model.json'));
  for (const folder of new Set([assembled, ...wanted.map(({ path }) => dirname(join(assembled, path)))])) { await syncFolder(folder); }
  await mkdir(dirname(target), { recursive: true });
  // What lies there is damaged or of another commit.
  await rename(target, join(staging, 'old')).catch((error: NodeJS.ErrnoException) => { if (error.code !== 'ENOENT') { throw error; } });
  await rename(assembled, target);
  await syncFolder(dirname(target));
  await rm(staging, { recursive: true, force: true });
}

/** The files of one model, one after the other. In the staging folder `<hash>` is a proven file and `<hash>.part` a beginning. */
class Download {
  private readonly hub: Hub;
  private readonly meter = new Meter();
  private finishedBytes = 0;
  private reported = 0;

  constructor(private readonly plan: DownloadPlan, private readonly options: Parameters<typeof downloadModel>[1], private readonly staging: string, private readonly target: string) {
    this.hub = new Hub(options);
  }

  /** Puts a file into the staging folder and gives its sha256. */
  async fetch(file: HubFile): Promise<string> {
    const sha256 = await this.adopt(file) ?? await this.transfer(file);
    this.finishedBytes += file.sizeBytes;
    return sha256;
  }

  /** Takes the file from where it may lie already: this download's folder, the installed model, Hugging Face's cache. */
  private async adopt(file: HubFile): Promise<string | undefined> {
    const { repo, commit, digest, path } = file;
    const own = join(this.staging, digest.hex);
    const { cacheFolder } = this.options;
    const cached = cacheFolder === undefined ? undefined : join(cacheFolder, `models--${repo.replaceAll('/', '--')}`);
    // A blob's name is the hash; where links are not possible, the snapshot holds the file itself.
    for (const source of [own, join(this.staging, 'model', path), join(this.target, path), ...cached === undefined ? [] : [join(cached, 'blobs', digest.hex), join(cached, 'snapshots', commit, path)]]) {
      if (await sizeOf(source) !== file.sizeBytes) { continue; }
      const digester = new Digester(file);
      const copy = source === own ? undefined : await writing(this.options.modelsFolder, open(`${own}.copy`, 'w'));
      try {
        for await (const chunk of readChunks(source)) {
          digester.update(chunk);
          if (copy) { await writing(this.options.modelsFolder, copy.writeFile(chunk)); }
          this.report('copying', file, digester.sizeBytes);
        }
        if (copy) { await writing(this.options.modelsFolder, copy.sync()); }
      } catch (thrown) {
        // A cache that cannot be read is no reason to fail.
        if (thrown instanceof AssetSearchError) { throw thrown; }
      } finally {
        await copy?.close();
      }
      const sha256 = digester.proven();
      if (sha256 !== undefined && copy) { await writing(this.options.modelsFolder, rename(`${own}.copy`, own)); }
      if (sha256 !== undefined) { return sha256; }
      await rm(copy ? `${own}.copy` : own, { force: true });
    }
    return undefined;
  }

  private async transfer(file: HubFile): Promise<string> {
    const part = partOf(this.staging, file.digest);
    const resumed = await sizeOf(part) !== undefined;
    let sha256 = await this.receive(file, part);
    // A beginning that an earlier run left may be damaged: once more, from the start.
    if (sha256 === undefined && resumed) { sha256 = await this.receive(file, part); }
    if (sha256 === undefined) {
      throw new AssetSearchError('downloadCorrupt', `${file.path} came from ${this.hub.endpoint.host} with another hash than the hub lists: it was changed on its way, or the mirror is wrong. It was deleted. Try again, or use another network or mirror.`);
    }
    await writing(this.options.modelsFolder, rename(part, join(this.staging, file.digest.hex)));
    await rm(etagOf(part), { force: true });
    return sha256;
  }

  /** Fills the part; gives the sha256 of the whole file, or deletes it and gives undefined when its hash is wrong. */
  private async receive(file: HubFile, part: string): Promise<string | undefined> {
    let digester = new Digester(file);
    let startBytes = 0;
    await this.hub.retry(async () => {
      digester = await this.digestPart(file, part);
      startBytes = digester.sizeBytes;
      if (startBytes === 0 || startBytes < file.sizeBytes) { await this.receiveOnce(file, part, digester); }
    }, {
      signal: this.options.signal, progressed: () => digester.sizeBytes - startBytes >= progressBytes,
      onWait: (waitMs, reason) => this.report('retrying', file, digester.sizeBytes, { waitMs, reason }),
    });
    const sha256 = digester.proven();
    if (sha256 === undefined) { await dropPart(part); }
    return sha256;
  }

  private async digestPart(file: HubFile, part: string): Promise<Digester> {
    const digester = new Digester(file);
    const size = await sizeOf(part);
    if (size !== undefined && size > file.sizeBytes) { await dropPart(part); }
    if (size === undefined || size === 0 || size > file.sizeBytes) { return digester; }
    for await (const chunk of readChunks(part)) { digester.update(chunk); this.checkSignal(); }
    return digester;
  }

  /** One request. Throws TransientError when another one may complete the part. */
  private async receiveOnce(file: HubFile, part: string, digester: Digester): Promise<void> {
    const { modelsFolder, signal } = this.options;
    const offset = digester.sizeBytes;
    const idle = new IdleGuard(this.hub.patience.idleMs, signal);
    try {
      const etag = offset > 0 ? await readFile(etagOf(part), 'utf8').catch(() => undefined) : undefined;
      const answer = await this.hub.open(file, { offset, ...(etag && { etag }) }, idle);
      const continues = answer.status === 206;
      if (answer.status === 416 || (continues && (answer.contentRange?.start !== offset || (answer.contentRange.total ?? file.sizeBytes) !== file.sizeBytes))) {
        await dropPart(part);
        throw new TransientError('downloadFailed', `${this.hub.endpoint.host} sends another part of ${file.path} than it was asked for. Try again; if you use a mirror, use another one.`, 0);
      }
      if (!continues) {
        digester.reset();
        await rm(etagOf(part), { force: true });
        if (answer.etag !== undefined) { await writing(modelsFolder, writeFile(etagOf(part), answer.etag)); }
      }
      const handle = await writing(modelsFolder, open(part, continues ? 'a' : 'w'));
      try {
        for await (const chunk of answer.body) {
          if (digester.sizeBytes === 0 && /^\s*<(!doctype|html|head|\?xml)/i.test(Buffer.from(chunk.subarray(0, 200)).toString('latin1'))) { throw this.unwanted(file, 'is a web page, not a model: the network may ask for a sign-in, or a proxy blocks the download', 'downloadFailed'); }
          if (digester.sizeBytes + chunk.length > file.sizeBytes) { throw this.unwanted(file, `is longer than the ${file.sizeBytes} bytes that the hub lists`, 'downloadCorrupt'); }
          await writing(modelsFolder, handle.writeFile(chunk));
          digester.update(chunk);
          this.report('downloading', file, digester.sizeBytes);
        }
        await writing(modelsFolder, handle.sync());
      } catch (thrown) {
        if (thrown instanceof UnwantedError) { await dropPart(part); }
        throw thrown;
      } finally {
        await handle.close();
      }
      if (digester.sizeBytes < file.sizeBytes) {
        throw new TransientError('downloadFailed', `${file.path} ended after ${digester.sizeBytes} of ${file.sizeBytes} bytes. Try again: it goes on from there. A proxy may limit the size of downloads.`);
      }
    } finally {
      idle.end();
    }
  }

  private unwanted(file: HubFile, what: string, code: 'downloadFailed' | 'downloadCorrupt'): UnwantedError {
    return new UnwantedError(code, `What ${this.hub.endpoint.host} sends for ${file.path} ${what}. Open ${this.hub.endpoint.href} in a browser, then try again; if you use a mirror, use another one.`);
  }

  private checkSignal(): void { if (this.options.signal?.aborted) { throw cancelled(); } }

  private report(phase: DownloadProgress['phase'], file: HubFile, fileBytes: number, more: Pick<DownloadProgress, 'reason' | 'waitMs'> = {}): void {
    this.checkSignal();
    const now = performance.now();
    if (phase !== 'retrying' && fileBytes < file.sizeBytes && now - this.reported < progressMs) { return; }
    this.reported = now;
    const doneBytes = this.finishedBytes + fileBytes;
    this.options.onProgress?.({ phase, file: file.path, doneBytes, totalBytes: this.plan.totalBytes, bytesPerSecond: this.meter.rate(doneBytes), ...more });
  }
}

/** Bytes that are not the file's: what was written of them is deleted. */
class UnwantedError extends AssetSearchError {}

/** Both hashes of a file while it passes. */
class Digester {
  sizeBytes = 0;
  private sha256!: Hash;
  private gitBlob!: Hash;

  constructor(private readonly file: HubFile) { this.reset(); }

  reset(): void {
    this.sizeBytes = 0;
    this.sha256 = createHash('sha256');
    this.gitBlob = createHash('sha1').update(`blob ${this.file.sizeBytes}\0`);
  }

  update(chunk: Uint8Array): void {
    this.sizeBytes += chunk.length;
    this.sha256.update(chunk);
    if (this.file.digest.algorithm === 'gitBlob') { this.gitBlob.update(chunk); }
  }

  /** The sha256, if the hub's own hash agrees. */
  proven(): string | undefined {
    const sha256 = this.sha256.digest('hex');
    const actual = this.file.digest.algorithm === 'sha256' ? sha256 : this.gitBlob.digest('hex');
    return this.sizeBytes === this.file.sizeBytes && actual === this.file.digest.hex ? sha256 : undefined;
  }
}

/** Bytes per second over the last five seconds. */
class Meter {
  private samples: { time: number; bytes: number }[] = [];

  rate(bytes: number): number {
    const time = performance.now();
    this.samples = [...this.samples.filter(sample => time - sample.time < 5000), { time, bytes }];
    const [first] = this.samples;
    return first && time > first.time ? Math.max(0, Math.round((bytes - first.bytes) / (time - first.time) * 1000)) : 0;
  }
}

const partOf = (folder: string, digest: ExpectedDigest): string => join(folder, `${digest.hex}.part`);
const etagOf = (part: string): string => `${part}.etag`;

async function dropPart(part: string): Promise<void> {
  for (const file of [part, etagOf(part)]) { await rm(file, { force: true }); }
}

async function sizeOf(file: string): Promise<number | undefined> {
  return stat(file).then(stats => (stats.isDirectory() ? undefined : stats.size), () => undefined);
}

function readChunks(file: string): AsyncIterable<Buffer> { return createReadStream(file, { highWaterMark: 1024 * 1024 }); }

/** Free bytes for this user on the disk of a folder that need not exist yet. */
async function freeBytesOf(folder: string): Promise<number> {
  for (let each = resolve(folder); ; each = dirname(each)) {
    try {
      const { bavail, bsize } = await statfs(each);
      return bavail * bsize;
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT' || dirname(each) === each) { return Number.MAX_SAFE_INTEGER; }
    }
  }
}

/** Makes the names in a folder last a power failure; Windows cannot, and does not need it. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}
