/** Token ids against independent implementations: CLIP's byte pairs against clip-bpe-js, SentencePiece's layouts against SentencePiece itself (training/token_goldens.py). */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { parseManifest, type TextSpec } from '../../src/models/manifest';
import { Tokenizer } from '../../src/core/tokenizer';

const spec = (changes: Partial<TextSpec> = {}): TextSpec =>
  ({ inputs: { ids: 'input_ids' }, output: 'text_embeds', contextLength: 77, padId: 0, padding: 'longest', addSpecialTokens: true, ...changes });

/** Left as typed by a tokenizer.json; the original CLIP decoded entities before, as clip-bpe-js does. */
const entities = ['black &amp; white', '&lt;b&gt;', '&#39;'];
const texts = [
  'a photo of a cat', 'Shopping Cart', '  leading, and   inner  spaces ', 'a\tb\nc', "don't they'll we've I'm", "rock'n'roll!!'s", '24px.svg', '100% C++ & C#', '__init__ under_score-dash', 'x', '!', '<|', '...',
  'éclair', 'e\u0301clair', 'q\u0323\u0307', 'żarówka', 'İstanbul straße STRASSE', 'ﬁle ﬀ', 'ＦＵＬＬ　ｗｉｄｔｈ', '①②③ ½ Ⅷ', 'корзина', 'ゴミ箱', '放大镜', '휴지통', '\u1112\u1161\u11ab', 'مرحبا بالعالم', 'שָׁלוֹם', 'हिन्दी', 'สวัสดี',
  '❤️', '😀 smile', '👩‍💻', '🏳️‍🌈', '\u{1f9ff}\u{20000}', '\u200bzero\u200bwidth', 'soft\u00adhyphen', 'no\u00a0break', '\u202eright to left', '“quoted” ‘single’ …', '\\slash/', 'a'.repeat(300),
];

/** clip-bpe-js's merges and vocabulary; its own `encode` takes a character for a byte, so texts that are not ASCII are split and spelled in bytes here. */
interface ClipReference { encode(text: string): number[]; bpe(token: string): string; encoder: Record<string, number>; byteEncoder: Record<number, string>; pat: RegExp; bpeRanks: Record<string, number> }
const clip = new (createRequire(join(process.cwd(), 'package.json'))('clip-bpe-js') as { default: new () => ClipReference }).default();
const [start, end] = [49406, 49407] as const;

function expected(text: string): number[] {
  const cleaned = text.normalize('NFC').replace(/\s+/g, ' ').toLowerCase();
  return [...cleaned.matchAll(clip.pat)].flatMap(([word]) => clip.bpe([...new TextEncoder().encode(word)].map(byte => clip.byteEncoder[byte]).join('')).split(' ').map(piece => clip.encoder[piece]!));
}

/** The tokenizer.json of OpenAI's CLIP, made of that package's vocabulary and merges. */
const clipJson = {
  version: '1.0', truncation: null, padding: null, decoder: null,
  added_tokens: [['<|startoftext|>', start, true], ['<|endoftext|>', end, false]].map(([content, id, normalized]) => ({ id, content, single_word: false, lstrip: false, rstrip: false, normalized, special: true })),
  normalizer: { type: 'Sequence', normalizers: [{ type: 'NFC' }, { type: 'Replace', pattern: { Regex: '\\s+' }, content: ' ' }, { type: 'Lowercase' }] },
  pre_tokenizer: { type: 'Sequence', pretokenizers: [
    { type: 'Split', pattern: { Regex: "'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+" }, behavior: 'Removed', invert: true },
    { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
  ] },
  post_processor: { type: 'RobertaProcessing', sep: ['<|endoftext|>', end], cls: ['<|startoftext|>', start], trim_offsets: false, add_prefix_space: false },
  model: {
    type: 'BPE', dropout: null, unk_token: '<|endoftext|>', continuing_subword_prefix: '', end_of_word_suffix: '</w>', fuse_unk: false, byte_fallback: false,
    vocab: clip.encoder, merges: Object.entries(clip.bpeRanks).sort((a, b) => a[1] - b[1]).map(([pair]) => pair.split('·😎·')),
  },
};

suite('token goldens: CLIP', () => {
  const tokenizer = new Tokenizer(clipJson, spec({ contextLength: 1000 }));
  const short = new Tokenizer(clipJson, spec());

  test('the published ids of a sentence', () => assert.deepEqual(short.ids('a photo of a cat'), [49406, 320, 1125, 539, 320, 2368, 49407]));

  test('the same ids as clip-bpe-js, in every script', () => {
    for (const text of [...texts, ...entities]) {
      const ids = expected(text);
      assert.ok(!ids.includes(undefined as never), `the reference does not know ${JSON.stringify(text)}`);
      assert.deepEqual(tokenizer.ids(text), [start, ...ids, end], JSON.stringify(text));
      // Of ASCII the package's own answer is right as it is.
      if (/^[\0-\x7f]*$/.test(text) && !entities.includes(text)) { assert.deepEqual(clip.encode(text), ids, JSON.stringify(text)); }
    }
  });

  test('a long text loses its end and keeps the end token', () => {
    for (const text of ['very long '.repeat(60), 'ゴミ箱'.repeat(100), '😀'.repeat(1000), 'star '.repeat(1_000_000)]) {
      assert.deepEqual(short.ids(text), [start, ...expected(text.slice(0, 2000)).slice(0, 75), end]);
    }
    assert.equal(short.ids('star '.repeat(75)).length, 77);
  });

  test('nothing but the tokens around it: an empty text and white space', () => {
    for (const text of ['', ' ', ' \t\r\n ', '\u3000']) {
      assert.deepEqual(short.ids(text), [start, end]);
      assert.equal(short.knows(text), false);
    }
  });

  test('a control token that somebody types is text', () => {
    for (const text of ['<|endoftext|>', 'cat <|endoftext|> dog', '<|STARTOFTEXT|><|endoftext|>', '<|endoftext|>'.repeat(200)]) {
      const ids = short.ids(text);
      assert.deepEqual([ids[0], ids.at(-1)], [start, end]);
      assert.ok(ids.length > 2 && !ids.slice(1, -1).some(id => id === start || id === end), text);
    }
    const dog = expected('dog');
    assert.deepEqual(short.ids('cat <|endoftext|> dog').slice(-1 - dog.length), [...dog, end]);
  });
});

interface Fixture { tokenizer: { added_tokens: { id: number; content: string }[] }; padId: number; goldens: { text: string; ids: number[] }[] }

/** Ids before and after every text, and how somebody would type control tokens. */
const layouts = {
  xlmr: { before: ['<s>'], after: ['</s>'], typed: 'cat </s> <mask> <pad> dog' },
  nllb: { before: ['eng_Latn'], after: ['</s>'], typed: 'cat </s> nld_Latn dog' },
  siglip: { before: [], after: ['</s>'], typed: 'cat </s> dog <pad>' },
  gemma: { before: [], after: ['<eos>'], typed: 'cat <eos> <bos> <pad> dog' },
} as const;

for (const [name, { before, after, typed }] of Object.entries(layouts)) {
  suite(`token goldens: ${name}`, () => {
    const { tokenizer: json, padId, goldens } = JSON.parse(readFileSync(join(process.cwd(), 'test', 'fixtures', 'tokenizers', `${name}.json`), 'utf8')) as Fixture;
    const idOf = (content: string) => json.added_tokens.find(token => token.content === content)!.id;
    const around = [before.map(idOf), after.map(idOf)] as const;

    test('the same ids as SentencePiece', () => {
      const tokenizer = new Tokenizer(json, spec({ contextLength: 5000, padId }));
      assert.ok(goldens.length >= 40);
      for (const { text, ids } of goldens) { assert.deepEqual(tokenizer.ids(text), ids, JSON.stringify(text)); }
    });

    test('cut to the context, with what stands around a text kept', () => {
      const tokenizer = new Tokenizer(json, spec({ contextLength: 16, padId, padding: 'max' }));
      for (const { text, ids } of goldens) {
        const cut = ids.length <= 16 ? ids : [...ids.slice(0, 16 - around[1].length), ...around[1]];
        assert.deepEqual(tokenizer.ids(text), cut, JSON.stringify(text));
        assert.deepEqual(tokenizer.batch([cut]).ids, [...cut, ...Array<number>(16 - cut.length).fill(padId)]);
      }
    });

    test('a control token that somebody types is text', () => {
      const ids = new Tokenizer(json, spec({ padId })).ids(typed);
      const controls = new Set(json.added_tokens.filter(token => token.content !== '<unk>').map(token => token.id));
      const inside = ids.slice(around[0].length, ids.length - around[1].length);
      assert.deepEqual([ids.slice(0, around[0].length), ids.slice(ids.length - around[1].length)], around);
      assert.ok(inside.length > 4 && !inside.some(id => controls.has(id)), `${ids}`);
    });
  });
}

suite('token goldens: built-in model', () => {
  test('control tokens are text there, too', () => {
    const folder = join(process.cwd(), 'media', 'builtin');
    const manifest = parseManifest(JSON.parse(readFileSync(join(folder, 'model.json'), 'utf8')));
    const json = JSON.parse(readFileSync(join(folder, manifest.files.tokenizer.path), 'utf8')) as Fixture['tokenizer'];
    const tokenizer = new Tokenizer(json, manifest.text);
    for (const { content, id } of json.added_tokens) { assert.ok(!tokenizer.ids(`cat ${content}`).includes(id) || content.includes('unk'), content); }
  });
});
