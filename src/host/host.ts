/** What the parts of the extension host share. */
import * as vscode from 'vscode';
import type { Root } from '../protocol';
import type { EngineClient } from './engineClient';
import { toErrorInfo } from './errors';
import type { Indexing } from './indexing';
import type { Inserter } from './inserter';
import type { Labels } from './labels';
import type { Log } from './log';
import type { Models } from './models';
import type { SettingsStore } from './settings';
import type { Thumbnails } from './thumbnails';

export interface Host {
  readonly context: vscode.ExtensionContext;
  readonly log: Log;
  readonly settings: SettingsStore;
  readonly engine: EngineClient;
  readonly indexing: Indexing;
  readonly thumbnails: Thumbnails;
  readonly labels: Labels;
  readonly inserter: Inserter;
  readonly models: Models;
  /** The open workspace folders. */
  roots(): Root[];
}

/** Tells the user about a failed action; says nothing of a cancelled one. */
export function showError({ log }: Pick<Host, 'log'>, error: unknown): void {
  const { code, message } = toErrorInfo(error);
  if (code === 'cancelled') { return; }
  log.error(error instanceof Error && code === 'internal' ? error : `${code}: ${message}`);
  const showLog = vscode.l10n.t('Show Log');
  void vscode.window.showErrorMessage(message, showLog).then(choice => { if (choice === showLog) { log.show(); } });
}
