/** Labels through the commands: a folder, a filter, files that are written and read, and the settings. */
import assert from 'node:assert/strict';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import * as vscode from 'vscode';
import type { LabelRunResult } from '../../src/protocol';
import { api, inWorkspace, names, putIcon, remove, until } from './support';

const run = <T>(command: string, ...args: unknown[]) => vscode.commands.executeCommand<T>(`assetSearch.${command}`, ...args);
const words = ['heart', 'shopping cart', 'bell'];
const withLabel = async (label: string): Promise<string[]> => ours(names(await (await api()).search('picture', { limit: 200, labels: [label] })));
/** A copy of an icon elsewhere in the sample is the same content, and has the same labels. */
const ours = (paths: string[]): string[] => paths.filter(path => path.startsWith('labels/')).sort();

suite('labels', () => {
  suiteSetup(async () => {
    await putIcon('heart', 'labels', 'in', 'one.svg');
    await putIcon('shopping-cart', 'labels', 'in', 'two.svg');
    await putIcon('bell', 'labels', 'out', 'three.svg');
    await (await api()).index();
  });
  suiteTeardown(async () => {
    await run('clearLabels', { confirm: false });
    await vscode.commands.executeCommand('notifications.clearAll');
    await vscode.workspace.getConfiguration('assetSearch').update('labelSets', undefined, vscode.ConfigurationTarget.Workspace);
    await remove('labels');
    await remove('.vscode');
    await (await api()).index();
  });

  test('labelFolder labels the images of a folder, and a search is narrowed to a label', async () => {
    const result = await run<LabelRunResult>('labelFolder', inWorkspace('labels', 'in'), undefined, words);
    assert.deepEqual([result.images, result.counts.map(({ images }) => images), result.unsure, result.cancelled], [2, [1, 1, 0], 0, false]);
    assert.deepEqual(await withLabel('heart'), ['labels/in/one.svg']);
    assert.deepEqual(await withLabel('bell'), []);
  });

  test('exportLabels writes CSV or JSON by the name of the file', async () => {
    await run('exportLabels', inWorkspace('labels', 'out.csv'));
    assert.match(await readFile(inWorkspace('labels', 'out.csv').fsPath, 'utf8'), /^root,path,part,label,probability,model\r\n[^,]+,labels\/in\/one\.svg,,heart,[01]/);
    await run('exportLabels', inWorkspace('labels', 'out.json'));
    const rows = JSON.parse(await readFile(inWorkspace('labels', 'out.json').fsPath, 'utf8')) as { path: string; label: string }[];
    assert.deepEqual(rows.filter(({ path }) => path.startsWith('labels/')).map(({ path, label }) => [path, label]), [['labels/in/one.svg', 'heart'], ['labels/in/two.svg', 'shopping cart']]);
  });

  test('the team’s file is written, and read when it changes', async () => {
    const file = inWorkspace('.vscode', 'asset-labels.json').fsPath;
    await run('exportTeamLabels');
    const text = await readFile(file, 'utf8');
    assert.deepEqual(ours(Object.keys((JSON.parse(text) as { images: object }).images)), ['labels/in/one.svg', 'labels/in/two.svg']);
    await writeFile(file, text.replace('"images": {', '"images": {\n    "labels/out/three.svg": { "hand": ["from the team"] },'));
    await until('the label of the team', async () => (await withLabel('from the team')).length === 1);
    await writeFile(file, '{ "version": 1, "images"');
    await run('exportTeamLabels');
    assert.equal(await readFile(file, 'utf8'), '{ "version": 1, "images"', 'a file that is wrong is not written over');
    assert.deepEqual(await withLabel('from the team'), ['labels/out/three.svg']);
    await rm(file);
  });

  test('clearLabels and undoLabels', async () => {
    assert.ok(await run<number>('clearLabels', { confirm: false }) >= 3);
    assert.deepEqual(await withLabel('heart'), []);
    await run('undoLabels');
    assert.deepEqual(await withLabel('heart'), ['labels/in/one.svg']);
  });

  test('label sets come from the settings', async () => {
    await mkdir(inWorkspace('.vscode').fsPath, { recursive: true });
    await vscode.workspace.getConfiguration('assetSearch').update('labelSets', { 'Things': words }, vscode.ConfigurationTarget.Workspace);
    const labelled = run<LabelRunResult>('labelAll');
    await until('the set to be chosen', async () => {
      await vscode.commands.executeCommand('workbench.action.acceptSelectedQuickOpenItem');
      return Promise.race([labelled.then(result => result !== undefined), new Promise<boolean>(done => setTimeout(() => done(false), 300))]);
    });
    const { counts, images } = await labelled;
    assert.deepEqual(counts.map(({ label }) => label), words);
    assert.ok(images >= 3);
  });
});
