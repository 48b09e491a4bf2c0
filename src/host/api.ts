/** What other extensions can do with this one: `await extensions.getExtension('asset-search.asset-search').activate()`. */
import * as vscode from 'vscode';
import { Engine, type Cell, type Hit, type IndexStatus, type IndexSummary } from '../protocol';
import { AssetSearchError } from '../errors';
import type { Host } from './host';
import { uriOf } from './roots';
import { findSimilar } from './similar';

/** One image that was found. */
export interface FoundImage {
  uri: vscode.Uri;
  /** Cosine similarity in [-1, 1]; null when only the name matched. */
  score: number | null;
  /** Pixels. */
  width: number;
  height: number;
  format: string;
  /** Where in the file it lies, when it is a cell of a sprite sheet. */
  cell?: Cell;
}

export interface AssetSearchApi {
  /** Images that show `text`, best first; with `labels`, only those that have one of them. Starts the engine when it is not running. Rejects with an error that carries a `code`. */
  search(text: string, options?: { limit?: number; useFileNames?: boolean; labels?: string[] }, token?: vscode.CancellationToken): Promise<FoundImage[]>;
  /** Images that look like the file `uri`, best first. */
  similar(uri: vscode.Uri, options?: { limit?: number }, token?: vscode.CancellationToken): Promise<FoundImage[]>;
  /** Brings the index up to date and says what was done. Ends a pause. */
  index(token?: vscode.CancellationToken): Promise<IndexSummary>;
  /** The state of the index. Starts the engine when it is not running. */
  status(): Promise<IndexStatus>;
  readonly onDidChangeStatus: vscode.Event<void>;
}

const defaultLimit = 20;

export function createApi(host: Host): AssetSearchApi {
  const { engine, indexing, settings, roots } = host;
  const found = (hits: Hit[]): FoundImage[] => hits.flatMap(hit => {
    const uri = uriOf(roots(), hit);
    return uri ? [{ uri, score: hit.score, width: hit.width, height: hit.height, format: hit.format, ...(hit.cell && { cell: hit.cell }) }] : [];
  });
  return Object.freeze({
    search: async (text: string, { limit = defaultLimit, useFileNames = settings.current.useFileNames, labels }: { limit?: number; useFileNames?: boolean; labels?: string[] } = {}, token?: vscode.CancellationToken) =>
      found((await engine.request(Engine.search, { text, limit, useNames: useFileNames, ...labels && { filter: { labels } } }, token)).hits),
    similar: async (uri: vscode.Uri, { limit = defaultLimit } = {}, token?: vscode.CancellationToken) =>
      found((await findSimilar(host, requireFile(uri), limit, token)).hits),
    index: (token?: vscode.CancellationToken) => indexing.index(token),
    status: () => engine.request(Engine.status, {}),
    onDidChangeStatus: engine.onDidChangeStatus,
  });
}

function requireFile(uri: vscode.Uri): vscode.Uri {
  if (uri.scheme !== 'file') { throw new AssetSearchError('usage', vscode.l10n.t('{0} is not a file on disk.', uri.toString())); }
  return uri;
}
