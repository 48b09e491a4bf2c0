/** The whole view: search box, filters, grid, labels and status line, and which of them a state of the index calls for. */
import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import { classMap } from 'lit/directives/class-map.js';
import { View, type ErrorInfo, type Filter, type LabelCounts, type LabelScope, type Tile, type TileAction, type ViewCommand, type ViewImage, type ViewState, type ViewStatus } from '../src/protocol';
import { toErrorInfo, type Host } from './connection';
import './emptyState';
import type { EmptyContent } from './emptyState';
import { formats, isActive, type Folder } from './filterBar';
import './filterBar';
import { captionOf, folderOf, keyOf, keyText, maxTileSize, minTileSize, nameOf, referenceOf, type AssetGrid, type GridEvents } from './grid';
import './grid';
import { icon } from './icons';
import './labelsPane';
import { Listing, type Question } from './listing';
import { countOf, type Translate } from './localize';
import type { SearchBox } from './searchBox';
import './searchBox';
import './statusLine';
import { sharedStyles } from './theme';

/** The host checks it as well; here it saves the transfer. */
const maxPictureBytes = 32 * 1024 * 1024;
/** A progress line that comes and goes within this time only flickers. */
const busyAfterMs = 300;
const saveAfterMs = 250;
const noticeMs = 8_000;
const defaultTileSize = { sidebar: 80, panel: 128 };
/** More folders than this do not help in a dropdown. */
const maxFolders = 200;

/** Actions that are meant for one tile, whatever is selected. */
const onlyOne = new Set<TileAction>(['open', 'openToSide', 'reveal', 'findSimilar']);

type Show = Parameters<NonNullable<typeof View.show.types>>[0];

/** What the app needs of its host: answers, and a place for its state. */
export interface AppHost extends Host {
  remember(state: ViewState): void;
}

@customElement('asset-search-app')
export class AssetSearchApp extends LitElement {
  @property({ attribute: false }) t!: Translate;
  @property({ attribute: false }) host!: AppHost;
  @property({ attribute: false }) kind: 'sidebar' | 'panel' = 'sidebar';
  @property({ attribute: false }) status: ViewStatus = { availability: 'starting', automatic: true, roots: [] };
  /** State of an earlier life of this view. */
  @property({ attribute: false }) restored: ViewState | undefined;

  @state() private text = '';
  @state() private similarTo: { key?: Tile; name: string; thumbnail?: string; image?: ViewImage } | undefined;
  @state() private textWeight = 0.5;
  @state() private filter: Filter = {};
  @state() private filtersOpen = false;
  @state() private folders: Folder[] = [];
  @state() private tileSize = 0;
  @state() private labels = '';
  @state() private labelCounts: LabelCounts = { labels: [], unlabelled: 0 };
  @state() private labelsOpen = true;
  @state() private selection: Tile[] = [];
  @state() private firstInSight = 0;
  @state() private busy = false;
  @state() private announcement = '';
  @state() private namesOnlyRead = false;
  @state() private notice: { message: string; alarm: boolean } | undefined;

  @query('search-box') private searchBox!: SearchBox;
  @query('asset-grid') private grid!: AssetGrid | null;

  private readonly listing = new Listing({ request: (type, params, token) => this.host.request(type, params, token) }, () => this.listed());
  private readonly seenFolders = new Map<string, Folder>();
  private foldersAsked = false;
  private hostNamesFolders = false;
  private range = { first: 0, last: 0 };
  private busyTimer: ReturnType<typeof setTimeout> | undefined;
  private saveTimer: ReturnType<typeof setTimeout> | undefined;
  private noticeTimer: ReturnType<typeof setTimeout> | undefined;
  private pictureUrl: string | undefined;
  /** Enter was pressed before the answer was there. */
  private openFirst = false;
  private wasReady = false;
  /** What was searched for before similar images. */
  private textBefore = '';

  static override styles = [sharedStyles, css`
    :host { display: grid; height: 100vh; grid-template: auto minmax(0, 1fr) auto / minmax(0, 1fr); background: transparent; }
    header { display: grid; grid-row: 1; grid-template-columns: minmax(0, 1fr); gap: 6px; padding: 8px 10px 6px; }
    footer { grid-row: 3; min-width: 0; }
    :host(.panel) header { padding: 12px 16px 8px; gap: 8px; }
    .first { display: flex; align-items: center; gap: 12px; }
    search-box { flex: 1; min-width: 0; }
    :host(.panel) search-box { max-width: 640px; }
    .tools { display: flex; align-items: center; gap: 8px; margin-inline-start: auto; color: var(--vscode-icon-foreground); }
    .tools .icon { font-size: 16px; }
    input[type=range] { appearance: none; width: 110px; height: 22px; margin: 0; background: transparent; cursor: pointer; outline: none; }
    input[type=range]::-webkit-slider-runnable-track { height: 3px; border-radius: 2px; background: color-mix(in srgb, var(--vscode-foreground) 25%, transparent); }
    input[type=range]::-webkit-slider-thumb { appearance: none; width: 13px; height: 13px; margin-top: -5px; border-radius: 50%; background: var(--vscode-button-background); border: 1px solid var(--vscode-contrastBorder, transparent); }
    input[type=range]:focus-visible::-webkit-slider-thumb { outline: 1px solid var(--vscode-focusBorder); outline-offset: 2px; }
    @media (forced-colors: active) { input[type=range]::-webkit-slider-runnable-track { background: CanvasText; } input[type=range]::-webkit-slider-thumb { background: Highlight; } .chip img { forced-color-adjust: none; } }
    .second { display: flex; flex-wrap: wrap; align-items: center; gap: 6px 12px; min-height: 24px; }
    .summary { font-size: 12px; color: var(--vscode-descriptionForeground); margin-inline-start: auto; font-variant-numeric: tabular-nums; }
    :host(.sidebar) .summary { margin-inline-start: 0; }
    .chip {
      display: inline-flex; align-items: center; gap: 6px; max-width: 100%; min-width: 0; height: 26px; padding: 0 3px 0 4px; border-radius: 5px; font-size: 12px;
      background: var(--vscode-badge-background); color: var(--vscode-badge-foreground); border: 1px solid var(--vscode-contrastBorder, transparent);
    }
    .chip img { width: 20px; height: 20px; object-fit: contain; border-radius: 3px; background: var(--chip-light); flex: none; }
    .chip .icon-button { width: 20px; height: 20px; color: inherit; }
    .chip .icon { font-size: 14px; }
    .weight { display: inline-flex; align-items: center; gap: 6px; font-size: 11px; color: var(--vscode-descriptionForeground); }
    .weight input[type=range] { width: 70px; }
    .banner { display: flex; align-items: start; gap: 8px; padding: 6px 8px; border-radius: 4px; font-size: 12px; line-height: 18px; background: var(--vscode-inputValidation-errorBackground); color: var(--vscode-inputValidation-errorForeground, var(--vscode-foreground)); border: 1px solid var(--vscode-inputValidation-errorBorder); overflow-wrap: anywhere; }
    .banner.mild { background: var(--vscode-inputValidation-infoBackground); color: var(--vscode-inputValidation-infoForeground, var(--vscode-foreground)); border-color: var(--vscode-inputValidation-infoBorder); }
    .banner > div { flex: 1; min-width: 0; }
    .banner .links { display: flex; flex-wrap: wrap; gap: 0 12px; }
    .banner .link { color: inherit; text-decoration: underline; }
    main { display: grid; grid-row: 2; min-height: 0; grid-template-columns: minmax(0, 1fr); grid-template-rows: minmax(0, 1fr); }
    :host(.panel) asset-grid { margin-inline: 6px 0; }
    asset-grid, empty-state { min-height: 0; }
    labels-pane { min-height: 0; border-inline-start: 1px solid var(--vscode-contrastBorder, var(--vscode-widget-border, color-mix(in srgb, var(--vscode-foreground) 12%, transparent))); padding: 4px 14px 0; width: 320px; }
    :host(.panel) main.labelled { grid-template-columns: minmax(0, 1fr) auto; }
    @media (max-width: 719px) {
      :host(.panel) main.labelled { grid-template-columns: minmax(0, 1fr); grid-template-rows: minmax(0, 1fr) fit-content(45%); }
      labels-pane { width: auto; overflow-y: auto; border-inline-start: 0; padding-top: 8px; border-block-start: 1px solid var(--vscode-contrastBorder, var(--vscode-widget-border, color-mix(in srgb, var(--vscode-foreground) 12%, transparent))); }
      input[type=range] { width: 70px; }
    }
  `];

  override connectedCallback(): void {
    super.connectedCallback();
    const { restored } = this;
    this.tileSize = restored?.tileSize ?? defaultTileSize[this.kind];
    this.labels = restored?.labels ?? '';
    this.labelsOpen = restored?.labelsOpen ?? true;
    this.filter = restored?.filter ?? {};
    this.filtersOpen = isActive(this.filter);
    this.text = restored?.query ?? '';
    const similar = restored?.similarTo;
    if (similar?.key) { this.similarTo = { name: similar.name, key: { ...emptyTile, ...similar.key }, image: { key: similar.key } }; }
    this.textWeight = restored?.textWeight ?? 0.5;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.listing.cancel();
    for (const timer of [this.busyTimer, this.saveTimer, this.noticeTimer]) { clearTimeout(timer); }
    this.releasePicture();
  }

  // ─── news from the host

  showStatus(status: ViewStatus): void {
    const before = this.status.index?.state;
    this.status = status;
    const { index } = status;
    if (before !== 'indexing' || index?.state !== 'idle') { return; }
    this.announce(countOf(this.t, index.assets, 'Indexing has finished: 1 asset', 'Indexing has finished: {0} assets'));
  }

  /** Lists again what is in sight. */
  assetsChanged(): void {
    if (this.isReady) { void this.listing.refresh(this.range.first, this.range.last); }
    this.foldersAsked = false;
    if (this.kind === 'panel' || this.filtersOpen) { void this.askFolders(); void this.askLabels(); }
  }

  show({ query, similarTo }: Show): void {
    if (similarTo) {
      const { key, name, tiles, stacks, strong } = similarTo;
      this.enterSimilar({ name, key: key && { ...emptyTile, ...key }, image: key && { key } });
      void this.ask(tiles ? { kind: 'shown', name, tiles, stacks, strong } : key ? { kind: 'similar', name, image: { key } } : { kind: 'browse' });
    } else if (query !== undefined) {
      this.search(query);
    }
    this.save();
  }

  // ─── questions

  private get isReady(): boolean { return this.status.availability === 'ready' && this.status.index !== undefined; }

  protected override willUpdate(changed: PropertyValues): void {
    if (changed.has('status') && this.isReady !== this.wasReady) {
      this.wasReady = this.isReady;
      if (this.isReady) {
        if (this.listing.state === 'waiting' || this.listing.state === 'failed') { void this.ask(this.question()); }
        if (this.kind === 'panel' || this.filtersOpen) { void this.askFolders(); void this.askLabels(); }
      }
    }
  }

  private question(): Question {
    if (this.similarTo?.image) { return { kind: 'similar', name: this.similarTo.name, image: this.similarTo.image, text: this.text, textWeight: this.textWeight }; }
    return this.text ? { kind: 'search', text: this.text } : { kind: 'browse' };
  }

  private search(text: string): void {
    this.text = text;
    this.leaveSimilar();
    void this.ask(this.question());
    this.save();
  }

  private async ask(question: Question): Promise<void> {
    if (!this.isReady) {
      // Asked as soon as the engine is there.
      this.listing.question = question;
      return;
    }
    await this.listing.show(question, this.filter);
    if (this.listing.answered !== question || this.listing.state !== 'listed') { return; }
    this.grid?.reset();
    this.announce(this.summary(true));
    if (this.openFirst && question.kind !== 'browse') { this.openFirstHit(); }
  }

  private listed(): void {
    clearTimeout(this.busyTimer);
    if (this.listing.state === 'loading') {
      this.busyTimer = setTimeout(() => { this.busy = true; }, busyAfterMs);
    } else {
      this.busy = false;
      this.seeFolders();
    }
    this.requestUpdate();
  }

  private openFirstHit(): void {
    this.openFirst = false;
    const first = this.listing.tiles[0];
    if (first) { void this.act('open', first); }
  }

  private async act(action: TileAction, tile: Tile, tiles: Tile[] = [tile]): Promise<void> {
    if (action === 'findSimilar') {
      // Answered in this view: the picture that was clicked stays where the eye is.
      this.enterSimilar({ key: tile, name: captionOf(tile), thumbnail: tile.thumbnail, image: { key: keyOf(tile) } });
      void this.ask(this.question());
      this.save();
      return;
    }
    try {
      const assets = onlyOne.has(action) ? undefined : tiles.map(referenceOf);
      const done = await this.host.request(View.action, { action, key: keyOf(tile), ...assets && { assets } });
      if (done?.announcement) { this.announce(done.announcement); }
    } catch (error) {
      this.tell(toErrorInfo(error).message, true);
    }
  }

  private async command(command: ViewCommand): Promise<void> {
    try { await this.host.request(View.command, { command }); } catch (error) { this.tell(toErrorInfo(error).message, true); }
  }

  private async givePicture(file: File): Promise<void> {
    const name = file.name || this.t('pasted picture');
    if (file.size > maxPictureBytes) {
      this.tell(this.t('{0} is larger than 32 MB. Use a smaller copy of it.', name), true);
      return;
    }
    const bytes = new Uint8Array(await file.arrayBuffer());
    this.enterSimilar({ name, image: { bytes, name } });
    this.pictureUrl = URL.createObjectURL(file);
    this.similarTo = { ...this.similarTo!, thumbnail: this.pictureUrl };
    void this.ask(this.question());
    this.save();
  }

  private giveUri(uri: string): void {
    this.enterSimilar({ name: decodeURIComponent(nameOf(uri)), image: { uri } });
    void this.ask(this.question());
    this.save();
  }

  /** The words of before wait for the way back; what is typed from here on refines the picture. */
  private enterSimilar(similarTo: NonNullable<AssetSearchApp['similarTo']>): void {
    this.releasePicture();
    if (!this.similarTo) { this.textBefore = this.text; }
    this.text = '';
    this.similarTo = similarTo;
  }

  private leaveSimilar(): void {
    this.similarTo = undefined;
    this.releasePicture();
  }

  private backFromSimilar = (): void => {
    this.search(this.textBefore);
    this.searchBox.focusInput();
  };

  private releasePicture(): void {
    if (this.pictureUrl) { URL.revokeObjectURL(this.pictureUrl); }
    this.pictureUrl = undefined;
  }

  private setFilter(filter: Filter): void {
    this.filter = filter;
    void this.ask(this.listing.question);
    this.save();
  }

  private async askFolders(): Promise<void> {
    if (this.foldersAsked || !this.isReady) { return; }
    this.foldersAsked = true;
    try {
      this.folders = (await this.host.request(View.folders, {})).slice(0, maxFolders);
      this.hostNamesFolders = true;
    } catch {
      this.seeFolders();
    }
  }

  /** Where the host does not name the folders: those of the tiles so far. */
  private seeFolders(): void {
    if (this.hostNamesFolders) { return; }
    const before = this.seenFolders.size;
    for (const tile of this.listing.tiles) {
      for (let path = tile ? folderOf(tile.path) : ''; path && this.seenFolders.size < maxFolders; path = folderOf(path)) {
        this.seenFolders.set(`${tile!.root}\n${path}`, { root: tile!.root, path });
      }
    }
    if (this.seenFolders.size !== before) {
      this.folders = [...this.seenFolders.values()].sort((a, b) => a.root.localeCompare(b.root) || a.path.localeCompare(b.path));
    }
  }

  // ─── state that outlives the view

  private save(): void {
    clearTimeout(this.saveTimer);
    this.saveTimer = setTimeout(() => {
      const { similarTo } = this;
      this.host.remember({
        query: this.text, textWeight: this.textWeight,
        similarTo: similarTo?.key && { key: keyOf(similarTo.key), name: similarTo.name },
        filter: this.filter, labels: this.labels, tileSize: this.tileSize, labelsOpen: this.labelsOpen,
      });
    }, saveAfterMs);
  }

  // ─── words

  private announce(text: string): void { this.announcement = text; }

  private tell(message: string, alarm: boolean): void {
    this.notice = { message, alarm };
    clearTimeout(this.noticeTimer);
    this.noticeTimer = setTimeout(() => { this.notice = undefined; }, noticeMs);
  }

  /** What is listed, in one line; `full` names the question as a screen reader needs it. */
  private summary(full: boolean): string {
    const { t, listing } = this;
    const count = listing.tiles.length;
    switch (listing.answered.kind) {
      case 'browse': return countOf(t, count, '1 asset', '{0} assets');
      case 'search':
        if (count === 0) { return t('No results for {0}', listing.answered.text); }
        if (listing.strong !== undefined && listing.strong < count) {
          if (listing.strong === 0) { return full ? t('{0} weak matches for {1}', count, listing.answered.text) : countOf(t, count, '1 weak match', '{0} weak matches'); }
          return full ? t('{0} results for {1}, then {2} weak matches', listing.strong, listing.answered.text, count - listing.strong) : t('{0} results, then weak matches', listing.strong);
        }
        return full ? (count === 1 ? t('1 result for {0}', listing.answered.text) : t('{0} results for {1}', count, listing.answered.text))
          : countOf(t, count, '1 result, best first', '{0} results, best first');
      default:
        return full ? (count === 1 ? t('1 image similar to {0}', listing.answered.name) : t('{0} images similar to {1}', count, listing.answered.name))
          : countOf(t, count, '1 result, most similar first', '{0} results, most similar first');
    }
  }

  // ─── drawing

  protected override render(): TemplateResult {
    const { t, kind, status } = this;
    const panel = kind === 'panel';
    const empty = this.empty();
    const waiting = !empty && this.isWaiting;
    const showsGrid = !empty;
    const searchable = !['noFolder', 'virtual', 'untrusted'].includes(status.availability);
    /** There is nothing to narrow down, to label or to see in another size. */
    const bare = empty !== undefined && !this.text && !this.similarTo && !isActive(this.filter);
    const labelled = panel && this.labelsOpen && showsGrid && !waiting;
    return html`
      <div class="sr-only" role="status" aria-live="polite">${this.announcement}</div>
      <header ?hidden=${!searchable}>
        <div class="first">
          <search-box .t=${t} .value=${this.text} .busy=${this.busy} .refining=${this.similarTo?.image !== undefined} .filters=${panel ? undefined : { open: this.filtersOpen, active: isActive(this.filter) }}
            @query-changed=${(event: CustomEvent<string>) => this.typed(event.detail)} @query-entered=${(event: CustomEvent<string>) => this.entered(event.detail)}
            @leave-down=${() => this.grid?.focusGrid()} @picture-given=${(event: CustomEvent<File>) => void this.givePicture(event.detail)} @uri-given=${(event: CustomEvent<string>) => this.giveUri(event.detail)}
            @filters-toggled=${this.toggleFilters} @picture-left=${this.backFromSimilar}></search-box>
          ${panel && !bare ? this.renderTools() : nothing}
        </div>
        ${panel && !bare || this.filtersOpen || this.similarTo ? html`
          <div class="second">
            ${this.similarTo ? this.renderChip(this.similarTo) : nothing}
            ${panel || this.filtersOpen ? html`
              <filter-bar .t=${t} .filter=${this.filter} .roots=${status.roots} .folders=${this.folders} .labels=${this.labelCounts}
                @filter-changed=${(event: CustomEvent<Filter>) => this.setFilter(event.detail)}></filter-bar>` : nothing}
            ${panel && showsGrid && !waiting ? html`<span class="summary">${this.summary(false)}</span>` : nothing}
          </div>` : nothing}
        ${this.renderBanner()}
      </header>
      <main class=${classMap({ labelled })}>
        <h1 class="sr-only">${t('Asset Search')}</h1>
        ${showsGrid ? html`
          <asset-grid .t=${t} .kind=${kind} .tiles=${waiting ? [] : this.listing.tiles} .strong=${waiting ? undefined : this.listing.strong} .skeleton=${waiting} .stale=${this.listing.state === 'loading' && !waiting && this.listing.question !== this.listing.answered}
            .tileSize=${this.tileSize} .severalRoots=${status.roots.length > 1} .label=${waiting ? t('Loading images') : this.summary(true)}
            @tile-action=${({ detail }: CustomEvent<GridEvents['tile-action']>) => void this.act(detail.action, detail.tile, detail.tiles)}
            @range-settled=${(event: CustomEvent<{ first: number; last: number }>) => this.settled(event.detail)}
            @stack-toggled=${(event: CustomEvent<Tile>) => this.stackToggled(event.detail)}
            @selection-changed=${(event: CustomEvent<ReadonlyMap<string, Tile>>) => { this.selection = [...event.detail.values()]; }}
            @leave-up=${() => this.searchBox.focusInput()} @type-ahead=${() => this.searchBox.focusInput()}></asset-grid>`
          : html`<empty-state .content=${empty}></empty-state>`}
        ${labelled ? html`
          <labels-pane .t=${t} .host=${this.host} .value=${this.labels} .images=${this.labelImages()} .selected=${this.selection.length > 0} .scope=${this.listedScope()} .target=${this.listing.labelTarget} .targetScope=${this.labelScope} .sets=${status.labelSets ?? {}} .counts=${this.labelCounts} .filtered=${this.filter.labels?.[0]}
            @label-chosen=${(event: CustomEvent<string | null>) => this.filterByLabel(event.detail ?? undefined)}
            @labels-changed=${(event: CustomEvent<string>) => this.labelsChanged(event.detail)} @announce=${(event: CustomEvent<string>) => this.announce(event.detail)}></labels-pane>` : nothing}
      </main>
      <footer ?hidden=${!searchable || status.availability === 'engineFailed'}>
        <status-line .t=${t} .index=${status.index} .modelProblem=${status.modelProblem} .starting=${status.availability === 'starting'} @command=${(event: CustomEvent<ViewCommand>) => void this.command(event.detail)}></status-line>
      </footer>`;
  }

  protected override updated(): void {
    this.className = this.kind;
  }

  private renderTools(): TemplateResult {
    const { t } = this;
    return html`
      <div class="tools">
        ${icon('zoom-in')}
        <input type="range" min=${minTileSize} max=${maxTileSize} step="8" .value=${String(this.tileSize)} aria-label=${t('Thumbnail size')} title=${t('Thumbnail size')} aria-valuetext=${t('{0} pixels', this.tileSize)}
          @input=${(event: Event) => { this.tileSize = Number((event.target as HTMLInputElement).value); this.save(); }}>
        <button class="icon-button" aria-label=${t('Show labels')} title=${t('Label images with words of your choice')} aria-pressed=${this.labelsOpen ? 'true' : 'false'}
          @click=${() => { this.labelsOpen = !this.labelsOpen; this.save(); }}>${icon('tag')}</button>
      </div>`;
  }

  private renderChip({ name, thumbnail, key, image }: NonNullable<AssetSearchApp['similarTo']>): TemplateResult {
    const { t } = this;
    const picture = thumbnail ?? this.listing.tiles.find(tile => key && tile && keyText(tile) === keyText(key))?.thumbnail;
    return html`
      <span class="chip">
        ${picture ? html`<img alt="" draggable="false" src=${picture}>` : icon('file-media')}
        <span class="ellipsis" title=${t('Similar to {0}', key?.path ?? name)}>${t('Similar to {0}', name)}</span>
        <button class="icon-button" aria-label=${t('Leave similar images')} title=${t('Back')} @click=${this.backFromSimilar}>${icon('close')}</button>
      </span>
      ${this.text && image ? html`
        <label class="weight">${t('Picture')}
          <input type="range" min="10" max="90" step="10" .value=${String(Math.round(this.textWeight * 100))} aria-label=${t('Weight of the words')} title=${t('How much the words count against the picture')} aria-valuetext=${t('{0} % words', Math.round(this.textWeight * 100))}
            @change=${(event: Event) => { this.textWeight = Number((event.target as HTMLInputElement).value) / 100; this.refine(this.text); }}>
          ${t('Words')}</label>` : nothing}`;
  }

  private renderBanner(): TemplateResult | typeof nothing {
    const { t, notice, status } = this;
    if (notice) {
      return html`<div class="banner ${notice.alarm ? '' : 'mild'}" role="alert"><div>${notice.message}</div>
        <button class="icon-button" aria-label=${t('Dismiss')} title=${t('Dismiss')} @click=${() => { this.notice = undefined; }}>${icon('close')}</button></div>`;
    }
    if (status.index?.state === 'failed' && status.index.assets > 0) {
      return html`<div class="banner" role="alert">${icon('warning')}<div>${status.index.error?.message ?? t('Indexing failed.')}
        <div class="links">${this.renderRemedy(status.index.error)}<button class="link" @click=${() => void this.command('showLog')}>${t('Show Log')}</button></div></div></div>`;
    }
    if (status.index?.namesOnly && !this.namesOnlyRead) {
      return html`<div class="banner mild" role="status">${icon('warning')}<div>${status.index.namesOnly.message}
        <div class="links"><button class="link" @click=${() => void this.command('showLog')}>${t('Show Log')}</button></div></div>
        <button class="icon-button" aria-label=${t('Dismiss')} title=${t('Dismiss')} @click=${() => { this.namesOnlyRead = true; }}>${icon('close')}</button></div>`;
    }
    return nothing;
  }

  /** What helps after a failure: an index that cannot be read is made anew, all else is tried again. */
  private remedy(error: ErrorInfo | undefined): [label: string, command: ViewCommand] {
    return error?.code === 'indexCorrupt' ? [this.t('Rebuild'), 'rebuild'] : [this.t('Try Again'), 'index'];
  }

  private renderRemedy(error: ErrorInfo | undefined): TemplateResult {
    const [label, command] = this.remedy(error);
    return html`<button class="link" @click=${() => void this.command(command)}>${label}</button>`;
  }

  /** Nothing has been listed yet, and nothing is wrong. */
  private get isWaiting(): boolean {
    const { listing } = this;
    if (!this.isReady || listing.state === 'waiting') { return true; }
    if (listing.tiles.length > 0) { return false; }
    return listing.state === 'loading' || this.isIndexing && listing.answered.kind === 'browse' && !isActive(listing.filter);
  }

  /** A run is under way, or will be in a moment: the first one of an engine begins by itself. */
  private get isIndexing(): boolean {
    const { automatic, index } = this.status;
    return index?.state === 'indexing' || automatic && index?.state === 'idle' && index.lastRun === undefined;
  }

  /** The empty state that is called for, if any. */
  private empty(): EmptyContent | undefined {
    const { t, status, listing } = this;
    const run = (label: string, command: ViewCommand, secondary = false) => ({ label, secondary, run: () => void this.command(command) });
    const { availability, index } = status;
    if (availability === 'noFolder') {
      return {
        drawing: 'pictures', heading: t('Find any image by what it shows'),
        text: t('Open a folder: its images are indexed here on your machine, and nothing leaves it. Then type “shopping cart”, or pick a picture to find others like it.'),
        actions: [run(t('Open Folder'), 'openFolder'), run(t('Get Started'), 'getStarted', true)],
      };
    }
    if (availability === 'virtual') {
      return {
        drawing: 'pictures', heading: t('These files are not on a disk'), text: t('Asset Search reads images where they lie, and a virtual workspace has no such place. Open a folder of this machine, of a container or over SSH.'),
        actions: [run(t('Open Folder'), 'openFolder')],
      };
    }
    if (availability === 'untrusted') {
      return {
        drawing: 'guarded', heading: t('This workspace is not trusted yet'), text: t('In Restricted Mode no image is read until you ask for it. Trust the folder, and its index builds by itself; or index it once.'),
        actions: [run(t('Manage Trust'), 'manageTrust'), run(t('Index Once'), 'index', true)],
      };
    }
    if (availability === 'engineFailed') {
      return {
        drawing: 'broken', alarm: true, heading: t('The search engine did not start'), text: status.error?.message ?? t('See the log for what happened.'),
        actions: isFolderFault(status.error) ? [run(t('Open Settings'), 'openSettings'), run(t('Try Again'), 'index', true)] : [run(...this.remedy(status.error)), run(t('Show Log'), 'showLog', true)],
      };
    }
    if (!index || listing.state === 'waiting') { return undefined; }
    if (index.state === 'failed' && index.assets === 0) {
      return {
        drawing: 'broken', alarm: true, heading: t('The images could not be indexed'), text: index.error?.message ?? t('See the log for what happened.'),
        actions: [run(...this.remedy(index.error)), run(t('Show Log'), 'showLog', true)],
      };
    }
    if (listing.state === 'failed') {
      return {
        drawing: 'broken', alarm: true, heading: listing.question.kind === 'browse' ? t('The images could not be listed') : t('The search failed'), text: listing.error?.message,
        actions: [
          // A picture that is gone fails again and again: then the way out is to leave it.
          ...this.similarTo ? [{ label: t('Leave the Picture'), run: this.backFromSimilar }] : [],
          { label: t('Try Again'), secondary: this.similarTo !== undefined, run: () => void this.ask(listing.question) }, run(t('Show Log'), 'showLog', true),
        ],
      };
    }
    if (listing.state !== 'listed' || listing.tiles.length > 0) { return undefined; }
    const filtered = isActive(listing.filter);
    const unfilter = { label: t('Clear Filters'), run: () => this.setFilter({}) };
    if (listing.answered.kind === 'browse' && !filtered) {
      if (this.isIndexing) { return undefined; }
      if (index.state === 'indexingElsewhere') {
        return { drawing: 'pictures', heading: t('Another window is indexing…'), text: t('The images appear here when it is done.') };
      }
      if (index.state === 'paused') {
        return { drawing: 'pictures', heading: t('Indexing is paused'), text: t('Resume, and the images of this workspace appear here.'), actions: [run(t('Resume'), 'resumeIndexing')] };
      }
      if (index.lastRun === undefined) {
        return {
          drawing: 'pictures', heading: t('Nothing is indexed yet'), text: t('The index does not build by itself here. Have it built now, and it is kept on this machine.'),
          actions: [run(t('Index Now'), 'index'), run(t('Open Settings'), 'openSettings', true)],
        };
      }
      return {
        drawing: 'search', heading: index.skipped > 0 ? t('No image here can be read') : t('No images here yet'),
        text: html`${t('Asset Search reads {0} files.', formats.map(format => format.toUpperCase()).join(', '))} ${index.skipped > 0
          ? html`<button class="link" @click=${() => void this.command('showSkipped')}>${countOf(t, index.skipped, '1 file was skipped', '{0} files were skipped')}</button>` : nothing}`,
        hints: [t('Excluded folders and .gitignore are left out; the settings say which.')],
        actions: [run(t('Open Settings'), 'openSettings'), run(t('Look Again'), 'index', true)],
      };
    }
    if (listing.answered.kind === 'browse') {
      return { drawing: 'search', heading: t('No image passes the filters'), actions: [unfilter] };
    }
    if (this.isIndexing) {
      return {
        drawing: 'search', heading: t('Nothing found yet for “{0}”', listing.answered.kind === 'search' ? listing.answered.text : listing.answered.name),
        text: t('The images are still being indexed: what fits appears here as it comes.'), actions: filtered ? [unfilter] : [],
      };
    }
    return {
      drawing: 'search',
      heading: listing.answered.kind === 'search' ? t('Nothing looks like “{0}”', listing.answered.text) : t('Nothing looks like {0}', listing.answered.name),
      text: filtered ? t('The filters may hide what you look for.') : t('Name what the picture shows: “red arrow”, “smiling face”, “cloud with rain”.'),
      hints: filtered ? [] : [t('Paste a picture here to find images like it, or hold Shift while dropping one.')],
      actions: filtered ? [unfilter] : [],
    };
  }

  // ─── events of the parts

  private typed(text: string): void {
    this.openFirst = false;
    if (text === this.text && (!this.similarTo || this.similarTo.image) && this.listing.state !== 'failed') { return; }
    if (this.similarTo?.image) { this.refine(text); } else { this.search(text); }
  }

  private entered(text: string): void {
    const { listing } = this;
    const same = text === this.text && (!this.similarTo || this.similarTo.image !== undefined);
    if (!same) { this.typed(text); }
    if (!text) { return; }
    if (same && listing.state === 'listed' && listing.answered === listing.question) { this.openFirstHit(); } else { this.openFirst = true; }
  }

  private refine(text: string): void {
    this.text = text;
    void this.ask(this.question());
    this.save();
  }

  private toggleFilters(): void {
    this.filtersOpen = !this.filtersOpen;
    if (this.filtersOpen) { void this.askFolders(); void this.askLabels(); }
  }

  private settled(range: { first: number; last: number }): void {
    this.range = range;
    this.firstInSight = range.first;
    this.listing.need(range.first, range.last);
  }

  private stackToggled(tile: Tile): void {
    this.listing.toggleStack(tile);
    this.announce(this.summary(true));
  }

  private labelImages(): Tile[] {
    if (this.selection.length > 0) {
      // As they are listed now: labels may have changed since they were selected.
      const listed = new Map(this.listing.tiles.flatMap(tile => (tile ? [[keyText(tile), tile] as const] : [])));
      return this.selection.map(tile => listed.get(keyText(tile)) ?? tile);
    }
    const first = this.listing.tiles[this.firstInSight];
    return first ? [first] : [];
  }

  /** What is listed now: everything that passes the filter, or the hits of a question. */
  private listedScope(): LabelScope {
    if (this.listing.answered.kind === 'browse') { return isActive(this.listing.filter) ? { filter: this.listing.filter } : {}; }
    return { keys: this.listing.hitsFound.map(keyOf) };
  }

  /** What labelling "all" covers. */
  private labelScope = async (): Promise<LabelScope> =>
    this.listing.labelTarget.kind === 'matches' ? { keys: (await this.listing.fetchMatches()).map(keyOf) } : this.listedScope();

  /** Shows all images with the label, whatever was asked before. */
  private filterByLabel(label: string | undefined): void {
    const { labels: _, ...others } = this.filter;
    this.filter = label === undefined ? others : { ...others, labels: [label] };
    if (label !== undefined) { this.text = ''; this.leaveSimilar(); }
    void this.ask(label === undefined ? this.listing.question : this.question());
    this.save();
  }

  private async askLabels(): Promise<void> {
    if (!this.isReady) { return; }
    // The filter does without what cannot be counted now.
    try { this.labelCounts = await this.host.request(View.labelCounts, {}); } catch { /* asked again at the next change */ }
  }

  private labelsChanged(labels: string): void {
    if (labels === this.labels) { return; }
    this.labels = labels;
    this.save();
  }
}

/** Another folder for the index helps, and the settings name it. */
const isFolderFault = (error: ErrorInfo | undefined): boolean => error?.code === 'usage' || error?.code === 'indexReadOnly';

/** A key as a tile of which no more is known. */
const emptyTile: Tile = {
  root: '', path: '', part: 0, hash: '', format: '', width: 0, height: 0, sizeBytes: 0, title: '', score: null, matched: { visual: false, name: false }, rootName: '',
};
