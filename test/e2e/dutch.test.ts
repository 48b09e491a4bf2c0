/** The whole product in Dutch in a real VS Code, wide and narrow; the pictures go to out/screenshots/. */
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Frame } from 'playwright-core';
import { findWebview, runCommand } from '../harness/vscode.mjs';
import { assertNoOverflow, indexTimeoutMs, keepEvidence, narrowSidebar, openSample, openSidebar, type Workbench } from './workbench';

suite('Dutch', () => {
  let workbench: Workbench;
  let sidebar: Frame;
  const folder = join(process.cwd(), 'out', 'screenshots');
  const photograph = async (name: string): Promise<void> => {
    await workbench.page.mouse.move(2, 798);
    await workbench.page.waitForTimeout(700);
    await workbench.page.screenshot({ path: join(folder, `nl-${name}.png`) });
  };

  suiteSetup(async function () {
    this.timeout(indexTimeoutMs);
    await mkdir(folder, { recursive: true });
    workbench = await openSample({}, { locale: 'nl' });
    sidebar = await openSidebar(workbench.page);
    await sidebar.locator('status-line', { hasText: `${workbench.images} beelden` }).waitFor({ timeout: indexTimeoutMs });
  });
  teardown(async function () { await keepEvidence(this, workbench); });
  suiteTeardown(async () => { await workbench?.close(); });

  test('sidebar and panel with labels', async () => {
    const { page } = workbench;
    await sidebar.getByLabel('Beelden zoeken', { exact: true }).fill('star');
    await sidebar.getByRole('listbox', { name: /resultaten|treffers/ }).waitFor();
    await runCommand(page, 'Asset Search: Paneel openen');
    const panel = await findWebview(page, 'body[data-kind=panel] asset-grid');
    await panel.getByLabel('Beelden zoeken', { exact: true }).fill('shopping cart');
    await panel.getByRole('option').first().waitFor();
    const labels = panel.locator('labels-pane');
    await labels.getByLabel('Mogelijke labels').fill('shopping cart, star, bell');
    await panel.getByRole('option').first().click();
    await labels.getByRole('button', { name: 'Labelen', exact: true }).click();
    await labels.getByRole('meter').first().waitFor();
    await photograph('panel');
    await narrowSidebar(page, sidebar);
    await assertNoOverflow(sidebar);
    await photograph('sidebar-240');
    await page.setViewportSize({ width: 620, height: 800 });
    await assertNoOverflow(panel);
    await photograph('panel-narrow');
    await page.setViewportSize({ width: 1280, height: 800 });
  });

  test('status page with the reasons of skipped files', async () => {
    const { page } = workbench;
    await runCommand(page, 'Asset Search: Indexstatus tonen');
    const status = await findWebview(page, 'body[data-kind=status] status-page');
    await status.locator('skipped-files details').first().waitFor();
    await photograph('status');
    for (const details of await status.locator('skipped-files details:not([open]) summary').all()) { await details.click(); }
    await status.locator('skipped-files').scrollIntoViewIfNeeded();
    await photograph('status-skipped');
    const english = /\b(The|the file|Open it|cannot|is damaged|pixels)\b/;
    for (const text of await status.locator('skipped-files .reason, skipped-files .remedy').allInnerTexts()) { assert.doesNotMatch(text, english); }
    await page.setViewportSize({ width: 560, height: 800 });
    await assertNoOverflow(status);
    await photograph('status-narrow');
    await page.setViewportSize({ width: 1280, height: 800 });
  });

  test('settings, walkthrough, palette and menus', async () => {
    const { page } = workbench;
    await runCommand(page, 'View: Close All Editors');
    await runCommand(page, 'Notifications: Clear All Notifications');
    await runCommand(page, 'Asset Search: Aan de slag');
    await page.locator('.getting-started-step, .step-list').first().waitFor();
    await photograph('walkthrough');
    await page.keyboard.press('F1');
    await page.locator('.quick-input-widget input[type=text]').fill('>Asset Search: Index');
    await page.locator('.quick-input-list .monaco-list-row', { hasText: 'Index bijwerken' }).waitFor();
    await photograph('palette');
    await page.keyboard.press('Escape');
    await runCommand(page, 'Preferences: Open Settings (UI)');
    await page.locator('.settings-editor .suggest-input-container textarea, .settings-editor .inputarea').first().waitFor();
    await page.keyboard.type('@ext:asset-search.asset-search');
    await page.getByText('Indexeer de afbeeldingen van de werkruimte').first().waitFor();
    await photograph('settings');
  });
});
