/** The one log of the extension: its own lines and the engine's, in the output channel "Asset Search". */
import * as vscode from 'vscode';
import type { LogRecord } from '../protocol';

export const createLog = (): vscode.LogOutputChannel => vscode.window.createOutputChannel('Asset Search', { log: true });

/** Writes a line of the engine at its own level. */
export function writeRecord(log: vscode.LogOutputChannel, record: LogRecord): void {
  log[record.level](`[engine] ${record.message}`);
}
