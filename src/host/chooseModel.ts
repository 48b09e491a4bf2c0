/** What a person does with models: choose one from a list, download it with its licence in sight, import one of their own, remove one, set the hub's token. */
import { basename } from 'node:path';
import * as vscode from 'vscode';
import { AssetSearchError } from '../errors';
import { findInCatalog, type CatalogModel, type CatalogVariant } from '../models/catalog';
import type { DownloadProgress } from '../models/download';
import { builtinId } from '../models/manifest';
import { modelFolder } from '../models/modelsFolder';
import { Engine } from '../protocol';
import { translateCatalog } from './catalogTexts';
import { isCancelled, toErrorInfo } from './errors';
import { showError, type Host } from './host';
import { modelRows, settingName, variantRows, type ModelRow } from './modelRows';
import { sizeText } from './sizeText';

interface Item extends vscode.QuickPickItem { row?: ModelRow }

const card = (): vscode.QuickInputButton => ({ iconPath: new vscode.ThemeIcon('book'), tooltip: vscode.l10n.t('Model Card') });
const licence = (): vscode.QuickInputButton => ({ iconPath: new vscode.ThemeIcon('law'), tooltip: vscode.l10n.t('Licence') });
const trash = (): vscode.QuickInputButton => ({ iconPath: new vscode.ThemeIcon('trash'), tooltip: vscode.l10n.t('Remove') });
const versions = (): vscode.QuickInputButton => ({ iconPath: new vscode.ThemeIcon('versions'), tooltip: vscode.l10n.t('Other Sizes') });

export class ModelChooser {
  constructor(private readonly host: Host) {}

  /** Lets the user pick a model and makes it the one in use; `name` spares the list. Gives the name that was chosen. */
  async choose(name?: string): Promise<string | undefined> {
    const { workspaceValue, globalValue } = vscode.workspace.getConfiguration('assetSearch').inspect('model') ?? {};
    // What was chosen for all workspaces stays so.
    let everywhere = workspaceValue === undefined && globalValue !== undefined;
    let row: ModelRow | undefined;
    if (name === undefined) {
      ({ row, everywhere } = await this.#pick(everywhere));
    } else {
      row = (await this.#rows(name)).find(each => each.group === 'current');
      if (!row) { throw new AssetSearchError('modelMissing', vscode.l10n.t('There is no model "{0}" here, and none of this name to download. Choose another one.', name)); }
    }
    return row && await this.#use(row, everywhere) ? row.name : undefined;
  }

  async #rows(current = this.host.settings.current.model): Promise<ModelRow[]> {
    const { models } = this.host;
    const [{ sizeBytes, manifest }, installed, partial] = await Promise.all([models.builtin(), models.installed(), models.partial()]);
    return modelRows({ builtin: { name: vscode.l10n.t('Built-in icon model'), variant: manifest?.variant ?? '', license: manifest?.license ?? '', sizeBytes }, installed, partial }, current, models.catalog);
  }

  // ── the list

  #pick(everywhere: boolean): Promise<{ row?: ModelRow; everywhere: boolean }> {
    const pick = vscode.window.createQuickPick<Item>();
    pick.placeholder = vscode.l10n.t('Which model shall look at the images?');
    pick.matchOnDescription = true;
    pick.matchOnDetail = true;
    pick.ignoreFocusOut = true;
    const folder: vscode.QuickInputButton = { iconPath: new vscode.ThemeIcon('folder-opened'), tooltip: vscode.l10n.t('Import Model from Folder…') };
    const scope = (): vscode.QuickInputButton => everywhere
      ? { iconPath: new vscode.ThemeIcon('globe'), tooltip: vscode.l10n.t('Chosen for all workspaces. Press to choose for this one alone.') }
      : { iconPath: new vscode.ThemeIcon('root-folder'), tooltip: vscode.l10n.t('Chosen for this workspace. Press to choose for all.') };
    /** Set while the sizes of one model are shown. */
    let sizesOf: CatalogModel | undefined;
    const drawTitle = (): void => {
      pick.title = everywhere ? vscode.l10n.t('Choose Model for All Workspaces') : vscode.l10n.t('Choose Model for This Workspace');
      pick.buttons = sizesOf ? [vscode.QuickInputButtons.Back] : [scope(), folder];
    };
    const list = async (): Promise<void> => {
      pick.busy = true;
      const [installed, partial] = await Promise.all([this.host.models.installed(), this.host.models.partial()]);
      pick.items = sizesOf ? variantRows(sizesOf, partial, installed).map(row => this.#item(row, true)) : this.#grouped(await this.#rows());
      pick.busy = false;
    };
    const showSizes = async (model: CatalogModel | undefined): Promise<void> => {
      sizesOf = model;
      pick.value = '';
      drawTitle();
      await list();
    };
    drawTitle();
    void list();
    return new Promise(resolve => {
      let row: ModelRow | undefined;
      pick.onDidAccept(() => { row = pick.selectedItems[0]?.row; if (row) { pick.hide(); } });
      pick.onDidTriggerButton(button => {
        if (button === folder) { pick.hide(); void vscode.commands.executeCommand('assetSearch.importModel'); return; }
        if (button === vscode.QuickInputButtons.Back) { void showSizes(undefined); return; }
        everywhere = !everywhere;
        drawTitle();
      });
      pick.onDidTriggerItemButton(async ({ item: { row: each }, button }) => {
        if (!each) { return; }
        try {
          switch ((button.iconPath as vscode.ThemeIcon).id) {
            case 'book': await this.showCard(each.id); break;
            case 'law': await openPage(each.known!.license.url); break;
            case 'versions': await showSizes(each.known); break;
            case 'trash': if (await this.remove(each.id, each.variant)) { await list(); } break;
          }
        } catch (error) {
          showError(this.host, error);
        }
      });
      pick.onDidHide(() => { pick.dispose(); resolve({ ...row && { row }, everywhere }); });
      pick.show();
    });
  }

  #grouped(rows: readonly ModelRow[]): Item[] {
    const names = { current: vscode.l10n.t('In use'), installed: vscode.l10n.t('Installed'), recommended: vscode.l10n.t('Recommended'), more: vscode.l10n.t('More') };
    return rows.flatMap((row, index) => [
      ...row.group === rows[index - 1]?.group ? [] : [{ label: names[row.group], kind: vscode.QuickPickItemKind.Separator }], this.#item(row, false),
    ]);
  }

  #item(row: ModelRow, sizes: boolean): Item {
    const { known, installed, partialBytes, id, variant } = row;
    const here = installed !== undefined || id === builtinId;
    return {
      row,
      label: `${here ? '$(check)' : '$(cloud-download)'} ${row.title}`,
      // What speaks against it comes first: the line is cut off at its end.
      description: [
        ...known?.license.researchOnly ? [vscode.l10n.t('for research only')] : [],
        ...known?.verified === 'unverified' ? [vscode.l10n.t('unverified')] : [],
        ...installed?.damaged !== undefined ? [vscode.l10n.t('damaged')] : !here && row.group === 'current' ? [vscode.l10n.t('not installed')] : sizes && here ? [vscode.l10n.t('installed')] : [],
        sizeText(row.sizeBytes), ...partialBytes !== undefined ? [vscode.l10n.t('{0} downloaded', sizeText(partialBytes))] : [], variant, ...id === builtinId ? [vscode.l10n.t('English; other languages a little')] : known ? [translateCatalog(known.languages)] : [],
        row.license || vscode.l10n.t('licence not stated'),
      ].join(' · '),
      detail: id === builtinId ? vscode.l10n.t('Icons, emoji, logos and flat drawings; not photographs or screenshots')
        : known ? `${translateCatalog(known.bestFor)}. ${translateCatalog(known.description)}` : installed?.manifest?.description,
      buttons: [
        ...!sizes && known && known.variants.length > 1 ? [versions()] : [], ...id === builtinId || known || installed?.manifest?.source ? [card()] : [],
        ...known ? [licence()] : [], ...installed ? [trash()] : [],
      ],
    };
  }

  // ── using one

  /** Downloads it where it is not here, has it checked, and sets it. Whatever fails, all stays as it was. */
  async #use(row: ModelRow, everywhere: boolean): Promise<boolean> {
    const { models, engine, settings, log } = this.host;
    const found = findInCatalog(`${row.id}@${row.variant}`, models.catalog);
    // Where no model can run, or nothing may be read yet, nobody should download one first.
    const { namesOnly, model: before, modelProblem } = await engine.request(Engine.status, {});
    if (namesOnly) { throw new AssetSearchError(namesOnly.code as 'nativeMissing', namesOnly.message); }
    if (row.id !== builtinId) {
      const missing = found !== undefined && (row.installed === undefined || row.installed.damaged !== undefined);
      if (missing && found && !await this.#confirm(found.model, found.variant, row.partialBytes)) { return false; }
      for (;;) {
        try {
          await this.#prepare(row, missing ? found : undefined);
          break;
        } catch (error) {
          if (isCancelled(error)) {
            if (missing) { void vscode.window.showInformationMessage(vscode.l10n.t('The download of {0} was stopped. What was downloaded is kept: choose the model again to go on.', row.title)); }
            return false;
          }
          log.warn(`${row.name} is not used: ${toErrorInfo(error).code}: ${toErrorInfo(error).message}`);
          if (!await this.#offerRemedy(error, row, found?.model)) { return false; }
        }
      }
    }
    const named = row.name === settings.current.model;
    await models.choose(row.name, everywhere);
    if (!named || modelProblem) { void this.#tell(row, before.name); }
    return true;
  }

  async #confirm({ name, description, license, repo, verified, note }: CatalogModel, { sizeBytes, variant }: CatalogVariant, partialBytes: number | undefined): Promise<boolean> {
    const download = license.researchOnly ? vscode.l10n.t('Download for Research Only') : vscode.l10n.t('Download');
    const showLicence = vscode.l10n.t('Open Licence Page');
    for (;;) {
      const choice = await vscode.window.showInformationMessage(vscode.l10n.t('Download {0}?', `${name} (${variant})`), {
        modal: true, detail: [
          translateCatalog(description),
          [
            partialBytes === undefined ? vscode.l10n.t('Size: about {0}', sizeText(sizeBytes)) : vscode.l10n.t('Size: about {0}, of which {1} are here already', sizeText(sizeBytes), sizeText(partialBytes)),
            vscode.l10n.t('Licence: {0} ({1})', license.name, license.url),
            vscode.l10n.t('From: {0}', `${this.host.models.hubName}/${repo}`),
          ].join('\n'),
          ...license.researchOnly ? [vscode.l10n.t('Its licence allows research only, no commercial use. Download it only if that is what you do.')] : [],
          verified === 'verified' ? vscode.l10n.t('Its settings were verified against what its publisher states. It is checked here before it is used.') : vscode.l10n.t('Unverified. {0} It is checked here before it is used.', translateCatalog(note)),
          vscode.l10n.t('Then all images of this workspace are indexed with it. Until that is done, the index there is goes on answering.'),
        ].join('\n\n'),
      }, download, showLicence);
      if (choice !== showLicence) { return choice === download; }
      await openPage(license.url);
    }
  }

  /** Download and check in one notification, which stays when the list is gone. */
  async #prepare(row: ModelRow, found: { model: CatalogModel; variant: CatalogVariant } | undefined): Promise<void> {
    const { models } = this.host;
    await vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title: row.title, cancellable: true }, async (progress, token) => {
      const stop = new AbortController();
      const listener = token.onCancellationRequested(() => stop.abort());
      let shown = 0;
      try {
        if (found) {
          progress.report({ message: vscode.l10n.t('Asking {0}', models.hubName) });
          await models.download(found.model, found.variant, {
            licenseAccepted: true, signal: stop.signal, onProgress: each => {
              const percent = each.totalBytes > 0 ? each.doneBytes / each.totalBytes * 100 : 0;
              progress.report({ message: progressText(each), increment: Math.max(0, percent - shown) });
              shown = Math.max(shown, percent);
            },
          });
        }
        progress.report({ message: vscode.l10n.t('Checking the model'), increment: 100 - shown });
        await models.verify(modelFolder(models.folder, row.id, row.variant), token);
      } finally {
        listener.dispose();
      }
    });
  }

  /** Says what happened, with what helps against it; true to try again. */
  async #offerRemedy(error: unknown, { id, variant }: ModelRow, model: CatalogModel | undefined): Promise<boolean> {
    const { code, message } = toErrorInfo(error);
    const [again, token, page, log, remove] = [vscode.l10n.t('Retry'), vscode.l10n.t('Set Token…'), vscode.l10n.t('Open Model Page'), vscode.l10n.t('Show Log'), vscode.l10n.t('Remove Model')];
    const buttons = code === 'downloadForbidden' ? [token, page, again] : code === 'modelInvalid' ? [remove, log] : [again, log];
    switch (await vscode.window.showErrorMessage(message, ...buttons)) {
      case again: return true;
      case token: return this.setToken();
      case page: if (model) { await openPage(this.#pageOf(model.repo)); } return false;
      case log: this.host.log.show(); return false;
      case remove: await this.host.models.remove(id, variant).catch(thrown => showError(this.host, thrown)); return false;
      default: return false;
    }
  }

  async #tell({ title }: ModelRow, before: string): Promise<void> {
    const automatic = this.host.settings.current.autoIndex && !this.host.indexing.paused && vscode.workspace.isTrusted;
    const [show, index] = [vscode.l10n.t('Show Index Status'), vscode.l10n.t('Update Index')];
    const choice = automatic
      ? await vscode.window.showInformationMessage(vscode.l10n.t('The images are being indexed with {0}. Until that is done, the index of {1} answers.', title, before), show)
      : await vscode.window.showInformationMessage(vscode.l10n.t('{0} is chosen. Update the index to use it; until then the index of {1} answers.', title, before), index);
    if (choice === show) { await vscode.commands.executeCommand('assetSearch.showStatus'); }
    if (choice === index) { await vscode.commands.executeCommand('assetSearch.index'); }
  }

  // ── the other commands

  /** Asks for what is not given; `use` makes it the model in use without a question. Gives the name of the imported model. */
  async importFolder(from?: vscode.Uri, options: { name?: string; use?: boolean } = {}): Promise<string | undefined> {
    const { models, engine } = this.host;
    const folder = from ?? (await vscode.window.showOpenDialog({ title: vscode.l10n.t('Import Model from Folder'), openLabel: vscode.l10n.t('Import'), canSelectFiles: false, canSelectFolders: true }))?.[0];
    if (!folder) { return undefined; }
    const name = options.name ?? (options.use === undefined ? await vscode.window.showInputBox({
      title: vscode.l10n.t('Import Model from Folder'), prompt: vscode.l10n.t('What the model is called from now on'), value: basename(folder.fsPath).replace(/[^A-Za-z0-9._-]+/g, '-'), ignoreFocusOut: true,
      validateInput: text => /^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9_-])?$/.test(text) ? undefined : vscode.l10n.t('Letters, digits, ".", "_" and "-" only, a letter or digit first.'),
    }) : undefined);
    if (name === undefined && options.use === undefined) { return undefined; }
    await engine.request(Engine.status, {});
    const { id, variant, unchanged } = await vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title: basename(folder.fsPath), cancellable: true }, (progress, token) => {
      progress.report({ message: vscode.l10n.t('Copying and checking the model') });
      return models.import(folder.fsPath, name, token);
    });
    const imported = settingName(id, variant, await models.installed(), models.catalog);
    const use = vscode.l10n.t('Use It');
    if (options.use ?? await vscode.window.showInformationMessage(unchanged ? vscode.l10n.t('{0} was imported before and is unchanged.', id) : vscode.l10n.t('{0} is imported and has passed the check.', id), use) === use) { await this.choose(imported); }
    return imported;
  }

  /** Asks first, with the size; tells whether it is gone. */
  async remove(id: string, variant: string): Promise<boolean> {
    const { models } = this.host;
    const match = (each: { id: string; variant: string }): boolean => each.id === id && each.variant === variant;
    const installed = (await models.installed()).find(match);
    const found = installed ?? (await models.partial()).find(match);
    if (!found) { return false; }
    const title = models.catalog.find(each => each.id === id)?.name ?? id;
    if (installed && models.inUse(installed.folder)) { throw new AssetSearchError('usage', vscode.l10n.t('{0} is in use. Choose another model before you remove it.', title)); }
    const remove = vscode.l10n.t('Remove');
    const choice = await vscode.window.showWarningMessage(vscode.l10n.t('Remove {0} from this machine?', `${title} (${variant})`), {
      modal: true, detail: vscode.l10n.t('{0} become free. Indexes that were made with it stay, and are of use again when you download or import the same model.', sizeText(found.sizeBytes)),
    }, remove);
    if (choice !== remove) { return false; }
    await models.remove(id, variant);
    return true;
  }

  /** The command: which one? */
  async pickAndRemove(): Promise<boolean> {
    const { models } = this.host;
    const items = [...(await models.installed()).map(({ id, variant, sizeBytes, folder }) => ({ id, variant, sizeBytes, inUse: models.inUse(folder) })), ...(await models.partial()).map(each => ({ ...each, inUse: false, partial: true }))]
      .map(each => ({ ...each, label: each.id, description: [each.variant, sizeText(each.sizeBytes), ...each.inUse ? [vscode.l10n.t('in use')] : [], ...'partial' in each ? [vscode.l10n.t('interrupted download')] : []].join(' · ') }));
    if (items.length === 0) { void vscode.window.showInformationMessage(vscode.l10n.t('No model is installed besides the built-in one, which stays.')); return false; }
    const chosen = await vscode.window.showQuickPick(items, { title: vscode.l10n.t('Remove Model'), placeHolder: vscode.l10n.t('Which model shall be removed?') });
    return chosen !== undefined && this.remove(chosen.id, chosen.variant);
  }

  /** Tells whether one was set. */
  async setToken(): Promise<boolean> {
    const { models } = this.host;
    const set = await models.hasToken();
    const token = await vscode.window.showInputBox({
      title: vscode.l10n.t('Hub Access Token'), password: true, ignoreFocusOut: true,
      prompt: set ? vscode.l10n.t('A token is kept in VS Code\'s secret storage. Type another one, or leave this empty to delete it.') : vscode.l10n.t('For models that are given only to people who accepted their terms. It is kept in VS Code\'s secret storage and sent to {0} alone.', models.hubName),
      validateInput: text => /^\S*$/.test(text.trim()) ? undefined : vscode.l10n.t('A token holds no spaces.'),
    });
    if (token === undefined) { return false; }
    await models.setToken(token.trim() || undefined);
    if (set && token.trim() === '') { void vscode.window.showInformationMessage(vscode.l10n.t('The token is deleted.')); }
    return token.trim() !== '';
  }

  /** Of the model in use when none is named. */
  async showCard(id?: string): Promise<void> {
    const { models, engine, context } = this.host;
    const wanted = id ?? engine.status?.model.id ?? builtinId;
    const source = (await models.installed()).find(each => each.id === wanted)?.manifest?.source;
    const repo = source?.repo ?? models.catalog.find(each => each.id === wanted)?.repo;
    if (repo !== undefined) { await openPage(this.#pageOf(repo)); return; }
    if (wanted !== builtinId) { throw new AssetSearchError('usage', vscode.l10n.t('{0} was imported from a folder: what its publisher says of it is there.', wanted)); }
    await vscode.commands.executeCommand('markdown.showPreview', vscode.Uri.joinPath(context.extensionUri, 'media', 'builtin', 'README.md'));
  }

  #pageOf(repo: string): string { return `${this.host.models.endpoint.replace(/\/$/, '')}/${repo}`; }
}

function progressText({ phase, doneBytes, totalBytes, bytesPerSecond, reason }: DownloadProgress): string {
  const amount = vscode.l10n.t('{0} of {1}', sizeText(doneBytes), sizeText(totalBytes));
  switch (phase) {
    case 'copying': return vscode.l10n.t('Copying what is here already: {0}', amount);
    case 'waiting': return vscode.l10n.t('Waiting for another window that downloads it: {0}', amount);
    case 'retrying': return vscode.l10n.t('Trying again in a moment. {0}', reason ?? '');
    case 'downloading': return bytesPerSecond > 0 ? vscode.l10n.t('Downloading {0}, {1}/s', amount, sizeText(bytesPerSecond)) : vscode.l10n.t('Downloading {0}', amount);
  }
}

async function openPage(url: string): Promise<void> { await vscode.env.openExternal(vscode.Uri.parse(url)); }
