/** How the views look, and whether axe finds fault, in the themes and widths people use; the pictures go to out/screenshots/. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Frame, Page } from 'playwright-core';
import { runCommand } from '../harness/vscode.mjs';
import { assertAccessible } from './axe';
import { assertNoOverflow, indexed, indexTimeoutMs, keepEvidence, narrowSidebar, openPanel, openSample, openSidebar, search, until, type Workbench } from './workbench';

const themes = [['dark', 'Dark Modern', 'vscode-dark'], ['light', 'Light Modern', 'vscode-light'], ['high-contrast', 'Default High Contrast', 'vscode-high-contrast']] as const;

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
    test(`everything fits, is drawn and is accessible in the ${name} theme`, async () => {
      await chooseTheme(workbench.page, theme);
      for (const view of [sidebar, panel]) {
        await until(`the ${name} theme`, () => view.evaluate<boolean>(`document.body.classList.contains('${bodyClass}')`));
        await allDrawn(view);
        await assertNoOverflow(view);
        await paintGround(view);
        await assertAccessible(view, `${view === panel ? 'panel' : 'sidebar'}, ${name}`);
      }
      await workbench.page.screenshot({ path: join(folder, `${name}.png`) });
    });
  }

  test('the sidebar works 240 pixels wide', async () => {
    await narrowSidebar(workbench.page, sidebar);
    await allDrawn(sidebar);
    await assertNoOverflow(sidebar);
    await workbench.page.screenshot({ path: join(folder, 'sidebar-240.png') });
  });
});

async function chooseTheme(page: Page, theme: string): Promise<void> {
  await runCommand(page, 'Preferences: Color Theme');
  await page.locator('.quick-input-widget input[type=text]').fill(theme);
  await page.locator('.quick-input-list .monaco-list-row.focused', { hasText: theme.replace('Default ', '') }).waitFor();
  await page.keyboard.press('Enter');
}

/** VS Code paints what lies behind a webview outside its page, where axe does not look: it would take the ground for white. */
async function paintGround(view: Frame): Promise<void> {
  await view.evaluate(`document.documentElement.style.background = document.body.dataset.kind === 'panel' ? 'var(--vscode-editor-background)' : 'var(--vscode-sideBar-background)'`);
}

/** Every tile in sight shows its thumbnail; those below are loaded when they come into sight. */
async function allDrawn(view: Frame): Promise<void> {
  await until('thumbnails', () => view.evaluate<boolean>(`(() => {
    const find = root => [...root.querySelectorAll('*')].flatMap(element => [...element.matches('[role=option]') ? [element] : [], ...element.shadowRoot ? find(element.shadowRoot) : []]);
    const inSight = find(document).filter(tile => { const { top, bottom } = tile.getBoundingClientRect(); return bottom > 0 && top < innerHeight - 60; });
    return inSight.length > 0 && inSight.every(tile => { const image = tile.querySelector('img'); return image?.naturalWidth > 0 && getComputedStyle(image).opacity === '1'; });
  })()`));
}
