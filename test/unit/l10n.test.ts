/** Every string of the extension host is offered for translation, and package.json names only strings that exist. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const read = (...path: string[]) => readFileSync(join(process.cwd(), ...path), 'utf8');

suite('l10n', () => {
  test('the bundle holds exactly the strings of src/host', () => {
    const used = new Set<string>();
    for (const file of readdirSync(join(process.cwd(), 'src', 'host')).filter(name => name.endsWith('.ts'))) {
      for (const [, text] of read('src', 'host', file).matchAll(/l10n\.t\(\s*'((?:[^'\\]|\\.)*)'/g)) { used.add(text!.replace(/\\(.)/g, '$1')); }
    }
    assert.ok(used.size > 40);
    const offered = JSON.parse(read('l10n', 'bundle.l10n.json')) as Record<string, string>;
    assert.deepEqual(Object.keys(offered).sort(), [...used].sort());
    assert.ok(Object.entries(offered).every(([key, value]) => key === value), 'the base bundle is English');
  });

  test('package.json and package.nls.json agree', () => {
    const named = new Set([...read('package.json').matchAll(/"%([\w.]+)%"/g)].map(match => match[1]!));
    const strings = JSON.parse(read('package.nls.json')) as Record<string, string>;
    assert.deepEqual([...named].sort(), Object.keys(strings).sort());
  });
});
