// Serves the VS Code of the tools folder on 127.0.0.1, with an extension in it; shared by the tests and `npm start`.
import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const startTimeoutMs = 60_000;
const longestDataFolder = 50;

/** Settings for a quiet VS Code: no pages of its own at the start, nothing that asks the network. */
export const quietSettings = {
  'workbench.startupEditor': 'none',
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.enableExperiments': false,
  'workbench.tips.enabled': false,
  'chat.disableAIFeatures': true,
  'security.workspace.trust.enabled': false,
  'extensions.autoCheckUpdates': false,
  'extensions.autoUpdate': 'off',
  'extensions.ignoreRecommendations': true,
  'telemetry.telemetryLevel': 'off',
  'update.mode': 'none',
  'git.openRepositoryInParentFolders': 'never',
};

/** Restricted Mode from the start, without a question. */
const restrictedSettings = { 'security.workspace.trust.enabled': true, 'security.workspace.trust.startupPrompt': 'never', 'security.workspace.trust.emptyWindow': false };

/**
 * @param {object} options
 * @param {{ node: string, server: string }} options.tools what prepareTools() returned
 * @param {string} options.dataFolder settings, logs and state
 * @param {Record<string, unknown>} [options.settings] added to quietSettings
 * @param {string} [options.installExtension] the folder of a built extension, to be found like an installed one
 * @param {string} [options.installVsix] a package to install first, as VS Code does it
 * @param {boolean} [options.testable] accept an extension and its tests from the page's address
 * @param {Record<string, string>} [options.env]
 * @param {number} [options.port] 0 = any free one
 * @param {boolean} [options.restricted] open every workspace as one that is not trusted yet
 * @param {string} [options.locale] display language; a language pack of it is made, so that extensions are shown in it (VS Code itself stays English)
 */
export async function startServer({ tools, dataFolder, settings = {}, installExtension, installVsix, testable = false, env = {}, port = 0, restricted = false, locale }) {
  const data = join(dataFolder, 'data');
  const extensions = join(dataFolder, 'extensions');
  await writeSettings(data, { ...quietSettings, ...restricted && restrictedSettings, ...settings });
  await mkdir(extensions, { recursive: true });
  if (locale) { await writeLanguagePack(data, locale); }
  if (installExtension) { await linkExtension(installExtension, extensions); }
  if (installVsix) {
    await promisify(execFile)(tools.node, [tools.server, '--install-extension', installVsix, '--accept-server-license-terms', '--server-data-dir', dataFolder, '--user-data-dir', data, '--extensions-dir', extensions], { env: { ...serverEnvironment(), ...env } });
  }

  // VS Code puts its sockets here, and their paths may have 107 characters at most.
  const sockets = dataFolder.length <= longestDataFolder ? dataFolder : await mkdtemp(join(tmpdir(), 'asr-'));

  const token = randomBytes(16).toString('hex');
  const server = spawn(tools.node, [
    tools.server, '--host', '127.0.0.1', '--port', String(port), '--connection-token', token, '--accept-server-license-terms',
    '--server-data-dir', dataFolder, '--user-data-dir', data, '--extensions-dir', extensions,
    '--telemetry-level', 'off', '--disable-getting-started-override', ...(restricted ? [] : ['--disable-workspace-trust']), ...(locale ? ['--locale', locale] : []),
    // Without it a built VS Code ignores the extensionDevelopmentPath and extensionTestsPath of the page's address.
    ...(testable ? ['--enable-smoke-test-driver'] : []),
  ], { env: { ...serverEnvironment(), XDG_RUNTIME_DIR: sockets, ...env }, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  // Detached, it would outlive a test run that is interrupted.
  const killAll = () => { try { process.kill(-server.pid, 'SIGKILL'); } catch { /* the group is gone */ } };
  process.once('exit', killAll);
  let output = '';
  for (const stream of [server.stdout, server.stderr]) { stream.on('data', part => { output += part; }); }
  const ended = new Promise(done => { server.once('exit', done); server.once('error', error => { output += error.message; done(); }); });

  /** Ends the server with every process it started (they are one process group, so none is left behind). */
  async function close() {
    server.kill('SIGTERM');
    await Promise.race([ended, delay(3000)]);
    killAll();
    process.removeListener('exit', killAll);
    await ended;
    if (sockets !== dataFolder) { await rm(sockets, { recursive: true, force: true }); }
  }

  const begun = performance.now();
  let address;
  while (!(address = /Web UI available at http:\/\/[^:]+:(\d+)/.exec(output)?.[1])) {
    if (server.exitCode !== null || server.pid === undefined || performance.now() - begun > startTimeoutMs) {
      await close();
      throw new Error(`VS Code's server did not start:\n${output.trim()}`);
    }
    await delay(50);
  }
  const authority = `127.0.0.1:${address}`;
  return {
    authority,
    token,
    pid: server.pid,
    ended,
    close,
    /** The address to open: the token goes first, VS Code takes it into a cookie. */
    url: query => `http://${authority}/?${new URLSearchParams({ tkn: token, ...query })}`,
    /** What the server and the extensions logged. */
    logs: async () => `${output}\n${await readLogs(join(data, 'logs'))}`,
  };
}

/** What installing a language pack leaves behind: VS Code takes a language only from a pack, and for Dutch there is no official one. */
async function writeLanguagePack(data, locale) {
  const strings = join(data, `vscode.${locale}.json`);
  await mkdir(data, { recursive: true });
  await writeFile(strings, JSON.stringify({ version: '1.0.0', contents: {} }));
  await writeFile(join(data, 'languagepacks.json'), JSON.stringify({ [locale]: { hash: 'test', extensions: [{ extensionIdentifier: { id: `test.language-pack-${locale}` }, version: '1.0.0' }], translations: { vscode: strings } } }));
}

/** The user's settings file, and the machine's, which alone may hold machine-scoped settings of a served VS Code. */
async function writeSettings(data, settings) {
  const own = Object.fromEntries(Object.entries(settings).filter(([name]) => name.startsWith('assetSearch.')));
  for (const [folder, content] of [['User', settings], ['Machine', own]]) {
    await mkdir(join(data, folder), { recursive: true });
    await writeFile(join(data, folder, 'settings.json'), JSON.stringify(content, undefined, 2));
  }
}

/**
 * Makes an extension folder of the built one: its code is copied, because VS Code knows an extension's modules by their real path,
 * and the rest is linked. Never a link to the whole folder: what VS Code deletes when it removes an extension must not be the repository.
 */
async function linkExtension(source, extensions) {
  const { publisher, name, version } = JSON.parse(await readFile(join(source, 'package.json'), 'utf8'));
  const target = join(extensions, `${publisher}.${name}-${version}`);
  await rm(target, { recursive: true, force: true });
  await mkdir(target);
  await cp(join(source, 'dist'), join(target, 'dist'), { recursive: true, dereference: true });
  for (const entry of await readdir(source)) {
    if (/^(package\.json|package\.nls.*\.json|README\.md|LICENSE|media|l10n|node_modules)$/.test(entry)) { await symlink(join(source, entry), join(target, entry)); }
  }
}

/** The environment without what npm, an outer VS Code or Node.js options would bring into the extension host. */
function serverEnvironment() {
  const kept = Object.entries(process.env).filter(([name]) => !/^(npm_|VSCODE_|CODE_SERVER_|ELECTRON_|NODE_OPTIONS$|INIT_CWD$)/i.test(name));
  // No gallery: extensions come from this folder alone.
  return { ...Object.fromEntries(kept), EXTENSIONS_GALLERY: '{}' };
}

/** The extension's own log, and the warnings of its host. */
async function readLogs(folder) {
  if (!existsSync(folder)) { return ''; }
  const files = (await readdir(folder, { recursive: true })).filter(name => /(remoteexthost|Asset Search[^/]*)\.log$/.test(name)).sort();
  const parts = files.map(async name => {
    const text = await readFile(join(folder, name), 'utf8');
    const lines = name.endsWith('remoteexthost.log') ? text.split('\n').filter(line => /\[(warning|error|critical)\]/.test(line)) : text.trimEnd().split('\n');
    return lines.length > 0 ? `── ${name}\n${lines.join('\n')}\n` : '';
  });
  return (await Promise.all(parts)).join('');
}

const delay = timeMs => new Promise(done => setTimeout(done, timeMs));
