"""
Ends a training with the text tower alone: `polish.py --run main --minutes 12`, after train.py and before builtin.py.

Colours are another matter: the teacher is not asked, but pictures painted in twelve colours, which each of their captions has to tell apart.

The tower as train.py left it is the teacher (after Reimers & Gurevych 2020, "Making Monolingual Sentence Embeddings Multilingual using Knowledge Distillation"): English names, search
words, phrases and composites stay where it puts them, and the words of other languages and the phrases of a concept go to where it puts the English name. The pictures are not needed,
so that a pair of texts costs a tenth of what it costs beside them.
"""
import argparse, copy, json, math, os, random, time
import numpy as np
import torch
import torch.nn.functional as F
from model import ImageTower, TextTower
from train import CACHE, NAMED, SIZE, Data, encode, held_out_sets, product_background
from words import VOCAB


def vectors(text, tokens, batch=4096):
    """Unit vectors [texts, DIM] without gradients."""
    with torch.no_grad(): return torch.cat([encode(text, [t[:24] for t in tokens[k:k + batch]]) for k in range(0, len(tokens), batch)])


class Recall:
    """Recall of the held-out sets' names by a text tower; the pictures are encoded once."""
    def __init__(self, data, image):
        self.sets = held_out_sets(data, ['phosphor', 'carbon', 'openmoji', 'languages'])
        with torch.no_grad():
            for held in self.sets.values():
                known = next((o for o in self.sets.values() if o is not held and hasattr(o, 'v') and o.pixels.shape == held.pixels.shape and torch.equal(o.pixels, held.pixels)), None)
                held.v = known.v if known else torch.cat([image((p.float() / 127).contiguous(memory_format=torch.channels_last)) for p in held.pixels.split(256)])

    def __call__(self, text):
        out = {}
        for name, held in self.sets.items():
            unique = sorted(set(held.queries))
            first = {q: k for k, q in reversed(list(enumerate(held.queries)))}
            t = vectors(text, [held.tokens[first[q]] for q in unique])
            code = {q: k for k, q in enumerate(unique)}
            label = torch.tensor([code[q] for q in held.queries])
            hit = label[(t @ held.v.T).topk(10, 1).indices] == torch.arange(len(unique)).unsqueeze(1)
            out[name] = [round(float(hit[:, :k].any(1).float().mean()), 4) for k in (1, 5, 10)]
        return out


class Painted:
    """Drawings in one colour, painted in each colour that has a name: features [count, colours, DIM] by the image tower, and the tokens of their captions."""
    def __init__(self, data, image, count, rng):
        often = np.bincount(data.concept)[data.concept] > 3
        self.picks = rng.choice(np.flatnonzero(~data.colour & often), count, replace=False)
        self.names = [data.tokens[data.concepts[c]['names'][0][0]] for c in data.concept[self.picks]]
        self.colours = data.colours
        table = torch.tensor([c[1:] for c in NAMED]).view(1, -1, 3, 1, 1) / 255.
        parts = []
        for picks in np.array_split(self.picks, count // 32 + 1):
            alpha = torch.from_numpy(data.alpha[data.at[picks]]).float().div_(255).view(-1, 1, 1, SIZE, SIZE)
            ink = (table + torch.randn(len(picks), len(NAMED), 3, 1, 1) * .02 + torch.randn(len(picks), len(NAMED), 1, 1, 1) * .04).clamp(0, 1)
            rgb = ink.expand(-1, -1, -1, SIZE, SIZE).reshape(-1, 3, SIZE, SIZE)
            alpha = alpha.expand(-1, len(NAMED), -1, -1, -1).reshape(-1, 1, SIZE, SIZE)
            pixels = (rgb * alpha + product_background(rgb, alpha) * (1 - alpha)) * 2 - 1
            with torch.no_grad(): parts.append(image(pixels.contiguous(memory_format=torch.channels_last)).view(len(picks), len(NAMED), -1))
        self.vectors = torch.cat(parts)

    def captions(self, rows): return [(colour + self.names[k])[:24] for k in rows for colour in self.colours]


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument('--minutes', type=float, required=True)
    ap.add_argument('--run', default='run')
    ap.add_argument('--out', help='name of the run it writes; default: it replaces the text tower of --run')
    ap.add_argument('--pairs', type=int, default=1024, help='pairs of another language or a phrase, and a name, a step')
    ap.add_argument('--anchors', type=int, default=768, help='English texts a step that are to stay')
    ap.add_argument('--phrases', type=float, default=.15, help='share of phrases among the pairs')
    ap.add_argument('--labels', type=float, default=.5, help='share of pairs that are words for what has an emoji: the words that people use most, known in all languages')
    ap.add_argument('--hold', type=float, default=40., help='weight of the cosine distance of what is to stay')
    ap.add_argument('--pull', type=float, default=5., help='weight of the cosine distance of the pairs')
    ap.add_argument('--painted', type=int, default=32, help='drawings a step in twelve colours')
    ap.add_argument('--paint', type=float, default=1., help='weight of telling their colours apart')
    ap.add_argument('--keep', type=float, default=0., help='share of the weights before in those that are written (Wortsman et al. 2022): half of what is forgotten comes back')
    ap.add_argument('--lr', type=float, default=6e-4)
    ap.add_argument('--eval', type=float, default=180, help='seconds between evaluations')
    ap.add_argument('--seed', type=int, default=1)
    ap.add_argument('--threads', type=int, default=2)
    args = ap.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed); random.seed(args.seed); rng = np.random.default_rng(args.seed)
    bf16 = 'amx_bf16' in open('/proc/cpuinfo').read()
    data = Data()
    state = torch.load(os.path.join(CACHE, args.run + '.pt'))
    image, teacher = ImageTower().to(memory_format=torch.channels_last).eval(), TextTower(VOCAB).eval()
    image.load_state_dict(state['slow_image']); teacher.load_state_dict(state['slow_text'])
    student = copy.deepcopy(teacher).train()
    slow = copy.deepcopy(teacher)
    recall = Recall(data, image)
    print(json.dumps(recall(teacher)), flush=True)
    scale = state['scale'].exp().clamp(max=100)
    # Where the names are; phrases and words in other languages go there.
    called = [c['names'][0][0] for c in data.concepts]
    aim = vectors(teacher, [data.tokens[t] for t in called])
    meaning = torch.from_numpy(data.meaning)
    said = np.flatnonzero([bool(c['sentences']) for c in data.concepts])
    emoji = np.flatnonzero([len(c['trans']) > 10 for c in data.concepts])
    paint = Painted(data, image, 3000, rng)
    print(json.dumps(dict(painted=len(paint.picks), translated=len(data.translated), emoji=len(emoji), phrases=len(said))), flush=True)
    opt = torch.optim.AdamW(student.parameters(), lr=args.lr, betas=(.9, .98), weight_decay=0.)
    start, step, last, losses = time.time(), 0, time.time(), []
    done = False
    while not done:
        p = min(1., (time.time() - start) / (args.minutes * 60))
        done = p >= 1
        for g in opt.param_groups: g['lr'] = args.lr * min(1, (step + 1) / 100) * (.5 + .5 * math.cos(math.pi * p)) + 1e-6
        labels, phrases = int(args.pairs * args.labels), int(args.pairs * args.phrases)
        rows = np.concatenate([rng.choice(emoji, labels), rng.choice(data.translated, args.pairs - labels - phrases, p=data.translated_share), rng.choice(said, phrases)])
        there = [data.translation(data.concepts[c]) for c in rows[:args.pairs - phrases]] + [random.choice(data.concepts[c]['sentences']) for c in rows[args.pairs - phrases:]]
        kept = [data.full_caption(c, colour=random.randrange(9), name=random.random() < .6, style=random.randrange(2)) for c in data.concept[rng.integers(0, len(data.concept), args.anchors // 2)]]
        kept += [(t, data.tokens[t][:24], -1) for t in (data.english(c) for c in rng.choice(emoji, args.anchors // 2))]
        # What another language says is not to stay.
        kept = [tokens for t, tokens, _ in kept if t not in data.foreign]
        goal = vectors(teacher, kept)
        with torch.autocast('cpu', dtype=torch.bfloat16, enabled=bf16):
            drawn = rng.choice(len(paint.picks), args.painted, replace=False)
            called_so = paint.captions(drawn)
            out = encode(student, [data.tokens[t][:24] for t in there] + kept + called_so).float()
        b, e, coloured = out.split([args.pairs, len(kept), len(called_so)])
        # Which of its colours a caption means, and which caption a colour.
        fit = torch.einsum('ncd,npd->ncp', coloured.view(args.painted, len(NAMED), -1), paint.vectors[drawn]) * scale
        which = torch.arange(len(NAMED)).expand(args.painted, -1)
        painted = (F.cross_entropy(fit.transpose(1, 2), which) + F.cross_entropy(fit, which)) / 2
        target = aim[rows]
        between = b @ target.T * scale
        alike = meaning[rows][:, None] == meaning[rows][None]
        alike.fill_diagonal_(False)
        between = between.masked_fill(alike, -1e4)
        held = (1 - (e * goal).sum(1)).mean()
        pulled = (1 - (b * target).sum(1)).mean()
        contrast = F.cross_entropy(between, torch.arange(args.pairs))
        loss = args.hold * held + args.pull * pulled + .5 * contrast + args.paint * painted
        opt.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(student.parameters(), 2.)
        opt.step()
        step += 1
        keep = min(.995, (1 + step) / (10 + step))
        with torch.no_grad():
            for a, now in zip(slow.parameters(), student.parameters()): a.mul_(keep).add_(now, alpha=1 - keep)
        losses.append([held.item(), pulled.item(), contrast.item(), painted.item()])
        if done or time.time() - last > args.eval:
            print(json.dumps(dict(seconds=round(time.time() - start), step=step, held_pulled_contrast_painted=[round(float(x), 4) for x in np.mean(losses, 0)], **recall(slow))), flush=True)
            losses, last = [], time.time()
    before = teacher.state_dict()
    state['slow_text'] = {key: args.keep * before[key] + (1 - args.keep) * value for key, value in slow.state_dict().items()}
    path = os.path.join(CACHE, (args.out or args.run) + '.pt')
    torch.save(state, path + '.tmp')
    os.replace(path + '.tmp', path)


if __name__ == '__main__': main()
