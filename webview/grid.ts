/** The grid of tiles: a listbox of which only the rows in sight (and two around them) are in the document. */
import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import { classMap } from 'lit/directives/class-map.js';
import { repeat } from 'lit/directives/repeat.js';
import { assetMime, type AssetKey, type AssetReference, type Tile, type TileAction } from '../src/protocol';
import type { ListedTile } from './listing';
import { ToneReader } from './backdrop';
import { icon, type IconName } from './icons';
import { bytesOf, type Translate } from './localize';
import { NameFitter } from './nameFitter';
import { sharedStyles } from './theme';
import './tileMenu';
import type { TileMenu } from './tileMenu';

export const minTileSize = 64;
export const maxTileSize = 240;

const gap = 8;
const captionLine = 18;
const dividerHeight = 28;
const overscanRows = 2;
/** From this width of a picture on, a panel's tile has a second line. */
const detailsFrom = 96;
/** Skeleton tiles while nothing is known of the number. */
const skeletonRows = 4;
/** Resting time before a new range is reported: a drag of the scroll bar should not ask for each page it passes. */
const settleMs = 60;

export const keyText = ({ root, path, part }: AssetKey): string => `${root}\n${path}\n${part}`;
export const keyOf = ({ root, path, part }: AssetKey): AssetKey => ({ root, path, part });
export const referenceOf = ({ root, path, part, width, height, title, cell }: Tile): AssetReference => ({ root, path, part, width, height, title, ...cell && { cell } });
export const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
/** What a tile is called: its file, or the cell of a sheet by the name an atlas gives it or by its number. */
export const captionOf = ({ path, part, cell }: Tile): string => (cell ? nameOf(cell.name ?? '') || `${nameOf(path)} · ${part}` : nameOf(path));
export const folderOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));

/** Format and size; the size is unknown where only names are. */
const factsOf = ({ format, width, height }: Tile, times: string): string => [format.toUpperCase(), ...width > 0 ? [`${width}${times}${height}`] : []].join(' ');

/** The grid's custom events. */
export interface GridEvents {
  /** `tiles`: the tile, and all that are selected when it is one of them. */
  'tile-action': { action: TileAction; tile: Tile; tiles: Tile[] };
  'range-settled': { first: number; last: number };
  'selection-changed': ReadonlyMap<string, Tile>;
  'stack-toggled': Tile;
  'leave-up': undefined;
  'type-ahead': undefined;
}

interface Layout { columns: number; cell: number; row: number; caption: number }

@customElement('asset-grid')
export class AssetGrid extends LitElement {
  @property({ attribute: false }) t!: Translate;
  @property({ attribute: false }) tiles: (ListedTile | undefined)[] = [];
  /** How many tiles, at the top, fit the question: a divider comes after them, and the first weak tile begins a row. */
  @property({ attribute: false }) strong: number | undefined;
  @property({ attribute: false }) label = '';
  @property({ attribute: false }) kind: 'sidebar' | 'panel' = 'sidebar';
  /** Wished edge of a picture, pixels; columns share what is left over. */
  @property({ type: Number }) tileSize = 96;
  /** Draws grey tiles in place of real ones. */
  @property({ type: Boolean }) skeleton = false;
  /** Answers to a newer question are on their way: what is shown is the older one. */
  @property({ type: Boolean }) stale = false;
  /** Several roots: the root's name is part of where a file is. */
  @property({ type: Boolean }) severalRoots = false;

  @state() private layout: Layout = { columns: 1, cell: 96, row: 122, caption: captionLine };
  @state() private firstRow = 0;
  @state() private lastRow = 0;
  @state() private active = 0;
  @state() private hovered: number | undefined;
  @state() private focusInside = false;
  @state() private selection: ReadonlyMap<string, Tile> = new Map();

  @query('.scroller') private scroller!: HTMLElement;
  @query('.listbox') private listbox!: HTMLElement;
  @query('.toolbar') private toolbar!: HTMLElement | null;
  @query('tile-menu') private menu!: TileMenu;

  private readonly names = new NameFitter(`12px ${getComputedStyle(document.body).fontFamily}`);
  private readonly tones = new ToneReader();
  private readonly failed = new Set<string>();
  private readonly resize = new ResizeObserver(() => this.measure());
  private settleTimer: ReturnType<typeof setTimeout> | undefined;
  private focusActive = false;
  private drawing = false;
  private anchor = 0;

  static override styles = [sharedStyles, css`
    :host { display: block; min-height: 0; position: relative; }
    .scroller { position: absolute; inset: 0; overflow: hidden auto; padding: 2px 0 10px 10px; overflow-anchor: none; scrollbar-gutter: stable; scrollbar-width: thin; }
    .spacer { position: relative; }
    .listbox { position: absolute; inset: 0 0 auto 0; display: grid; grid-template-columns: repeat(var(--columns), minmax(0, 1fr)); gap: ${gap}px; outline: none; transition: opacity .15s; }
    .stale .listbox { opacity: .6; transition-delay: .25s; }
    .tile { display: block; cursor: pointer; border-radius: 6px; outline: none; position: relative; color: var(--vscode-foreground); }
    .picture {
      position: relative; height: var(--cell); display: grid; place-items: center; overflow: hidden; border-radius: 6px;
      background: var(--tile-plain); border: 1px solid var(--tile-border);
    }
    .tile[data-tone=dark] .picture { background: var(--tile-for-dark-picture); }
    .tile[data-tone=light] .picture { background: var(--tile-for-light-picture); }
    .tile[data-tone=mixed] .picture { background: var(--chip-middle); }
    .tile:hover .picture { box-shadow: inset 0 0 0 100px var(--tile-hover); }
    .tile[data-tone=opaque]:hover .picture, .tile[data-tone=dark]:hover .picture, .tile[data-tone=light]:hover .picture, .tile[data-tone=mixed]:hover .picture {
      box-shadow: 0 0 0 2px var(--tile-hover);
    }
    img { position: relative; display: block; max-width: calc(var(--cell) - var(--inset) * 2); max-height: calc(var(--cell) - var(--inset) * 2); opacity: 0; transition: opacity .12s; }
    .small img { width: calc(var(--cell) - var(--inset) * 2); height: calc(var(--cell) - var(--inset) * 2); object-fit: contain; }
    .pixel img { image-rendering: pixelated; }
    .tile[data-tone=opaque] img { max-width: 100%; max-height: 100%; }
    .small[data-tone=opaque] img { width: 100%; height: 100%; }
    .tile[data-tone] img { opacity: 1; }
    .failed { display: grid; justify-items: center; gap: 4px; font-size: 10px; text-transform: uppercase; color: var(--vscode-descriptionForeground); }
    .failed .icon { font-size: 24px; opacity: .7; }
    .caption { display: flex; height: ${captionLine}px; align-items: end; padding: 0 3px; font-size: 12px; line-height: 16px; white-space: pre; overflow: hidden; }
    /* Generated, because a shortened name is no text to search or to say: the whole one is the tile's label. */
    .caption::after { content: attr(data-name); }
    .details { display: flex; justify-content: space-between; gap: 6px; height: ${captionLine - 2}px; padding: 0 3px; font-size: 11px; line-height: 15px; color: var(--vscode-descriptionForeground); font-variant-numeric: tabular-nums; }
    .score { position: absolute; inset: auto 4px 4px auto; padding: 0 5px; border-radius: 8px; font-size: 10px; line-height: 15px; font-variant-numeric: tabular-nums; background: var(--vscode-badge-background); color: var(--vscode-badge-foreground); border: 1px solid var(--vscode-contrastBorder, transparent); opacity: 0; }
    [data-score]::after { content: attr(data-score); }
    .tile:hover .score, .tile:focus-visible .score { opacity: 1; }
    .tile:focus-visible .picture, .listbox:focus-visible .tile.active .picture { outline: 2px solid var(--vscode-focusBorder); outline-offset: 1px; }
    .tile[aria-selected=true] .picture { outline: 2px solid var(--vscode-contrastActiveBorder, var(--vscode-focusBorder)); outline-offset: 1px; }
    .tile[aria-selected=true] .caption { background: var(--vscode-list-activeSelectionBackground, transparent); color: var(--vscode-list-activeSelectionForeground, inherit); border-radius: 3px; margin-top: 3px; height: ${captionLine - 3}px; line-height: 15px; }
    .stacked .picture { margin: 4px 4px 0 0; height: calc(var(--cell) - 4px); overflow: visible; box-shadow: 2px -2px 0 -1px var(--backdrop), 2px -2px 0 0 var(--tile-hover), 4px -4px 0 -1px var(--backdrop), 4px -4px 0 0 var(--tile-hover); }
    .fanned .picture { box-shadow: inset 0 -2px 0 0 var(--vscode-focusBorder); }
    .count { position: absolute; inset: auto auto 4px 4px; min-width: 22px; padding: 0 5px; border-radius: 8px; font-size: 10px; line-height: 16px; text-align: center; font-variant-numeric: tabular-nums; background: var(--vscode-badge-background); color: var(--vscode-badge-foreground); border: 1px solid var(--vscode-contrastBorder, transparent); cursor: pointer; }
    .count::after { content: attr(data-count); }
    .count:hover { background: var(--vscode-button-hoverBackground); color: var(--vscode-button-foreground); }
    .mark { position: absolute; inset: 5px auto auto 5px; width: 18px; height: 18px; display: grid; place-items: center; border-radius: 50%; background: var(--vscode-button-background); color: var(--vscode-button-foreground); border: 1px solid var(--vscode-contrastBorder, transparent); }
    .mark .icon { font-size: 12px; }
    .dragging { opacity: .6; }
    .divider { grid-column: 1 / -1; height: ${dividerHeight}px; box-sizing: border-box; display: flex; align-items: center; gap: 10px; padding-inline-end: 10px; font-size: 11px; color: var(--vscode-descriptionForeground); white-space: nowrap; }
    .divider::after { content: ''; flex: 1; border-top: 1px solid var(--vscode-contrastBorder, var(--vscode-widget-border, color-mix(in srgb, var(--vscode-foreground) 18%, transparent))); }
    .divider + .tile { grid-column-start: 1; }
    .toolbar {
      position: absolute; inset: 0 auto auto 0; display: flex; padding: 1px; border-radius: 6px; width: max-content;
      background: var(--vscode-editorWidget-background); color: var(--vscode-editorWidget-foreground, var(--vscode-foreground));
      border: 1px solid var(--vscode-contrastBorder, var(--vscode-editorWidget-border, transparent)); box-shadow: 0 2px 6px var(--vscode-widget-shadow, transparent);
    }
    .bone .picture, .bone .line { border: 1px solid var(--bone-border); }
    .bone .picture { background: var(--tile-plain); }
    .bone .line { display: block; height: 8px; margin: 7px 3px 0; width: 62%; border-radius: 4px; background: var(--tile-plain); }
    .bone { cursor: default; pointer-events: none; }
    .shimmer .bone { animation: breathe 1.6s ease-in-out infinite alternate; }
    .shimmer .bone:nth-child(2n) { animation-delay: -.5s; }
    .shimmer .bone:nth-child(3n) { animation-delay: -1s; }
    /* The ground belongs to the picture: in the system's own colours a white icon would lie on white. */
    @media (forced-colors: active) { .picture, .score { forced-color-adjust: none; } }
    @keyframes breathe { from { opacity: 1; } to { opacity: .45; } }
  `];

  override connectedCallback(): void {
    super.connectedCallback();
    this.resize.observe(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.resize.disconnect();
    clearTimeout(this.settleTimer);
  }

  /** Tiles in sight, for what works on "the first one". */
  get range(): { first: number; last: number } {
    return { first: this.firstOf(this.firstRow), last: Math.max(this.firstOf(this.lastRow + 1) - 1, 0) };
  }

  /** Back to the top, as for a new question. Keeps no selection. */
  reset(): void {
    this.active = 0;
    this.anchor = 0;
    this.select(new Map());
    this.scroller?.scrollTo({ top: 0 });
  }

  /** Moves the keyboard focus to the active tile. */
  focusGrid(): void {
    if (this.tiles.length === 0) { return; }
    this.activate(Math.min(this.active, this.tiles.length - 1), true);
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (this.active >= this.tiles.length) { this.active = Math.max(0, this.tiles.length - 1); }
    if (this.hovered !== undefined && this.hovered >= this.tiles.length) { this.hovered = undefined; }
    if (changed.has('tiles') || changed.has('strong') || changed.has('tileSize') || changed.has('kind') || changed.has('skeleton')) { this.measure(); }
  }

  protected override update(changed: PropertyValues): void {
    this.drawing = true;
    try { super.update(changed); } finally { this.drawing = false; }
  }

  protected override updated(changed: PropertyValues): void {
    const { columns, cell } = this.layout;
    // Through the object model: a strict policy forbids style attributes.
    const spacer = this.listbox.parentElement!;
    spacer.style.height = `${Math.max(0, (this.skeleton ? skeletonRows * this.layout.row : this.topOf(this.rows)) - gap)}px`;
    const { style } = this.listbox;
    style.setProperty('--columns', String(columns));
    style.setProperty('--cell', `${cell}px`);
    style.setProperty('--inset', `${Math.round(cell * 0.1)}px`);
    style.transform = `translateY(${this.skeleton ? 0 : this.topOf(this.firstRendered) - (this.firstRendered === this.rowsAbove ? dividerHeight + gap : 0)}px)`;
    this.placeToolbar();
    if (this.focusActive) {
      this.focusActive = false;
      (this.optionAt(this.active) ?? this.listbox).focus({ preventScroll: true });
    } else if (this.focusInside && !this.shadowRoot!.activeElement) {
      // The focused tile was loaded anew, or has been scrolled out of the document: then the listbox keeps the focus for it.
      (this.optionAt(this.active) ?? this.listbox).focus({ preventScroll: true });
    }
    if (changed.has('tiles') || changed.has('firstRow') || changed.has('lastRow')) { this.settle(); }
  }

  protected override render(): TemplateResult {
    const { t } = this;
    return html`
      <div class=${classMap({ scroller: true, stale: this.stale, shimmer: this.skeleton })} @scroll=${this.scrolled}
        @pointerover=${this.pointed} @pointerleave=${() => { this.hovered = undefined; }}>
        <div class="spacer">
          <div class="listbox" role="listbox" aria-multiselectable="true" aria-label=${this.label} aria-busy=${this.stale || this.skeleton ? 'true' : 'false'}
            tabindex=${this.skeleton || this.tiles.length === 0 || this.isRendered(this.active) ? -1 : 0}
            @keydown=${this.pressed} @focusin=${() => { this.focusInside = true; }} @focusout=${this.focusLeft} @focus=${this.listboxFocused}>
            ${this.skeleton
              ? Array.from({ length: skeletonRows * this.layout.columns }, () => html`<div class="tile bone" role="presentation"><div class="picture"></div><span class="line"></span></div>`)
              : repeat(this.rendered(), index => index < 0 ? 'divider' : this.tiles[index] ? keyText(this.tiles[index]) : index, index => index < 0 ? this.renderDivider() : this.renderTile(index))}
          </div>
          ${this.renderToolbar()}
        </div>
      </div>
      <tile-menu .t=${t} @menu-closed=${this.menuClosed}></tile-menu>`;
  }

  private renderTile(index: number): TemplateResult {
    const tile = this.tiles[index];
    const position = { set: this.tiles.length, at: index + 1 };
    if (!tile) {
      return html`<div class="tile bone" role="option" tabindex=${index === this.active ? 0 : -1} aria-selected="false" aria-busy="true" aria-label=${this.t('Loading…')} aria-setsize=${position.set} aria-posinset=${position.at} data-index=${index}>
        <div class="picture"></div><span class="line"></span></div>`;
    }
    const selected = this.selection.has(keyText(tile));
    const active = index === this.active;
    const name = captionOf(tile);
    const small = Math.max(tile.width, tile.height) <= this.layout.cell || tile.format === 'svg';
    const { stack } = tile;
    const classes = { tile: true, active, stacked: stack !== undefined && !stack.open, fanned: tile.fanned === true || stack?.open === true, small, pixel: small && tile.format !== 'svg' && Math.max(tile.width, tile.height) * 3 <= this.layout.cell };
    // What its name has moved up does not lie where its score would put it.
    const score = tile.matched.name ? this.t('name') : tile.score?.toFixed(2);
    return html`
      <div class=${classMap(classes)} role="option" tabindex=${active ? 0 : -1} data-index=${index} data-path=${tile.path} data-root=${tile.root} data-part=${tile.part}
        data-tone=${this.tones.get(tile.hash) ?? nothing}
        aria-selected=${selected ? 'true' : 'false'} aria-setsize=${position.set} aria-posinset=${position.at} aria-label=${this.labelOf(tile)} title=${this.tooltipOf(tile)}
        draggable="true" @dragstart=${(event: DragEvent) => this.dragged(event, tile)} @dragend=${this.dragEnded}
        @click=${(event: MouseEvent) => this.clicked(event, index)} @dblclick=${() => this.act('open', tile)} @contextmenu=${(event: MouseEvent) => this.openMenu(event, index)}>
        <div class="picture">
          ${tile.thumbnail && !this.failed.has(tile.hash)
            ? html`<img crossorigin="anonymous" loading="lazy" decoding="async" draggable="false" alt="" src=${tile.thumbnail} @load=${(event: Event) => this.loaded(event, tile)} @error=${() => this.lost(tile)}>`
            : html`<span class="failed">${icon('file-media')}${tile.format}</span>`}
          ${score && this.layout.caption === captionLine ? html`<span class="score" data-score=${score}></span>` : nothing}
          ${selected ? html`<span class="mark">${icon('check')}</span>` : nothing}
          ${stack ? html`<span class="count" data-count=${stack.open ? '−' : `+${stack.others}`} @click=${(event: MouseEvent) => this.stackClicked(event, tile, index)} @dblclick=${(event: MouseEvent) => event.stopPropagation()}></span>` : nothing}
        </div>
        <div class="caption" data-name=${this.names.fit(name, this.layout.cell - 8)}></div>
        ${this.layout.caption > captionLine
          ? html`<div class="details" aria-hidden="true"><span class="ellipsis">${factsOf(tile, '×')}</span>${score ? html`<span data-score=${score}></span>` : nothing}</div>`
          : nothing}
      </div>`;
  }

  private renderDivider(): TemplateResult {
    return html`<div class="divider" role="presentation" aria-hidden="true">${this.strong === 0 ? this.t('Only weak matches') : this.t('Weak matches')}</div>`;
  }

  /** One toolbar for whichever tile is pointed at or has the focus: an option must not hold buttons of its own. */
  private renderToolbar(): TemplateResult | typeof nothing {
    const index = this.hovered ?? (this.focusInside ? this.active : undefined);
    const tile = index === undefined || this.skeleton ? undefined : this.tiles[index];
    if (!tile || !this.isRendered(index!)) { return nothing; }
    const { t } = this;
    const button = (action: TileAction, name: IconName, label: string) => html`
      <button class="icon-button" tabindex="-1" data-action=${action} aria-label=${label} title=${label} @click=${() => this.act(action, tile)}>${icon(name)}</button>`;
    const wide = this.layout.cell >= 98;
    return html`
      <div class="toolbar" role="toolbar" aria-label=${t('Actions for {0}', captionOf(tile))} data-index=${index!} @keydown=${this.toolbarPressed} @focusout=${this.focusLeft}>
        ${button('findSimilar', 'search-fuzzy', t('Find Similar'))}
        ${wide ? [button('open', 'go-to-file', t('Open')), button('reveal', 'folder-opened', t('Reveal in Explorer')), button('insert', 'insert', t('Insert at Cursor'))]
          : html`<button class="icon-button" tabindex="-1" aria-haspopup="menu" aria-label=${t('More Actions…')} title=${t('More Actions…')} @click=${(event: MouseEvent) => this.openMenu(event, index!)}>${icon('ellipsis')}</button>`}
      </div>`;
  }

  private placeToolbar(): void {
    const { toolbar } = this;
    if (!toolbar) { return; }
    const option = this.optionAt(Number(toolbar.dataset.index));
    if (!option) { return; }
    const tile = option.getBoundingClientRect();
    const spacer = this.listbox.parentElement!.getBoundingClientRect();
    const left = Math.min(tile.right - spacer.left - toolbar.offsetWidth - 4, spacer.width - toolbar.offsetWidth);
    toolbar.style.transform = `translate(${Math.max(0, Math.round(left))}px, ${Math.round(tile.top - spacer.top + 4)}px)`;
  }

  // ─── what is in sight

  private get firstRendered(): number { return Math.max(0, this.firstRow - overscanRows); }

  /** Indices of the tiles in the document; -1 stands for the divider. */
  private rendered(): number[] {
    const { rowsAbove, strong } = this;
    const start = this.firstOf(this.firstRendered);
    const indices = Array.from({ length: Math.max(0, this.firstOf(this.lastRow + overscanRows + 1) - start) }, (_, offset) => start + offset);
    if (rowsAbove !== undefined && rowsAbove >= this.firstRendered && indices.at(-1)! >= strong!) { indices.splice(strong! - start, 0, -1); }
    return indices;
  }

  private isRendered(index: number): boolean {
    const row = this.rowOf(index);
    return row >= this.firstRendered && row <= this.lastRow + overscanRows;
  }

  // ─── rows: all alike, but for the divider between those that fit and the weak ones

  /** Rows above the divider; undefined without one. */
  private get rowsAbove(): number | undefined {
    const { strong } = this;
    return strong === undefined || strong >= this.tiles.length ? undefined : Math.ceil(strong / this.layout.columns);
  }

  private get rows(): number { return this.tiles.length === 0 ? 0 : this.rowOf(this.tiles.length - 1) + 1; }

  private rowOf(index: number): number {
    const { rowsAbove, strong, layout: { columns } } = this;
    return rowsAbove === undefined || index < strong! ? Math.floor(index / columns) : rowsAbove + Math.floor((index - strong!) / columns);
  }

  /** Index of the row's first tile; the number of tiles for a row after the last one. */
  private firstOf(row: number): number {
    const { rowsAbove, strong, layout: { columns } } = this;
    return Math.min(this.tiles.length, rowsAbove === undefined || row < rowsAbove ? row * columns : strong! + (row - rowsAbove) * columns);
  }

  /** Distance of the row's tiles from the top of the list, pixels. */
  private topOf(row: number): number {
    const { rowsAbove, layout } = this;
    return row * layout.row + (rowsAbove !== undefined && row >= rowsAbove ? dividerHeight + gap : 0);
  }

  /** The row at a distance from the top; the divider counts to the row below it. */
  private rowAt(top: number): number {
    const { rowsAbove, layout } = this;
    const row = Math.floor(top / layout.row);
    return rowsAbove === undefined || row < rowsAbove ? row : Math.max(rowsAbove, Math.floor((top - dividerHeight - gap) / layout.row));
  }

  private measure(): void {
    const { scroller } = this;
    if (!scroller) { this.requestUpdate(); return; }
    const { paddingLeft, paddingRight } = getComputedStyle(scroller);
    const width = scroller.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight);
    if (width <= 0) { return; }
    const columns = Math.max(1, Math.floor((width + gap) / (this.tileSize + gap)));
    const cell = Math.floor((width - gap * (columns - 1)) / columns);
    const caption = this.kind === 'panel' && cell >= detailsFrom ? 2 * captionLine : captionLine;
    const row = cell + caption + gap;
    if (columns !== this.layout.columns || row !== this.layout.row) {
      const firstInSight = this.firstOf(this.firstRow);
      const scrolled = scroller.scrollTop > 0;
      this.layout = { columns, cell, row, caption };
      // What was at the top stays there.
      if (scrolled) { void this.updateComplete.then(() => { scroller.scrollTop = this.topOf(this.rowOf(firstInSight)); this.scrolled(); }); }
    }
    this.scrolled();
  }

  private scrolled = (): void => {
    const { scrollTop, clientHeight } = this.scroller;
    this.firstRow = Math.max(0, this.rowAt(scrollTop));
    this.lastRow = Math.max(this.firstRow, this.rowAt(scrollTop + clientHeight));
  };

  private settle(): void {
    clearTimeout(this.settleTimer);
    if (this.tiles.length === 0 || this.skeleton) { return; }
    this.settleTimer = setTimeout(() => this.emit('range-settled', this.range), settleMs);
  }

  private optionAt(index: number): HTMLElement | null {
    return this.listbox.querySelector<HTMLElement>(`.tile[data-index="${index}"]`);
  }

  // ─── pictures

  private loaded(event: Event, tile: Tile): void {
    const image = event.currentTarget as HTMLImageElement;
    const tone = this.tones.read(tile.hash, image);
    image.closest<HTMLElement>('.tile')!.dataset.tone = tone;
  }

  private lost(tile: Tile): void {
    this.failed.add(tile.hash);
    this.requestUpdate();
  }

  /** Begins with what is written on the tile, in that order: who speaks to the computer says what is seen. */
  private labelOf(tile: ListedTile): string {
    const parts = [captionOf(tile), factsOf(tile, '×'), ...tile.cell ? [this.t('cell {0} of {1}', tile.part, nameOf(tile.path))] : [], this.placeOf(tile) || this.t('top folder')];
    if (tile.stack) { parts.push(tile.stack.open ? this.t('{0} variants shown after it', tile.stack.others) : this.t('stands for {0} more of the same drawing', tile.stack.others)); }
    if (tile.matched.name) { parts.push(this.t('name matches')); } else if (tile.score !== null) { parts.push(this.t('score {0}', tile.score.toFixed(2))); }
    if (tile.labels) { parts.push(this.t('labels {0}', tile.labels.map(({ label }) => label).join(', '))); }
    return parts.join(', ');
  }

  private tooltipOf(tile: ListedTile): string {
    const { cell } = tile;
    const facts = [factsOf(tile, ' × '), cell ? this.t('cell {0} at {1}, {2}', tile.part, cell.x, cell.y) : bytesOf(tile.sizeBytes)];
    if (tile.score !== null) { facts.push(this.t('Similarity {0}', tile.score.toFixed(3))); }
    if (tile.stack && !tile.stack.open) { facts.push(this.t('{0} more of the same drawing', tile.stack.others)); }
    const labels = tile.labels?.map(({ label, probability }) => (probability === undefined ? label : this.t('{0} {1} %', label, Math.round(probability * 100))));
    return [...tile.title ? [tile.title] : [], `${this.severalRoots ? `${tile.rootName} • ` : ''}${tile.path}`, facts.join(' · '), ...labels ? [this.t('Labels: {0}', labels.join(', '))] : []].join('\n');
  }

  private placeOf(tile: Tile): string {
    const folder = folderOf(tile.path);
    return this.severalRoots ? [tile.rootName, folder].filter(Boolean).join('/') : folder;
  }

  // ─── pointer

  private pointed(event: PointerEvent): void {
    const target = event.target as HTMLElement;
    if (target.closest('.toolbar')) { return; }
    const tile = target.closest<HTMLElement>('.tile:not(.bone)');
    this.hovered = tile ? Number(tile.dataset.index) : undefined;
  }

  private clicked(event: MouseEvent, index: number): void {
    const tile = this.tiles[index]!;
    if (event.shiftKey) { this.selectBetween(this.anchor, index); this.activate(index, true); return; }
    this.anchor = index;
    this.activate(index, true);
    if (event.ctrlKey || event.metaKey) { this.toggle(tile); return; }
    // A list in the sidebar opens at a click like the Explorer; a gallery selects, and opens at a double click.
    if (this.kind === 'sidebar') { if (event.detail < 2) { this.act('open', tile); } } else { this.select(new Map([[keyText(tile), tile]])); }
  }

  private dragged(event: DragEvent, tile: Tile): void {
    if (!event.dataTransfer) { return; }
    event.dataTransfer.effectAllowed = 'copy';
    const tiles = this.togetherWith(tile);
    event.dataTransfer.setData('text/plain', tiles.map(({ path }) => path).join('\n'));
    event.dataTransfer.setData(assetMime, JSON.stringify(tiles.map(referenceOf)));
    const element = event.currentTarget as HTMLElement;
    const picture = element.querySelector('img');
    if (picture) { event.dataTransfer.setDragImage(picture, picture.clientWidth / 2, picture.clientHeight / 2); }
    element.classList.add('dragging');
    this.hovered = undefined;
  }

  private dragEnded(event: DragEvent): void { (event.currentTarget as HTMLElement).classList.remove('dragging'); }

  // ─── keyboard

  private pressed = (event: KeyboardEvent): void => {
    if (this.tiles.length === 0 || this.skeleton) { return; }
    const last = this.tiles.length - 1;
    const visibleRows = Math.max(1, Math.floor(this.scroller.clientHeight / this.layout.row));
    const tile = this.tiles[this.active];
    const modifier = event.ctrlKey || event.metaKey;
    let to: number | undefined;
    switch (event.key) {
      case 'ArrowRight': to = this.active + 1; break;
      case 'ArrowLeft': to = this.active - 1; break;
      case 'ArrowDown': to = this.below(1); break;
      case 'ArrowUp':
        if (this.rowOf(this.active) === 0 && !event.shiftKey) { event.preventDefault(); this.emit('leave-up', undefined); return; }
        to = this.below(-1); break;
      case 'Home': to = 0; break;
      case 'End': to = last; break;
      case 'PageDown': to = this.below(visibleRows); break;
      case 'PageUp': to = this.below(-visibleRows); break;
      case 'Enter': if (tile) { event.preventDefault(); this.act(modifier ? 'openToSide' : 'open', tile); } return;
      case ' ': if (tile) { event.preventDefault(); this.anchor = this.active; this.toggle(tile); } return;
      case 'Escape': if (this.selection.size > 0) { event.preventDefault(); this.select(new Map()); } else { this.emit('leave-up', undefined); } return;
      case '+': case '-': if (tile?.stack && tile.stack.open === (event.key === '-')) { event.preventDefault(); this.emit('stack-toggled', tile); } return;
      case 'F10': if (event.shiftKey) { event.preventDefault(); this.openMenu(undefined, this.active); } return;
      case 'ContextMenu': event.preventDefault(); this.openMenu(undefined, this.active); return;
      case 'Tab':
        if (!event.shiftKey && this.toolbar) { const first = this.toolbar.querySelector('button'); if (first) { event.preventDefault(); first.focus(); } }
        return;
      default:
        if (event.key.length === 1 && !modifier && !event.altKey) { this.emit('type-ahead', undefined); }
        if (modifier && !event.shiftKey && !event.altKey && tile && (event.key === 'c' || event.key === 'i')) {
          event.preventDefault();
          // Not for VS Code's own keybindings.
          event.stopPropagation();
          this.act(event.key === 'c' ? 'copyRelativePath' : 'insert', tile);
        }
        return;
    }
    event.preventDefault();
    if (to < 0 || to > last) { return; }
    if (event.shiftKey) { this.selectBetween(this.anchor, to); } else { this.anchor = to; }
    this.hovered = undefined;
    this.activate(to, true);
  };

  /** The tile so many rows below the active one (above, when negative), in its column or at the end of a shorter row. */
  private below(rows: number): number {
    const from = this.rowOf(this.active);
    const row = Math.min(this.rows - 1, Math.max(0, from + rows));
    const first = this.firstOf(row);
    return Math.min(first + this.active - this.firstOf(from), this.firstOf(row + 1) - 1);
  }

  private toolbarPressed = (event: KeyboardEvent): void => {
    const buttons = [...this.toolbar!.querySelectorAll('button')];
    const at = buttons.indexOf(event.target as HTMLButtonElement);
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (step) { event.preventDefault(); buttons[(at + step + buttons.length) % buttons.length]!.focus(); }
    if (event.key === 'Escape' || (event.key === 'Tab' && event.shiftKey)) { event.preventDefault(); this.activate(this.active, true); }
  };

  private focusLeft = (event: FocusEvent): void => {
    const to = event.relatedTarget as Node | null;
    // Drawing removed the focused tile: `updated` gives the focus to what stands for it now.
    if (this.drawing || to && this.shadowRoot!.contains(to)) { return; }
    this.focusInside = false;
  };

  private listboxFocused(event: FocusEvent): void {
    // Reached by Tab while the active tile is out of sight: show it again.
    if (event.target === this.listbox && event.relatedTarget && !this.isRendered(this.active)) { this.activate(this.active, true); }
  }

  private activate(index: number, focus: boolean): void {
    this.active = index;
    const { caption } = this.layout;
    const row = this.rowOf(index);
    // With the first weak row comes the divider above it.
    const top = this.topOf(row) - (row === this.rowsAbove ? dividerHeight + gap : 0);
    const { scrollTop, clientHeight } = this.scroller;
    const bottom = this.topOf(row) + this.layout.cell + caption + 12;
    if (top < scrollTop) { this.scroller.scrollTop = top; } else if (bottom > scrollTop + clientHeight) { this.scroller.scrollTop = bottom - clientHeight; }
    this.scrolled();
    this.focusActive = focus;
    this.requestUpdate();
  }

  // ─── selection and actions

  private toggle(tile: Tile): void {
    const selection = new Map(this.selection);
    if (!selection.delete(keyText(tile))) { selection.set(keyText(tile), tile); }
    this.select(selection);
  }

  private selectBetween(from: number, to: number): void {
    const tiles = this.tiles.slice(Math.min(from, to), Math.max(from, to) + 1).filter((tile): tile is Tile => tile !== undefined);
    this.select(new Map(tiles.map(tile => [keyText(tile), tile])));
  }

  private select(selection: ReadonlyMap<string, Tile>): void {
    if (selection.size === 0 && this.selection.size === 0) { return; }
    this.selection = selection;
    this.emit('selection-changed', selection);
  }

  private stackClicked(event: MouseEvent, tile: Tile, index: number): void {
    event.stopPropagation();
    this.activate(index, true);
    this.emit('stack-toggled', tile);
  }

  private act(action: TileAction, tile: Tile): void { this.emit('tile-action', { action, tile, tiles: this.togetherWith(tile) }); }

  /** What an action on this tile is meant for: what is done to one of the selected tiles is done to all. */
  private togetherWith(tile: Tile): Tile[] { return this.selection.has(keyText(tile)) ? [...this.selection.values()] : [tile]; }

  private openMenu(event: MouseEvent | undefined, index: number): void {
    const tile = this.tiles[index];
    if (!tile) { return; }
    event?.preventDefault();
    event?.stopPropagation();
    this.activate(index, false);
    const option = this.optionAt(index)?.getBoundingClientRect();
    const byPointer = event && (event.clientX !== 0 || event.clientY !== 0);
    this.menu.show(
      byPointer ? { x: event.clientX, y: event.clientY } : { x: (option?.left ?? 0) + 12, y: (option?.top ?? 0) + 24 },
      { label: captionOf(tile), count: this.togetherWith(tile).length, hasSource: this.togetherWith(tile).some(({ format }) => format === 'svg') },
      action => this.act(action, tile),
    );
  }

  private menuClosed(): void { this.activate(this.active, true); }

  private emit<K extends keyof GridEvents>(type: K, detail: GridEvents[K]): void {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
