"""Finds training drawings that equal a held-out drawing (same ink inside its bounding box) and lists them in .cache/removed.json."""
import collections, json, os
import numpy as np
import torch
import torch.nn.functional as F

CACHE = os.path.join(os.path.dirname(os.path.abspath(__file__)), '.cache')
torch.set_num_threads(2)
records = [json.loads(line) for line in open(os.path.join(CACHE, 'records.jsonl'))]
alpha = np.memmap(os.path.join(CACHE, 'alpha.bin'), np.uint8, 'r').reshape(-1, 64, 64)
rgba = np.memmap(os.path.join(CACHE, 'rgba.bin'), np.uint8, 'r').reshape(-1, 64, 64, 4)
mono = np.array([not r['colour'] for r in records])
at = np.array([r['at'] for r in records])
held = np.array([r['kind'] == 'heldout' for r in records])


def ink(picks):
    """[n, 64, 64] in 0..1: opacity, weakened where a coloured drawing is light."""
    out = np.zeros((len(picks), 64, 64), np.float32)
    m = mono[picks]
    out[m] = alpha[at[picks[m]]] / 255.
    if (~m).any():
        px = rgba[at[picks[~m]]].astype(np.float32) / 255
        out[~m] = px[..., 3] * (1 - .8 * (px[..., :3] @ np.array([.2126, .7152, .0722], np.float32)))
    return torch.from_numpy(out)


def framed(picks, size):
    """Ink cropped to the square around its bounding box, at size x size."""
    x = ink(picks)
    on = x > .2
    line = torch.arange(64)
    def span(any_):
        low = torch.where(any_, line, 64).amin(1).clamp(max=63)
        high = torch.where(any_, line, -1).amax(1).clamp(min=0) + 1
        return low.float(), high.float()
    x0, x1 = span(on.any(1)); y0, y1 = span(on.any(2))
    side = torch.maximum(x1 - x0, y1 - y0).clamp(min=4)
    theta = torch.zeros(len(x), 2, 3)
    theta[:, 0, 0] = theta[:, 1, 1] = side / 64
    theta[:, 0, 2] = (x0 + x1) / 64 - 1
    theta[:, 1, 2] = (y0 + y1) / 64 - 1
    y = F.grid_sample(x.unsqueeze(1), F.affine_grid(theta, (len(x), 1, 64, 64), align_corners=False), align_corners=False)
    return F.avg_pool2d(y, 64 // size).flatten(1)


def sketch(picks):
    parts = [F.normalize((lambda f: f - f.mean(1, keepdim=True))(framed(picks[i:i + 4096], 8)), dim=1) for i in range(0, len(picks), 4096)]
    return torch.cat(parts)


reference = np.flatnonzero(held & np.array(['skin-tone' not in r['name'] for r in records]))
train = np.flatnonzero(~held)
key = sketch(reference)
print('references', len(reference), 'candidates', len(train), flush=True)
removed, by_set = [], collections.Counter()
for i in range(0, len(train), 4096):
    part = train[i:i + 4096]
    value, where = (sketch(part) @ key.T).topk(3, 1)
    close = np.flatnonzero((value[:, 0] > .96).numpy())
    if not len(close): continue
    a = framed(part[close], 32)
    best = torch.full((len(close),), 9.)
    for k in range(3):
        b = framed(reference[where[close, k].numpy()], 32)
        best = torch.minimum(best, (a - b).abs().sum(1) / torch.maximum(a, b).sum(1).clamp(min=1e-3))
    for c, d, w in zip(close, best.tolist(), where[close, 0].tolist()):
        if d < .08:
            r = records[part[c]]
            removed.append([r['set'], r['name'], records[reference[w]]['set'] + ':' + records[reference[w]]['name']])
            by_set[r['set']] += 1
json.dump(dict(removed=[r[:2] for r in removed], matches=removed, by_set=by_set.most_common()), open(os.path.join(CACHE, 'removed.json'), 'w'))
print('removed', len(removed), by_set.most_common(12))
