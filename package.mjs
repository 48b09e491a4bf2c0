// `npm run package [-- --target <target> | --all]`: one VSIX per target in out/, trimmed to what the target loads, checked from the outside, with a table of sizes.
// `npm run package -- --check <file> --target <target>` only checks one that is there.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, cp, mkdir, mkdtemp, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join, posix, relative } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { buffer } from 'node:stream/consumers';
import { path7za } from '7zip-bin';
import esbuild from 'esbuild';
import picomatch from 'picomatch';
import yauzl from 'yauzl';

const repository = import.meta.dirname ?? process.cwd();
const cache = join(repository, '.vscode-test', 'package');
const require = createRequire(import.meta.url);
const readJson = async file => JSON.parse(await readFile(file, 'utf8'));
const manifest = await readJson(join(repository, 'package.json'));
const locked = (await readJson(join(repository, 'package-lock.json'))).packages;

/** The Marketplace's names. `universal` holds no natives: what is offered where there is no other package. */
const targets = {
  'linux-x64': { os: 'linux', cpu: 'x64', libc: 'glibc' },
  'linux-arm64': { os: 'linux', cpu: 'arm64', libc: 'glibc' },
  'alpine-x64': { os: 'linux', cpu: 'x64', libc: 'musl' },
  'alpine-arm64': { os: 'linux', cpu: 'arm64', libc: 'musl' },
  'darwin-arm64': { os: 'darwin', cpu: 'arm64' },
  'darwin-x64': { os: 'darwin', cpu: 'x64' },
  'win32-x64': { os: 'win32', cpu: 'x64' },
  'win32-arm64': { os: 'win32', cpu: 'arm64' },
  'linux-armhf': { os: 'linux', cpu: 'arm', libc: 'glibc' },
  universal: undefined,
};

/**
 * onnxruntime-node has binaries for glibc alone; musl lacks the ld-linux and the __vsnprintf_chk, __memcpy_chk and their like that they ask for (onnxruntime#17986).
 * ONNX Runtime's WebAssembly build gives the same vectors (within 2e-8) at 19 ms an image where the native one takes 0.6: 50 to 70 icons a second in all.
 * It is no dependency, because only these packages need it, and a tenth of its 130 MB.
 */
const wasmRuntime = {
  // As the native one's: another version is refused by its hash.
  name: 'onnxruntime-web', version: locked['node_modules/onnxruntime-node'].version,
  integrity: 'sha512-q0y+JrrtukXSzsBWEMccVfqX25LRmosXHF+CaRJmg8pZClzcV7svNc4rKY3jL02Vb7QmRMDs1SigqR4CXAfKYQ==',
  files: ['package.json', 'dist/ort.node.min.js', 'dist/ort-wasm-simd-threaded.mjs', 'dist/ort-wasm-simd-threaded.wasm'],
};
const wasmAdapter = `// ONNX Runtime's WebAssembly build under the name of the native one, which does not exist for musl.
const { readdirSync, readFileSync } = require('node:fs');
const { join } = require('node:path');
const web = require('onnxruntime-web');

/** It opens no files by itself: the weights beside a graph are given to it. */
function create(source, options = {}) {
  const folder = options.extra?.session?.model_external_initializers_file_folder_path;
  const beside = folder ? readdirSync(folder).filter(name => /\\.onnx[._]data(_\\d+)?$/.test(name)) : [];
  return web.InferenceSession.create(source, { ...options, extra: undefined, externalData: beside.map(path => ({ path, data: readFileSync(join(folder, path)) })) });
}

module.exports = { ...web, InferenceSession: { create }, listSupportedBackends: () => [{ name: 'cpu', bundled: true }] };
`;

const shipped = ['README.md', 'LICENSE', 'l10n', 'media'];
const leftOut = /^media\/(marketplace\.svg$|screenshots(\/|$))/;
const licenceFile = /^(licen[cs]e|copying|notice|copyright|.*third_party_licenses)/i;
const maxPackedBytes = 100e6;

/** Says what cannot be done, without a stack. */
class Refusal extends Error {}

/** What the target's packages and folders of natives are called, and which of the dependencies have none for it. */
function nativesOf(target) {
  const [packages, missing] = [[], []];
  if (!target) { return { packages, missing }; }
  const fits = ({ os = [], cpu = [], libc }) => os.includes(target.os) && cpu.includes(target.cpu) && (!libc || libc.includes(target.libc));
  for (const name of Object.keys(manifest.dependencies)) {
    const { version, optionalDependencies = {} } = locked[`node_modules/${name}`];
    const variants = Object.keys(optionalDependencies).filter(each => locked[`node_modules/${each}`]?.os);
    const found = variants.filter(each => fits(locked[`node_modules/${each}`]));
    if (name === 'onnxruntime-node' ? !existsSync(runtimeFolder(target)) : variants.length > 0 && found.length === 0) { missing.push(`${name} ${version}`); }
    packages.push(...found);
  }
  return { packages, missing };
}

function runtimeFolder({ os, cpu }) { return join(repository, 'node_modules', 'onnxruntime-node', 'bin', 'napi-v6', os, cpu); }

/** The folder of a package at the locked version: the installed one, or one of another platform from the registry. */
async function packageFolder(name, { version, integrity } = locked[`node_modules/${name}`]) {
  const installed = join(repository, 'node_modules', name);
  if ((await readJson(join(installed, 'package.json')).catch(() => undefined))?.version === version) { return installed; }
  const folder = join(cache, `${name.replace('/', '+')}-${version}`);
  if (existsSync(folder)) { return folder; }
  await mkdir(cache, { recursive: true });
  const partial = await mkdtemp(join(cache, 'partial-'));
  try {
    const script = process.env.npm_execpath;
    const [file, args] = script?.endsWith('.js') ? [process.execPath, [script]] : ['npm', []];
    await run(file, [...args, 'pack', `${name}@${version}`, '--ignore-scripts', '--pack-destination', partial]);
    const archive = join(partial, (await readdir(partial))[0]);
    const found = `sha512-${createHash('sha512').update(await readFile(archive)).digest('base64')}`;
    if (found !== integrity) { throw new Refusal(`The registry's ${name}@${version} is not the locked one: its hash is ${found}.`); }
    await run('tar', ['-xzf', basename(archive)], { cwd: partial });
    await rename(join(partial, 'package'), folder).catch(error => { if (!existsSync(folder)) { throw error; } });   // another run was faster
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
  return folder;
}

/** Every file that the packages load when they run, found as esbuild follows their requires; natives, whose paths are computed, come from nativesOf(). */
async function loadedFiles(packages) {
  const computed = { name: 'computed-requires', setup(build) { build.onLoad({ filter: /\.c?js$/ }, async ({ path }) => ({ contents: (await readFile(path, 'utf8')).replaceAll('require(`', 'String(`') })); } };
  const { metafile } = await esbuild.build({
    stdin: { contents: packages.map(name => `require(${JSON.stringify(name)});`).join('\n'), resolveDir: repository }, absWorkingDir: repository,
    bundle: true, write: false, metafile: true, platform: 'node', format: 'cjs', logLevel: 'error', plugins: [computed],
    // Where node_modules is a link, as in a second work tree, the files are named by where they are asked for.
    preserveSymlinks: true,
    // As Node.js resolves them; what is not installed on every platform is optional and looked up when it runs.
    mainFields: ['main'], conditions: [], external: ['*.node', 'openai', '@huggingface/transformers', ...Object.keys(locked).filter(path => locked[path].optional).map(path => path.replace('node_modules/', ''))],
  });
  return Object.keys(metafile.inputs).filter(path => path.startsWith('node_modules/'));
}

/** The folder of the package that holds a file, relative to the repository. */
const packageOf = path => /^.*node_modules\/(@[^/]+\/)?[^/]+/.exec(path.replaceAll('\\', '/'))?.[0];

/** Lays out in `stage` all that the extension of this target is. */
async function stageExtension(stage, target, natives) {
  const contents = join(stage, 'contents.json');
  await run(process.execPath, ['esbuild.js', '--production', '--outdir', join(stage, 'dist'), '--contents', contents]);
  const { bundled, required } = await readJson(contents);
  await rm(contents);
  for (const name of [...shipped, ...(await readdir(repository)).filter(name => /^package\.nls.*\.json$/.test(name))]) {
    await cp(join(repository, name), join(stage, name), { recursive: true, filter: source => !leftOut.test(relative(repository, source).replaceAll('\\', '/')) });
  }
  const { scripts, devDependencies, dependencies, overrides, private: _, ...published } = manifest;
  await writeFile(join(stage, 'package.json'), `${JSON.stringify(published, undefined, 2)}\n`);
  await writeFile(join(stage, 'README.md'), asPage(await readFile(join(stage, 'README.md'), 'utf8')));

  // In dist/, where Node.js looks first: vsce leaves out a node_modules/ beside package.json unless npm vouches for its every package.
  const place = path => join(stage, 'dist', path);
  const wasm = target?.libc === 'musl';
  const files = await loadedFiles(required.filter(name => !wasm || name !== 'onnxruntime-node').concat(wasm ? 'onnxruntime-common' : []));
  const notices = new Map([...bundled, ...files].flatMap(path => packageOf(path) ?? []).map(path => [path, join(repository, path)]));
  for (const path of files) { await cp(join(repository, path), place(path)); }
  for (const folder of new Set(files.map(packageOf))) {
    const nested = new Set(files.filter(path => packageOf(path) === folder).flatMap(path => { const all = []; for (let at = dirname(path); at.length >= folder.length; at = dirname(at)) { all.push(`${at}/package.json`); } return all; }));
    for (const path of [...nested].filter(path => existsSync(join(repository, path)))) { await cp(join(repository, path), place(path)); }
  }
  for (const name of natives.packages) {
    const folder = await packageFolder(name);
    notices.set(`node_modules/${name}`, folder);
    await cp(folder, place(`node_modules/${name}`), { recursive: true, filter: source => !/\.(d\.[cm]?ts|map|md|h)$/.test(source) });
  }
  if (wasm) {
    const folder = await packageFolder(wasmRuntime.name, wasmRuntime);
    notices.set(`node_modules/${wasmRuntime.name}`, folder);
    for (const file of wasmRuntime.files) { await cp(join(folder, file), place(`node_modules/${wasmRuntime.name}/${file}`)); }
    await mkdir(place('node_modules/onnxruntime-node'), { recursive: true });
    await writeFile(place('node_modules/onnxruntime-node/index.js'), wasmAdapter);
  } else if (target) {
    // The package for macOS holds the same library under two names; the binding asks for this one.
    await cp(runtimeFolder(target), place(relative(repository, runtimeFolder(target))), { recursive: true, filter: source => !/libonnxruntime\.\d+\.\d+\.\d+\.dylib$/.test(source) });
  }
  for (const file of (await readdir(join(stage, 'dist'), { recursive: true })).filter(name => /\.(node|so(\.\d+)*)$/.test(name))) { await dropSymbols(join(stage, 'dist', file)); }
  await writeFile(join(stage, 'ThirdPartyNotices.txt'), await noticesOf(notices));
}

/**
 * Ends an ELF file (System V ABI, 64 bit, little endian) after its last loaded segment, as `strip` and sstrip do: the symbols and section headers behind it are for debuggers.
 * Of LanceDB for Linux that is 20 of 161 MB, 4 MB packed.
 */
async function dropSymbols(file) {
  const bytes = await readFile(file);
  if (machineOf(bytes)?.os !== 'linux') { return; }
  const [first, size, count] = [Number(bytes.readBigUInt64LE(0x20)), bytes.readUInt16LE(0x36), bytes.readUInt16LE(0x38)];
  const ends = Array.from({ length: count }, (_, index) => first + index * size).map(at => Number(bytes.readBigUInt64LE(at + 8) + bytes.readBigUInt64LE(at + 32)));
  bytes.fill(0, 0x28, 0x30).fill(0, 0x3a, 0x40);   // where the section headers were, their size, number and names
  await writeFile(file, bytes.subarray(0, Math.max(...ends)));
}

/**
 * Packs an archive once more with 7-Zip's deflate, which looks harder than the zlib that vsce uses and is read by the same code: 3.9 MB less for Linux x64.
 * `folder` is an empty one, for what is inside.
 */
async function packSmaller(file, folder) {
  if (process.platform !== 'win32') { await chmod(path7za, 0o755); }   // npm has it without
  await run(path7za, ['x', '-y', `-o${folder}`, file]);
  // Files alone: where it is given a folder, it writes an entry for that, too.
  const names = (await readdir(folder, { recursive: true, withFileTypes: true })).filter(entry => entry.isFile()).map(entry => relative(folder, join(entry.parentPath, entry.name)));
  const [list, packed] = [`${folder}.txt`, `${folder}.zip`];
  await writeFile(list, names.sort().join('\n'));
  await run(path7za, ['a', '-tzip', '-mm=Deflate', '-mx=5', '-scsUTF-8', packed, `@${list}`], { cwd: folder });
  await rename(packed, file);
}

/** The README as the extension's page: without the sections for who has the source and, while no repository is named, without what a relative link would lead to. */
function asPage(markdown) {
  const forUsers = markdown.split(/^(?=## )/m).filter(section => !/^ {4}npm /m.test(section)).join('');
  return manifest.repository ? forUsers : forUsers.replace(/^!\[[^\]]*\]\((?!https?:)[^)]*\)\n+/gm, '').replace(/\[([^\]]*)\]\((?!https?:|#)[^)]*\)/g, '$1');
}

/** The licences of all that is not ours, from each package's own files, and where it has none the text of the licence that it states. */
async function noticesOf(folders) {
  const parts = ['This extension contains the packages below. Each is under its own licence.\n'];
  for (const [path, folder] of [...folders].sort(([a], [b]) => a.localeCompare(b))) {
    const { name, version, license, homepage, author } = await readJson(join(folder, 'package.json'));
    const names = (await readdir(folder)).filter(file => licenceFile.test(file));
    const texts = await Promise.all(names.map(file => readFile(join(folder, file), 'utf8')));
    if (names.length === 0) { texts.push(`The package holds no licence file; its package.json states: ${license}${author ? `, ${author.name ?? author}` : ''}.`, ...licenceTexts(license)); }
    // libvips lists here what is compiled into it, under which licences.
    if (/LGPL/.test(license)) { texts.push(await readFile(join(folder, 'README.md'), 'utf8')); }
    parts.push(`${'='.repeat(80)}\n${name ?? basename(path)} ${version} (${license})${homepage ? `\n${homepage}` : ''}\n${'='.repeat(80)}\n\n${texts.map(text => text.trim()).join('\n\n')}\n`);
  }
  return parts.join('\n');
}

function licenceTexts(expression) {
  const ids = expression.replace(/[()]/g, '').split(/ AND | OR /);
  // The LGPL is written as an addition to the GPL, and is to be given with it.
  return ids.flatMap(id => id.startsWith('LGPL-3.0') ? [id, 'GPL-3.0-or-later'] : [id]).map(id => require(`spdx-license-list/licenses/${id}.json`).licenseText);
}

/** The native files a target needs, as globs of which each must match one file; any other native file is a mistake. */
function neededBinaries(target) {
  if (!target) { return []; }
  const { os, cpu, libc } = target;
  const triple = `${os}-${cpu}${{ linux: libc === 'musl' ? '-musl' : '-gnu', win32: '-msvc' }[os] ?? ''}`;
  const sharp = `${os}${libc === 'musl' ? 'musl' : ''}-${cpu}`;
  const runtime = `onnxruntime-node/bin/napi-v6/${os}/${cpu}`;
  const vips = { linux: [`sharp-libvips-${sharp}/lib/libvips-cpp.so.*`], darwin: [`sharp-libvips-${sharp}/lib/libvips-cpp.*.dylib`], win32: [`sharp-${sharp}/lib/libvips-42.dll`, `sharp-${sharp}/lib/libvips-cpp-*.dll`] }[os];
  // DirectML, and the two shader compilers that WebGPU loads, are what a GPU needs on Windows. Elsewhere WebGPU is inside the library.
  const libraries = { linux: ['libonnxruntime.so.1'], darwin: ['libonnxruntime.1.dylib'], win32: ['onnxruntime.dll', 'DirectML.dll', 'dxcompiler.dll', 'dxil.dll'] }[os];
  return [
    `@lancedb/lancedb-${triple}/lancedb.${triple}.node`, `@img/sharp-${sharp}/lib/sharp-*.node`, ...vips.map(file => `@img/${file}`),
    ...(libc === 'musl' ? [] : ['onnxruntime_binding.node', ...libraries].map(file => `${runtime}/${file}`)),
  ].map(file => `dist/node_modules/${file}`);
}

/** What a native file was made for, from its header; undefined for any other file. */
function machineOf(bytes) {
  if (bytes.length < 64) { return undefined; }
  const magic = bytes.readUInt32BE(0);
  if (magic === 0x7f454c46) { return { os: 'linux', cpu: { 62: 'x64', 183: 'arm64' }[bytes.readUInt16LE(18)], libc: bytes.includes('libc.so.6\0') ? 'glibc' : 'musl' }; }
  if (magic === 0xcffaedfe) { return { os: 'darwin', cpu: { 0x01000007: 'x64', 0x0100000c: 'arm64' }[bytes.readUInt32LE(4)] }; }
  const header = bytes.readUInt16BE(0) === 0x4d5a ? bytes.readUInt32LE(0x3c) : bytes.length;
  return header + 6 <= bytes.length && bytes.readUInt32BE(header) === 0x50450000 ? { os: 'win32', cpu: { 0x8664: 'x64', 0xaa64: 'arm64' }[bytes.readUInt16LE(header + 4)] } : undefined;
}

/** Opens a finished VSIX as a stranger would. Returns its entries' sizes, and what is wrong with it. */
async function checkVsix(file, target) {
  const faults = [];
  const [sizes, texts, machines, hashes] = [new Map(), new Map(), new Map(), new Map()];
  const zip = await yauzl.openPromise(file);
  for await (const entry of zip.eachEntry()) {
    if (!entry.fileName.startsWith('extension/')) { continue; }
    const path = entry.fileName.slice('extension/'.length);
    const bytes = await buffer(await zip.openReadStreamPromise(entry));
    sizes.set(path, { packed: entry.compressedSize, unpacked: entry.uncompressedSize });
    const machine = machineOf(bytes);
    if (machine) { machines.set(path, machine); } else if (/\.(c?js|mjs|json|md|css|txt|html|svg)$/.test(path)) { texts.set(path, bytes.toString('utf8')); }
    if (path.startsWith('media/')) { hashes.set(path, createHash('sha256').update(bytes).digest('hex')); }
    if (entry.compressedSize > maxPackedBytes) { faults.push(`${path} takes ${megabytes(entry.compressedSize)} MB`); }
    if (/\.map$|\.[cm]?ts$|(^|\/)(tests?|__tests__|docs?|examples?|\.[^/]+)(\/|$)|\.tgz$/.test(path)) { faults.push(`${path} does not belong here`); }
  }

  for (const needed of neededBinaries(target)) {
    const isNeeded = picomatch(needed);
    const matches = [...machines.keys()].filter(path => isNeeded(path));
    if (matches.length !== 1) { faults.push(`${needed} is there ${matches.length} times instead of once`); }
  }
  const isNeeded = picomatch(neededBinaries(target));
  for (const [path, machine] of machines) {
    if (!isNeeded(path)) { faults.push(`${path} is a native file that this target does not need`); }
    for (const key of Object.keys(machine)) { if (machine[key] !== target?.[key]) { faults.push(`${path} is for ${machine[key]}, not for ${target?.[key]}`); } }
  }
  // Asked for as the bundles name them: a package without its code would leave the extension to search file names only.
  const packaged = target ? Object.keys(manifest.dependencies).filter(name => [...texts].some(([path, text]) => /^dist\/[^/]+\.js$/.test(path) && text.includes(`require("${name}")`))) : [];
  for (const name of packaged) {
    const { main = 'index.js' } = JSON.parse(texts.get(`dist/node_modules/${name}/package.json`) ?? '{}');
    if (![main, `${main}.js`, `${main}/index.js`].some(file => texts.has(posix.join('dist/node_modules', name, file)))) { faults.push(`dist/node_modules/${name} lacks the code that is loaded`); }
  }
  if (target?.libc === 'musl') { for (const path of wasmRuntime.files) { if (!sizes.has(`dist/node_modules/onnxruntime-web/${path}`)) { faults.push(`onnxruntime-web/${path} is missing`); } } }

  const inside = JSON.parse(texts.get('package.json') ?? '{}');
  const strings = value => typeof value === 'string' ? [value] : value && typeof value === 'object' ? Object.values(value).flatMap(strings) : [];
  const referred = strings(inside).filter(value => /^(\.\/)?(dist|media|l10n)(\/|$)/.test(value)).map(value => value.replace(/^\.\//, ''));
  const entryPoints = ['engine', 'encodeProcess', 'decodeProcess', 'conformanceProcess', 'jpeg2000Worker', 'webview'].map(name => `dist/${name}.js`);
  for (const path of [...referred, ...entryPoints, 'dist/codicon.css', 'dist/codicon.ttf', 'dist/openjpegwasm_decode.wasm', 'readme.md', 'LICENSE.txt', 'ThirdPartyNotices.txt', 'package.nls.json', 'media/builtin/NOTICE']) {
    if (![...sizes.keys()].some(each => each === path || each.startsWith(`${path}/`))) { faults.push(`${path} is missing`); }
  }
  for (const key of strings(inside).flatMap(value => /^%(.+)%$/.exec(value)?.[1] ?? [])) { if (!(key in JSON.parse(texts.get('package.nls.json') ?? '{}'))) { faults.push(`package.nls.json lacks ${key}`); } }

  const models = [...texts].filter(([path]) => basename(path) === 'model.json');
  if (models.length === 0) { faults.push('There is no model'); }
  for (const [path, text] of models) {
    for (const { path: name, sha256 } of Object.values(JSON.parse(text).files).flat()) { if (hashes.get(`${dirname(path)}/${name}`) !== sha256) { faults.push(`${dirname(path)}/${name} is not the file of its model.json`); } }
  }
  for (const [path, text] of texts) { if (text.includes(repository) || text.includes(JSON.stringify(repository).slice(1, -1))) { faults.push(`${path} names a folder of this machine`); } }
  return { sizes, faults };
}

const parts = [
  ['LanceDB', /^dist\/node_modules\/(@lancedb|apache-arrow|flatbuffers|reflect-metadata|tslib)\//],
  ['ONNX Runtime', /^dist\/node_modules\/onnxruntime/],
  ['sharp', /^dist\/node_modules\/(@img|sharp|detect-libc|semver)\//],
  ['model', /^media\/builtin\//],
  ['rest', /./],
];

/** A line of the table: megabytes of 1,000,000 bytes, packed. */
function sizesOf(name, fileBytes, sizes) {
  const row = { target: name, VSIX: megabytes(fileBytes), ...Object.fromEntries(parts.map(([part]) => [part, 0])) };
  let unpacked = 0;
  for (const [path, size] of sizes) {
    row[parts.find(([, pattern]) => pattern.test(path))[0]] += size.packed;
    unpacked += size.unpacked;
  }
  for (const [part] of parts) { row[part] = megabytes(row[part]); }
  return { ...row, unpacked: megabytes(unpacked), files: sizes.size };
}
function megabytes(bytes) { return (bytes / 1e6).toFixed(1); }

function printTable(rows) {
  const columns = Object.keys(rows[0]);
  const widths = columns.map(column => Math.max(column.length, ...rows.map(row => String(row[column]).length)));
  const line = cells => cells.map((cell, index) => index === 0 ? String(cell).padEnd(widths[index]) : String(cell).padStart(widths[index])).join('  ');
  console.log(`\nMegabytes in the VSIX, and unpacked:\n${[columns, ...rows.map(row => columns.map(column => row[column]))].map(line).join('\n')}`);
}

async function packageTarget(name) {
  const started = performance.now();
  const target = targets[name];
  const natives = nativesOf(target);
  const file = join(repository, 'out', `${manifest.name}-${name}-${manifest.version}.vsix`);
  await mkdir(cache, { recursive: true });
  await mkdir(dirname(file), { recursive: true });
  const stage = await mkdtemp(join(cache, 'stage-'));
  try {
    await stageExtension(stage, target, natives);
    // A process of its own: vsce prints a page about what we check ourselves, and ends the process when it is not content.
    await run(process.execPath, [
      join(repository, 'node_modules', '@vscode', 'vsce', 'vsce'), 'package', '--no-dependencies', '--out', file, ...(target ? ['--target', name] : []),
      '--allow-missing-repository', '--allow-package-all-secrets', '--allow-package-env-file',
    ], { cwd: stage });
    await packSmaller(file, await mkdtemp(join(stage, 'packed-')));
  } finally {
    await rm(stage, { recursive: true, force: true });
  }
  const row = await checkTarget(file, name);
  console.log(`${relative(repository, file)}  ${((performance.now() - started) / 1000).toFixed(1)} s`);
  return row;
}

async function checkTarget(file, name) {
  const { sizes, faults } = await checkVsix(file, targets[name]);
  if (faults.length > 0) { throw new Refusal(`${basename(file)} is not right for ${name}:\n  ${faults.join('\n  ')}`); }
  return sizesOf(name, (await stat(file)).size, sizes);
}

/** Runs a program to its end, silently; rejects with what it printed. */
async function run(file, args, options = {}) {
  try {
    await promisify(execFile)(file, args, { cwd: repository, maxBuffer: 64e6, ...options });
  } catch (error) {
    throw new Refusal(`${basename(file)} ${args.slice(0, 3).join(' ')} ended with ${error.code}:\n${error.stdout ?? ''}${error.stderr ?? error.message}`);
  }
}

function readArguments() {
  const { values } = parseArgs({ options: { target: { type: 'string', multiple: true }, all: { type: 'boolean' }, check: { type: 'string' } } });
  const supported = Object.keys(targets).filter(name => nativesOf(targets[name]).missing.length === 0);
  if (values.all) { return { names: supported }; }
  const alpine = process.platform === 'linux' && !process.report.getReport().header.glibcVersionRuntime;
  const names = values.target ?? [`${alpine ? 'alpine' : process.platform}-${process.arch}`];
  for (const name of names) {
    if (!(name in targets)) { throw new Refusal(`There is no target "${name}". Choose of ${supported.join(', ')}.`); }
    const { missing } = nativesOf(targets[name]);
    if (missing.length > 0) {
      throw new Refusal(`No package can be made for ${name}: ${missing.join(' and ')} ${missing.length > 1 ? 'have' : 'has'} no binaries for it. There "--target universal" can be offered, which searches by file names. Packages can be made for ${supported.join(', ')}.`);
    }
  }
  return { names, check: values.check };
}

async function main() {
  let chosen;
  try {
    chosen = readArguments();
  } catch (error) {
    console.error(error.message);
    process.exitCode = 2;
    return;
  }
  const rows = [];
  for (const name of chosen.names) { rows.push(await (chosen.check ? checkTarget(chosen.check, name) : packageTarget(name))); }
  printTable(rows);
}

main().catch(error => { console.error(error instanceof Refusal ? error.message : error); process.exitCode = 1; });
