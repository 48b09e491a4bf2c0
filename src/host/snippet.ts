/** What is inserted of an asset into a text: the reference that the language wants at this place. Pure, without VS Code. */
import { posix } from 'node:path';
import type { Cell } from '../protocol';
import { displayWords, extensionOf, identifierOf, stemOf } from './names';

export interface SnippetAsset {
  /** Absolute path of the workspace folder, with / or \. */
  folder: string;
  /** POSIX path below it. */
  path: string;
  /** Pixels, of the cell where there is one; 0 = unknown. */
  width: number;
  height: number;
  /** Title inside the file, or ''. */
  title: string;
  /** The part of a sprite sheet that is meant, pixels. */
  cell?: Cell;
}

export interface SnippetDocument {
  languageId: string;
  /** Absolute path; undefined when it is untitled or lies outside the workspace: then paths are relative to the asset's folder. */
  file?: string;
  text: string;
}

export interface InsertRules {
  /** Names of the folders that a web server serves as `/`. */
  publicFolders: readonly string[];
  /** Language id → template, see {@link placeholders}. */
  templates: Readonly<Record<string, string>>;
}

export interface Snippet {
  text: string;
  /** What several snippets at one place are joined by: each on a line of its own, or one after the other. */
  separator: '\n' | ', ';
  /** An import that `text` needs, at its offset in the document. */
  addition?: { offset: number; text: string };
}

export const placeholders = ['path', 'name', 'identifier', 'alt', 'width', 'height'] as const;
type Placeholder = typeof placeholders[number];

/** Names in `${…}` of a template that mean nothing. */
export function unknownPlaceholders(template: string): string[] {
  return [...new Set([...template.matchAll(/\$\{([^}]*)\}/g)].map(([, name]) => name!).filter(name => !(placeholders as readonly string[]).includes(name)))];
}

/** The snippet for `asset` in place of the text from `start` to `end`. */
export function snippetAt(asset: SnippetAsset, document: SnippetDocument, start: number, end: number, rules: InsertRules): Snippet {
  const region = regionOf(document, start);
  const language = languageOf(region.languageId);
  const place = placeOf(language, region.languageId, region.before);
  const encoding = place.encoding ?? language.encoding;
  const path = referenceOf(asset, document.file, language, rules.publicFolders);
  const one = (text: string): Snippet => ({ text, separator: ', ' });
  const line = (text: string): Snippet => ({ text, separator: '\n' });
  if (place.kind === 'inside') { return one(encode(path, encoding, language, place.quote)); }

  const template = rules.templates[region.languageId.replace(/-code$/, '')];
  if (template !== undefined && !place.inTag) { return line(fill(template, asset, path, language)); }
  const quote = encoding === 'string' ? quoteOf(language, document.text) : language.quote && '"';
  const value = language.expression?.(asset) ?? `${quote}${encode(path, encoding, language, quote)}${quote}`;
  switch (place.kind) {
    case 'value': return one(value);
    case 'attribute': return one(`src=${value}`);
    case 'element': return language.family === 'script' && region.languageId === document.languageId ? jsxImage(asset, document, path, language) : line(htmlImage(asset, path, language));
    case 'statement': {
      if (/\S/.test(/^[^\r\n]*/.exec(document.text.slice(end))![0]) || !region.isModule) { return one(value); }
      const name = freeIdentifier(asset, document.text);
      return line(path.startsWith('/') ? `const ${name} = ${value}${endOf(document.text)}` : importOf(name, path, document.text));
    }
    case 'plain':
      if (language.family === 'style') { return one(`url(${value})${spritePosition(asset, region.before)}`); }
      return language.template ? line(fill(language.template, asset, path, language)) : one(encode(path, encoding, language));
  }
}

/** The path alone, encoded as the language at this place needs it. */
export function pathAt(asset: SnippetAsset, document: SnippetDocument, offset: number, rules: InsertRules): string {
  const language = languageOf(regionOf(document, offset).languageId);
  return encode(referenceOf(asset, document.file, language, rules.publicFolders), language.encoding, language);
}

/** `import name from './x.svg'` for a document, wherever its cursor is. */
export function importStatement(asset: SnippetAsset, document: SnippetDocument): string {
  return importOf(freeIdentifier(asset, document.text), relativePath(asset, document.file), document.text);
}

/** `![alt](path)` for a document. */
export function markdownImage(asset: SnippetAsset, file: string | undefined): string {
  const language = languages.get('markdown')!;
  return fill(language.template!, asset, relativePath(asset, file), language);
}

// ───────────────────────────────────────────── languages

type Encoding = 'uri' | 'string' | 'xml' | 'latex' | 'raw';
type Family = 'script' | 'markup' | 'style' | 'markdown' | 'code' | 'text';

interface Language {
  family: Family;
  encoding: Encoding;
  /** Around a path that stands alone; '' = none. */
  quote: string;
  /** A web server serves the public folders for it. */
  web?: boolean;
  /** `$` in its strings begins an expression. */
  interpolates?: boolean;
  /** What begins a comment that ends with the line. */
  lineComment?: string;
  /** What begins a string; `'` is a letter of some languages. */
  quotes?: string;
  template?: string;
  /** Before the cursor of a place where only a path belongs. */
  inside?: RegExp;
  /** Where the language names a file in a way of its own. */
  refer?: (asset: SnippetAsset, file: string | undefined) => string | undefined;
  /** What stands for the file in code, in place of a string. */
  expression?: (asset: SnippetAsset) => string | undefined;
}

/** Android names a drawable without folder, density and extension. */
const androidName = ({ path }: SnippetAsset): string[] | undefined => /(?:^|\/)res\/(drawable|mipmap|raw)[^/]*\/([a-z]\w*)(?:\.9)?\.\w+$/.exec(path)?.slice(1);
const androidId = (asset: SnippetAsset, prefix: string, separator: string): string | undefined => {
  const parts = androidName(asset);
  return parts && prefix + parts.join(separator);
};
/** The class path begins at src/main/resources. */
const jvm: Partial<Language> = {
  refer: ({ path }) => /(?:^|\/)src\/\w+\/resources(\/.+)$/.exec(path)?.[1],
  expression: asset => androidId(asset, 'R.', '.'),
};

const code = (ids: string, more: Partial<Language> = {}): [string, Language][] =>
  ids.split(' ').map(id => [id, { family: 'code', encoding: 'string', quote: '"', quotes: '"\'', lineComment: '//', ...more }]);
const markup = (ids: string, more: Partial<Language> = {}): [string, Language][] =>
  ids.split(' ').map(id => [id, { family: 'markup', encoding: 'uri', quote: '"', web: true, ...more }]);
const text = (ids: string, template: string | undefined, more: Partial<Language> = {}): [string, Language][] =>
  ids.split(' ').map(id => [id, { family: 'text', encoding: 'raw', quote: '', template, ...more }]);

const languages = new Map<string, Language>([
  ...code('javascript javascriptreact typescript typescriptreact coffeescript', { family: 'script', quote: '\'', quotes: '"\'`', web: true }),
  ...markup('html vue vue-html svelte astro php blade handlebars razor aspnetcorerazor erb html-eex heex ejs twig jinja jinja-html django-html liquid'),
  ...markup('xml xsl xaml axml', { encoding: 'xml', web: false, refer: asset => androidId(asset, '@', '/') }),
  ...code('css scss sass less stylus postcss tailwindcss', { family: 'style', encoding: 'uri', lineComment: undefined, web: true }),
  ...text('markdown quarto rmd', '![${alt}](${path})', { family: 'markdown', encoding: 'uri', inside: /\]\([^()\s]*$|^\s*\[[^\]]+\]:\s*\S*$/m }),
  ...text('mdx', '![${alt}](${path})', { family: 'markdown', encoding: 'uri', web: true, inside: /\]\([^()\s]*$|^\s*\[[^\]]+\]:\s*\S*$/m }),
  ...text('latex tex', '\\includegraphics{${path}}', { encoding: 'latex', inside: /\\includegraphics\*?(?:\[[^\]]*\])?\{[^}]*$/ }),
  ...text('typst', '#image("${path}", alt: "${alt}")', { encoding: 'string', inside: /\bimage\("[^"\n]*$/ }),
  ...text('pug jade', 'img(src="${path}", alt="${alt}")', { encoding: 'uri', web: true, inside: /=\s*["'][^"'\n]*$/ }),
  ...text('slim', 'img src="${path}" alt="${alt}"', { encoding: 'uri', web: true, inside: /=\s*["'][^"'\n]*$/ }),
  ...text('haml', '%img{src: "${path}", alt: "${alt}"}', { encoding: 'uri', web: true, inside: /\bsrc\S*\s*["'][^"'\n]*$/ }),
  ...text('restructuredtext', '.. image:: ${path}\n   :alt: ${alt}', { inside: /::[ \t]+\S*$/ }),
  ...text('asciidoc', 'image::${path}[${alt}]', { encoding: 'uri', inside: /image::?[^[\s]*$/ }),
  ...code('dart', { quote: '\'', interpolates: true, refer: flutterPath }),
  ...code('java scala', jvm),
  ...code('kotlin groovy', { ...jvm, interpolates: true }),
  ...code('python', { lineComment: '#' }),
  ...code('yaml dockercompose toml julia r elixir nix dockerfile shellscript powershell perl ruby', { lineComment: '#' }),
  ...code('json jsonc json5 jsonl', { quotes: '"' }),
  ...code('rust', { quotes: '"' }),
  ...code('csharp fsharp vb cpp c objective-c objective-cpp cuda-cpp go swift zig haxe d hlsl glsl shaderlab solidity v proto3 qml'),
  ...code('lua', { lineComment: '--' }),
  ...code('haskell elm sql', { lineComment: '--', quotes: '"' }),
  ...code('clojure lisp scheme', { lineComment: ';', quotes: '"' }),
  ...code('gdscript', { lineComment: '#', refer: ({ path }) => `res://${path}` }),
]);
for (const id of ['shellscript', 'powershell', 'perl', 'julia', 'dockerfile']) { languages.set(id, { ...languages.get(id)!, interpolates: true }); }
const plainText: Language = { family: 'text', encoding: 'raw', quote: '' };
const languageOf = (id: string): Language => languages.get(id) ?? plainText;

// ───────────────────────────────────────────── where the cursor is

/** The language at `offset`, which a page with scripts and styles changes, the text of it before the offset, and whether it may hold imports. */
function regionOf({ languageId, text }: SnippetDocument, offset: number): { languageId: string; before: string; isModule: boolean } {
  const before = text.slice(0, offset);
  const component = ['vue', 'svelte', 'astro'].includes(languageId);
  const outer = { languageId, before, isModule: true };
  if (languageOf(languageId).family !== 'markup') { return outer; }
  if (languageId === 'astro' && /^---\r?\n/.test(before) && !/\n---\r?(\n|$)/.test(before)) { return { languageId: 'typescript', before: before.slice(4), isModule: true }; }
  if (languageId === 'php') {
    const opened = before.lastIndexOf('<?');
    if (opened > before.lastIndexOf('?>')) { return { languageId: 'php-code', before: before.slice(opened), isModule: false }; }
  }
  const last = [...before.matchAll(/<(script|style)\b([^>]*)>|<\/(?:script|style)\s*>/gi)].at(-1);
  const [tag, kind, attributes] = last ?? [];
  if (!last || !kind || attributes!.trim().endsWith('/')) { return outer; }
  const lang = /\blang\s*=\s*["']?(\w+)/.exec(attributes!)?.[1]?.toLowerCase();
  const inner = before.slice(last.index + tag!.length);
  if (kind.toLowerCase() === 'style') { return { languageId: lang && languages.get(lang)?.family === 'style' ? lang : 'css', before: inner, isModule: false }; }
  return { languageId: { ts: 'typescript', tsx: 'typescriptreact', jsx: 'javascriptreact' }[lang ?? ''] ?? 'javascript', before: inner, isModule: component || /\btype\s*=\s*["']?module\b/.test(attributes!) };
}
for (const entry of code('php-code', { quote: '\'' })) { languages.set(...entry); }

/**
 * inside: of quotes, parentheses or a comment, where only the path belongs · value: where an expression belongs · attribute: of an open tag ·
 * element: where markup belongs · statement: on an empty line outside of all brackets · plain: anywhere else.
 */
interface Place { kind: 'inside' | 'value' | 'attribute' | 'element' | 'statement' | 'plain'; quote?: string; encoding?: Encoding; inTag?: boolean }

function placeOf(language: Language, languageId: string, before: string): Place {
  const line = before.slice(before.lastIndexOf('\n') + 1);
  if (language.inside?.test(language.family === 'markdown' ? line : before.slice(-500))) { return { kind: 'inside' }; }
  switch (language.family) {
    case 'markup': case 'markdown': {
      // A paragraph of Markdown does not begin inside a tag.
      const tag = openTag(language.family === 'markdown' ? before.slice(before.search(/\n\s*\n(?![^]*\n\s*\n)/) + 1) : before);
      if (tag?.quote) { return { kind: 'inside', quote: tag.quote }; }
      if (tag) { return { kind: language.encoding === 'xml' || /=\s*$/.test(before) ? 'value' : 'attribute', inTag: true }; }
      return { kind: language.family === 'markdown' || language.encoding === 'xml' ? 'plain' : 'element' };
    }
    case 'text': return { kind: 'plain' };
    case 'style': {
      const { quote, comment } = scan(before, language);
      return quote || comment || /\burl\(\s*[^)"']*$/i.test(line) ? { kind: 'inside', quote } : { kind: 'plain' };
    }
    case 'script': {
      const { quote, comment, depth, bare } = scan(before, language);
      // The value of a JSX attribute is an address, and knows no escapes.
      if (quote) { return { kind: 'inside', quote, ...quote !== '`' && /\s(src|href|poster|srcSet|data)=["'][^"']*$/.test(line) ? { encoding: 'uri' as const } : {} }; }
      if (comment) { return { kind: 'inside', encoding: 'raw' }; }
      if (languageId !== 'typescript' && languageId !== 'coffeescript') {
        if (/(?:^|[^\w$])<[A-Za-z][\w.:-]*(?:\s[^<>]*)?$/.test(bare)) { return { kind: /=\s*$/.test(bare) ? 'value' : 'attribute', encoding: 'uri', inTag: true }; }
        if (holdsElements(bare)) { return { kind: 'element' }; }
      }
      return { kind: depth === 0 && line.trim() === '' ? 'statement' : 'value' };
    }
    case 'code': {
      const { quote, comment } = scan(before, language);
      return quote ? { kind: 'inside', quote } : comment ? { kind: 'inside', encoding: 'raw' } : { kind: 'value' };
    }
  }
}

/** Whether JSX elements belong at the end of this code: inside an element that is open, or where an expression in parentheses begins, as JSX is written. */
function holdsElements(bare: string): boolean {
  if (/(?:\breturn|=>|&&|\?|:)\s*\(\s*$/.test(bare)) { return true; }
  const opened = bare.match(/(?<![\w$])<(?:[A-Za-z][^<>,]*)?(?<!\/)>/g)?.length ?? 0;
  const closed = bare.match(/<\/[^<>]*>/g)?.length ?? 0;
  // Since the last tag nothing that stands in an expression only.
  return opened > closed && /<\/?(?:[A-Za-z][^<>]*)?>(?:[^<>;={})]|\{\})*$/.test(bare);
}

/** The tag that is not closed before the end of `before`, and the quote that is open in it. */
function openTag(before: string): { quote?: string } | undefined {
  const near = before.slice(-4_000);
  const start = Math.max(...[...near.matchAll(/<[A-Za-z]/g)].map(({ index }) => index));
  if (!Number.isFinite(start)) { return undefined; }
  let quote: string | undefined;
  for (const character of near.slice(start)) {
    if (quote) { if (character === quote) { quote = undefined; } } else if (character === '"' || character === '\'') { quote = character; } else if (character === '>') { return undefined; }
  }
  return { quote };
}

/**
 * Reads code just well enough to know whether its end lies in a string, a comment or brackets. `bare` is the code without
 * comments and what stands in strings and closed braces. A string that does not end with its line was an apostrophe.
 */
function scan(code: string, { family, quotes = '"\'', lineComment }: Language): { quote?: string; comment: boolean; depth: number; bare: string } {
  const brackets: { character: string; at: number }[] = [];
  let quote: string | undefined;
  let comment: 'line' | 'block' | undefined;
  let bare = '';
  for (let i = 0; i < code.length; i++) {
    const character = code[i]!;
    if (comment) {
      if (comment === 'line' ? character === '\n' : code.startsWith('*/', i)) { i += comment === 'line' ? 0 : 1; comment = undefined; bare += '\n'; }
    } else if (quote) {
      if (character === '\\') { i++; }
      else if (code.startsWith(quote, i)) { i += quote.length - 1; quote = undefined; bare += '""'; }
      else if (character === '\n' && quote.length === 1 && quote !== '`') { quote = undefined; bare += '\n'; }
      else if (quote === '`' && code.startsWith('${', i)) { brackets.push({ character: '`', at: bare.length }); quote = undefined; i++; }
    } else if (lineComment && code.startsWith(lineComment, i) && !(lineComment === '//' && code[i - 1] === ':') && !(lineComment === '#' && /\S/.test(code[i - 1] ?? ' '))) {
      comment = 'line';
    } else if (code.startsWith('/*', i) && lineComment !== '#') {
      comment = 'block';
      i++;
    } else if (quotes.includes(character) && !(character === '\'' && (family === 'script' || lineComment === '#') && /[\p{L}\p{N}]/u.test(code[i - 1] ?? '') && !/(?:^|[^\w])[rbfu]{1,2}$/i.test(code.slice(Math.max(0, i - 3), i)))) {
      quote = lineComment === '#' && code.startsWith(character.repeat(3), i) ? character.repeat(3) : character;
      i += quote.length - 1;
    } else if (character === '\\') {
      i++;
    } else if ('([{'.includes(character)) {
      brackets.push({ character, at: bare.length });
      bare += character;
    } else if (')]}'.includes(character)) {
      const opened = brackets.pop();
      if (opened?.character === '`') { quote = '`'; }
      bare = opened?.character === '{' ? `${bare.slice(0, opened.at)}{}` : bare + (opened?.character === '`' ? '' : character);
    } else {
      bare += character;
    }
  }
  return { quote, comment: comment !== undefined, depth: brackets.length, bare };
}

// ───────────────────────────────────────────── paths

/** An absolute path with /, and a drive letter in lower case. */
const absolute = (path: string): string => path.replaceAll('\\', '/').replace(/^[A-Z]:/, drive => drive.toLowerCase());

/** How a document refers to the asset, as it is: not encoded. */
function referenceOf(asset: SnippetAsset, file: string | undefined, language: Language, publicFolders: readonly string[]): string {
  return language.refer?.(asset, file) ?? (language.web ? publicPath(asset, file, publicFolders) : undefined) ?? relativePath(asset, file);
}

/** From the document's folder to the asset; without a document from the asset's workspace folder. */
function relativePath({ folder, path }: SnippetAsset, file: string | undefined): string {
  const target = posix.join(absolute(folder), path);
  const from = file && posix.dirname(absolute(file));
  // From one drive to another no relative path leads.
  if (!from || from.split('/')[0] !== target.split('/')[0]) { return path; }
  const relative = posix.relative(from, target);
  return relative.startsWith('../') ? relative : `./${relative}`;
}

/** The address under which a web server serves the asset, for a document beside the public folder; what lies in it is served together with the asset. */
function publicPath({ folder, path }: SnippetAsset, file: string | undefined, publicFolders: readonly string[]): string | undefined {
  const names = path.split('/').slice(0, -1);
  for (const [index, name] of names.entries()) {
    if (!publicFolders.includes(name)) { continue; }
    const parent = posix.join(absolute(folder), ...names.slice(0, index));
    const document = file && absolute(file);
    if (document && (!document.startsWith(`${parent}/`) || document.startsWith(`${parent}/${name}/`))) { continue; }
    return `/${path.split('/').slice(index + 1).join('/')}`;
  }
  return undefined;
}

/** Flutter counts from the package, the folder above lib/. */
function flutterPath({ folder, path }: SnippetAsset, file: string | undefined): string {
  const parts = file ? absolute(file).split('/') : [];
  const at = Math.max(...['lib', 'test', 'integration_test', 'bin'].map(name => parts.lastIndexOf(name)));
  const target = posix.join(absolute(folder), path);
  const own = at > 0 ? `${parts.slice(0, at).join('/')}/` : undefined;
  return own && target.startsWith(own) ? target.slice(own.length) : path;
}

// ───────────────────────────────────────────── texts

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', '\'': '&#39;' };
const escapeMarkup = (value: string): string => value.replace(/[&<>"]/g, character => entities[character]!);

/** RFC 3986, and what would end a url() or a Markdown link: a file name may hold anything. */
const encodeUri = (path: string): string => encodeURI(path).replace(/[#?()']/g, character => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);

function encode(value: string, encoding: Encoding, language: Language, quote = ''): string {
  switch (encoding) {
    case 'uri': return language.family === 'markup' || language.family === 'script' ? encodeUri(value).replaceAll('&', '&amp;') : encodeUri(value);
    case 'xml': return value.replace(/[&<>"']/g, character => entities[character]!);
    case 'latex': return value.replace(/[#%{}]/g, '\\$&');
    case 'string': {
      const escaped = value.replace(/\\/g, '\\\\').replaceAll(quote[0] ?? '"', `\\${quote[0] ?? '"'}`);
      return language.interpolates ? escaped.replaceAll('$', '\\$') : quote === '`' ? escaped.replaceAll('${', '\\${') : escaped;
    }
    case 'raw': return value;
  }
}

/** A script's own habit, told from its imports. */
const quoteOf = (language: Language, text: string): string => language.family === 'script' && /\bfrom\s*"/.test(text) && !/\bfrom\s*'/.test(text) ? '"' : language.quote;
const endOf = (text: string): string => /;[ \t]*\r?$/m.test(text) || !/^import\b.*['"][ \t]*\r?$/m.test(text) ? ';' : '';

function importOf(name: string, path: string, text: string): string {
  const script = languages.get('javascript')!;
  const quote = quoteOf(script, text);
  // Without ./ it would name a package.
  return `import ${name} from ${quote}${encode(/^\.{0,2}\//.test(path) ? path : `./${path}`, 'string', script, quote)}${quote}${endOf(text)}`;
}

/** A name for the asset that the text does not use yet. */
function freeIdentifier(asset: SnippetAsset, text: string): string {
  const name = identifierOf(asset.path);
  for (let n = 1; ; n++) {
    const candidate = n === 1 ? name : n === 2 ? `${name}Image` : `${name}Image${n - 1}`;
    if (!new RegExp(`(?<![\\p{L}\\p{N}_$])${candidate}(?![\\p{L}\\p{N}_$])`, 'u').test(withoutStrings(text))) { return candidate; }
  }
}
const withoutStrings = (text: string): string => text.replace(/(["'])(?:\\.|(?!\1)[^\\\n])*\1/g, '""');

/** What the picture is called, for those who do not see it. */
const altOf = ({ path, title, cell }: SnippetAsset): string => cell?.name ? displayWords(cell.name) : title.replace(/\s+/g, ' ').trim() || displayWords(path);

/** Attributes of an image's size; an element shows a whole sheet, whose size is not the cell's. */
const sizeOf = ({ width, height, cell }: SnippetAsset, attribute: (name: string, value: number) => string): string =>
  width > 0 && height > 0 && !cell ? attribute('width', width) + attribute('height', height) : '';

function htmlImage(asset: SnippetAsset, path: string, language: Language): string {
  const size = sizeOf(asset, (name, value) => ` ${name}="${value}"`);
  return `<img src="${encode(path, 'uri', language)}" alt="${escapeMarkup(altOf(asset))}"${size} />`;
}

/** A bundler needs the import; a file of a public folder is used by its address. */
function jsxImage(asset: SnippetAsset, document: SnippetDocument, path: string, language: Language): Snippet {
  const rest = ` alt="${escapeMarkup(altOf(asset))}"${sizeOf(asset, (name, value) => ` ${name}={${value}}`)} />`;
  if (path.startsWith('/')) { return { text: `<img src="${encode(path, 'uri', language)}"${rest}`, separator: '\n' }; }
  const imported = [...document.text.matchAll(/^import\s+(?:\*\s*as\s+)?([\p{ID_Start}$_][\p{ID_Continue}$]*)\s+from\s*["']([^"']+)["']/gmu)].find(([, , from]) => from === path)?.[1];
  const name = imported ?? freeIdentifier(asset, document.text);
  return { text: `<img src={${name}}${rest}`, separator: '\n', ...imported ? {} : { addition: importAddition(importOf(name, path, document.text), document.text) } };
}

/** After the last import; without any above all code, but below what has to be first. */
function importAddition(statement: string, text: string): { offset: number; text: string } {
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  const last = [...text.matchAll(/^import\b[^;'"]*["'][^"'\n]+["'];?[ \t]*(?=\r?$)/gm)].at(-1);
  if (last) { return { offset: last.index + last[0].length, text: eol + statement }; }
  const head = /^(?:#!.*(?:\r?\n|$))?(?:[ \t]*(["'])use [\w ]+\1;?[ \t]*(?:\r?\n|$))*/.exec(text)![0];
  return { offset: head.length, text: statement + eol + (/^\s*$/.test(text.slice(head.length).split('\n')[0]!) ? '' : eol) };
}

/** A sprite's place in its sheet, where the shorthand `background:` takes one. */
function spritePosition({ cell }: SnippetAsset, before: string): string {
  return cell && !cell.rotated && /\bbackground\s*:\s*$/.test(before) ? ` ${-cell.x || 0}px ${-cell.y || 0}px no-repeat` : '';
}

function fill(template: string, asset: SnippetAsset, path: string, language: Language): string {
  return template.replace(/(.?.?)\$\{(\w+)\}/gs, (all: string, before: string, name: string) => {
    const quote = '"\'`'.includes(before.at(-1) ?? ' ') ? before.at(-1)! : '';
    // Code may hold markup, whose attributes know no backslash.
    const target = language.family === 'script' && /<\w/.test(template) && before.startsWith('=') && quote ? languages.get('html')! : language;
    const value = (): string => {
      switch (name as Placeholder) {
        case 'path': return encode(path, target.encoding, target, quote);
        case 'name': return escapeText(stemOf(asset.path), target, quote);
        case 'alt': return escapeText(altOf(asset), target, quote);
        case 'identifier': return identifierOf(asset.path);
        case 'width': return asset.width > 0 ? String(asset.width) : '';
        case 'height': return asset.height > 0 ? String(asset.height) : '';
        default: return all.slice(before.length);
      }
    };
    return before + value();
  });
}

function escapeText(value: string, language: Language, quote: string): string {
  if (language.family === 'markup' || language.family === 'markdown' && quote) { return escapeMarkup(value); }
  if (language.family === 'markdown') { return value.replace(/[\\[\]<`]/g, '\\$&'); }
  return language.encoding === 'string' || quote ? encode(value, 'string', language, quote) : value;
}

/** `data:` address of an image: an SVG as text, which is shorter and can be read; what is not UTF-8 as Base64. */
export function dataUri(bytes: Uint8Array, path: string): string {
  const type = mimeTypes[extensionOf(path)] ?? 'application/octet-stream';
  if (type === 'image/svg+xml') {
    const source = decodeUtf8(bytes);
    if (source !== undefined) { return `data:${type},${encodeUri(source.trim()).replace(/%20/g, ' ').replace(/&/g, '%26')}`; }
  }
  return `data:${type};base64,${Buffer.from(bytes).toString('base64')}`;
}

/** The text of UTF-8 bytes, without a byte order mark; undefined when they are something else. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try { return new TextDecoder('utf-8', { fatal: true }).decode(bytes); } catch { return undefined; }
}

const mimeTypes: Record<string, string> = {
  png: 'image/png', jpg: 'image/jpeg', jpeg: 'image/jpeg', jpe: 'image/jpeg', jfif: 'image/jpeg', webp: 'image/webp', gif: 'image/gif',
  svg: 'image/svg+xml', avif: 'image/avif', tif: 'image/tiff', tiff: 'image/tiff', bmp: 'image/bmp', ico: 'image/x-icon',
};
