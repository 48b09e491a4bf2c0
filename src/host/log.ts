/** The one log of the extension: its own lines and the engine's, in the output channel "Asset Search". It remembers the last problems for those who ask what went wrong. */
import * as vscode from 'vscode';
import type { LogRecord, Problem } from '../protocol';

const maxProblems = 20;

export class Log implements vscode.Disposable {
  readonly #channel = vscode.window.createOutputChannel('Asset Search', { log: true });
  readonly #problemLogged = new vscode.EventEmitter<void>();
  #problems: Problem[] = [];
  readonly onDidLogProblem = this.#problemLogged.event;

  /** The last warnings and errors of this window, the latest first. */
  get problems(): readonly Problem[] { return this.#problems; }

  trace(message: string): void { this.#channel.trace(message); }
  debug(message: string): void { this.#channel.debug(message); }
  info(message: string): void { this.#channel.info(message); }
  warn(message: string): void { this.#channel.warn(message); this.#remember('warn', message); }
  error(error: string | Error): void { this.#channel.error(error); this.#remember('error', error instanceof Error ? error.message : error); }

  /** Writes a line of the engine at its own level. */
  write({ level, message }: LogRecord): void { this[level](`[engine] ${message}`); }

  show(): void { this.#channel.show(); }

  dispose(): void { this.#channel.dispose(); this.#problemLogged.dispose(); }

  #remember(level: Problem['level'], message: string): void {
    this.#problems = [{ at: Date.now(), level, message }, ...this.#problems].slice(0, maxProblems);
    this.#problemLogged.fire();
  }
}
