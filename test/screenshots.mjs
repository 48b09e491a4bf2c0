// `npm run screenshots [-- shipped | states [part of a name]]`: the pictures of README and walkthrough (media/), and of every state of the views (out/screenshots/).
import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { photographStates } from '../webview/dev/screenshots.mjs';
import { findWebview, launchVsCode, runCommand } from './harness/vscode.mjs';
import { makeSample } from './sample.mjs';

const repository = process.cwd();
const media = join(repository, 'media');
const maxBytes = 150_000;
const indexTimeoutMs = 180_000;
const themes = { dark: 'Dark Modern', light: 'Light Modern' };

const [what, only] = process.argv.slice(2);
if (what && !['shipped', 'states'].includes(what)) { console.error('Usage: npm run screenshots [-- shipped | states [part of a name]]'); process.exit(2); }
const { status } = spawnSync(process.execPath, ['esbuild.js'], { stdio: 'inherit' });
if (status !== 0) { process.exit(1); }
if (what !== 'states') { await photographProduct(); }
if (what !== 'shipped') {
  const folder = join(repository, 'out', 'screenshots');
  console.log(`${await photographStates(folder, only)} states in ${join('out', 'screenshots', 'index.html')}`);
}

/** A real VS Code on the sample workspace, as `npm start` opens it. */
async function photographProduct() {
  const workspace = join(repository, '.vscode-test', 'sample');
  const { images } = await makeSample(workspace);
  const index = await mkdtemp(join(tmpdir(), 'asi-'));
  try {
    for (const [theme, colorTheme] of Object.entries(themes)) {
      const settings = { 'workbench.colorTheme': colorTheme, 'assetSearch.storageFolder': index, 'workbench.layoutControl.enabled': false, 'window.commandCenter': false };
      const code = await launchVsCode({ workspace, settings, viewport: { width: 1280, height: 800 } });
      try {
        await photograph(code.page, theme, images);
      } finally {
        await code.close();
      }
    }
  } finally {
    await rm(index, { recursive: true, force: true });
  }
}

async function photograph(page, theme, images) {
  await page.locator('.activitybar .action-item', { has: page.locator('[aria-label^="Asset Search"]') }).click();
  const sidebar = await findWebview(page, 'body[data-kind=sidebar] asset-grid');
  await sidebar.locator('status-line', { hasText: `${images} assets` }).waitFor({ timeout: indexTimeoutMs });
  await runCommand(page, 'Asset Search: Open Panel');
  const panel = await findWebview(page, 'body[data-kind=panel] asset-grid');
  await search(sidebar, 'star');
  await search(panel, 'shopping cart');
  await panel.getByLabel('Candidate labels').fill('cart, bag, train, house');
  await panel.getByLabel('Candidate labels').press('Enter');
  await panel.getByRole('meter').first().waitFor();
  await settle(page);
  await keep(page, `screenshots/panel-${theme}.png`);

  // The walkthrough shows its pictures 600 pixels wide: a smaller window, so that they can be read.
  await panel.getByRole('button', { name: 'Show labels' }).click();
  await page.setViewportSize({ width: 860, height: 600 });
  await settle(page);
  await keep(page, `walkthrough/search-${theme}.png`);
  await search(panel, 'heart');
  await panel.getByRole('option').first().hover();
  await panel.getByRole('toolbar').getByRole('button', { name: 'Find Similar' }).click();
  await panel.locator('.chip img').waitFor();
  await panel.locator('[role=listbox][aria-busy=false] [role=option][data-path]').first().waitFor();
  await settle(page);
  await keep(page.locator('.part.editor'), `walkthrough/similar-${theme}.png`);
}

async function search(view, text) {
  await view.getByLabel('Search assets').fill(text);
  await view.waitForTimeout(400);
  await view.locator('[role=listbox][aria-busy=false] [role=option][data-path]').first().waitFor();
}

/** Thumbnails are drawn, the pointer is out of the way, and notifications are gone. */
async function settle(page) {
  await runCommand(page, 'Notifications: Clear All Notifications').catch(() => {});
  await page.mouse.move(2, 798);
  await page.waitForTimeout(1500);
}

/** With as few colours as the picture needs to be small; a picture that is not small is an error, because it ships. */
async function keep(what, name) {
  const file = join(media, name);
  await mkdir(join(file, '..'), { recursive: true });
  await writeFile(file, await sharp(await what.screenshot()).png({ palette: true, colours: 256, effort: 10, compressionLevel: 9 }).toBuffer());
  const { size } = await stat(file);
  console.log(`media/${name} ${Math.round(size / 1000)} KB`);
  if (size > maxBytes) { throw new Error(`${name} has ${size} bytes: more than ${maxBytes}`); }
}
