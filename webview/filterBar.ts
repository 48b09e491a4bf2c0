/** Narrows the list by folder and by format. */
import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import { imageFormats, type Filter, type LabelCounts } from '../src/protocol';
import type { Translate } from './localize';
import { sharedStyles } from './theme';

/** What the decoder reads, the most common first. */
export const formats: readonly string[] = Object.keys(imageFormats);
/** The first of them are always offered, the rest on demand: a sidebar of 240 px has room for two rows. */
const commonCount = 6;

/** Characters of a folder's path that the list has room for. */
const longestName = 72;

/** More labels than this do not help in a dropdown. */
const maxLabels = 200;

export interface Folder { root: string; path: string }

export const isActive = (filter: Filter): boolean => (filter.folders?.length ?? 0) + (filter.formats?.length ?? 0) + (filter.labels?.length ?? 0) > 0;

@customElement('filter-bar')
export class FilterBar extends LitElement {
  @property({ attribute: false }) t!: Translate;
  @property({ attribute: false }) filter: Filter = {};
  @property({ attribute: false }) roots: { id: string; name: string }[] = [];
  @property({ attribute: false }) folders: Folder[] = [];
  @property({ attribute: false }) labels: LabelCounts = { labels: [], unlabelled: 0 };
  @state() private allFormats = false;

  static override styles = [sharedStyles, css`
    :host { display: flex; flex-wrap: wrap; align-items: center; gap: 6px; }
    vscode-dropdown { min-width: 150px; max-width: 320px; flex: 0 1 auto; --dropdown-z-index: 5; }
    /* As wide as its longest path, which tells folders apart by its end. */
    vscode-dropdown::part(listbox) { max-height: 40vh; width: max-content; min-width: 100%; max-width: min(560px, calc(100vw - 40px)); }
    /* High-contrast themes name no colour for it, and the toolkit then writes white on white. */
    vscode-option { --list-active-selection-foreground: var(--vscode-list-activeSelectionForeground, var(--vscode-foreground)); }
    :host-context(body[data-kind=sidebar]) vscode-dropdown { flex: 1 1 100%; max-width: none; }
    .formats { display: flex; flex-wrap: wrap; gap: 4px; }
    .formats button {
      padding: 1px 8px; min-height: 22px; border-radius: 11px; font: inherit; font-size: 11px; cursor: pointer; color: var(--vscode-foreground);
      background: transparent; border: 1px solid var(--vscode-contrastBorder, color-mix(in srgb, var(--vscode-foreground) 22%, transparent));
    }
    @media (forced-colors: active) { .formats button[aria-pressed=true] { forced-color-adjust: none; color: HighlightText; background: Highlight; } }
    .formats button:hover { background: var(--vscode-toolbar-hoverBackground); }
    .formats button:focus-visible { outline: 1px solid var(--vscode-focusBorder); outline-offset: 1px; }
    .formats button[aria-pressed=true] { color: var(--vscode-button-foreground); background: var(--vscode-button-background); border-color: var(--vscode-contrastActiveBorder, var(--vscode-button-border, transparent)); }
  `];

  protected override render(): TemplateResult {
    const { t, filter } = this;
    const chosen = filter.folders?.[0];
    const options = this.options();
    return html`
      ${options.length > 1 ? html`
        <!-- Keyed: an option takes its name from its text once, when it is connected. -->
        <vscode-dropdown aria-label=${t('Folder')} .value=${chosen ? valueOf(chosen) : ''} @change=${this.folderChosen}>
          <vscode-option value="">${t('All folders')}</vscode-option>
          ${repeat(options, valueOf, folder => html`<vscode-option value=${valueOf(folder)} title=${this.nameOf(folder)}>${shortened(this.nameOf(folder))}</vscode-option>`)}
        </vscode-dropdown>` : nothing}
      ${this.renderLabels()}
      <div class="formats" role="group" aria-label=${t('Formats')}>
        ${this.offeredFormats().map(format => html`
          <button aria-pressed=${filter.formats?.includes(format) ? 'true' : 'false'} @click=${() => this.toggleFormat(format)}>${format === 'jpeg' ? 'JPG' : format.toUpperCase()}</button>`)}
        <button aria-expanded=${this.allFormats ? 'true' : 'false'} aria-label=${t('More formats')} title=${t('More formats')} @click=${() => { this.allFormats = !this.allFormats; }}>${this.allFormats ? '−' : '…'}</button>
      </div>
      ${isActive(filter) ? html`<button class="link" @click=${() => this.emit({})}>${t('Clear filters')}</button>` : nothing}`;
  }

  /** Only where there is any label, or a filter for one. */
  private renderLabels(): TemplateResult | typeof nothing {
    const { t, filter, labels: { labels, unlabelled } } = this;
    const chosen = filter.labels?.[0];
    const shown = labels.slice(0, maxLabels);
    if (chosen !== undefined && chosen !== '' && !shown.some(({ label }) => label === chosen)) { shown.unshift({ label: chosen, images: labels.find(({ label }) => label === chosen)?.images ?? 0 }); }
    if (shown.length === 0 && chosen === undefined) { return nothing; }
    // A label may be any text: a letter in front tells it from "all" and "none".
    return html`
      <vscode-dropdown aria-label=${t('Label filter')} .value=${chosen === undefined ? '' : chosen === '' ? '-' : `=${chosen}`} @change=${this.labelChosen}>
        <vscode-option value="">${t('All labels')}</vscode-option>
        <vscode-option value="-">${t('Without a label ({0})', unlabelled)}</vscode-option>
        ${repeat(shown, ({ label, images }) => `${label} ${images}`, ({ label, images }) => html`<vscode-option value=${`=${label}`}>${t('{0} ({1})', label, images)}</vscode-option>`)}
      </vscode-dropdown>`;
  }

  private labelChosen(event: Event): void {
    const { value } = event.target as HTMLInputElement;
    const { labels: _, ...others } = this.filter;
    this.emit(value === '' ? others : { ...others, labels: [value.slice(1)] });
  }

  /** A rare one that is chosen stays in sight. */
  private offeredFormats(): readonly string[] {
    return this.allFormats ? formats : formats.filter((format, index) => index < commonCount || this.filter.formats?.includes(format));
  }

  /** Roots where there are several, then the folders in them; a filter that was restored stays choosable. */
  private options(): Folder[] {
    const options = [...this.roots.length > 1 ? this.roots.map(({ id }) => ({ root: id, path: '' })) : [], ...this.folders];
    const chosen = this.filter.folders?.[0];
    if (chosen && !options.some(option => valueOf(option) === valueOf(chosen))) { options.unshift(chosen); }
    return options;
  }

  private nameOf({ root, path }: Folder): string {
    if (this.roots.length < 2) { return path; }
    return [this.roots.find(({ id }) => id === root)?.name ?? root, path].filter(Boolean).join('/');
  }

  private folderChosen(event: Event): void {
    const { value } = event.target as HTMLInputElement;
    const folder = this.options().find(option => valueOf(option) === value);
    const { folders: _, ...others } = this.filter;
    this.emit(folder ? { ...others, folders: [folder] } : others);
  }

  private toggleFormat(format: string): void {
    const chosen = new Set(this.filter.formats);
    if (!chosen.delete(format)) { chosen.add(format); }
    const { formats: _, ...others } = this.filter;
    this.emit(chosen.size > 0 ? { ...others, formats: [...chosen] } : others);
  }

  private emit(filter: Filter): void { this.dispatchEvent(new CustomEvent('filter-changed', { detail: filter })); }
}

/** A deep path without its middle: where it begins and where it ends tells folders apart. */
function shortened(path: string): string {
  const [first, ...rest] = path.split('/');
  if (path.length <= longestName || rest.length < 2) { return path; }
  let end = rest.pop()!;
  while (first!.length + 4 + rest.at(-1)!.length + end.length < longestName) { end = `${rest.pop()}/${end}`; }
  return `${first}/…/${end}`;
}

/** A dropdown's value is a string; a root's name never holds a line break. */
const valueOf = ({ root, path }: Folder): string => `${root}\n${path}`;
