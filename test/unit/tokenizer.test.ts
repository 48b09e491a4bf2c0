/** Token ids: truncation and padding as a manifest says, and the built-in model's ids equal to those of its training. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseManifest, type TextSpec } from '../../src/models/manifest';
import { Tokenizer } from '../../src/core/tokenizer';

/** Words a…e are 3…7, between <s> (1) and </s> (2). */
const json = {
  version: '1.0', truncation: null, padding: null, normalizer: { type: 'Lowercase' }, pre_tokenizer: { type: 'Whitespace' }, decoder: null,
  added_tokens: ['<unk>', '<s>', '</s>'].map((content, id) => ({ id, content, special: true, single_word: false, lstrip: false, rstrip: false, normalized: false })),
  post_processor: {
    type: 'TemplateProcessing', pair: [],
    single: [{ SpecialToken: { id: '<s>', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }, { SpecialToken: { id: '</s>', type_id: 0 } }],
    special_tokens: { '<s>': { id: '<s>', ids: [1], tokens: ['<s>'] }, '</s>': { id: '</s>', ids: [2], tokens: ['</s>'] } },
  },
  model: { type: 'WordLevel', unk_token: '<unk>', vocab: { '<unk>': 0, '<s>': 1, '</s>': 2, a: 3, b: 4, c: 5, d: 6, e: 7 } },
};
const spec = (changes: Partial<TextSpec> = {}): TextSpec =>
  ({ inputs: { ids: 'input_ids' }, output: 'text_embeds', contextLength: 6, padId: 9, padding: 'longest', addSpecialTokens: true, ...changes });

suite('tokenizer', () => {
  test('special tokens are around the words, also when the end is cut off', () => {
    const tokenizer = new Tokenizer(json, spec());
    assert.deepEqual(tokenizer.ids('A b'), [1, 3, 4, 2]);
    assert.deepEqual(tokenizer.ids('a b c d'), [1, 3, 4, 5, 6, 2]);
    assert.deepEqual(tokenizer.ids('a b c d e a'), [1, 3, 4, 5, 6, 2]);
    assert.deepEqual(tokenizer.ids('zzz'), [1, 0, 2]);
    assert.deepEqual(tokenizer.ids(''), [1, 2]);
  });

  test('without special tokens', () => {
    const tokenizer = new Tokenizer(json, spec({ addSpecialTokens: false, contextLength: 3 }));
    assert.deepEqual(tokenizer.ids('a b c d'), [3, 4, 5]);
    assert.deepEqual(tokenizer.batch([tokenizer.ids('')]), { ids: [9], mask: [0], rows: 1, length: 1 });
  });

  test('padding on the right, to the longest or to the context', () => {
    const rows = [[1, 3, 2], [1, 2]];
    assert.deepEqual(new Tokenizer(json, spec()).batch(rows), { ids: [1, 3, 2, 1, 2, 9], mask: [1, 1, 1, 1, 1, 0], rows: 2, length: 3 });
    assert.deepEqual(new Tokenizer(json, spec({ padding: 'max' })).batch([[1, 2]]), { ids: [1, 2, 9, 9, 9, 9], mask: [1, 1, 0, 0, 0, 0], rows: 1, length: 6 });
  });

  test('texts are cleaned as the model was trained, where tokenizer.json does not do it', () => {
    const exact = { ...json, normalizer: null };
    assert.deepEqual(new Tokenizer(exact, spec()).ids('A'), [1, 0, 2]);
    assert.deepEqual(new Tokenizer(exact, spec({ clean: 'lower' })).ids('A, B'), [1, 3, 0, 4, 2]);
    assert.deepEqual(new Tokenizer(exact, spec({ clean: 'canonicalize' })).ids(' A_B!  (c) '), [1, 3, 4, 5, 2]);
    assert.deepEqual([new Tokenizer(exact, spec()).knows('A'), new Tokenizer(exact, spec({ clean: 'lower' })).knows('A')], [false, true]);
  });

  test('a book is cut before it is tokenized', () => {
    assert.equal(new Tokenizer(json, spec()).ids('a '.repeat(5_000_000)).length, 6);
  });

  test('an unusable tokenizer.json has a code', () => {
    assert.throws(() => new Tokenizer({ model: { type: 'Nothing' } }, spec()), { code: 'modelInvalid' });
  });

  test('golden: the built-in model gets the ids it was trained on', () => {
    const folder = join(process.cwd(), 'media', 'builtin');
    const manifest = parseManifest(JSON.parse(readFileSync(join(folder, 'model.json'), 'utf8')));
    const tokenizer = new Tokenizer(JSON.parse(readFileSync(join(folder, manifest.files.tokenizer.path), 'utf8')), manifest.text);
    const goldens = JSON.parse(readFileSync(join(process.cwd(), 'training', 'goldens', 'tokens.json'), 'utf8')) as { text: string; ids: number[] }[];
    assert.ok(goldens.length >= 20);
    // The goldens are whole; special tokens would have to survive the cut.
    assert.equal(manifest.text.addSpecialTokens, false);
    // A sign that no training text holds is not taken for a word; beside a word it does no harm.
    assert.deepEqual(['🛒', '\u0001', '', 'star 🛒', 'cart', '购物车'].map(text => tokenizer.knows(text)), [false, false, false, true, true, true]);
    for (const { text, ids } of goldens) { assert.deepEqual(tokenizer.ids(text), ids.slice(0, manifest.text.contextLength), JSON.stringify(text)); }
  });
});
