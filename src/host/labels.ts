/** What a person does with labels: label many images by words or a label set, set them by hand, clear, take back, export, and share with the team. */
import { dirname, join } from 'node:path';
import * as vscode from 'vscode';
import { Engine, type AssetKey, type LabelExportFormat, type LabelRunResult, type LabelScope } from '../protocol';
import { AssetSearchError } from '../errors';
import { showError, type Host } from './host';
import { keyOf, pathBelow } from './roots';

export type LabelSets = Readonly<Record<string, readonly string[]>>;

/** Relative to each workspace folder; the engine reads it there. */
export const teamFilePath = '.vscode/asset-labels.json';
const rememberedKey = 'assetSearch.labels';
const maxLabels = 500;
/** From this many images on, labelling is worth a question: more than anyone looks through. */
const confirmFrom = 200;

const numberOf = (value: number): string => new Intl.NumberFormat(vscode.env.language).format(value);

export const splitLabels = (text: string): string[] => [...new Set(text.split(',').map(label => label.trim()).filter(Boolean))].slice(0, maxLabels);

export class Labels implements vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<void>();
  /** Kept labels are others now. */
  readonly onDidChange = this.#changed.event;

  constructor(private readonly host: Omit<Host, 'labels'>) {}

  dispose(): void { this.#changed.dispose(); }

  /** `words` spares the questions. */
  async askAndRun(scope: LabelScope, title: string, words?: unknown): Promise<LabelRunResult | undefined> {
    if (Array.isArray(words)) { return this.run(scope, words.map(String), false); }
    const labels = await this.ask(title);
    return labels && this.run(scope, labels);
  }

  /** Labels what the scope holds and keeps it; asks before many, and says how it went, with a way back. Undefined when it was not wanted. */
  async run(scope: LabelScope, labels: readonly string[], confirm = true): Promise<LabelRunResult | undefined> {
    const { engine } = this.host;
    if (confirm && !await this.#confirmRun(scope, labels)) { return undefined; }
    const result = await vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title: vscode.l10n.t('Labelling images'), cancellable: true }, async (progress, token) => {
      let reported = 0;
      const listener = engine.onLabelProgress(({ done, total }) => {
        const percent = total > 0 ? done / total * 100 : 0;
        progress.report({ message: vscode.l10n.t('{0} of {1}', done, total), increment: Math.max(0, percent - reported) });
        reported = Math.max(reported, percent);
      });
      if (engine.status?.state === 'indexing' || engine.status?.state === 'indexingElsewhere') { progress.report({ message: vscode.l10n.t('Waiting until the index is up to date') }); }
      try {
        return await engine.request(Engine.labelMany, { scope, labels: [...labels] }, token);
      } finally {
        listener.dispose();
      }
    });
    this.#changed.fire();
    const { images, unsure, changed, cancelled, seconds } = result;
    this.host.log.info(`Labelled ${images} images with ${labels.length} labels in ${seconds.toFixed(1)} s: ${changed} changed, ${unsure} unsure${cancelled ? ' (cancelled)' : ''}`);
    void this.#offerUndo([
      cancelled ? vscode.l10n.t('Labelling was stopped; what was done is kept.') : '',
      vscode.l10n.t('Images labelled: {0}; unsure: {1}.', images - unsure, unsure),
    ].filter(Boolean).join(' '), changed);
    return result;
  }

  async #confirmRun(scope: LabelScope, labels: readonly string[]): Promise<boolean> {
    const images = scope.keys?.length ?? (await this.host.engine.request(Engine.browse, { offset: 0, limit: 1, filter: scope.filter })).total;
    if (images < confirmFrom) { return true; }
    const label = vscode.l10n.t('Label');
    return await vscode.window.showWarningMessage(vscode.l10n.t('Label {0} images?', numberOf(images)), {
      modal: true, detail: vscode.l10n.t('Of these words each image keeps what is sure: {0}. Labels set by hand stay, and this can be undone.', labels.join(', ')),
    }, label) === label;
  }

  async set(scope: LabelScope, add: readonly string[], remove: readonly string[]): Promise<void> {
    await this.host.engine.request(Engine.setLabels, { scope, add: [...add], remove: [...remove] });
    this.#changed.fire();
  }

  /** Asks first, with the number of images that it concerns. */
  async clear(scope: LabelScope, confirm = true): Promise<number> {
    const { engine } = this.host;
    if (confirm) {
      const { rows } = await engine.request(Engine.exportLabels, { scope, format: 'json' });
      if (rows === 0) { void vscode.window.showInformationMessage(vscode.l10n.t('There are no labels to clear.')); return 0; }
      const clear = vscode.l10n.t('Clear Labels');
      const choice = await vscode.window.showWarningMessage(scope.keys || scope.filter ? vscode.l10n.t('Clear the labels of what is listed ({0})?', rows) : vscode.l10n.t('Clear all labels of this workspace ({0})?', rows), {
        modal: true, detail: vscode.l10n.t('Labels set by hand go, too. Those in {0} come back when the file is read again.', teamFilePath),
      }, clear);
      if (choice !== clear) { return 0; }
    }
    const cleared = await engine.request(Engine.clearLabels, { scope });
    this.#changed.fire();
    void this.#offerUndo(vscode.l10n.t('Images whose labels were cleared: {0}.', cleared), cleared);
    return cleared;
  }

  async undo(): Promise<number> {
    const images = await this.host.engine.request(Engine.undoLabels, {});
    this.#changed.fire();
    void vscode.window.setStatusBarMessage(images === 0 ? vscode.l10n.t('There is no change of labels to undo.') : vscode.l10n.t('Images with their labels of before: {0}.', images), 5_000);
    return images;
  }

  async #offerUndo(text: string, changed: number): Promise<void> {
    const undo = vscode.l10n.t('Undo');
    if (await vscode.window.showInformationMessage(text, ...changed > 0 ? [undo] : []) === undo) { await this.undo().catch(error => showError(this.host, error)); }
  }

  /** `given` spares the dialog, for keybindings and tests. */
  async export(scope: LabelScope, given?: vscode.Uri): Promise<vscode.Uri | undefined> {
    const { engine, roots } = this.host;
    const folder = roots()[0]?.path;
    const target = given ?? await vscode.window.showSaveDialog({
      title: vscode.l10n.t('Export Labels'), filters: { 'CSV': ['csv'], 'JSON': ['json'] }, ...folder && { defaultUri: vscode.Uri.file(join(folder, 'asset-labels.csv')) },
    });
    if (!target) { return undefined; }
    const format: LabelExportFormat = /\.json$/i.test(target.path) ? 'json' : 'csv';
    const { text, rows } = await engine.request(Engine.exportLabels, { scope, format });
    await vscode.workspace.fs.writeFile(target, new TextEncoder().encode(text));
    const open = vscode.l10n.t('Open');
    void vscode.window.showInformationMessage(vscode.l10n.t('Labels exported: {0}.', rows), open).then(choice => choice === open && vscode.commands.executeCommand('vscode.open', target));
    return target;
  }

  /** Writes the team's file of each folder that has labels or has such a file. */
  async exportTeam(): Promise<vscode.Uri[]> {
    const { engine, roots } = this.host;
    const written: vscode.Uri[] = [];
    let images = 0;
    for (const { root, text, images: count, error } of await engine.request(Engine.exportTeamLabels, {})) {
      const path = roots().find(({ id }) => id === root)?.path;
      if (path === undefined) { continue; }
      const file = vscode.Uri.file(join(path, teamFilePath));
      const old = await vscode.workspace.fs.readFile(file).then(bytes => new TextDecoder().decode(bytes), () => undefined);
      if (count === 0 && old === undefined) { continue; }
      if (error) { throw new AssetSearchError(error.code as 'labelFileInvalid', engine.translate(error.message)); }
      if (old !== text) {
        await vscode.workspace.fs.createDirectory(vscode.Uri.file(dirname(file.fsPath)));
        await vscode.workspace.fs.writeFile(file, new TextEncoder().encode(text));
      }
      written.push(file);
      images += count;
    }
    const [first] = written;
    if (!first) { void vscode.window.showInformationMessage(vscode.l10n.t('There are no labels to share yet.')); return []; }
    const open = vscode.l10n.t('Open');
    void vscode.window.showInformationMessage(vscode.l10n.t('Images whose labels are in {1}: {0}. Commit it, and your team has them.', images, teamFilePath), open)
      .then(choice => choice === open && vscode.commands.executeCommand('vscode.open', first));
    return written;
  }

  /** Brings the kept labels to what the team's files say; a file that is wrong is told. */
  async readTeam(): Promise<void> {
    const { changed, errors } = await this.host.engine.request(Engine.readTeamLabels, {});
    if (changed > 0) {
      this.host.log.info(`${changed} contents have other labels from ${teamFilePath}`);
      this.#changed.fire();
    }
    for (const { root, error } of errors) {
      const open = vscode.l10n.t('Open File');
      void vscode.window.showWarningMessage(this.host.engine.translate(error.message), open).then(choice => {
        const path = this.host.roots().find(({ id }) => id === root)?.path;
        if (choice === open && path !== undefined) { void vscode.commands.executeCommand('vscode.open', vscode.Uri.file(join(path, teamFilePath))); }
      });
    }
  }

  /** Saves words under a name in the settings, of the workspace or of the user; a set of this name is replaced where it stands. */
  async saveSet(labels: readonly string[]): Promise<void> {
    const configuration = vscode.workspace.getConfiguration('assetSearch');
    const { globalValue = {}, workspaceValue = {} } = configuration.inspect<Record<string, string[]>>('labelSets') ?? {};
    const title = vscode.l10n.t('Save as Label Set');
    const name = (await vscode.window.showInputBox({
      title, prompt: labels.join(', '), placeHolder: vscode.l10n.t('UI state'),
      validateInput: value => !value.trim() ? vscode.l10n.t('Give the set a name.')
        : value.trim() in workspaceValue || value.trim() in globalValue ? { message: vscode.l10n.t('Replaces the set of this name.'), severity: vscode.InputBoxValidationSeverity.Warning } : undefined,
    }))?.trim();
    if (!name) { return; }
    const workspace = { label: vscode.l10n.t('This Workspace'), detail: vscode.l10n.t('For everybody who opens it, when its settings are shared'), target: vscode.ConfigurationTarget.Workspace };
    const user = { label: vscode.l10n.t('All My Workspaces'), detail: vscode.l10n.t('In your own settings'), target: vscode.ConfigurationTarget.Global };
    const chosen = name in workspaceValue ? workspace : name in globalValue ? user : await vscode.window.showQuickPick([workspace, user], { title, placeHolder: vscode.l10n.t('Where “{0}” is offered', name) });
    if (!chosen) { return; }
    const own = chosen === user ? globalValue : workspaceValue;
    await configuration.update('labelSets', { ...own, [name]: [...labels] }, chosen.target);
  }

  /** Asks for the words: a label set, or words of one's own. */
  async ask(title: string): Promise<string[] | undefined> {
    const { settings, context } = this.host;
    const sets = Object.entries(settings.current.labelSets);
    if (sets.length > 0) {
      const own = { label: vscode.l10n.t('Other Words…'), iconPath: new vscode.ThemeIcon('edit'), words: undefined };
      const chosen = await vscode.window.showQuickPick([...sets.map(([name, words]) => ({ label: name, description: words.join(', '), iconPath: new vscode.ThemeIcon('tag'), words })), own], {
        title, placeHolder: vscode.l10n.t('A label set, or words of your own'), matchOnDescription: true,
      });
      if (!chosen) { return undefined; }
      if (chosen.words) { return [...chosen.words]; }
    }
    const text = await vscode.window.showInputBox({
      title,
      prompt: vscode.l10n.t('Words to choose from, separated by commas'),
      placeHolder: vscode.l10n.t('cat, dog, bird'),
      value: context.workspaceState.get<string>(rememberedKey, ''),
      validateInput: value => splitLabels(value).length >= 2 ? undefined : vscode.l10n.t('Enter at least two words: the probabilities compare them.'),
    });
    if (text === undefined) { return undefined; }
    await context.workspaceState.update(rememberedKey, text);
    return splitLabels(text);
  }
}

/** The folder or images of an Explorer menu as a scope; undefined when none of them lies in the workspace. */
export function scopeOf({ roots }: Pick<Host, 'roots'>, uris: readonly vscode.Uri[]): LabelScope | undefined {
  const keys: AssetKey[] = uris.flatMap(uri => keyOf(roots(), uri) ?? []);
  const whole = uris.flatMap(uri => roots().filter(root => pathBelow(root.path, uri.fsPath) === '').map(({ id }) => ({ root: id, path: '' })));
  const folders = [...whole, ...keys.map(({ root, path }) => ({ root, path }))];
  return folders.length > 0 ? { filter: { folders } } : undefined;
}
