/** The workspace folders as portable roots, and the way between a file's Uri and its key. */
import { posix, relative, sep } from 'node:path';
import * as vscode from 'vscode';
import type { AssetKey, Root } from '../protocol';
import { AssetSearchError } from '../errors';

/** Workspace folders on disk. The id is the folder's name, made unique as `name~2`, so that the CLI and a window agree. */
export function readRoots(): Root[] {
  const taken = new Set<string>();
  return (vscode.workspace.workspaceFolders ?? []).filter(folder => folder.uri.scheme === 'file').map(folder => {
    let id = folder.name;
    for (let n = 2; taken.has(id); n++) { id = `${folder.name}~${n}`; }
    taken.add(id);
    return { id, path: folder.uri.fsPath };
  });
}

/** POSIX path of `file` below `folder`, or undefined when it is not below it. The folder itself is ''. */
export function pathBelow(folder: string, file: string): string | undefined {
  const path = relative(folder, file).split(sep).join(posix.sep);
  return path === '..' || path.startsWith('../') || posix.isAbsolute(path) || /^[a-z]:/i.test(path) ? undefined : path;
}

export function keyOf(roots: Root[], uri: vscode.Uri, part = 0): AssetKey | undefined {
  if (uri.scheme !== 'file') { return undefined; }
  // The innermost folder wins where one workspace folder lies inside another.
  for (const root of [...roots].sort((a, b) => b.path.length - a.path.length)) {
    const path = pathBelow(root.path, uri.fsPath);
    if (path) { return { root: root.id, path, part }; }
  }
  return undefined;
}

export function uriOf(roots: Root[], key: Pick<AssetKey, 'root' | 'path'>): vscode.Uri | undefined {
  const root = roots.find(({ id }) => id === key.root);
  return root && vscode.Uri.joinPath(vscode.Uri.file(root.path), ...key.path.split('/'));
}

export function requireUri(roots: Root[], key: Pick<AssetKey, 'root' | 'path'>): vscode.Uri {
  const uri = uriOf(roots, key);
  if (!uri) { throw new AssetSearchError('notIndexed', vscode.l10n.t('The folder of {0} is not open any more.', key.path)); }
  return uri;
}
