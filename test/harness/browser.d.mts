import type { Browser, BrowserContext } from 'playwright-core';
export declare function launchBrowser(options?: { log?: (line: string) => void }): Promise<Browser>;
export declare function stayLocal(context: BrowserContext): Promise<Set<string>>;
