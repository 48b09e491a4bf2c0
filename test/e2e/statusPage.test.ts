/** The page "Index Status" in a real VS Code: a broken picture is repaired and tried again, and a pause outlives a reload. */
import assert from 'node:assert/strict';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Frame } from 'playwright-core';
import { findWebview, runCommand } from '../harness/vscode.mjs';
import { indexed, indexTimeoutMs, keepEvidence, openSample, openSidebar, until, type Workbench } from './workbench';

const findPage = (workbench: Workbench): Promise<Frame> => findWebview(workbench.page, 'body[data-kind=status] status-page');

suite('Index status in VS Code', () => {
  let workbench: Workbench;
  let sidebar: Frame;
  let view: Frame;

  suiteSetup(async function () {
    this.timeout(indexTimeoutMs);
    workbench = await openSample();
    sidebar = await openSidebar(workbench.page);
    await indexed(sidebar, workbench.images);
  });
  teardown(async function () { await keepEvidence(this, workbench); });
  suiteTeardown(async () => { await workbench?.close(); });

  const row = (path: string) => view.locator(`skipped-files [data-path="${path}"]`);
  const icon = join(process.cwd(), 'node_modules', '@phosphor-icons', 'core', 'assets', 'regular', 'alien.svg');

  test('says what is indexed, by which model, and on how much disk', async () => {
    await runCommand(workbench.page, 'Asset Search: Show Index Status');
    view = await findPage(workbench);
    await view.getByText(`Up to date: ${workbench.images} images are indexed`).waitFor();
    await view.locator('[data-root]', { hasText: `${workbench.images} images` }).waitFor();
    await view.getByText('MIT', { exact: true }).waitFor();
    assert.equal(await view.locator('[data-space]').count(), 1);
    assert.equal(await view.getByRole('button', { name: /^Remove / }).count(), 0, 'the index in use stays');
  });

  test('a file that was repaired during a pause is tried again and goes from the list', async () => {
    await row('broken/billion-laughs.svg').locator('.reason').waitFor();
    await view.locator('skipped-files details', { has: view.locator('[data-path="broken/billion-laughs.svg"]') }).locator('.remedy').waitFor();
    await view.getByRole('button', { name: 'Pause', exact: true }).click();
    await view.getByText('Indexing is paused', { exact: true }).waitFor();
    await copyFile(icon, join(workbench.workspace, 'broken', 'billion-laughs.svg'));
    await view.getByRole('button', { name: 'Try again: truncated.png' }).click();
    await view.getByText('1 file still cannot be read.').waitFor();
    await view.getByRole('button', { name: 'Try again: billion-laughs.svg' }).click();
    await view.getByText('1 file was read and is indexed now.').waitFor();
    await row('broken/billion-laughs.svg').waitFor({ state: 'detached' });
    await row('broken/truncated.png').waitFor();
    await view.getByText('Indexing is paused', { exact: true }).waitFor();
    await view.locator('[data-root]', { hasText: `${workbench.images + 1} images` }).waitFor();
  });

  test('a pause outlives a reload, says so everywhere, and loses nothing', async () => {
    const { page } = workbench;
    await runCommand(page, 'Asset Search: Show Index Status');
    await copyFile(icon, join(workbench.workspace, 'public', 'during-the-pause.svg'));
    await page.waitForTimeout(8_000);   // VS Code in a browser writes down every 5 s, when idle, which editors are open
    await page.reload();
    await page.locator('.monaco-workbench').waitFor();
    view = await findPage(workbench);   // VS Code opens it again by itself
    await view.getByText('Indexing is paused', { exact: true }).waitFor();
    sidebar = await openSidebar(page);
    await sidebar.locator('status-line').getByText('Indexing is paused').waitFor();
    const item = page.locator('.statusbar-item', { has: page.locator('.codicon-debug-pause') });
    await item.waitFor();
    const tab = page.locator('.tab', { hasText: 'Index Status' });
    const old = view;
    await runCommand(page, 'View: Close All Editors');
    await until('the end of the page', async () => old.isDetached());
    await item.locator('a').click();
    await tab.waitFor();
    view = await findPage(workbench);
    await view.getByText('Indexing is paused', { exact: true }).waitFor();
    await sidebar.locator('status-line').getByRole('button', { name: 'Resume' }).click();
    await view.getByText(`Up to date: ${workbench.images + 2} images are indexed`).waitFor();
    await item.waitFor({ state: 'detached' });
    await until('no pause in the sidebar', async () => await sidebar.locator('status-line').getByText('Indexing is paused').count() === 0);
  });

  test('nothing broke the content security policy', () => {
    assert.deepEqual(workbench.code.console.filter(line => /Content Security Policy|asset-search/i.test(line)), []);
  });
});
