/** Settings take effect at once. */
import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { api, names, putIcon, remove, until } from './support';

const set = (name: string, value: unknown, section = 'assetSearch') =>
  vscode.workspace.getConfiguration(section).update(name, value, vscode.ConfigurationTarget.Workspace);

async function found(word: string): Promise<string[]> {
  try {
    return names(await (await api()).search(word, { limit: 200 })).filter(name => name.includes(word)).sort();
  } catch (error) {
    if ((error as { code?: string }).code === 'cancelled') { return ['reopening']; } // asked in the moment the engine opens anew
    throw error;
  }
}
const becomes = (word: string, expected: string[]) =>
  until(`${word}: ${expected.join(', ')}`, async () => JSON.stringify(await found(word)) === JSON.stringify(expected));

suite('settings', () => {
  suiteSetup(async () => {
    await putIcon('plane', 'settings', 'a', 'wombat.svg');
    await putIcon('plane', 'settings', 'b', 'wombat.svg');
    await (await api()).index();
  });
  teardown(async () => {
    for (const name of ['exclude', 'include', 'useFileNames', 'maxFileSizeMB']) { await set(name, undefined); }
    await set('exclude', undefined, 'files');
    await becomes('wombat', ['settings/a/wombat.svg', 'settings/b/wombat.svg']);
  });
  suiteTeardown(async () => {
    await remove('settings');
    await remove('.vscode');
    await (await api()).index();
  });

  test('assetSearch.exclude leaves files out', async () => {
    await becomes('wombat', ['settings/a/wombat.svg', 'settings/b/wombat.svg']);
    await set('exclude', ['settings/a/**']);
    await becomes('wombat', ['settings/b/wombat.svg']);
  });

  test('files.exclude leaves files out', async () => {
    await set('exclude', { 'settings/b': true }, 'files');
    await becomes('wombat', ['settings/a/wombat.svg']);
  });

  test('assetSearch.include admits only what matches', async () => {
    await set('include', ['settings/b/**']);
    await becomes('wombat', ['settings/b/wombat.svg']);
    const search = await api();
    await until('only that one is left', async () => (await search.status()).assets === 1);
  });

  test('assetSearch.useFileNames decides whether names count', async () => {
    const search = await api();
    assert.ok((await search.search('wombat')).some(({ uri }) => uri.path.includes('wombat')));
    await set('useFileNames', false);
    const withoutNames = await search.search('wombat', { limit: 3 });
    assert.ok(withoutNames.every(({ score }) => score !== null));
    const [first] = await search.search('wombat', { limit: 1, useFileNames: true });
    assert.match(first?.uri.path ?? '', /wombat/);
  });

  test('every setting is documented and has a default', () => {
    const { properties } = vscode.extensions.getExtension('asset-search.asset-search')?.packageJSON.contributes.configuration;
    for (const [name, setting] of Object.entries<Record<string, unknown>>(properties)) {
      assert.ok(typeof setting.markdownDescription === 'string' && !setting.markdownDescription.startsWith('%'), name);
      assert.notEqual(setting.default, undefined, name);
      assert.ok(setting.scope, name);
    }
  });
});
