/** Every string a person reads is offered for translation, and a translation is whole: the same keys, the same placeholders, other words. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

type Strings = Record<string, string>;
const read = (...path: string[]) => readFileSync(join(process.cwd(), ...path), 'utf8');
const strings = (...path: string[]): Strings => JSON.parse(read(...path)) as Strings;

/** Strings that a translation may leave as they are: names, units, words that both languages use. */
const sameInBoth = new Set<string>([
  'later',
  'Asset Search', '{0} ({1})', 'labels {0}', '{0} {1} %', 'Labels: {0}', 'score {0}', 'Labels', '{0}: {1}', '{0} %', '{0}: {1}, {2} %', '{0} s', '{0} min', 'Filter', 'Ctrl+', 'Enter', '{0}Enter', 'Import', 'Markdown', 'Model', 'Threads', '1 vector', 'view.container', 'configuration.title',
]);

const literal = String.raw`(?:'((?:[^'\\\n]|\\.)*)'|"((?:[^"\\\n]|\\.)*)"|\x60((?:[^\x60\\$]|\\.)*)\x60)`;
/** `t('…')`, `this.t('…')`, `vscode.l10n.t('…')`; its first argument may be a choice of two literals. */
const translated = new RegExp(String.raw`\bt\(\s*(?:[\w.!?]+(?: [=!<>&|]+ [\w.!?]+)* \? ${literal}\s*:\s*)?${literal}`, 'g');
/** `countOf(t, n, '1 image', '{0} images')`. */
const counted = new RegExp(String.raw`\bcountOf\([^'"\x60]*?,\s*${literal},\s*${literal}\)`, 'g');
const callsOf = /(?<!function )\b(?:l10n\.|this\.)?t\((?!\))/g;

const texts = (match: RegExpMatchArray): string[] => match.slice(1).filter(text => text !== undefined).map(text => text.replace(/\\(.)/g, '$1'));
const sources = (folder: string): string[] => readdirSync(join(process.cwd(), folder)).filter(name => name.endsWith('.ts')).map(name => join(folder, name));
const placeholders = (text: string): string[] => [...new Set(text.match(/\{\w+\}/g) ?? [])].sort();

suite('l10n', () => {
  test('the bundle holds exactly the strings of the host and of the webviews', () => {
    const used = new Set<string>();
    for (const file of [...sources('src/host'), ...sources('webview')]) {
      const code = read(file);
      const calls = [...code.matchAll(translated)];
      for (const match of [...calls, ...code.matchAll(counted)]) { for (const text of texts(match)) { used.add(text); } }
      // A string that is put together, or held in a variable, could not be found here: localize.ts alone passes on what it is given.
      if (!file.endsWith('localize.ts')) { assert.equal(calls.length, [...code.matchAll(callsOf)].length, `${file}: t() is called with something else than a literal`); }
    }
    assert.ok(used.size > 150);
    const offered = strings('l10n', 'bundle.l10n.json');
    assert.deepEqual(Object.keys(offered).sort(), [...used].sort());
    assert.ok(Object.entries(offered).every(([key, value]) => key === value), 'the base bundle is English');
  });

  test('package.json names only strings that exist, and shows no other', () => {
    const named = new Set([...read('package.json').matchAll(/"%([\w.]+)%"/g)].map(match => match[1]!));
    assert.deepEqual([...named].sort(), Object.keys(strings('package.nls.json')).sort());
    const bare: string[] = [];
    const look = (value: unknown, path: string): void => {
      if (Array.isArray(value)) { value.forEach((each, index) => look(each, `${path}[${index}]`)); return; }
      if (typeof value === 'object' && value !== null) { for (const [key, each] of Object.entries(value)) { look(each, `${path}.${key}`); } return; }
      if (typeof value === 'string' && /\.(title|shortTitle|name|label|description|detail|markdownDescription|contextualTitle|altText|contents|(?:markdownE|e)numDescriptions\[\d+\])$/.test(path) && !/^%[\w.]+%$/.test(value)) { bare.push(`${path}: ${value}`); }
    };
    const { contributes, capabilities } = JSON.parse(read('package.json')) as { contributes: unknown; capabilities: unknown };
    look(contributes, 'contributes');
    look(capabilities, 'capabilities');
    assert.deepEqual(bare, []);
  });

  for (const language of languages()) {
    test(`${language} is complete`, () => {
      assert.deepEqual(wrongIn(strings('l10n', `bundle.l10n.${language}.json`), strings('l10n', 'bundle.l10n.json')), []);
      assert.deepEqual(wrongIn(strings(`package.nls.${language}.json`), strings('package.nls.json')), []);
    });
  }

  test('an incomplete translation is told', () => {
    const english = { 'Open': 'Open', '{0} of {1}': '{0} of {1}', 'Close': 'Close', 'Save': 'Save' };
    assert.deepEqual(wrongIn({ 'Open': 'Open', '{0} of {1}': '{0} van de {2}', 'Close': ' ', 'Gone': 'Weg' }, english, new Set(['Open'])),
      ['missing: Save', 'unknown: Gone', 'placeholders: {0} of {1}', 'empty: Close']);
    assert.deepEqual(wrongIn({ 'Open': 'Open', '{0} of {1}': '{1}: {0}', 'Close': 'Sluiten', 'Save': 'Opslaan' }, english), ['not translated: Open']);
  });
});

/** Every language of which there is a file, be it of the bundle or of package.json. */
function languages(): string[] {
  const names = [...readdirSync(join(process.cwd(), 'l10n')), ...readdirSync(process.cwd())];
  return [...new Set(names.map(name => /^(?:bundle\.l10n|package\.nls)\.([\w-]+)\.json$/.exec(name)?.[1]).filter(language => language !== undefined))].sort();
}

/** What keeps `translation` from being a whole one of `english`. */
function wrongIn(translation: Strings, english: Strings, same: ReadonlySet<string> = sameInBoth): string[] {
  return [
    ...Object.keys(english).filter(key => !(key in translation)).map(key => `missing: ${key}`),
    ...Object.keys(translation).filter(key => !(key in english)).map(key => `unknown: ${key}`),
    ...Object.entries(translation).filter(([key]) => key in english).flatMap(([key, text]) => {
      if (text.trim() === '') { return [`empty: ${key}`]; }
      if (placeholders(text).join() !== placeholders(english[key]!).join()) { return [`placeholders: ${key}`]; }
      return text === english[key] && !same.has(key) ? [`not translated: ${key}`] : [];
    }),
  ];
}
