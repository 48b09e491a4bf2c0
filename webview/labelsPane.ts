/** Labels in the panel: candidate words, how probable each is for an image or how many images each got, and the kept labels of what is selected. */
import { CancellationTokenSource } from 'vscode-jsonrpc/browser';
import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import { View, type LabelCommand, type LabelCounts, type LabelResult, type LabelRunResult, type LabelScope, type Tile } from '../src/protocol';
import { toErrorInfo, type Host } from './connection';
import { captionOf, keyOf } from './grid';
import { icon } from './icons';
import type { LabelTarget } from './listing';
import { countOf, type Translate } from './localize';
import { sharedStyles } from './theme';

/** Images whose bars are shown at once: more than anyone reads. */
const maxImages = 24;

@customElement('labels-pane')
export class LabelsPane extends LitElement {
  @property({ attribute: false }) t!: Translate;
  @property({ attribute: false }) host!: Host;
  @property() value = '';
  /** The selected images, or the first in sight. */
  @property({ attribute: false }) images: Tile[] = [];
  @property({ type: Boolean }) selected = false;
  /** What is listed: exporting and clearing concern it. */
  @property({ attribute: false }) scope: LabelScope = {};
  /** What labelling all of it covers. */
  @property({ attribute: false }) target: LabelTarget = { kind: 'all', images: 0 };
  @property({ attribute: false }) targetScope!: () => Promise<LabelScope>;
  @property({ attribute: false }) sets: Readonly<Record<string, readonly string[]>> = {};
  @property({ attribute: false }) counts: LabelCounts = { labels: [], unlabelled: 0 };
  /** The label that the list is filtered by. */
  @property({ attribute: false }) filtered: string | undefined;

  @state() private results: { tile: Tile; result: LabelResult }[] = [];
  @state() private run: LabelRunResult | undefined;
  @state() private running = false;
  @state() private error: string | undefined;

  private cancellation = new CancellationTokenSource();

  static override styles = [sharedStyles, css`
    :host { display: flex; flex-direction: column; min-height: 0; gap: 8px; }
    h2 { margin: 0; font-size: 11px; font-weight: 600; text-transform: uppercase; letter-spacing: .03em; color: var(--vscode-sideBarSectionHeader-foreground, var(--vscode-foreground)); }
    form { display: flex; gap: 6px; align-items: center; }
    input { flex: 1; min-width: 0; height: 28px; padding: 0 7px; font: inherit; border-radius: 4px; color: var(--vscode-input-foreground); background: var(--vscode-input-background); border: 1px solid var(--vscode-input-border, var(--vscode-contrastBorder, transparent)); }
    input:focus { outline: 1px solid var(--vscode-focusBorder); outline-offset: -1px; }
    input::placeholder { color: var(--vscode-input-placeholderForeground); opacity: 1; }
    .hint { margin: 0; font-size: 12px; color: var(--vscode-descriptionForeground); }
    .results { overflow: auto; display: grid; gap: 12px; align-content: start; min-height: 0; margin: 0; padding: 0 2px 8px 0; list-style: none; }
    .image { display: grid; grid-template-columns: 44px 1fr; gap: 4px 10px; align-items: start; }
    .thumbnail { width: 44px; height: 44px; border-radius: 5px; background: var(--chip-light); object-fit: contain; padding: 4px; border: 1px solid var(--tile-border); }
    .name { font-size: 12px; line-height: 18px; font-weight: 600; }
    .bars { display: grid; grid-template-columns: minmax(40px, max-content) 1fr max-content; gap: 3px 8px; align-items: center; font-size: 12px; line-height: 16px; }
    .bars .label { max-width: 110px; }
    .bar { height: 6px; border-radius: 3px; background: color-mix(in srgb, var(--vscode-foreground) 12%, transparent); overflow: hidden; border: 1px solid var(--vscode-contrastBorder, transparent); }
    .fill { height: 100%; background: var(--meter); border-radius: 3px; transform-origin: 0 0; }
    @media (forced-colors: active) { .thumbnail { forced-color-adjust: none; } .fill { background: Highlight; } }
    .best { color: var(--vscode-foreground); font-weight: 600; }
    .number { font-variant-numeric: tabular-nums; text-align: end; }
    .alarm { margin: 0; }
    .alarm .icon { font-size: 14px; vertical-align: text-bottom; color: var(--vscode-errorForeground); }
    .row { display: contents; color: var(--vscode-descriptionForeground); }
    .body { display: flex; flex-direction: column; gap: 12px; overflow: auto; min-height: 0; flex: 1; padding: 2px 2px 8px 1px; }
    .body .results { overflow: visible; padding: 0; }
    .results:empty { display: none; }
    .buttons { display: flex; gap: 6px; flex-wrap: wrap; align-items: center; }
    vscode-dropdown { width: 100%; --dropdown-z-index: 5; }
    vscode-option { --list-active-selection-foreground: var(--vscode-list-activeSelectionForeground, var(--vscode-foreground)); }
    h3 { margin: 0 0 4px; padding: 0 4px; font-size: 12px; font-weight: 600; display: flex; justify-content: space-between; gap: 8px; }
    h3 .link { font-weight: normal; }
    .summary { display: grid; gap: 1px; margin: 0; padding: 0; list-style: none; font-size: 12px; line-height: 18px; }
    .summary button, .unsure { display: grid; grid-template-columns: 96px 1fr 44px; gap: 8px; align-items: center; width: 100%; padding: 1px 4px; border: 1px solid transparent; border-radius: 4px; background: none; color: inherit; font: inherit; text-align: start; }
    .summary button { cursor: pointer; }
    .summary button:hover { background: var(--tile-hover); outline: 1px dashed var(--vscode-toolbar-hoverOutline, transparent); outline-offset: -1px; }
    .summary button:focus-visible { outline: 1px solid var(--vscode-focusBorder); outline-offset: -1px; }
    .summary button[aria-pressed=true] { background: var(--tile-plain); font-weight: 600; border-color: var(--vscode-contrastActiveBorder, var(--vscode-focusBorder)); }
    .summary .fill { display: block; }
    .unsure { color: var(--vscode-descriptionForeground); }
    .unsure .fill { opacity: .45; }
    .kept { display: flex; flex-wrap: wrap; gap: 4px; margin: 0 0 6px; padding: 0; list-style: none; }
    .kept li { display: inline-flex; align-items: center; gap: 4px; max-width: 100%; padding: 0 2px 0 8px; height: 22px; border-radius: 11px; font-size: 12px; border: 1px solid var(--vscode-contrastBorder, color-mix(in srgb, var(--vscode-foreground) 22%, transparent)); }
    .kept .icon-button { width: 18px; height: 18px; border-radius: 50%; }
    .kept .icon { font-size: 12px; }
    .more { display: flex; flex-wrap: wrap; gap: 2px 14px; font-size: 12px; padding-bottom: 8px; }
  `];

  protected override updated(changed: PropertyValues): void {
    for (const fill of this.renderRoot.querySelectorAll<HTMLElement>('.fill')) { fill.style.transform = `scaleX(${fill.dataset.share})`; }
    if (changed.has('value')) { this.dispatchEvent(new CustomEvent('labels-changed', { detail: this.value })); }
  }

  protected override render(): TemplateResult {
    const { t } = this;
    const count = Math.min(maxImages, this.images.length);
    const words = this.labels();
    const sets = Object.entries(this.sets);
    const chosen = sets.find(([, labels]) => labels.join(', ') === words.join(', '))?.[0];
    return html`
      <h2>${t('Labels')}</h2>
      ${sets.length > 0 ? html`
        <vscode-dropdown aria-label=${t('Label set')} .value=${chosen === undefined ? '' : valueOf(chosen)} @change=${this.setChosen}>
          <vscode-option value="">${t('Words of your own')}</vscode-option>
          ${repeat(sets, ([name]) => name, ([name]) => html`<vscode-option value=${valueOf(name)}>${name}</vscode-option>`)}
        </vscode-dropdown>` : nothing}
      <form @submit=${this.submitted}>
        <input type="text" aria-label=${t('Candidate labels')} placeholder=${t('e.g. cart, arrow, person')} spellcheck="false" autocomplete="off" .value=${this.value}
          @input=${(event: Event) => { this.value = (event.target as HTMLInputElement).value; }} @keydown=${this.pressed}>
        <button type="button" class="icon-button" aria-label=${t('Save as label set…')} title=${t('Save as label set…')} ?disabled=${words.length < 2 || chosen !== undefined} @click=${() => void this.command('saveSet')}>${icon('save')}</button>
      </form>
      <div class="buttons">
        <vscode-button ?disabled=${words.length === 0 || count === 0 || this.running} @click=${this.submitted}>${t('Label')}</vscode-button>
        <vscode-button appearance="secondary" ?disabled=${words.length < 2 || this.target.images === 0 || this.running} title=${this.targetHint()} @click=${() => void this.labelMany()}>${this.targetName()}</vscode-button>
      </div>
      ${this.run ? nothing : html`<p class="hint">${count === 0 ? t('Select images to see which words fit them.')
        : this.selected ? count === 1 ? t('Compares 1 selected image with words of your choice, separated by commas.') : t('Compares {0} selected images with words of your choice, separated by commas.', this.images.length)
        : t('Compares the first image in sight with words of your choice, separated by commas. Select images to label them.')}</p>`}
      ${this.error ? html`<p class="alarm" role="alert">${icon('error')} ${this.error}</p>` : nothing}
      <div class="body">
        ${this.selected ? this.renderKept() : nothing}
        ${this.run ? this.renderRun(this.run) : nothing}
        <ul class="results" aria-label=${t('Label results')} aria-busy=${this.running ? 'true' : 'false'}>${this.results.map(({ tile, result }) => this.renderResult(tile, result))}</ul>
      </div>
      ${this.counts.labels.length > 0 ? html`
        <div class="more">
          <button class="link" title=${t('Labels of what is listed, as CSV or JSON')} @click=${() => void this.command('export')}>${t('Export…')}</button>
          <button class="link" title=${t('Writes .vscode/asset-labels.json')} @click=${() => void this.command('exportTeam')}>${t('Share with the Team')}</button>
          <button class="link" title=${t('Labels of what is listed')} @click=${() => void this.command('clear')}>${t('Clear Labels…')}</button>
        </div>` : nothing}`;
  }

  private targetName(): string {
    const { t, target: { kind, images } } = this;
    if (images === undefined) { return t('Label All Matches'); }
    switch (kind) {
      case 'all': return countOf(t, images, 'Label 1 Listed', 'Label All {0} Listed');
      case 'matches': return countOf(t, images, 'Label 1 Match', 'Label {0} Matches');
      case 'best': return countOf(t, images, 'Label 1 Hit', 'Label {0} Best Hits');
    }
  }

  private targetHint(): string {
    const { t } = this;
    switch (this.target.kind) {
      case 'all': return t('Labels every image that is listed, and keeps what is sure');
      case 'matches': return t('Labels every image above the divider, and keeps what is sure. Weak matches are left out.');
      case 'best': return t('Labels the best hits that are listed so far, and keeps what is sure. Scroll down to list more.');
    }
  }

  /** How many images got each word; a click lists them. */
  private renderRun({ images, counts, unsure, changed, cancelled }: LabelRunResult): TemplateResult {
    const { t } = this;
    const bar = (count: number) => html`<span class="bar"><span class="fill" data-share=${images > 0 ? count / images : 0}></span></span><span class="number">${count.toLocaleString(document.documentElement.lang || undefined)}</span>`;
    return html`
      <section aria-label=${t('Images by label')}>
        <h3>${cancelled ? t('{0} images, then stopped', images) : countOf(t, images, '1 image', '{0} images')}${changed > 0 ? html`<button class="link" @click=${() => void this.command('undo')}>${t('Undo')}</button>` : nothing}</h3>
        <ul class="summary">
          ${[...counts].sort((a, b) => b.images - a.images).map(({ label, images: count }) => html`
            <li><button aria-pressed=${this.filtered === label ? 'true' : 'false'} aria-label=${t('{0}: {1} images', label, count)} title=${t('List the images with this label')}
              @click=${() => this.choose(this.filtered === label ? undefined : label)}><span class="ellipsis">${label}</span>${bar(count)}</button></li>`)}
          <li class="unsure" title=${t('No word is probable enough to be kept')}><span>${t('unsure')}</span>${bar(unsure)}</li>
        </ul>
      </section>`;
  }

  /** The labels that are kept of the selection, to set and to take away by hand. */
  private renderKept(): TemplateResult {
    const { t, images } = this;
    const kept = new Map<string, { images: number; probability?: number }>();
    for (const { label, probability } of images.flatMap(image => image.labels ?? [])) { kept.set(label, { images: (kept.get(label)?.images ?? 0) + 1, probability }); }
    return html`
      <section aria-label=${t('Labels of the selection')}>
        ${kept.size > 0 ? html`
          <ul class="kept">${[...kept].sort(([a], [b]) => a.localeCompare(b)).map(([label, { images: count, probability }]) => html`
            <li title=${probability === undefined ? t('Set by hand') : t('{0} %', Math.round(probability * 100))}><span class="ellipsis">${label}${images.length > 1 ? ` ${count}/${images.length}` : ''}</span>
              <button class="icon-button" aria-label=${t('Remove the label {0}', label)} title=${t('Remove the label {0}', label)} @click=${() => void this.set([], [label])}>${icon('close')}</button></li>`)}</ul>` : nothing}
        <form @submit=${this.added}>
          <input type="text" class="new" aria-label=${t('Add a label by hand')} placeholder=${t('Add a label by hand')} spellcheck="false" autocomplete="off"
            @keydown=${(event: KeyboardEvent) => { if (event.key === 'Enter' && !event.isComposing) { this.added(event); } }}>
          <button type="button" class="icon-button" aria-label=${t('Add the label')} title=${t('Add the label')} @click=${this.added}>${icon('add')}</button>
        </form>
      </section>`;
  }

  private renderResult(tile: Tile, result: LabelResult): TemplateResult {
    const { t } = this;
    const name = captionOf(tile);
    const ranked = result.labels.map((label, index) => ({ label, probability: result.probabilities[index] ?? 0 })).sort((a, b) => b.probability - a.probability);
    return html`
      <li class="image" data-path=${tile.path}>
        <img class="thumbnail" alt="" draggable="false" src=${tile.thumbnail ?? nothing} ?hidden=${!tile.thumbnail}>
        <div>
          <div class="name ellipsis" title=${tile.path}>${name}</div>
          ${result.error ? html`<p class="alarm">${icon('error')} ${result.error.message}</p>` : html`
            <div class="bars">${ranked.map(({ label, probability }, rank) => {
              const percent = Math.round(probability * 100);
              return html`
                <div class="row">
                  <span class="label ellipsis ${rank === 0 ? 'best' : ''}" title=${label}>${label}</span>
                  <div class="bar" role="meter" aria-label=${t('{0}: {1}', name, label)} aria-valuemin="0" aria-valuemax="100" aria-valuenow=${percent} aria-valuetext=${t('{0} %', percent)}><div class="fill" data-share=${probability}></div></div>
                  <span class="number ${rank === 0 ? 'best' : ''}" aria-hidden="true">${t('{0} %', percent)}</span>
                </div>`;
            })}</div>`}
        </div>
      </li>`;
  }

  private setChosen(event: Event): void {
    const { value } = event.target as HTMLInputElement;
    const labels = Object.entries(this.sets).find(([name]) => valueOf(name) === value)?.[1];
    if (labels) { this.value = labels.join(', '); }
  }

  private choose(label: string | undefined): void { this.dispatchEvent(new CustomEvent('label-chosen', { detail: label })); }

  private added = (event: Event): void => {
    event.preventDefault();
    const input = this.renderRoot.querySelector<HTMLInputElement>('.new')!;
    const labels = split(input.value);
    input.value = '';
    if (labels.length > 0) { void this.set(labels, []); }
  };

  private async set(add: string[], remove: string[]): Promise<void> {
    const done = await this.attempt(() => this.host.request(View.setLabels, { keys: this.images.map(keyOf), add, remove }));
    if (done) { this.say([...add.map(label => this.t('Label {0} set', label)), ...remove.map(label => this.t('Label {0} removed', label))]); }
  }

  /** Clearing and exporting concern what is listed. */
  private async command(command: LabelCommand): Promise<void> {
    const done = await this.attempt(() => this.host.request(View.labelCommand, { command, scope: this.scope, labels: this.labels() }));
    if (done && command === 'undo') { this.run = undefined; }
  }

  private async attempt(work: () => Promise<unknown>): Promise<boolean> {
    this.error = undefined;
    try {
      await work();
      return true;
    } catch (error) {
      const info = toErrorInfo(error);
      if (info.code !== 'cancelled') { this.error = info.message; }
      return false;
    }
  }

  /** Labels and keeps what is sure; the host asks before it labels many, shows how far it is, and a way to stop it. */
  private async labelMany(): Promise<void> {
    const labels = this.labels();
    this.running = true;
    await this.attempt(async () => {
      const run = await this.host.request(View.labelMany, { scope: await this.targetScope(), labels });
      if (!run) { return; }
      this.run = run;
      this.results = [];
      this.say([...run.counts.map(({ label, images }) => this.t('{0}: {1} images', label, images)), this.t('{0} unsure', run.unsure)]);
    });
    this.running = false;
  }

  private say(sentences: string[]): void { this.dispatchEvent(new CustomEvent('announce', { detail: sentences.join('; ') })); }

  private labels(): string[] { return split(this.value); }

  private pressed(event: KeyboardEvent): void {
    if (event.key === 'Enter' && !event.isComposing) { event.preventDefault(); void this.label(); }
  }

  private submitted(event: Event): void {
    event.preventDefault();
    void this.label();
  }

  private async label(): Promise<void> {
    const labels = this.labels();
    const tiles = this.images.slice(0, maxImages);
    if (labels.length === 0 || tiles.length === 0) { return; }
    const keys = this.images.map(keyOf);
    this.run = undefined;
    this.cancellation.cancel();
    const cancellation = this.cancellation = new CancellationTokenSource();
    this.running = true;
    this.error = undefined;
    try {
      const results = await this.host.request(View.label, { keys: tiles.map(keyOf), labels }, cancellation.token);
      if (cancellation !== this.cancellation) { return; }
      this.results = results.flatMap(result => tiles[result.image] ? [{ tile: tiles[result.image]!, result }] : []);
      this.announce(this.results);
      // A selection is a person's choice: what is sure of it is kept. The first image in sight is only looked at.
      if (this.selected && labels.length > 1) {
        const run = await this.host.request(View.labelMany, { scope: { keys }, labels });
        if (run && keys.length > 1 && cancellation === this.cancellation) { this.run = run; }
      }
    } catch (error) {
      if (cancellation !== this.cancellation) { return; }
      const info = toErrorInfo(error);
      if (info.code !== 'cancelled') { this.error = info.message; }
    } finally {
      if (cancellation === this.cancellation) { this.running = false; }
    }
  }

  private announce(results: { tile: Tile; result: LabelResult }[]): void {
    const { t } = this;
    const said = results.filter(({ result }) => !result.error).map(({ tile, result }) => {
      const best = result.probabilities.indexOf(Math.max(...result.probabilities));
      return t('{0}: {1}, {2} %', captionOf(tile), result.labels[best] ?? '', Math.round((result.probabilities[best] ?? 0) * 100));
    });
    this.say(said);
  }
}

/** Of an option; that of one's own words is empty. */
const valueOf = (name: string): string => `=${name}`;
const split = (text: string): string[] => [...new Set(text.split(',').map(label => label.trim()).filter(Boolean))];
