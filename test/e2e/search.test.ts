/** A person's way through the product: from opening a folder to the right picture, with mouse and keyboard in a real VS Code. */
import assert from 'node:assert/strict';
import { copyFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Frame } from 'playwright-core';
import { findWebview, quickSearch, runCommand } from '../harness/vscode.mjs';
import { answer, chooseMenuItem, enginePids, indexed, indexTimeoutMs, inExplorer, keepEvidence, openPanel, openSample, openSidebar, paths, search, searchBox, tile, until, type Workbench } from './workbench';

suite('Finding images in VS Code', () => {
  let workbench: Workbench;
  let sidebar: Frame;

  suiteSetup(async function () {
    this.timeout(indexTimeoutMs);
    workbench = await openSample();
  });
  teardown(async function () { await keepEvidence(this, workbench); });
  suiteTeardown(async () => { await workbench?.close(); });

  test('the index builds by itself', async function () {
    this.timeout(indexTimeoutMs);
    sidebar = await openSidebar(workbench.page);
    await indexed(sidebar, workbench.images);
  });

  test('a query in the sidebar shows the right picture', async () => {
    const found = await search(sidebar, 'shopping cart');
    assert.ok(found.slice(0, 4).includes('src/assets/icons/shopping-cart.svg'), `first: ${found.slice(0, 8).join(', ')}`);
    const image = tile(sidebar, 'src/assets/icons/shopping-cart.svg').locator('img');
    await until('the thumbnail', () => image.evaluate((element: { complete: boolean; naturalWidth: number }) => element.complete && element.naturalWidth > 0));
  });

  test('a picture is found whose file name says nothing', async () => {
    const found = await search(sidebar, 'shopping cart');
    assert.ok(found.slice(0, 10).includes('public/emoji/twemoji/1f6d2.svg'), `first: ${found.slice(0, 12).join(', ')}`);
  });

  test('an exact file name comes first', async () => {
    assert.equal((await search(sidebar, 'wallet'))[0], 'src/assets/icons/wallet.svg');
  });

  test('a tile opens its image', async () => {
    await search(sidebar, 'receipt');
    await tile(sidebar, 'src/assets/icons/receipt.svg').click();
    await workbench.page.locator('.tab', { hasText: 'receipt.svg' }).waitFor();
  });

  test('the arrow keys walk from the box through the grid', async () => {
    await search(sidebar, 'gift');
    await searchBox(sidebar).press('ArrowDown');
    const first = sidebar.locator('[role=option][aria-posinset="1"]');
    await until('focus on the first tile', () => first.evaluate(element => element.matches(':focus')));
    await workbench.page.keyboard.press('ArrowRight');
    await until('focus on the second tile', () => sidebar.locator('[role=option][aria-posinset="2"]').evaluate(element => element.matches(':focus')));
  });

  test('the panel searches, too', async () => {
    const panel = await openPanel(workbench.page);
    const found = await search(panel, 'shopping cart');
    assert.ok(found.slice(0, 4).includes('src/assets/icons/shopping-cart.svg'), `first: ${found.slice(0, 8).join(', ')}`);
  });

  test('labels show how probable each word is for the selected image', async () => {
    const panel = await openPanel(workbench.page);
    await search(panel, 'shopping cart');
    await tile(panel, 'src/assets/icons/shopping-cart.svg').click();
    const labels = panel.locator('labels-pane');
    if (!await labels.isVisible()) { await panel.getByRole('button', { name: 'Labels' }).click(); }
    await labels.getByLabel('Candidate labels').fill('shopping cart, pizza, snowflake');
    await labels.getByLabel('Candidate labels').press('Enter');
    const meters = labels.locator('[data-path="src/assets/icons/shopping-cart.svg"] [role=meter]');
    await until('three meters', async () => await meters.count() === 3);
    const percent = await meters.evaluateAll(all => all.map(meter => Number(meter.getAttribute('aria-valuenow'))));
    const sum = percent.reduce((total, value) => total + value, 0);
    assert.ok(Math.abs(sum - 100) <= 2, `${percent.join(' + ')} should be 100`);
    assert.match(await meters.first().getAttribute('aria-label') ?? '', /shopping cart$/);
  });

  test('everything is labelled with two words, and a click on one lists what has it', async () => {
    const panel = await openPanel(workbench.page);
    await searchBox(panel).fill('');
    const clear = panel.getByRole('button', { name: 'Clear filters' });
    if (await clear.isVisible()) { await clear.click(); }
    await panel.getByRole('listbox', { name: /^\d{2,} assets$/ }).waitFor();
    const labels = panel.locator('labels-pane');
    await labels.getByLabel('Candidate labels').fill('shopping cart, star');
    await labels.getByRole('button', { name: /^Label All \d+ Listed$/ }).click();
    const star = labels.getByRole('button', { name: /^star: \d+ images$/ });
    await star.waitFor();
    const count = Number(/\d+/.exec(await star.getAttribute('aria-label') ?? '')![0]);
    assert.ok(count > 0);
    await star.click();
    await panel.getByRole('listbox', { name: `${count} asset${count === 1 ? '' : 's'}` }).waitFor();
    await answer(panel);
    const names = await panel.locator('[role=option][data-path]').evaluateAll(tiles => tiles.map(each => each.getAttribute('aria-label') ?? ''));
    assert.deepEqual(names.filter(name => !name.endsWith(', labels star')), []);
    await star.click();
    await panel.getByRole('listbox', { name: /^\d{2,} assets$/ }).waitFor();
  });

  test('right-click on an image in the Explorer finds similar ones', async () => {
    const { page } = workbench;
    await (await inExplorer(page, 'src/assets/icons/shopping-cart.svg')).click({ button: 'right' });
    await chooseMenuItem(page, 'Find Similar Images');
    const panel = await findWebview(page, 'body[data-kind=panel] asset-grid');
    await panel.getByText('Similar to shopping-cart.svg', { exact: true }).waitFor();
    const found = await answer(panel);
    assert.ok(found.slice(0, 2).includes('packages/legacy/img/basket-old.svg'), `first: ${found.slice(0, 6).join(', ')}`);
  });

  test('the quick pick searches while one types and shows pictures', async () => {
    const { page } = workbench;
    await quickSearch(page, 'shopping cart');
    const row = page.locator('.quick-input-list .monaco-list-row', { hasText: 'shopping-cart.svg' }).first();
    await row.waitFor();
    const background = await row.locator('.quick-input-list-icon').first().evaluate(element => (element as unknown as { style: { backgroundImage: string } }).style.backgroundImage);
    assert.match(background, /url\(/);
    await page.keyboard.press('Escape');
  });

  test('a cell of a sprite sheet is a tile of its own, and takes its name from an atlas file that comes later', async () => {
    const sheet = 'game/sprites/animals-sheet.png';
    const cell = (part: number) => sidebar.locator(`[role=option][data-path="${sheet}"][data-part="${part}"]`);
    sidebar = await openSidebar(workbench.page);
    await search(sidebar, 'penguin');
    const penguin = cell(15);
    assert.match(await penguin.getAttribute('aria-label') ?? '', /animals-sheet\.png · 15/);
    assert.match(await penguin.getAttribute('title') ?? '', /128, 192/);
    const width = () => penguin.locator('img').evaluate((element: { complete: boolean; naturalWidth: number }) => element.complete && element.naturalWidth);
    await until('the picture of the cell alone', async () => await width() === 64);
    await penguin.hover();
    await sidebar.getByRole('button', { name: 'Find Similar' }).click();
    assert.ok(!(await answer(sidebar)).includes('') && await penguin.count() === 0, 'it leaves itself out');
    await sidebar.getByRole('button', { name: 'Leave similar images' }).click();
    const frames = { 'walking_away.png': { frame: { x: 128, y: 192, w: 64, h: 64 } }, 'hooting.png': { frame: { x: 192, y: 192, w: 64, h: 64 } } };
    await writeFile(join(workbench.workspace, 'game/sprites/animals.json'), JSON.stringify({ frames, meta: { image: 'animals-sheet.png', size: { w: 256, h: 256 } } }));
    await until('the named cell', async () => (await search(sidebar, 'walking_away').catch(() => []))[0] === sheet);
    assert.equal(await cell(1).locator('.caption').getAttribute('data-name'), 'walking_away');
    await rm(join(workbench.workspace, 'game/sprites/animals.json'));
    await until('the cells of the grid again', async () => { await search(sidebar, 'penguin'); return await cell(15).count() === 1; });
  });

  test('files that cannot be read are listed with a reason', async () => {
    const { page } = workbench;
    await runCommand(page, 'Asset Search: Show Skipped Files');
    const list = (await findWebview(page, 'body[data-kind=status] skipped-files')).locator('skipped-files');
    for (const name of ['truncated.png', 'text-not-an-image.jpg', 'empty.png', 'billion-laughs.svg', 'decompression-bomb.png']) { await list.locator(`[data-path="broken/${name}"] .reason`).waitFor({ state: 'visible' }); }
    await until('focus on the section', () => list.getByRole('heading', { name: /^Skipped files/ }).evaluate(element => element.matches(':focus')));
  });

  test('what is ignored by .gitignore is not indexed', async () => {
    sidebar = await openSidebar(workbench.page);   // its page ended when the Explorer took its place
    const found = await search(sidebar, 'build');
    assert.deepEqual(found.filter(path => path.startsWith('build/')), []);
  });

  test('a new file is found without asking for it', async () => {
    await copyFile(join(process.cwd(), 'node_modules', 'lucide-static', 'icons', 'umbrella.svg'), join(workbench.workspace, 'public', 'added-later.svg'));
    await indexed(sidebar, workbench.images + 1);
    const found = await search(sidebar, 'added later');
    assert.equal(found[0], 'public/added-later.svg');
  });

  test('the query is still there after the window was reloaded', async () => {
    const { page } = workbench;
    const before = await search(sidebar, 'shopping cart');
    await page.waitForTimeout(1000);   // the state is saved a moment later
    await page.reload();
    await page.locator('.monaco-workbench').waitFor();
    sidebar = await openSidebar(page);
    assert.equal(await searchBox(sidebar).inputValue(), 'shopping cart');
    assert.deepEqual((await answer(sidebar)).slice(0, 4), before.slice(0, 4));
  });

  test('a search after the engine was killed is answered by a new one', async () => {
    const [old] = await until('the engine', async () => { const pids = await enginePids(workbench.code); return pids.length > 0 && pids; });
    process.kill(old!, 'SIGKILL');
    await until('the end of the old engine', async () => !(await enginePids(workbench.code)).includes(old!));
    // The list keeps what it showed until the new engine answers.
    await search(sidebar, 'wallet');
    await until('the answer of the new engine', async () => (await paths(sidebar))[0] === 'src/assets/icons/wallet.svg');
    const pids = await enginePids(workbench.code);
    assert.equal(pids.length, 1);
    assert.notEqual(pids[0], old);
  });

  test('nothing broke the content security policy or asked for another host', () => {
    const ours = workbench.code.console.filter(line => /Content Security Policy|asset-search/i.test(line));
    assert.deepEqual(ours, []);
    assert.deepEqual([...workbench.code.refusedHosts], []);
  });
});
