/** Labels by a person's clicks in a real VS Code with two workspace folders: Explorer menu, questions, saved sets, save dialogs, the team's files, and undo. */
import assert from 'node:assert/strict';
import { copyFile, mkdir, mkdtemp, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Frame, Locator } from 'playwright-core';
import { launchVsCode, runCommand } from '../harness/vscode.mjs';
import { chooseMenuItem, indexed, indexTimeoutMs, inExplorer, keepEvidence, openPanel, openSidebar, search, searchBox, until, type Workbench } from './workbench';

/** More than labelling asks about, in both folders together. */
const images = { app: 60, design: 170 };
const words = 'heart, bell, camera';

suite('Labels in VS Code', () => {
  let workbench: Workbench;
  let parent: string;
  let panel: Frame;
  let pane: Locator;

  suiteSetup(async function () {
    this.timeout(indexTimeoutMs);
    parent = await realpath(await mkdtemp(join(tmpdir(), 'asl-')));
    const source = join(process.cwd(), 'node_modules', 'lucide-static', 'icons');
    const all = (await readdir(source)).filter(name => name.endsWith('.svg')).sort();
    for (const [folder, names] of [['app', [...all.slice(0, images.app - 1), 'heart.svg']], ['design', [...all.slice(-images.design + 1), 'bell.svg']]] as const) {
      await mkdir(join(parent, folder));
      for (const name of names) { await copyFile(join(source, name), join(parent, folder, name)); }
    }
    const workspace = join(parent, 'both.code-workspace');
    await writeFile(workspace, JSON.stringify({ folders: [{ path: 'app' }, { path: 'design' }] }));
    const code = await launchVsCode({ workspace });
    workbench = { code, page: code.page, workspace, images: images.app + images.design, close: async () => { await code.close(); await rm(parent, { recursive: true, force: true, maxRetries: 5 }); } };
    await indexed(await openSidebar(code.page), workbench.images);
  });
  // What is told covers the buttons at the bottom of the pane.
  teardown(async function () { await keepEvidence(this, workbench); await clear(); });
  suiteTeardown(async () => { await workbench?.close(); });

  const input = () => workbench.page.locator('.quick-input-widget input[type=text]');
  const dialog = () => workbench.page.locator('.monaco-dialog-box');
  const told = (text: RegExp) => workbench.page.locator('.notification-toast', { hasText: text });
  /** Answers the input box that is open. */
  async function answer(text: string): Promise<void> {
    await input().waitFor();
    await input().fill(text);
    await input().press('Enter');
  }
  /** In the dialog of a VS Code in a browser, which is a quick pick; it offers a name in the first folder. */
  async function saveAs(name: string): Promise<void> {
    await until('the save dialog', async () => await input().count() > 0 && /\/asset-labels\.csv$/.test(await input().inputValue()));
    await input().fill(join(parent, name));
    // It takes no answer while it reads the folder.
    await until('the dialog to close', async () => {
      await input().press('Enter', { timeout: 1000 }).catch(() => undefined);
      await workbench.page.waitForTimeout(500);
      return !await input().isVisible();
    });
  }
  async function choose(item: string): Promise<void> { await workbench.page.locator('.quick-input-list .monaco-list-row', { hasText: item }).click(); }
  const clear = () => runCommand(workbench.page, 'Notifications: Clear All Notifications');
  const labelled = (count: number) => until(`${count} labelled images`, async () => await pane.getByRole('button', { name: 'Export…' }).count() > 0 === count > 0);
  const json = async (...path: string[]) => JSON.parse(await readFile(join(...path), 'utf8')) as Record<string, any>;

  test('a click on a folder of the Explorer labels what is in it and nothing else; Undo takes it back', async () => {
    const { page } = workbench;
    panel = await openPanel(page);
    pane = panel.locator('labels-pane');
    await (await inExplorer(page, 'app')).click();   // closed, so that the other one is in sight
    await (await inExplorer(page, 'design')).click({ button: 'right' });
    await chooseMenuItem(page, 'Label Images in Folder…');
    await answer(words);
    const toast = told(/Images labelled: \d+; unsure: \d+\./);
    await toast.waitFor();
    const [done, unsure] = /(\d+); unsure: (\d+)/.exec(await toast.innerText())!.slice(1).map(Number);
    assert.equal(done! + unsure!, images.design);
    assert.ok(done! > 0);
    await labelled(done!);
    await toast.getByRole('button', { name: 'Undo' }).click();
    await page.locator('.statusbar-item', { hasText: `Images with their labels of before: ${done}` }).waitFor();
    await labelled(0);
  });

  test('many are labelled after a question only, which says how many', async () => {
    await pane.getByLabel('Candidate labels').fill(words);
    const button = pane.getByRole('button', { name: `Label All ${workbench.images} Listed` });
    await button.click();
    await dialog().getByText(`Label ${workbench.images} images?`).waitFor();
    await dialog().getByRole('button', { name: 'Cancel' }).click();
    await dialog().waitFor({ state: 'detached' });
    await labelled(0);
    await button.click();
    await dialog().getByRole('button', { name: 'Label', exact: true }).click();
    await pane.getByRole('button', { name: /^heart: \d+ images$/ }).waitFor();
    await labelled(1);
  });

  test('words are saved as a set, for the workspace or for the user', async () => {
    const { code, workspace } = workbench;
    const save = pane.getByRole('button', { name: 'Save as label set…' });
    await save.click();
    await answer('Things');
    await choose('This Workspace');
    await until('the set of the workspace', async () => (await json(workspace)).settings?.['assetSearch.labelSets']?.Things?.length === 3);
    await pane.getByRole('combobox', { name: 'Label set' }).waitFor();
    await pane.getByLabel('Candidate labels').fill('circle, square');
    await save.click();
    await answer('Shapes');
    await choose('All My Workspaces');
    await until('the set of the user', async () => (await json(code.userDataDir, 'data', 'User', 'settings.json'))['assetSearch.labelSets']?.Shapes?.length === 2);
    assert.deepEqual(Object.keys((await json(workspace)).settings['assetSearch.labelSets'] as object), ['Things']);
    // A set of the same name is replaced where it stands, without another question.
    await pane.getByLabel('Candidate labels').fill('circle, square, star');
    await save.click();
    await input().fill('Shapes');
    await workbench.page.getByText('Replaces the set of this name.').waitFor();
    await input().press('Enter');
    await until('the changed set', async () => (await json(code.userDataDir, 'data', 'User', 'settings.json'))['assetSearch.labelSets']?.Shapes?.length === 3);
    await pane.getByRole('combobox', { name: 'Label set' }).click();
    for (const name of ['Things', 'Shapes']) { await pane.getByRole('option', { name }).waitFor(); }
    await pane.getByRole('option', { name: 'Things' }).click();
    assert.equal(await pane.getByLabel('Candidate labels').inputValue(), words);
  });

  test('labels of both folders are exported where the save dialog says, as CSV or JSON', async () => {
    await pane.getByRole('button', { name: 'Export…' }).click();
    await saveAs('labels.csv');
    const csv = await until('the CSV', async () => readFile(join(parent, 'labels.csv'), 'utf8').catch(() => undefined));
    const rows = csv.trimEnd().split('\r\n').slice(1).map(line => line.split(','));
    assert.ok(rows.some(([root, path, , label]) => root === 'app' && path === 'heart.svg' && label === 'heart'));
    assert.ok(rows.some(([root, path, , label]) => root === 'design' && path === 'bell.svg' && label === 'bell'));
    await clear();
    await pane.getByRole('button', { name: 'Export…' }).click();
    await saveAs('labels.json');
    const written = await until('the JSON', async () => json(parent, 'labels.json').catch(() => undefined));
    assert.equal(written.length, rows.length);
  });

  test('the team’s files are written in each folder', async () => {
    await pane.getByRole('button', { name: 'Share with the Team' }).click();
    const [app, design] = await Promise.all(['app', 'design'].map(folder => until(`the file of ${folder}`, async () => json(parent, folder, '.vscode', 'asset-labels.json').catch(() => undefined))));
    assert.ok('heart.svg' in app!.images && !('bell.svg' in app!.images));
    assert.ok('bell.svg' in design!.images && !('heart.svg' in design!.images));
    for (const folder of ['app', 'design']) { await rm(join(parent, folder, '.vscode'), { recursive: true }); }
  });

  test('a label set by hand and clearing are taken back, one step each', async () => {
    const { page } = workbench;
    await search(panel, 'heart');
    await panel.locator('[role=option][data-path="heart.svg"]').click();
    await pane.getByLabel('Add a label by hand').fill('mine');
    await pane.getByLabel('Add a label by hand').press('Enter');
    await pane.getByRole('button', { name: 'Remove the label mine' }).waitFor();
    await runCommand(page, 'Asset Search: Undo Last Labelling');
    await pane.getByRole('button', { name: 'Remove the label mine' }).waitFor({ state: 'detached' });
    await pane.getByRole('button', { name: 'Remove the label heart' }).waitFor();
    await searchBox(panel).fill('');
    await panel.getByRole('listbox', { name: `${workbench.images} assets` }).waitFor();
    await clear();
    await pane.getByRole('button', { name: 'Clear Labels…' }).click();
    await dialog().getByText(/^Clear (the labels of what is listed|all labels of this workspace) \(\d+\)\?$/).waitFor();
    await dialog().getByRole('button', { name: 'Clear Labels' }).click();
    await labelled(0);
    await told(/Images whose labels were cleared: \d+\./).getByRole('button', { name: 'Undo' }).click();
    await labelled(1);
    await runCommand(page, 'Asset Search: Undo Last Labelling');
    await page.locator('.statusbar-item', { hasText: 'There is no change of labels to undo.' }).waitFor();
  });
});
