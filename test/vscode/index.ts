/** Runs every test of this folder inside VS Code, and writes what came of them: VS Code's own exit code is 0 even when its extension host dies. */
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Mocha from 'mocha';

/** One test as the result file tells of it. */
interface TestOutcome { title: string; state: 'passed' | 'failed' | 'pending'; error?: string; milliseconds?: number }

/** VS Code calls this; it rejects when a test failed. */
export async function run(): Promise<void> {
  const mocha = new Mocha({ ui: 'tdd', timeout: 60_000, forbidOnly: Boolean(process.env.CI), grep: process.env.ASSET_SEARCH_TEST_GREP });
  for (const file of readdirSync(__dirname).filter(name => name.endsWith('.test.js')).sort()) { mocha.addFile(join(__dirname, file)); }
  const tests: TestOutcome[] = [];
  const failures = await new Promise<number>(resolve => {
    const runner = mocha.run(resolve);
    runner.on('pass', test => tests.push({ title: test.fullTitle(), state: 'passed', milliseconds: test.duration }));
    runner.on('pending', test => tests.push({ title: test.fullTitle(), state: 'pending' }));
    // Hooks that fail come here too, as "before each" hook for "…".
    runner.on('fail', (test, error) => tests.push({ title: test.fullTitle(), state: 'failed', error: error.stack ?? String(error) }));
  });
  const file = process.env.ASSET_SEARCH_TEST_RESULT;
  if (file) {
    const count = (state: TestOutcome['state']) => tests.filter(test => test.state === state).length;
    writeFileSync(file, JSON.stringify({ passes: count('passed'), failures, pending: count('pending'), tests }, undefined, 2));
  }
  if (failures > 0) { throw new Error(`${failures} tests failed`); }
}
