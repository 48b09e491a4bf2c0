/** Both views for people who use a keyboard, a screen reader, high contrast or reduced motion: axe in every state and theme, and every action without a mouse. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { Browser, Locator, Page } from 'playwright-core';
import { startDevServer } from '../../webview/dev/devServer.mjs';
import { launchBrowser } from '../harness/browser.mjs';
import { assertAccessible } from './axe';
import { until } from './workbench';

const themes = ['dark', 'light', 'hc', 'hcLight'];
const views = { sidebar: { width: 300, height: 480 }, panel: { width: 900, height: 480 } };
type Kind = keyof typeof views;

suite('Accessibility', () => {
  let browser: Browser;
  let server: { url: string; close(): Promise<void> };
  let page: Page;

  suiteSetup(async () => {
    [browser, server] = await Promise.all([launchBrowser(), startDevServer({ bundleFile: join(process.cwd(), 'dist', 'webview.js') })]);
  });
  teardown(async () => { await page?.close(); });
  suiteTeardown(async () => {
    await browser?.close();
    await server?.close();
  });

  async function open(kind: Kind, query = '', reducedMotion: 'reduce' | 'no-preference' = 'no-preference'): Promise<void> {
    page = await browser.newPage({ viewport: views[kind], reducedMotion });
    await page.goto(`${server.url}?theme=dark&kind=${kind}&${query}`);
    await page.locator('asset-search-app').waitFor();
  }

  const box = (): Locator => page.getByLabel('Search assets');
  const status = (): Locator => page.locator('asset-search-app > [role=status]');
  const said = (text: string | RegExp): Promise<unknown> => until(`“${text}” to be said`, async () => { const now = await status().textContent() ?? ''; return typeof text === 'string' ? now === text : text.test(now); });
  const listed = (): Promise<unknown> => page.locator('[role=listbox][aria-busy=false] [role=option][data-path]').first().waitFor();
  const commands = (): Promise<string[]> => page.evaluate<string[]>(`window.mock.received.filter(({ method }) => method === 'view/command').map(({ params }) => params.command)`);
  const actions = (): Promise<string[]> => page.evaluate<string[]>(`window.mock.received.filter(({ method }) => method === 'view/action').map(({ params }) => params.action)`);
  const button = (name: string): Locator => page.getByRole('button', { name, exact: true });

  async function search(text: string): Promise<void> {
    await box().fill(text);
    await said(/(results|matches|similar|No results)/);
  }

  async function findSimilar(): Promise<void> {
    await listed();
    await box().press('ArrowDown');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.locator('.chip').waitFor();
  }

  async function openFilters(kind: Kind): Promise<void> {
    await listed();
    if (kind === 'sidebar') { await button('Filter').click(); }
    await button('SVG').click();
    await page.getByRole('combobox', { name: 'Folder' }).click();
    await page.getByRole('option', { name: 'assets/emoji' }).waitFor();
  }

  const states: Record<string, { query?: string; reach?: (kind: Kind) => Promise<unknown>; only?: Kind }> = {
    'everything listed': { reach: listed },
    'results and weak matches': { query: 'divider', reach: () => search('cloud') },
    'stacks of variants': { query: 'stacks', reach: async () => { await search('rocket'); await page.locator('[data-count]').first().waitFor(); } },
    'no results': { reach: () => search('zzz') },
    'no image': { query: 'scenario=empty', reach: () => page.getByRole('heading', { name: 'No image here can be read' }).waitFor() },
    'no folder': { query: 'scenario=noFolder', reach: () => button('Open Folder').waitFor() },
    'an untrusted workspace': { query: 'scenario=untrusted', reach: () => page.getByRole('heading', { level: 2 }).waitFor() },
    'indexing': { query: 'scenario=indexing', reach: () => page.getByRole('progressbar').waitFor() },
    'indexing for the first time': { query: 'scenario=indexingEmpty', reach: () => page.getByRole('progressbar').waitFor() },
    'failed, with nothing to show': { query: 'scenario=failed', reach: () => page.getByRole('alert').waitFor() },
    'failed, with what there was': { query: 'scenario=failedWithAssets', reach: () => page.getByRole('alert').waitFor() },
    'a dead engine': { query: 'scenario=engineFailed', reach: () => page.getByRole('alert').waitFor() },
    'a failed search': { query: 'scenario=searchFails', reach: async () => { await box().fill('cart'); await page.getByRole('alert').waitFor(); } },
    'a picture refined by words': { reach: async () => { await findSimilar(); await search('blue'); await page.getByLabel('Weight of the words').waitFor(); } },
    'open filters': { reach: openFilters },
    'the menu of a tile': { reach: async () => { await listed(); await box().press('ArrowDown'); await page.keyboard.press('Shift+F10'); await page.getByRole('menu').waitFor(); for (const key of ['End', 'ArrowUp', 'ArrowRight']) { await page.keyboard.press(key); } await page.getByRole('menuitem', { name: 'Markdown' }).waitFor(); } },
    'the ways to copy in the menu of a tile': {
      reach: async () => {
        await listed();
        await box().press('ArrowDown');
        for (const key of ['Shift+F10', 'End', 'ArrowUp', 'ArrowRight']) { await page.keyboard.press(key); }
        await page.getByRole('menuitem', { name: 'Markdown' }).waitFor();
      },
    },
    'selected tiles and the toolbar': { reach: async () => { await listed(); await box().press('ArrowDown'); await page.keyboard.press('Space'); await page.getByRole('toolbar').waitFor(); } },
    'labels with results': {
      only: 'panel', reach: async () => {
        await listed();
        await page.getByLabel('Candidate labels').fill('cart, bag');
        await page.getByLabel('Candidate labels').press('Enter');
        await page.getByRole('meter').first().waitFor();
      },
    },
  };

  for (const kind of Object.keys(views) as Kind[]) {
    for (const [name, { query, reach, only }] of Object.entries(states)) {
      if (only && only !== kind) { continue; }
      test(`axe finds nothing in the ${kind}: ${name}`, async () => {
        await open(kind, query);
        await reach?.(kind);
        await assertAccessible(page, 'dark');
        for (const theme of themes.slice(1)) {
          await page.evaluate(`window.mock.setTheme('${theme}')`);
          await assertAccessible(page, theme, ['color-contrast']);
        }
      });
    }
  }

  for (const query of ['roots&problems&parts=64&skipped=30', 'scenario=switching&models', 'scenario=modelMissing', 'scenario=indexing', 'scenario=paused', 'scenario=failed', 'scenario=noFolder']) {
    test(`axe finds nothing in the status page: ${query}`, async () => {
      page = await browser.newPage({ viewport: views.panel });
      await page.goto(`${server.url}?theme=dark&kind=status&${query}`);
      await page.locator(query === 'scenario=noFolder' ? 'status-page .actions' : 'skipped-files li').first().waitFor();
      await assertAccessible(page, 'dark');
      for (const theme of themes.slice(1)) {
        await page.evaluate(`window.mock.setTheme('${theme}')`);
        await assertAccessible(page, theme, ['color-contrast']);
      }
    });
  }

  test('every control of the panel is reached by Tab, in the order of reading', async () => {
    await open('panel', `scenario=failedWithAssets&state=${encodeURIComponent(JSON.stringify({ query: '', filter: { formats: ['png'] }, labels: 'cart, bag', similarTo: { key: { root: 'web-app', path: 'assets/emoji/rocket.png', part: 0 }, name: 'rocket.png' } }))}`);
    await listed();
    await box().focus();
    assert.deepEqual(await tabStops(40), [
      'Search assets', 'Search by picture… (or paste one)', 'Thumbnail size', 'Show labels', 'Leave similar images', 'Folder',
      'SVG', 'PNG', 'JPG', 'WEBP', 'GIF', 'ICO', 'More formats', 'Clear filters', 'Try Again', 'Show Log',
      'tile', 'Find Similar', 'Candidate labels', 'Save as label set…', 'Label', 'Label 28 Best Hits', '3 skipped',
    ]);
  });

  test('a person without a mouse searches, acts on a tile, refines a picture, and goes back', async () => {
    await open('sidebar');
    await listed();
    const { keyboard } = page;
    await box().focus();
    await keyboard.type('rocket');
    await said('100 results for rocket');
    await keyboard.press('ArrowDown');
    await keyboard.press('Enter');
    await keyboard.press('Shift+F10');
    for (const key of ['ArrowDown', 'ArrowUp', 'End', 'ArrowUp', 'ArrowUp', 'Enter']) { await keyboard.press(key); }
    await until('both actions', async () => (await actions()).join() === 'open,copyRelativePath');
    // From the tile to its toolbar: similar images, and the menu of all else.
    await keyboard.press('Tab');
    await keyboard.press('ArrowRight');
    await keyboard.press('Enter');
    await page.getByRole('menu').waitFor();
    await keyboard.press('Escape');
    await keyboard.press('Tab');
    await keyboard.press('Enter');
    await said(/images similar to rocket\.png$/);
    // From the list back to the box, and from there through chip and slider.
    await page.locator('[role=option][tabindex="0"]').focus();
    await keyboard.press('Escape');
    await keyboard.type('blue');
    await page.getByLabel('Weight of the words').waitFor();
    await tabTo('Weight of the words');
    await keyboard.press('ArrowRight');
    await until('more weight', () => page.evaluate<boolean>(`window.mock.received.some(({ method, params }) => method === 'view/similar' && params.textWeight === 0.6)`));
    await keyboard.press('Shift+Tab');
    await keyboard.press('Enter');
    await said('100 results for rocket');
    assert.equal(await box().evaluate(element => element.matches(':focus')), true, 'the focus goes where one types on');
  });

  test('filters and the status line work by keyboard', async () => {
    await open('sidebar', 'scenario=indexing');
    await listed();
    const { keyboard } = page;
    await box().focus();
    await tabTo('Filter');
    await keyboard.press('Enter');
    await tabTo('Folder');
    await keyboard.press('Enter');
    await keyboard.press('ArrowDown');
    await keyboard.press('Enter');
    await until('a folder', () => page.evaluate<boolean>(`window.mock.received.some(({ method, params }) => method === 'view/browse' && params.filter?.folders?.length === 1)`));
    await tabTo('PNG');
    await keyboard.press('Space');
    await until('a format', () => page.evaluate<boolean>(`window.mock.received.some(({ method, params }) => method === 'view/browse' && params.filter?.formats?.[0] === 'png')`));
    await tabTo('Clear filters');
    await keyboard.press('Enter');
    await said('547 assets');
    await tabTo('3 skipped');
    await keyboard.press('Enter');
    await tabTo('Stop indexing');
    await keyboard.press('Enter');
    await until('both commands', async () => (await commands()).join() === 'showSkipped,cancelIndexing');
  });

  test('what changes by itself is said: the end of indexing, and a failure', async () => {
    await open('sidebar', 'scenario=indexing');
    await listed();
    await page.evaluate(`window.mock.setStatus('ready')`);
    await said('Indexing has finished: 547 assets');
    await page.evaluate(`window.mock.setStatus('failedWithAssets')`);
    await page.getByRole('alert').getByText('The disk is full').waitFor();
  });

  test('nothing moves where a person asked for less motion', async () => {
    const moving = (): Promise<number> => page.evaluate<number>(`(() => {
      const roots = root => [root, ...[...root.querySelectorAll('*')].flatMap(element => element.shadowRoot ? roots(element.shadowRoot) : [])];
      return roots(document).flatMap(root => root.getAnimations()).length;
    })()`);
    await open('sidebar', 'scenario=starting');
    await page.locator('.bone').first().waitFor();
    assert.ok(await moving() > 0, 'the skeletons breathe otherwise');
    await page.close();
    for (const scenario of ['starting', 'indexingEmpty']) {
      await open('sidebar', `scenario=${scenario}`, 'reduce');
      await page.locator('.bone').first().waitFor();
      assert.equal(await moving(), 0);
      await page.close();
    }
    await open('sidebar', '', 'reduce');
  });

  /** Names of what Tab reaches from here on, until it leaves the page. */
  async function tabStops(limit: number): Promise<string[]> {
    const stops: string[] = [];
    for (let step = 0; step < limit; step++) {
      const name = await focusedName();
      if (name === undefined) { return stops; }
      stops.push(name);
      await page.keyboard.press('Tab');
    }
    return stops;
  }

  async function tabTo(name: string): Promise<void> {
    for (let step = 0; step < 40; step++) {
      if (await focusedName() === name) { return; }
      await page.keyboard.press('Tab');
    }
    assert.fail(`Tab does not reach “${name}”`);
  }

  async function focusedName(): Promise<string | undefined> {
    // The grid moves the focus after it is drawn.
    await page.waitForTimeout(30);
    return page.evaluate<string | undefined>(`(() => {
      let element = document.activeElement;
      while (element?.shadowRoot?.activeElement) { element = element.shadowRoot.activeElement; }
      if (!element || element === document.body) { return undefined; }
      const host = element.getRootNode().host;
      return element.matches('[role=option]') ? 'tile' : element.getAttribute('aria-label') || host?.getAttribute('aria-label') || (element.textContent.trim() || host?.textContent.trim());
    })()`);
  }
});
