/** The models of this machine, for this window: what is installed, downloading, importing and removing, and which one the settings name. */
import * as vscode from 'vscode';
import { AssetSearchError } from '../errors';
import { catalog as knownModels, findInCatalog, type CatalogModel, type CatalogVariant } from '../models/catalog';
import { downloadModel, huggingFaceCache, planDownload, type DownloadOptions, type DownloadProgress } from '../models/download';
import { defaultEndpoint } from '../models/hub';
import { builtinId } from '../models/manifest';
import { listModels, listPartial, modelFolder, readInstalled, removeModel, type InstalledModel, type PartialDownload } from '../models/modelsFolder';
import { Engine, type ModelOnDisk, type ViewStatus } from '../protocol';
import type { EngineClient } from './engineClient';
import type { Log } from './log';
import { builtinFolder, modelsFolder, wantedModelFolder, type SettingsStore } from './settings';

const tokenKey = 'assetSearch.hubToken';

export interface ModelsOptions {
  context: Pick<vscode.ExtensionContext, 'globalStorageUri' | 'extensionUri' | 'secrets'>;
  log: Log;
  settings: Pick<SettingsStore, 'current'>;
  engine: EngineClient;
  catalog?: readonly CatalogModel[];
}

export class Models implements vscode.Disposable {
  readonly folder: string;
  readonly catalog: readonly CatalogModel[];
  readonly #changed = new vscode.EventEmitter<void>();
  /** A model, or a part of one, came or went. */
  readonly onDidChange = this.#changed.event;
  readonly #repaired = new vscode.EventEmitter<void>();
  /** The model that the settings name may be used now. */
  readonly onDidRepair = this.#repaired.event;

  constructor(private readonly options: ModelsOptions) {
    this.folder = modelsFolder(options.context);
    this.catalog = options.catalog ?? knownModels;
  }

  dispose(): void { this.#changed.dispose(); this.#repaired.dispose(); }

  async builtin(): Promise<InstalledModel> {
    const model = await readInstalled(builtinFolder(this.options.context));
    if (!model) { throw new AssetSearchError('modelMissing', vscode.l10n.t('The built-in model is missing. Install the extension again.')); }
    return { ...model, id: builtinId };
  }

  installed(): Promise<InstalledModel[]> { return listModels(this.folder); }
  partial(): Promise<PartialDownload[]> { return listPartial(this.folder); }

  /** For the status page. */
  async onDisk(): Promise<ModelOnDisk[]> {
    const titleOf = (id: string): string => this.catalog.find(each => each.id === id)?.name ?? id;
    return [
      ...(await this.installed()).map(({ id, variant, sizeBytes, folder, damaged }): ModelOnDisk => (
        { id, variant, title: titleOf(id), sizeBytes, state: this.inUse(folder) ? 'inUse' : damaged === undefined ? 'unused' : 'damaged' })),
      ...(await this.partial()).map(({ id, variant, sizeBytes }): ModelOnDisk => ({ id, variant, title: titleOf(id), sizeBytes, state: 'partial' })),
    ];
  }

  /** Why the model of the settings is not used, if so. */
  get problem(): ViewStatus['modelProblem'] {
    const { engine: { status }, settings: { current: { model } } } = this.options;
    const known = findInCatalog(model, this.catalog);
    return status?.modelProblem && { ...status.modelProblem, title: known?.model.name ?? model, downloadable: known !== undefined && status.modelProblem.code !== 'modelInvalid' };
  }

  /** Rejects as `planDownload` and `downloadModel`; what was downloaded until then is kept. */
  async download(model: CatalogModel, variant: CatalogVariant, { licenseAccepted, signal, onProgress }: { licenseAccepted: boolean; signal: AbortSignal; onProgress: (progress: DownloadProgress) => void }): Promise<string> {
    const token = await this.token();
    const options: DownloadOptions = { modelsFolder: this.folder, endpoint: this.endpoint, ...token && { token }, cacheFolder: huggingFaceCache(), signal };
    try {
      const plan = await planDownload(model, variant, options);
      const startedAt = performance.now();
      const folder = await downloadModel(plan, { ...options, licenseAccepted, onProgress: each => onProgress({ ...each, ...each.reason !== undefined && { reason: this.options.engine.translate(each.reason) } }) });
      this.options.log.info(`Downloaded ${model.id} (${variant.variant}) at ${plan.commit.slice(0, 12)}: ${(plan.totalBytes / 1e6).toFixed(1)} MB in ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
      return folder;
    } catch (thrown) {
      throw this.#said(thrown);
    } finally {
      this.#changed.fire();
    }
  }

  /** The conformance check, in the engine. Rejects with the reason when the model must not be used. */
  async verify(folder: string, token?: vscode.CancellationToken): Promise<void> { await this.options.engine.request(Engine.verifyModel, { folder }, token); }

  /** Copies and checks a folder that another tool exported. */
  async import(from: string, name: string | undefined, token?: vscode.CancellationToken): Promise<{ id: string; variant: string; unchanged: boolean }> {
    const imported = await this.options.engine.request(Engine.importModel, { from, modelsFolder: this.folder, ...name !== undefined && { name } }, token);
    this.#changed.fire();
    return imported;
  }

  /** Removes a model, or what an interrupted download left; gives the bytes that became free. Rejects with 'usage' for one that this window uses. */
  async remove(id: string, variant: string): Promise<number> {
    if (this.inUse(modelFolder(this.folder, id, variant))) { throw new AssetSearchError('usage', vscode.l10n.t('{0} is in use. Choose another model before you remove it.', `${id} (${variant})`)); }
    const freedBytes = await removeModel(this.folder, `${id}@${variant}`).catch((thrown: unknown) => { throw this.#said(thrown); });
    this.options.log.info(`Removed the model ${id} (${variant}): ${(freedBytes / 1e6).toFixed(1)} MB`);
    this.#changed.fire();
    return freedBytes;
  }

  /** In the user's language. */
  #said(thrown: unknown): unknown { return thrown instanceof AssetSearchError ? new AssetSearchError(thrown.code, this.options.engine.translate(thrown.message), { cause: thrown }) : thrown; }

  /** It encodes or answers in this window, or the settings name it. */
  inUse(folder: string): boolean {
    const { engine: { status }, settings, context } = this.options;
    return [status?.model.folder, status?.serving?.folder, wantedModelFolder(settings.current, context)].includes(folder);
  }

  /** For all workspaces, or for this one. */
  async choose(name: string, everywhere: boolean): Promise<void> {
    if (name === this.options.settings.current.model) { this.#repaired.fire(); return; }
    const own = vscode.workspace.getConfiguration('assetSearch');
    if (everywhere) {
      await own.update('model', name === builtinId ? undefined : name, vscode.ConfigurationTarget.Global);
      await own.update('model', undefined, vscode.ConfigurationTarget.Workspace);
    } else {
      // What holds everywhere needs no line in this workspace.
      const { globalValue = builtinId } = own.inspect<string>('model') ?? {};
      await own.update('model', name === globalValue ? undefined : name, vscode.ConfigurationTarget.Workspace);
    }
  }

  /** Where models come from: the setting, `HF_ENDPOINT`, or the hub itself. */
  get endpoint(): string { return this.options.settings.current.hubEndpoint || process.env['HF_ENDPOINT'] || defaultEndpoint; }

  /** As people read it. */
  get hubName(): string { try { return new URL(this.endpoint).host; } catch { return this.endpoint; } }

  async token(): Promise<string | undefined> { return await this.options.context.secrets.get(tokenKey) ?? process.env['HF_TOKEN']?.trim(); }

  /** Without one, the kept one is deleted. */
  async setToken(token: string | undefined): Promise<void> {
    await (token ? this.options.context.secrets.store(tokenKey, token) : this.options.context.secrets.delete(tokenKey));
  }

  async hasToken(): Promise<boolean> { return await this.options.context.secrets.get(tokenKey) !== undefined; }
}
