/** Reads what atlas files say of the cells of an image: TexturePacker and Aseprite JSON, Unity's .meta, Godot's .tres, CSS sprites. Text in, rectangles out. */
import { posix } from 'node:path';
import type { Atlas, Frame } from './cells';

/** What a file says of one image. */
export interface AtlasEntry {
  /** As the file names the image: relative to the file, or from the root of a project (a leading slash); undefined for the image the file lies beside. */
  image: string | undefined;
  atlas: Atlas;
}

/** More of one file are not looked at. */
const maxFrames = 4096;

/** Thrown for a file that claims to be an atlas and cannot be understood. */
export class AtlasError extends Error {}

export type AtlasKind = 'json' | 'meta' | 'tres' | 'css';

const imageName = /\.(png|jpe?g|webp|gif|avif|tiff?|bmp|tga|psd|aseprite|ase)$/i;
const withoutExtension = (name: string): string => name.replace(imageName, '');

/** The kind of atlas file that a path may be, by its name. */
export function atlasKindOf(path: string): AtlasKind | undefined {
  const extension = /\.([a-z]+)$/i.exec(path)?.[1]?.toLowerCase();
  if (extension === 'meta') { return imageName.test(path.slice(0, -5)) ? 'meta' : undefined; }
  return extension === 'json' || extension === 'tres' || extension === 'css' ? extension : undefined;
}

/** Throws {@link AtlasError}. Nothing for a file that is no atlas at all. */
export function parseAtlas(kind: AtlasKind, text: string, path: string): AtlasEntry[] {
  switch (kind) {
    case 'json': return parseJson(text);
    case 'meta': return parseUnity(text);
    case 'tres': return parseGodot(text, path);
    case 'css': return parseCss(text);
  }
}

// ── TexturePacker (also as Aseprite, Phaser and free-tex-packer write it)

type Json = Record<string, unknown>;
const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);

function parseJson(text: string): AtlasEntry[] {
  // Most JSON files are none: this saves parsing them.
  if (!text.includes('"frames"') || !text.includes('"frame"')) { return []; }
  let root: unknown;
  try { root = JSON.parse(text); } catch { throw new AtlasError('it is no JSON'); }
  if (!isObject(root)) { return []; }
  const sheets = Array.isArray(root.textures) ? root.textures.filter(isObject) : [root];
  return sheets.flatMap(sheet => {
    if (!isObject(sheet.frames) && !Array.isArray(sheet.frames)) { return []; }
    const meta = isObject(sheet.meta) ? sheet.meta : sheet;
    const named: [unknown, unknown][] = Array.isArray(sheet.frames) ? sheet.frames.map(each => [isObject(each) ? each.filename : '', each]) : Object.entries(sheet.frames);
    const frames = named.slice(0, maxFrames).map(([name, each]): Frame => {
      const frame = isObject(each) && isObject(each.frame) ? each.frame : undefined;
      if (!frame) { throw new AtlasError('a frame has no rectangle'); }
      const [x, y, width, height] = [number(frame.x), number(frame.y), number(frame.w), number(frame.h)];
      const rotated = (each as Json).rotated === true;
      // A trimmed frame is what is left of it; a rotated one is given as it stands upright.
      return { x, y, width: rotated ? height : width, height: rotated ? width : height, name: nameOf(name), ...(rotated && { rotated }) };
    });
    if (frames.length === 0) { return []; }
    const sheetWidth = isObject(meta.size) && typeof meta.size.w === 'number' && meta.size.w > 0 ? meta.size.w : undefined;
    return [{ image: typeof meta.image === 'string' && meta.image !== '' ? meta.image.replaceAll('\\', '/') : undefined, atlas: { frames, ...(sheetWidth && { sheetWidth }) } }];
  });
}

function number(value: unknown): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) { throw new AtlasError('a rectangle is not made of numbers'); }
  return value;
}
function nameOf(name: unknown): string { return typeof name === 'string' ? withoutExtension(name.trim()).slice(0, 200) : ''; }

// ── Unity

/** Of the YAML that Unity writes only the list at spriteSheet.sprites is read, line by line and by its indentation; anything odd in it is refused. */
function parseUnity(text: string): AtlasEntry[] {
  if (!/^ {4}sprites:\r?$/m.test(text)) { return []; }
  const lines = text.split(/\r?\n/);
  const start = lines.findIndex(line => /^ {2}spriteSheet:\s*$/.test(line));
  const sprites = start < 0 ? -1 : lines.findIndex((line, index) => index > start && /^ {4}sprites:/.test(line));
  if (sprites < 0 || lines[sprites]!.trim() !== 'sprites:') { return []; }
  const frames: (Partial<Frame> & { inRect?: boolean })[] = [];
  for (const line of lines.slice(sprites + 1)) {
    if (line.trim() === '') { continue; }
    const indent = line.length - line.trimStart().length;
    if (indent < 4 || (indent === 4 && !line.startsWith('    - '))) { break; }
    if (indent === 4) { if (frames.length === maxFrames) { break; } frames.push({}); }
    const frame = frames.at(-1);
    const pair = /^(?: {4}- | {6}| {8})([A-Za-z]+):(?: (.*))?$/.exec(line);
    if (!frame || !pair) { continue; }
    const [, key, value = ''] = pair;
    if (indent <= 6) {
      frame.inRect = key === 'rect' && value === '';
      if (key === 'name') { frame.name = nameOf(scalar(value)); }
    } else if (frame.inRect && (key === 'x' || key === 'y' || key === 'width' || key === 'height')) {
      if (!/^-?\d+(\.\d+)?(e[-+]?\d+)?$/i.test(value.trim())) { throw new AtlasError(`"${value}" is no number`); }
      frame[key] = Number(value);
    }
  }
  const whole = frames.map(({ x, y, width, height, name = '' }): Frame => {
    if (x === undefined || y === undefined || width === undefined || height === undefined) { throw new AtlasError('a sprite has no rectangle'); }
    return { x, y, width, height, name };
  });
  return whole.length > 0 ? [{ image: undefined, atlas: { frames: whole, fromBottom: true } }] : [];
}

/** A YAML scalar as Unity writes names. */
function scalar(value: string): string {
  const text = value.trim();
  if (text.startsWith("'") && text.endsWith("'") && text.length > 1) { return text.slice(1, -1).replaceAll("''", "'"); }
  if (text.startsWith('"')) { try { return String(JSON.parse(text)); } catch { throw new AtlasError(`the name ${text.slice(0, 40)} cannot be read`); } }
  return text;
}

// ── Godot 4

/** AtlasTexture resources, alone or inside SpriteFrames. */
function parseGodot(text: string, path: string): AtlasEntry[] {
  if (!/^\[gd_resource type="(AtlasTexture|SpriteFrames)"/.test(text)) { return []; }
  const textures = new Map<string, string>();
  const regions = new Map<string, { texture: string; frame: Frame }>();
  const names = new Map<string, string>();
  // A section begins with its header at the start of a line.
  for (const section of text.split(/^(?=\[(?:gd_resource|ext_resource|sub_resource|resource)[ \]])/m)) {
    const header = section.slice(0, section.indexOf('\n') < 0 ? section.length : section.indexOf('\n'));
    const id = / id="([^"]*)"/.exec(header)?.[1];
    if (header.startsWith('[ext_resource')) {
      const file = / path="res:\/\/([^"]*)"/.exec(header)?.[1];
      if (id !== undefined && file !== undefined) { textures.set(id, `/${file}`); }
    } else if (header.startsWith('[sub_resource type="AtlasTexture"') || header.startsWith('[resource')) {
      const texture = /^atlas = ExtResource\("([^"]*)"\)/m.exec(section)?.[1];
      const region = /^region = Rect2\(([^)]*)\)/m.exec(section)?.[1]?.split(',').map(Number);
      if (texture !== undefined && region) {
        const [x, y, width, height] = region;
        if (region.length !== 4 || !region.every(Number.isFinite)) { throw new AtlasError('a region is not made of four numbers'); }
        if (regions.size < maxFrames) { regions.set(id ?? '', { texture, frame: { x: x!, y: y!, width: width!, height: height!, name: id === undefined ? posix.basename(path, '.tres') : '' } }); }
      }
      if (header.startsWith('[resource')) {
        // Keys of an animation are in alphabetical order: its frames come before its name.
        for (const animation of section.split('"frames": [').slice(1)) {
          const name = /"name": &?"([^"]*)"/.exec(animation)?.[1] ?? '';
          [...animation.matchAll(/"texture": SubResource\("([^"]*)"\)/g)].forEach(([, texture], index) => { if (!names.has(texture!)) { names.set(texture!, `${name}_${index}`); } });
        }
      }
    }
  }
  const byImage = new Map<string, Frame[]>();
  for (const [id, { texture, frame }] of regions) {
    const image = textures.get(texture);
    if (image === undefined) { continue; }
    byImage.set(image, [...byImage.get(image) ?? [], { ...frame, name: frame.name || names.get(id) || '' }]);
  }
  return [...byImage].map(([image, frames]) => ({ image, atlas: { frames } }));
}

// ── CSS sprites

interface Sprite { image?: string; x?: number; y?: number; width?: number; height?: number; sheetWidth?: number; selectors: string[] }

/** Rules with a background-position and a size in px; where one names no image, that of the rule whose selector it builds on. */
function parseCss(text: string): AtlasEntry[] {
  if (!text.includes('url(') || !/background(-position)?\s*:/.test(text)) { return []; }
  const rules: Sprite[] = [];
  for (const { head, body } of cssBlocks(withoutComments(text))) {
    if (rules.length >= maxFrames) { break; }
    const sprite: Sprite = { selectors: head.split(',').slice(0, 16).map(each => each.trim()).filter(each => each !== '') };
    for (const declaration of declarationsOf(body)) {
      const colon = declaration.indexOf(':');
      if (colon > 0) { readDeclaration(sprite, declaration.slice(0, colon).trim().toLowerCase(), declaration.slice(colon + 1).replace(/!important/i, '').trim()); }
    }
    if (sprite.selectors.length > 0 && (sprite.image !== undefined || sprite.x !== undefined || sprite.width !== undefined)) { rules.push(sprite); }
  }
  const bases = rules.filter(rule => rule.image !== undefined).slice(0, 64);
  const images = new Set(bases.map(base => base.image));
  const byImage = new Map<string, { frames: Map<string, Frame>; sheetWidth: number | undefined }>();
  for (const rule of rules) {
    if (rule.x === undefined || rule.y === undefined) { continue; }
    const base = rule.image !== undefined ? rule : bases.find(each => each.selectors.some(selector => rule.selectors.some(own => buildsOn(own, selector)))) ?? (images.size === 1 ? bases[0] : undefined);
    const [width, height] = [rule.width ?? base?.width, rule.height ?? base?.height];
    if (base?.image === undefined || width === undefined || height === undefined) { continue; }
    const sheet = byImage.get(base.image) ?? { frames: new Map<string, Frame>(), sheetWidth: undefined };
    byImage.set(base.image, sheet);
    sheet.sheetWidth ??= rule.sheetWidth ?? base.sheetWidth;
    const key = `${rule.x} ${rule.y} ${width} ${height}`;
    if (!sheet.frames.has(key)) { sheet.frames.set(key, { x: -rule.x || 0, y: -rule.y || 0, width, height, name: cssName(rule.selectors[0]!) }); }
  }
  // One rectangle is a picture that is shown in part; two are a sprite.
  return [...byImage].filter(([, { frames }]) => frames.size >= 2)
    .map(([image, { frames, sheetWidth }]) => ({ image, atlas: { frames: [...frames.values()], ...(sheetWidth && { sheetWidth }) } }));
}

/** Written out by hand, as what follows, because regular expressions take quadratic time on hostile text. */
function withoutComments(text: string): string {
  let plain = '';
  for (let at = 0; ;) {
    const start = text.indexOf('/*', at);
    if (start < 0) { return plain + text.slice(at); }
    plain += text.slice(at, start);
    const end = text.indexOf('*/', start + 2);
    if (end < 0) { return plain; }
    at = end + 2;
  }
}

/** Blocks that hold no other: at-rules around them do not matter. */
function cssBlocks(text: string): { head: string; body: string }[] {
  const blocks: { head: string; body: string }[] = [];
  let start = 0;
  let open = -1;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '{') {
      if (open >= 0) { start = open + 1; }
      open = at;
    } else if (character === '}') {
      if (open >= 0) { blocks.push({ head: text.slice(start, open), body: text.slice(open + 1, at) }); }
      open = -1;
      start = at + 1;
    } else if (character === ';' && open < 0) {
      start = at + 1;
    }
  }
  return blocks;
}

/** Split at the semicolons, but for those inside of parentheses: a data URL has some. */
function declarationsOf(body: string): string[] {
  const list: string[] = [];
  let start = 0;
  let depth = 0;
  for (let at = 0; at < body.length; at++) {
    const character = body[at];
    if (character === '(') { depth++; } else if (character === ')') { depth = Math.max(0, depth - 1); }
    else if (character === ';' && depth === 0) { list.push(body.slice(start, at)); start = at + 1; }
  }
  list.push(body.slice(start));
  return list.filter(each => each.length < 4000);
}

function readDeclaration(sprite: Sprite, property: string, value: string): void {
  switch (property) {
    case 'background': case 'background-image': {
      const url = /url\(\s*(?:"([^"]*)"|'([^']*)'|([^"')\s]*))\s*\)/.exec(value);
      const image = url && cleanUrl(url[1] ?? url[2] ?? url[3] ?? '');
      if (image) { sprite.image = image; }
      if (property === 'background') {
        const [position, size] = value.replace(/url\([^)]*\)|#[0-9a-f]{3,8}\b|rgba?\([^)]*\)/gi, ' ').split('/');
        readPosition(sprite, position!);
        if (size !== undefined) { sprite.sheetWidth = pixels(size.trim().split(/\s+/)[0]!) || undefined; }
      }
      return;
    }
    case 'background-position': readPosition(sprite, value); return;
    case 'background-position-x': sprite.x = pixels(value); return;
    case 'background-position-y': sprite.y = pixels(value); return;
    case 'background-size': sprite.sheetWidth = pixels(value.split(/\s+/)[0]!) || undefined; return;
    case 'width': sprite.width = pixels(value) || undefined; return;
    case 'height': sprite.height = pixels(value) || undefined; return;
  }
}

function readPosition(sprite: Sprite, value: string): void {
  const lengths = value.split(/\s+/).map(pixels).filter(each => each !== undefined);
  if (lengths.length === 2) { [sprite.x, sprite.y] = lengths; }
}

/** Only lengths that say where in the image: px and zero. */
function pixels(value: string): number | undefined {
  if (/^(0|left|top)$/i.test(value)) { return 0; }
  return /^-?(\d+|\d*\.\d+)px$/i.test(value) ? parseFloat(value) : undefined;
}

function cleanUrl(url: string): string | undefined {
  const path = url.replace(/[?#].*$/, '');
  if (/^[a-z][a-z0-9+.-]*:|^\/\//i.test(path) || !imageName.test(path)) { return undefined; }
  try { return decodeURI(path); } catch { return path; }
}

/** '.icon-home', '.icon.home', '.icon .home' and 'i.icon-home' build on '.icon'; '.icon-home' also on '[class^="icon-"]'. */
function buildsOn(selector: string, base: string): boolean {
  const prefix = /\[class[\^*|~]?=\s*["']?\s*([\w-]+)/.exec(base)?.[1] ?? /([.#][\w-]+)$/.exec(base)?.[1];
  return prefix !== undefined && selector.includes(prefix);
}

/** The last class or id of a selector, with a state behind it. */
function cssName(selector: string): string {
  const name = [...selector.matchAll(/[.#]([\w-]+)/g)].at(-1)?.[1] ?? selector;
  const state = /:{1,2}([a-z-]+)$/.exec(selector)?.[1];
  return (state && state !== 'before' && state !== 'after' ? `${name}-${state}` : name).slice(0, 200);
}
