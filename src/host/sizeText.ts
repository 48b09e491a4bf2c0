/** Sizes as a person reads them. */
import * as vscode from 'vscode';

/** "28 MB", "1.5 GB", in the user's language; 1 MB is 1,000,000 bytes, as the hub counts. */
export function sizeText(bytes: number): string {
  const [value, unit] = bytes >= 1e9 ? [bytes / 1e9, 'GB'] : bytes >= 1e6 ? [bytes / 1e6, 'MB'] : [bytes / 1e3, 'KB'];
  return `${new Intl.NumberFormat(vscode.env.language, { maximumFractionDigits: value < 10 ? 1 : 0 }).format(value)} ${unit}`;
}
