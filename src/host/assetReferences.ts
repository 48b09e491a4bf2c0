/** Reads which assets a command or dragged data is meant for. */
import * as vscode from 'vscode';
import type { AssetReference } from '../protocol';
import { AssetSearchError } from '../errors';
import type { Host } from './host';
import { keyOf } from './roots';

/** Files of the workspace and {@link AssetReference}s, one or a list; what is neither is left out. */
export function assetReferences({ roots }: Pick<Host, 'roots'>, value: unknown): AssetReference[] {
  return (Array.isArray(value) ? value : [value]).flatMap((each: unknown): AssetReference[] => {
    if (each instanceof vscode.Uri) {
      const key = keyOf(roots(), each);
      return key ? [{ ...key, width: 0, height: 0, title: '' }] : [];
    }
    return isReference(each) ? [each] : [];
  });
}

/** The same for a command, which has nothing to do without any. */
export function requireReferences(host: Pick<Host, 'roots'>, value: unknown): AssetReference[] {
  const assets = assetReferences(host, value);
  if (assets.length === 0) { throw new AssetSearchError('usage', vscode.l10n.t('This command is for files of an open workspace folder.')); }
  return assets;
}

/** The list that a drag carries as text. */
export function parseReferences(host: Pick<Host, 'roots'>, text: string): AssetReference[] {
  try { return assetReferences(host, JSON.parse(text)); } catch { return []; }
}

function isReference(value: unknown): value is AssetReference {
  const { root, path, part, width, height, title } = (value ?? {}) as Partial<AssetReference>;
  return typeof root === 'string' && typeof path === 'string' && !path.split('/').includes('..')
    && typeof part === 'number' && typeof width === 'number' && typeof height === 'number' && typeof title === 'string';
}
