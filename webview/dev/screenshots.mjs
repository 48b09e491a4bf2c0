// Takes a picture of every state of the webview: `node webview/dev/screenshots.mjs <folder> [part of a name]`.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { launchBrowser } from '../../test/harness/browser.mjs';
import { startDevServer } from './devServer.mjs';

const [folder = 'out/screenshots', only = ''] = process.argv.slice(2);

const type = text => async page => { await page.getByLabel('Search assets').fill(text); await page.waitForTimeout(400); };
const shots = [
  ...['dark', 'light', 'hc', 'hcLight'].flatMap(theme => [
    { name: `sidebar-${theme}`, query: `theme=${theme}`, width: 300, height: 640 },
    { name: `panel-${theme}`, query: `kind=panel&theme=${theme}`, width: 1200, height: 760, act: async page => {
      await type('shopping cart')(page);
      await page.getByRole('option').nth(1).click({ modifiers: ['Control'] });
      await page.getByRole('option').nth(2).click({ modifiers: ['Control'] });
      await page.getByLabel('Candidate labels').fill('cart, bag, rocket, person');
      await page.getByRole('button', { name: 'Label', exact: true }).click();
      await page.getByRole('option').nth(4).hover();
    } },
  ]),
  { name: 'sidebar-240', query: 'theme=dark', width: 240, height: 600, act: page => page.getByRole('option').nth(3).hover() },
  { name: 'sidebar-240-light', query: 'theme=light', width: 240, height: 600 },
  { name: 'sidebar-240-light-search', query: 'theme=light', width: 240, height: 600, act: type('rocket') },
  { name: 'sidebar-400-filters', query: 'theme=light&roots', width: 400, height: 700, act: async page => { await page.getByRole('button', { name: 'Filter' }).click(); await page.getByRole('button', { name: 'PNG' }).click(); } },
  { name: 'sidebar-240-filters', query: 'theme=dark', width: 240, height: 600, act: async page => { await page.getByRole('button', { name: 'Filter' }).click(); await page.getByRole('combobox').click(); } },
  { name: 'sidebar-similar', query: 'theme=dark', width: 300, height: 600, act: async page => { await page.getByRole('option').nth(2).hover(); await page.getByRole('button', { name: 'Find Similar' }).click(); } },
  ...['dark', 'light', 'hc'].flatMap(theme => [
    { name: `divider-sidebar-${theme}`, query: `theme=${theme}&divider`, width: 240, height: 600, act: type('rocket') },
    { name: `divider-panel-${theme}`, query: `theme=${theme}&kind=panel&divider`, width: 1000, height: 560, act: type('cloud') },
  ]),
  ...['dark', 'light', 'hc'].flatMap(theme => [
    { name: `stacks-sidebar-${theme}`, query: `theme=${theme}&stacks`, width: 240, height: 600, act: type('rocket') },
    { name: `stacks-panel-${theme}`, query: `theme=${theme}&kind=panel&stacks`, width: 1000, height: 560, act: async page => { await type('cloud')(page); await page.locator('[data-count="+3"]').first().click(); } },
  ]),
  ...['dark', 'light', 'hc'].flatMap(theme => [
    { name: `cells-sidebar-${theme}`, query: `theme=${theme}&cells`, width: 240, height: 600, act: type('sheet') },
    { name: `cells-panel-${theme}`, query: `theme=${theme}&kind=panel&cells`, width: 1000, height: 560, act: async page => { await type('sprites')(page); await page.getByRole('option').nth(2).hover(); } },
  ]),
  ...['dark', 'light', 'hc', 'hcLight'].map(theme => ({ name: `labels-${theme}`, query: `theme=${theme}&kind=panel&sets`, width: 1100, height: 640, act: async page => {
    await page.getByLabel('Candidate labels').fill('cart, arrow, person, a very long label that is cut');
    await page.getByRole('button', { name: /^Label All/ }).click();
    await page.getByRole('button', { name: /^arrow: / }).click();
    await page.waitForTimeout(400);
    await page.getByRole('option', { name: /SVG/ }).nth(1).click();
    await page.getByLabel('Add a label by hand').fill('favourite');
    await page.getByLabel('Add a label by hand').press('Enter');
    await page.waitForTimeout(300);
  } })),
  { name: 'labels-narrow', query: 'theme=light&kind=panel&sets', width: 480, height: 760, act: async page => { await page.getByLabel('Candidate labels').fill('cart, arrow'); await page.getByRole('button', { name: /^Label All/ }).click(); } },
  { name: 'labels-sidebar-240', query: `theme=dark&state=${encodeURIComponent(JSON.stringify({ query: '', labels: '', filter: { labels: ['cart'] } }))}`, width: 240, height: 500 },
  { name: 'divider-none', query: 'theme=dark&divider', width: 300, height: 480, act: type('walrus') },
  { name: 'sidebar-keyboard', query: 'theme=light', width: 300, height: 600, act: async page => { await page.getByLabel('Search assets').press('ArrowDown'); await page.keyboard.press('ArrowDown'); await page.keyboard.press('ArrowRight'); } },
  { name: 'sidebar-menu', query: 'theme=dark', width: 300, height: 600, act: async page => { await page.getByLabel('Search assets').press('ArrowDown'); await page.keyboard.press('Shift+F10'); } },
  ...['dark', 'light', 'hc', 'hcLight'].map(theme => ({ name: `menu-copy-${theme}`, query: `theme=${theme}`, width: 240, height: 420, act: async page => {
    await page.getByLabel('Search assets').press('ArrowDown');
    for (const key of ['Space', 'ArrowRight', 'Space', 'Shift+F10', 'End', 'ArrowUp', 'ArrowRight', 'ArrowDown']) { await page.keyboard.press(key); }
  } })),
  ...['indexing', 'indexingEmpty', 'elsewhere', 'elsewhereEmpty', 'failed', 'failedWithAssets', 'empty', 'noFolder', 'untrusted', 'engineFailed', 'starting', 'namesOnly']
    .flatMap(scenario => ['dark', 'light'].map(theme => ({ name: `state-${scenario}-${theme}`, query: `theme=${theme}&scenario=${scenario}`, width: theme === 'dark' ? 260 : 320, height: 480 }))),
  { name: 'state-noFolder-hc', query: 'theme=hc&scenario=noFolder', width: 300, height: 480 },
  { name: 'state-noResults', query: 'theme=dark', width: 280, height: 480, act: type('zzz') },
  { name: 'state-noResults-panel', query: 'theme=light&kind=panel', width: 1000, height: 560, act: type('zzz') },
  { name: 'state-searchFails', query: 'theme=dark&scenario=searchFails', width: 280, height: 480, act: type('cart') },
  { name: 'state-slow', query: 'theme=dark&scenario=slow', width: 300, height: 480, act: async page => { await type('cart')(page); await page.waitForTimeout(500); } },
  { name: 'panel-indexing', query: 'theme=dark&kind=panel&scenario=indexing', width: 1000, height: 560 },
  { name: 'panel-noFolder', query: 'theme=light&kind=panel&scenario=noFolder', width: 1000, height: 560 },
  { name: 'panel-narrow', query: 'theme=light&kind=panel', width: 480, height: 760 },
  { name: 'panel-browse', query: 'theme=light&kind=panel', width: 1200, height: 760 },
  { name: 'panel-many', query: 'theme=dark&kind=panel&scenario=many', width: 1200, height: 760, act: async page => {
    await page.evaluate(() => { const s = document.querySelector('asset-search-app').shadowRoot.querySelector('asset-grid').shadowRoot.querySelector('.scroller'); s.scrollTop = s.scrollHeight / 2; });
    await page.waitForTimeout(700);
  } },
  { name: 'sidebar-many', query: 'theme=light&scenario=many', width: 240, height: 640, act: async page => {
    await page.evaluate(() => { const s = document.querySelector('asset-search-app').shadowRoot.querySelector('asset-grid').shadowRoot.querySelector('.scroller'); s.scrollTop = s.scrollHeight / 2; });
    await page.waitForTimeout(700);
  } },
];

mkdirSync(folder, { recursive: true });
const server = await startDevServer();
const browser = await launchBrowser();
try {
  for (const { name, query, width, height, act } of shots.filter(shot => shot.name.includes(only))) {
    const page = await browser.newPage({ viewport: { width, height } });
    page.on('console', message => { if (message.type() === 'error') { console.log(`${name}: ${message.text()}`); } });
    page.on('pageerror', error => console.log(`${name}: ${error}`));
    await page.goto(`${server.url}?${query}`);
    await page.waitForTimeout(500);
    try { await act?.(page); } catch (error) { console.log(`${name}: ${error.message.split('\n')[0]}`); }
    await page.waitForTimeout(300);
    await page.screenshot({ path: join(folder, `${name}.png`) });
    const violations = await page.evaluate(() => window.mock.violations);
    if (violations.length > 0) { console.log(`${name}: ${violations.join('; ')}`); }
    await page.close();
  }
} finally {
  await browser.close();
  await server.close();
}
