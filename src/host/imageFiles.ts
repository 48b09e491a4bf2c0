/** Which files the extension offers its commands on: the names of the formats that the engine reads. */
import { basename } from 'node:path';
import * as vscode from 'vscode';
import { AssetSearchError } from '../errors';
import { imageExtensions } from '../protocol';

export const imageExtension = new RegExp(`\\.(${imageExtensions.join('|')})$`, 'i');

/** Files that may say how a sprite sheet is cut; the engine knows which images they may speak of. */
export const atlasExtension = /\.(json|tres|css|meta)$/i;

/** The image in the active editor, in its preview or as text. */
export function activeImage(): vscode.Uri | undefined {
  const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
  const uri = input instanceof vscode.TabInputCustom || input instanceof vscode.TabInputText ? input.uri : undefined;
  return uri?.scheme === 'file' && imageExtension.test(uri.path) ? uri : undefined;
}

/** What a menu hands to a command: the file that was clicked and all that are selected. */
export function imagesOf(clicked: unknown, selected: unknown): vscode.Uri[] {
  const uris = Array.isArray(selected) && selected.length > 0 ? selected : [clicked];
  return uris.filter((uri): uri is vscode.Uri => uri instanceof vscode.Uri && uri.scheme === 'file' && imageExtension.test(uri.path));
}

export async function pickImages(options: { many: boolean; title: string }): Promise<vscode.Uri[]> {
  return await vscode.window.showOpenDialog({
    title: options.title, canSelectMany: options.many,
    filters: { [vscode.l10n.t('Images')]: [...imageExtensions] },
  }) ?? [];
}

/** Throws `imageUnreadable` where the index still lists a file that is gone: VS Code would show an empty editor, or nothing at all. */
export async function requireFile(uri: vscode.Uri): Promise<void> {
  try {
    await vscode.workspace.fs.stat(uri);
  } catch (thrown) {
    if (!(thrown instanceof vscode.FileSystemError) || thrown.code !== 'FileNotFound') { throw thrown; }
    throw new AssetSearchError('imageUnreadable', vscode.l10n.t('{0} is not there any more. "Asset Search: Update Index" takes it out of the list.', basename(uri.path)), { cause: thrown });
  }
}

/** Opens an image as a picture: SVG too, whose default editor shows its text. */
export async function openImage(uri: vscode.Uri, options: vscode.TextDocumentShowOptions = {}): Promise<void> {
  await requireFile(uri);
  if (/\.svg$/i.test(uri.path)) {
    await vscode.commands.executeCommand('vscode.openWith', uri, 'imagePreview.previewEditor', options);
  } else {
    await vscode.commands.executeCommand('vscode.open', uri, options);
  }
}
