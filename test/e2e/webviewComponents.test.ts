/** The webview alone in a browser, under the extension's own content security policy, against a mock host that fails, hesitates and holds 10,000 images. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Locator, Page } from 'playwright-core';
import { startDevServer } from '../../webview/dev/devServer.mjs';
import { launchBrowser } from '../harness/browser.mjs';
import { until } from './workbench';

interface Received { method: string; params: any }

suite('Webview components', () => {
  let browser: Browser;
  let server: { url: string; close(): Promise<void> };
  let page: Page;

  suiteSetup(async () => {
    [browser, server] = await Promise.all([launchBrowser(), startDevServer({ bundleFile: join(process.cwd(), 'dist', 'webview.js') })]);
  });
  suiteTeardown(async () => {
    await browser?.close();
    await server?.close();
  });
  // Whatever a test did: nothing was blocked by the policy, and nothing was thrown.
  teardown(async () => {
    const violations = await page.evaluate<string[]>('window.mock.violations');
    const thrown = errors.splice(0);
    await page.close();
    assert.deepEqual(violations, []);
    assert.deepEqual(thrown, []);
  });

  const errors: string[] = [];

  async function open(query: string, size = { width: 300, height: 640 }): Promise<void> {
    page = await browser.newPage({ viewport: size });
    page.on('pageerror', error => errors.push(String(error)));
    await page.goto(`${server.url}?${query}`);
    await page.locator('asset-search-app').waitFor();
  }

  const box = (): Locator => page.getByLabel('Search assets');
  const at = (position: number): Locator => page.locator(`asset-grid [role=option][aria-posinset="${position}"]`);
  const status = (): Locator => page.locator('asset-search-app > [role=status]');
  const received = (method: string): Promise<Received[]> => page.evaluate<Received[]>(`window.mock.received.filter(({ method }) => method === ${JSON.stringify(method)})`);
  const focused = (locator: Locator): Promise<unknown> => until('focus', () => locator.evaluate(element => element.matches(':focus')));
  const columns = (): Promise<number> => page.locator('[role=listbox]').evaluate(element => Number((element as any).style.getPropertyValue('--columns')));
  async function search(text: string): Promise<void> {
    await box().fill(text);
    await page.getByText(`results for ${text}`).waitFor({ state: 'attached' });
  }

  test('lists everything, with roles, names and positions', async () => {
    await open('theme=dark');
    await page.getByRole('listbox', { name: '547 assets' }).waitFor();
    const tile = page.locator('[role=option][data-path="assets/emoji/cloud.png"]');
    assert.equal(await tile.getAttribute('aria-label'), 'cloud.png, PNG 72×72, assets/emoji');
    assert.equal(await tile.getAttribute('aria-setsize'), '547');
    assert.equal(await tile.getAttribute('draggable'), 'true');
    const image = tile.locator('img');
    assert.deepEqual([await image.getAttribute('alt'), await image.getAttribute('draggable'), await image.getAttribute('loading')], ['', 'false', 'lazy']);
    assert.match(await page.locator('status-line .line').innerText(), /547 assets\s*3 skipped\s*Built-in icons\s*CPU/);
    assert.equal(await page.locator('[role=option][tabindex="0"]').count(), 1, 'one tab stop');
  });

  test('typing searches once, says how many were found, and each tile tells its score', async () => {
    await open('theme=dark');
    await box().pressSequentially('shopping cart', { delay: 10 });
    await page.getByText('100 results for shopping cart').waitFor({ state: 'attached' });
    const searches = await received('view/search');
    assert.ok(searches.length < 6, `${searches.length} searches for 13 keystrokes`);
    assert.deepEqual(searches.at(-1)!.params, { text: 'shopping cart', limit: 100, filter: {}, useNames: true });
    assert.match(await at(1).getAttribute('aria-label') ?? '', /^shopping-cart\S*\.\w+, \w+ \d+×\d+, [^,]+, name matches$/);
    assert.equal(await box().inputValue(), 'shopping cart');
  });

  test('a deep folder keeps its beginning and its end in the list', async () => {
    await open('theme=dark&kind=panel&deep', { width: 900, height: 640 });
    await page.getByRole('combobox', { name: 'Folder' }).click();
    const option = page.getByRole('option', { name: 'packages/…/source/components/checkout/pictures/payment/icons/large' });
    await option.waitFor();
    assert.equal(await option.getAttribute('title'), 'packages/shop/frontend/source/components/checkout/pictures/payment/icons/large');
  });

  test('on the smallest tiles, too, names end within them', async () => {
    await open(`theme=dark&kind=panel&state=${encodeURIComponent(JSON.stringify({ tileSize: 64 }))}`, { width: 900, height: 640 });
    await at(1).waitFor();
    const cut = await page.locator('asset-grid .caption').evaluateAll(captions => captions.filter(caption => caption.scrollWidth > caption.clientWidth).map(caption => caption.getAttribute('data-name')));
    assert.deepEqual(cut, []);
  });

  test('in a low panel the labels scroll within their place', async () => {
    await open('theme=dark&kind=panel', { width: 340, height: 360 });
    const pane = page.locator('labels-pane');
    await pane.waitFor();
    assert.equal(await pane.evaluate(element => element.scrollHeight > element.clientHeight && (globalThis as any).getComputedStyle(element).overflowY), 'auto');
  });

  test('where the index folder is at fault, the settings are the way out', async () => {
    await open('theme=dark&scenario=folderFault');
    await page.getByRole('heading', { name: 'The search engine did not start' }).waitFor();
    await page.getByRole('button', { name: 'Open Settings' }).click();
    await until('the command', async () => (await received('view/command')).length > 0);
    assert.deepEqual((await received('view/command'))[0]!.params, { command: 'openSettings' });
  });

  test('while images are still being indexed, nothing found is no verdict yet', async () => {
    await open('theme=dark&scenario=indexing');
    await box().fill('zzz');
    await page.getByRole('heading', { name: 'Nothing found yet for “zzz”' }).waitFor();
    await page.evaluate(`window.mock.setStatus('ready')`);
    await page.getByRole('heading', { name: 'Nothing looks like “zzz”' }).waitFor();
  });

  test('a new keystroke cancels the search before', async () => {
    await open('theme=dark');
    await page.evaluate(`window.mock.delays['view/search'] = 60000`);
    await box().fill('rocket');
    await until('the first search', async () => (await received('view/search')).length === 1);
    await page.evaluate(`window.mock.delays['view/search'] = 0`);
    await search('rainbow');
    assert.deepEqual(await page.evaluate('window.mock.cancelled'), ['view/search']);
    assert.equal(await at(1).getAttribute('data-path'), 'assets/emoji/rainbow.png');
  });

  test('Escape and the clear button go back to everything', async () => {
    await open('theme=dark');
    await search('rocket');
    await box().press('Escape');
    await page.getByRole('listbox', { name: '547 assets' }).waitFor();
    assert.equal(await box().inputValue(), '');
    await search('rocket');
    await page.getByRole('button', { name: 'Clear search' }).click();
    await page.getByRole('listbox', { name: '547 assets' }).waitFor();
  });

  test('Enter in the box opens the first hit, even before it is there', async () => {
    await open('theme=dark');
    await box().fill('rocket');
    await box().press('Enter');
    await until('the action', async () => (await received('view/action')).length > 0);
    assert.deepEqual((await received('view/action'))[0]!.params, { action: 'open', key: { root: 'web-app', path: 'assets/emoji/rocket.png', part: 0 } });
  });

  test('the keyboard walks through the grid and acts on tiles', async () => {
    await open('theme=dark');
    const { keyboard } = page;
    await at(1).waitFor();
    await box().press('ArrowDown');
    await focused(at(1));
    const wide = await columns();
    assert.ok(wide >= 2);
    await keyboard.press('ArrowRight');
    await focused(at(2));
    await keyboard.press('ArrowDown');
    await focused(at(2 + wide));
    await keyboard.press('ArrowLeft');
    await focused(at(1 + wide));
    await keyboard.press('End');
    await focused(at(547));
    await keyboard.press('Home');
    await focused(at(1));
    await keyboard.press('PageDown');
    await until('a page down', async () => await at(1).evaluate(element => !element.matches(':focus')));
    await keyboard.press('Home');
    await keyboard.press(' ');
    assert.equal(await at(1).getAttribute('aria-selected'), 'true');
    await keyboard.press('Enter');
    await keyboard.press('Control+Enter');
    await until('two actions', async () => (await received('view/action')).length === 2);
    assert.deepEqual((await received('view/action')).map(({ params }) => params.action), ['open', 'openToSide']);
    await keyboard.press('ArrowUp');
    await focused(box());
  });

  test('Shift+F10 opens a menu of actions and Escape returns to the tile', async () => {
    await open('theme=dark');
    await at(1).waitFor();
    await box().press('ArrowDown');
    await page.keyboard.press('Shift+F10');
    await focused(page.getByRole('menuitem', { name: 'Open', exact: true }));
    assert.deepEqual(await page.getByRole('menuitem').evaluateAll(items => items.map(item => item.getAttribute('data-action'))), ['open', 'openToSide', 'insert', 'findSimilar', 'reveal', 'copyRelativePath', null, 'copyFileTo']);
    await page.keyboard.press('Escape');
    await focused(at(1));
    await at(3).click({ button: 'right' });
    await page.getByRole('menuitem', { name: 'Copy Relative Path' }).click();
    await page.getByText(/^Copied the path of /).waitFor({ state: 'attached' });
    assert.equal((await received('view/action')).at(-1)!.params.action, 'copyRelativePath');
  });

  test('the ways to copy unfold in the menu, fit into 240 px, and are meant for all selected tiles', async () => {
    await open('theme=dark', { width: 240, height: 420 });
    await at(1).waitFor();
    await box().press('ArrowDown');
    const { keyboard } = page;
    for (const key of ['Space', 'ArrowRight', 'Space', 'Shift+F10', 'End', 'ArrowUp']) { await keyboard.press(key); }
    await focused(page.getByRole('menuitem', { name: 'Copy As (2)' }));
    await keyboard.press('ArrowRight');
    await focused(page.getByRole('menuitem', { name: 'Full Path' }));
    const menu = (await page.getByRole('menu', { name: 'Actions for' }).boundingBox())!;
    assert.ok(menu.x >= 0 && menu.y >= 0 && menu.x + menu.width <= 240 && menu.y + menu.height <= 420, JSON.stringify(menu));
    await keyboard.press('ArrowLeft');
    await focused(page.getByRole('menuitem', { name: 'Copy As (2)' }));
    await keyboard.press('Enter');
    await page.getByRole('menuitem', { name: 'Markdown' }).click();
    await focused(at(2));
    const { action, assets } = await until('the action', async () => (await received('view/action')).at(-1)?.params);
    assert.equal(action, 'copyMarkdown');
    assert.deepEqual(assets.map(({ path }: { path: string }) => path), [await at(1).getAttribute('data-path'), await at(2).getAttribute('data-path')]);
  });

  test('one key copies the path of a tile, one inserts it', async () => {
    await open('theme=dark');
    await at(1).waitFor();
    await box().press('ArrowDown');
    await page.keyboard.press('Control+c');
    await page.keyboard.press('Control+i');
    await until('two actions', async () => (await received('view/action')).length === 2);
    assert.deepEqual((await received('view/action')).map(({ params }) => [params.action, params.assets.length]), [['copyRelativePath', 1], ['insert', 1]]);
    await focused(at(1));
  });

  test('the actions of a tile are reached with the mouse and with Tab', async () => {
    await open('theme=dark', { width: 400, height: 640 });
    await at(2).hover();
    const path = await at(2).getAttribute('data-path');
    await page.getByRole('toolbar', { name: `Actions for ${path!.split('/').at(-1)}` }).waitFor();
    await box().press('ArrowDown');
    await page.keyboard.press('Tab');
    await focused(page.getByRole('button', { name: 'Find Similar' }));
    await page.keyboard.press('Escape');
    await focused(at(1));
  });

  test('similar images come with a way back', async () => {
    await open('theme=dark');
    await search('rocket');
    await at(1).hover();
    await page.getByRole('button', { name: 'Find Similar' }).click();
    await page.getByText('images similar to rocket.png').waitFor({ state: 'attached' });
    assert.deepEqual((await received('view/similar'))[0]!.params.image, { key: { root: 'web-app', path: 'assets/emoji/rocket.png', part: 0 } });
    assert.ok(await page.locator('.chip img').evaluate(image => (image as any).naturalWidth > 0), 'the chip shows the picture');
    await page.getByRole('button', { name: 'Leave similar images' }).click();
    await page.getByText('results for rocket').waitFor({ state: 'attached' });
  });

  test('a picture that is gone has a way out: the button, or Escape in the empty box', async () => {
    await open('theme=dark');
    await search('rocket');
    await page.evaluate(`window.mock.failures['view/similar'] = 'The file no longer exists.'`);
    await at(1).hover();
    await page.getByRole('button', { name: 'Find Similar' }).click();
    await page.getByRole('button', { name: 'Leave the Picture' }).click();
    await page.getByText('results for rocket').waitFor({ state: 'attached' });
    await focused(box());
    await at(1).hover();
    await page.getByRole('button', { name: 'Find Similar' }).click();
    await page.getByRole('button', { name: 'Leave the Picture' }).waitFor();
    await box().press('Escape');
    await page.locator('.chip').waitFor({ state: 'detached' });
    assert.equal(await box().inputValue(), 'rocket', 'the words of before');
  });

  test('words typed at a picture refine it, with a weight, and the way back leads to the words before', async () => {
    await open('theme=dark', { width: 420, height: 640 });
    await search('rocket');
    await at(1).hover();
    await page.getByRole('button', { name: 'Find Similar' }).click();
    await page.getByText('images similar to rocket.png').waitFor({ state: 'attached' });
    assert.equal(await box().inputValue(), '');
    assert.equal(await box().getAttribute('placeholder'), 'Add words to the picture, e.g. filled');
    const asked = async () => (await received('view/similar')).at(-1)!.params;
    assert.equal((await asked()).text, undefined);
    await box().fill('filled');
    await until('the refined question', async () => (await asked()).text === 'filled');
    assert.deepEqual([(await asked()).image, (await asked()).textWeight], [{ key: { root: 'web-app', path: 'assets/emoji/rocket.png', part: 0 } }, 0.5]);
    await page.getByLabel('Weight of the words').press('ArrowRight');
    await until('more weight', async () => (await asked()).textWeight === 0.6);
    await page.getByRole('button', { name: 'Leave similar images' }).click();
    await page.getByText('results for rocket').waitFor({ state: 'attached' });
    assert.equal(await box().inputValue(), 'rocket');
  });

  test('a file dragged from the Explorer is searched by its address', async () => {
    await open('theme=dark');
    await at(1).waitFor();
    await page.evaluate(`(() => {
      const dataTransfer = new DataTransfer();
      dataTransfer.setData('application/vnd.code.uri-list', 'file:///home/me/app/big%20cat.png');
      document.dispatchEvent(new DragEvent('drop', { dataTransfer, cancelable: true, bubbles: true }));
    })()`);
    await page.getByText('images similar to big cat.png').waitFor({ state: 'attached' });
    assert.deepEqual((await received('view/similar'))[0]!.params.image, { uri: 'file:///home/me/app/big%20cat.png' });
  });

  test('a pasted picture is searched by its bytes', async () => {
    await open('theme=dark');
    await at(1).waitFor();
    await page.evaluate(`(async () => {
      const canvas = Object.assign(document.createElement('canvas'), { width: 8, height: 8 });
      const blob = await new Promise(done => canvas.toBlob(done));
      const clipboardData = new DataTransfer();
      clipboardData.items.add(new File([blob], 'drawn.png', { type: 'image/png' }));
      document.dispatchEvent(new ClipboardEvent('paste', { clipboardData }));
    })()`);
    await page.getByText('images similar to drawn.png').waitFor({ state: 'attached' });
    const [first] = await page.evaluate<number[][]>(`window.mock.received.filter(({ method }) => method === 'view/similar').map(({ params }) => [...params.image.bytes.slice(0, 4)])`);
    assert.deepEqual(first, [0x89, 0x50, 0x4e, 0x47]);
    await until('the picture in the chip', () => page.locator('.chip img').evaluate(image => (image as any).naturalWidth === 8));
  });

  test('tiles are dragged as their paths and what is needed to insert them', async () => {
    await open('theme=dark');
    await at(1).waitFor();
    const drag = (position: number): Promise<string[]> => at(position).evaluate(element => {
      const { DataTransfer: Transfer, DragEvent: Drag } = globalThis as any;
      const dataTransfer = new Transfer();
      (element as any).dispatchEvent(new Drag('dragstart', { dataTransfer, bubbles: true, cancelable: true }));
      return [dataTransfer.getData('text/plain'), dataTransfer.getData('application/vnd.asset-search.asset')];
    });
    const [first, second, third] = await Promise.all([1, 2, 3].map(position => at(position).getAttribute('data-path')));
    for (const position of [1, 2]) { await at(position).click({ modifiers: ['Control'] }); }
    const [text, data] = await drag(2);
    assert.equal(text, `${first}\n${second}`);
    const assets = JSON.parse(data!) as Record<string, unknown>[];
    assert.deepEqual(assets.map(({ root, path, part }) => ({ root, path, part })), [{ root: 'web-app', path: first, part: 0 }, { root: 'web-app', path: second, part: 0 }]);
    assert.ok(assets.every(({ width, height, title }) => Number(width) > 0 && Number(height) > 0 && typeof title === 'string'));
    assert.equal((await drag(3))[0], third, 'a tile outside of the selection goes alone');
  });

  test('10,000 images: few tiles in the document, pages fetched where one scrolls', async () => {
    await open('theme=dark&kind=panel&scenario=many', { width: 1200, height: 800 });
    await page.getByRole('listbox', { name: '10,000 assets' }).waitFor();
    await page.locator('asset-grid .scroller').evaluate(element => { const scroller = element as any; scroller.scrollTop = scroller.scrollHeight / 2; });
    await page.locator('[role=option][aria-posinset="5000"][data-path]').waitFor({ state: 'attached' });
    const count = await page.getByRole('option').count();
    assert.ok(count > 20 && count < 300, `${count} tiles`);
    const offsets = (await received('view/browse')).map(({ params }) => params.offset as number);
    assert.ok(offsets.length <= 5, `pages: ${offsets}`);
    assert.ok(offsets.some(offset => offset >= 4_600 && offset <= 5_000), `pages: ${offsets}`);
    // The keyboard goes on although the focused tile has left the document meanwhile.
    await box().press('ArrowDown');
    await focused(at(1));
    await page.keyboard.press('End');
    await focused(at(10_000));
    await page.locator('asset-grid .scroller').evaluate(element => { (element as any).scrollTop = 0; });
    await focused(page.getByRole('listbox'));
    await page.keyboard.press('ArrowLeft');
    await focused(at(9_999));
  });

  test('scrolling to the end of the hits brings more', async () => {
    await open('theme=dark');
    await search('fill');
    await at(1).focus();
    await page.keyboard.press('End');
    await until('more hits', async () => (await received('view/search')).some(({ params }) => params.limit === 200));
    await page.locator('[role=option][aria-setsize="200"]').first().waitFor();
  });

  test('weak matches come below a divider, and the keyboard walks across it', async () => {
    await open('theme=dark&divider', { width: 380, height: 640 });
    await box().fill('cloud');
    await page.getByText(/results for cloud, then \d+ weak matches/).waitFor({ state: 'attached' });
    const strong = Number(/(\d+) results/.exec(await status().innerText())![1]);
    const wide = await columns();
    assert.ok(strong > 1 && strong % wide !== 0, `${strong} in rows of ${wide}: the last row is not full`);
    const place = async (position: number) => (await at(position).boundingBox())!;
    const [last, weak, divider] = [await place(strong), await place(strong + 1), (await page.locator('.divider').boundingBox())!];
    assert.ok(last.y + last.height <= divider.y && divider.y + divider.height <= weak.y, 'between the two');
    assert.equal(weak.x, (await place(1)).x, 'a weak match begins a row');
    await at(1).focus();
    for (let step = 1; step < strong; step++) { await page.keyboard.press('ArrowRight'); }
    await focused(at(strong));
    await page.keyboard.press('ArrowDown');
    await focused(at(strong + 1 + (strong - 1) % wide));
    await page.keyboard.press('ArrowUp');
    await focused(at(strong));
    await page.keyboard.press('ArrowRight');
    await focused(at(strong + 1));
    await page.keyboard.press('End');
    await focused(at(100));
    // Far down the divider is out of the document, and the tiles are where they belong.
    assert.equal(await page.locator('.divider').count(), 0);
    const bottom = await page.locator('asset-grid .scroller').evaluate((element: any) => element.getBoundingClientRect().bottom);
    const lowest = await place(100);
    assert.ok(lowest.y + lowest.height <= bottom && lowest.y + lowest.height > bottom - 40, `${lowest.y + lowest.height} of ${bottom}`);
    await page.keyboard.press('Home');
    await focused(at(1));
    await box().fill('walrus');
    await page.getByText('100 weak matches for walrus').waitFor({ state: 'attached' });
    await page.getByText('Only weak matches').waitFor();
  });

  test('variants of a drawing are one tile, which opens and closes by mouse and keyboard', async () => {
    await open('theme=dark&stacks', { width: 380, height: 640 });
    await search('rocket');
    const hits = await at(1).getAttribute('aria-setsize');
    assert.equal(hits, '76', '100 hits, of which 24 lie in the stacks of others');
    assert.match(await at(1).getAttribute('aria-label') ?? '', /stands for 3 more of the same drawing/);
    const [first, second] = [await at(1).getAttribute('data-path'), await at(2).getAttribute('data-path')];
    await at(1).locator('[data-count="+3"]').click();
    await page.locator('[role=option][aria-setsize="79"]').first().waitFor();
    assert.deepEqual([await at(1).getAttribute('data-path'), await at(5).getAttribute('data-path')], [first, second], 'its variants come right after it');
    assert.equal((await received('view/action')).length, 0, 'nothing was opened');
    await page.keyboard.press('-');
    await page.locator('[role=option][aria-setsize="76"]').first().waitFor();
    await focused(at(1));
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('+');
    await page.locator('[role=option][aria-setsize="78"]').first().waitFor();
    await focused(at(2));
    // A new question starts with closed stacks.
    await search('rainbow');
    assert.equal(await at(1).getAttribute('aria-setsize'), '76');
  });

  test('the index grows under a list without a jump', async () => {
    await open('theme=dark');
    await page.locator('asset-grid .scroller').evaluate(element => { (element as any).scrollTop = 4_000; });
    await page.locator('[role=option][aria-posinset="110"][data-path]').waitFor({ state: 'attached' });
    const before = (await received('view/browse')).length;
    await page.evaluate(`window.mock.notify('view/assetsChanged', {})`);
    await until('a new listing', async () => (await received('view/browse')).length > before);
    assert.equal(await page.locator('asset-grid .scroller').evaluate(element => (element as any).scrollTop), 4_000);
  });

  test('folders and formats narrow the list', async () => {
    await open('theme=dark', { width: 400, height: 640 });
    await page.getByRole('button', { name: 'Filter' }).click();
    await page.getByRole('button', { name: 'PNG' }).click();
    await page.getByRole('listbox', { name: '28 assets' }).waitFor();
    await page.getByRole('combobox', { name: 'Folder' }).click();
    await page.getByRole('option', { name: 'assets/photos' }).click();
    await page.getByText('No image passes the filters').waitFor();
    assert.deepEqual((await received('view/browse')).at(-1)!.params.filter, { formats: ['png'], folders: [{ root: 'web-app', path: 'assets/photos' }] });
    await page.getByRole('button', { name: 'Clear Filters', exact: true }).click();
    await page.getByRole('listbox', { name: '547 assets' }).waitFor();
  });

  test('each picture gets a ground on which it is seen', async () => {
    await open('theme=dark');
    for (const [query, path, tone] of [
      ['shopping-bag', 'icons/outline/shopping-bag.svg', 'dark'], ['white', /^icons\/on-dark\//, 'light'], ['red-heart', 'assets/emoji/red-heart.png', 'colour'], ['landscape-01', 'assets/photos/landscape-01.webp', 'opaque'],
    ] as const) {
      await search(query);
      const found = await at(1).getAttribute('data-path');
      if (typeof path === 'string') { assert.equal(found, path); } else { assert.match(found!, path); }
      await until(`the tone of ${found}`, () => at(1).getAttribute('data-tone'));
      assert.equal(await at(1).getAttribute('data-tone'), tone, found!);
    }
  });

  test('of a search the matches above the divider are labelled, all of them, and the button says how many that is', async () => {
    await open('theme=dark&kind=panel&divider', { width: 1100, height: 640 });
    await page.getByLabel('Candidate labels').fill('cart, arrow');
    await search('heart');
    const strong = Number(/(\d+) results/.exec(await status().innerText())![1]);
    await page.getByRole('button', { name: `Label ${strong} Matches`, exact: true }).click();
    await until('the request', async () => (await received('view/labelMany')).length === 1);
    const labelled = async (): Promise<string[]> => ((await received('view/labelMany')).at(-1)!.params as { scope: { keys: { path: string }[] } }).scope.keys.map(({ path }) => path);
    assert.equal((await labelled()).length, strong);
    assert.deepEqual((await labelled()).filter(path => !path.includes('heart')), []);
    // More of them than the first hundred hits.
    await search('svg');
    await page.getByRole('button', { name: 'Label All Matches', exact: true }).click();
    await until('the request', async () => (await received('view/labelMany')).length === 2);
    assert.ok((await labelled()).length > 100);
    assert.deepEqual((await labelled()).filter(path => !path.endsWith('.svg')), []);
    await page.getByRole('button', { name: `Label ${(await labelled()).length} Matches`, exact: true }).waitFor();
  });

  test('where no divider is known, the best hits are labelled', async () => {
    await open('theme=dark&kind=panel', { width: 1100, height: 640 });
    await page.getByLabel('Candidate labels').fill('cart, arrow');
    await search('heart');
    await page.getByRole('button', { name: 'Label 100 Best Hits', exact: true }).click();
    await until('the request', async () => (await received('view/labelMany')).length === 1);
    assert.equal((await received('view/labelMany'))[0]!.params.scope.keys.length, 100);
  });

  test('everything that is listed is labelled: a summary, whose labels filter the list, and a label set by hand', async () => {
    await open('theme=dark&kind=panel&sets', { width: 1100, height: 640 });
    await page.getByLabel('Candidate labels').fill('cart, arrow');
    assert.equal(await page.getByRole('combobox', { name: 'Label filter' }).count(), 0, 'no filter while there are no labels');
    await page.getByRole('button', { name: 'Label All 547 Listed' }).click();
    const arrow = page.getByRole('button', { name: /^arrow: \d+ images$/ });
    const count = Number(/\d+/.exec(await arrow.getAttribute('aria-label') ?? '')![0]);
    assert.ok(count > 0);
    assert.deepEqual((await received('view/labelMany'))[0]!.params, { scope: {}, labels: ['cart', 'arrow'] });
    await arrow.click();
    await page.getByRole('listbox', { name: `${count} assets` }).waitFor();
    assert.equal(await arrow.getAttribute('aria-pressed'), 'true');
    assert.match(await at(1).getAttribute('aria-label') ?? '', /, labels arrow$/);
    assert.match(await at(1).getAttribute('title') ?? '', /Labels: arrow \d+ %$/);
    assert.deepEqual((await received('view/browse')).at(-1)!.params.filter, { labels: ['arrow'] });
    await at(2).click();
    await page.getByLabel('Add a label by hand').fill('mine');
    await page.getByLabel('Add a label by hand').press('Enter');
    await page.getByRole('button', { name: 'Remove the label mine' }).click();
    await page.getByRole('button', { name: 'Remove the label mine' }).waitFor({ state: 'detached' });
    assert.deepEqual((await received('view/setLabels')).map(({ params }) => [params.keys.length, params.add, params.remove]), [[1, ['mine'], []], [1, [], ['mine']]]);
    await arrow.click();
    await page.getByRole('listbox', { name: '547 assets' }).waitFor();
    await page.getByRole('button', { name: 'Clear Labels…' }).click();
    await until('the command', async () => (await received('view/labelCommand')).length === 1);
    assert.deepEqual((await received('view/labelCommand'))[0]!.params, { command: 'clear', scope: {}, labels: ['cart', 'arrow'] });
    const set = page.getByRole('combobox', { name: 'Label set' });
    await set.click();
    await page.getByRole('option', { name: 'UI state' }).click();
    await until('the words of the set', async () => await page.getByLabel('Candidate labels').inputValue() === 'enabled, disabled');
  });

  test('labels show probabilities for the selected images, or for the first in sight', async () => {
    await open('theme=dark&kind=panel', { width: 1200, height: 800 });
    await at(1).waitFor();
    await page.getByLabel('Candidate labels').fill('cart, rocket, cart');
    await page.getByRole('button', { name: 'Label', exact: true }).click();
    await until('two bars', async () => await page.getByRole('meter').count() === 2);
    assert.deepEqual((await received('view/label'))[0]!.params, { keys: [{ root: 'web-app', path: 'assets/emoji/cloud.png', part: 0 }], labels: ['cart', 'rocket'] });
    await at(2).click();
    await at(4).click({ modifiers: ['Shift'] });
    await page.getByRole('button', { name: 'Label', exact: true }).click();
    await until('bars for three images', async () => await page.getByRole('meter').count() === 6);
    assert.equal(await page.getByRole('option', { selected: true }).count(), 3);
    const shares = await page.getByRole('meter').evaluateAll(meters => meters.map(meter => Number(meter.getAttribute('aria-valuenow'))));
    assert.equal(shares[0]! + shares[1]!, 100);
  });

  test('the state is saved and comes back', async () => {
    await open('theme=dark&kind=panel', { width: 1200, height: 800 });
    await search('rocket');
    await page.getByLabel('Thumbnail size').fill('160');
    const saved = await until('the saved state', async () => (await received('view/saveState')).map(({ params }) => params).find(({ tileSize }) => tileSize === 160));
    assert.equal(saved.query, 'rocket');
    await page.close();
    await open(`theme=dark&kind=panel&state=${encodeURIComponent(JSON.stringify(saved))}`, { width: 1200, height: 800 });
    await page.getByText('results for rocket').waitFor({ state: 'attached' });
    assert.equal(await box().inputValue(), 'rocket');
    assert.equal(await page.getByLabel('Thumbnail size').inputValue(), '160');
  });

  test('the host can show a query and similar images', async () => {
    await open('theme=dark');
    await at(1).waitFor();
    await page.evaluate(`window.mock.notify('view/show', { query: 'rainbow' })`);
    await page.getByText('results for rainbow').waitFor({ state: 'attached' });
    assert.equal(await box().inputValue(), 'rainbow');
    await page.evaluate(`window.mock.notify('view/show', { similarTo: { name: 'else.png', tiles: window.mockAssets.slice(0, 3) } })`);
    await page.getByText('3 images similar to else.png').waitFor({ state: 'attached' });
    assert.equal(await page.locator('[role=option][data-path]').count(), 3);
  });

  test('a run of the index shows how far it is and can be cancelled', async () => {
    await open('theme=dark&scenario=indexing', { width: 240, height: 500 });
    const bar = page.getByRole('progressbar', { name: 'Indexing' });
    assert.deepEqual([await bar.getAttribute('aria-valuenow'), await bar.getAttribute('aria-valuemax')], ['320', '547']);
    assert.match(await page.locator('status-line .line').innerText(), /Indexing 320 of 547\s*210 images\/s\s*8 s left/);
    await page.getByRole('button', { name: 'Pause indexing' }).click();
    await page.getByRole('button', { name: 'Stop indexing' }).click();
    await page.getByRole('button', { name: '3 skipped' }).click();
    await until('all commands', async () => (await received('view/command')).length === 3);
    assert.deepEqual((await received('view/command')).map(({ params }) => params.command), ['pauseIndexing', 'cancelIndexing', 'showSkipped']);
    await page.evaluate(`window.mock.setStatus('ready')`);
    await bar.waitFor({ state: 'detached' });
  });

  for (const [scenario, heading, button, command] of [
    ['noFolder', 'Find any image by what it shows', 'Open Folder', 'openFolder'],
    ['noFolder', 'Find any image by what it shows', 'Get Started', 'getStarted'],
    ['virtual', 'These files are not on a disk', 'Open Folder', 'openFolder'],
    ['untrusted', 'This workspace is not trusted yet', 'Manage Trust', 'manageTrust'],
    ['untrusted', 'This workspace is not trusted yet', 'Index Once', 'index'],
    ['byHand', 'Nothing is indexed yet', 'Index Now', 'index'],
    ['failed', 'The images could not be indexed', 'Try Again', 'index'],
    ['corrupt', 'The images could not be indexed', 'Rebuild', 'rebuild'],
    ['engineFailed', 'The search engine did not start', 'Show Log', 'showLog'],
    ['engineFailed', 'The search engine did not start', 'Try Again', 'index'],
    ['failedWithAssets', undefined, 'Show Log', 'showLog'],
    ['failedWithAssets', undefined, 'Try Again', 'index'],
    ['empty', 'No image here can be read', 'Open Settings', 'openSettings'],
  ] as const) {
    test(`${scenario}: says so and offers “${button}”`, async () => {
      await open(`theme=dark&scenario=${scenario}`, { width: 240, height: 500 });
      if (heading) { await page.getByRole('heading', { name: heading }).waitFor(); } else { await page.getByText('The disk is full').waitFor(); }
      await page.getByRole('button', { name: button }).click();
      await until('the command', async () => (await received('view/command')).length === 1);
      assert.equal((await received('view/command'))[0]!.params.command, command);
      assert.ok(await page.evaluate<boolean>('document.documentElement.scrollWidth <= innerWidth'), 'fits into 240 px');
    });
  }

  test('before the first run that comes by itself, nothing is said to be missing', async () => {
    await open('theme=dark&scenario=beforeFirstRun');
    await page.locator('asset-grid .bone').first().waitFor();
    await until('an empty list', async () => (await received('view/browse')).length > 0);
    assert.equal(await page.locator('empty-state').count(), 0);
    await page.evaluate(`window.mock.setStatus('empty')`);
    await page.getByRole('heading', { name: 'No image here can be read' }).waitFor();
  });

  test('while the engine starts there are skeletons, and a query typed meanwhile is answered', async () => {
    await open('theme=dark&scenario=starting');
    await page.locator('asset-grid .bone').first().waitFor();
    await box().fill('rocket');
    await page.waitForTimeout(200);
    assert.deepEqual(await received('view/search'), []);
    await page.evaluate(`window.mock.setStatus('ready')`);
    await page.getByText('results for rocket').waitFor({ state: 'attached' });
  });

  test('a failed search says why and can be tried again', async () => {
    await open('theme=dark&scenario=searchFails');
    await box().fill('rocket');
    await page.getByRole('alert').getByText('The model could not read the query').waitFor();
    await page.evaluate(`delete window.mock.failures['view/search']`);
    await page.getByRole('button', { name: 'Try Again' }).click();
    await page.getByText('results for rocket').waitFor({ state: 'attached' });
    assert.equal(await page.getByRole('alert').count(), 0);
  });

  test('no results are said with what to do', async () => {
    await open('theme=dark');
    await box().fill('zzz');
    await page.getByRole('heading', { name: 'Nothing looks like “zzz”' }).waitFor();
    await until('the announcement', async () => (await status().textContent()) === 'No results for zzz');
  });

  test('the host’s translations are used, English where there is none', async () => {
    await open('theme=dark&german');
    await page.getByLabel('Bilder suchen').waitFor();
    await page.getByRole('button', { name: 'Filter' }).waitFor();
    await page.locator('status-line', { hasText: '547 Bilder' }).waitFor();
  });

  // ─── the status page

  async function openStatus(query: string, size = { width: 900, height: 900 }): Promise<void> {
    page = await browser.newPage({ viewport: size });
    page.on('pageerror', error => errors.push(String(error)));
    await page.goto(`${server.url}?kind=status&theme=dark&${query}`);
    await page.locator('status-page').waitFor();
  }
  const rows = (): Locator => page.locator('skipped-files li');

  test('status: of 5,000 skipped files only the first are drawn; more come when asked for, and a filter finds one', async () => {
    await openStatus('skipped=5000');
    await page.getByRole('heading', { name: 'Skipped files 5,000' }).waitFor();
    const first = await rows().count();
    assert.ok(first > 0 && first <= 250, `${first} rows`);
    await page.getByRole('button', { name: /^and [\d,]+ more$/ }).first().click();
    await until('200 more', async () => await rows().count() === first + 200);
    await page.getByLabel('Filter skipped files').fill('hero-0029');
    await page.getByText('1 of 5,000 match').waitFor();
    assert.equal(await rows().count(), 1);
  });

  test('status: a file, a reason and all are tried again, and those that were read go', async () => {
    await openStatus('skipped=12');
    await page.locator('skipped-files li').first().waitFor();
    await page.getByRole('button', { name: 'Try again: hero-0001.png' }).click();
    await page.locator('[data-path="design/exports/hero-0001.png"]').waitFor({ state: 'detached' });
    await page.getByText('1 file was read and is indexed now.').waitFor();
    await page.getByRole('button', { name: 'Try again: A format that cannot be read' }).click();
    await page.locator('[data-code=unsupportedFormat]').waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Try All Again' }).click();
    await until('only those that still fail', async () => JSON.stringify(await page.locator('skipped-files details').evaluateAll(all => all.map(each => each.getAttribute('data-code')))) === '["svgTooComplex"]');
    assert.deepEqual((await received('view/retry')).map(({ params }) => params), [{ files: [{ root: 'web-app', path: 'design/exports/hero-0001.png' }] }, { code: 'unsupportedFormat' }, {}]);
    await page.locator('skipped-files .name').first().click();
    const [reveal] = await until('the action', async () => { const all = await received('view/action'); return all.length > 0 && all; });
    assert.equal(reveal!.params.action, 'reveal');
  });

  test('status: it follows a run, offers what fits the state, and holds back what would wait', async () => {
    await openStatus('scenario=indexing');
    const bar = page.getByRole('progressbar', { name: 'Indexing' });
    assert.deepEqual([await bar.getAttribute('aria-valuenow'), await bar.getAttribute('aria-valuemax')], ['320', '547']);
    await page.getByText('210 images/s').waitFor();
    assert.ok(await page.getByRole('button', { name: 'Remove clip-vit-b32_2_fp16_p1' }).isDisabled());
    assert.ok(await page.getByRole('button', { name: 'Try again: hero-0001.png' }).isDisabled());
    await page.getByRole('button', { name: 'Pause', exact: true }).click();
    await page.evaluate(`window.mock.setStatus('paused')`);
    await bar.waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Resume' }).click();
    await page.evaluate(`window.mock.setStatus('failed')`);
    await page.getByRole('alert').getByText('The disk is full').waitFor();
    for (const name of ['Update', 'Rebuild…', 'Copy Diagnostics', 'Show Log']) { await page.getByRole('button', { name }).click(); }
    await until('all commands', async () => (await received('view/command')).map(({ params }) => params.command).join() === 'pauseIndexing,resumeIndexing,index,rebuild,copyDiagnostics,showLog');
  });

  test('status: the index in use cannot be removed, that of another model can; 300 pixels are enough', async () => {
    await openStatus('roots&unreadable&problems&parts=64', { width: 300, height: 700 });
    await page.locator('[data-root=web-app]', { hasText: '64 cells' }).waitFor();
    await page.locator('[data-root=design]', { hasText: 'cannot be read' }).waitFor();
    assert.equal(await page.locator('[data-root=design]', { hasText: /none skipped|scanned/ }).count(), 0);
    assert.deepEqual(await page.getByRole('button', { name: /^Remove / }).allInnerTexts(), ['Remove']);
    await page.getByRole('button', { name: 'Remove clip-vit-b32_2_fp16_p1' }).click();
    await page.locator('[data-space=clip-vit-b32_2_fp16_p1]').waitFor({ state: 'detached' });
    await page.locator('.problem.error', { hasText: 'The disk is full' }).waitFor();
    assert.ok(await page.evaluate<boolean>('document.documentElement.scrollWidth <= innerWidth'));
    assert.ok(await page.locator('status-page').evaluate(element => (element as any).scrollWidth <= (element as any).clientWidth), 'nothing sticks out');
  });

  test('status: why another model is used, with what helps, and models on disk that can go', async () => {
    await openStatus('scenario=modelMissing&models', { width: 300, height: 700 });
    await page.getByText('The model OpenAI CLIP ViT-B/32 is not installed. Built-in icons is used instead.').waitFor();
    for (const name of ['Download', 'Choose Model…', 'Model Card']) { await page.getByRole('button', { name, exact: true }).first().click(); }
    await until('all commands', async () => (await received('view/command')).map(({ params }) => params.command).join() === 'downloadModel,chooseModel,showModelCard');
    assert.equal(await page.locator('[data-model]').count(), 3);
    assert.equal(await page.locator('[data-model="clip-vit-base-patch32@int8"]').getByRole('button').count(), 0, 'the one in use stays');
    await page.locator('[data-model="siglip2-base-patch16-224@int8"]').getByText('interrupted download').waitFor();
    await page.getByRole('button', { name: 'Remove SigLIP 2 base 224 (int8)' }).click();
    await until('the wish', async () => JSON.stringify((await received('view/removeModel'))[0]?.params) === '{"id":"siglip2-base-patch16-224","variant":"int8"}');
    await page.evaluate(`window.mock.setStatus('switching')`);
    await page.getByText('The index of OpenAI CLIP ViT-B/32 is being built. The index of Built-in icons answers meanwhile.').waitFor();
    assert.ok(await page.locator('status-page').evaluate(element => (element as any).scrollWidth <= (element as any).clientWidth), 'nothing sticks out');
  });

  test('a sidebar whose model is not there says so, and leads to the list of models', async () => {
    await open('theme=dark&scenario=modelMissing', { width: 240, height: 480 });
    await page.locator('status-line').getByRole('button', { name: 'Another model is used' }).click();
    await until('the command', async () => (await received('view/command'))[0]?.params.command === 'chooseModel');
  });

  test('paused: the sidebar says so and resumes', async () => {
    await open('theme=dark&scenario=pausedEmpty', { width: 240, height: 500 });
    await page.getByRole('heading', { name: 'Indexing is paused' }).waitFor();
    await page.locator('empty-state').getByRole('button', { name: 'Resume' }).click();
    await page.locator('status-line').getByRole('button', { name: 'Resume' }).click();
    await until('both', async () => (await received('view/command')).map(({ params }) => params.command).join() === 'resumeIndexing,resumeIndexing');
  });

  test('every icon is the character of its name', async () => {
    await open('theme=dark');
    const source = readFileSync(join(process.cwd(), 'webview', 'icons.ts'), 'utf8');
    const sheet = readFileSync(join(process.cwd(), 'dist', 'codicon.css'), 'utf8');
    const used = [...source.matchAll(/'([\w-]+)': '\\u(\w{4})'/g)];
    assert.ok(used.length > 10);
    for (const [, name, code] of used) { assert.match(sheet, new RegExp(`\\.codicon-${name}:before \\{ content: "\\\\${code}" \\}`), name); }
  });
});
