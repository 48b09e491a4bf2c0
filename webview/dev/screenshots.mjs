// Takes a picture of every state of the webview, in the themes and widths people use; test/screenshots.mjs runs it.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { launchBrowser } from '../../test/harness/browser.mjs';
import { startDevServer } from './devServer.mjs';

const type = text => async page => { await page.getByLabel('Search assets').fill(text); await page.waitForTimeout(400); };
const toMiddle = async page => {
  await page.locator('asset-grid .scroller').evaluate(scroller => { scroller.scrollTop = scroller.scrollHeight / 2; });
  await page.waitForTimeout(700);
};

/** Both views in three themes, state by state; then what is worth a picture of its own. */
const matrix = ['sidebar', 'panel'].flatMap(kind => ['dark', 'light', 'hc'].flatMap(theme => [
  { state: 'results', more: '&divider', act: type('cloud') }, { state: 'empty', more: '&scenario=empty' }, { state: 'indexing', more: '&scenario=indexing' },
  { state: 'first', more: '&scenario=indexingEmpty' }, { state: 'error', more: '&scenario=failed' }, { state: 'many', more: '&scenario=many', act: toMiddle },
  ...kind === 'sidebar' ? [{ state: '240', more: '', width: 240 }] : [],
].map(({ state, more, act, width }) => ({
  name: `${kind}-${theme}-${state}`, query: `kind=${kind}&theme=${theme}${more}`, width: width ?? (kind === 'panel' ? 1000 : 300), height: 600, act,
}))));

const shots = [
  ...matrix,
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
  { name: 'sidebar-240-formats', query: 'theme=hc', width: 240, height: 600, act: async page => { await page.getByRole('button', { name: 'Filter' }).click(); await page.getByRole('button', { name: 'More formats' }).click(); await page.getByRole('button', { name: 'PSD' }).click(); } },
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
  ...['indexing', 'indexingEmpty', 'elsewhere', 'elsewhereEmpty', 'failed', 'failedWithAssets', 'empty', 'noFolder', 'untrusted', 'engineFailed', 'starting', 'byHand', 'virtual', 'corrupt', 'namesOnly']
    .flatMap(scenario => ['dark', 'light'].map(theme => ({ name: `state-${scenario}-${theme}`, query: `theme=${theme}&scenario=${scenario}`, width: theme === 'dark' ? 260 : 320, height: 480 }))),
  ...['paused', 'pausedEmpty'].map(scenario => ({ name: `state-${scenario}`, query: `theme=dark&scenario=${scenario}`, width: 240, height: 480 })),
  ...['dark', 'light', 'hc', 'hcLight'].map(theme => ({ name: `status-${theme}`, query: `kind=status&theme=${theme}&roots&problems&skipped=12&parts=64`, width: 1000, height: 1100 })),
  ...['indexing', 'indexingEmpty', 'paused', 'failed', 'elsewhere', 'engineFailed', 'noFolder', 'starting'].map(scenario => ({ name: `status-${scenario}`, query: `kind=status&theme=dark&scenario=${scenario}`, width: 760, height: 640 })),
  ...['dark', 'light', 'hc'].map(theme => ({ name: `status-models-${theme}`, query: `kind=status&theme=${theme}&scenario=switching&models`, width: 1000, height: 900 })),
  ...[['dark', 760], ['light', 300]].map(([theme, width]) => ({ name: `status-modelMissing-${width}`, query: `kind=status&theme=${theme}&scenario=modelMissing&models`, width, height: width === 300 ? 1500 : 900 })),
  ...['dark', 'light'].map(theme => ({ name: `sidebar-modelMissing-${theme}`, query: `theme=${theme}&scenario=modelMissing`, width: 240, height: 480 })),
  { name: 'status-300', query: 'kind=status&theme=light&roots&problems&skipped=12&parts=64', width: 300, height: 1900 },
  { name: 'status-300-indexing', query: 'kind=status&theme=dark&scenario=indexing&skipped=12', width: 300, height: 800 },
  { name: 'status-5000', query: 'kind=status&theme=light&skipped=5000', width: 900, height: 900, act: async page => { await page.locator('skipped-files h2').scrollIntoViewIfNeeded(); await page.evaluate(() => window.mock.notify('view/showSection', { section: 'skipped' })); } },
  { name: 'state-noFolder-hc', query: 'theme=hc&scenario=noFolder', width: 300, height: 480 },
  { name: 'state-noResults', query: 'theme=dark', width: 280, height: 480, act: type('zzz') },
  { name: 'state-noResults-panel', query: 'theme=light&kind=panel', width: 1000, height: 560, act: type('zzz') },
  { name: 'state-searchFails', query: 'theme=dark&scenario=searchFails', width: 280, height: 480, act: type('cart') },
  { name: 'state-slow', query: 'theme=dark&scenario=slow', width: 300, height: 480, act: async page => { await type('cart')(page); await page.waitForTimeout(500); } },
  { name: 'panel-indexing', query: 'theme=dark&kind=panel&scenario=indexing', width: 1000, height: 560 },
  { name: 'panel-noFolder', query: 'theme=light&kind=panel&scenario=noFolder', width: 1000, height: 560 },
  { name: 'panel-narrow', query: 'theme=light&kind=panel', width: 480, height: 760 },
  { name: 'panel-browse', query: 'theme=light&kind=panel', width: 1200, height: 760 },
  { name: 'forced-colors-sidebar', query: 'theme=hc&scenario=indexing', width: 300, height: 600, forcedColors: 'active', act: async page => { await page.getByRole('option').nth(1).click({ modifiers: ['Control'] }); await page.getByRole('option').nth(3).hover(); } },
  { name: 'forced-colors-panel', query: 'theme=hc&kind=panel', width: 1000, height: 560, forcedColors: 'active', act: async page => {
    await page.getByLabel('Candidate labels').fill('cart, bag, rocket');
    await page.getByRole('button', { name: 'Label', exact: true }).click();
    await page.getByRole('button', { name: 'SVG' }).click();
  } },
];

/** Writes `<name>.png` of every shot whose name holds `only`, and an index.html that shows them; says what a page complained of. */
export async function photographStates(folder, only = '') {
  mkdirSync(folder, { recursive: true });
  const chosen = shots.filter(({ name }) => name.includes(only));
  const [server, browser] = await Promise.all([startDevServer(), launchBrowser()]);
  try {
    for (const { name, query, width, height, forcedColors, act } of chosen) {
      const page = await browser.newPage({ viewport: { width, height }, forcedColors });
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
  const figures = chosen.map(({ name, width }) => `<figure><img src="${name}.png" width="${width}" alt=""><figcaption>${name}</figcaption></figure>`);
  writeFileSync(join(folder, 'index.html'), `<!DOCTYPE html><meta charset="utf-8"><title>States of the views</title><style>body { display: flex; flex-wrap: wrap; gap: 12px; background: #777; font: 13px sans-serif } figure { margin: 0 }</style>\n${figures.join('\n')}\n`);
  return chosen.length;
}
