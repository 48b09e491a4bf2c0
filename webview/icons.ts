/** Codicons by name: a font face works inside shadow roots, the class names of codicon.css do not, so the characters are named here. */
import { html, type TemplateResult } from 'lit';

/** Characters of @vscode/codicons; a unit test compares them with codicon.css. */
export const iconCharacters = {
  'add': '\uea60',
  'check': '\ueab2',
  'chevron-down': '\ueab4',
  'chevron-right': '\ueab6',
  'close': '\uea76',
  'debug-pause': '\uead1',
  'debug-stop': '\uead7',
  'error': '\uea87',
  'ellipsis': '\uea7c',
  'file-media': '\ueaea',
  'filter': '\ueaf1',
  'filter-filled': '\uebce',
  'folder-opened': '\ueaf7',
  'go-to-file': '\uea94',
  'insert': '\uec11',
  'pass': '\ueba4',
  'save': '\ueb4b',
  'search': '\uea6d',
  'search-fuzzy': '\uec0d',
  'sync': '\uea77',
  'tag': '\uea66',
  'warning': '\uea6c',
  'zoom-in': '\ueb81',
} as const;

export type IconName = keyof typeof iconCharacters;

/** A decoration: whoever holds it says in words what it means. Styled by `.icon` of {@link sharedStyles}. */
export const icon = (name: IconName, more = ''): TemplateResult => html`<span class="icon ${more}" aria-hidden="true">${iconCharacters[name]}</span>`;
