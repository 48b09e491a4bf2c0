/** The package that people install: its size, its contents, and a search in a VS Code that has nothing but it. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { Frame } from 'playwright-core';
import { indexed, indexTimeoutMs, keepEvidence, openSample, openSidebar, search, tile, until, type Workbench } from './workbench';

const packageTimeoutMs = 180_000;
const largestBytes = 96e6;

interface Result { code: number; out: string }

function node(args: string[], cwd = process.cwd()): Promise<Result> {
  return new Promise(resolve => execFile(process.execPath, args, { cwd }, (error, stdout, stderr) => resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, out: `${stdout}${stderr}` })));
}

/** An archive of texts, not compressed (PKWARE's APPNOTE 6.3, versions without ZIP64). */
async function writeZip(file: string, texts: Record<string, string>): Promise<void> {
  const [parts, directory]: [Buffer[], Buffer[]] = [[], []];
  let offset = 0;
  for (const [path, text] of Object.entries(texts)) {
    const [name, bytes] = [Buffer.from(path), Buffer.from(text)];
    const fields = Buffer.alloc(26);
    fields.writeUInt16LE(20, 0);
    fields.writeUInt32LE(crc32(bytes), 10);
    fields.writeUInt32LE(bytes.length, 14);
    fields.writeUInt32LE(bytes.length, 18);
    fields.writeUInt16LE(name.length, 22);
    const place = Buffer.alloc(14);
    place.writeUInt32LE(offset, 10);
    parts.push(Buffer.from('PK\x03\x04'), fields, name, bytes);
    directory.push(Buffer.from('PK\x01\x02\x14\0'), fields, place, name);
    offset += 30 + name.length + bytes.length;
  }
  const entries = Buffer.concat(directory);
  const end = Buffer.alloc(18);
  const count = Object.keys(texts).length;
  end.writeUInt16LE(count, 4);
  end.writeUInt16LE(count, 6);
  end.writeUInt32LE(entries.length, 8);
  end.writeUInt32LE(offset, 12);
  await writeFile(file, Buffer.concat([...parts, entries, Buffer.from('PK\x05\x06'), end]));
}

suite('The package', () => {
  let vsix: string;
  let workbench: Workbench;
  let sidebar: Frame;

  suiteSetup(async function () {
    this.timeout(packageTimeoutMs + indexTimeoutMs);
    const { name, version } = JSON.parse(await readFile('package.json', 'utf8')) as { name: string; version: string };
    vsix = join(process.cwd(), 'out', `${name}-linux-x64-${version}.vsix`);
    const { code, out } = await node(['package.mjs', '--target', 'linux-x64']);
    assert.equal(code, 0, out);
    workbench = await openSample({}, { vsix });
  });
  teardown(async function () { await keepEvidence(this, workbench); });
  suiteTeardown(async () => { await workbench?.close(); });

  test('for Linux x64 has 96 MB at most', async () => {
    const { size } = await stat(vsix);
    assert.ok(size <= largestBytes, `${size / 1e6} MB`);
  });

  test('once installed, builds its index and shows the right picture', async function () {
    this.timeout(indexTimeoutMs);
    sidebar = await openSidebar(workbench.page);
    await indexed(sidebar, workbench.images);
    const found = await search(sidebar, 'shopping cart');
    assert.ok(found.slice(0, 4).includes('src/assets/icons/shopping-cart.svg'), `first: ${found.slice(0, 8).join(', ')}`);
    assert.ok(found.slice(0, 10).includes('public/emoji/twemoji/1f6d2.svg'), `by its picture alone: ${found.slice(0, 12).join(', ')}`);
    const image = tile(sidebar, 'src/assets/icons/shopping-cart.svg').locator('img');
    await until('the thumbnail', () => image.evaluate((element: { complete: boolean; naturalWidth: number }) => element.complete && element.naturalWidth > 0));
  });

  test('carries a command line that works by itself', async () => {
    const extensions = join(workbench.code.userDataDir, 'extensions');
    const folder = (await readdir(extensions)).find(name => name.startsWith('asset-search.'));
    assert.ok(folder, 'VS Code has installed the package');
    const cli = join(extensions, folder, 'dist', 'cli.js');
    const database = join(workbench.code.userDataDir, 'cli-index');
    const indexing = await node([cli, 'index', workbench.workspace, '--db', database], workbench.workspace);
    assert.equal(indexing.code, 0, indexing.out);
    const { code, out } = await node([cli, 'search', 'shopping cart', '--no-names', '--db', database], workbench.workspace);
    assert.equal(code, 0, out);
    assert.match(out, /shopping-cart\.svg/);
  });

  test('is refused by the check where its natives are of another processor', async () => {
    const { code, out } = await node(['package.mjs', '--check', vsix, '--target', 'linux-arm64']);
    assert.equal(code, 1);
    assert.match(out, /lancedb\.linux-x64-gnu\.node is for x64, not for arm64/);
    assert.match(out, /lancedb\.linux-arm64-gnu\.node is there 0 times/);
  });

  test('is refused by the check where the code of a native package is not inside', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'asp-'));
    try {
      const hollow = join(folder, 'hollow.vsix');
      await writeZip(hollow, { 'extension/package.json': '{}', 'extension/dist/decodeProcess.js': 'const s=require("sharp");', 'extension/dist/node_modules/@img/sharp-linux-x64/package.json': '{}' });
      const { code, out } = await node(['package.mjs', '--check', hollow, '--target', 'linux-x64']);
      assert.equal(code, 1);
      assert.match(out, /dist\/node_modules\/sharp lacks the code/);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test('is not made for a platform that has no natives', async () => {
    const { code, out } = await node(['package.mjs', '--target', 'darwin-x64']);
    assert.equal(code, 2);
    assert.match(out, /lancedb/);
  });
});
