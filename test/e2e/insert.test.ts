/** From a found picture into a text, as a person does it: by dragging, by the buttons of the list, by the menu and the keys of a tile. */
import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Frame, Locator, Page } from 'playwright-core';
import { quickSearch, runCommand } from '../harness/vscode.mjs';
import { indexed, indexTimeoutMs, keepEvidence, openSample, openSidebar, search, tile, until, type Workbench } from './workbench';

const cart = 'src/assets/icons/shopping-cart.svg';

suite('From a picture into a text', () => {
  let workbench: Workbench;
  let sidebar: Frame;
  let page: Page;

  suiteSetup(async function () {
    this.timeout(indexTimeoutMs);
    workbench = await openSample({ 'files.autoSave': 'off' });
    ({ page } = workbench);
    await writeFile(join(workbench.workspace, 'src', 'view.html'), '<body>\n\n</body>\n');
    await writeFile(join(workbench.workspace, 'src', 'style.css'), 'a { background: ; }\n');
    sidebar = await openSidebar(page);
    await indexed(sidebar, workbench.images);
  });
  teardown(async function () { await keepEvidence(this, workbench); });
  suiteTeardown(async () => { await workbench?.close(); });

  const lines = (): Locator => page.locator('.editor-group-container.active .monaco-editor .view-lines');
  /** The text of the editor, whose spaces are drawn as no-break spaces. */
  const text = async (): Promise<string> => (await lines().innerText()).replaceAll('\u00a0', ' ');
  async function openFile(name: string): Promise<void> {
    await page.keyboard.press('Control+p');
    const input = page.locator('.quick-input-widget input[type=text]');
    await input.fill(name);
    await page.locator('.quick-input-list .monaco-list-row.focused', { hasText: name }).waitFor();
    await page.keyboard.press('Enter');
    await page.locator('.tab.active', { hasText: name }).waitFor();
    await lines().waitFor();
  }

  test('a tile is dragged into an editor, and what is dropped fits its language', async () => {
    await openFile('style.css');
    await search(sidebar, 'shopping cart');
    const from = (await tile(sidebar, cart).locator('.picture').boundingBox())!;
    const to = (await lines().locator('.view-line').first().boundingBox())!;
    // Between the space and the semicolon: 16 characters of 19.
    const width = (await lines().locator('.view-line').first().locator('span').first().boundingBox())!.width;
    await page.mouse.move(from.x + from.width / 2, from.y + from.height / 2);
    await page.mouse.down();
    await page.mouse.move(from.x + from.width / 2 + 20, from.y + from.height / 2 + 20, { steps: 3 });
    await page.mouse.move(to.x + width * 16 / 19 + 1, to.y + to.height / 2, { steps: 10 });
    await page.waitForTimeout(300);
    await page.mouse.up();
    await until('the snippet', async () => (await text()).includes('a { background: url("./assets/icons/shopping-cart.svg"); }'));
  });

  test('the button of a hit inserts it where the cursor was', async () => {
    await openFile('view.html');
    await lines().locator('.view-line').nth(1).click();
    await quickSearch(page, 'shopping cart');
    const row = page.locator('.quick-input-list .monaco-list-row', { hasText: 'shopping-cart.svg' }).first();
    await row.hover();
    await page.screenshot({ path: join(process.cwd(), 'out', 'screenshots', 'insert-list.png') });
    await row.locator('[aria-label^="Insert at Cursor"]').click();
    await until('the element', async () => /<img src="\.\/assets\/icons\/shopping-cart\.svg" alt="[^"]+" width="\d+" height="\d+" \/>/.test(await text()));
    await page.keyboard.type('typed');
    await until('the focus behind what was inserted', async () => /\/>typed/.test(await text()));
  });

  test('one key inserts the tile that has the focus', async () => {
    await openFile('style.css');
    await page.keyboard.press('Control+End');
    await search(sidebar, 'wallet');
    await sidebar.getByLabel('Search assets').press('ArrowDown');
    await until('focus on the first tile', () => sidebar.locator('[role=option][aria-posinset="1"]').evaluate(element => element.matches(':focus')));
    await page.keyboard.press('Control+i');
    await until('the snippet', async () => (await text()).includes('url("./assets/icons/wallet.svg")'));
  });

  test('a selection of the editor is searched for', async () => {
    await openFile('style.css');
    await page.keyboard.press('Control+a');
    await page.keyboard.type('icShoppingCart');
    await page.keyboard.press('Control+a');
    await runCommand(page, 'Search Assets for Selection');
    const input = page.locator('.quick-input-widget input[type=text]');
    await until('the words of the selection', async () => await input.inputValue() === 'shopping cart');
    await page.locator('.quick-input-list .monaco-list-row', { hasText: 'shopping-cart.svg' }).first().waitFor();
    await page.keyboard.press('Escape');
  });

  test('the menu of a tile copies the file to a folder and asks before it overwrites', async () => {
    const folder = join(workbench.workspace, 'copies');
    await mkdir(folder);
    await writeFile(join(folder, 'shopping-cart.svg'), 'older');
    const source = await readFile(join(workbench.workspace, cart), 'utf8');
    for (const [button, expected] of [['Skip', 'older'], ['Overwrite', source]] as const) {
      await search(sidebar, 'shopping cart');
      await tile(sidebar, cart).click({ button: 'right' });
      await sidebar.getByRole('menuitem', { name: 'Copy File To…' }).click();
      const input = page.locator('.quick-input-widget input[type=text]');
      await input.waitFor();
      await until('the folder dialog', async () => (await input.inputValue()).startsWith(workbench.workspace));
      await input.fill(`${folder}/`);
      await page.waitForTimeout(500);   // it lists the folder meanwhile
      await page.locator('.quick-input-widget').getByRole('button', { name: 'Copy Here' }).click();
      const dialog = page.getByRole('dialog').filter({ hasText: 'is in copies already' });
      await dialog.waitFor();
      await page.screenshot({ path: join(process.cwd(), 'out', 'screenshots', 'copy-conflict.png') });
      await dialog.getByRole('button', { name: button }).click();
      await until(`the file after ${button}`, async () => await readFile(join(folder, 'shopping-cart.svg'), 'utf8') === expected);
    }
  });

  test('nothing broke the content security policy', () => {
    assert.deepEqual(workbench.code.console.filter(line => /Content Security Policy|asset-search/i.test(line)), []);
  });
});
