/** Choosing a model with the mouse: one from the hub is downloaded with its licence in sight and refused by its check, one of one's own is imported and used, and search goes on all the time. */
import assert from 'node:assert/strict';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Frame, Page } from 'playwright-core';
import sharp from 'sharp';
import { catalog } from '../../src/models/catalog';
import { findWebview, runCommand } from '../harness/vscode.mjs';
import { combinedGraph, wordTokenizer } from '../onnxGraphs';
import { HubServer } from '../unit/hubServer';
import { indexed, indexTimeoutMs, keepEvidence, openSample, openSidebar, search, until, type Workbench } from './workbench';

/** With the sample's drawings more than a hundred images, most of them photographs. */
const photographs = 100;
const tiny = catalog.find(({ recommended }) => recommended === 'small')!;

suite('Choosing a model in VS Code', () => {
  let hub: HubServer;
  let folder: string;
  let workbench: Workbench;
  let page: Page;
  let sidebar: Frame;
  let status: Frame;
  /** Lets the rest of a download come. */
  let goOn: (() => void) | undefined;

  suiteSetup(async function () {
    this.timeout(indexTimeoutMs);
    folder = await mkdtemp(join(tmpdir(), 'own-model-'));
    await cp(join(process.cwd(), 'media', 'builtin'), join(folder, 'icons of ours'), { recursive: true });
    hub = await HubServer.start(tiny.repo, tiny.variants[0]!.files);
    hub.push({ [tiny.variants[0]!.files.vision]: { bytes: combinedGraph({ vocabulary: 100_000 }), lfs: true }, 'tokenizer.json': { bytes: Buffer.from(JSON.stringify(wordTokenizer())), lfs: false } }, tiny.commit);
    // For people with a token alone; half of a file, and the rest when the test has seen it.
    hub.misbehave = ({ where, headers }, response) => {
      if (where !== 'cdn') {
        if (headers.authorization === 'Bearer hf_mine') { return false; }
        response.writeHead(401, { 'x-error-code': 'GatedRepo' }).end();
        return true;
      }
      const { bytes } = hub.file(tiny.variants[0]!.files.vision);
      response.writeHead(200, { 'content-length': bytes.length });
      response.write(bytes.subarray(0, bytes.length / 2));
      goOn = () => response.end(bytes.subarray(bytes.length / 2));
      return true;
    };
    workbench = await openSample({ 'assetSearch.hub.endpoint': hub.endpoint }, {}, async workspace => {
      await mkdir(join(workspace, 'photos'));
      for (let number = 0; number < photographs; number++) {
        await sharp({ create: { width: 320, height: 240, channels: 3, background: '#888', noise: { type: 'gaussian', mean: 60 + number, sigma: 40 } } }).jpeg().toFile(join(workspace, 'photos', `IMG_${1000 + number}.jpg`));
      }
    });
    page = workbench.page;
    sidebar = await openSidebar(page);
    await indexed(sidebar, workbench.images + photographs);
  });
  teardown(async function () { await keepEvidence(this, workbench); });
  suiteTeardown(async () => {
    await workbench?.close();
    await hub?.close();
    await rm(folder, { recursive: true, force: true });
  });

  const list = () => page.locator('.quick-input-widget');
  const row = (text: string) => list().locator('.monaco-list-row', { hasText: text }).first();
  const toast = (text: string) => page.locator('.notification-toast', { hasText: text });
  const dialog = () => page.locator('.monaco-dialog-box');

  test('where most images are photographs, a model for them is suggested once, with its cost', async () => {
    await toast('seem to be photographs or screenshots').waitFor();
    assert.match(await toast('seem to be').innerText(), new RegExp(`10\\d of the ${workbench.images + photographs} images .*${tiny.name} does: 28 MB to download, and about 1 min`));
    await toast('seem to be').getByRole('button', { name: 'Not Now' }).click();
    await toast('seem to be').waitFor({ state: 'detached' });
    await runCommand(page, 'Asset Search: Update Index');
    await toast('The index is up to date').waitFor();
    assert.equal(await toast('seem to be').count(), 0, 'no is an answer');
  });

  test('the list says what each is good for, how large it is, and under which licence', async () => {
    await runCommand(page, 'Asset Search: Choose Model');
    await row('Built-in icon model').waitFor();
    await row(tiny.name).getByText(tiny.bestFor).waitFor();
    assert.match(await row(tiny.name).innerText(), /28 MB · int8 · English · MIT/);
    for (const group of ['In use', 'Recommended', 'More']) { await list().getByText(group, { exact: true }).waitFor(); }
    await list().locator('input[type=text]').fill('research only');
    await row('NLLB-CLIP').getByText('for research only · unverified').waitFor();
    await list().locator('input[type=text]').fill('');
  });

  test('what cannot be had is said with what helps; one that is downloaded and fails its check changes nothing, and can be removed', async () => {
    await row(tiny.name).click();
    await dialog().getByText(`Download ${tiny.name} (int8)?`).waitFor();
    for (const text of ['Size: about 28 MB', tiny.license.url, new URL(hub.endpoint).host, tiny.repo]) { assert.ok((await dialog().innerText()).includes(text), text); }
    await dialog().getByRole('button', { name: 'Download', exact: true }).click();
    await toast('accepted its terms').getByRole('button', { name: 'Set Token…' }).click();
    await list().locator('input[type=password]').fill('hf_mine');
    await page.keyboard.press('Enter');
    await toast('Downloading').waitFor();
    assert.match(await toast('Downloading').innerText(), /of 1\.6 MB/);
    await until('the rest to be asked for', async () => goOn !== undefined);
    goOn!();
    await toast('failed the check').waitFor();
    await toast('failed the check').getByRole('button', { name: 'Remove Model' }).click();
    await toast('failed the check').waitFor({ state: 'detached' });
    assert.ok((await search(sidebar, 'star')).length > 0);
    await sidebar.locator('status-line').getByText('Built-in icon model').waitFor();
  });

  test('one of one\'s own is imported, used and indexed, while the old index answers', async () => {
    await runCommand(page, 'Asset Search: Import Model from Folder');
    const input = list().locator('input[type=text]');
    await input.waitFor();
    await input.fill(`${join(folder, 'icons of ours')}/`);
    await page.keyboard.press('Enter');
    await list().getByText('What the model is called from now on').waitFor();
    assert.equal(await input.inputValue(), 'icons-of-ours');
    await page.keyboard.press('Enter');
    await toast('has passed the check').getByRole('button', { name: 'Use It' }).click();
    await toast('The images are being indexed with').getByRole('button', { name: 'Show Index Status' }).click();
    status = await findWebview(page, 'body[data-kind=status] status-page');
    assert.ok((await search(sidebar, 'heart')).length > 0);
    await status.locator('[data-model="icons-of-ours@fp16"]').getByText('in use').waitFor();
    await status.getByText(`Up to date: ${workbench.images + photographs} images are indexed`).waitFor({ timeout: indexTimeoutMs });
    await until('both indexes', async () => await status.locator('[data-space]').count() === 2);
    assert.ok((await search(sidebar, 'star')).length > 0);
    await sidebar.locator('status-line').getByText('icons-of-ours').waitFor();
  });

  test('back again by the status page, and what is not in use can be removed there', async () => {
    await status.getByRole('button', { name: 'Choose Model…' }).click();
    await row('icons-of-ours').waitFor();
    await row('Built-in icon model').click();
    const remove = status.getByRole('button', { name: 'Remove icons-of-ours (fp16)' });
    await remove.waitFor();
    await sidebar.locator('status-line').getByText('Built-in icon model').waitFor();
    await remove.click();
    await dialog().getByRole('button', { name: 'Remove', exact: true }).click();
    await status.locator('[data-model]').waitFor({ state: 'detached' });
    assert.ok((await search(sidebar, 'heart')).length > 0);
  });

  test('a model that the workspace names and that is not here is said, and had from the status page', async () => {
    await mkdir(join(workbench.workspace, '.vscode'), { recursive: true });
    await writeFile(join(workbench.workspace, '.vscode', 'settings.json'), JSON.stringify({ 'assetSearch.model': tiny.id }));
    await status.getByText(`The model ${tiny.name} is not installed. Built-in icon model is used instead.`).waitFor();
    await sidebar.locator('status-line').getByRole('button', { name: 'Another model is used' }).waitFor();
    await status.getByRole('button', { name: 'Download', exact: true }).click();
    await dialog().getByText(`Download ${tiny.name} (int8)?`).waitFor();
    await dialog().getByRole('button', { name: 'Cancel' }).click();
    assert.ok((await search(sidebar, 'star')).length > 0);
  });

  test('nothing broke the content security policy', () => {
    assert.deepEqual(workbench.code.console.filter(line => /Content Security Policy|asset-search/i.test(line)), []);
  });
});
