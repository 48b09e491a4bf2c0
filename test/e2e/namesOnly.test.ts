/** An installation whose native libraries are missing: VS Code says why, and images are still found by their names. */
import assert from 'node:assert/strict';
import { cp, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { indexTimeoutMs, keepEvidence, openSample, openSidebar, search, tile, until, type Workbench } from './workbench';

suite('Without native libraries', () => {
  let workbench: Workbench;
  let extensionPath: string;

  suiteSetup(async function () {
    this.timeout(indexTimeoutMs);
    extensionPath = await realpath(await mkdtemp(join(tmpdir(), 'asn-')));
    for (const name of ['dist', 'media', 'l10n', 'package.json', 'package.nls.json']) { await cp(join(process.cwd(), name), join(extensionPath, name), { recursive: true }); }
    workbench = await openSample({}, { extensionPath });
  });
  teardown(async function () { await keepEvidence(this, workbench); });
  suiteTeardown(async () => {
    await workbench?.close();
    await rm(extensionPath, { recursive: true, force: true });
  });

  test('the sidebar says so and finds files by name', async () => {
    // A page that VS Code loads anew while it is being loaded may stay empty.
    let loads = 0;
    workbench.page.on('request', request => { if (request.url().includes('/dist/webview.js')) { loads++; } });
    const sidebar = await openSidebar(workbench.page);
    await sidebar.locator('.banner', { hasText: 'File names are searched instead' }).waitFor();
    await sidebar.locator('status-line', { hasText: 'File names only' }).waitFor();
    assert.equal(loads, 1, 'times the page was loaded');
    const found = await search(sidebar, 'shopping cart');
    assert.equal(found[0], 'src/assets/icons/shopping-cart.svg');
    // Small files are their own pictures.
    const image = tile(sidebar, found[0]!).locator('img');
    await until('the picture', () => image.evaluate((element: { complete: boolean; naturalWidth: number }) => element.complete && element.naturalWidth > 0));
  });
});
