/** Finds the atlas file of an image, beside it or (a style sheet) close to it, and reads it anew only when it changes. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, statSync, type Dirent } from 'node:fs';
import { join, posix } from 'node:path';
import { AtlasError, atlasKindOf, parseAtlas, type AtlasEntry, type AtlasKind } from './atlas';
import type { Atlas, Frame } from './cells';
import { messageOf } from '../errors';

/** What is said of an image, and a digest of that: other cells make another content of the same bytes. */
export interface ImageAtlas { digest: string; atlas: Atlas }

const maxBytes: Record<AtlasKind, number> = { json: 4 * 2 ** 20, meta: 2 ** 20, tres: 2 ** 20, css: 2 ** 19 };
/** Files of one folder that are opened to see which image they name; a resource for each icon is usual in Godot. */
const maxFiles: Record<Exclude<AtlasKind, 'meta'>, number> = { json: 32, tres: 1024, css: 16 };
/** Folders beside the one of the images in which style sheets are looked for. */
const cssFolders: ReadonlySet<string> = new Set(['css', 'styles', 'style', 'stylesheets']);

const folderOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));
const inFolder = (folder: string, name: string): string => (folder === '' ? name : `${folder}/${name}`);

/** Whether an atlas file at a path may speak of the image at another path of the same root. Told from the paths alone. */
export function mayConcern(atlas: string, image: string): boolean {
  if (/\.svg$/i.test(image)) { return false; }
  const kind = atlasKindOf(atlas);
  const folder = folderOf(image);
  if (kind === 'meta') { return atlas === `${image}.meta`; }
  if (kind !== 'css') { return kind !== undefined && folderOf(atlas) === folder; }
  return cssFoldersOf(folder).includes(folderOf(atlas)) || (folder !== '' && folderOf(folderOf(atlas)) === folderOf(folder) && cssFolders.has(posix.basename(folderOf(atlas)).toLowerCase()));
}

function cssFoldersOf(folder: string): string[] { return folder === '' ? [folder] : [folder, folderOf(folder)]; }

interface Listing {
  files: Record<AtlasKind, string[]>;
  /** Its folders for style sheets. */
  css: string[];
}
const emptyListing = (): Listing => ({ files: { json: [], meta: [], tres: [], css: [] }, css: [] });

/** What there is for the images of one folder. */
interface Surroundings { root: string; folder: string; metas: ReadonlySet<string>; css: string[]; others: boolean }

export class AtlasReader {
  private listings = new Map<string, Listing>();
  private gathered = new Map<string, { file: string; entry: AtlasEntry }[]>();
  /** Images come folder by folder. */
  private last: Surroundings | undefined;
  /** By absolute path; kept from run to run. */
  private readonly parsed = new Map<string, { stamp: string; entries: AtlasEntry[] }>();
  /** Files that were looked at in this run. */
  private checked = new Set<string>();

  constructor(private readonly rootPaths: ReadonlyMap<string, string>, private readonly warn: (message: string) => void) {}

  /** A new run: the disk may have changed since. */
  begin(): void {
    this.listings = new Map();
    this.gathered = new Map();
    this.checked = new Set();
    this.last = undefined;
    // One that comes back is news, whatever it says.
    for (const file of this.parsed.keys()) { if (!existsSync(file)) { this.parsed.delete(file); } }
  }

  /** Whether a file that was saved may say something else than when it was last read. Reads it anew. */
  isNews(root: string, path: string): boolean {
    const file = join(this.rootPaths.get(root)!, path);
    const known = this.parsed.get(file);
    if (!known || this.stampOf(root, path) === undefined) { return true; }
    this.checked.delete(file);
    return JSON.stringify(this.entries(root, path, atlasKindOf(path)!)) !== JSON.stringify(known.entries);
  }

  /** A folder whose content is known already. */
  see(root: string, folder: string, entries: readonly Dirent[]): void {
    const listing = emptyListing();
    for (const entry of entries) {
      if (entry.isDirectory()) { if (cssFolders.has(entry.name.toLowerCase())) { listing.css.push(entry.name); } continue; }
      const kind = atlasKindOf(entry.name);
      if (kind) { listing.files[kind].push(entry.name); }
    }
    for (const names of Object.values(listing.files)) { names.sort(); }
    this.listings.set(`${root}\0${folder}`, listing);
  }

  /** Sets `atlas` and `plainMeta` of an image; `plainMeta` is what the last run set, and spares reading a Unity file again. */
  find(image: { root: string; path: string; atlas?: ImageAtlas; plainMeta?: string }, plainMeta: string | undefined): void {
    const { root, path } = image;
    const slash = path.lastIndexOf('/');
    const folder = path.slice(0, Math.max(0, slash));
    const { metas, css, others } = this.last?.root === root && this.last.folder === folder ? this.last : this.look(root, folder);
    if (!others && metas.size === 0) { return; }
    if (/\.svg$/i.test(path)) { return; }
    let atlas: Atlas | undefined;
    if (metas.has(`${path.slice(slash + 1)}.meta`)) {
      const file = `${path}.meta`;
      const stamp = this.stampOf(root, file);
      if (stamp !== undefined && stamp !== plainMeta) { atlas = this.entries(root, file, 'meta')[0]?.atlas; }
      if (stamp !== undefined && !atlas) { image.plainMeta = stamp; }
    }
    if (others) { atlas ??= this.fromJson(root, folder, path) ?? this.fromGodot(root, folder, path) ?? this.fromCss(root, css, path); }
    if (atlas) { image.atlas = { atlas, digest: createHash('sha256').update(JSON.stringify(atlas)).digest('hex').slice(0, 16) }; }
  }

  private look(root: string, folder: string): Surroundings {
    const { files } = this.list(root, folder);
    const css = cssFoldersOf(folder);
    if (folder !== '') {
      const above = folderOf(folder);
      css.push(...this.list(root, above).css.map(name => inFolder(above, name)).filter(each => each !== folder));
    }
    const withCss = css.filter(each => this.list(root, each).files.css.length > 0);
    this.last = { root, folder, metas: new Set(files.meta), css: withCss, others: files.json.length + files.tres.length + withCss.length > 0 };
    return this.last;
  }

  private fromJson(root: string, folder: string, path: string): Atlas | undefined {
    const { json } = this.list(root, folder).files;
    if (json.length === 0) { return undefined; }
    const name = posix.basename(path);
    const matched = [`${name.replace(/\.[^.]*$/, '')}.json`, `${name}.json`];
    // Among many files only those of the image's name are opened.
    const said = json.length <= maxFiles.json ? this.said(root, folder, 'json')
      : matched.filter(each => json.includes(each)).flatMap(file => this.entries(root, inFolder(folder, file), 'json').map(entry => ({ file, entry })));
    const named = said.filter(({ file, entry: { image } }) => (image === undefined ? matched.includes(file) : posix.basename(image) === name));
    return (named.find(({ file }) => matched.includes(file)) ?? named[0])?.entry.atlas;
  }

  /** Each icon may have a resource of its own: all that name the image count together. */
  private fromGodot(root: string, folder: string, path: string): Atlas | undefined {
    const frames: Frame[] = [];
    for (const { entry: { image, atlas } } of this.said(root, folder, 'tres')) {
      if (isSame(path, image!)) { frames.push(...atlas.frames); }
    }
    return frames.length > 0 ? { frames } : undefined;
  }

  private fromCss(root: string, folders: readonly string[], path: string): Atlas | undefined {
    for (const each of folders) {
      for (const { entry: { image, atlas } } of this.said(root, each, 'css')) {
        if (image!.startsWith('/') ? isSame(path, image!) : posix.join(each, image!) === path) { return atlas; }
      }
    }
    return undefined;
  }

  /** What the files of a folder say; asked for each of its images, gathered once in a run. */
  private said(root: string, folder: string, kind: 'json' | 'tres' | 'css'): { file: string; entry: AtlasEntry }[] {
    const key = `${kind}\0${root}\0${folder}`;
    let said = this.gathered.get(key);
    if (!said) {
      said = this.list(root, folder).files[kind].slice(0, maxFiles[kind]).flatMap(file => this.entries(root, inFolder(folder, file), kind).map(entry => ({ file, entry })));
      this.gathered.set(key, said);
    }
    return said;
  }

  private list(root: string, folder: string): Listing {
    const key = `${root}\0${folder}`;
    const known = this.listings.get(key);
    if (known) { return known; }
    try {
      this.see(root, folder, readdirSync(join(this.rootPaths.get(root)!, folder), { withFileTypes: true }));
    } catch {
      this.listings.set(key, emptyListing());   // gone meanwhile
    }
    return this.listings.get(key)!;
  }

  /** Size and time; undefined for what is no file any more. */
  private stampOf(root: string, path: string): string | undefined {
    const stats = statSync(`${this.rootPaths.get(root)!}/${path}`, { throwIfNoEntry: false });
    return stats?.isFile() ? `${stats.size} ${stats.mtimeMs}` : undefined;
  }

  private entries(root: string, path: string, kind: AtlasKind): AtlasEntry[] {
    const file = join(this.rootPaths.get(root)!, path);
    const known = this.parsed.get(file);
    if (known && this.checked.has(file)) { return known.entries; }
    this.checked.add(file);
    let stamp = '';
    let entries: AtlasEntry[] = [];
    try {
      const stats = statSync(file);
      stamp = `${stats.size} ${stats.mtimeMs}`;
      if (known?.stamp === stamp) { return known.entries; }
      // A pipe would never end.
      if (stats.isFile() && stats.size <= maxBytes[kind]) { entries = parseAtlas(kind, readFileSync(file, 'utf8'), path); }
    } catch (thrown) {
      this.warn(`The atlas file ${path} is left out: ${thrown instanceof AtlasError ? `${thrown.message}.` : messageOf(thrown)}`);
    }
    this.parsed.set(file, { stamp, entries });
    return entries;
  }
}

/** A path from the root of a project, which may lie above or below the root of the workspace. */
function isSame(path: string, projectPath: string): boolean { return `/${path}`.endsWith(projectPath) || projectPath.endsWith(`/${path}`); }
