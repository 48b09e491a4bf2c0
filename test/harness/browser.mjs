// Starts the browser of the tools folder for end-to-end and component tests.
import { chromium } from 'playwright-core';
import { prepareTools } from './setup.mjs';

/**
 * A fresh headless browser (playwright-core's Browser); the caller closes it.
 * @param {{ log?: (line: string) => void }} [options]
 */
export async function launchBrowser({ log } = {}) {
  const tools = await prepareTools(log);
  return chromium.launch({
    executablePath: tools.browser,
    headless: true,
    env: { ...process.env, ...tools.browserEnvironment },
    args: [
      // Chromium refuses to start its sandbox for root (CI containers); for everybody else it stays on.
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      // /dev/shm is too small in many containers.
      '--disable-dev-shm-usage',
      '--disable-gpu',
      // Nothing below is needed by a page; each would look for hosts outside this machine.
      '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-default-apps',
    ],
  });
}

/** Lets a context reach this machine only; returns the hosts that were asked for and refused. */
export async function stayLocal(context) {
  const refused = new Set();
  await context.route(url => !['127.0.0.1', 'localhost'].includes(url.hostname), route => {
    refused.add(new URL(route.request().url()).host);
    return route.abort();
  });
  return refused;
}
