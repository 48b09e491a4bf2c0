/** Finds the images that look like a file of this machine. */
import * as vscode from 'vscode';
import { Engine, type SearchResult } from '../protocol';
import { toErrorInfo } from './errors';
import type { Host } from './host';
import { keyOf } from './roots';

/** An indexed file, or the cell `part` of a sheet, is compared by its stored vector, any other is read for it. */
export async function findSimilar({ engine, roots }: Host, uri: vscode.Uri, limit: number, token?: vscode.CancellationToken, part = 0): Promise<SearchResult> {
  const key = keyOf(roots(), uri, part);
  if (key) {
    try {
      return await engine.request(Engine.similar, { image: { kind: 'asset', key }, limit }, token);
    } catch (error) {
      if (toErrorInfo(error).code !== 'notIndexed') { throw error; }
    }
  }
  return engine.request(Engine.similar, { image: { kind: 'file', path: uri.fsPath }, limit }, token);
}
