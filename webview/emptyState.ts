/** What stands in place of the grid when there is nothing to list: a drawing, what is so, and what to do. */
import { css, html, LitElement, nothing, svg, type SVGTemplateResult, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { sharedStyles } from './theme';

export type Drawing = 'pictures' | 'search' | 'broken' | 'guarded';

export interface EmptyAction { label: string; run: () => void; secondary?: boolean }

/** Texts of one empty state. */
export interface EmptyContent {
  drawing: Drawing;
  heading: string;
  text?: string | TemplateResult;
  hints?: string[];
  actions?: EmptyAction[];
  /** Announced at once. */
  alarm?: boolean;
}

// Drawn here in the theme's own colours: currentColor for lines, the accent for what matters.
const drawings: Record<Drawing, SVGTemplateResult> = {
  pictures: svg`
    <rect class="back" x="17" y="18" width="62" height="52" rx="6" transform="rotate(-8 48 44)"/>
    <rect class="card" x="44" y="22" width="66" height="56" rx="6"/>
    <circle class="accent" cx="61" cy="40" r="6.5"/>
    <path class="line" d="M44.8 71 62 55l11 10 15-17 21.2 22.6"/>
    <circle class="lens" cx="103" cy="71" r="15"/>
    <path class="handle" d="m114 82 11 11"/>
    <path class="accent" d="M96.5 71a6.5 6.5 0 0 1 6.5-6.5" fill="none"/>
    <path class="spark" d="M29 12v8M25 16h8M126 32v7M122.5 35.500h7M16 82v6M13 85h6"/>`,
  search: svg`
    <rect class="back" x="24" y="26" width="30" height="30" rx="5"/>
    <rect class="back" x="60" y="18" width="30" height="30" rx="5"/>
    <rect class="back" x="28" y="62" width="30" height="22" rx="5"/>
    <rect class="back" x="96" y="26" width="26" height="30" rx="5"/>
    <circle class="lens" cx="78" cy="54" r="22"/>
    <path class="handle" d="m94 70 17 17"/>
    <path class="accentLine" d="M71.5 48.500a6.5 6.5 0 1 1 9.3 5.900c-1.8.9-2.8 2-2.8 4.1"/>
    <circle class="accent" cx="78" cy="64" r="1.8"/>`,
  broken: svg`
    <path class="card" d="M32 26a6 6 0 0 1 6-6h38l-8 18 12 12-10 14 6 16H38a6 6 0 0 1-6-6z"/>
    <path class="back" d="M86 20h16a6 6 0 0 1 6 6v48a6 6 0 0 1-6 6H86l-6-16 10-14-12-12z"/>
    <circle class="accent" cx="49" cy="38" r="6"/>
    <path class="line" d="M32.5 71 49 56l11 10 9-8"/>
    <path class="spark" d="M120 24l7-4M121 36h8M14 30l7 3M13 44h8"/>`,
  guarded: svg`
    <rect class="back" x="17" y="18" width="62" height="52" rx="6" transform="rotate(-8 48 44)"/>
    <rect class="card" x="34" y="22" width="66" height="56" rx="6"/>
    <path class="line" d="M34.8 71 52 55l11 10 9-10"/>
    <circle class="line" cx="51" cy="40" r="6.5"/>
    <path class="lens" d="M102 46c6 5 11 6 17 6.500 0 17-4 27-17 33-13-6-17-16-17-33 6-.5 11-1.500 17-6.500z"/>
    <path class="accentLine" d="m95 66 5.500 5.500 9-10"/>`,
};

@customElement('empty-state')
export class EmptyState extends LitElement {
  @property({ attribute: false }) content!: EmptyContent;

  static override styles = [sharedStyles, css`
    :host { display: grid; place-items: safe center; overflow: auto; padding: 16px; text-align: center; }
    .content { display: flex; flex-direction: column; align-items: center; gap: 10px; max-width: 340px; padding-bottom: 6vh; }
    svg { width: 140px; max-width: 70%; height: auto; color: var(--vscode-foreground); fill: none; stroke-width: 2; stroke-linecap: round; stroke-linejoin: round; }
    .back { stroke: currentColor; opacity: .3; }
    .card { stroke: currentColor; fill: var(--backdrop); opacity: .85; }
    .line { stroke: currentColor; opacity: .7; }
    .lens { stroke: currentColor; fill: var(--backdrop); }
    .handle { stroke: currentColor; stroke-width: 4; }
    .accent { stroke: var(--vscode-textLink-foreground); fill: var(--vscode-textLink-foreground); }
    .accentLine { stroke: var(--vscode-textLink-foreground); stroke-width: 3; }
    .spark { stroke: var(--vscode-textLink-foreground); opacity: .8; }
    h2 { margin: 2px 0 0; font-size: 14px; font-weight: 600; overflow-wrap: anywhere; }
    p { margin: 0; color: var(--vscode-descriptionForeground); overflow-wrap: anywhere; }
    ul { margin: 0; padding: 0; list-style: none; color: var(--vscode-descriptionForeground); display: grid; gap: 4px; }
    .actions { display: flex; flex-wrap: wrap; justify-content: center; gap: 8px; margin-top: 4px; }
  `];

  protected override render(): TemplateResult {
    const { content } = this;
    return html`
      <div class="content" role=${content.alarm ? 'alert' : nothing}>
        <svg viewBox="0 0 140 100" aria-hidden="true">${drawings[content.drawing]}</svg>
        <h2>${content.heading}</h2>
        ${content.text ? html`<p>${content.text}</p>` : nothing}
        ${content.hints?.length ? html`<ul>${content.hints.map(hint => html`<li>${hint}</li>`)}</ul>` : nothing}
        ${content.actions?.length ? html`
          <div class="actions">${content.actions.map(({ label, run, secondary }) => html`
            <vscode-button appearance=${secondary ? 'secondary' : 'primary'} @click=${run}>${label}</vscode-button>`)}</div>` : nothing}
      </div>`;
  }
}
