/** Styles of the document itself: what depends on the kind of theme becomes variables here, which shadow roots inherit. */
import { css } from 'lit';

/**
 * A picture on transparent ground must be seen in every theme: what is shown behind it follows from the picture
 * (`data-tone`, see backdrop.ts) and the kind of theme. Chips are theme-independent on purpose; all else is VS Code's.
 */
export const documentStyles = css`
  html { scrollbar-color: var(--vscode-scrollbarSlider-background) transparent; }
  html, body { height: 100%; }
  body {
    margin: 0; padding: 0; overflow: hidden;
    color: var(--vscode-foreground); font: var(--vscode-font-weight, normal) var(--vscode-font-size, 13px) / 1.4 var(--vscode-font-family, system-ui);

    --backdrop: var(--vscode-editor-background);
    --tile-plain: color-mix(in srgb, var(--vscode-foreground) 7%, transparent);
    --tile-hover: color-mix(in srgb, var(--vscode-foreground) 13%, transparent);
    --chip-light: #d8d8dc;
    --chip-dark: #303036;
    --chip-middle: repeating-conic-gradient(#8f8f92 0 25%, #9c9c9f 0 50%) 0 0 / 16px 16px;
    --tile-for-dark-picture: var(--chip-light);
    --tile-for-light-picture: var(--tile-plain);
    --tile-border: transparent;
    --bone-border: transparent;
    --meter: var(--vscode-progressBar-background, #0e70c0);
  }
  body[data-kind=sidebar] { --backdrop: var(--vscode-sideBar-background); }
  body.vscode-light, body.vscode-high-contrast-light {
    --tile-for-dark-picture: var(--tile-plain);
    --tile-for-light-picture: var(--chip-dark);
  }
  body.vscode-high-contrast, body.vscode-high-contrast-light {
    --tile-plain: transparent;
    --tile-hover: transparent;
    --tile-border: var(--vscode-contrastBorder, currentColor);
    --bone-border: color-mix(in srgb, var(--vscode-contrastBorder, currentColor) 45%, transparent);
    --meter: var(--vscode-focusBorder, var(--vscode-contrastActiveBorder, currentColor));
  }
  /* Windows' own contrast themes may be light where VS Code's is dark: no picture may count on the ground it finds. */
  @media (forced-colors: active) { body { --tile-for-dark-picture: #fff; --tile-for-light-picture: #000; } }
  body.vscode-high-contrast-light { --chip-dark: #000; }
  body.vscode-high-contrast { --chip-light: #fff; }
`;

/** What every component needs: icons, small native buttons, focus, text for screen readers only. */
export const sharedStyles = css`
  *, *::before, *::after { box-sizing: border-box; }
  [hidden] { display: none !important; }
  .icon { font: normal 16px/1 codicon; display: inline-block; text-align: center; text-rendering: auto; -webkit-font-smoothing: antialiased; user-select: none; }
  .sr-only { position: absolute; width: 1px; height: 1px; margin: -1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
  .icon-button {
    display: inline-flex; align-items: center; justify-content: center; flex: none; width: 22px; height: 22px; padding: 0;
    color: var(--vscode-icon-foreground, inherit); background: transparent; border: 1px solid transparent; border-radius: 5px; cursor: pointer;
  }
  .icon-button:hover { background: var(--vscode-toolbar-hoverBackground); outline: 1px dashed var(--vscode-toolbar-hoverOutline, transparent); outline-offset: -1px; }
  .icon-button:active { background: var(--vscode-toolbar-activeBackground, var(--vscode-toolbar-hoverBackground)); }
  .icon-button[aria-pressed=true], .icon-button[aria-expanded=true] {
    color: var(--vscode-inputOption-activeForeground, inherit); background: var(--vscode-inputOption-activeBackground); border-color: var(--vscode-inputOption-activeBorder, transparent);
  }
  .icon-button:focus-visible, .link:focus-visible { outline: 1px solid var(--vscode-focusBorder); outline-offset: -1px; }
  .link { padding: 0; border: 0; background: none; color: var(--vscode-textLink-foreground); font: inherit; cursor: pointer; text-align: start; border-radius: 2px; }
  .link:hover { color: var(--vscode-textLink-activeForeground, var(--vscode-textLink-foreground)); text-decoration: underline; }
  .dim { color: var(--vscode-descriptionForeground); }
  .ellipsis { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; min-width: 0; }
  @media (prefers-reduced-motion: reduce) { *, *::before, *::after { transition: none !important; animation: none !important; } }
`;
