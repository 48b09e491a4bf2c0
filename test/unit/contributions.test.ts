/** What package.json promises is there: the walkthrough's pictures and commands, and settings that one can understand without trying. */
import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

const json = (file: string) => JSON.parse(readFileSync(join(process.cwd(), file), 'utf8'));
const { contributes, capabilities, extensionKind } = json('package.json');
const strings = json('package.nls.json') as Record<string, string>;
const say = (key: string): string => strings[key.slice(1, -1)]!;

suite('contributions', () => {
  test('each step of the walkthrough has its picture, says what it shows, and leads to commands that exist', () => {
    const [{ steps }] = contributes.walkthroughs;
    const own = new Set<string>([...contributes.commands.map(({ command }: { command: string }) => command), ...contributes.views.assetSearch.map(({ id }: { id: string }) => `${id}.focus`)]);
    assert.equal(steps.length, 5);
    for (const { id, description, media, completionEvents } of steps) {
      const pictures: string[] = media.svg ? [media.svg] : Object.values(media.image);
      for (const picture of pictures) {
        const { size } = statSync(join(process.cwd(), picture));
        assert.ok(size > 500 && size < 150_000, `${picture}: ${size} bytes`);
        // VS Code's policy for drawings blocks style sheets and style attributes: what needs them is not seen at all.
        if (picture.endsWith('.svg')) { assert.doesNotMatch(readFileSync(join(process.cwd(), picture), 'utf8'), /<style|style=|class=/, picture); }
      }
      assert.ok(say(media.altText).length > 20, id);
      const named = [...say(description).matchAll(/\(command:([\w.]+)/g)].map(match => match[1]!);
      const awaited = completionEvents.filter((event: string) => event.startsWith('onCommand:')).map((event: string) => event.slice('onCommand:'.length));
      assert.deepEqual([...named, ...awaited].filter(command => command.startsWith('assetSearch.') && !own.has(command)), [], id);
      assert.ok(completionEvents.length > 0, id);
    }
  });

  test('each setting has a place, a scope, a default, and an example', () => {
    for (const [name, setting] of Object.entries<Record<string, string>>(contributes.configuration.properties)) {
      assert.equal(typeof setting.order, 'number', name);
      assert.ok(['window', 'machine', 'resource'].includes(setting.scope!), name);
      assert.ok(setting.default !== undefined, name);
      const text = say(setting.markdownDescription!);
      assert.ok(setting.enum || /`|for example/.test(text), `${name}: ${text}`);
    }
  });

  test('a folder that is not trusted decides nothing that could harm, and all runs where the files are', () => {
    const { restrictedConfigurations, supported } = capabilities.untrustedWorkspaces;
    assert.equal(supported, 'limited');
    assert.deepEqual(restrictedConfigurations.filter((name: string) => !(name in contributes.configuration.properties)), []);
    assert.deepEqual(extensionKind, ['workspace']);
  });
});
