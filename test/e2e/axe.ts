/** axe-core inside a page of ours: every rule that axe switches on by default, the best practices among them; none is left out. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Frame, Page } from 'playwright-core';

const source = readFileSync(join(process.cwd(), 'node_modules', 'axe-core', 'axe.min.js'), 'utf8');

/** Fails with every element that breaks a rule. `rules`: those alone, for what a theme can change. */
export async function assertAccessible(view: Page | Frame, where: string, rules?: string[]): Promise<void> {
  // By the debugger's protocol, which the page's content security policy does not concern.
  await view.evaluate(`if (!window.axe) { ${source} }`);
  const options = { resultTypes: ['violations'], iframes: false, ...rules && { runOnly: rules } };
  const { violations, passed } = await view.evaluate<{ violations: string[]; passed: number }>(`axe.run(document, ${JSON.stringify(options)}).then(({ violations, passes }) => ({
    violations: violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => id + ' at ' + target.flat(3).join(' > ') + ': ' + failureSummary.replace(/\\s+/g, ' '))),
    passed: passes.length,
  }))`);
  assert.ok(passed > 0, `${where}: no rule applied`);
  assert.deepEqual(violations, [], where);
}
