// Runs the tests: `npm test`, or one stage of it with `npm test -- unit | vscode | e2e` and `--grep <text>`. Ends with one plain line of counts.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { prepareTools, toolsAvailable } from './harness/setup.mjs';
import { launchVsCode, photographFailure } from './harness/vscode.mjs';
import { makeSample } from './sample.mjs';

const repository = process.cwd();
const stages = { unit: runUnit, vscode: runInVsCode, e2e: runEndToEnd };
const stageTimeoutMs = 15 * 60_000;
const testTimeoutMs = 60_000;
const logLines = 80;
/** Stands for a stage that this platform has no tools for. */
const notHere = 'needs Linux x64';

const { values: options, positionals } = parseArgs({ allowPositionals: true, options: { grep: { type: 'string', short: 'g' } } });
const chosen = positionals.length > 0 ? positionals : Object.keys(stages);
const unknown = chosen.find(name => !(name in stages));
if (unknown) {
  console.error(`There is no stage "${unknown}": choose of ${Object.keys(stages).join(', ')}.`);
  process.exit(2);
}

/** @typedef {{ title: string, state: 'passed' | 'failed' | 'pending', error?: string, milliseconds?: number }} Outcome */
/** @type {{ stage: string, outcome: Outcome }[]} */
const outcomes = [];
/** @type {{ stage: string, seconds: number, count: number }[]} */
const times = [];
const running = new Set();
const temporary = await mkdtemp(join(tmpdir(), 'ast-'));

process.on('exit', () => { for (const child of running) { try { process.kill(-child.pid, 'SIGKILL'); } catch { /* ended meanwhile */ } } });
for (const signal of ['SIGINT', 'SIGTERM']) { process.once(signal, () => process.exit(130)); }

try {
  const built = await stage('build', async () => {
    // The tools come while esbuild runs; every stage may open a browser.
    const [code, output] = (await Promise.all([command(process.execPath, ['esbuild.js', '--tests']), toolsAvailable ? prepareTools() : undefined]))[0];
    return code === 0 ? [] : [{ title: 'esbuild', state: 'failed', error: output }];
  });
  if (built) {
    await stage('types', async () => {
      const results = await Promise.all(['.', 'webview'].map(async project => ({ project, result: await command(process.execPath, [join('node_modules', 'typescript', 'bin', 'tsc'), '-p', project]) })));
      return results.filter(({ result: [code] }) => code !== 0).map(({ project, result: [, output] }) => ({ title: `tsc -p ${project}`, state: 'failed', error: output }));
    });
    for (const name of chosen) { await stage(name, stages[name], true); }
  }
} finally {
  await rm(temporary, { recursive: true, force: true, maxRetries: 5 });
}
report();

/** Runs one part and keeps its outcomes; a part of tests that ran none has failed. */
async function stage(name, run, holdsTests = false) {
  console.log(`\n── ${name}`);
  const started = performance.now();
  /** @type {Outcome[]} */
  let found;
  try {
    found = await run();
    // With --grep a stage may well have none; report() fails when all have none.
    if (holdsTests && !options.grep && !found.some(({ state, title }) => state !== 'pending' || title === notHere)) {
      found.push({ title: 'no test ran', state: 'failed', error: 'No test was found or executed.' });
    }
  } catch (error) {
    found = [{ title: `${name} could not run`, state: 'failed', error: error.stack ?? String(error) }];
  }
  outcomes.push(...found.map(outcome => ({ stage: name, outcome })));
  const seconds = (performance.now() - started) / 1000;
  times.push({ stage: name, seconds, count: found.length });
  console.log(`   ${seconds.toFixed(1)} s`);
  return !found.some(({ state }) => state === 'failed');
}

async function runUnit() { return runMocha('unit'); }

async function runEndToEnd() {
  return toolsAvailable ? runMocha('e2e') : [{ title: notHere, state: 'pending' }];
}

/** Mocha in a process of its own on the built tests of one folder. */
async function runMocha(folder) {
  const files = (await readdir(join(repository, 'out', 'test', folder)).catch(() => [])).filter(name => name.endsWith('.test.js')).sort();
  if (files.length === 0) { return []; }
  const result = join(temporary, `${folder}.json`);
  const [code, output] = await command(process.execPath, [
    join('node_modules', 'mocha', 'bin', 'mocha.js'), '--ui', 'tdd', '--timeout', String(testTimeoutMs), '--exit', '--reporter', join(repository, 'test', 'harness', 'reporter.cjs'),
    // Clicks race with an animated workbench: one more try tells a slow machine from a defect, which fails twice.
    ...(folder === 'e2e' ? ['--retries', '1'] : []),
    ...(process.env.CI ? ['--forbid-only'] : []), ...(options.grep ? ['--grep', options.grep] : []),
    ...files.map(name => join('out', 'test', folder, name)),
  ], { env: { ASSET_SEARCH_TEST_RESULT: result }, live: true });
  const tests = await readResult(result);
  // The file is written at the end: without it, or with an exit code that it does not explain, the process died.
  if (!tests) { return [{ title: `the ${folder} tests ended early`, state: 'failed', error: `Mocha ended with ${code} and no result.\n${tail(output)}` }]; }
  if (code !== 0 && !tests.some(({ state }) => state === 'failed')) { tests.push({ title: `the ${folder} tests ended with ${code}`, state: 'failed', error: tail(output) }); }
  return tests;
}

/** The tests of test/vscode inside a real VS Code: the desktop's where there is one, npm's elsewhere. */
async function runInVsCode() {
  const workspace = join(temporary, 'sample');
  await makeSample(workspace, { small: true });
  const result = join(temporary, 'vscode.json');
  const testsPath = join(repository, 'out', 'test', 'vscode', 'index.js');
  if (!existsSync(testsPath)) { return []; }
  const env = { ASSET_SEARCH_TEST_RESULT: result, ...(options.grep ? { ASSET_SEARCH_TEST_GREP: options.grep } : {}), ...(process.env.CI ? { CI: process.env.CI } : {}) };
  const log = await (await hasDesktop() ? runOnDesktop : runOnServer)(workspace, testsPath, env);
  const tests = await readResult(result);
  if (!tests) { return [{ title: 'the extension host died before the tests ended', state: 'failed', error: tail(log) }]; }
  for (const { title, state, milliseconds = 0 } of tests) { console.log(`    ${{ passed: '✓', failed: '✗', pending: '-' }[state]} ${title}${milliseconds >= 1000 ? ` (${(milliseconds / 1000).toFixed(1)} s)` : ''}`); }
  const failed = tests.find(({ state }) => state === 'failed');
  if (failed) { failed.error += `\n\nVS Code's log:\n${tail(log)}`; }
  return tests;
}

async function runOnServer(workspace, testsPath, env) {
  const code = await launchVsCode({ workspace, testsPath, env });
  try {
    const timeout = new Promise((_, fail) => setTimeout(() => fail(new Error(`No answer of the tests within ${stageTimeoutMs / 60_000} minutes`)), stageTimeoutMs).unref());
    await Promise.race([code.finished, timeout]).catch(async error => {
      await photographFailure(code.page, 'in-vscode');
      throw new Error(`${error.message}\n${tail(await code.logs())}`);
    });
    return await code.logs();
  } finally {
    await code.close();
  }
}

async function runOnDesktop(workspace, testsPath, env) {
  const { runTests } = await import('@vscode/test-electron');
  const userData = join(temporary, 'user-data');
  await runTests({
    extensionDevelopmentPath: repository, extensionTestsPath: testsPath, extensionTestsEnv: env,
    launchArgs: [workspace, '--disable-extensions', '--disable-workspace-trust', '--skip-welcome', `--user-data-dir=${userData}`],
  }).catch(error => console.log(`    ${error.message}`));   // the result file tells which test failed
  const logs = (await readdir(join(userData, 'logs'), { recursive: true }).catch(() => [])).filter(name => /(exthost|Asset Search)\.log$/.test(name));
  return (await Promise.all(logs.map(name => readFile(join(userData, 'logs', name), 'utf8')))).join('\n');
}

/** macOS and Windows, or a Linux with a screen, where a VS Code can be had. */
async function hasDesktop() {
  if (!toolsAvailable && process.platform !== 'linux') { return true; }
  if (!process.env.DISPLAY && !process.env.WAYLAND_DISPLAY) { return !toolsAvailable; }
  try {
    const { downloadAndUnzipVSCode } = await import('@vscode/test-electron');
    await downloadAndUnzipVSCode();
    return true;
  } catch (error) {
    if (!toolsAvailable) { throw error; }
    console.log(`   No desktop VS Code here (${error.message}): using the one from npm.`);
    return false;
  }
}

/** @returns {Promise<Outcome[] | undefined>} */
async function readResult(file) {
  return existsSync(file) ? JSON.parse(await readFile(file, 'utf8')).tests : undefined;
}

/** Runs a program in a process group of its own; resolves with its exit code and what it printed. */
function command(file, args, { env = {}, live = false } = {}) {
  return new Promise((done, fail) => {
    const child = spawn(file, args, { cwd: repository, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'], detached: process.platform !== 'win32' });
    running.add(child);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', data => {
        output += data;
        if (live) { process.stdout.write(data); }
      });
    }
    const timer = setTimeout(() => { output += `\nStopped after ${stageTimeoutMs / 60_000} minutes.`; process.kill(-child.pid, 'SIGKILL'); }, stageTimeoutMs);
    child.on('error', fail);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      running.delete(child);
      done([code ?? signal, output]);
    });
  });
}

/** Every failure in full, the times, the failures' names once more for those who see only the end of a long log, and the line of counts that CI reads. */
function report() {
  const failed = outcomes.filter(({ outcome }) => outcome.state === 'failed');
  for (const [index, { stage: name, outcome }] of failed.entries()) { console.log(`\n${index + 1}) ${name}: ${outcome.title}\n${outcome.error?.trim().replace(/^/gm, '   ')}`); }
  const slowest = outcomes.filter(({ outcome }) => outcome.milliseconds >= 3000).sort((a, b) => b.outcome.milliseconds - a.outcome.milliseconds).slice(0, 5);
  if (slowest.length > 0) { console.log(`\nSlowest: ${slowest.map(({ outcome }) => `${outcome.title} ${(outcome.milliseconds / 1000).toFixed(1)} s`).join(', ')}`); }
  console.log(`\n${times.map(({ stage: name, seconds }) => `${name} ${seconds.toFixed(1)} s`).join(', ')}`);
  for (const { stage: name, outcome } of failed) { console.log(`failed: ${name}: ${outcome.title}: ${outcome.error?.trim().split('\n')[0]}`); }
  const count = state => outcomes.filter(({ outcome }) => outcome.state === state).length;
  const [passed, skipped] = [count('passed'), count('pending')];
  console.log(`${passed} passed, ${failed.length} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
  process.exitCode = failed.length > 0 || passed === 0 ? 1 : 0;
}

function tail(text) { return text.trim().split('\n').slice(-logLines).join('\n'); }
