/** The line at the bottom: what is indexed, by which model, and how far a run is. */
import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import type { IndexProgress, IndexStatus, ViewStatus } from '../src/protocol';
import { icon } from './icons';
import { bytesOf, countOf, deviceName, durationOf, type Translate } from './localize';
import { modelProblemText, servingText } from './modelNews';
import { phaseText, renderPace, renderTrack, trackStyles } from './progress';
import { sharedStyles } from './theme';

@customElement('status-line')
export class StatusLine extends LitElement {
  @property({ attribute: false }) t!: Translate;
  @property({ attribute: false }) index: IndexStatus | undefined;
  @property({ attribute: false }) modelProblem: ViewStatus['modelProblem'];
  @property({ type: Boolean }) starting = false;

  static override styles = [sharedStyles, trackStyles, css`
    :host { display: block; position: relative; font-size: 12px; line-height: 18px; color: var(--vscode-descriptionForeground); border-top: 1px solid var(--vscode-contrastBorder, var(--vscode-widget-border, color-mix(in srgb, var(--vscode-foreground) 12%, transparent))); }
    .line { display: flex; align-items: center; min-height: 26px; padding: 3px 10px; gap: 4px; }
    :host-context(body[data-kind=panel]) .line { padding-inline: 16px; }
    .line > div { flex: 1; min-width: 0; overflow: hidden; }
    /* Each fact brings its dot before it; that of the first in a row lies outside and is cut off. */
    .facts { display: flex; flex-wrap: wrap; margin-inline-start: -13px; max-height: 18px; font-variant-numeric: tabular-nums; }
    .busy .facts { max-height: none; }
    .facts > * { flex: none; max-width: 100%; padding-inline-start: 13px; position: relative; }
    .facts > *::before { content: '·'; position: absolute; inset-inline-start: 5px; opacity: .7; }
    .strong { color: var(--vscode-foreground); }
    .link { font-size: inherit; line-height: inherit; }
    .track { position: absolute; inset: -1px 0 auto 0; height: 2px; }
    .strong .icon { font-size: 14px; vertical-align: text-bottom; color: var(--vscode-errorForeground); }
  `];

  protected override render(): TemplateResult {
    const { t, index } = this;
    if (!index) { return html`<div class="line">${this.starting ? t('Starting…') : nothing}</div>`; }
    if (index.state === 'indexing' && index.progress) { return this.renderProgress(index, index.progress); }
    return html`
      <div class="line" title=${this.tooltip(index)}>
        <div><span class="facts">
          ${index.state === 'indexingElsewhere' ? html`<span class="strong">${t('Another window is indexing…')}</span>` : nothing}
          ${index.state === 'paused' ? html`<span class="strong">${t('Indexing is paused')}</span><span><button class="link" @click=${() => this.command('resumeIndexing')}>${t('Resume')}</button></span>` : nothing}
          ${index.state === 'failed' ? html`<span class="strong">${icon('error')} ${t('Indexing failed')}</span>` : nothing}
          ${index.state === 'indexing' ? html`<span class="strong">${t('Indexing…')}</span>` : nothing}
          ${index.state === 'idle' && index.lastRun?.cancelled ? html`<span class="strong">${t('Stopped')}</span><span><button class="link" title=${t('Index the images that are missing')} @click=${() => this.command('index')}>${t('Continue')}</button></span>` : nothing}
          ${this.modelProblem ? html`<span class="strong">${icon('warning')} <button class="link" title=${modelProblemText(t, this.modelProblem, index.model.name)} @click=${() => this.command('chooseModel')}>${t('Another model is used')}</button></span>` : nothing}
          <span>${countOf(t, index.assets, '1 asset', '{0} assets')}</span>
          ${this.skipped(index.skipped)}
          ${index.cells > 0 ? html`<span>${countOf(t, index.cells, '1 cell', '{0} cells')}</span>` : nothing}
          ${index.namesOnly ? html`<span class="strong">${t('File names only')}</span>` : html`<span>${(index.serving ?? index.model).name}</span><span>${deviceName(index.device)}</span>`}
        </span></div>
      </div>`;
  }

  private renderProgress(index: IndexStatus, progress: IndexProgress): TemplateResult {
    const { t } = this;
    return html`
      ${renderTrack(t, progress)}
      <div class="line busy" title=${[progress.current, this.tooltip(index)].filter(Boolean).join('\n')}>
        <div><span class="facts">
          <span class="strong">${phaseText(t, progress)}</span>
          ${renderPace(t, progress)}
          ${this.skipped(progress.skipped)}
        </span></div>
        <button class="icon-button" aria-label=${t('Pause indexing')} title=${t('Pause indexing (what is done is kept)')} @click=${() => this.command('pauseIndexing')}>${icon('debug-pause')}</button>
        <button class="icon-button" aria-label=${t('Stop indexing')} title=${t('Stop indexing (what is done is kept)')} @click=${() => this.command('cancelIndexing')}>${icon('debug-stop')}</button>
      </div>`;
  }

  private skipped(count: number): TemplateResult | typeof nothing {
    return count === 0 ? nothing : html`<span><button class="link" title=${this.t('Show which files were skipped, and why')} @click=${() => this.command('showSkipped')}>${this.t('{0} skipped', count)}</button></span>`;
  }

  private tooltip(index: IndexStatus): string {
    const { t } = this;
    const lines = [
      ...index.namesOnly ? [index.namesOnly.message] : [],
      ...this.modelProblem ? [modelProblemText(t, this.modelProblem, index.model.name)] : [],
      ...index.serving ? [servingText(t, index)] : [],
      t('{0} assets, {1} skipped', index.assets, index.skipped),
      ...index.cells > 0 ? [countOf(t, index.cells, '1 cell of sprite sheets besides', '{0} cells of sprite sheets besides')] : [],
      t('Model: {0} ({1} dimensions, {2})', index.model.name, index.model.embeddingDim, index.model.license),
      t('Device: {0}', deviceName(index.device)),
      t('Index and thumbnails: {0}', bytesOf(index.diskBytes)),
    ];
    if (index.lastRun) { lines.push(t('Last run: {0} images in {1}', index.lastRun.seen, durationOf(t, index.lastRun.seconds))); }
    return lines.join('\n');
  }

  private command(command: 'chooseModel' | 'index' | 'cancelIndexing' | 'pauseIndexing' | 'resumeIndexing' | 'showSkipped'): void { this.dispatchEvent(new CustomEvent('command', { detail: command })); }
}
