/** What a person meets first: an empty window, a folder that is not trusted, an index that waits to be asked for, an engine that fails; each view offers the next step. */
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Frame } from 'playwright-core';
import { launchVsCode, quickSearch, runCommand, type VsCode } from '../harness/vscode.mjs';
import { enginePids, indexed, indexTimeoutMs, keepEvidence, openSample, openSidebar, search, until, type Workbench } from './workbench';

const heading = (view: Frame, name: string): Promise<void> => view.getByRole('heading', { name }).waitFor();
const click = (view: Frame, name: string): Promise<void> => view.getByRole('button', { name, exact: true }).click();

suite('An empty window', () => {
  let code: VsCode;
  let sidebar: Frame;

  suiteSetup(async () => {
    code = await launchVsCode({});
    sidebar = await openSidebar(code.page, 'empty-state');
  });
  suiteTeardown(async () => { await code?.close(); });

  test('the view says what it is for, and starts nothing', async () => {
    await heading(sidebar, 'Find any image by what it shows');
    assert.deepEqual(await enginePids(code), []);
  });

  test('“Open Folder” asks for a folder', async () => {
    await click(sidebar, 'Open Folder');
    await code.page.locator('.quick-input-widget', { hasText: 'Open Folder' }).waitFor();
    await code.page.keyboard.press('Escape');
  });

  test('“Get Started” opens the walkthrough, with five steps and their own pictures', async () => {
    const { page } = code;
    await click(sidebar, 'Get Started');
    const steps = page.locator('.getting-started-step');
    await until('five steps', async () => await steps.count() === 5);
    await page.locator('.step-title', { hasText: 'Find images like one you have' }).click();
    const picture = page.locator('.getting-started-media img');
    await until('the picture of a step', () => picture.evaluate(image => { const { alt, naturalWidth } = image as unknown as { alt: string; naturalWidth: number }; return naturalWidth > 0 && alt.startsWith('The panel with'); }));
    for (const title of ['Use what you found', 'Fresh by itself, and only what you want', 'What it understands, and what stays here']) { await page.locator('.step-title', { hasText: title }).click(); }
    // The last step is done when it was read; the others when somebody did what they say.
    const done = (step: number): Promise<number> => steps.nth(step).locator('.codicon-getting-started-step-checked').count();
    await until('the last step to be ticked', async () => await done(4) > 0);
    assert.deepEqual(await Promise.all([0, 1, 2, 3].map(done)), [0, 0, 0, 0]);
  });
});

suite('A workspace that is not trusted', () => {
  let workbench: Workbench;
  let sidebar: Frame;

  suiteSetup(async function () {
    this.timeout(indexTimeoutMs);
    // A stranger's folder that tries to say what is indexed.
    workbench = await openSample({}, { restricted: true }, async workspace => {
      await mkdir(join(workspace, '.vscode'), { recursive: true });
      await writeFile(join(workspace, '.vscode', 'settings.json'), JSON.stringify({ 'assetSearch.include': ['nothing/**'] }));
    });
    sidebar = await openSidebar(workbench.page, 'empty-state');
  });
  teardown(async function () { await keepEvidence(this, workbench); });
  suiteTeardown(async () => { await workbench?.close(); });

  test('nothing is read before somebody asks', async () => {
    await heading(sidebar, 'This workspace is not trusted yet');
    assert.deepEqual(await enginePids(workbench.code), []);
  });

  test('the quick pick says why, and what Enter does', async () => {
    const { page } = workbench;
    await quickSearch(page, 'cart');
    const row = page.locator('.quick-input-list .monaco-list-row');
    await row.filter({ hasText: 'This workspace is not trusted yet' }).filter({ hasText: 'Press Enter to read its images once.' }).waitFor();
    await page.keyboard.press('Escape');
    assert.deepEqual(await enginePids(workbench.code), []);
  });

  test('“Index Once” reads the images, and not as the folder says', async function () {
    this.timeout(indexTimeoutMs);
    await click(sidebar, 'Index Once');
    await indexed(sidebar, workbench.images);
    assert.ok((await search(sidebar, 'shopping cart')).includes('src/assets/icons/shopping-cart.svg'));
  });

  test('once it is trusted, its settings count', async function () {
    this.timeout(indexTimeoutMs);
    const { page } = workbench;
    await runCommand(page, 'Workspaces: Manage Workspace Trust');
    await page.locator('.workspace-trust-editor').getByRole('button', { name: 'Trust', exact: true }).click();
    await indexed(sidebar, 0);
  });
});

suite('An index that waits to be asked for', () => {
  let workbench: Workbench;
  let sidebar: Frame;

  suiteSetup(async function () {
    this.timeout(indexTimeoutMs);
    workbench = await openSample({ 'assetSearch.autoIndex': false });
  });
  teardown(async function () { await keepEvidence(this, workbench); });
  suiteTeardown(async () => { await workbench?.close(); });

  test('“Index Now” builds it', async function () {
    this.timeout(indexTimeoutMs);
    sidebar = await openSidebar(workbench.page, 'empty-state');
    await heading(sidebar, 'Nothing is indexed yet');
    await click(sidebar, 'Index Now');
    await indexed(sidebar, workbench.images);
  });

  test('a search completes the first step of the walkthrough', async () => {
    const { page } = workbench;
    await runCommand(page, 'Asset Search: Get Started');
    const steps = page.locator('.getting-started-step');
    await steps.nth(4).waitFor();
    assert.equal(await steps.nth(0).locator('.codicon-getting-started-step-checked').count(), 0);
    await search(sidebar, 'shopping cart');
    await until('the first step to be ticked', async () => await steps.nth(0).locator('.codicon-getting-started-step-checked').count() > 0);
    assert.equal(await steps.nth(2).locator('.codicon-getting-started-step-checked').count(), 0);
  });

  test('an engine that dies again and again stays down until “Try Again”', async function () {
    this.timeout(indexTimeoutMs);
    const killed = new Set<number>();
    const failed = sidebar.getByRole('heading', { name: 'The search engine did not start' });
    await until('the end of restarts', async () => {
      for (const pid of (await enginePids(workbench.code)).filter(pid => !killed.has(pid))) {
        killed.add(pid);
        process.kill(pid, 'SIGKILL');
      }
      return await failed.count() > 0;
    });
    assert.ok(killed.size > 1, `${killed.size} engines`);
    await click(sidebar, 'Try Again');
    await indexed(sidebar, workbench.images);
    assert.equal((await enginePids(workbench.code)).length, 1);
  });
});
