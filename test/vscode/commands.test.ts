/** Each command is there and does its work on real images. */
import assert from 'node:assert/strict';
import { homedir } from 'node:os';
import * as vscode from 'vscode';
import type { IndexSummary, LabelResult } from '../../src/protocol';
import { activeFile, api, extension, inWorkspace, names, panelIsOpen, putIcon, putManyIcons, remove, until } from './support';

const run = <T>(command: string, ...args: unknown[]) => vscode.commands.executeCommand<T>(`assetSearch.${command}`, ...args);

suite('commands', () => {
  suiteSetup(async () => {
    await putIcon('heart', 'commands', 'one.svg');
    await putIcon('shopping-cart', 'commands', 'two.svg');
    await putIcon('bell', 'commands', 'three.svg');
    await putIcon('heart-crack', 'commands', 'four.svg');
    await putIcon('camera', 'commands', 'very particular name.svg');
    await run('index');
  });
  suiteTeardown(async () => {
    await vscode.commands.executeCommand('workbench.action.closeQuickOpen');
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    await remove('commands');
  });

  test('every contributed command is registered', async () => {
    await api();
    const contributed: string[] = extension().packageJSON.contributes.commands.map(({ command }: { command: string }) => command);
    const registered = new Set(await vscode.commands.getCommands(true));
    assert.ok(contributed.length >= 8);
    assert.deepEqual(contributed.filter(command => !registered.has(command)), []);
    assert.deepEqual(['search', 'openPanel', 'findSimilar', 'label', 'index', 'cancelIndexing', 'rebuild', 'showLog']
      .filter(name => !contributed.includes(`assetSearch.${name}`)), []);
  });

  test('index brings the index up to date and tells what it did', async () => {
    await putIcon('anchor', 'commands', 'five.svg');
    const summary = await run<IndexSummary>('index');
    assert.equal(summary.indexed + summary.reused + summary.unchanged + summary.skipped.length, summary.seen);
    assert.ok(summary.seen >= 6);
    const again = await run<IndexSummary>('index');
    assert.equal(again.indexed + again.reused, 0);
    assert.equal(again.unchanged, again.seen - again.skipped.length);
  });

  test('words find the picture that shows them', async () => {
    const search = await api();
    const found = names(await search.search('shopping cart', { limit: 20, useFileNames: false }));
    assert.equal(found.filter(name => name.startsWith('commands/'))[0], 'commands/two.svg');
  });

  test('a file name is found, unless names do not count', async () => {
    const search = await api();
    assert.equal(names(await search.search('very particular name', { limit: 1 }))[0], 'commands/very particular name.svg');
    assert.ok((await search.search('very particular name', { useFileNames: false })).every(({ score }) => score !== null));
  });

  test('a picture finds itself first, then the one that looks like it', async () => {
    const search = await api();
    const found = names(await search.similar(inWorkspace('commands', 'one.svg'), { limit: 100 })).filter(name => name.startsWith('commands/') && name !== 'commands/one.svg');
    assert.equal(found[0], 'commands/four.svg');
  });

  test('a picture outside the workspace can be the query', async () => {
    const search = await api();
    const outside = vscode.Uri.joinPath(extension().extensionUri, 'node_modules', 'lucide-static', 'icons', 'bell.svg');
    const found = names(await search.similar(outside, { limit: 100 })).filter(name => name.startsWith('commands/'));
    assert.equal(found[0], 'commands/three.svg');
  });

  test('search lists hits while one types, and Enter opens the first', async () => {
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    await run('search', 'very particular name');
    const expected = inWorkspace('commands', 'very particular name.svg').fsPath;
    await until('the image in an editor', async () => {
      await vscode.commands.executeCommand('workbench.action.acceptSelectedQuickOpenItem');
      return activeFile() === expected;
    });
    const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
    assert.ok(input instanceof vscode.TabInputCustom, 'as a picture, not as text');
  });

  test('openPanel opens the panel once', async () => {
    await run('openPanel');
    await until('the panel', panelIsOpen);
    await run('openPanel');
    const panels = vscode.window.tabGroups.all.flatMap(group => group.tabs).filter(({ input }) => input instanceof vscode.TabInputWebview);
    assert.equal(panels.length, 1);
  });

  test('findSimilar opens the panel, for a file of the Explorer and for the active editor', async () => {
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    await run('findSimilar', inWorkspace('commands', 'one.svg'));
    await until('the panel', panelIsOpen);
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    await until('no panel', () => !panelIsOpen());
    await vscode.commands.executeCommand('vscode.open', inWorkspace('commands', 'two.svg'));
    await until('the image', () => activeFile() === inWorkspace('commands', 'two.svg').fsPath);
    await run('findSimilar');
    await until('the panel', panelIsOpen);
  });

  test('label says how probable each word is', async () => {
    const image = inWorkspace('commands', 'two.svg');
    const results = await run<LabelResult[]>('label', image, [image], ['heart', 'shopping cart', 'bell']);
    await vscode.commands.executeCommand('workbench.action.closeQuickOpen');
    assert.equal(results.length, 1);
    const [result] = results;
    assert.deepEqual(result?.labels, ['heart', 'shopping cart', 'bell']);
    const probabilities = result?.probabilities ?? [];
    assert.ok(Math.abs(probabilities.reduce((sum, p) => sum + p, 0) - 1) < 1e-4);
    assert.equal(probabilities.indexOf(Math.max(...probabilities)), 1);
  });

  test('cancelIndexing stops a run and keeps what is done', async () => {
    const count = (await putManyIcons(600, 'cancel')).length;
    const search = await api();
    const outcome = search.index().then(summary => summary.cancelled, (error: { code?: string; name?: string }) => error.code ?? error.name);
    await until('a run under way', async () => (await search.status()).state === 'indexing');
    await run('cancelIndexing');
    assert.ok([true, 'cancelled', 'Canceled'].includes(await outcome as never), `outcome ${String(await outcome)}`);
    const summary = await search.index();
    assert.equal(summary.cancelled, false);
    assert.ok(summary.seen >= count);
    await until('the end of what the watcher asked for', async () => (await search.status()).state === 'idle');
    await remove('cancel');
    await search.index();
  });

  test('paused, nothing is indexed by itself; resumed, all that came meanwhile is there', async () => {
    const search = await api();
    await run('pauseIndexing');
    assert.equal((await search.status()).state, 'paused');
    const { assets } = await search.status();
    await putIcon('umbrella', 'commands', 'paused', 'pangolin.svg');
    const watcher = vscode.workspace.createFileSystemWatcher(new vscode.RelativePattern(inWorkspace('commands'), '**/other-pangolin.svg'));
    let seen = false;
    const listeners = [watcher.onDidCreate(() => { seen = true; }), watcher.onDidChange(() => { seen = true; })];
    // What happens before VS Code has taken up a watcher is never told: the file is written until it is.
    await until('news of the file', async () => { await putIcon('bell', 'commands', 'paused', 'other-pangolin.svg'); return seen; });
    vscode.Disposable.from(watcher, ...listeners).dispose();
    await new Promise(resolve => setTimeout(resolve, 1_500));   // the watcher waits 0.3 s for more
    assert.deepEqual([(await search.status()).state, (await search.status()).assets], ['paused', assets]);
    const summary = await run<IndexSummary>('resumeIndexing');
    assert.deepEqual([summary.cancelled, summary.indexed + summary.reused], [false, 2]);
    assert.equal((await search.status()).state, 'idle');
    assert.ok(names(await search.search('pangolin')).includes('commands/paused/pangolin.svg'));
  });

  test('a run ends when it is paused, and asking for an update ends the pause', async () => {
    const count = (await putManyIcons(600, 'pause')).length;
    const search = await api();
    const outcome = search.index().then(summary => summary.cancelled, (error: { code?: string; name?: string }) => error.code ?? error.name);
    await until('a run under way', async () => (await search.status()).state === 'indexing');
    await run('pauseIndexing');
    assert.equal((await search.status()).state, 'paused');
    assert.ok([true, 'cancelled', 'Canceled'].includes(await outcome as never), `outcome ${String(await outcome)}`);
    const { seen, indexed, unchanged, reused, skipped, cancelled } = await search.index();
    assert.equal(cancelled, false);
    assert.equal(indexed + unchanged + reused + skipped.length, seen);
    assert.ok(seen >= count);
    await until('the end of what the watcher asked for', async () => (await search.status()).state === 'idle');
    await remove('pause');
    await search.index();
  });

  test('showStatus and showSkipped open the one page of the index', async () => {
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    const pages = () => vscode.window.tabGroups.all.flatMap(group => group.tabs).filter(({ input }) => input instanceof vscode.TabInputWebview && input.viewType.includes('assetSearch.status'));
    await run('showStatus');
    await until('the page', () => pages().length === 1);
    await run('showSkipped');
    await run('showStatus');
    assert.equal(pages().length, 1);
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
  });

  test('copyDiagnostics says what is needed, and not where', async () => {
    const text = await run<string>('copyDiagnostics');
    assert.equal(await vscode.env.clipboard.readText(), text);
    for (const part of [vscode.version, process.versions.node, 'builtin', `${(await (await api()).status()).assets} images`]) { assert.ok(text.includes(part), `${part} in\n${text}`); }
    assert.ok(!text.includes(inWorkspace().fsPath) && !text.includes(homedir()), text);
  });

  test('rebuild reads every image again', async () => {
    const search = await api();
    // The watcher may still be at the files that the tests before took away.
    await until('an index with nothing left to do', async () => {
      const { indexed, reused, removed } = await search.index();
      return indexed + reused + removed === 0 && (await search.status()).state === 'idle';
    });
    const before = await search.status();
    const summary = await run<IndexSummary>('rebuild', { confirm: false });
    assert.equal(summary.unchanged, 0);
    assert.ok(summary.indexed + summary.reused > 0);
    assert.equal((await search.status()).assets, before.assets);
  });

  test('showLog opens the log', async () => {
    await run('showLog');
    await vscode.commands.executeCommand('workbench.action.closePanel');
  });
});
