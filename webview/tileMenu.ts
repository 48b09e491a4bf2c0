/** The menu of a tile: at the pointer, or at the tile for Shift+F10 and the context-menu key. */
import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import type { TileAction } from '../src/protocol';
import { icon } from './icons';
import type { Translate } from './localize';
import { sharedStyles } from './theme';

/** What the menu is about: a tile's name, how many tiles its actions are meant for, and whether one of them is a text. */
export interface MenuSubject { label: string; count: number; hasSource: boolean }
interface Shown { x: number; y: number; subject: MenuSubject; choose: (action: TileAction) => void }

@customElement('tile-menu')
export class TileMenu extends LitElement {
  @property({ attribute: false }) t!: Translate;
  @state() private shown: Shown | undefined;
  @state() private copyOpen = false;
  private focusFirst = false;

  static override styles = [sharedStyles, css`
    :host { position: fixed; inset: 0; z-index: 10; display: none; }
    :host([open]) { display: block; }
    .menu {
      position: absolute; min-width: 180px; max-width: calc(100vw - 8px); max-height: calc(100vh - 8px); overflow-y: auto; padding: 4px; border-radius: 6px;
      color: var(--vscode-menu-foreground); background: var(--vscode-menu-background);
      border: 1px solid var(--vscode-contrastBorder, var(--vscode-menu-border, transparent)); box-shadow: 0 2px 8px var(--vscode-widget-shadow, transparent);
    }
    button { display: flex; justify-content: space-between; gap: 24px; width: 100%; padding: 3px 12px; border: 0; border-radius: 4px; background: none; color: inherit; font: inherit; font-size: 13px; text-align: start; cursor: pointer; outline: none; }
    button:focus, button:hover { color: var(--vscode-menu-selectionForeground); background: var(--vscode-menu-selectionBackground); outline: 1px solid var(--vscode-menu-selectionBorder, transparent); outline-offset: -1px; }
    button:not(:focus, :hover) .keys { opacity: .75; }
    .keys { white-space: nowrap; }
    .opener { align-items: center; }
    .copies button { padding-inline-start: 28px; }
    .rule { margin: 4px 0; border-top: 1px solid var(--vscode-menu-separatorBackground); }
  `];

  show(at: { x: number; y: number }, subject: MenuSubject, choose: (action: TileAction) => void): void {
    this.copyOpen = false;
    this.focusFirst = true;
    this.shown = { ...at, subject, choose };
  }

  protected override updated(): void {
    this.toggleAttribute('open', this.shown !== undefined);
    const menu = this.renderRoot.querySelector<HTMLElement>('.menu');
    if (!menu || !this.shown) { return; }
    menu.style.left = `${Math.max(4, Math.min(this.shown.x, window.innerWidth - menu.offsetWidth - 4))}px`;
    menu.style.top = `${Math.max(4, Math.min(this.shown.y, window.innerHeight - menu.offsetHeight - 4))}px`;
    if (this.focusFirst) { this.focusFirst = false; menu.querySelector('button')!.focus(); }
  }

  protected override render(): TemplateResult | typeof nothing {
    if (!this.shown) { return nothing; }
    const { t, copyOpen, shown: { subject: { label, count, hasSource } } } = this;
    const command = navigator.platform.startsWith('Mac') ? '⌘' : t('Ctrl+');
    const focus = (event: Event): void => (event.currentTarget as HTMLElement).focus();
    const item = (action: TileAction, text: string, keys = '') => html`
      <button role="menuitem" tabindex="-1" data-action=${action} @click=${() => this.choose(action)} @pointermove=${focus}>
        <span>${text}</span><span class="keys" aria-hidden="true">${keys}</span></button>`;
    const rule = html`<div class="rule" role="separator"></div>`;
    /** For actions that take all the selected tiles. */
    const all = (text: string): string => count > 1 ? t('{0} ({1})', text, count) : text;
    return html`
      <div class="menu" role="menu" aria-label=${t('Actions for {0}', label)} @keydown=${this.pressed} @focusout=${this.focusLeft} @contextmenu=${(event: Event) => event.preventDefault()}>
        ${item('open', t('Open'), t('Enter'))}
        ${item('openToSide', t('Open to the Side'), t('{0}Enter', command))}
        ${item('insert', all(t('Insert at Cursor')), `${command}I`)}
        ${rule}
        ${item('findSimilar', t('Find Similar'))}
        ${item('reveal', t('Reveal in Explorer'))}
        ${rule}
        ${item('copyRelativePath', all(t('Copy Relative Path')), `${command}C`)}
        <button role="menuitem" tabindex="-1" class="opener" aria-expanded=${copyOpen ? 'true' : 'false'} aria-controls="copies" @click=${() => this.toggleCopies(!copyOpen)} @pointermove=${focus}>
          <span>${all(t('Copy As'))}</span>${icon(copyOpen ? 'chevron-down' : 'chevron-right')}</button>
        <div id="copies" class="copies" role="group" aria-label=${t('Copy As')} ?hidden=${!copyOpen}>
          ${item('copyPath', t('Full Path'))}
          ${item('copyImport', t('Import'))}
          ${item('copyMarkdown', t('Markdown'))}
          ${item('copyDataUri', t('Data URI'))}
          ${hasSource ? item('copySvg', t('SVG Source')) : nothing}
        </div>
        ${item('copyFileTo', count > 1 ? t('Copy {0} Files To…', count) : t('Copy File To…'))}
      </div>`;
  }

  /** The copies unfold within the menu: beside it there is no room in a narrow sidebar. */
  private toggleCopies(open: boolean): void {
    this.copyOpen = open;
    void this.updateComplete.then(() => this.renderRoot.querySelector<HTMLElement>(open ? '.copies button' : '.opener')?.focus());
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.addEventListener('pointerdown', this.outside);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.removeEventListener('pointerdown', this.outside);
  }

  private outside = (event: PointerEvent): void => {
    if (event.composedPath()[0] === this) { this.close(); }
  };

  private pressed = (event: KeyboardEvent): void => {
    const items = [...this.renderRoot.querySelectorAll('button')].filter(item => item.offsetParent !== null);
    const at = items.indexOf(event.target as HTMLButtonElement);
    const to = event.key === 'ArrowDown' ? at + 1 : event.key === 'ArrowUp' ? at - 1 : event.key === 'Home' ? 0 : event.key === 'End' ? items.length - 1 : undefined;
    if (to !== undefined) { event.preventDefault(); items[(to + items.length) % items.length]!.focus(); }
    const target = event.target as HTMLElement;
    if (event.key === 'ArrowRight' && target.matches('.opener')) { event.preventDefault(); this.toggleCopies(true); }
    if (event.key === 'ArrowLeft' && this.copyOpen && target.closest('.copies, .opener')) { event.preventDefault(); this.toggleCopies(false); }
    if (event.key === 'Escape' || event.key === 'Tab') { event.preventDefault(); this.close(); }
    event.stopPropagation();
  };

  private focusLeft = (event: FocusEvent): void => {
    if (this.shown && event.relatedTarget && !this.renderRoot.contains(event.relatedTarget as Node)) { this.shown = undefined; }
  };

  private choose(action: TileAction): void {
    const { shown } = this;
    this.close();
    shown?.choose(action);
  }

  private close(): void {
    if (!this.shown) { return; }
    this.shown = undefined;
    this.dispatchEvent(new CustomEvent('menu-closed'));
  }
}
