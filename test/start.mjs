// `npm start [-- <folder>] [--port N]`: builds, indexes a folder (the sample by default) and opens VS Code on it with the extension.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { mkdir, realpath, writeFile } from 'node:fs/promises';
import { delimiter, join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { quietSettings, startServer } from './harness/server.mjs';
import { prepareTools, toolsAvailable } from './harness/setup.mjs';
import { makeSample } from './sample.mjs';

const repository = process.cwd();
const home = join(repository, '.vscode-test');

const usage = `Usage: npm start [-- [folder] [--port N] [--browser]]
  folder      the folder to open; without it, a sample workspace is made
  --port N    port of the VS Code that is served on 127.0.0.1 (default: any free one)
  --browser   serve VS Code to the browser even when the desktop's is installed`;

const { values: options, positionals } = readArguments();
const children = new Set();
let server;
let ending = false;

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) { process.once(signal, () => void end(0)); }
process.on('exit', () => { for (const child of children) { child.kill('SIGKILL'); } });

try {
  await main();
} catch (error) {
  console.error(`\n${error.message}`);
  await end(1);
}

async function main() {
  if (options.help) { console.log(usage); return; }
  console.log('Building …');
  await run(process.execPath, ['esbuild.js']);

  const given = positionals[0] && resolve(positionals[0]);
  if (given && !(existsSync(given) && statSync(given).isDirectory())) { throw new Error(`${given} is not a folder.`); }
  const folder = await realpath(given ?? await sample());
  const indexFolder = join(home, 'start', `index-${createHash('sha256').update(folder).digest('hex').slice(0, 12)}`);
  await mkdir(indexFolder, { recursive: true });

  const desktop = options.browser ? undefined : findDesktop();
  const open = desktop ? openDesktop : serve;
  if (!desktop && !toolsAvailable) { throw new Error("The `code` command is not on the PATH. In VS Code run “Shell Command: Install 'code' command in PATH”, then try again."); }
  const tools = desktop ? undefined : await prepareTools();

  // The index is built here, so that it goes on without a window; the window shares it, and only one of the two writes at a time.
  const database = relative(repository, indexFolder);
  const indexing = run(process.execPath, [join('dist', 'cli.js'), 'index', folder, '--db', indexFolder]);
  indexing.catch(() => {});   // awaited below, once VS Code is up
  await open({ desktop, tools, folder, indexFolder });
  let indexed = true;
  await indexing.catch(error => { indexed = false; console.error(`\nIndexing from here did not end well (${error.message}). The window goes on with it.`); });
  if (indexed) {
    console.log(`
Try it in the terminal, too:
  npx --no-install asset-search search "shopping cart" --db ${database}
  npx --no-install asset-search search "rocket" --db ${database} --no-names
  npx --no-install asset-search similar ${JSON.stringify(given ? '<an image>' : join(relative(repository, folder), 'public/emoji/rocket.svg'))} --db ${database}`);
  }
  console.log(desktop ? '' : `\nOpen ${server.address}\n\nCtrl-C ends it.`);
  if (server) {
    await server.ended;
    if (!ending) { throw new Error("VS Code's server has ended by itself."); }
  }
}

async function sample() {
  const folder = join(home, 'sample');
  const { images, made } = await makeSample(folder);
  console.log(`${made ? 'Made' : 'Using'} the sample workspace: ${images} images in ${relative(repository, folder)}`);
  return folder;
}

/** The `code` of a desktop VS Code. The one inside a VS Code terminal on a server only opens files in its own window. */
function findDesktop() {
  const name = process.platform === 'win32' ? 'code.cmd' : 'code';
  if (process.platform === 'linux' && !process.env.DISPLAY && !process.env.WAYLAND_DISPLAY) { return undefined; }
  const file = (process.env.PATH ?? '').split(delimiter).map(folder => join(folder, name)).find(candidate => existsSync(candidate));
  return file && !/[\\/](remote-cli|bin-remote)[\\/]/.test(file) ? file : undefined;
}

async function openDesktop({ desktop, folder, indexFolder }) {
  // Beside the user's own VS Code: its settings and extensions stay as they are.
  const userData = join(home, 'start', 'desktop');
  await mkdir(join(userData, 'User'), { recursive: true });
  await writeFile(join(userData, 'User', 'settings.json'), JSON.stringify({ ...quietSettings, ...settingsFor(indexFolder) }, undefined, 2));
  const windows = process.platform === 'win32';
  const args = [`--extensionDevelopmentPath=${repository}`, `--user-data-dir=${userData}`, '--disable-workspace-trust', '--new-window', folder];
  // A batch file needs a shell, and a shell needs quotes.
  const { status, error } = spawnSync(windows ? `"${desktop}"` : desktop, windows ? args.map(arg => `"${arg}"`) : args, { stdio: 'inherit', shell: windows });
  if (error || status !== 0) { throw new Error(`VS Code could not be started: ${error?.message ?? `exit code ${status}`}`); }
  console.log(`Opened ${folder} in VS Code. Its picture icon in the activity bar is Asset Search.`);
}

async function serve({ tools, folder, indexFolder }) {
  server = await startServer({
    tools, dataFolder: join(home, 'start', 'server'), port: Number(options.port ?? 0), installExtension: repository,
    settings: settingsFor(indexFolder),
  });
  server.address = server.url({ folder });
  console.log(`\n  Open ${server.address}\n`);
}

function settingsFor(indexFolder) {
  return { 'assetSearch.storageFolder': indexFolder };
}

/** Runs a program in this terminal to its end. */
function run(file, args) {
  return new Promise((done, fail) => {
    const child = spawn(file, args, { cwd: repository, stdio: 'inherit' });
    children.add(child);
    child.on('error', fail);
    child.on('close', (code, signal) => {
      children.delete(child);
      if (code === 0) { done(); } else { fail(new Error(`${args[0]} ended with ${code ?? signal}`)); }
    });
  });
}

/** Ends what was started here, first asking: the indexer keeps what it has done. */
async function end(code) {
  ending = true;
  const endings = [...children].map(child => new Promise(done => {
    child.once('close', done);
    child.kill('SIGINT');
    setTimeout(() => child.kill('SIGKILL'), 5000).unref();
  }));
  await Promise.all([...endings, server?.close()]);
  process.exit(code);
}

function readArguments() {
  try {
    const parsed = parseArgs({ allowPositionals: true, options: { port: { type: 'string' }, browser: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } });
    const { port = '0' } = parsed.values;
    if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) { throw new Error(`--port needs a number from 0 to 65535, not "${port}".`); }
    return parsed;
  } catch (error) {
    console.error(`${error.message}\n${usage}`);
    process.exit(2);
  }
}
