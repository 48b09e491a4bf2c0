/** Reads every setting into one frozen object, and says when it changed. */
import { homedir } from 'node:os';
import { basename, isAbsolute, join, resolve } from 'node:path';
import * as vscode from 'vscode';
import { builtinId } from '../models/manifest';
import { locateModel } from '../models/modelsFolder';
import type { OpenParams, Root, ScanRules } from '../protocol';
import type { LabelSets } from './labels';
import { pathBelow, readRoots } from './roots';
import type { InsertRules } from './snippet';

export interface Settings {
  readonly rules: ScanRules;
  /** VS Code's `files.exclude` and `search.exclude` of a folder, its own settings included. */
  readonly excludedFrom: (folder: Root) => string[];
  /** File names and titles count beside the picture itself. */
  readonly useFileNames: boolean;
  /** Variants of one drawing are shown as one. */
  readonly stackVariants: boolean;
  /** `builtin`, or the name of a model as {@link locateModel} takes it; a workspace may write anything here. */
  readonly model: string;
  /** Of a mirror; empty = the hub itself. */
  readonly hubEndpoint: string;
  readonly device: string;
  readonly threads: number;
  /** As the user wrote it; empty = the workspace's own storage. */
  readonly storageFolder: string;
  readonly maxThumbnailBytes: number;
  readonly autoIndex: boolean;
  /** Words to choose from, by the name of their set. */
  readonly labelSets: LabelSets;
  /** How assets are inserted into texts. */
  readonly insert: InsertRules;
}

const bytesPerMB = 1024 * 1024;
const sections = ['assetSearch', 'files.exclude', 'search.exclude'];

function readSettings(): Settings {
  const own = vscode.workspace.getConfiguration('assetSearch');
  const rules: ScanRules = {
    exclude: own.get<string[]>('exclude', []),
    include: own.get<string[]>('include', []),
    gitignore: own.get('useGitignore', true),
    maxFileSizeBytes: own.get('maxFileSizeMB', 20) * bytesPerMB,
    maxPixels: own.get('maxMegapixels', 100) * 1_000_000,
    splitSheets: own.get('splitSpriteSheets', true),
  };
  return Object.freeze({
    rules: Object.freeze(rules),
    excludedFrom: ({ path }: Root) => {
      // Conditional patterns ({ "when": "$(basename).ts" }) speak of derived sources, not of images: only `true` counts.
      const globs = (section: string): string[] => Object.entries(vscode.workspace.getConfiguration(section, vscode.Uri.file(path)).get<Record<string, unknown>>('exclude', {}))
        .filter(([, on]) => on === true).map(([glob]) => glob);
      return [...new Set([...globs('files'), ...globs('search')])];
    },
    useFileNames: own.get('useFileNames', true),
    stackVariants: own.get('stackVariants', true),
    model: own.get('model', builtinId).trim() || builtinId,
    hubEndpoint: own.get('hub.endpoint', '').trim(),
    device: own.get('device', 'auto'),
    threads: own.get('threads', 0),
    storageFolder: own.get('storageFolder', '').trim(),
    maxThumbnailBytes: own.get('thumbnailCacheMB', 512) * bytesPerMB,
    autoIndex: own.get('autoIndex', true),
    // A workspace may write anything here.
    labelSets: Object.freeze(Object.fromEntries(Object.entries(own.get<Record<string, unknown>>('labelSets', {}))
      .map(([name, words]): [string, string[]] => [name, Array.isArray(words) ? words.filter(word => typeof word === 'string' && word.trim() !== '').map(String) : []]).filter(([, words]) => words.length > 0))),
    insert: Object.freeze({
      publicFolders: own.get<string[]>('insert.publicFolders', ['public', 'static']),
      templates: Object.fromEntries(Object.entries(own.get<Record<string, unknown>>('insert.templates', {})).filter((entry): entry is [string, string] => typeof entry[1] === 'string')),
    }),
  });
}

export class SettingsStore implements vscode.Disposable {
  #current = readSettings();
  readonly #changed = new vscode.EventEmitter<Settings>();
  readonly onDidChange = this.#changed.event;
  readonly #listener = vscode.workspace.onDidChangeConfiguration(event => {
    if (sections.some(section => event.affectsConfiguration(section))) {
      this.#current = readSettings();
      this.#changed.fire(this.#current);
    }
  });

  get current(): Settings { return this.#current; }

  dispose(): void { this.#listener.dispose(); this.#changed.dispose(); }
}

/** Absolute folder of the index; undefined when no folder is open. */
export function indexFolder(settings: Settings, roots: Root[], storageUri: vscode.Uri | undefined): string | undefined {
  const first = roots[0];
  if (!first) { return undefined; }
  if (!settings.storageFolder) { return storageUri && join(storageUri.fsPath, 'index'); }
  const folder = settings.storageFolder
    .replace(/^~(?=$|[\\/])/, homedir())
    .replaceAll('${workspaceFolderBasename}', basename(first.path))
    .replaceAll('${workspaceFolder}', first.path);
  return isAbsolute(folder) ? resolve(folder) : resolve(first.path, folder);
}

type Places = Pick<vscode.ExtensionContext, 'extensionUri' | 'globalStorageUri'>;

export const builtinFolder = ({ extensionUri }: Places): string => vscode.Uri.joinPath(extensionUri, 'media', 'builtin').fsPath;
export const modelsFolder = ({ globalStorageUri }: Places): string => vscode.Uri.joinPath(globalStorageUri, 'models').fsPath;

/** Where the model of the settings lies, or would lie. */
export function wantedModelFolder({ model }: Pick<Settings, 'model'>, places: Places): string {
  if (model === builtinId) { return builtinFolder(places); }
  // No model can be called that, so none is found there.
  try { return locateModel(modelsFolder(places), model); } catch { return join(modelsFolder(places), '.none'); }
}

/** Everything the engine needs to know; undefined when no folder is open. */
export function openParams(settings: Settings, context: vscode.ExtensionContext): OpenParams | undefined {
  const roots = readRoots();
  const dbFolder = indexFolder(settings, roots, context.storageUri);
  if (!dbFolder) { return undefined; }
  // An index kept inside the workspace must not index its own thumbnails.
  const inside = roots.map(root => pathBelow(root.path, dbFolder)).filter(path => path).map(path => `${path}/**`);
  return {
    roots: roots.map(root => ({ ...root, exclude: settings.excludedFrom(root) })), dbFolder,
    rules: { ...settings.rules, exclude: [...settings.rules.exclude, ...inside] },
    modelFolder: wantedModelFolder(settings, context),
    fallbackModelFolder: builtinFolder(context),
    device: settings.device,
    measurementsFolder: modelsFolder(context),
    threads: settings.threads,
    maxThumbnailBytes: settings.maxThumbnailBytes,
  };
}
