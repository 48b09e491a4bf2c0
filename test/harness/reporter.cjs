// Mocha reporter of `npm test`: a line for every test as it ends, and a result file for the last word.
const { writeFileSync } = require('node:fs');

const slowMs = 1000;

class Reporter {
  constructor(runner) {
    const tests = [];
    const write = () => {
      const count = state => tests.filter(test => test.state === state).length;
      // Only now: a suite's teardown may add to an error what it found.
      const told = tests.map(({ thrown, ...test }) => thrown ? { ...test, error: thrown.stack ?? String(thrown) } : test);
      writeFileSync(process.env.ASSET_SEARCH_TEST_RESULT, JSON.stringify({ passes: count('passed'), failures: count('failed'), pending: count('pending'), tests: told }));
    };
    runner.on('suite', suite => { if (suite.title) { console.log(`  ${suite.titlePath().join(' › ')}`); } });
    runner.on('pass', test => {
      console.log(`    ✓ ${test.title}${test.duration >= slowMs ? ` (${(test.duration / 1000).toFixed(1)} s)` : ''}`);
      tests.push({ title: test.fullTitle(), state: 'passed', milliseconds: test.duration });
    });
    runner.on('pending', test => {
      console.log(`    - ${test.title}`);
      tests.push({ title: test.fullTitle(), state: 'pending' });
    });
    runner.on('fail', (test, error) => {
      test.err = error;   // where teardown functions look for it
      console.log(`    ✗ ${test.title}\n      ${String(error.message).split('\n')[0]}`);
      tests.push({ title: test.fullTitle(), state: 'failed', thrown: error });
    });
    runner.once('end', write);
  }
}

module.exports = Reporter;
