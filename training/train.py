"""Trains both towers with a multi-positive symmetric InfoNCE loss; the schedule follows wall time, so that it anneals to the end by a deadline."""
import argparse, bisect, json, math, os, pickle, queue as queues, random, time
import numpy as np
import torch
import torch.nn.functional as F
import torch.multiprocessing as processes
from model import ImageTower, TextTower
from words import FILLERS

HERE = os.path.dirname(os.path.abspath(__file__))
CACHE = os.path.join(HERE, '.cache')
SIZE = 64
WEIGHT = {'logo': .35, 'flag': .5, 'clipart': .8, 'icon': 1.0, 'drawn': .6, 'composed': .75}
NAMED = [('red', 220, 40, 40), ('orange', 245, 140, 25), ('yellow', 245, 210, 30), ('green', 40, 165, 70), ('teal', 20, 160, 160), ('blue', 40, 100, 225),
         ('purple', 130, 60, 190), ('pink', 240, 110, 180), ('brown', 125, 80, 45), ('black', 10, 10, 10), ('white', 250, 250, 250), ('gray', 128, 128, 128)]
# How often a caption says the colour, where not .25: much more is black or white than anything else.
MENTIONED = {9: .08, 10: .1}
# Colours that are taken for each other.
CLOSE = [(11, 8), (11, 9), (11, 8), (9, 8), (9, 6), (11, 6), (1, 2), (1, 8), (0, 7), (0, 8), (5, 6), (5, 4), (3, 4), (6, 7), (10, 11)]
# Share of pictures that are only painted, not varied otherwise.
CLEAN = .2
# Names that have to do with a side, an order or signs that are read: their pictures are neither mirrored nor turned far.
SIDED = frozenset('''left right up down top bottom north south east west upper lower upward downward upwards downwards next previous prev back backward backwards forward forwards rewind
    undo redo return reply send export import input output in out enter exit login logout log sign start end first last begin skip fast step play arrow arrows chevron chevrons caret carets
    angle angles corner corners align alignment indent outdent justify rotate rotation rotated clockwise counterclockwise turn turned swap switch toggle transfer exchange sort ascending descending
    side sidebar panel drawer dock pane half quarter third letter letters number numbers digit text font type bold italic underline strikethrough heading paragraph title alphabet abc character
    latin latn logo brand flag currency dollar euro pound yen rupee ruble won lira bitcoin percent percentage math plus minus divide multiply equals greater less code brackets bracket
    parenthesis quote quotes clock time watch hour oclock pointing direction directions road branch merge fork split flip mirror vertical horizontal diagonal slash move expand collapse
    language translate word words ok new free cool sos vs id atm wc abcd hash hashtag at copyright registered trademark trade mark symbol sigma pi omega alpha beta gamma delta hebrew arabic
    japanese chinese korean kanji button keycap chart trend trending graph file pdf html css gif jpg png svg mp hd fm am pm usb wifi gps'''.split())
LUMA = torch.tensor([.2126, .7152, .0722]).view(1, 3, 1, 1)


def search_word(c):
    """A text id: one of a concept's search words, those that many say more often."""
    return random.choices(c['tags'], c['said'])[0]


class Data:
    def __init__(self):
        self.records = [json.loads(line) for line in open(os.path.join(CACHE, 'records.jsonl'))]
        self.alpha = np.fromfile(os.path.join(CACHE, 'alpha.bin'), np.uint8).reshape(-1, SIZE, SIZE)
        self.rgba = np.fromfile(os.path.join(CACHE, 'rgba.bin'), np.uint8).reshape(-1, SIZE, SIZE, 4)
        words = pickle.load(open(os.path.join(CACHE, 'words.pkl'), 'rb'))
        self.concepts, self.texts, self.tokens = words['concepts'], words['texts'], words['tokens']
        self.templates, self.colours, self.styles = words['templates'], words['colours'], words['styles']
        self.language_names = list(words['languages'])
        self.language_weights = words['languages']
        self.pictures = words['pictures']
        self.concept = np.array([c for _, c in self.pictures])
        self.colour = np.array([self.records[i]['colour'] for i, _ in self.pictures])
        self.at = np.array([self.records[i]['at'] for i, _ in self.pictures])
        self.weight = np.array([WEIGHT[self.records[i]['kind']] for i, _ in self.pictures])
        self.clipart = np.array([self.records[i]['kind'] == 'clipart' for i, _ in self.pictures])
        def sided(c):
            names = self.concepts[c]['names']
            return sum(k for t, k in names if any(w in SIDED or len(w) == 1 or not w.isalpha() for w in self.texts[t].split(' '))) > .3 * sum(k for _, k in names)
        free = np.array([not sided(c) for c in range(len(self.concepts))])
        free[[c for i, c in self.pictures if self.records[i]['set'] == 'lettering']] = False
        self.turns = free[self.concept] & np.array([self.records[i]['kind'] in ('icon', 'clipart', 'composed') for i, _ in self.pictures])
        codes = {}
        self.meaning = np.array([codes.setdefault(m, len(codes)) for m in words['meanings']])
        codes = {}
        self.hand = np.array([codes.setdefault(self.records[i]['set'], len(codes)) for i, _ in self.pictures])
        # What several concepts are searched or filed by, or have in their names: a "folder lock" is a folder, and a lock.
        known_text = {t: k for k, t in enumerate(self.texts)}
        def parts(name):
            words = name.split(' ')
            return [known_text[w] for w in {*words, *map(' '.join, zip(words, words[1:]))} if w in known_text and len(w) > 2 and w != name and w not in FILLERS]
        # Who is called so has it, too: the plain thing would be wrong for what its composites share.
        self.called = [frozenset(t for t, _ in c['names']) for c in self.concepts]
        about = [{*called, *c['tags'], *c['cats'], *parts(self.texts[c['names'][0][0]])} for c, called in zip(self.concepts, self.called)]
        shared = np.bincount([t for a in about for t in a], minlength=len(self.texts))
        self.topics = [[t for t in a if shared[t] >= 8] for a in about]
        # What one says of a concept and four say otherwise may be true or not.
        def doubtful(c):
            alone = {t for t, k in zip(c['tags'], c['said']) if k == 1 and c['said'][0] > 3} - set(c['cats']) | {t for t, k in zip(c['cats'], c['agreed']) if 4 * k <= c['agreed'][0]}
            return alone - {*(t for t, _ in c['names']), *parts(self.texts[c['names'][0][0]])}
        self.doubts = [doubtful(c) for c in self.concepts]
        self.joins = words['joins']
        self.categories = {t for c in self.concepts for t in c['cats'] if shared[t] >= 40}
        self.own = [frozenset([t for t, _ in c['names']] + c['tags'] + c['syn'] + c['cats'] + c['sentences']) for c in self.concepts]
        # A "file search" is searched for by "search", too, but whoever asks for "search" wants the plain one first: names do not count for what has more in its own.
        def plainer(c, own):
            name = set(self.texts[c['names'][0][0]].split(' '))
            return own - {t for t in own if set(self.texts[t].split(' ')) < name} | {t for t, _ in c['names']}
        self.named = [plainer(c, own) for c, own in zip(self.concepts, self.own)]
        drawn = np.bincount(self.concept, minlength=len(self.concepts))
        known = set(words['emoji'])
        emoji = np.array([i in known and self.records[i]['kind'] != 'flag' and len(self.concepts[c]['trans']) > 8 for i, c in self.pictures])
        # A concept that only one family draws teaches little about the next family, and what hundreds have drawn is known; emoji carry nearly all of the other languages.
        self.weight *= np.where(emoji, 2.2, np.array([.45, .8, 1.15, 1., .75])[np.searchsorted([1, 2, 60, 200], drawn[self.concept])])
        self.translated = np.flatnonzero([bool(c['trans']) for c in self.concepts])
        self.composites = np.flatnonzero([' ' in self.texts[c['names'][0][0]] and len(c['syn']) > 0 for c in self.concepts])
        # Emoji labels say things that no icon is called.
        share = np.array([3. if len(self.concepts[c]['trans']) > 10 else 1. for c in self.translated])
        self.translated_share = share / share.sum()
        self.foreign = {t for c in self.concepts for words in c['trans'].values() for t in words} - {t for own in self.own for t in own}
        self.names = [([t for t, _ in c['names']], np.cumsum([k for _, k in c['names']]).tolist()) for c in self.concepts]

    def gather(self):
        """Who draws what: the pictures of each concept, and the concepts of each set that draws a hundred or more."""
        drawn = np.bincount(self.concept, minlength=len(self.concepts))
        composed = np.zeros(len(drawn), bool)
        composed[self.concept[[self.records[i]['kind'] == 'composed' for i, _ in self.pictures]]] = True
        self.near_concepts = np.flatnonzero((drawn > 1) | composed)
        order = np.argsort(self.concept, kind='stable')
        ends = np.cumsum(drawn)
        self.shown = [order[end - n:end] for end, n in zip(ends, drawn)]
        self.bf16 = False
        self.sets = {}
        order = np.lexsort((self.concept, self.hand))
        for part in np.split(order, np.flatnonzero(np.diff(self.hand[order])) + 1):
            concepts, first = np.unique(self.concept[part], return_index=True)
            if len(concepts) >= 100: self.sets[self.hand[part[0]]] = concepts, np.split(part, first[1:])

    def near(self, text):
        """[concepts, DIM] unit vectors of where the text tower puts the names of each concept."""
        first, last = np.array([(ids[0], ids[-1]) for ids, _ in self.names]).T
        said, where = np.unique(np.concatenate([first, last]), return_inverse=True)
        said = sorted(zip((len(self.tokens[t]) for t in said), said, range(len(said))))
        with torch.no_grad(), torch.autocast('cpu', dtype=torch.bfloat16, enabled=self.bf16):
            t = torch.cat([text(*pack([self.tokens[t] for _, t, _ in said[k:k + 2048]])).float() for k in range(0, len(said), 2048)])
        place = np.empty(len(said), np.int64)
        place[[k for _, _, k in said]] = np.arange(len(said))
        return F.normalize(t[place[where]].view(2, len(first), -1).sum(0), dim=1)

    def look_alikes(self, anchor, count, rng, near, own):
        """
        Pictures of the concepts nearest to that of one picture, every meaning once. `near` as near() gives it.
        `own`: of the set that drew the picture alone, where it is large enough: who searches a repository searches one set, where nothing but what is shown tells one picture from another.
        """
        c = self.concept[anchor]
        concepts, shown = self.sets.get(self.hand[anchor], (None, None)) if own else (None, None)
        if concepts is None: concepts, shown = self.near_concepts, None
        nearest = (near[concepts] @ near[c]).topk(min(count * 3, len(concepts))).indices.numpy()
        seen, picks = {self.meaning[c]}, [anchor]
        for k in nearest:
            if len(picks) == count: break
            if self.meaning[concepts[k]] in seen: continue
            seen.add(self.meaning[concepts[k]])
            theirs = self.shown[concepts[k]] if shown is None else shown[k]
            picks.append(theirs[rng.integers(len(theirs))])
        return picks

    def partner(self, pick, rng):
        """Another picture of the same concept; None where there is none."""
        shown = self.shown[self.concept[pick]]
        if len(shown) < 2: return None
        other = shown[rng.integers(len(shown))]
        return None if other == pick else other

    def topics_of(self, rows, most, rng):
        """
        (token ids of texts, float [pictures, texts], bool [pictures]): what some of these concepts share, who has it, and about whom enough is said to tell who has not.
        Who asks for "search" wants what is called so rather than a "file search": it has three times as much of it. -1: may have it or not.
        """
        where = {}
        for i, c in enumerate(rows):
            for t in self.topics[c]: where.setdefault(t, []).append(i)
        found = [t for t, at in where.items() if len({c for c in rows[at] if t not in self.doubts[c]}) > 1]
        key = rng.random(len(found)) - np.array([.5 * (t in self.categories) for t in found])
        found = [found[k] for k in np.argsort(key)[:most]]
        has = np.zeros((len(rows), len(found)), np.float32)
        for k, t in enumerate(found): has[where[t], k] = [-1. if t in self.doubts[rows[i]] else 3. if t in self.called[rows[i]] else 1. for i in where[t]]
        # What means the same may have it as well.
        has[(has == 0) & (np.equal.outer(self.meaning[rows], self.meaning[rows]).astype(np.float32) @ (has > 0) > 0)] = -1.
        # Sets file their icons under two subjects at once: "maps & travel".
        subjects = [k for k, t in enumerate(found) if t in self.categories]
        two = [random.sample(subjects, 2) for _ in range(most // 8)] if len(subjects) > 1 else []
        has = np.concatenate([has, *(np.where(np.maximum(has[:, a], has[:, b]) > 0, 1., np.minimum(has[:, a], has[:, b]))[:, None] for a, b in two)], 1).astype(np.float32)
        said = [self.tokens[t] for t in found] + [self.tokens[found[a]] + random.choice(self.joins) + self.tokens[found[b]] for a, b in two]
        # Labels are asked for in templates, too.
        for k in np.flatnonzero(rng.random(len(said)) < .3):
            before, after = random.choice(self.templates[:5])
            said[k] = before + said[k] + after
        return [tokens[:24] for tokens in said], has, np.array([len(self.topics[c]) >= 4 for c in rows])

    def epoch(self, rng):
        return rng.permutation(np.repeat(np.arange(len(self.weight)), (self.weight + rng.random(len(self.weight))).astype(int)))

    def translation(self, c):
        """A text id of the concept in one of its other languages."""
        langs = list(c['trans'])
        words = c['trans'][random.choices(langs, [self.language_weights[x] for x in langs])[0]]
        return words[0] if random.random() < .6 else random.choice(words)

    def other(self, c):
        """(text id, token ids) that say the same in other words: a phrase, another language, or several search words."""
        if c['tags'] and random.random() < .12:
            t = search_word(c)
            return t, self.together(c, t)
        t = random.choice(c['sentences']) if c['sentences'] and random.random() < .35 else self.translation(c)
        return t, self.tokens[t]

    def together(self, c, t):
        """Token ids of a text and of something else that is said of the concept, beside each other, as people type search words: "credit card payment"."""
        more = search_word(c) if c['tags'] and random.random() < .6 else c['names'][0][0]
        if more == t: return self.tokens[t]
        return self.tokens[t] + self.tokens[more] if random.random() < .5 else self.tokens[more] + self.tokens[t]

    def english(self, concept):
        """A text id: a name, sometimes a search word."""
        c = self.concepts[concept]
        if c['tags'] and random.random() < .25: return search_word(c)
        ids, cum = self.names[concept]
        return ids[0] if len(ids) == 1 else random.choices(ids, cum_weights=cum)[0]

    def caption(self, concept, clipart):
        """(text id, token ids, plain) of one sampled caption that is seldom the name. `plain` says whether a colour word may go before it."""
        c = self.concepts[concept]
        # Concepts known in many languages are asked for in them.
        if c['trans'] and random.random() < (.36 if len(c['trans']) > 8 else .25 if len(c['trans']) > 1 else .1):
            t = self.translation(c)
            return t, self.tokens[t], False
        r = random.random()
        if r > .80 and c['sentences']:
            t = random.choice(c['sentences'])
            return t, self.tokens[t], False
        if r <= .50 and c['tags']: t = search_word(c)
        elif .50 < r <= .66 and c['syn']: t = random.choice(c['syn'])
        elif .66 < r <= .80 and c['cats']: t = random.choices(c['cats'], c['agreed'])[0]
        else: return self.name_caption(concept)
        return t, self.together(c, t) if r <= .66 and random.random() < .2 else self.tokens[t], True

    def name_caption(self, concept):
        """As caption(), of names alone."""
        ids, cum = self.names[concept]
        t = ids[0] if len(ids) == 1 else random.choices(ids, cum_weights=cum)[0]
        return t, self.tokens[t], True

    def full_caption(self, concept, clipart=False, colour=-1, name=False, style=-1, paired=False):
        """(text id, tokens, what is said of the look: the number of a colour, that of a style after the colours, or -1)."""
        t, tokens, plain = self.name_caption(concept) if name else self.caption(concept, clipart)
        named = -1
        if plain and colour >= 0 and random.random() < (.8 if paired else MENTIONED.get(colour, .25)):
            tokens = self.colours[colour] + tokens
            named = colour
        elif plain and style >= 0 and random.random() < .15:
            word = random.choice(self.styles[style])
            tokens = tokens + word if random.random() < .6 else word + tokens
            named = len(self.colours) + style
        if plain and random.random() < .2:
            before, after = random.choice(self.templates)
            tokens = before + tokens + after
        return t, tokens[:24], named


def pack(tokens):
    ids, mask = np.zeros((2, len(tokens), max(1, max(map(len, tokens)))), np.int64)
    for i, t in enumerate(tokens):
        ids[i, :len(t)] = t
        mask[i, :len(t)] = 1
    return torch.from_numpy(ids), torch.from_numpy(mask)


def packs(tokens):
    """([(ids, mask)], places): texts of like length packed together, most have two or three pieces, a few have twenty; where each text is among them."""
    order = sorted(range(len(tokens)), key=lambda k: len(tokens[k]))
    lengths = [len(tokens[k]) for k in order]
    cuts = [0, *sorted({bisect.bisect_right(lengths, n) for n in (3, 6, 10)}), len(order)]
    back = torch.empty(len(order), dtype=torch.long)
    back[torch.tensor(order)] = torch.arange(len(order))
    return [pack([tokens[k] for k in order[a:b]]) for a, b in zip(cuts, cuts[1:]) if b > a], back


def encode_packs(text, parts, back):
    """Unit vectors [texts, DIM], in order, of what packs() gives."""
    return torch.cat([text(*part) for part in parts])[back]


def encode(text, tokens):
    """Unit vectors [texts, DIM], in order."""
    return encode_packs(text, *packs(tokens))


def product_background(rgb, alpha):
    """White behind dark drawings, near-black behind light ones: what the product does with transparency."""
    total = alpha.sum((1, 2, 3)).clamp(min=1e-3)
    light = ((rgb * LUMA).sum(1, keepdim=True) * alpha).sum((1, 2, 3)) / total > .6
    return torch.where(light.view(-1, 1, 1, 1), torch.tensor(0x1e / 255.), torch.tensor(1.)).expand(-1, 3, 1, 1)


def area(alpha):
    """[n, 1, h, w] -> [n]: the share of the picture that is covered."""
    return alpha.mean((1, 2, 3))


def lined(rgb, alpha):
    """Drawings in colour as another hand draws them: flat areas within dark lines, some of them not filled. rgb [n, 3, h, w], alpha [n, 1, h, w] -> the same."""
    n = len(rgb)
    flat = (torch.rand(n) < .4).view(-1, 1, 1, 1)
    rgb = torch.where(flat, (rgb * 4).round() / 4, rgb)
    x = torch.cat([rgb * alpha, alpha], 1)
    line = ((F.max_pool2d(x, 3, 1, 1) + F.max_pool2d(-x, 3, 1, 1)).amax(1, keepdim=True) * 5 - .75).clamp(0, 1)
    rgb = torch.where((torch.rand(n) < .2).view(-1, 1, 1, 1), torch.ones_like(rgb), rgb)
    return rgb * (1 - line) + torch.rand(n, 1, 1, 1) * .2 * line, torch.maximum(alpha, line)


BLUR = torch.tensor([[1., 4., 6., 4., 1.]]) / 16
BLUR = (BLUR.t() @ BLUR).view(1, 1, 5, 5)


def rounded(alpha):
    """[n, 1, h, w] -> the same, blurred by about one or two pixels."""
    once = F.conv2d(alpha, BLUR, padding=2)
    twice = F.conv2d(F.conv2d(once, BLUR, padding=2), BLUR, padding=2)
    return torch.where((torch.rand(len(alpha)) < .5).view(-1, 1, 1, 1), once, twice)


def enclosed(alpha):
    """[n, 1, h, w] -> the same: what lines enclose, found at half the size by flooding from the edges."""
    free = (F.max_pool2d(alpha, 2) < .35).float()
    outside = F.pad(torch.zeros_like(free[:, :, 1:-1, 1:-1]), (1, 1, 1, 1), value=1.) * free
    for _ in range(40): outside = torch.maximum(F.max_pool2d(outside, (3, 1), 1, (1, 0)), F.max_pool2d(outside, (1, 3), 1, (0, 1))) * free
    return F.interpolate(free - outside, size=alpha.shape[2], mode='bilinear', align_corners=False)


def augment(data, picks, size, pairs=(), clean=CLEAN):
    """
    Pixels [batch, 3, size, size] in [-1, 1], the named colour of each picture (-1: none), and its style (0: filled, 1: lines, -1: neither).
    The pictures of each of `pairs`, two places in the batch, get two colours that tell them apart, where both are in one colour.
    A share of `clean` is drawn to the pixel as the product shows it, as most pictures of a repository are: only the ink of those in one colour is another.
    """
    n = len(picks)
    coloured = torch.from_numpy(data.colour[picks])
    alpha = torch.empty(n, 1, SIZE, SIZE)
    mono, multi = np.flatnonzero(~data.colour[picks]), np.flatnonzero(data.colour[picks])
    alpha[mono, 0] = torch.from_numpy(data.alpha[data.at[picks[mono]]]).float().div_(255)
    # Geometry: mostly near the original frame, sometimes small, seldom turned.
    scale = torch.where(torch.rand(n) < .8, torch.empty(n).uniform_(.82, 1.12), torch.empty(n).uniform_(.45, .85))
    clean = torch.rand(n) < clean
    tile = (torch.rand(n) < .14) & ~clean
    scale = torch.where(tile, torch.empty(n).uniform_(.45, .72), scale)
    aspect = torch.exp(torch.randn(n) * torch.where(torch.rand(n) < .3, .14, .04))
    angle = torch.where(torch.rand(n) < .25, torch.randn(n) * .12, torch.zeros(n))
    # What has no side others draw from the other one, or leaning.
    turns = torch.from_numpy(data.turns[picks])
    leans = turns & (torch.rand(n) < .2) & ~tile
    angle, scale = torch.where(leans, torch.empty(n).uniform_(-.8, .8), angle), torch.where(leans, scale * .9, scale)
    mirrored = torch.where(turns & (torch.rand(n) < .4), -1., 1.)
    shift = torch.randn(n, 2) * torch.where(tile, .02, .06).unsqueeze(1)
    scale = torch.where(clean, 1., scale)
    aspect, angle = torch.where(clean, 1., aspect), torch.where(clean, 0., angle)
    shift = shift * ~clean.unsqueeze(1)
    cos, sin = torch.cos(angle) / scale, torch.sin(angle) / scale
    theta = torch.stack([torch.stack([cos * aspect, -sin, shift[:, 0]], 1), torch.stack([sin, cos / aspect, shift[:, 1]], 1)], 1)
    theta[:, :, 0] *= mirrored.unsqueeze(1)
    grid = F.affine_grid(theta, (n, 1, size, size), align_corners=False)
    # Nobody else draws the same curve: half of them are bent a little.
    bent = torch.where((torch.rand(n) < .5) & ~clean, torch.empty(n).uniform_(.02, .08), 0.)
    grid = grid + F.interpolate(torch.randn(n, 2, 5, 5) * bent.view(n, 1, 1, 1), size=size, mode='bicubic', align_corners=True).permute(0, 2, 3, 1)
    out_alpha = torch.empty(n, 1, size, size)
    a = F.grid_sample(alpha[mono], grid[mono], align_corners=False)
    style = torch.full((n,), -1)
    filled = np.empty(0, np.int64)
    # Stroke width: a partial dilation or erosion for some line drawings.
    if len(mono):
        k = torch.rand(len(mono)) + clean[mono]
        thick, thin = (k < .12).nonzero()[:, 0], ((k >= .12) & (k < .2)).nonzero()[:, 0]
        for which, sign in ((thick, 1), (thin, -1)):
            if len(which):
                x = a[which]
                t = torch.rand(len(which), 1, 1, 1) * (.9 if sign > 0 else .5)
                a[which] = x + t * (sign * F.max_pool2d(sign * x, 3, 1, 1) - x)
        # Corners get round, and lines heavier or lighter, when a drawing is blurred and cut again.
        which = (torch.rand(len(mono)) + clean[mono] < .3).nonzero()[:, 0]
        if len(which):
            x = a[which]
            again = ((rounded(x) - torch.empty(len(which), 1, 1, 1).uniform_(.25, .6)) * 5 + .5).clamp(0, 1)
            a[which] = torch.where((area(again) > .4 * area(x)).view(-1, 1, 1, 1), again, x)
        # Some filled drawings become their outlines, as the line style of a set shows the same thing.
        half = F.avg_pool2d(a, 2)
        core = area(-F.max_pool2d(-half, 3, 1, 1)) / area(half).clamp(min=1e-3)
        style[mono] = torch.where(core > .42, 0, torch.where((core < .1) & (scale[mono] > .8), 1, -1))
        hollow = ((core > .42) & (torch.rand(len(mono)) < .4) & ~clean[mono]).nonzero()[:, 0]
        if len(hollow):
            x = a[hollow]
            line = F.max_pool2d(x, 3, 1, 1) + F.max_pool2d(-x, 3, 1, 1)
            a[hollow] = torch.where((torch.rand(len(hollow)) < .5).view(-1, 1, 1, 1), F.max_pool2d(line, 3, 1, 1), line)
            style[mono[hollow]] = 1
        # What lines enclose is filled in other sets: with the ink, a lighter tone of it, or a colour of its own.
        which = ((style[mono] != 0) & (core < .3) & (torch.rand(len(mono)) < .3) & ~clean[mono]).nonzero()[:, 0]
        if len(which):
            x, inner = a[which], enclosed(a[which])
            how = torch.where(area(inner) > .04, torch.rand(len(which)), torch.tensor(2.))
            tone = torch.where(how < .25, 1., torch.empty(len(which)).uniform_(.15, .5)).view(-1, 1, 1, 1)
            a[which] = torch.where((how < .6).view(-1, 1, 1, 1), torch.maximum(x, inner * tone), x)
            style[mono[which[how < .25]]] = 0
            style[mono[which[(how >= .25) & (how < 2)]]] = -1
            paint = (how >= .6) & (how < 2) & ~torch.from_numpy(np.isin(mono[which], [k for pair in pairs for k in pair]))
            filled, line, fill = mono[which.numpy()[paint.numpy()]], x[paint], inner[paint]
            a[which[paint]] = torch.maximum(line, fill)
    out_alpha[mono] = a
    # Ink of single-colour drawings.
    ink = torch.rand(n, 3)
    named = torch.full((n,), -1, dtype=torch.long)
    u = torch.rand(n)
    ink[u < .35] = torch.rand(int((u < .35).sum()), 1) * .25
    named[(u < .35) & (ink[:, 0] < .17)] = 9
    light = (u >= .35) & (u < .5)
    ink[light] = 1 - torch.rand(int(light.sum()), 1) * .15
    named[light & (ink[:, 0] > .92)] = 10
    table = torch.tensor([c[1:] for c in NAMED]) / 255.
    pick = (u >= .5) & (u < .85)
    which = torch.randint(0, len(NAMED), (n,))
    # A gray has no tint, but any lightness.
    grays = (which == len(NAMED) - 1).unsqueeze(1)
    ink[pick] = torch.where(grays, table[which] + torch.randn(n, 1) * .1 + torch.randn(n, 3) * .01, table[which] + torch.randn(n, 3) * .04).clamp(0, 1)[pick]
    named[pick] = which[pick]
    for i, j in pairs:
        both = random.choice(CLOSE) if random.random() < .6 else random.sample(range(len(NAMED)), 2)
        for k, c in zip((i, j), random.sample(list(both), 2)):
            ink[k] = (table[c] + (torch.randn(1) * .08 + torch.randn(3) * .01 if c == len(NAMED) - 1 else torch.randn(3) * .03)).clamp(0, 1)
            named[k] = c
    named[coloured] = -1
    rgb = ink.view(n, 3, 1, 1).expand(n, 3, size, size).clone()
    if len(filled):
        tint = torch.rand(len(filled), 3, 1, 1)
        dark = ink[filled].view(-1, 3, 1, 1) * torch.where(torch.rand(len(filled), 1, 1, 1) < .6, .25, 1.)
        rgb[filled] = dark * line + tint * (1 - line)
        named[filled] = -1
    if len(multi):
        px = torch.from_numpy(data.rgba[data.at[picks[multi]]]).permute(0, 3, 1, 2).float().div_(255)
        px[:, :3] *= px[:, 3:]
        px = F.grid_sample(px, grid[multi], align_corners=False)
        out_alpha[multi] = px[:, 3:]
        c = px[:, :3] / px[:, 3:].clamp(min=1e-3)
        varied = ~clean[multi]
        c[varied] = c[varied] * torch.empty(int(varied.sum()), 1, 1, 1).uniform_(.85, 1.1) + torch.randn(int(varied.sum()), 3, 1, 1) * .03
        drawn = (varied & (torch.rand(len(multi)) < .4)).nonzero()[:, 0]
        if len(drawn):
            these = multi[drawn.numpy()]
            c[drawn], out_alpha[these] = lined(c[drawn].clamp(0, 1), out_alpha[these])
        grey = varied & (torch.rand(len(multi)) < .06)
        c[grey] = (c[grey] * LUMA).sum(1, keepdim=True)
        rgb[multi] = c.clamp(0, 1)
    # Something is missing, now and then.
    lost = ((torch.rand(n) < .2) & ~clean).nonzero()[:, 0]
    if len(lost):
        at = torch.arange(size).view(1, size)
        first, length = torch.randint(0, size - 8, (2, len(lost), 1)), torch.randint(size // 8, size // 3, (2, len(lost), 1))
        across, down = [(at >= f) & (at < f + l) for f, l in zip(first, length)]
        out_alpha[lost] = out_alpha[lost] * ~(down.unsqueeze(2) & across.unsqueeze(1)).unsqueeze(1)
    # What lies behind: the product's own compositing, a colour with contrast, or a rounded tile.
    plain = product_background(rgb, out_alpha)
    mean = (rgb * out_alpha).sum((2, 3)) / out_alpha.sum((2, 3)).clamp(min=1e-3)
    back = torch.rand(n, 3)
    grey = torch.rand(n) < .5
    back[grey] = back[grey].mean(1, keepdim=True).expand(-1, 3)
    luma = LUMA.view(1, 3)
    near = ((back - mean) * luma).sum(1).abs() < .3
    flipped = torch.where((mean * luma).sum(1, keepdim=True) > .5, back * .35, .65 + back * .35)
    back = torch.where(near.unsqueeze(1), flipped, back).view(n, 3, 1, 1)
    own = ((torch.rand(n) < .25) & ~clean).view(n, 1, 1, 1)
    if tile.any():
        line = (torch.arange(size) + .5) / size * 2 - 1
        half = torch.empty(int(tile.sum()), 1, 1).uniform_(.75, 1.0)
        radius = half * torch.empty_like(half).uniform_(0, 1.0)
        qx, qy = (line.abs().view(1, 1, -1) - half + radius).clamp(min=0), (line.abs().view(1, -1, 1) - half + radius).clamp(min=0)
        cover = ((radius - torch.sqrt(qx * qx + qy * qy)) * size / 2 + .5).clamp(0, 1).unsqueeze(1)
        inner = rgb[tile] * out_alpha[tile] + back[tile] * (1 - out_alpha[tile])
        rgb[tile], out_alpha[tile] = inner, cover
        plain = torch.where(tile.view(n, 1, 1, 1), product_background(rgb, out_alpha), plain)
        own = own & ~tile.view(n, 1, 1, 1)
    behind = torch.where(own, back, plain)
    x = rgb * out_alpha + behind * (1 - out_alpha)
    # Low resolution and noise.
    low = ((torch.rand(n) < .15) & ~clean).nonzero()[:, 0]
    if len(low):
        small = random.choice([16, 20, 24, 32])
        x[low] = F.interpolate(F.interpolate(x[low], size=small, mode='area'), size=size, mode='bilinear', align_corners=False)
    noisy = ((torch.rand(n) < .1) & ~clean).nonzero()[:, 0]
    if len(noisy): x[noisy] += torch.randn(len(noisy), 3, size, size) * .04
    return x.clamp_(0, 1).mul_(2).sub_(1), named.numpy(), style.numpy()


def next_batch(outbox, worker, patience=20):
    """The next batch of make_all(); RuntimeError when the process that makes them has ended. patience: seconds between looks at it."""
    while True:
        try: return outbox.get(timeout=patience)
        except queues.Empty:
            if not worker.is_alive(): raise RuntimeError('The process that makes the batches has ended; its error stands above. Go on from the last checkpoint with --resume.')


class HeldOut:
    """Pictures of a held-out set as the product shows them to the model, and their queries."""
    def __init__(self, data, wanted, queries):
        rows = [(r, queries(r)) for r in data.records if wanted(r)]
        rows = [(r, q) for r, q in rows if q]
        import sentencepiece, words
        sp = sentencepiece.SentencePieceProcessor(model_file=os.path.join(CACHE, 'pieces.model'))
        self.queries = [words.normalise(q) for _, q in rows]
        self.tokens = [sp.encode(q)[:32] for q in self.queries]
        pixels = []
        for r, _ in rows:
            if r['colour']:
                px = torch.from_numpy(data.rgba[r['at']]).permute(2, 0, 1).float().div(255).unsqueeze(0)
                rgb, a = px[:, :3], px[:, 3:]
            else:
                a = torch.from_numpy(data.alpha[r['at']]).float().div(255).view(1, 1, SIZE, SIZE)
                rgb = torch.zeros(1, 3, SIZE, SIZE)
            pixels.append(((rgb * a + product_background(rgb, a) * (1 - a)) * 2 - 1).mul(127).round().to(torch.int8))
        self.pixels = torch.cat(pixels)

    def resized(self, size):
        """The same pictures at another size."""
        self.pixels = F.interpolate(self.pixels.float(), size=size, mode='area').round().to(torch.int8)
        return self

    def recall(self, image, text):
        """R@1, R@5, R@10; a picture whose query is the same string counts as right."""
        with torch.no_grad():
            v = torch.cat([image((self.pixels[i:i + 256].float() / 127).contiguous(memory_format=torch.channels_last)) for i in range(0, len(self.pixels), 256)])
            unique = sorted(set(self.queries))
            first = {q: self.queries.index(q) for q in unique}
            t = torch.cat([text(*pack([self.tokens[first[q]] for q in unique[i:i + 256]])) for i in range(0, len(unique), 256)])
            sim = t @ v.T
            code = {q: k for k, q in enumerate(unique)}
            label = torch.tensor([code[q] for q in self.queries])
            order = sim.topk(10, 1).indices
            hit = label[order] == torch.arange(len(unique)).unsqueeze(1)
        return [round(float(hit[:, :k].any(1).float().mean()), 4) for k in (1, 5, 10)]


def held_out_sets(data, which):
    regular = set(f[:-4] for f in os.listdir(os.path.join(HERE, 'node_modules/@phosphor-icons/core/assets/regular')))
    out = {}
    if 'phosphor' in which: out['phosphor'] = HeldOut(data, lambda r: r['set'] == 'ph' and r['name'] in regular, lambda r: r['name'])
    if 'carbon' in which: out['carbon'] = HeldOut(data, lambda r: r['set'] == 'carbon', lambda r: r['name'])
    if 'openmoji' in which:
        import words
        table = words.emoji_words()
        def label(lang):
            def query(r):
                entry = table.get((r.get('hex') or '').lower().replace('-fe0f', ''), {}).get(lang)
                return entry[0] if entry else None
            return query
        for lang in ['en', 'nl', 'de', 'fr', 'es', 'it', 'pt', 'pl', 'ja', 'zh', 'ru'] if 'languages' in which else ['en']:
            out['openmoji ' + lang] = HeldOut(data, lambda r: r['set'] == 'openmoji' and 'skin-tone' not in r['name'], label(lang))
    return out


def parameters(image, text, scales, decay):
    a, b = [], []
    for m in (image, text):
        for n, p in m.named_parameters(): (b if p.ndim < 2 or 'embed' in n else a).append(p)
    # A temperature has far to go when the texts spread, and one number learns nothing by heart.
    return [dict(params=a, weight_decay=decay, speed=1), dict(params=b, weight_decay=0., speed=1), dict(params=scales, weight_decay=0., speed=5)]


class Batch:
    """What a step needs: pixels, texts as packs() gives them and how many there are of each kind, and which of them belong together."""


def make(data, args, queue, near, size, clean, rng):
    """(a batch, what is left of the queue of pictures). `near` as Data.near gives it; `clean`: share of pictures that are not varied."""
    while len(queue) < args.batch + args.groups: queue = np.concatenate([queue, data.epoch(rng)])
    # Part of the batch are look-alikes of some of its pictures: all flags, faces or arrows beside each other.
    groups = [data.look_alikes(anchor, args.near, rng, near, k < args.own) for k, anchor in enumerate(queue[:args.groups])]
    partners = [data.partner(pick, rng) for pick in queue[args.groups:args.groups + args.partners]]
    first = [k for k, p in enumerate(partners) if p is not None]
    partners = [p for p in partners if p is not None]
    free = args.batch - sum(map(len, groups)) - len(partners)
    picks, queue = np.concatenate([queue[args.groups:args.groups + free], partners] + [np.array(g, np.int64) for g in groups]).astype(np.int64), queue[args.groups + free:]
    # A red heart and a gray one, each asked for by its colour: else hardly two of a thing in two colours meet in a batch.
    pairs = [(k, free + n) for n, k in enumerate(first) if not (data.colour[picks[k]] or data.colour[picks[free + n]]) and random.random() < args.colours]
    painted = set(sum(pairs, ()))
    pixels, colour, style = augment(data, picks, size, pairs, clean)
    rows = data.concept[picks]
    # Each picture has two captions: a name, and something else that is said of it.
    halves = [[data.full_caption(c, cl, col, name, st, k in painted) for k, (c, cl, col, st) in enumerate(zip(rows, data.clipart[picks], colour, style))] for name in (True, False)]
    others = data.concept[rng.integers(0, len(data.concept), 2 * args.extra)].reshape(2, -1)
    halves = [half + [data.full_caption(c, name=k == 0) for c in more] for k, (half, more) in enumerate(zip(halves, others))]
    captions = halves[0] + halves[1]
    columns = np.concatenate([rows, others[0], rows, others[1]])
    # English and a phrase or another language of the same concepts: the text tower sees far more words than the pictures have time for.
    # A quarter are names of several words, and the same with other words for their parts.
    composites = rng.choice(data.composites, args.pairs // 4, replace=False)
    known = np.concatenate([rng.choice(data.translated, args.pairs - len(composites), replace=False, p=data.translated_share), composites])
    here = [data.english(c) for c in known[:-len(composites)]] + [data.names[c][0][0] for c in composites]
    there = [data.other(data.concepts[c]) for c in known[:-len(composites)]]
    there, said = zip(*there, *((t, data.tokens[t]) for t in (random.choice(data.concepts[c]['syn']) for c in composites)))
    says = np.array([c[2] for c in captions])
    look = np.where(style < 0, -2, len(data.colours) + style)
    positive = (rows[:, None] == columns[None]) & ((says[None] < 0) | (says[None] == colour[:, None]) | (says[None] == look[:, None]))
    width = len(halves[0])
    for first in (0, width): positive[np.arange(len(rows)), first + np.arange(len(rows))] = True
    where = {}
    for j, c in enumerate(captions): where.setdefault(c[0], []).append(j)
    vague = np.zeros_like(positive)
    for i, c in enumerate(rows):
        for t in data.own[c] & where.keys(): vague[i, where[t] if t in data.named[c] else [j for j in where[t] if j >= width]] = True
    vague |= data.meaning[rows][:, None] == data.meaning[columns][None]
    # Of a picture whose colour or style is not known a caption that names one is neither true nor false; what names another one is false, whatever it shows.
    known_look = np.where(says < len(data.colours), colour[:, None] >= 0, style[:, None] >= 0) & (says >= 0)[None]
    vague |= (rows[:, None] == columns[None]) & (says >= 0)[None] & ~known_look
    vague &= ~(known_look & (says[None] != colour[:, None]) & (says[None] != look[:, None]))
    topics, has, known_well = data.topics_of(rows, 160, rng)
    same = torch.from_numpy(np.equal.outer(np.array(here), np.array(here)) | np.equal.outer(np.array(there), np.array(there)) | np.equal.outer(data.meaning[known], data.meaning[known]))
    same.fill_diagonal_(False)
    batch = Batch()
    batch.pixels, batch.width, batch.same = pixels.contiguous(memory_format=torch.channels_last), width, same
    batch.positive, batch.vague = torch.from_numpy(positive), torch.from_numpy(vague & ~positive)
    batch.has, batch.known_well = torch.from_numpy(has), torch.from_numpy(known_well)
    batch.twin, batch.alike = [torch.from_numpy(np.equal.outer(x, x)) for x in (rows, data.meaning[rows])]
    batch.texts = packs([c[1] for c in captions] + [data.tokens[t][:24] for t in here] + [tokens[:24] for tokens in said] + topics)
    batch.counts = len(captions), len(here), len(said), len(topics)
    return batch, queue


def make_all(data, args, size, inbox, outbox):
    """Makes batches in a process of its own, until its parent ends, while the parent computes: what is done in Python keeps no other processor waiting."""
    torch.set_num_threads(1)
    parent, queue, (start, seed, near) = os.getppid(), np.empty(0, np.int64), inbox.get()
    random.seed(seed); torch.manual_seed(seed); rng = np.random.default_rng(seed)
    while True:
        while not inbox.empty(): near = inbox.get()[2]
        # Towards the end more of the pictures are as they will be seen.
        p = min(1., (time.time() - start) / (args.minutes * 60))
        clean = CLEAN + max(0., p - 1 + args.calm) / args.calm * (args.clean - CLEAN) if args.calm else CLEAN
        batch, queue = make(data, args, queue, near, size(p), clean, rng)
        while True:
            try: outbox.put(batch, timeout=5); break
            except queues.Full:
                if os.getppid() != parent: return


def main():
    import words
    ap = argparse.ArgumentParser()
    ap.add_argument('--minutes', type=float, required=True)
    ap.add_argument('--run', default='run')
    ap.add_argument('--batch', type=int, default=512)
    ap.add_argument('--extra', type=int, default=128, help='additional captions as negatives for the pictures')
    ap.add_argument('--lr', type=float, default=2e-3)
    ap.add_argument('--decay', type=float, default=.03)
    ap.add_argument('--seed', type=int, default=1)
    ap.add_argument('--sizes', default='64:1', help='picture size : share of the time until which it is used')
    ap.add_argument('--eval', type=float, default=300, help='seconds between evaluations')
    ap.add_argument('--resume', action='store_true')
    ap.add_argument('--init', help='a run whose averaged weights are the start')
    ap.add_argument('--pairs', type=int, default=640, help='pairs of a name and a phrase or translation a step, for the text tower alone')
    ap.add_argument('--names', type=float, default=.55, help='share of the loss of names; the rest goes to what else is said of a picture')
    ap.add_argument('--languages', type=float, default=.3, help='weight of the loss of those pairs')
    ap.add_argument('--pull', type=float, default=3., help='weight of the cosine distance from the second of a pair to the name')
    ap.add_argument('--groups', type=int, default=4, help='neighbourhoods a batch holds')
    ap.add_argument('--near', type=int, default=64, help='pictures of a neighbourhood')
    ap.add_argument('--mix', type=float, default=0., help='share of pictures whose styles are mixed inside the image tower, less in the calm time')
    ap.add_argument('--own', type=int, default=3, help='neighbourhoods that are of one set each')
    ap.add_argument('--topics', type=float, default=.5, help='weight of the loss of search words and categories that several concepts share')
    ap.add_argument('--partners', type=int, default=64, help='pictures of a batch that come with another picture of their concept')
    ap.add_argument('--colours', type=float, default=.6, help='share of those that come in two colours which their captions name')
    ap.add_argument('--same', type=float, default=.15, help='weight of the loss between pictures of one concept')
    ap.add_argument('--calm', type=float, default=.35, help='share of the time, at its end, in which more and more pictures are not varied')
    ap.add_argument('--clean', type=float, default=.6, help='share of such pictures at the very end')
    ap.add_argument('--spread', type=float, default=1., help='weight of the squared length of the mean text and of the mean picture: what all have in common tells nothing apart')
    ap.add_argument('--fp32', action='store_true', help='no bf16; without AMX bf16 is slower than fp32, so that is the default there')
    ap.add_argument('--threads', type=int, default=2)
    args = ap.parse_args()
    torch.set_num_threads(args.threads)
    bf16 = not args.fp32 and 'amx_bf16' in open('/proc/cpuinfo').read()
    torch.manual_seed(args.seed); random.seed(args.seed)
    data = Data()
    data.gather()
    data.bf16 = bf16
    sizes = [(int(a), float(b)) for a, b in (part.split(':') for part in args.sizes.split(','))]
    def size(p): return next((s for s, until in sizes if p < until), sizes[-1][0])
    own = processes.get_context('fork')
    inbox, outbox = own.Queue(), own.Queue(2)
    worker = own.Process(target=make_all, args=(data, args, size, inbox, outbox), daemon=True)
    worker.start()
    evals = {k: e.resized(sizes[-1][0]) for k, e in held_out_sets(data, ['phosphor', 'carbon', 'openmoji', 'languages']).items()}
    evals = {k: e for k, e in evals.items() if k in ('phosphor', 'carbon', 'openmoji en', 'openmoji nl', 'openmoji ja')}
    image, text = ImageTower().to(memory_format=torch.channels_last), TextTower(words.VOCAB)
    scale = torch.nn.Parameter(torch.tensor(math.log(1 / .05)))
    topic_scale = torch.nn.Parameter(torch.tensor(math.log(12.)))
    opt = torch.optim.AdamW(parameters(image, text, [scale, topic_scale], args.decay), lr=args.lr, betas=(.9, .98))
    import copy
    slow_image, slow_text = copy.deepcopy(image).eval(), copy.deepcopy(text).eval()
    fast = [p for m in (image, text) for p in m.parameters()] + [b for b in image.buffers() if b.dtype == torch.float32]
    slow = [p for m in (slow_image, slow_text) for p in m.parameters()] + [b for b in slow_image.buffers() if b.dtype == torch.float32]
    step, seen, spent, history = 0, 0, 0., []
    path = os.path.join(CACHE, args.run + '.pt')
    if args.resume and os.path.exists(path):
        s = torch.load(path)
        image.load_state_dict(s['image']); text.load_state_dict(s['text']); slow_image.load_state_dict(s['slow_image']); slow_text.load_state_dict(s['slow_text'])
        opt.load_state_dict(s['opt']); scale.data = s['scale']; topic_scale.data = s['topic_scale']; step, seen, spent, history = s['step'], s['seen'], s['spent'], s['history']
    elif args.init:
        s = torch.load(os.path.join(CACHE, args.init + '.pt'))
        for m in (image, slow_image): m.load_state_dict(s['slow_image'])
        for m in (text, slow_text): m.load_state_dict(s['slow_text'])
        scale.data = s['scale']
    total = args.minutes * 60
    start = time.time() - spent
    print(json.dumps(dict(pictures=len(data.pictures), concepts=len(data.concepts), image=sum(p.numel() for p in image.parameters()),
        text=sum(p.numel() for p in text.parameters()), args=vars(args))), flush=True)
    inbox.put((start, args.seed + step, data.near(slow_text)))
    last_eval, last_log, losses = spent, spent, []
    log = open(os.path.join(CACHE, args.run + '.jsonl'), 'a' if args.resume else 'w')

    def save():
        torch.save(dict(image=image.state_dict(), text=text.state_dict(), slow_image=slow_image.state_dict(), slow_text=slow_text.state_dict(),
            opt=opt.state_dict(), scale=scale.data, topic_scale=topic_scale.data, step=step, seen=seen, spent=time.time() - start, history=history, args=vars(args)), path + '.tmp')
        os.replace(path + '.tmp', path)

    done = False
    while not done:
        spent = time.time() - start
        p = min(1., spent / total)
        done = p >= 1
        lr = args.lr * min(1, (step + 1) / 150) * (.5 + .5 * math.cos(math.pi * p)) + 1e-6
        for g in opt.param_groups: g['lr'] = lr * g['speed']
        image.mix = args.mix * min(1., (1 - p) / args.calm if args.calm else 1.)
        batch = next_batch(outbox, worker)
        with torch.autocast('cpu', dtype=torch.bfloat16, enabled=bf16):
            v = image(batch.pixels).float()
            every = encode_packs(text, *batch.texts).float()
        t, a, b, about = every.split(batch.counts)
        temperature = scale.exp().clamp(max=100)
        logits = (v @ t.T) * temperature
        logits = logits.masked_fill(batch.vague, -1e4)
        pos, width, n = batch.positive.float(), batch.width, len(v)
        to_text, to_image = 0., 0.
        for first, share in ((0, args.names), (width, 1 - args.names)):
            part, ps = logits[:, first:first + width], pos[:, first:first + width]
            to_text = to_text + share * (-(F.log_softmax(part, 1) * ps).sum(1) / ps.sum(1)).mean()
            square, sp = part[:, :n], ps[:, :n]
            to_image = to_image + share * (-(F.log_softmax(square, 0) * sp).sum(0) / sp.sum(0)).mean()
        between = (a @ b.T * temperature).masked_fill(batch.same, -1e4)
        diagonal = torch.arange(args.pairs)
        languages = F.cross_entropy(between, diagonal) + F.cross_entropy(between.T, diagonal)
        # A search word stands for all pictures that have it, and a picture for all search words it has.
        near = (v @ about.T * topic_scale.exp().clamp(max=40)).masked_fill((batch.has < 0) | (batch.has == 0) & ~batch.known_well.unsqueeze(1), -1e4)
        p = batch.has.clamp(min=0)
        topic = -(F.log_softmax(near, 0) * p).sum(0) / p.sum(0)
        some = p.sum(1) > 0
        topic_loss = topic.mean() + (-(F.log_softmax(near, 1) * p).sum(1)[some] / p.sum(1)[some]).mean()
        # Pictures of one concept in different styles lie together.
        itself = torch.eye(n, dtype=torch.bool)
        between_pictures = (v @ v.T * 16.).masked_fill(itself | (batch.alike & ~batch.twin), -1e4)
        p = (batch.twin & ~itself).float()
        some = p.sum(1) > 0
        same_loss = (-(F.log_softmax(between_pictures, 1) * p).sum(1)[some] / p.sum(1)[some]).mean() if some.any() else 0.
        spread = every.mean(0).pow(2).sum() + v.mean(0).pow(2).sum()
        loss = spread * args.spread + topic_loss * args.topics + same_loss * args.same + to_text * .5 + to_image * .5 + languages * args.languages + (1 - (a.detach() * b).sum(1)).mean() * args.pull
        opt.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(list(image.parameters()) + list(text.parameters()), 2.)
        opt.step()
        step += 1; seen += n
        keep = min(.998, (1 + step) / (10 + step))
        with torch.no_grad():
            torch._foreach_mul_(slow, keep)
            torch._foreach_add_(slow, fast, alpha=1 - keep)
        losses.append(loss.item())
        spent = time.time() - start
        if spent - last_log > 20:
            row = dict(seconds=round(spent), step=step, seen=seen, loss=round(float(np.mean(losses)), 4), common=[round(float(x.detach().mean(0).norm()), 3) for x in (every, v)], scale=round(float(scale.exp()), 2), lr=round(lr, 6), size=batch.pixels.shape[2])
            print(row, flush=True); log.write(json.dumps(row) + '\n'); log.flush()
            history.append(row); losses = []; last_log = spent
        if done or spent - last_eval > args.eval:
            row = dict(seconds=round(spent), step=step, seen=seen, **{k: e.recall(slow_image, slow_text) for k, e in evals.items()})
            print(row, flush=True); log.write(json.dumps(row) + '\n'); log.flush()
            history.append(row); save(); inbox.put((start, 0, data.near(slow_text))); last_eval = time.time() - start


if __name__ == '__main__': main()
