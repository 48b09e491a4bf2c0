/** Copies assets: to the clipboard in the form that is asked for, and as files to another folder. */
import { basename } from 'node:path';
import * as vscode from 'vscode';
import type { AssetReference, CopyKind } from '../protocol';
import { AssetSearchError } from '../errors';
import type { Host } from './host';
import { requireFile } from './imageFiles';
import { extensionOf } from './names';
import { requireUri, uriOf } from './roots';
import { dataUri, decodeUtf8, importStatement, markdownImage, type SnippetAsset } from './snippet';

export const copyKinds: readonly CopyKind[] = ['path', 'relativePath', 'import', 'markdown', 'dataUri', 'svg'];

/** From here on a data URI swells its file; from the limit on it makes an editor sluggish, and so does the source of an SVG. */
const largeBytes = 100 * 1024;
const maxTextBytes = 5 * 1024 * 1024;
const statusMs = 3_000;
/** More files than this get a notification with a way to stop. */
const manyFiles = 10;
const namesInQuestion = 8;

/** Says what was copied; undefined when the user decided against it. `confirm: false` copies large files without asking. */
export async function copyAssets(host: Host, kind: CopyKind, assets: readonly AssetReference[], { confirm = true } = {}): Promise<string | undefined> {
  if (assets.length === 0) { return undefined; }
  // Cells of one sheet are one file.
  const files = [...new Map(assets.map(asset => [`${asset.root}\n${asset.path}`, asset])).values()];
  const text = await textOf(host, kind, files, confirm);
  if (text === undefined) { return undefined; }
  await vscode.env.clipboard.writeText(text);
  const said = files.length === 1 ? saidOf(kind, basename(files[0]!.path)) : vscode.l10n.t('Copied {0} images', files.length);
  vscode.window.setStatusBarMessage(said, statusMs);
  return said;
}

function saidOf(kind: CopyKind, name: string): string {
  switch (kind) {
    case 'path': case 'relativePath': return vscode.l10n.t('Copied the path of {0}', name);
    case 'import': return vscode.l10n.t('Copied the import of {0}', name);
    case 'markdown': return vscode.l10n.t('Copied {0} as Markdown', name);
    case 'dataUri': return vscode.l10n.t('Copied {0} as a data URI', name);
    case 'svg': return vscode.l10n.t('Copied the source of {0}', name);
  }
}

async function textOf({ roots, inserter }: Host, kind: CopyKind, assets: readonly AssetReference[], confirm: boolean): Promise<string | undefined> {
  const uris = assets.map(asset => requireUri(roots(), asset));
  const described = assets.map(({ root, ...asset }): SnippetAsset => ({ ...asset, folder: roots().find(({ id }) => id === root)!.path }));
  switch (kind) {
    case 'path': return uris.map(uri => uri.fsPath).join('\n');
    case 'relativePath': return assets.map(({ path }) => path).join('\n');
    case 'markdown': return described.map(asset => markdownImage(asset, inserter.document.file)).join('\n');
    case 'import': {
      const texts: string[] = [];
      const { document } = inserter;
      for (const asset of described) { texts.push(importStatement(asset, { ...document, text: [document.text, ...texts].join('\n') })); }
      return texts.join('\n');
    }
    case 'dataUri': {
      if (confirm && !await confirmSize(await totalBytes(uris))) { return undefined; }
      const files = await readFiles(uris);
      return files.map((bytes, index) => dataUri(bytes, assets[index]!.path)).join('\n');
    }
    case 'svg': {
      const sources = uris.filter(uri => extensionOf(uri.path) === 'svg');
      if (sources.length === 0) { throw new AssetSearchError('imageUnsupported', vscode.l10n.t('{0} is not an SVG: it has no source to copy.', basename(uris[0]!.path))); }
      return (await readFiles(sources)).map((bytes, index) => {
        const source = decodeUtf8(bytes);
        if (source === undefined) { throw new AssetSearchError('imageUnsupported', vscode.l10n.t('{0} is not a text in UTF-8.', basename(sources[index]!.path))); }
        return source.trimEnd();
      }).join('\n');
    }
  }
}

async function totalBytes(uris: readonly vscode.Uri[]): Promise<number> {
  await Promise.all(uris.map(requireFile));
  const sizes = await Promise.all(uris.map(async uri => (await vscode.workspace.fs.stat(uri)).size));
  const total = sizes.reduce((sum, size) => sum + size, 0);
  if (total > maxTextBytes) { throw tooLarge(uris, total); }
  return total;
}

async function readFiles(uris: readonly vscode.Uri[]): Promise<Uint8Array[]> {
  await totalBytes(uris);
  return Promise.all(uris.map(uri => vscode.workspace.fs.readFile(uri)));
}

const tooLarge = (uris: readonly vscode.Uri[], bytes: number): AssetSearchError => new AssetSearchError('imageTooLarge', uris.length === 1
  ? vscode.l10n.t('{0} is too large to be copied as text: it has {1} MB of at most 5. Refer to the file instead.', basename(uris[0]!.path), megabytes(bytes))
  : vscode.l10n.t('These images are too large to be copied as text: they have {0} MB of at most 5. Select fewer.', megabytes(bytes)));
const megabytes = (bytes: number): string => (bytes / 1024 / 1024).toFixed(1);

async function confirmSize(bytes: number): Promise<boolean> {
  if (bytes <= largeBytes) { return true; }
  const copy = vscode.l10n.t('Copy');
  return await vscode.window.showWarningMessage(vscode.l10n.t('Copy {0} KB as a data URI?', Math.round(bytes / 1024)), {
    modal: true, detail: vscode.l10n.t('The text is up to a third longer than the file, and is loaded with the page each time. From 100 KB on a file of its own is mostly better.'),
  }, copy) === copy;
}

export type Conflict = 'overwrite' | 'keepBoth' | 'skip';
export interface CopyOutcome { copied: vscode.Uri[]; skipped: vscode.Uri[] }

/** Copies the files to a folder that the user picks; asks once what to do with names that are taken there. `options` answer both questions. */
export async function copyFilesTo({ roots }: Host, assets: readonly AssetReference[], options: { folder?: vscode.Uri; conflict?: Conflict } = {}): Promise<CopyOutcome | undefined> {
  const sources = [...new Map(assets.map(asset => requireUri(roots(), asset)).map(uri => [uri.toString(), uri])).values()];
  if (sources.length === 0) { return undefined; }
  await Promise.all(sources.map(requireFile));
  const folder = options.folder ?? (await vscode.window.showOpenDialog({
    title: sources.length === 1 ? vscode.l10n.t('Copy {0} To…', basename(sources[0]!.path)) : vscode.l10n.t('Copy {0} Files To…', sources.length),
    openLabel: vscode.l10n.t('Copy Here'), canSelectFolders: true, canSelectFiles: false, canSelectMany: false,
    defaultUri: uriOf(roots(), { root: assets[0]!.root, path: '' }),
  }))?.[0];
  if (!folder) { return undefined; }

  const targetOf = (uri: vscode.Uri): vscode.Uri => vscode.Uri.joinPath(folder, basename(uri.path));
  // A file in its own place is no conflict: it is there already.
  const moving = sources.filter(uri => targetOf(uri).toString() !== uri.toString());
  const taken = (await Promise.all(moving.map(async uri => await exists(targetOf(uri)) ? [uri] : []))).flat();
  const conflict = taken.length === 0 ? 'skip' : options.conflict ?? await askConflict(taken, folder);
  if (!conflict) { return undefined; }
  const outcome: CopyOutcome = { copied: [], skipped: sources.filter(uri => !moving.includes(uri)) };
  await vscode.window.withProgress({
    location: moving.length > manyFiles ? vscode.ProgressLocation.Notification : vscode.ProgressLocation.Window, cancellable: true,
    title: vscode.l10n.t('Copying files'),
  }, async (progress, token) => {
    // Names of this run: two files of one name from different folders are both kept, whatever was chosen for those that were there.
    const used = new Set<string>();
    for (const [index, source] of moving.entries()) {
      if (token.isCancellationRequested) { outcome.skipped.push(...moving.slice(index)); return; }
      progress.report({ message: vscode.l10n.t('{0} of {1}', index + 1, moving.length), increment: 100 / moving.length });
      const there = taken.includes(source);
      if (there && conflict === 'skip') { outcome.skipped.push(source); continue; }
      const again = used.has(basename(source.path).toLowerCase());
      const target = again || there && conflict === 'keepBoth' ? await freeTarget(targetOf(source), used) : targetOf(source);
      used.add(basename(target.path).toLowerCase());
      await vscode.workspace.fs.copy(source, target, { overwrite: there && conflict === 'overwrite' && !again });
      outcome.copied.push(target);
    }
  });
  void report(outcome, folder);
  return outcome;
}

async function askConflict(taken: readonly vscode.Uri[], folder: vscode.Uri): Promise<Conflict | undefined> {
  const [overwrite, keepBoth, skip] = [vscode.l10n.t('Overwrite'), vscode.l10n.t('Keep Both'), vscode.l10n.t('Skip')];
  const names = taken.map(uri => basename(uri.path));
  const choice = await vscode.window.showWarningMessage(taken.length === 1
    ? vscode.l10n.t('{0} is in {1} already.', names[0]!, basename(folder.path)) : vscode.l10n.t('{0} files are in {1} already.', taken.length, basename(folder.path)), {
    modal: true, detail: taken.length === 1 ? undefined : [...names.slice(0, namesInQuestion), ...names.length > namesInQuestion ? ['…'] : []].join('\n'),
  }, overwrite, keepBoth, skip);
  return choice === overwrite ? 'overwrite' : choice === keepBoth ? 'keepBoth' : choice === skip ? 'skip' : undefined;
}

/** "cart.svg" → "cart-2.svg", or the next number that is free. */
async function freeTarget(target: vscode.Uri, used: ReadonlySet<string>): Promise<vscode.Uri> {
  const [, stem = '', extension = ''] = /^(.+?)(\.[^.]*)?$/.exec(basename(target.path)) ?? [];
  for (let n = 2; ; n++) {
    const candidate = vscode.Uri.joinPath(target, '..', `${stem}-${n}${extension}`);
    if (!used.has(basename(candidate.path).toLowerCase()) && !await exists(candidate)) { return candidate; }
  }
}

async function exists(uri: vscode.Uri): Promise<boolean> {
  try { await vscode.workspace.fs.stat(uri); return true; } catch { return false; }
}

async function report({ copied, skipped }: CopyOutcome, folder: vscode.Uri): Promise<void> {
  const name = basename(folder.path);
  const text = [
    copied.length === 1 ? vscode.l10n.t('Copied {0} to {1}.', basename(copied[0]!.path), name) : vscode.l10n.t('Copied {0} files to {1}.', copied.length, name),
    ...skipped.length === 1 ? [vscode.l10n.t('1 file was left out.')] : skipped.length > 1 ? [vscode.l10n.t('{0} files were left out.', skipped.length)] : [],
  ].join(' ');
  const reveal = vscode.l10n.t('Reveal in Explorer');
  const inside = copied[0] && vscode.workspace.getWorkspaceFolder(copied[0]);
  const choice = await vscode.window.showInformationMessage(text, ...inside ? [reveal] : []);
  if (choice === reveal) { await vscode.commands.executeCommand('revealInExplorer', copied[0]); }
}
