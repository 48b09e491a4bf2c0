"""Trains four small SentencePiece models and writes them as tokenizer.json in the layouts of XLM-R, NLLB, SigLIP and Gemma, with the ids that SentencePiece itself gives.

Needs only `pip install sentencepiece`. The layouts are those of the published models: which normalizer, pre-tokenizer, order of control tokens and template each has.
"""
import io, json, os, re, string
import sentencepiece as spm

HERE = os.path.dirname(os.path.abspath(__file__))
OUT = os.path.join(HERE, '..', 'test', 'fixtures', 'tokenizers')

# No zero width joiner (a newer SentencePiece keeps it where the tables of published models have a space), and no text of a lone ▁.
TEXTS = ['', ' ', ' \t\n ', 'cat', 'Trash Can', 'a photo of a shopping cart', '  leading, and   inner  spaces ', 'a\tb\nc', 'prullenbak', 'Müll', 'corbeille à papier', 'e\u0301clair', 'q\u0323\u0307',
    'İstanbul straße', 'żarówka', 'корзина', 'ゴミ箱', '放大镜', '휴지통', 'مرحبا', 'שלום', 'हिन्दी', 'สวัสดี', '❤️', '😀 smile', 'ﬁle ﬀ', 'ＦＵＬＬ　ｗｉｄｔｈ', '①②③ ½', '㌔ Ⅷ',
    '\u200bzero\u200bwidth', 'soft\u00adhyphen', 'no\u00a0break', 'a▁b', 'black &amp; white', 'C++ & C#', '24px.svg', '100%', 'under_score-dash', "don't", '“quoted”', '…', '\\slash/', 'x', '\U0001f9ff\U00020000', 'a~b ～',
    'delete ' * 90, 'search' * 40]


def corpus():
    rows = [line.rstrip('\n').split('|') for line in open(os.path.join(HERE, 'dictionary.psv'), encoding='utf-8')]
    # English, Dutch, French, Japanese and Russian: several scripts in a small vocabulary.
    return [word for row in rows for column in (0, 1, 3, 8, 10) if column < len(row) for word in row[column].split('/')]


def train(**options):
    out = io.BytesIO()
    spm.SentencePieceTrainer.train(sentence_iterator=iter(corpus()), model_writer=out, vocab_size=700, character_coverage=0.985, num_threads=1, minloglevel=2, **options)
    return spm.SentencePieceProcessor(model_proto=out.getvalue())


def pieces(sp): return [(sp.id_to_piece(k), sp.get_score(k)) for k in range(sp.get_piece_size())]


def unigram(vocab, unknown): return {'type': 'Unigram', 'unk_id': unknown, 'byte_fallback': False, 'vocab': [[piece, round(score, 6)] for piece, score in vocab]}


def bpe(sp, vocab, byte_fallback):
    """A merge is every way in which a piece is two other pieces; SentencePiece merges what gives the earliest piece first."""
    rank = {piece: k for k, (piece, _) in enumerate(pieces(sp)) if not (sp.is_control(k) or sp.is_unknown(k) or sp.is_byte(k))}
    merges = []
    for piece in sorted(rank, key=lambda each: -sp.get_score(rank[each])):
        halves = [(piece[:at], piece[at:]) for at in range(1, len(piece)) if piece[:at] in rank and piece[at:] in rank]
        merges += sorted(halves, key=lambda pair: (rank[pair[0]], rank[pair[1]]))
    return {'type': 'BPE', 'dropout': None, 'unk_token': '<unk>', 'continuing_subword_prefix': None, 'end_of_word_suffix': None, 'fuse_unk': True, 'byte_fallback': byte_fallback,
            'vocab': vocab, 'merges': [list(pair) for pair in merges]}


def layout(model, controls, normalizer, pre_tokenizer, before, after):
    ids = {piece: k for k, (piece, _) in enumerate(model['vocab'])} if model['type'] == 'Unigram' else model['vocab']
    ids = {**ids, **controls}
    special = lambda token: {'SpecialToken': {'id': token, 'type_id': 0}}
    return {
        'version': '1.0', 'truncation': None, 'padding': None,
        'added_tokens': [{'id': ids[token], 'content': token, 'single_word': False, 'lstrip': token == '<mask>', 'rstrip': False, 'normalized': False, 'special': True} for token in controls],
        'normalizer': normalizer, 'pre_tokenizer': pre_tokenizer,
        'post_processor': {'type': 'TemplateProcessing', 'single': [*map(special, before), {'Sequence': {'id': 'A', 'type_id': 0}}, *map(special, after)], 'pair': [],
                           'special_tokens': {token: {'id': token, 'ids': [ids[token]], 'tokens': [token]} for token in [*before, *after]}},
        'decoder': None, 'model': model,
    }


METASPACE = {'type': 'Metaspace', 'replacement': '▁', 'add_prefix_space': True, 'prepend_scheme': 'always'}
# The tables of nmt_nfkc are as long as everything else together, and the tokenizer has them built in.
PRECOMPILED = {'type': 'Precompiled', 'precompiled_charsmap': None}


def siglip_text(text):
    """As SiglipTokenizer canonicalizes: lower case, no punctuation, single spaces."""
    return re.sub(r'\s+', ' ', text.lower().translate(str.maketrans('', '', string.punctuation))).strip()


def main():
    os.makedirs(OUT, exist_ok=True)
    # fairseq's order of XLM-R: SentencePiece's own three control tokens go, its ids move up by one, <mask> comes last.
    sp = train(model_type='unigram')
    vocab = [('<s>', 0.0), ('<pad>', 0.0), ('</s>', 0.0), ('<unk>', 0.0), *pieces(sp)[3:], ('<mask>', 0.0)]
    xlmr = layout(unigram(vocab, 3), {'<s>': 0, '<pad>': 1, '</s>': 2, '<unk>': 3, '<mask>': len(vocab) - 1}, PRECOMPILED,
                  {'type': 'Sequence', 'pretokenizers': [{'type': 'WhitespaceSplit'}, METASPACE]}, ['<s>'], ['</s>'])
    shift = lambda ids: [k + 1 if k else 3 for k in ids]
    write('xlmr', xlmr, 1, lambda text, sp=sp: [0, *shift(sp.encode(text)), 2])

    # NLLB: BPE in the same order, then the languages; the text begins with its language.
    sp = train(model_type='bpe')
    vocab = {piece: k for k, piece in enumerate(['<s>', '<pad>', '</s>', '<unk>', *[piece for piece, _ in pieces(sp)[3:]]])}
    languages = {'eng_Latn': len(vocab), 'nld_Latn': len(vocab) + 1}
    nllb = layout(bpe(sp, vocab, False), {'<s>': 0, '<pad>': 1, '</s>': 2, '<unk>': 3, **languages, '<mask>': len(vocab) + 2}, PRECOMPILED, METASPACE, ['eng_Latn'], ['</s>'])
    write('nllb', nllb, 1, lambda text, sp=sp: [languages['eng_Latn'], *shift(sp.encode(text)), 2])

    # SigLIP: T5's Unigram layout on canonicalized text; the end token pads as well.
    sp = train(model_type='unigram', pad_id=0, eos_id=1, unk_id=2, bos_id=-1)
    punctuation = '[' + re.escape(string.punctuation).replace('/', '\\/') + ']'
    siglip = layout(unigram(pieces(sp), 2), {'<pad>': 0, '</s>': 1, '<unk>': 2}, {'type': 'Sequence', 'normalizers': [
        {'type': 'Lowercase'}, {'type': 'Replace', 'pattern': {'Regex': punctuation}, 'content': ''}, {'type': 'Replace', 'pattern': {'Regex': '\\s+'}, 'content': ' '},
        {'type': 'Strip', 'strip_left': True, 'strip_right': True}, PRECOMPILED]}, METASPACE, [], ['</s>'])
    write('siglip', siglip, 1, lambda text, sp=sp: [*sp.encode(siglip_text(text)), 1])

    # Gemma, which SigLIP2 uses: BPE that falls back to bytes, nothing normalized, no space before the text; only the end token around it.
    sp = train(model_type='bpe', pad_id=0, eos_id=1, bos_id=2, unk_id=3, byte_fallback=True, normalization_rule_name='identity', remove_extra_whitespaces=False, add_dummy_prefix=False)
    gemma = layout(bpe(sp, {piece: k for k, (piece, _) in enumerate(pieces(sp))}, True), {'<pad>': 0, '<eos>': 1, '<bos>': 2, '<unk>': 3},
                   {'type': 'Replace', 'pattern': {'String': ' '}, 'content': '▁'}, {'type': 'Split', 'pattern': {'String': ' '}, 'behavior': 'MergedWithPrevious', 'invert': False}, [], ['<eos>'])
    # What SentencePiece calls </s> and <s> has Gemma's names here.
    gemma['model']['vocab'] = {{'</s>': '<eos>', '<s>': '<bos>'}.get(piece, piece): k for piece, k in gemma['model']['vocab'].items()}
    write('gemma', gemma, 0, lambda text, sp=sp: [*sp.encode(text), 1])


def write(name, tokenizer, pad, encode):
    # White space is cleaned as open_clip's whitespace_clean does.
    goldens = [{'text': text, 'ids': encode(' '.join(text.split()))} for text in TEXTS]
    body = ',\n'.join(json.dumps(each, ensure_ascii=False) for each in goldens)
    with open(os.path.join(OUT, name + '.json'), 'w', encoding='utf-8') as file:
        file.write('{"tokenizer": %s,\n"padId": %d,\n"goldens": [\n%s\n]}\n' % (json.dumps(tokenizer, ensure_ascii=False, separators=(',', ':')), pad, body))
    print(name, len(tokenizer['model']['vocab']), 'pieces,', len(goldens), 'texts')


if __name__ == '__main__': main()
