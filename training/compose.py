"""
Composes drawings of drawings, as icon sets do: a small sign at the corner of a thing ("user check"), a thing inside another ("file heart", "heart circle"), a thing struck through
("camera off"). What a picture of two things is called is learned for any two, not only for those that a set happens to draw. After dedupe.py: what equals a held-out drawing is not used.
Appends the set "composed" to .cache/.
"""
import collections, json, os, random
import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image, ImageDraw
from words import CACHE, STYLES, clean_names

COUNT = dict(corner=15000, inside=9000, enclosed=4500, struck=3000)
SIGNS = '''plus minus check x cross close add remove lock unlock star heart clock time search gear settings cog cloud user users pencil edit arrow-up arrow-down arrow-left arrow-right
 question help info warning alert exclamation bolt lightning dollar euro percent code link share bell eye shield key refresh sync play pause stop download upload bookmark tag pin location
 flag home trash ban block filter chart message mail bug database calendar globe sparkle sparkles wifi bluetooth image music camera phone plug power'''.split()
CONTAINERS = '''file document page clipboard folder cloud monitor screen display tv laptop tablet phone smartphone mobile shield calendar chat message comment bubble chat-bubble browser window
 app-window credit-card card box package bag shopping-bag book notebook tag ticket bookmark heart house home map-pin pin location badge certificate hexagon drop droplet head bulb frame
 picture-frame battery globe circle square octagon receipt envelope mail id-card database server gear umbrella scroll report note sticky-note blackboard presentation sign bell cup mug jar bottle'''.split()
SHAPES = ['circle', 'square', 'hexagon', 'octagon', 'diamond', 'triangle']


class Drawings:
    """The drawings in one colour of icon sets, by name."""
    def __init__(self, rng):
        records = [json.loads(line) for line in open(os.path.join(CACHE, 'records.jsonl'))]
        if any(r['set'] == 'composed' for r in records): raise SystemExit('.cache/ has composed drawings already: run "node prepare.mjs" to render everything anew.')
        removed = set(map(tuple, json.load(open(os.path.join(CACHE, 'removed.json')))['removed']))
        cleaned = clean_names(records)
        self.alpha = np.memmap(os.path.join(CACHE, 'alpha.bin'), np.uint8, 'r').reshape(-1, 64, 64)
        self.by_name = collections.defaultdict(list)
        for r in records:
            name = cleaned[r['set'], r['name']]
            if r['kind'] == 'icon' and not r['colour'] and (r['set'], r['name']) not in removed and name: self.by_name[name].append(r['at'])
        # What ten drawings are called is a thing that people know; what is struck through or in a circle itself is no part.
        banned = STYLES | set('circle square off slash add remove plus minus check with in on a to and of no'.split())
        self.things = [n for n, at in self.by_name.items() if len(at) >= 10 and n.count(' ') < 2 and n.isascii() and not any(ch.isdigit() for ch in n) and len(n) > 2 and not (set(n.split(' ')) & banned)]
        self.signs, self.containers = self.known(SIGNS), self.known(CONTAINERS)
        self.signed = [n for n in self.things if len(self.by_name[n]) >= 40]
        self.rng = rng

    def known(self, names): return [n for n in (x.replace('-', ' ') for x in names) if len(self.by_name[n]) >= 5]

    def pick(self, name): return self.rng.choice(self.by_name[name])

    def cropped(self, at):
        """The ink inside its bounding box, in the middle of a square image; None where there is none."""
        a = np.asarray(self.alpha[at])
        ys, xs = np.flatnonzero((a > 40).any(1)), np.flatnonzero((a > 40).any(0))
        if not len(ys) or not len(xs): return None
        y0, y1, x0, x1 = ys[0], ys[-1] + 1, xs[0], xs[-1] + 1
        side = max(y1 - y0, x1 - x0)
        out = Image.new('L', (side, side))
        out.paste(Image.fromarray(a[y0:y1, x0:x1]), ((side - (x1 - x0)) // 2, (side - (y1 - y0)) // 2))
        return out


def grown(a, by):
    """Ink grown by so many pixels: [64, 64] -> the same."""
    return F.max_pool2d(torch.from_numpy(a).float()[None, None], 2 * by + 1, 1, by)[0, 0].numpy()


def pasted(image, side, x, y):
    """A square image of `side` pixels at (x, y) on 64 x 64: float 0..255."""
    out = Image.new('L', (64, 64))
    out.paste(image.resize((side, side), Image.LANCZOS), (x, y))
    return np.asarray(out, np.float32)


def shape(kind, box, width, filled):
    """An outlined (width in pixels) or filled shape inside box, drawn at four times the size."""
    k = 4
    out = Image.new('L', (64 * k, 64 * k))
    d = ImageDraw.Draw(out)
    x0, y0, x1, y1 = [v * k for v in box]
    cx, cy, r = (x0 + x1) / 2, (y0 + y1) / 2, (x1 - x0) / 2
    paint = dict(fill=255) if filled else dict(outline=255, width=int(width * k))
    if kind == 'circle': d.ellipse((x0, y0, x1, y1), **paint)
    elif kind == 'square': d.rounded_rectangle((x0, y0, x1, y1), radius=r * .3, **paint)
    else:
        turn = {'hexagon': (6, 90), 'octagon': (8, 22.5), 'diamond': (4, 0), 'triangle': (3, -90)}[kind]
        points = [(cx + r * np.cos(np.deg2rad(turn[1] + 360 / turn[0] * i)), cy + r * np.sin(np.deg2rad(turn[1] + 360 / turn[0] * i))) for i in range(turn[0])]
        if filled: d.polygon(points, fill=255)
        else: d.line(points + points[:2], fill=255, width=int(width * k), joint='curve')
    return np.asarray(out.resize((64, 64), Image.LANCZOS), np.float32)


def corner(drawings, rng):
    thing = rng.choice(drawings.signed if rng.random() < .6 else drawings.things)
    sign = rng.choice(drawings.signs)
    if sign in thing: return None
    a, b = drawings.cropped(drawings.pick(thing)), drawings.cropped(drawings.pick(sign))
    if a is None or b is None: return None
    side, small = rng.randint(46, 56), rng.randint(24, 32)
    right, low = rng.random() < .9, rng.random() < .8
    base = pasted(a, side, 2 if right else 62 - side, 2 if low else 62 - side)
    x, y = (62 - small if right else 2), (62 - small if low else 2)
    badge = pasted(b, small, x, y)
    if rng.random() < .3:
        # The sign in a disc or a ring of its own.
        inner = int(small * .62)
        badge = pasted(b, inner, x + (small - inner) // 2, y + (small - inner) // 2)
        ring = shape('circle', (x, y, x + small - 1, y + small - 1), 3, True)
        cut = grown(ring, 2)
        badge = np.clip(ring - badge, 0, 255) if rng.random() < .6 else np.maximum(shape('circle', (x, y, x + small - 1, y + small - 1), 2.5, False), badge)
    else: cut = grown(badge, rng.choice([2, 3, 4]))
    if rng.random() < .25:
        # Many sets leave the whole corner free.
        cut = np.zeros((64, 64), np.float32)
        cut[max(0, y - 2):y + small + 2, max(0, x - 2):x + small + 2] = 255
    return f'{thing} {sign}', [f'{thing} with {sign}'], np.maximum(base * (1 - cut / 255), badge)


def rooms(ink):
    """The largest square of a drawing without ink that the outside does not reach, and the largest of ink alone: two lists of (side, x, y) of [n, 64, 64] in 0..1."""
    n = len(ink)
    empty = ink < .3
    outside = np.zeros_like(empty)
    outside[:, 0], outside[:, -1], outside[:, :, 0], outside[:, :, -1] = empty[:, 0], empty[:, -1], empty[:, :, 0], empty[:, :, -1]
    flood, free = torch.from_numpy(outside).float()[:, None], torch.from_numpy(empty).float()[:, None]
    for _ in range(160): flood = F.max_pool2d(flood, 3, 1, 1) * free
    inside = empty & (flood[:, 0].numpy() < .5)
    out = []
    for space in (inside, ink > .7):
        size = np.zeros((n, 65, 65), np.int32)
        for y in range(64):
            for x in range(64): size[:, y + 1, x + 1] = np.where(space[:, y, x], np.minimum(np.minimum(size[:, y, x + 1], size[:, y + 1, x]), size[:, y, x]) + 1, 0)
        flat = size[:, 1:, 1:].reshape(n, -1)
        # Of all squares of that size the one in the middle of them.
        best = flat.max(1)
        places = []
        for k in range(n):
            at = np.flatnonzero(flat[k] >= best[k] - (best[k] > 20))
            where = np.array([divmod(int(i), 64) for i in at])
            y, x = where[np.abs(where - where.mean(0)).sum(1).argmin()]
            side = int(flat[k][y * 64 + x])
            places.append((side, int(x) - side + 1, int(y) - side + 1))
        out.append(places)
    return out


def insides(drawings, rng, count):
    """Things inside containers: in the empty room of an outline, or cut out of a filled one."""
    chosen = [(name, at) for name in drawings.containers for at in rng.sample(drawings.by_name[name], min(24, len(drawings.by_name[name])))]
    bases = [drawings.cropped(at) for _, at in chosen]
    bases = [np.zeros((64, 64), np.float32) if b is None else pasted(b, 58, 3, 3) for b in bases]
    hollow, solid = rooms(np.stack(bases) / 255)
    usable = [k for k in range(len(chosen)) if hollow[k][0] >= 22 or solid[k][0] >= 24]
    by_name = collections.defaultdict(list)
    for k in usable: by_name[chosen[k][0]].append(k)
    names = [n for n, ks in by_name.items() if len(ks) > 1]
    print('containers', len(names), 'drawings', len(usable), flush=True)
    for _ in range(count):
        name = rng.choice(names)
        k = rng.choice(by_name[name])
        what = rng.choice(drawings.signs if rng.random() < .35 else drawings.things)
        b = drawings.cropped(drawings.pick(what))
        if b is None or what in name or name in what: continue
        room = hollow[k] if hollow[k][0] >= 22 else solid[k]
        side = max(14, int(room[0] * rng.uniform(.72, .92)))
        inner = pasted(b, side, room[1] + (room[0] - side) // 2, room[2] + (room[0] - side) // 2)
        pixels = np.maximum(bases[k], inner) if room is hollow[k] else np.clip(bases[k] - inner, 0, 255)
        yield f'{name} {what}', [f'{what} in {name}', f'{name} with {what}'], pixels


def enclosed(drawings, rng):
    what = rng.choice(drawings.signs if rng.random() < .3 else drawings.things)
    kind = rng.choices(SHAPES, [8, 5, 1.2, .8, 1, 1])[0]
    b = drawings.cropped(drawings.pick(what))
    if b is None: return None
    r = rng.randint(27, 30)
    box = (32 - r, 32 - r, 31 + r, 31 + r)
    side = int(2 * r * {'circle': .58, 'square': .66, 'triangle': .38, 'diamond': .46}.get(kind, .56) * rng.uniform(.9, 1.08))
    inner = pasted(b, side, 32 - side // 2, 32 - side // 2 + (7 if kind == 'triangle' else 0))
    pixels = np.clip(shape(kind, box, 0, True) - inner, 0, 255) if rng.random() < .45 else np.maximum(shape(kind, box, rng.choice([2, 3, 4, 5]), False), inner)
    return f'{what} {kind}', [f'{what} in a {kind}'], pixels


def struck(drawings, rng):
    what = rng.choice(drawings.things)
    b = drawings.cropped(drawings.pick(what))
    if b is None: return None
    side = rng.randint(50, 60)
    base = pasted(b, side, 32 - side // 2, 32 - side // 2)
    def line(width, shift=0):
        k = 4
        out = Image.new('L', (64 * k, 64 * k))
        d = ImageDraw.Draw(out)
        ends = [(5 + shift, 5 - shift), (59 + shift, 59 - shift)]
        d.line([(x * k, y * k) for x, y in ends], fill=255, width=int(width * k))
        return np.asarray(out.resize((64, 64), Image.LANCZOS), np.float32)
    width = rng.choice([3, 4, 5, 6])
    gap = line(width + 3, 2) if rng.random() < .6 else line(width + 7) if rng.random() < .6 else np.zeros((64, 64), np.float32)
    pixels = np.maximum(base * (1 - gap / 255), line(width))
    if rng.random() < .15: pixels = pixels[:, ::-1]
    return f'{what} {rng.choice(["off", "off", "slash"])}', [f'no {what}', f'{what} disabled', f'without {what}', f'{what} off', f'{what} slash'], pixels


def main():
    rng = random.Random(1)
    drawings = Drawings(rng)
    print('things', len(drawings.things), 'often drawn', len(drawings.signed), 'signs', len(drawings.signs), 'containers', len(drawings.containers), flush=True)
    made = [('inside', *x) for x in insides(drawings, rng, COUNT['inside'])]
    for kind, draw in (('corner', corner), ('enclosed', enclosed), ('struck', struck)): made += [(kind, *x) for x in (draw(drawings, rng) for _ in range(COUNT[kind])) if x]
    manifest = json.load(open(os.path.join(CACHE, 'manifest.json')))
    at = manifest['counts']['alpha']
    with open(os.path.join(CACHE, 'alpha.bin'), 'ab') as alpha, open(os.path.join(CACHE, 'records.jsonl'), 'a') as records:
        for k, (kind, name, others, pixels) in enumerate(made):
            alpha.write(np.ascontiguousarray(pixels).round().astype(np.uint8).tobytes())
            records.write(json.dumps(dict(set='composed', name=f'{kind}-{k}', called=name, tags=others, kind='composed', colour=False, at=at + k)) + '\n')
    manifest['counts']['alpha'] = at + len(made)
    manifest['sets']['composed'] = dict(title='Composed by compose.py of drawings of the other sets', author='this project and theirs', licence='as the sets it is composed of', listed=len(made), rendered=len(made))
    json.dump(manifest, open(os.path.join(CACHE, 'manifest.json'), 'w'), indent=1)
    print('composed', collections.Counter(m[0] for m in made), len({m[1] for m in made}), 'names', flush=True)


if __name__ == '__main__': main()
