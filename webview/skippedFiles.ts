/** The skipped files of the status page: grouped by reason, with a remedy and a way to try again; of thousands only the first rows are fetched and drawn. */
import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import { View, type SkipCode, type SkippedFile, type SkippedGroup } from '../src/protocol';
import { toErrorInfo, type Host } from './connection';
import { nameOf, folderOf } from './grid';
import { icon } from './icons';
import { countOf, numberOf, type Translate } from './localize';
import { sharedStyles } from './theme';

/** From here on a filter helps. */
const filterFrom = 20;
const moreRows = 200;
/** Keystrokes within this time ask once. */
const debounceMs = 150;

@customElement('skipped-files')
export class SkippedFiles extends LitElement {
  @property({ attribute: false }) t!: Translate;
  @property({ attribute: false }) host!: Host;
  @property({ type: Boolean }) severalRoots = false;
  /** Why nothing can be tried now; empty when it can. */
  @property() held = '';
  /** Changes whenever the list has to be fetched anew. */
  @property() version = '';

  @state() private text = '';
  @state() private answer: { total: number; matching: number; groups: SkippedGroup[] } | undefined;
  @state() private error: string | undefined;
  /** What is being tried: a file's key, a code, or all. */
  @state() private trying: ReadonlySet<string> = new Set();
  @state() private result = '';

  @query('h2') private heading!: HTMLElement;

  private rows: Partial<Record<SkipCode, number>> = {};
  private readonly opened = new Map<SkipCode, boolean>();
  private asked = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;

  static override styles = [sharedStyles, css`
    :host { display: block; }
    .head { display: flex; flex-wrap: wrap; align-items: center; gap: 6px 12px; margin-bottom: 6px; }
    h2 { margin: 0; scroll-margin-block-start: 14px; font-size: 15px; font-weight: 600; line-height: 22px; outline: none; }
    h2 .count { font-weight: 400; color: var(--vscode-descriptionForeground); }
    .filter { flex: 1 1 140px; max-width: 320px; min-width: 0; margin-inline-start: auto; height: 26px; padding: 0 8px; font: inherit; border-radius: 4px; color: var(--vscode-input-foreground); background: var(--vscode-input-background); border: 1px solid var(--vscode-input-border, var(--vscode-contrastBorder, transparent)); }
    .filter:focus { outline: 1px solid var(--vscode-focusBorder); outline-offset: -1px; }
    .filter::placeholder { color: var(--vscode-input-placeholderForeground); opacity: 1; }
    p { margin: 4px 0; color: var(--vscode-descriptionForeground); }
    .alarm { display: flex; gap: 6px; color: inherit; }
    .alarm .icon { color: var(--vscode-errorForeground); flex: none; }
    details { border: 1px solid var(--line); border-radius: 6px; margin-top: 8px; overflow: hidden; }
    summary { display: flex; flex-wrap: wrap; align-items: center; gap: 2px 8px; padding: 6px 10px; cursor: pointer; list-style: none; background: var(--ground); }
    summary::-webkit-details-marker { display: none; }
    summary:focus-visible { outline: 1px solid var(--vscode-focusBorder); outline-offset: -2px; border-radius: 6px; }
    summary .arrow { transition: rotate .12s; font-size: 14px; }
    details[open] > summary .arrow { rotate: 90deg; }
    .title { font-weight: 600; }
    .badge { padding: 0 6px; border-radius: 9px; font-size: 11px; line-height: 17px; background: var(--vscode-badge-background); color: var(--vscode-badge-foreground); border: 1px solid var(--vscode-contrastBorder, transparent); font-variant-numeric: tabular-nums; }
    .group { display: flex; flex-wrap: wrap; justify-content: space-between; align-items: baseline; gap: 2px 12px; padding: 6px 10px 2px 32px; }
    .group p { margin: 0; flex: 1 1 160px; }
    .group .again { margin-inline-start: auto; }
    ul { margin: 0; padding: 4px 0; list-style: none; }
    li { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: 0 12px; padding: 4px 10px 4px 32px; }
    li:hover { background: var(--vscode-list-hoverBackground); }
    li > div { min-width: 0; overflow-wrap: anywhere; }
    .name { max-width: 100%; overflow-wrap: anywhere; }
    .folder, .reason { font-size: 12px; color: var(--vscode-descriptionForeground); }
    .folder { margin-inline-start: 6px; }
    .again { align-self: start; font-size: 12px; line-height: 20px; }
    .again[disabled], .link[disabled] { color: var(--vscode-disabledForeground, var(--vscode-descriptionForeground)); cursor: default; text-decoration: none; opacity: .6; }
    .more { padding: 4px 10px 8px 32px; }
    @media (max-width: 479px) { li, .more, .group { padding-inline-start: 12px; } }
  `];

  /** The first thing one hears of the section. */
  focusHeading(): void {
    this.heading.scrollIntoView({ block: 'start' });
    this.heading.focus({ preventScroll: true });
  }

  override disconnectedCallback(): void { super.disconnectedCallback(); clearTimeout(this.timer); }

  protected override willUpdate(changed: PropertyValues): void {
    if (changed.has('version') && this.version) { void this.ask(); }
  }

  private async ask(): Promise<void> {
    const asked = ++this.asked;
    try {
      const answer = await this.host.request(View.skipped, { text: this.text, rows: this.rows });
      // An answer that a later question overtook would bring old rows back.
      if (asked !== this.asked) { return; }
      this.answer = answer;
      this.error = undefined;
    } catch (error) {
      if (asked === this.asked) { this.error = toErrorInfo(error).message; }
    }
  }

  protected override render(): TemplateResult {
    const { t, answer } = this;
    const total = answer?.total ?? 0;
    return html`
      <div class="head">
        <h2 tabindex="-1">${t('Skipped files')} ${answer ? html`<span class="count">${numberOf(total)}</span>` : nothing}</h2>
        ${total > filterFrom ? html`<input class="filter" type="text" aria-label=${t('Filter skipped files')} placeholder=${t('Filter by name, reason or remedy')} spellcheck="false" .value=${this.text} @input=${this.typed}>` : nothing}
        ${total > 0 ? html`<vscode-button appearance="secondary" ?disabled=${this.held !== '' || this.trying.size > 0} title=${this.held || nothing} @click=${() => void this.retry('all', {})}>${t('Try All Again')}</vscode-button>` : nothing}
      </div>
      <div role="status" aria-live="polite">${this.result ? html`<p>${this.result}</p>` : nothing}${answer && this.text && answer.matching !== answer.total ? html`<p>${t('{0} of {1} match', answer.matching, answer.total)}</p>` : nothing}</div>
      ${this.error ? html`<p class="alarm" role="alert">${icon('error')}<span>${this.error}</span></p>` : nothing}
      ${answer && total === 0 ? html`<p>${t('No file was skipped: every image that was found is in the index.')}</p>` : nothing}
      ${repeat(answer?.groups ?? [], group => group.code, (group, index) => this.renderGroup(group, index))}`;
  }

  private renderGroup({ code, count, remedy, files }: SkippedGroup, index: number): TemplateResult {
    const { t } = this;
    const left = count - files.length;
    const title = this.titleOf(code);
    return html`
      <details data-code=${code} ?open=${this.opened.get(code) ?? (index === 0 || count <= 5 || this.text !== '')} @toggle=${(event: Event) => { this.opened.set(code, (event.target as HTMLDetailsElement).open); }}>
        <summary>${icon('chevron-right', 'arrow')}<span class="title">${title}</span><span class="badge">${numberOf(count)}</span></summary>
        ${remedy || count > 1 ? html`<div class="group"><p class="remedy">${remedy ?? t('What helps is said at each file.')}</p>
          ${count > 1 ? html`<button class="link again" ?disabled=${this.held !== '' || this.trying.size > 0} title=${this.held || nothing} aria-label=${t('Try again: {0}', title)}
            @click=${() => void this.retry(code, { code })}>${this.trying.has(code) ? t('Trying…') : t('Try These Again')}</button>` : nothing}</div>` : nothing}
        <ul>${repeat(files, ({ root, path }) => `${root}\n${path}`, file => this.renderFile(file, remedy === undefined))}</ul>
        ${left > 0 ? html`<div class="more"><button class="link" @click=${() => { this.rows[code] = files.length + moreRows; void this.ask(); }}>${countOf(t, left, 'and 1 more', 'and {0} more')}</button></div>` : nothing}
      </details>`;
  }

  private renderFile(file: SkippedFile, withRemedy: boolean): TemplateResult {
    const { t } = this;
    const { root, path, reason, remedy } = file;
    const key = `${root}\n${path}`;
    const place = [...this.severalRoots ? [root] : [], ...folderOf(path) ? [folderOf(path)] : []].join('/');
    const trying = this.trying.has(key);
    return html`
      <li data-path=${path}>
        <div><button class="link name" title=${t('Reveal in Explorer')} @click=${() => void this.reveal(file)}>${nameOf(path)}</button>${place ? html`<span class="folder">${place}</span>` : nothing}
          <div class="reason">${reason}${withRemedy ? ` ${remedy}` : ''}</div></div>
        <button class="link again" ?disabled=${this.held !== '' || this.trying.size > 0} title=${this.held || nothing} aria-label=${t('Try again: {0}', nameOf(path))} @click=${() => void this.retry(key, { files: [{ root, path }] })}>${trying ? t('Trying…') : t('Try Again')}</button>
      </li>`;
  }

  private titleOf(code: SkipCode): string {
    const { t } = this;
    const titles: Record<SkipCode, string> = {
      tooLarge: t('Larger than the limit'), tooManyPixels: t('Too many pixels'), unsupportedFormat: t('A format that cannot be read'), corrupt: t('Damaged'),
      svgTooComplex: t('SVG too complex'), timeout: t('Took too long to read'), crashesDecoder: t('Crashes the image decoder'), unreadable: t('May not be read'),
      vanished: t('Vanished while being read'), empty: t('Empty'), internal: t('Unexpected trouble'),
    };
    return titles[code];
  }

  private typed(event: Event): void {
    this.text = (event.target as HTMLInputElement).value;
    this.rows = {};
    this.opened.clear();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.ask(), debounceMs);
  }

  private async reveal({ root, path }: SkippedFile): Promise<void> {
    try { await this.host.request(View.action, { action: 'reveal', key: { root, path, part: 0 } }); } catch (error) { this.error = toErrorInfo(error).message; }
  }

  private async retry(what: string, params: Parameters<NonNullable<typeof View.retry.types>>[0]): Promise<void> {
    const { t } = this;
    this.trying = new Set([what]);
    this.result = '';
    try {
      const { tried, skipped } = await this.host.request(View.retry, params);
      this.result = skipped === 0 ? countOf(t, tried, '1 file was read and is indexed now.', '{0} files were read and are indexed now.')
        : tried === skipped ? countOf(t, skipped, '1 file still cannot be read.', '{0} files still cannot be read.')
        : t('{0} of {1} files were read and are indexed now; {2} still cannot be read.', tried - skipped, tried, skipped);
      await this.ask();
    } catch (error) {
      const { code, message } = toErrorInfo(error);
      if (code !== 'cancelled') { this.error = message; }
    } finally {
      this.trying = new Set();
    }
  }
}
