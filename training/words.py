"""Turns records.jsonl into concepts and captions, trains the vocabulary, and writes everything tokenised into .cache/words.pkl."""
import collections, gzip, hashlib, json, os, pickle, random, re, sys, unicodedata
import numpy as np
import sentencepiece as spm

HERE = os.path.dirname(os.path.abspath(__file__))
CACHE = os.path.join(HERE, '.cache')
MODULES = os.path.join(HERE, 'node_modules')
VOCAB = 24000
# The ten languages of the evaluation first, those that share few words with the others more often; the rest come along with less weight.
LANGUAGES = {'nl': 1, 'de': 1, 'fr': 1, 'es': 1, 'it': 1, 'pt': 1, 'pl': 1.2, 'ja': 1.6, 'zh': 1.3, 'ru': 1,
             'sv': .4, 'da': .4, 'nb': .4, 'fi': .3, 'hu': .3, 'uk': .4, 'ko': .4}
DICTIONARY_LANGUAGES = ['nl', 'de', 'fr', 'es', 'it', 'pt', 'pl', 'ja', 'zh', 'ru']
STYLES = set('''outline outlined filled fill solid line linear bold thin light regular duotone twotone broken rounded round sharp bulk stroke
 12 14 16 20 24 28 32 36 40 48 64 128 512 baseline alt color colored flat monochrome mini micro variant stroked curved glyph mono black sketch
 freehand remix duo tone multicolor xs sm md lg xl small medium large'''.split())


# Search words that say nothing about what a picture shows: those that come with drawings, and what is left of names of files.
IDLE = re.compile(r'^(icons?|image|media|public domain|png|svg|hash.*)$|\btheme\b|clip ?art|^etiquette icons$')
NAMED_BY_FILE = re.compile(r'^bx |[a-z]\dx$')


def normalise(text):
    """The tokenizer's normaliser, in the same order: camelCase split, NFKC, lower case, separators to one space, trimmed."""
    text = re.sub(r'(?<=[a-z])(?=[A-Z])', ' ', text)
    text = unicodedata.normalize('NFKC', text).lower()
    return re.sub(r'[\s\-_▁]+', ' ', text).strip(' ')


# Names that end like this count, they do not say which variant of a drawing it is.
COUNTED = set('''number numeric num digit digits dice die domino heading h text letter character hearts diamonds spades clubs heart diamond spade club looks filter exposure
 battery wifi signal level levels timer step steps column columns row rows rank clock time hour hours oclock replay forward rewind skip backward fast counter route lane
 speed volume vitamin grade age top rating star stars player players size roman section sector stage part priority brightness cellular network uv fan plus minus
 multiplier x times format version windows web playstation xbox covid office channel century area zone apollo channels line metro train tram bus'''.split())
ORDINALS = set('one two three four five six seven eight nine ten'.split())
VARIANTS = {'alt', 'alternate', 'alternative', 'simple', 'variant', 'a', 'b', 'c', 'o', 'v1', 'v2', 'v3', 'new', 'md', 'sm', 'lg', 'xl', 'fragment'}
# Words that icon sets use for the same thing. Concepts that differ in nothing else are never each other's negatives.
SAME = [line.split() for line in '''user person account profile people human member
 add plus new create insert
 remove minus subtract reduce
 delete trash bin trashcan garbage
 check tick done checkmark ok confirm
 x cross close times cancel
 settings gear cog setting preferences options gears cogs configure config
 edit pencil pen write
 image picture photo photos images pictures
 file document doc page files
 folder directory folders
 mail email envelope message letter
 chat message comment bubble conversation messages comments chats speech
 home house
 search magnifier find zoom
 warning alert caution
 info information
 cart basket trolley
 phone telephone call
 mobile smartphone cellphone cell
 car automobile auto
 bicycle bike cycle
 airplane plane aeroplane
 tv television
 display monitor screen desktop
 money cash dollar
 bookmark favorite favourite
 lock locked secure
 unlock unlocked
 chart graph
 pie donut
 calendar date
 clock time
 location pin marker place
 gift present
 bulb lightbulb lamp
 mic microphone
 speaker volume sound
 link chain
 lightning bolt thunder flash
 globe world earth
 eye view visible show
 hide hidden
 refresh reload sync
 undo back
 redo forward
 download save
 group users people team
 left west
 right east
 up top north upward
 down bottom south downward
 circle round circled
 square box
 tag label price
 cup mug
 glasses eyeglasses spectacles
 shirt tshirt
 smile happy smiling
 sad unhappy
 kid child
 baby infant
 store shop
 print printer
 movie film
 game gaming gamepad
 bag purse handbag
 doctor physician
 medicine drug
 building office
 wrench spanner
 spiral helix
 menu hamburger
 triangle tri'''.split('\n')]
# The first line that holds a word counts.
SAME_AS = {word: row[0] for row in reversed(SAME) for word in row}

# Categories that say how a set is filed and nothing about the picture.
FILED = set('''newicons general other others misc miscellaneous core base regular common essential basic basics default various all new custom extra extras default icons icon set
 unsorted uncategorized symbols2 updated deprecated'''.split())


# What belongs to one subject belongs to these, too: sets file the same drawings more or less finely.
IMPLIED = {subject: wider.split(';') for subject, wider in (line.split(':') for line in '''sports:games
animals:nature
animal:animals;nature
plants:nature
plant:nature
weather:nature
nature:weather
vehicles:transport;travel
transport:travel;transportation
transportation:transport;travel
maps:travel;navigation;location
travel:maps
buildings:places;maps
currency:finance;money
money:finance
finance:business;money
math:science;numbers
numbers:math
charts:data;business;finance
commerce:shopping;business
shopping:commerce
files:office;documents
office:business
text formatting:editing;office;text
editor:editing;office
music:media;audio
audio:media
video:media
photography:media
devices:technology;hardware;system
hardware:devices;technology
development:technology
gestures:people;hands
users:people
furniture:home;household
kitchen:home;food
home:household
clothing:fashion;shopping
food:restaurant;eating
health:medical;wellness
medical:health;wellness
education:school
science:education
communication:social
security:privacy;warnings
warnings:security
time:calendar
tools:construction
brands:logos
logos:brands'''.split('\n'))}


def plain_name(name, known):
    """The name without what only tells variants of a drawing apart: "trash 3", "home4", "tote simple"; None where nothing of that kind is left of a known name."""
    words = name.split(' ')
    changed = False
    while words:
        last = words[-1]
        if len(words) > 1 and (last in VARIANTS or last in ORDINALS or re.fullmatch(r'0?\d{1,2}', last)) and not (set(words[:-1]) & COUNTED and last not in VARIANTS):
            words.pop(); changed = True
        elif re.fullmatch(r'[a-z]{4,}\d', last) and not re.sub(r'\d', '', last) in COUNTED:
            words[-1] = last[:-1]; changed = True
        else: break
    plain = ' '.join(words)
    return plain if changed and plain in known else None


def word_bag(name):
    """What a name says, whatever the order of its words; None where the order matters."""
    words = name.split(' ')
    if not 2 <= len(words) <= 4 or {'to', 'from', 'in', 'on', 'of', 'for', 'with', 'and', 'over', 'under', 'off'} & set(words): return None
    return ' '.join(sorted(words))


def meaning(name):
    """A key that names share which differ in words for the same thing and in order alone."""
    return ' '.join(sorted({SAME_AS.get(w, w) for w in name.split(' ')}))


def strip_styles(names, suffixes, prefixes):
    """Cleaned name per name: trailing and leading style words that a set uses systematically are removed."""
    tail, head, total = collections.Counter(), collections.Counter(), len(names)
    for n in names:
        t = n.split('-')
        for k in t[1:]: tail[k] += 1
        if len(t) > 1: head[t[0]] += 1
    meta = set()
    for s in list(suffixes) + list(prefixes): meta.update(s.split('-'))
    meta.discard('')
    numbered = sum(bool(re.search(r'-\d+$', n)) for n in names) > .08 * total
    keep_number = re.compile(r'(number|counter|looks|filter|level|circle|square|battery|dice|hexagon|signal|grid|columns?|box|letter|digit|top|h|format)s?-\d+$')
    out = {}
    for n in names:
        t = n.split('-')
        while len(t) > 1 and (t[-1] in STYLES and tail[t[-1]] > .02 * total or t[-1] in meta and t[-1] in STYLES): t.pop()
        while len(t) > 1 and t[0] in STYLES | {'ic', 'icon', 'i'} and head[t[0]] > .02 * total: t.pop(0)
        s = '-'.join(t)
        if re.search(r'-0\d$', s) or numbered and re.search(r'-\d+$', s) and not keep_number.search(s): s = re.sub(r'-\d+$', '', s)
        out[n] = normalise(s)
    return out


# What we say ourselves counts as if so many sets said it.
OURS = ['own', 'own1', 'own2', 'own3', 'own4']


class Said(dict):
    """Search words or subjects of a concept, and who says each: what many say is searched for more often than what one artist wrote."""
    def add(self, word, who):
        # Sets of one house say the same.
        if word and not NAMED_BY_FILE.search(word): self.setdefault(word, set()).add(who.split('-')[0])

    def update(self, words, who):
        for word in words: self.add(word, who)

    def ranked(self):
        """[(word, how many say it)], the most said first. What one of twenty or more says alone is left out: names of artists and themes, mostly."""
        most = max(map(len, self.values()), default=0)
        return sorted(((word, len(who)) for word, who in self.items() if 20 * len(who) > most), key=lambda x: (-x[1], x[0]))


def thesaurus():
    """Cleaned icon name -> search words, from the metadata of icon packages, and which of them say it."""
    tags = collections.defaultdict(Said)
    def add(name, words):
        key = normalise(name)
        for w in words:
            w = normalise(str(w))
            if 1 < len(w) < 32 and w != key and not w.isdigit(): tags[key].add(w, source)
    read = lambda p: json.load(open(os.path.join(MODULES, p)))
    source = 'lucide'
    for n, t in read('lucide-static/tags.json').items(): add(n, t)
    source = 'tabler'
    for n, t in read('@tabler/icons/icons.json').items(): add(n, t['tags'])
    source = 'mdi'
    for t in read('@mdi/svg/meta.json'): add(t['name'].replace('-outline', ''), t['aliases'])
    source = 'ionicons'
    for t in read('ionicons/dist/ionicons.json')['icons']: add(re.sub('-(outline|sharp)$', '', t['name']), [x for x in t['tags'] if x not in ('outline', 'sharp')])
    source = 'fontawesome'
    for n, t in read('@fortawesome/fontawesome-free/metadata/icon-families.json').items():
        add(n, (t.get('search') or {}).get('terms', []) + [t.get('label', '')] + ((t.get('aliases') or {}).get('names') or []))
    source = 'codicons'
    for n, t in read('@vscode/codicons/dist/metadata.json').items(): add(n, t['tags'])
    source = 'mynaui'
    for n, t in read('@mynaui/icons/meta.json').items(): add(n, t['tags'])
    source = 'gravity'
    for t in read('@gravity-ui/icons/metadata.json')['icons']: add(t['name'], t['keywords'])
    source = 'octicons'
    for n, t in read('@primer/octicons/build/data.json').items(): add(n, t['keywords'])
    return tags


def chinese():
    """Name of an icon of IconPark -> its title and search words in Chinese."""
    icons = json.load(open(os.path.join(MODULES, '@icon-park/svg/icons.json')))
    return {i['name']: [w for w in map(normalise, [i['title'], *i['tag']]) if re.search('[\u4e00-\u9fff]', w) and len(w) < 8][:3] for i in icons}


def wordnet():
    """Lemma -> synonyms of its most frequent noun (else verb) sense."""
    found = {}
    for pos in ('noun', 'verb'):
        index, data = f'/usr/share/wordnet/index.{pos}', f'/usr/share/wordnet/data.{pos}'
        if not os.path.exists(index): return found
        synsets = {}
        for line in open(data):
            if line[0] == ' ': continue
            f = line.split(' ')
            synsets[f[0]] = [f[4 + 2 * k].replace('_', ' ') for k in range(int(f[3], 16))]
        for line in open(index):
            if line[0] == ' ': continue
            f = line.split()
            lemma = f[0].replace('_', ' ')
            words = [w.lower() for w in synsets[f[-int(f[2])]]]
            words = [w for w in words if w != lemma and re.fullmatch(r"[a-z' ]+", w)]
            if words and lemma not in found: found[lemma] = words[:6]
    return found


def glosses():
    """Lemma -> the definition of its most frequent noun (else verb) sense, at most 14 words, and the set of verbs."""
    found, verbs = {}, set()
    for pos in ('noun', 'verb'):
        index, data = f'/usr/share/wordnet/index.{pos}', f'/usr/share/wordnet/data.{pos}'
        if not os.path.exists(index): return found, verbs
        text = {}
        for line in open(data):
            if line[0] != ' ': text[line[:8]] = re.sub(r'\([^)]*\)', '', line.split(' | ', 1)[1].split(';')[0]).strip()
        for line in open(index):
            if line[0] == ' ': continue
            f = line.split()
            lemma = f[0].replace('_', ' ')
            # The tagged senses are those seen in running text: without one a verb is too rare to inflect.
            if pos == 'verb' and int(f[-int(f[2]) - 1]) > 0: verbs.add(lemma)
            words = normalise(text[f[-int(f[2])]])
            if 2 < len(words.split(' ')) <= 14 and lemma not in found: found[lemma] = words
    return found, verbs


def gerund(verb):
    """"delete" -> "deleting"; None where the rule is unsure."""
    if not re.fullmatch('[a-z]{3,}', verb): return None
    if verb.endswith('ie'): return verb[:-2] + 'ying'
    if verb.endswith('e') and not verb.endswith(('ee', 'oe', 'ye')): return verb[:-1] + 'ing'
    if re.fullmatch('[^aeiou]*[aeiou][bdgmnprt]', verb): return verb + verb[-1] + 'ing'
    return verb + 'ing'


def dictionary():
    """English word -> {language: [words]} of dictionary.psv, written for this model."""
    out = {}
    path = os.path.join(HERE, 'dictionary.psv')
    for line in open(path):
        en, *others = line.rstrip('\n').split('|')
        out[normalise(en)] = {lang: [normalise(w) for w in field.split('/') if w.strip()] for lang, field in zip(DICTIONARY_LANGUAGES, others) if field.strip()}
    return out


FILLERS = set("a an the to of in on at is are it its my your i for with and or this that me be by".split())


def content(text):
    """The words of a text that say something."""
    return frozenset(normalise(text).replace("'", ' ').split(' ')) - FILLERS


def phrases():
    """Concept -> (search words, phrases, categories, {language: [words]}) of phrases.psv, written for this model."""
    held_out = [line.rstrip('\n').split('|')[1] for line in open(os.path.join(HERE, '../bench/sentences.psv')) if '|' in line]
    exact, contents = set(map(normalise, held_out)), [c for c in map(content, held_out) if len(c) > 1]
    def known(phrase):
        """Whether it is a sentence of the evaluation, or has three quarters of the words that say something in common with one."""
        said = content(phrase)
        return normalise(phrase) in exact or any(len(said & c) >= .75 * len(said | c) for c in contents if said & c)
    out = {}
    for line in open(os.path.join(HERE, 'phrases.psv')):
        concept, *fields = line.rstrip('\n').split('|')
        words, said, categories, *others = [[normalise(w) for w in field.split(';') if w.strip()] for field in fields]
        leaked = [w for w in words if w in exact] + [w for w in said if known(w)]
        if leaked: raise ValueError(f'phrases.psv: "{concept}" holds what the evaluation asks: {", ".join(leaked)}')
        out[normalise(concept)] = words, said, categories, {lang: ws for lang, ws in zip(DICTIONARY_LANGUAGES, others, strict=True) if ws}
    return out


def emoji_words():
    """hexcode -> {language: [label, tag...]}, labels first, from emojibase and CLDR."""
    table = collections.defaultdict(dict)
    chars = {}
    for lang in ['en'] + list(LANGUAGES):
        path = os.path.join(MODULES, 'emojibase-data', lang, 'data.json')
        if not os.path.exists(path): continue
        for e in json.load(open(path)):
            for v in [e] + e.get('skins', []):
                code = v['hexcode'].replace('-FE0F', '').lower()
                table[code].setdefault(lang, [normalise(e['label'])] + [normalise(t) for t in e.get('tags', [])])
                chars[v['emoji'].replace('\ufe0f', '')] = code
    for lang in ['en'] + list(LANGUAGES):
        path = os.path.join(MODULES, 'cldr-annotations-full/annotations', {'nb': 'no'}.get(lang, lang), 'annotations.json')
        if not os.path.exists(path): continue
        for char, a in json.load(open(path))['annotations']['annotations'].items():
            code = chars.get(char.replace('\ufe0f', ''))
            if code is None: code = chars[char] = '-'.join(f'{ord(c):x}' for c in char)
            words = [normalise(w) for w in a.get('tts', []) + a.get('default', [])]
            known = table[code].setdefault(lang, [])
            known += [w for w in words if w and w not in known]
    return table


def emoji_subgroups():
    """hexcode -> what kind of thing it shows ("animal mammal", "mammal"), from emojibase."""
    names = json.load(open(os.path.join(MODULES, 'emojibase-data/meta/groups.json')))['subgroups']
    out = {}
    for e in json.load(open(os.path.join(MODULES, 'emojibase-data/en/data.json'))):
        if e.get('subgroup') is None: continue
        name = normalise(names[str(e['subgroup'])])
        for v in [e] + e.get('skins', []): out[v['hexcode'].replace('-FE0F', '').lower()] = (name, name.split(' ')[-1])
    return out


# Emoji in the styles of others, most of them without their code points; flags are named by country.
EMOJI_SETS = {'fluent-emoji', 'fluent-emoji-flat', 'fluent-emoji-high-contrast', 'emojione', 'emojione-monotone', 'noto', 'noto-v1', 'fxemoji', 'twemoji', 'streamline-emojis'}
TONE = re.compile(r'-(light|medium-light|medium|medium-dark|dark)-skin-tone')


def squashed(name):
    """What names of one emoji have in common, however they are written: "flag-for-flag-france", "flag: France"."""
    return re.sub(r'[\W_]+', '', re.sub(r'^flag[ -]for[ -](flag[ -])?', 'flag ', unicodedata.normalize('NFKC', name).lower()))


def emoji_codes(records, table):
    """(set, name) -> hexcode of every emoji and flag: its own, or the one that its name or country says."""
    known = {}
    for code, langs in table.items():
        if langs.get('en'): known.setdefault(squashed(langs['en'][0]), code)
    for r in records:
        if r['set'] in EMOJI_SETS and r.get('hex'):
            for name in [r['name'], *(r.get('aliases') or [])]: known.setdefault(squashed(TONE.sub('', name)), r['hex'].lower().replace('-fe0f', ''))
    out = {}
    for r in records:
        code = (r.get('hex') or '').lower().replace('-fe0f', '')
        if not code and r['set'] in EMOJI_SETS:
            name = TONE.sub('', r['name'])
            code = next((known[k] for k in map(squashed, [name, re.sub(r'-\d$', '', name), *(r.get('aliases') or [])]) if k in known), '')
        if not code and r['kind'] == 'flag':
            country = re.sub('-(1x1|4x3)$', '', r['name'])
            if re.fullmatch('[a-z]{2}', country): code = '-'.join(f'{0x1f1e6 + ord(x) - 97:x}' for x in country)
            elif re.fullmatch('gb-(eng|sct|wls)', country): code = '-'.join(['1f3f4'] + [f'e00{ord(x):x}' for x in country.replace('-', '')] + ['e007f'])
        if code in table and table[code].get('en'): out[r['set'], r['name']] = code
    return out


def translations(table):
    """English word or phrase -> {language: [words]}: exact labels, and keywords that point at few emoji."""
    out = collections.defaultdict(lambda: collections.defaultdict(list))
    where = collections.defaultdict(list)
    for code, langs in table.items():
        en = langs.get('en', [])
        for rank, w in enumerate(en): where[w].append((rank > 0, code))
    for word, hits in where.items():
        hits.sort()
        exact = [c for later, c in hits if not later]
        use = exact[:1] if exact else [c for _, c in hits] if len(hits) == 1 else []
        for code in use:
            for lang, words in table[code].items():
                if lang != 'en' and words: out[word][lang] += words[:1]
    return out


def shipped_vocabulary(path):
    """Gives the pieces of a SentencePiece model those of the shipped tokenizer.json, so that a training that goes on from shipped weights keeps their token table."""
    from sentencepiece import sentencepiece_model_pb2
    proto = sentencepiece_model_pb2.ModelProto()
    proto.ParseFromString(open(path, 'rb').read())
    pieces = json.load(open(os.path.join(HERE, '../media/builtin/tokenizer.json')))['model']['vocab']
    if len(pieces) != len(proto.pieces): raise ValueError(f'the shipped vocabulary has {len(pieces)} pieces, not {len(proto.pieces)}')
    for own, (piece, score) in zip(proto.pieces, pieces): own.piece, own.score = piece, score
    open(path, 'wb').write(proto.SerializeToString())


def clean_names(records):
    """(set, name) -> the name that a drawing is known by, without styles and sizes; aliases, too, where a set has them."""
    by_set = collections.defaultdict(list)
    for r in records: by_set[r['set']].append(r)
    cleaned = {}
    for prefix, rs in by_set.items():
        if prefix == 'openclipart':
            for r in rs:
                base = re.sub(r'(_\d+|\d+)$', '', r['name'])
                base = re.sub(r'_[a-z]+_[a-z]\.?_?0?$|_(archit?|bent|jon|ganson|plant|mois|rinc)\w*$', '', base)
                cleaned[prefix, r['name']] = normalise(base) or r['name']
            continue
        if prefix == 'drawn':
            for r in rs: cleaned[prefix, r['name']] = normalise(r['name'].split('--')[0])
            continue
        path = os.path.join(MODULES, '@iconify/json/json', prefix + '.json')
        if prefix == 'composed':
            for r in rs: cleaned[prefix, r['name']] = r['called']
            continue
        if not os.path.exists(path):
            # A set of a package, its names as packages.mjs cleaned them.
            called = strip_styles([r['called'] for r in rs], {}, {})
            for r in rs: cleaned[prefix, r['name']] = called[r['called']]
            continue
        meta = json.load(open(path))
        names = [r['name'] for r in rs]
        extra = [a for r in rs for a in r.get('aliases') or []]
        for n, c in strip_styles(names + extra, meta.get('suffixes', {}), meta.get('prefixes', {})).items(): cleaned[prefix, n] = c
    return cleaned


def main():
    records = [json.loads(l) for l in open(os.path.join(CACHE, 'records.jsonl'))]
    cleaned, dropped = clean_names(records), set()
    removed = os.path.join(CACHE, 'removed.json')
    if os.path.exists(removed): dropped = set(map(tuple, json.load(open(removed))['removed']))
    table = emoji_words()
    subgroups, codes = emoji_subgroups(), emoji_codes(records, table)
    print('emoji', collections.Counter(prefix for prefix, _ in codes), flush=True)
    tags, synonyms, translate = thesaurus(), wordnet(), translations(table)
    for en, langs in dictionary().items():
        for lang, words in langs.items(): translate[en][lang] = list(dict.fromkeys(words + translate[en][lang]))
    gloss, verbs = glosses()
    written = phrases()
    for en, (_, _, _, langs) in written.items():
        for lang, words in langs.items(): translate[en][lang] = list(dict.fromkeys(words + translate[en][lang]))
    titles = chinese()
    print('thesaurus', len(tags), 'wordnet', len(synonyms), 'translated', len(translate), flush=True)

    texts, text_id = [], {}
    def tid(text):
        if text not in text_id: text_id[text] = len(texts); texts.append(text)
        return text_id[text]

    # Variants of a drawing ("trash 3", "trash simple") and names in another order ("user add", "add user") are one concept: as concepts of their own
    # they would be each other's negatives.
    drawn = collections.Counter(cleaned[r['set'], r['name']] for r in records if r['kind'] != 'heldout' and (r['set'], r['name']) not in dropped)
    known = {n for n, k in drawn.items() if k > 1 or len(n) > 3}
    plain = {n: plain_name(n, known) or n for n in drawn if n}
    bags = collections.defaultdict(collections.Counter)
    for n, k in drawn.items():
        if n and word_bag(plain[n]): bags[word_bag(plain[n])][plain[n]] += k
    concept_key = {}
    for n in plain:
        bag = word_bag(plain[n])
        concept_key[n] = bags[bag].most_common(1)[0][0] if bag else plain[n]
    print('names', len(drawn), 'after merging', len(set(concept_key.values())), flush=True)

    concepts, concept_id = [], {}
    pictures, emoji = [], []   # (record index, concept); record indices
    for index, r in enumerate(records):
        if r['kind'] == 'heldout' or (r['set'], r['name']) in dropped: continue
        if r['set'] == 'openclipart' and re.search(r'\d+pt|region', r['name']) and len(pictures) % 4: continue
        name = cleaned[r['set'], r['name']]
        if not name: continue
        code = codes.get((r['set'], r['name']))
        label = table[code]['en'][0] if code else None
        key = label or concept_key[name]
        if key not in concept_id:
            concept_id[key] = len(concepts)
            concepts.append(dict(key=key, names=collections.Counter(), tags=Said(), trans={}, cats=Said(), sentences=set(), filed=collections.defaultdict(set), kinds=collections.Counter()))
        c = concepts[concept_id[key]]
        # The names of variants come seldom: their numbers say nothing about the picture.
        flag = label and label.startswith('flag: ')
        if not flag:
            c['names'][plain[name]] += 4
            if plain[name] != name: c['names'][name] += 1
        if label:
            emoji.append(index)
            c['names'][label] += 8
            c['tags'].update((w for w in table[code]['en'][1:] if w != label), 'emojibase')
            c['cats'].update(subgroups.get(code, ()), r['set'])
            for lang in LANGUAGES:
                if table[code].get(lang): c['trans'][lang] = table[code][lang]
            if flag:
                # People ask for the country, or its flag.
                country = label[len('flag: '):]
                c['names'].update({country: 2, f'{country} flag': 4})
                c['tags'].add(f'flag of {country}', 'emojibase')
                c['cats'].update(('flags', 'countries'), r['set'])
                if r['kind'] == 'flag': c['tags'].add(re.sub(' (1x1|4x3)$', '', name), r['set'])
                for lang, words in c['trans'].items():
                    if ':' in words[0]: c['trans'][lang] = list(dict.fromkeys([words[0], words[0].split(':', 1)[1].strip(), *words[1:]]))
        for a in r.get('aliases') or []:
            a = cleaned.get((r['set'], a)) or normalise(a)
            if a and a != key and len(a) < 40: c['tags'].add(a, r['set'])
        for lang, translated in (r.get('translations') or {}).items():
            known = c['trans'].get(lang, [])
            c['trans'][lang] = known + [w for w in map(normalise, translated) if w not in known]
        if r['set'].startswith('icon-park') and titles.get(r['name']):
            known = c['trans'].get('zh', [])
            c['trans']['zh'] = known + [w for w in titles[r['name']] if w not in known]
        # Our own drawings come with phrases beside search words.
        if r['kind'] == 'drawn': c['sentences'].update(w for w in map(normalise, r.get('tags') or []) if w.count(' ') > 2)
        c['tags'].update((w for w in map(normalise, r.get('tags') or []) if w not in c['sentences'] and not IDLE.search(w)), r['set'])
        if r['set'] == 'openclipart': c['tags'].update((w for w in map(normalise, (r.get('categories') or [])[-2:]) if w != '.' and not IDLE.search(w)), r['set'])
        elif r['kind'] == 'flag': c['cats'].update(('flags', 'countries'), r['set'])
        elif r['kind'] != 'logo':
            for x in r.get('categories') or []: c['filed'][normalise(re.sub(r'[^\w ]+', ' ', x))].add(r['set'])
        c['kinds'][r['kind']] += 1
        pictures.append((index, concept_id[key]))
    for c in concepts:
        # A subject counts where an eighth of the sets agree; a calendar is no brand because a product is called so.
        agree = len(set().union(*c['filed'].values())) / 8
        for x, sets in c['filed'].items():
            if len(sets) >= agree:
                for one in sets: c['cats'].add(x, one)
        if c['kinds']['logo'] > sum(c['kinds'].values()) / 2:
            for one in OURS: c['cats'].update(('brands', 'logos'), one)
        key = c['key']
        called = [key] + [n for n, _ in c['names'].most_common(6) if n != key]
        for name in called:
            for word, who in tags.get(name, {}).items():
                for one in who: c['tags'].add(word, one)
        for name in [n for n in called if n in written][:1]:
            words, said, categories, _ = written[name]
            for one in OURS:
                c['tags'].update((w for w in words if w != key), one)
                c['cats'].update(categories, one)
            c['sentences'].update(said)
        for name in [n for n in called if n in translate][:1]:
            for lang, words in translate[name].items():
                c['trans'][lang] = list(dict.fromkeys(words + c['trans'].get(lang, [])))
        syn = set(synonyms.get(key, ()))
        words = key.split(' ')
        if len(words) == 2: syn.add(f'{words[1]} {words[0]}')
        if len(words) <= 3:
            for k, w in enumerate(words):
                for row in SAME:
                    if w in row[:4]: syn.update(' '.join(words[:k] + [other] + words[k + 1:]) for other in row[:4] if other != w)
        c['syn'] = syn - {key}
        sentences = c['sentences']
        if key in gloss: sentences.add(gloss[key])
        if words[0] in verbs and len(words) <= 3 and gerund(words[0]):
            rest = ' '.join(words[1:])
            doing = f'{gerund(words[0])} {rest}'.strip()
            sentences.update([doing, f'someone {doing}', f'{doing} something'])
    # A name of several words is searched by what its parts are searched by: "trash arrow up" by "delete", too.
    by_name = {}
    for c in concepts:
        for n in c['names']: by_name.setdefault(n, c)
    inherited = []
    for c in concepts:
        words = c['key'].split(' ')
        tags_, cats = [], []
        if 2 <= len(words) <= 5 and (len(c['tags']) < 3 or not c['cats']):
            parts = [' '.join(words[a:b]) for n in range(len(words) - 1, 0, -1) for a in range(len(words) - n + 1) for b in [a + n]]
            covered = set()
            for part in parts:
                found = by_name.get(part)
                if len(part) < 3 or not found or found is c or set(part.split(' ')) <= covered or len(found['tags']) < 3 or sum(found['names'].values()) < 20: continue
                covered |= set(part.split(' '))
                written_words = written[part][0] if part in written else ()
                tags_ += [part, *(list(written_words) or [word for word, _ in found['tags'].ranked()])[:8]]
                cats += [subject for subject, _ in found['cats'].ranked()][:5]
        inherited.append((tags_, cats))
    for c, (tags_, cats) in zip(concepts, inherited):
        if len(c['tags']) < 3: c['tags'].update((t for t in tags_ if t != c['key']), 'parts')
        if not c['cats']: c['cats'].update(cats[:8], 'parts')
        for subject in FILED: c['cats'].pop(subject, None)
        for subject, who in [(subject, set(who)) for subject, who in c['cats'].items()]:
            for wider in IMPLIED.get(subject, ()): c['cats'].setdefault(wider, set()).update(who)
    # Who has never heard of a "file search" still knows what else a file and a search are called: "document search", "file find".
    spoken = {}
    for n, c in by_name.items():
        if ' ' not in n and n not in FILLERS: spoken[n] = [word for word, k in c['tags'].ranked() if k >= 4 and word.count(' ') < 2 and n not in word.split(' ')][:4]
    for number, c in enumerate(concepts):
        words = c['key'].split(' ')
        # What is written about says itself what else it is called; a credit card is no "bank card card".
        if not 2 <= len(words) <= 4 or c['key'] in written: continue
        others = [' '.join([*words[:k], other, *words[k + 1:]]) for k, w in enumerate(words) for other in spoken.get(w, ()) if other not in words]
        if len(words) > 2: others.append(' '.join([*words[1:], words[0]]))
        random.Random(number).shuffle(others)
        c['syn'].update(others[:5])
    out = []
    for c in concepts:
        said, filed = c['tags'].ranked()[:60], c['cats'].ranked()[:20]
        out.append(dict(
            names=[(tid(n), k) for n, k in c['names'].most_common(6)],
            tags=[tid(t) for t, _ in said], said=[k for _, k in said],
            syn=[tid(t) for t in sorted(c['syn'])],
            cats=[tid(t) for t, _ in filed], agreed=[k for _, k in filed],
            sentences=[tid(t) for t in sorted(c['sentences'])],
            trans={lang: [tid(w) for w in words[:5]] for lang, words in c['trans'].items()}))
    print('pictures', len(pictures), 'concepts', len(concepts), 'texts', len(texts), flush=True)

    templates = ['an icon of {}', 'a picture of {}', '{} icon', 'a drawing of {}', 'an image of {}', '{} symbol', 'a {}', 'the {} button', 'an icon for {}',
                 'button to {}', 'show me {}', '{} emoji', 'a logo of {}', '{} illustration', 'button to {} something', 'a sign for {}', 'something like a {}',
                 'i want to {}', 'click here to {}', 'the user wants to {}', 'a small {} icon for a toolbar', 'page for {}', 'a {} that is shown in the menu',
                 'how to {}', 'where is the {}', 'find {}', '{} pictogram', 'a simple {}', 'someone with a {}', 'a person and a {}', 'two of {}', 'icon that means {}',
                 'symbol showing {}', '{} in an app', 'a {} for a game', 'the thing you use to {}', 'screen with {}', 'is there a {}', 'my {}', 'your {}', 'some {}']
    colours = ['red', 'orange', 'yellow', 'green', 'teal', 'blue', 'purple', 'pink', 'brown', 'black', 'white', 'gray']
    # Filled, and drawn in lines: what the names of icons say last, or first.
    styles = [['filled', 'solid', 'fill', 'filled', 'glyph'], ['outline', 'outlined', 'line', 'outline', 'stroke']]
    # Vocabulary: words weighted by how many pictures carry them.
    rng = random.Random(1)
    lines = collections.Counter()
    for c in concepts:
        total = min(30, sum(c['names'].values()) // 4)
        for n in c['names']: lines[n] += total
        for t in [*sorted(c['tags']), *c['syn'], *c['sentences'], *sorted(c['cats'])]: lines[t] += 1
        for lang, words in c['trans'].items():
            for w in words[:5]: lines[w] += 2 if lang in ('ja', 'zh', 'ko') else 4
    with open(os.path.join(CACHE, 'vocabulary.txt'), 'w') as f:
        for text, n in lines.items():
            for _ in range(min(40, n)): f.write(text + '\n')
        for t in templates + colours:
            for _ in range(200): f.write(t.replace('{}', '').strip() + '\n')
    if not os.path.exists(os.path.join(CACHE, 'pieces.model')) or '--vocabulary' in sys.argv:
        spm.SentencePieceTrainer.train(input=os.path.join(CACHE, 'vocabulary.txt'), model_prefix=os.path.join(CACHE, 'pieces'), model_type='unigram',
            vocab_size=VOCAB, character_coverage=.9995, normalization_rule_name='identity', remove_extra_whitespaces=False, add_dummy_prefix=True,
            pad_id=0, unk_id=1, bos_id=-1, eos_id=-1, input_sentence_size=1500000, shuffle_input_sentence=True, num_threads=2, minloglevel=1)
    if '--shipped-vocabulary' in sys.argv: shipped_vocabulary(os.path.join(CACHE, 'pieces.model'))
    sp = spm.SentencePieceProcessor(model_file=os.path.join(CACHE, 'pieces.model'))
    tokens = sp.encode(texts)
    parts = lambda s: tuple(sp.encode(x.strip()) if x.strip() else [] for x in s.split('{}'))
    pickle.dump(dict(pictures=pictures, emoji=sorted(set(emoji)), concepts=out, texts=texts, tokens=tokens, templates=[parts(t) for t in templates],
        colours=[sp.encode(c) for c in colours], styles=[[sp.encode(w) for w in row] for row in styles], joins=[sp.encode(j) for j in ('&', 'and', 'or')], languages=LANGUAGES, meanings=[meaning(c['key']) for c in concepts], keys=[c['key'] for c in concepts]), open(os.path.join(CACHE, 'words.pkl'), 'wb'), 4)
    lengths = np.array([len(t) for t in tokens])
    print('vocabulary', sp.get_piece_size(), 'mean tokens', lengths.mean(), 'p99', np.percentile(lengths, 99))
    for q in ['shopping cart', 'prullenbak', 'arrow circle left', 'magnifying glass', 'address book tabs', 'vergrootglas']: print(q, sp.encode(q, out_type=str))
    for k in rng.sample(range(len(concepts)), 25): print(concepts[k]['key'], '|', dict(concepts[k]['names'].most_common(3)), '|', sorted(concepts[k]['tags'])[:6], '|', concepts[k]['trans'].get('nl'), '|', list(concepts[k]['syn'])[:3])


if __name__ == "__main__": main()
