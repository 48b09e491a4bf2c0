import type { Frame, Page } from 'playwright-core';

export interface LaunchOptions {
  /** Absolute path of the folder or .code-workspace file to open; without it, an empty window. */
  workspace?: string;
  settings?: Record<string, unknown>;
  /** The built extension; the repository by default. */
  extensionPath?: string;
  /** Absolute path of a package to install instead. */
  vsix?: string;
  /** Absolute path of a module that exports run(): the extension is then loaded as one under development, and run() is called in its host. */
  testsPath?: string;
  /** Added to the environment of VS Code and so of the extension host. */
  env?: Record<string, string>;
  /** An existing data folder to go on with; it is never removed. */
  userDataDir?: string;
  /** Open the workspace in Restricted Mode. */
  restricted?: boolean;
  /** Display language, of which a language pack is made: extensions are shown in it, VS Code itself stays English. */
  locale?: string;
  /** Leave the data folder there on close(). */
  keep?: boolean;
  viewport?: { width: number; height: number };
}

export interface VsCode {
  page: Page;
  url: string;
  userDataDir: string;
  serverPid: number;
  /** With testsPath: VS Code's exit code. A dead extension host reports 0 too, so trust only what the tests wrote. */
  finished?: Promise<number>;
  /** Hosts outside this machine that a page asked for; each request was refused. */
  refusedHosts: Set<string>;
  /** Warnings and errors of the page so far. */
  console: string[];
  logs(): Promise<string>;
  close(): Promise<void>;
}

export declare function launchVsCode(options: LaunchOptions): Promise<VsCode>;
export declare function findWebview(page: Page, selector: string, timeoutMs?: number): Promise<Frame>;
export declare function runCommand(page: Page, title: string, timeoutMs?: number): Promise<void>;
export declare function quickSearch(page: Page, text: string): Promise<void>;
export declare function photographFailure(page: Page, name: string): Promise<string | undefined>;
