/** The search box: words, or a picture that is pasted, dropped or picked. */
import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import { icon } from './icons';
import type { Translate } from './localize';
import { sharedStyles } from './theme';

/** A keystroke within this time of the next one asks nothing. */
const debounceMs = 120;

export interface SearchBoxEvents {
  'query-changed': string;
  /** Enter: open the first hit of this text. */
  'query-entered': string;
  'leave-down': undefined;
  'picture-given': File;
  /** A file that was dragged here from VS Code itself. */
  'uri-given': string;
  'filters-toggled': undefined;
  /** Escape in an empty box: the picture goes, too. */
  'picture-left': undefined;
}

@customElement('search-box')
export class SearchBox extends LitElement {
  @property({ attribute: false }) t!: Translate;
  @property() value = '';
  /** A request is running for longer than an eye notices. */
  @property({ type: Boolean }) busy = false;
  /** The words refine a picture. */
  @property({ type: Boolean }) refining = false;
  /** Undefined where the filters are always in sight. */
  @property({ attribute: false }) filters: { open: boolean; active: boolean } | undefined;
  @state() private dropping = false;

  @query('input[type=text]') private input!: HTMLInputElement;
  @query('input[type=file]') private picker!: HTMLInputElement;

  private timer: ReturnType<typeof setTimeout> | undefined;
  private depth = 0;

  // A native input: the toolkit's field keeps its input, and with it the label people and tests look for, one shadow root deeper.
  static override styles = [sharedStyles, css`
    :host { display: block; position: relative; }
    .box {
      display: flex; align-items: center; gap: 1px; min-height: 28px; padding: 2px 3px 2px 7px; border-radius: 4px; position: relative; overflow: hidden;
      color: var(--vscode-input-foreground); background: var(--vscode-input-background); border: 1px solid var(--vscode-input-border, var(--vscode-contrastBorder, transparent));
    }
    .box:focus-within { outline: 1px solid var(--vscode-focusBorder); outline-offset: -1px; border-color: transparent; }
    .box > .icon { opacity: .65; font-size: 14px; margin-inline-end: 5px; }
    input[type=text] { flex: 1; min-width: 0; padding: 0; border: 0; outline: 0; background: none; color: inherit; font: inherit; line-height: 20px; text-overflow: ellipsis; }
    input::placeholder { color: var(--vscode-input-placeholderForeground); opacity: 1; }
    .icon-button { width: 20px; height: 20px; }
    .icon-button .icon { font-size: 14px; }
    .progress { position: absolute; inset: auto 0 0 0; height: 2px; overflow: hidden; pointer-events: none; }
    .progress::after { content: ''; position: absolute; inset: 0 auto 0 0; width: 30%; background: var(--vscode-progressBar-background, var(--vscode-focusBorder)); animation: slide 1.2s ease-in-out infinite; }
    @keyframes slide { from { translate: -100% 0; } to { translate: 340% 0; } }
    @media (prefers-reduced-motion: reduce) { .progress::after { width: 100%; } }
    .drop {
      position: absolute; inset: 0; z-index: 2; display: flex; align-items: center; justify-content: center; gap: 6px; padding: 0 6px; text-align: center; border-radius: 4px; pointer-events: none;
      color: var(--vscode-foreground); background: var(--vscode-editorWidget-background); border: 1px dashed var(--vscode-focusBorder);
    }
  `];

  focusInput(): void { this.input.focus(); }

  override connectedCallback(): void {
    super.connectedCallback();
    // The whole view takes a picture: nobody aims at a box.
    document.addEventListener('paste', this.pasted);
    document.addEventListener('dragenter', this.dragEntered);
    document.addEventListener('dragover', this.draggedOver);
    document.addEventListener('dragleave', this.dragLeft);
    document.addEventListener('drop', this.dropped);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.timer);
    document.removeEventListener('paste', this.pasted);
    document.removeEventListener('dragenter', this.dragEntered);
    document.removeEventListener('dragover', this.draggedOver);
    document.removeEventListener('dragleave', this.dragLeft);
    document.removeEventListener('drop', this.dropped);
  }

  protected override render(): TemplateResult {
    const { t } = this;
    const button = (name: Parameters<typeof icon>[0], label: string, act: () => void) =>
      html`<button class="icon-button" aria-label=${label} title=${label} @click=${act}>${icon(name)}</button>`;
    return html`
      <div class="box" role="search">
        ${icon('search')}
        <input type="text" aria-label=${t('Search assets')} placeholder=${this.refining ? t('Add words to the picture, e.g. filled') : t('Search by what it shows, e.g. shopping cart')} spellcheck="false" autocomplete="off" autocapitalize="off"
          title=${t('Type words, or paste a picture to find images like it. To drop a file here, hold Shift while dropping.')}
          .value=${this.value} @input=${this.typed} @keydown=${this.pressed}>
        ${this.value ? button('close', t('Clear search'), this.clear) : nothing}
        ${button('file-media', t('Search by picture… (or paste one)'), () => this.picker.click())}
        ${this.filters ? html`
          <button class="icon-button" aria-label=${t('Filter')} title=${this.filters.active ? t('Filter (active)') : t('Filter')} aria-expanded=${this.filters.open ? 'true' : 'false'}
            @click=${() => this.emit('filters-toggled', undefined)}>${icon(this.filters.active ? 'filter-filled' : 'filter')}</button>` : nothing}
        ${this.busy ? html`<div class="progress" aria-hidden="true"></div>` : nothing}
      </div>
      ${this.dropping ? html`<div class="drop">${icon('file-media')}<span class="ellipsis">${t('Drop to find similar images')}</span></div>` : nothing}
      <input type="file" accept="image/*" hidden aria-hidden="true" tabindex="-1" @change=${this.picked}>`;
  }

  private typed(): void {
    this.value = this.input.value;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.emit('query-changed', this.value.trim()), debounceMs);
  }

  private pressed(event: KeyboardEvent): void {
    if (event.isComposing) { return; }
    if (event.key === 'Escape' && this.value) { event.preventDefault(); this.clear(); }
    else if (event.key === 'Escape' && this.refining) { event.preventDefault(); this.emit('picture-left', undefined); }
    if (event.key === 'ArrowDown') { event.preventDefault(); this.emit('leave-down', undefined); }
    if (event.key === 'Enter') {
      event.preventDefault();
      clearTimeout(this.timer);
      this.emit('query-entered', this.value.trim());
    }
  }

  private clear = (): void => {
    clearTimeout(this.timer);
    this.value = '';
    this.emit('query-changed', '');
    this.focusInput();
  };

  private picked(): void {
    const file = this.picker.files?.[0];
    this.picker.value = '';
    if (file) { this.emit('picture-given', file); }
  }

  // ─── pictures from elsewhere

  private pasted = (event: ClipboardEvent): void => { this.take(event, event.clipboardData); };

  private dragEntered = (event: DragEvent): void => {
    if (!hasFiles(event)) { return; }
    this.depth++;
    this.dropping = true;
  };

  private draggedOver = (event: DragEvent): void => {
    if (!hasFiles(event)) { return; }
    event.preventDefault();
    event.dataTransfer!.dropEffect = 'copy';
  };

  private dragLeft = (event: DragEvent): void => {
    if (!hasFiles(event)) { return; }
    this.depth = Math.max(0, this.depth - 1);
    this.dropping = this.depth > 0;
  };

  private dropped = (event: DragEvent): void => {
    this.depth = 0;
    this.dropping = false;
    this.take(event, event.dataTransfer);
  };

  private take(event: Event, data: DataTransfer | null): void {
    const file = [...data?.files ?? []].find(({ type }) => type.startsWith('image/'));
    const uri = file ? undefined : uriIn(data);
    if (!file && !uri) { return; }
    event.preventDefault();
    if (file) { this.emit('picture-given', file); } else { this.emit('uri-given', uri!); }
  }

  private emit<K extends keyof SearchBoxEvents>(type: K, detail: SearchBoxEvents[K]): void {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

/** How the Explorer and editor tabs of VS Code name what is dragged. */
const uriTypes = ['application/vnd.code.uri-list', 'text/uri-list'];

const hasFiles = (event: DragEvent): boolean => ['Files', ...uriTypes].some(type => event.dataTransfer?.types.includes(type));

function uriIn(data: DataTransfer | null): string | undefined {
  for (const type of uriTypes) {
    const uri = data?.getData(type).split(/\r?\n/).find(line => line.startsWith('file:'));
    if (uri) { return uri; }
  }
  return undefined;
}
