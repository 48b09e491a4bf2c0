// A real VS Code in a real browser, for end-to-end tests and for the tests that run inside VS Code.
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { launchBrowser, stayLocal } from './browser.mjs';
import { startServer } from './server.mjs';
import { prepareTools } from './setup.mjs';

const repository = process.cwd();
const workbenchTimeoutMs = 60_000;

/** What this build of VS Code always says: it looks for files that it does not carry, and for an account. */
const ownNoise = /vsda|serviceWorker\.js|Service Worker|web worker extension host|allow-same-origin for its sandbox|authentication provider 'github'|Creation of workbench contribution/;

/**
 * Opens a workspace in VS Code. See vscode.d.mts for the options and what comes back.
 */
export async function launchVsCode({ workspace, settings = {}, extensionPath = repository, vsix, testsPath, env = {}, userDataDir, keep = false, restricted = false, locale, viewport = { width: 1280, height: 800 } }) {
  const tools = await prepareTools();
  const dataFolder = userDataDir ?? await mkdtemp(join(tmpdir(), 'asv-'));
  // A home of its own, so that no test depends on, or touches, what is in the user's.
  const home = { HOME: dataFolder, XDG_CONFIG_HOME: join(dataFolder, 'config'), XDG_DATA_HOME: join(dataFolder, 'share') };
  let server;
  let browser;
  const close = async () => {
    await browser?.close().catch(() => {});
    await server?.close();
    if (!keep && !userDataDir) { await rm(dataFolder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }); }
  };
  try {
    [server, browser] = await Promise.all([
      startServer({ tools, dataFolder, settings, restricted, locale, env: { ...home, ...env }, ...(testsPath ? { testable: true } : vsix ? { installVsix: vsix } : { installExtension: extensionPath }) }),
      launchBrowser(),
    ]);
    const context = await browser.newContext({ viewport, permissions: ['clipboard-read', 'clipboard-write'] });
    const refusedHosts = await stayLocal(context);
    const page = await context.newPage();
    const consoleLines = [];
    page.on('console', message => {
      const line = `[${message.type()}] ${message.text().slice(0, 500)} ${message.location().url}`;
      if (/^\[(error|warning)\]/.test(line) && !ownNoise.test(line)) { consoleLines.push(line); }
    });
    page.on('pageerror', error => consoleLines.push(`[pageerror] ${error.message}`));

    let finished;
    const query = workspace ? { [workspace.endsWith('.code-workspace') ? 'workspace' : 'folder']: workspace } : { ew: 'true' };
    if (testsPath) {
      // VS Code's page calls these two where the desktop program would print and exit.
      finished = new Promise(done => { void page.exposeFunction('codeAutomationExit', done); });
      await page.exposeFunction('codeAutomationLog', () => {});
      const remote = path => `vscode-remote://${server.authority}${path}`;
      query.payload = JSON.stringify([['extensionDevelopmentPath', remote(extensionPath)], ['extensionTestsPath', remote(testsPath)], ['skipWelcome', 'true']]);
    }
    const url = server.url(query);
    await page.goto(url);
    await page.locator('.monaco-workbench').waitFor({ timeout: workbenchTimeoutMs });
    return {
      page, url, finished, refusedHosts, close,
      userDataDir: dataFolder,
      serverPid: server.pid,
      console: consoleLines,
      logs: async () => `${await server.logs()}\n── browser console\n${consoleLines.slice(-15).join('\n')}`,
    };
  } catch (error) {
    const logs = await server?.logs();
    await close();
    if (logs) { error.message += `\n${logs}`; }
    throw error;
  }
}

/** The frame of the webview that holds `selector`; several webviews may be alive, and each is a frame in a frame. */
export async function findWebview(page, selector, timeoutMs = 30_000) {
  for (const end = performance.now() + timeoutMs; performance.now() < end;) {
    for (const frame of page.frames()) {
      if (frame.parentFrame()?.parentFrame() && await frame.$(selector).catch(() => null)) { return frame; }
    }
    await page.waitForTimeout(100);
  }
  const frames = await Promise.all(page.frames().map(async frame => {
    const body = await Promise.race([frame.evaluate('document.body?.outerHTML').catch(error => String(error)), page.waitForTimeout(1000)]);
    return `${frame.name()} ${frame.url()} in ${frame.parentFrame()?.name()}: ${String(body).slice(0, 300)}`;
  }));
  throw new Error(`No webview with ${selector} within ${timeoutMs / 1000} s. Frames:\n${frames.slice(1).join('\n')}`);
}

/** Runs a command by its title, as a person would with F1; waits for extensions that are still being found. */
export async function runCommand(page, title, timeoutMs = 30_000) {
  const row = page.locator('.quick-input-list .monaco-list-row', { hasText: title }).first();
  for (const end = performance.now() + timeoutMs; ;) {
    try {
      await page.keyboard.press('F1');
      const input = page.locator('.quick-input-widget input[type=text]');
      await input.waitFor({ timeout: 5000 });
      await input.fill(`>${title}`, { timeout: 3000 });
      await row.waitFor({ timeout: 1500 });
      await row.click({ timeout: 3000 });
      return;
    } catch (error) {
      // The list is made when the palette opens: open it again for commands that came later, and when one that was closing swallowed the key.
      if (performance.now() > end) { throw new Error(`No command "${title}" in the palette`, { cause: error }); }
      await page.keyboard.press('Escape');
    }
  }
}

/** Types a query into the quick pick of "Search Assets…". Keys pressed before it has taken the palette's place would be lost. */
export async function quickSearch(page, text) {
  await runCommand(page, 'Search Assets…');
  await page.locator('.quick-input-widget input[type=text][placeholder^="What does the image show?"]').fill(text);
}

/** Writes a screenshot to out/failures/ and returns its path. */
export async function photographFailure(page, name) {
  const folder = join(repository, 'out', 'failures');
  await mkdir(folder, { recursive: true });
  const file = join(folder, `${name.replace(/[^\w-]+/g, '-').slice(0, 100)}.png`);
  await page.screenshot({ path: file }).catch(() => {});
  return existsSync(file) ? file : undefined;
}
