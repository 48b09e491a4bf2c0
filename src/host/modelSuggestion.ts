/** Says once in a workspace of photographs or screenshots that another model would understand them, and what that costs. */
import { availableParallelism } from 'node:os';
import * as vscode from 'vscode';
import type { CatalogModel } from '../models/catalog';
import { builtinId } from '../models/manifest';
import { Engine } from '../protocol';
import { isCancelled, toErrorInfo } from './errors';
import type { Host } from './host';
import { sizeText } from './sizeText';

const suggestedKey = 'assetSearch.modelSuggested';
/** Seconds of one core for an image, measured by `npm run bench:models -- --shape tinyclip --shape b16 --variant int8` on two busy cores: TinyCLIP's shape in int8 gives 25 images a second and core, that of SigLIP 2's image tower 2.4; a photograph is read in 13 ms. */
const coreSeconds = { small: 0.055, multilingual: 0.45 };

export class ModelSuggestion implements vscode.Disposable {
  #looking = false;
  readonly #listener: vscode.Disposable;

  constructor(private readonly host: Host) {
    this.#listener = host.engine.onDidChangeStatus(() => void this.#consider());
  }

  dispose(): void { this.#listener.dispose(); }

  /** Looks when a run has ended: never while one is in work, never where nothing may be read without being asked. */
  async #consider(): Promise<void> {
    const { engine, context, log } = this.host;
    const status = engine.status;
    if (this.#looking || status?.state !== 'idle' || !status.lastRun || status.lastRun.cancelled || status.lastRun.seen === 0 || status.namesOnly || status.modelProblem || status.model.id !== builtinId
      || !vscode.workspace.isTrusted || context.workspaceState.get(suggestedKey, false)) { return; }
    this.#looking = true;
    try {
      const { images, photographs, screenshots, prevail } = await engine.request(Engine.pictureKinds, {});
      if (prevail && engine.status?.state === 'idle' && engine.status.model.id === builtinId) { await this.#suggest(images, photographs + screenshots); }
    } catch (error) {
      if (!isCancelled(error)) { log.debug(`The kinds of images are not known: ${toErrorInfo(error).message}`); }
    } finally {
      this.#looking = false;
    }
  }

  /** Said is said: whatever the answer, nobody is asked twice. */
  async #suggest(images: number, others: number): Promise<void> {
    const { context, models, settings } = this.host;
    const purpose = vscode.env.language.startsWith('en') ? 'small' : 'multilingual';
    const model: CatalogModel | undefined = models.catalog.find(({ recommended }) => recommended === purpose);
    if (!model) { return; }
    await context.workspaceState.update(suggestedKey, true);
    const minutes = Math.ceil(images * coreSeconds[purpose] / (settings.current.threads || availableParallelism()) / 60);
    const [choose, notNow] = [vscode.l10n.t('Choose Model…'), vscode.l10n.t('Not Now')];
    const choice = await vscode.window.showInformationMessage(vscode.l10n.t(
      '{0} of the {1} images here seem to be photographs or screenshots, which the built-in model does not understand. {2} does: {3} to download, and about {4} min to index them. Larger models find more.',
      others, images, model.name, sizeText(model.variants[0]!.sizeBytes), minutes,
    ), choose, notNow);
    if (choice === choose) { await vscode.commands.executeCommand('assetSearch.chooseModel'); }
  }
}
