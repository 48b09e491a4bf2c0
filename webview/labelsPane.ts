/** Zero-shot labels in the panel: candidate words, and for each chosen image how probable each is. */
import { CancellationTokenSource } from 'vscode-jsonrpc/browser';
import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { View, type LabelResult, type Tile } from '../src/protocol';
import { toErrorInfo, type Host } from './connection';
import { captionOf, keyOf } from './grid';
import { icon } from './icons';
import type { Translate } from './localize';
import { sharedStyles } from './theme';

/** Images labelled at once: more than anyone reads. */
const maxImages = 24;

@customElement('labels-pane')
export class LabelsPane extends LitElement {
  @property({ attribute: false }) t!: Translate;
  @property({ attribute: false }) host!: Host;
  @property() value = '';
  /** The selected images, or the first in sight. */
  @property({ attribute: false }) images: Tile[] = [];
  @property({ type: Boolean }) selected = false;

  @state() private results: { tile: Tile; result: LabelResult }[] = [];
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
    .best { color: var(--vscode-foreground); font-weight: 600; }
    .number { font-variant-numeric: tabular-nums; text-align: end; }
    .alarm { margin: 0; }
    .alarm .icon { font-size: 14px; vertical-align: text-bottom; color: var(--vscode-errorForeground); }
    .row { display: contents; color: var(--vscode-descriptionForeground); }
  `];

  protected override updated(changed: PropertyValues): void {
    for (const fill of this.renderRoot.querySelectorAll<HTMLElement>('.fill')) { fill.style.transform = `scaleX(${fill.dataset.share})`; }
    if (changed.has('value')) { this.dispatchEvent(new CustomEvent('labels-changed', { detail: this.value })); }
  }

  protected override render(): TemplateResult {
    const { t } = this;
    const count = Math.min(maxImages, this.images.length);
    return html`
      <h2>${t('Labels')}</h2>
      <form @submit=${this.submitted}>
        <input type="text" aria-label=${t('Candidate labels')} placeholder=${t('e.g. cart, arrow, person')} spellcheck="false" autocomplete="off" .value=${this.value}
          @input=${(event: Event) => { this.value = (event.target as HTMLInputElement).value; }} @keydown=${this.pressed}>
        <vscode-button ?disabled=${this.labels().length === 0 || count === 0 || this.running} @click=${this.submitted}>${t('Label')}</vscode-button>
      </form>
      <p class="hint">${count === 0 ? t('Select images to see which words fit them.')
        : this.selected ? count === 1 ? t('Compares 1 selected image with words of your choice, separated by commas.') : t('Compares {0} selected images with words of your choice, separated by commas.', count)
        : t('Compares the first image in sight with words of your choice, separated by commas. Select images to label them.')}</p>
      ${this.error ? html`<p class="alarm" role="alert">${icon('error')} ${this.error}</p>` : nothing}
      <ul class="results" aria-label=${t('Label results')} aria-busy=${this.running ? 'true' : 'false'}>${this.results.map(({ tile, result }) => this.renderResult(tile, result))}</ul>`;
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

  private labels(): string[] { return [...new Set(this.value.split(',').map(label => label.trim()).filter(Boolean))]; }

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
    this.cancellation.cancel();
    const cancellation = this.cancellation = new CancellationTokenSource();
    this.running = true;
    this.error = undefined;
    try {
      const results = await this.host.request(View.label, { keys: tiles.map(keyOf), labels }, cancellation.token);
      if (cancellation !== this.cancellation) { return; }
      this.results = results.flatMap(result => tiles[result.image] ? [{ tile: tiles[result.image]!, result }] : []);
      this.announce(this.results);
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
    this.dispatchEvent(new CustomEvent('announce', { detail: said.join('; ') }));
  }
}
