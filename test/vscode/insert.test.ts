/** Assets in texts: inserted at the cursors, dropped, searched for from a selection, copied as text and as files. */
import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import * as vscode from 'vscode';
import { DropProvider } from '../../src/host/dropProvider';
import { openImage, requireFile } from '../../src/host/imageFiles';
import { Inserter } from '../../src/host/inserter';
import { readRoots } from '../../src/host/roots';
import { SettingsStore } from '../../src/host/settings';
import { assetMime } from '../../src/protocol';
import { activeFile, api, inWorkspace, putIcon, remove, until } from './support';

const run = <T>(command: string, ...args: unknown[]) => vscode.commands.executeCommand<T>(`assetSearch.${command}`, ...args);
const clipboard = () => vscode.env.clipboard.readText();

suite('inserting and copying', () => {
  let cart: vscode.Uri;
  let bell: vscode.Uri;
  const root = () => vscode.workspace.workspaceFolders![0]!.name;
  const cartReference = () => ({ root: root(), path: 'insert/icons/shopping-cart.svg', part: 0, width: 24, height: 24, title: 'A <cart>' });

  suiteSetup(async () => {
    await api();
    cart = await putIcon('shopping-cart', 'insert', 'icons', 'shopping-cart.svg');
    bell = await putIcon('bell', 'insert', 'icons', 'it\'s a bell.svg');
  });
  setup(async () => { await vscode.commands.executeCommand('workbench.action.closeAllEditors'); });
  suiteTeardown(async () => {
    await useTemplates(undefined);
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    await remove('insert');
  });

  async function open(name: string, text: string): Promise<vscode.TextEditor> {
    const file = inWorkspace('insert', name);
    await mkdir(inWorkspace('insert').fsPath, { recursive: true });
    await writeFile(file.fsPath, text);
    return vscode.window.showTextDocument(await vscode.workspace.openTextDocument(file));
  }
  const cursorsAt = (editor: vscode.TextEditor, ...places: [number, number][]) => {
    editor.selections = places.map(([line, character]) => new vscode.Selection(line, character, line, character));
  };
  const useTemplates = (templates: Record<string, string> | undefined) => vscode.workspace.getConfiguration('assetSearch').update('insert.templates', templates, vscode.ConfigurationTarget.Global);
  const revert = () => vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');

  test('goes in at every cursor, in one step of undo, and the cursors are behind it', async () => {
    const before = 'a { background: ; }\nb { background: url(""); }\n';
    const editor = await open('text1.css', before);
    cursorsAt(editor, [0, 16], [1, 21]);
    await run('insert', [cartReference()]);
    const after = 'a { background: url("./icons/shopping-cart.svg"); }\nb { background: url("./icons/shopping-cart.svg"); }\n';
    assert.equal(editor.document.getText(), after);
    assert.deepEqual(editor.selections.map(({ anchor, active }) => [anchor.character, active.character]), [[48, 48], [46, 46]]);
    await vscode.commands.executeCommand('undo');
    assert.equal(editor.document.getText(), before);
    await revert();
  });

  test('takes the place of what is selected, and each language gets its own', async () => {
    const editor = await open('text2.md', 'see HERE\n');
    editor.selection = new vscode.Selection(0, 4, 0, 8);
    await run('insert', [cartReference()]);
    assert.equal(editor.document.getText(), 'see ![A \\<cart>](./icons/shopping-cart.svg)\n');
    assert.ok(editor.selection.isEmpty);
    await revert();
  });

  test('an element of JSX brings its import, for several images each its own', async () => {
    const editor = await open('text3.tsx', 'import React from \'react\';\n\nexport const A = () => (\n  <p>\n    \n  </p>\n);\n');
    cursorsAt(editor, [4, 4]);
    await run('insert', [cart, bell]);
    assert.equal(editor.document.getText(), [
      'import React from \'react\';', 'import shoppingCart from \'./icons/shopping-cart.svg\';', 'import itSABell from \'./icons/it\\\'s a bell.svg\';', '',
      'export const A = () => (', '  <p>', '    <img src={shoppingCart} alt="shopping cart" />', '    <img src={itSABell} alt="it s a bell" />', '  </p>', ');', '',
    ].join('\n'));
    await revert();
  });

  test('comes back to the text that an opened picture has hidden', async () => {
    const editor = await open('text4.py', 'cart = \n');
    cursorsAt(editor, [0, 7]);
    await vscode.commands.executeCommand('vscode.openWith', cart, 'imagePreview.previewEditor');
    await until('the picture', () => activeFile() === cart.fsPath);
    await run('insert', [cartReference()]);
    assert.equal(vscode.window.activeTextEditor?.document.getText(), 'cart = "./icons/shopping-cart.svg"\n');
    await revert();
  });

  test('an untitled text gets the path from the workspace folder', async () => {
    const document = await vscode.workspace.openTextDocument({ language: 'python', content: '' });
    await vscode.window.showTextDocument(document);
    await run('insert', [cartReference()]);
    assert.equal(document.getText(), '"insert/icons/shopping-cart.svg"');
    await revert();
  });

  test('a template of the settings is used', async () => {
    await useTemplates({ python: 'load("${path}", ${width})' });
    const editor = await open('text5.py', '');
    await run('insert', [cartReference()]);
    assert.equal(editor.document.getText(), 'load("./icons/shopping-cart.svg", 24)');
    await revert();
    await useTemplates(undefined);
  });

  test('what is dropped is offered as a snippet, with the import that it needs, and as a path', async () => {
    const { document } = await open('dropped.jsx', 'export const A = () => (\n  <p></p>\n);\n');
    const settings = new SettingsStore();
    const inserter = new Inserter({ settings, roots: readRoots });
    const drop = async (position: vscode.Position, data: string) => {
      const transfer = new vscode.DataTransfer();
      transfer.set(assetMime, new vscode.DataTransferItem(data));
      return await new DropProvider({ inserter, roots: readRoots }).provideDocumentDropEdits(document, position, transfer, new vscode.CancellationTokenSource().token) ?? [];
    };
    const edits = await drop(new vscode.Position(1, 5), JSON.stringify([cartReference()]));
    assert.deepEqual(edits.map(({ insertText, kind }) => [insertText, kind?.value]), [
      ['<img src={shoppingCart} alt="A &lt;cart&gt;" width={24} height={24} />', 'assetSearch.snippet'], ['./icons/shopping-cart.svg', 'assetSearch.path']]);
    assert.deepEqual(edits[0]!.additionalEdit?.get(document.uri).map(({ newText, range }) => [newText, range.start.line]), [['import shoppingCart from \'./icons/shopping-cart.svg\';\n\n', 0]]);
    for (const data of ['', 'no JSON', '[{"root":"x"}]', JSON.stringify([{ ...cartReference(), path: '../outside.svg' }])]) { assert.deepEqual(await drop(new vscode.Position(1, 5), data), []); }
    for (const disposable of [settings, inserter]) { disposable.dispose(); }
    await revert();
  });

  test('goes into the editor that follows when another gives way in the same moment', async () => {
    const settings = new SettingsStore();
    const inserter = new Inserter({ settings, roots: readRoots });
    const [first, second] = [(await open('switch1.md', '')).document, (await open('switch2.md', '')).document];
    for (const delayMs of [0, 4, 8, 16, 24, 32]) {
      await vscode.window.showTextDocument(first);
      const switching = vscode.window.showTextDocument(second);
      await new Promise(resolve => setTimeout(resolve, delayMs));
      const before = first.getText().length + second.getText().length;
      await Promise.all([inserter.insert([cartReference()]), switching]);
      assert.ok(first.getText().length + second.getText().length > before, `after ${delayMs} ms`);
    }
    for (const disposable of [settings, inserter]) { disposable.dispose(); }
    for (const document of [first, second]) { await vscode.window.showTextDocument(document); await revert(); }
  });

  test('without an editor nothing is written', async () => {
    await run('insert', [cartReference()]);
    assert.equal(vscode.window.activeTextEditor, undefined);
    await vscode.commands.executeCommand('notifications.clearAll');
  });

  test('a selection is searched for by its words', async () => {
    await putIcon('camera', 'insert', 'particularThing.svg');
    await (await api()).index();
    const editor = await open('text6.ts', 'const x = icParticularThing;\n');
    cursorsAt(editor, [0, 15]);
    await run('searchSelection');
    const expected = inWorkspace('insert', 'particularThing.svg').fsPath;
    await until('the image in an editor', async () => {
      await vscode.commands.executeCommand('workbench.action.acceptSelectedQuickOpenItem');
      return activeFile() === expected;
    });
  });

  test('the focused hit of a search is inserted by its key', async () => {
    const editor = await open('text7.py', 'x = ');
    cursorsAt(editor, [0, 4]);
    await run('search', 'particular thing');
    await until('the insertion', async () => {
      await run('insertPicked');
      return editor.document.getText() === 'x = "./particularThing.svg"';
    });
    await revert();
  });

  test('copies say what they are asked for', async () => {
    await open('text8.ts', 'import "x";\n');
    const copied = async (kind: string, ...assets: unknown[]) => { await run('copyAs', kind, assets); return clipboard(); };
    assert.equal(await copied('path', cart, bell), `${cart.fsPath}\n${bell.fsPath}`);
    assert.equal(await copied('relativePath', cart), 'insert/icons/shopping-cart.svg');
    assert.equal(await copied('import', cart, bell), 'import shoppingCart from \'./icons/shopping-cart.svg\';\nimport itSABell from \'./icons/it\\\'s a bell.svg\';');
    assert.equal(await copied('markdown', cartReference()), '![A \\<cart>](./icons/shopping-cart.svg)');
    const source = (await readFile(cart.fsPath, 'utf8')).trimEnd();
    assert.equal(await copied('svg', cart), source);
    const uri = await copied('dataUri', cart);
    assert.equal(decodeURIComponent(uri.replace('data:image/svg+xml,', '')), source);
  });

  test('what is too large or has no source is not copied', async () => {
    const large = inWorkspace('insert', 'large.png');
    await writeFile(large.fsPath, Buffer.alloc(5 * 1024 * 1024 + 1));
    await vscode.env.clipboard.writeText('before');
    await run('copyAs', 'dataUri', [large], { confirm: false });
    await run('copyAs', 'svg', [large]);
    assert.equal(await clipboard(), 'before');
    await writeFile(large.fsPath, Buffer.alloc(200 * 1024));
    await run('copyAs', 'dataUri', [large], { confirm: false });
    assert.match(await clipboard(), /^data:image\/png;base64,A{1000}/);
    await vscode.commands.executeCommand('notifications.clearAll');
  });

  test('what the index still lists though it is gone is neither opened nor copied', async () => {
    const gone = inWorkspace('insert', 'icons', 'gone.svg');
    for (const work of [() => openImage(gone), () => requireFile(gone)]) { await assert.rejects(work, { code: 'imageUnreadable' }); }
    const tabs = vscode.window.tabGroups.all.flatMap(group => group.tabs).length;
    const target = inWorkspace('insert', 'copies');
    await run('copyFileTo', [{ ...cartReference(), path: 'insert/icons/gone.svg' }], { folder: target });
    await assert.rejects(async () => vscode.workspace.fs.stat(vscode.Uri.joinPath(target, 'gone.svg')));
    assert.equal(vscode.window.tabGroups.all.flatMap(group => group.tabs).length, tabs);
  });

  test('files are copied; those that are there are overwritten, kept or left as was chosen', async () => {
    const folder = inWorkspace('insert', 'copies');
    await mkdir(folder.fsPath, { recursive: true });
    const there = vscode.Uri.joinPath(folder, 'shopping-cart.svg');
    await writeFile(there.fsPath, 'older');
    const other = await putIcon('anchor', 'insert', 'other', 'shopping-cart.svg');
    const copy = async (conflict: string, ...assets: vscode.Uri[]) => {
      const outcome = await run<{ copied: vscode.Uri[]; skipped: vscode.Uri[] }>('copyFileTo', assets, { folder, conflict });
      return { copied: outcome.copied.map(({ path }) => path.split('/').at(-1)), skipped: outcome.skipped.length };
    };
    assert.deepEqual(await copy('skip', cart, bell), { copied: ['it\'s a bell.svg'], skipped: 1 });
    assert.equal(await readFile(there.fsPath, 'utf8'), 'older');
    assert.deepEqual(await copy('keepBoth', cart), { copied: ['shopping-cart-2.svg'], skipped: 0 });
    assert.equal(await readFile(there.fsPath, 'utf8'), 'older');
    assert.deepEqual(await copy('overwrite', cart, other, there), { copied: ['shopping-cart.svg', 'shopping-cart-3.svg'], skipped: 1 });
    assert.deepEqual(await readFile(there.fsPath), await readFile(cart.fsPath));
    assert.deepEqual(await readFile(vscode.Uri.joinPath(folder, 'shopping-cart-3.svg').fsPath), await readFile(other.fsPath));
    await vscode.commands.executeCommand('notifications.clearAll');
  });
});
