/** How the views look in the themes and widths people use; the pictures go to out/screenshots/. */
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Frame } from 'playwright-core';
import { indexed, indexTimeoutMs, keepEvidence, openPanel, openSample, openSidebar, search, until, type Workbench } from './workbench';

const themes = [['dark', 'Default Dark Modern', 'vscode-dark'], ['light', 'Default Light Modern', 'vscode-light'], ['high-contrast', 'Default High Contrast', 'vscode-high-contrast']] as const;

suite('Appearance', () => {
  let workbench: Workbench;
  let sidebar: Frame;
  let panel: Frame;
  const folder = join(process.cwd(), 'out', 'screenshots');

  suiteSetup(async function () {
    this.timeout(indexTimeoutMs * 2);
    await mkdir(folder, { recursive: true });
    workbench = await openSample();
    sidebar = await openSidebar(workbench.page);
    await indexed(sidebar, workbench.images);
    panel = await openPanel(workbench.page);
    await search(panel, 'shopping cart');
    await search(sidebar, 'star');
  });
  teardown(async function () { await keepEvidence(this, workbench); });
  suiteTeardown(async () => { await workbench?.close(); });

  for (const [name, theme, bodyClass] of themes) {
    test(`everything fits and is drawn in the ${name} theme`, async () => {
      await writeFile(join(workbench.code.userDataDir, 'data', 'User', 'settings.json'), JSON.stringify({ 'workbench.colorTheme': theme, 'security.workspace.trust.enabled': false, 'chat.disableAIFeatures': true }));
      for (const view of [sidebar, panel]) {
        await until(`the ${name} theme`, () => view.evaluate<boolean>(`document.body.classList.contains('${bodyClass}')`));
        await allDrawn(view);
        await assertNoOverflow(view);
      }
      await workbench.page.screenshot({ path: join(folder, `${name}.png`) });
    });
  }

  test('the sidebar works 240 pixels wide', async () => {
    const { page } = workbench;
    const sash = await page.locator('.split-view-container > .split-view-view:has(.part.sidebar)').first().boundingBox() ?? await page.locator('.part.sidebar').boundingBox();
    assert.ok(sash);
    await page.mouse.move(sash.x + sash.width, sash.y + 300);
    await page.mouse.down();
    await page.mouse.move(sash.x + 240, sash.y + 300, { steps: 5 });
    await page.mouse.up();
    const width = await until('the narrow sidebar', async () => { const now = await sidebar.evaluate<number>('innerWidth'); return now <= 245 && now; });
    assert.ok(width >= 170, `${width} px`);
    await allDrawn(sidebar);
    await assertNoOverflow(sidebar);
    await page.screenshot({ path: join(folder, 'sidebar-240.png') });
  });
});

/** Every tile in sight shows its thumbnail. */
async function allDrawn(view: Frame): Promise<void> {
  await until('thumbnails', () => view.locator('[role=option] img').evaluateAll(images => images.length > 0
    && images.every(image => (image as unknown as { complete: boolean; naturalWidth: number }).complete && (image as unknown as { naturalWidth: number }).naturalWidth > 0)));
}

async function assertNoOverflow(view: Frame): Promise<void> {
  const { inner, content } = await view.evaluate<{ inner: number; content: number }>('({ inner: innerWidth, content: document.documentElement.scrollWidth })');
  assert.ok(content <= inner, `${content} px of content in ${inner} px`);
}
