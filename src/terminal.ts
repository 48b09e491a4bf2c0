/** What all commands of the command line share: output, progress, exit codes and the check of what was typed. */
import { AssetSearchError } from './errors';

export const exitCodes = { done: 0, error: 1, usage: 2, locked: 3, cancelled: 130 } as const;

/** Waits until the text is handed over, so that an exit right after it cuts nothing off a pipe. */
export function write(text: string): Promise<void> {
  return new Promise((done, fail) => { process.stdout.write(text, error => { if (error) { fail(error); } else { done(); } }); });
}

/** One line on stderr that is drawn again and again; on a pipe nothing is drawn. */
export class ProgressLine {
  private drawn = false;
  constructor(private readonly wanted: boolean) {}

  /** `share` from 0 to 1. */
  show(label: string, share: number, text: string): void {
    if (!this.wanted || !process.stderr.isTTY) { return; }
    const width = 24;
    const bar = '█'.repeat(Math.round(Math.min(1, share) * width)).padEnd(width, '░');
    process.stderr.write(`\r\x1b[K${label.padEnd(10)} ${bar} ${text}`);
    this.drawn = true;
  }

  clear(): void {
    if (this.drawn) { process.stderr.write('\r\x1b[K'); this.drawn = false; }
  }
}

export function only(list: string[], message: string): string {
  if (list.length !== 1) { throw new AssetSearchError('usage', message); }
  return list[0]!;
}

export function none(list: string[], command: string): void {
  if (list.length > 0) { throw new AssetSearchError('usage', `${command} takes no "${list[0]}".`); }
}
