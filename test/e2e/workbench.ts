/** What the end-to-end tests share: a VS Code on a fresh small sample, and a person's ways through it. */
import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Frame, Locator, Page } from 'playwright-core';
import { findWebview, launchVsCode, photographFailure, runCommand, type LaunchOptions, type VsCode } from '../harness/vscode.mjs';
import { makeSample } from '../sample.mjs';

/** Finding images, starting the engine and indexing them all fit into this on a slow machine. */
export const indexTimeoutMs = 120_000;

export interface Workbench { code: VsCode; page: Page; workspace: string; images: number; close(): Promise<void> }

/** `prepare` may add to the workspace before it is opened. */
export async function openSample(settings: Record<string, unknown> = {}, options: Partial<LaunchOptions> = {}, prepare?: (workspace: string) => Promise<void>): Promise<Workbench> {
  const parent = await realpath(await mkdtemp(join(tmpdir(), 'asw-')));
  const workspace = join(parent, 'sample');
  const { images } = await makeSample(workspace, { small: true });
  await prepare?.(workspace);
  const code = await launchVsCode({ workspace, settings: { 'explorer.compactFolders': false, ...settings }, ...options });
  return {
    code, page: code.page, workspace, images,
    async close() {
      await code.close();
      await rm(parent, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** For suites' teardown(): keeps a picture and the log of a test that failed. */
export async function keepEvidence(context: Mocha.Context, workbench: Workbench | undefined): Promise<void> {
  const test = context.currentTest;
  if (!workbench || test?.state !== 'failed') { return; }
  const file = await photographFailure(workbench.page, test.fullTitle());
  const log = (await workbench.code.logs()).split('\n').filter(line => line.trim()).slice(-60).join('\n');
  if (test.err) { test.err.stack = `${test.err.stack ?? test.err.message}\n\nScreenshot: ${file ?? 'none'}\n${log}`; }
}

/** The sidebar's page, opened by its icon in the activity bar; `content` is what it shows. */
export async function openSidebar(page: Page, content = 'asset-grid'): Promise<Frame> {
  const icon = page.locator('.activitybar .action-item', { has: page.locator('[aria-label^="Asset Search"]') });
  await icon.waitFor({ timeout: 60_000 });
  // After a reload VS Code opens the view itself, a moment later: a click in that moment closes it again.
  for (let attempt = 0; ; attempt++) {
    if (!await icon.evaluate(element => element.classList.contains('checked'))) { await icon.click(); }
    try {
      return await findWebview(page, `body[data-kind=sidebar] ${content}`, 10_000);
    } catch (thrown) {
      if (attempt === 3) { throw thrown; }
    }
  }
}

/** The panel's page, opened by its command. */
export async function openPanel(page: Page): Promise<Frame> {
  await runCommand(page, 'Asset Search: Open Panel');
  return findWebview(page, 'body[data-kind=panel] asset-grid');
}

export const searchBox = (view: Frame): Locator => view.getByLabel('Search assets');

/** Types a query and waits until its answer is on screen. */
export async function search(view: Frame, text: string): Promise<string[]> {
  await searchBox(view).fill(text);
  return answer(view);
}

/** Waits until the tiles on screen answer the question in the box, and returns their paths in order. */
export async function answer(view: Frame): Promise<string[]> {
  // The list is busy from the first letter on; wait for it to have been and to have ended.
  await view.waitForTimeout(300);
  await view.locator('[role=listbox][aria-busy=false] [role=option][data-path]').first().waitFor();
  return paths(view);
}

export async function paths(view: Frame): Promise<string[]> {
  return view.locator('[role=option][data-path]').evaluateAll(tiles => tiles
    .map(tile => ({ at: Number(tile.getAttribute('aria-posinset')), path: tile.getAttribute('data-path') ?? '' }))
    .sort((a, b) => a.at - b.at).map(({ path }) => path));
}

export const tile = (view: Frame, path: string): Locator => view.locator(`[role=option][data-path="${path}"]`);

/** Waits until the status line says that everything is indexed. */
export async function indexed(view: Frame, images: number): Promise<void> {
  await view.locator('status-line', { hasText: new RegExp(`\\b${images} assets`) }).waitFor({ timeout: indexTimeoutMs });
}

/** Opens a folder's way in the Explorer and returns the file's row. */
export async function inExplorer(page: Page, path: string): Promise<Locator> {
  await page.keyboard.press('Control+Shift+E');
  const names = path.split('/');
  for (const [depth, name] of names.entries()) {
    const row = page.locator(`.explorer-folders-view .monaco-list-row[aria-level="${depth + 1}"]`, { has: page.locator('.label-name', { hasText: new RegExp(`^${name.replaceAll('.', '\\.')}$`) }) });
    await row.waitFor();
    if (depth === names.length - 1) { return row; }
    if (await row.getAttribute('aria-expanded') !== 'true') { await row.click(); }
  }
  throw new Error('An empty path');
}

/** Clicks an item of the open context menu until the menu is gone: in its first tenth of a second it takes no click. */
export async function chooseMenuItem(page: Page, name: string): Promise<void> {
  const item = page.getByRole('menuitem', { name });
  await item.waitFor();
  await until(`the menu to close after a click on "${name}"`, async () => {
    await item.click({ timeout: 1000 }).catch(() => undefined);
    await page.waitForTimeout(150);
    return await item.count() === 0;
  });
}

/** The engine of this VS Code alone: its extension lies in a folder of its own. */
export async function enginePids(code: VsCode): Promise<number[]> {
  const found: number[] = [];
  for (const pid of (await readdir('/proc')).filter(name => /^\d+$/.test(name))) {
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (command.includes(code.userDataDir) && command.includes('dist/engine.js')) { found.push(Number(pid)); }
  }
  return found;
}

/** Asks until the answer is right; the test's own timeout is the limit. */
export async function until<T>(what: string, probe: () => Promise<T | undefined | false>, timeoutMs = 45_000): Promise<T> {
  for (const end = performance.now() + timeoutMs; performance.now() < end;) {
    const value = await probe();
    if (value !== undefined && value !== false) { return value; }
    await new Promise(resolve => setTimeout(resolve, 150));
  }
  throw new Error(`Waited in vain for ${what}`);
}

/** Drags the sidebar's edge until its page is at most 245 pixels wide. */
export async function narrowSidebar(page: Page, sidebar: Frame): Promise<void> {
  const bar = await page.locator('.part.sidebar').boundingBox();
  assert.ok(bar);
  const edges = await Promise.all((await page.locator('.monaco-sash.vertical').all()).map(sash => sash.boundingBox()));
  const edge = edges.filter(box => box !== null).sort((first, second) => Math.abs(first.x - bar.x - bar.width) - Math.abs(second.x - bar.x - bar.width))[0];
  assert.ok(edge);
  await page.mouse.move(edge.x + edge.width / 2, bar.y + 300);
  await page.mouse.down();
  await page.mouse.move(bar.x + 240, bar.y + 300, { steps: 5 });
  await page.mouse.up();
  const width = await until('the narrow sidebar', async () => { const now = await sidebar.evaluate<number>('innerWidth'); return now <= 245 && now; });
  assert.ok(width >= 170, `${width} px`);
}

export async function assertNoOverflow(view: Frame): Promise<void> {
  const { inner, content } = await view.evaluate<{ inner: number; content: number }>('({ inner: innerWidth, content: document.documentElement.scrollWidth })');
  assert.ok(content <= inner, `${content} px of content in ${inner} px`);
}
