/** Checks an SVG's text before it is rendered: what would expand without end is refused, and the prolog is made harmless. */
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { SkipError } from '../errors';
import { svgRootOffset } from './imageFormat';

/** Real drawings are far below this; parsing more takes seconds and hundreds of MB. */
export const maxSvgBytes = 10 * 1024 * 1024;
/** Elements that `<use>` and `url(#…)` may add to those written in the file. */
export const maxInstances = 200_000;
const maxTitleLength = 200;
/** libvips takes a text for an SVG only if "<svg" is near its start, which a namespace prefix would hide. */
const marker = '<!--<svg-->';

export interface GuardedSvg {
  /** UTF-8, beginning at the root element: no DOCTYPE, no entities, nothing to load. */
  bytes: Buffer;
  /** The first `<title>`, or an empty string. */
  title: string;
  /** The root says how large the drawing is, so that it can be rendered larger. */
  sized: boolean;
}

/** Throws SkipError 'svgTooComplex' for a document that is not safe to render, and 'corrupt' for one without a root. */
export function guardSvg(bytes: Uint8Array): GuardedSvg {
  if (bytes.length > maxSvgBytes) {
    throw tooComplex(`The SVG holds ${Math.round(bytes.length / 1024 / 1024)} MB of text; at most ${maxSvgBytes / 1024 / 1024} MB are rendered.`);
  }
  const text = decodeText(bytes);
  const start = svgRootOffset(text);
  if (start < 0) { throw new SkipError('corrupt', 'The SVG has no <svg> element.', 'Export the drawing again.'); }
  const body = expandEntities(text.slice(0, start), text.slice(start));
  checkInstances(body);
  return { bytes: Buffer.from(marker + body), title: titleOf(body), sized: isSized(body) };
}

/** What a .svgz holds, unpacked no further than an SVG may be large. Throws SkipError. */
export async function unpackSvg(bytes: Uint8Array): Promise<Buffer> {
  try {
    return await promisify(gunzip)(bytes, { maxOutputLength: maxSvgBytes });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') {
      throw tooComplex(`The file unpacks to more than ${maxSvgBytes / 1024 / 1024} MB; at most that much SVG is rendered.`);
    }
    throw new SkipError('corrupt', 'The packed file is damaged or incomplete.', 'Export the drawing again.');
  }
}

/** Gives a drawing without a size the one it was measured to have: unlike a size, a viewBox scales what is drawn. */
export function withViewBox(svg: GuardedSvg, width: number, height: number): Buffer {
  const body = svg.bytes.toString('utf8', marker.length);
  return Buffer.from(marker + body.replace(/^<[\w.:-]+/, start => `${start} viewBox="0 0 ${width} ${height}"`));
}

function isSized(body: string): boolean {
  const root = tags(body).next().value?.attributes ?? '';
  const absolute = (name: string) => new RegExp(`\\s${name}\\s*=\\s*["'][^"'%]*["']`).test(root);
  return /\sviewBox\s*=/.test(root) || (absolute('width') && absolute('height'));
}

function tooComplex(reason: string): SkipError {
  return new SkipError('svgTooComplex', reason, 'Simplify the drawing, or export it as PNG.');
}

/** By byte order mark, else by the XML declaration, else UTF-8. */
function decodeText(bytes: Uint8Array): string {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 200)).toString('latin1');
  const declared = /^\s*<\?xml[^>]*\bencoding\s*=\s*["']([\w.:-]+)["']/.exec(head)?.[1];
  const label = bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf-16le' : bytes[0] === 0xfe && bytes[1] === 0xff ? 'utf-16be' : declared ?? 'utf-8';
  try {
    return new TextDecoder(label).decode(bytes);
  } catch {
    return new TextDecoder().decode(bytes);
  }
}

/**
 * Replaces the entities that a DOCTYPE declares (Illustrator declares its namespaces so), which makes the DOCTYPE unnecessary.
 * Entities made of entities grow exponentially ("billion laughs") and external ones read files: both are refused.
 */
function expandEntities(prolog: string, body: string): string {
  const entities = new Map<string, string>();
  for (const match of prolog.matchAll(/<!ENTITY\s+(%\s+)?([^\s"'>]+)\s+(?:"([^"]*)"|'([^']*)'|[^>]*)/g)) {
    const value = match[3] ?? match[4];
    if (match[1] !== undefined || value === undefined) { throw tooComplex('The SVG declares external or parameter entities.'); }
    if (/[&%](?!#)[^\s;]*;/.test(value)) { throw tooComplex('The SVG declares entities made of entities.'); }
    entities.set(match[2]!, value);
  }
  if (entities.size === 0) { return body; }
  let length = body.length;
  return body.replace(/&([^\s;&#<]+);/g, (reference, name: string) => {
    const value = entities.get(name);
    if (value === undefined) { return reference; }
    length += value.length - reference.length;
    if (length > maxSvgBytes) { throw tooComplex('The SVG becomes too large when its entities are expanded.'); }
    return value;
  });
}

/** An element that others can refer to, and what drawing it takes. */
interface Target { elements: number; references: string[]; inside: Target[]; cost?: number }

/** Estimates how many elements are drawn when every reference is followed; costs are shared, so the estimate itself is linear. */
function checkInstances(body: string): void {
  const root: Target = { elements: 0, references: [], inside: [] };
  const targets = new Map<string, Target>();
  const open: Target[] = [root];
  let written = 0;
  for (const tag of tags(body)) {
    if (tag.kind === 'close') { if (open.length > 1) { open.pop(); } continue; }
    written++;
    let current = open[open.length - 1]!;
    const id = /\sid\s*=\s*(?:"([^"]*)"|'([^']*)')/.exec(tag.attributes);
    if (id) {
      const target: Target = { elements: 0, references: [], inside: [] };
      current.inside.push(target);
      const name = id[1] ?? id[2] ?? '';
      if (!targets.has(name)) { targets.set(name, target); }
      current = target;
    }
    current.elements++;
    for (const reference of tag.attributes.matchAll(/(?:\shref|:href)\s*=\s*["']\s*#([^"']*)["']|url\(\s*["']?#([^"')]*)/g)) {
      current.references.push((reference[1] ?? reference[2] ?? '').trim());
    }
    if (tag.kind === 'open') { open.push(current); }
  }
  if (costOf(root, targets) - written > maxInstances) {
    throw tooComplex(`The SVG repeats its parts more than ${maxInstances.toLocaleString('en')} times.`);
  }
}

/** Post-order without recursion: nesting is as deep as the file's author likes. A cycle adds nothing, as in the renderer. */
function costOf(root: Target, targets: Map<string, Target>): number {
  const stack: { target: Target; children: Target[]; next: number; cost: number }[] = [];
  const active = new Set<Target>();
  const enter = (target: Target) => {
    active.add(target);
    const referred = target.references.flatMap(name => targets.get(name) ?? []);
    stack.push({ target, children: [...target.inside, ...referred], next: 0, cost: target.elements });
  };
  enter(root);
  for (;;) {
    const top = stack[stack.length - 1]!;
    const child = top.children[top.next++];
    if (child === undefined) {
      top.target.cost = Math.min(top.cost, Number.MAX_SAFE_INTEGER);
      active.delete(top.target);
      stack.pop();
      const parent = stack[stack.length - 1];
      if (parent === undefined) { return top.target.cost; }
      parent.cost += top.target.cost;
    } else if (child.cost !== undefined) {
      top.cost += child.cost;
    } else if (!active.has(child)) {
      enter(child);
    }
  }
}

interface Tag { kind: 'open' | 'close' | 'empty'; attributes: string }

/** The tags of a document in order; comments, CDATA and instructions are passed over. Linear in the text's length. */
function* tags(text: string): Generator<Tag, undefined> {
  let at = 0;
  const skipTo = (end: string, from: number) => {
    const found = text.indexOf(end, from);
    return found < 0 ? text.length : found + end.length;
  };
  for (;;) {
    const start = text.indexOf('<', at);
    if (start < 0) { return; }
    if (text.startsWith('<!--', start)) { at = skipTo('-->', start + 4); continue; }
    if (text.startsWith('<![CDATA[', start)) { at = skipTo(']]>', start + 9); continue; }
    if (text.startsWith('<?', start)) { at = skipTo('?>', start + 2); continue; }
    let end = start + 1;
    let quote = 0;
    for (; end < text.length; end++) {
      const code = text.charCodeAt(end);
      if (quote !== 0) { if (code === quote) { quote = 0; } } else if (code === 0x22 || code === 0x27) { quote = code; } else if (code === 0x3e) { break; }
    }
    const content = text.slice(start + 1, end);
    yield { kind: content.startsWith('/') ? 'close' : content.endsWith('/') ? 'empty' : 'open', attributes: content };
    at = end + 1;
  }
}

function titleOf(body: string): string {
  const start = /<(?:[A-Za-z_][\w.-]*:)?title(?:\s[^>]{0,1000})?>/.exec(body);
  if (!start) { return ''; }
  const from = start.index + start[0].length;
  const end = body.slice(from, from + 4096).search(/<\/(?:[A-Za-z_][\w.-]*:)?title\s*>/);
  if (end < 0) { return ''; }
  const text = body.slice(from, from + end).replace(/<!\[CDATA\[([\s\S]*?)\]\]>|<[^>]*>/g, (_, cdata: string | undefined) => cdata ?? ' ');
  return [...decodeEntities(text).replace(/\s+/g, ' ').trim()].slice(0, maxTitleLength).join('');
}

/** The five entities of XML 1.0 (4.6) and character references. */
function decodeEntities(text: string): string {
  const named: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: '\'' };
  return text.replace(/&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|(amp|lt|gt|quot|apos));/gi, (whole, hex?: string, decimal?: string, name?: string) => {
    if (name !== undefined) { return named[name.toLowerCase()]!; }
    const code = hex !== undefined ? parseInt(hex, 16) : parseInt(decimal!, 10);
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}
