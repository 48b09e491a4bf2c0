"""
What the shipped towers look up (model.Memory): for each of the concepts drawn most, the mean of some of its pictures and what it is called, by the trained towers. The image tower finds pictures
and says names, the text tower finds names and says pictures; both read one file.
"""
import numpy as np
import torch
import torch.nn.functional as F
from model import DIM, Memory
from train import SIZE, augment, encode

# Entries, numbers of an entry's picture and of its name, pictures a mean is taken of.
CONCEPTS, NUMBERS, PICTURES = 16384, 64, 8
# Cosines are multiplied by it, and this share of what is remembered goes into what comes out: of pictures, of texts.
SHARPNESS, IMAGE_SHARE, TEXT_SHARE = 33., .35, .15
# Steps of a number to each side of zero: four bits.
STEPS = 7


def mean_pictures(data, image, concepts, rng, batch=256):
    """Unit vectors [concepts, DIM]: the means of up to PICTURES pictures of each, of different sets where there are, as the product shows them."""
    picks, owner = [], []
    for k, c in enumerate(concepts):
        shown = rng.permutation(data.shown[c])
        # One of each set first.
        first = np.sort(np.unique(data.hand[shown], return_index=True)[1])
        shown = np.concatenate([shown[first], np.delete(shown, first)])[:PICTURES]
        picks += shown.tolist(); owner += [k] * len(shown)
    picks, owner, out = np.array(picks), torch.tensor(owner), torch.zeros(len(concepts), DIM)
    with torch.no_grad():
        for k in range(0, len(picks), batch):
            pixels = augment(data, picks[k:k + batch], SIZE, clean=1.)[0].contiguous(memory_format=torch.channels_last)
            out.index_add_(0, owner[k:k + batch], image(pixels))
    return F.normalize(out, dim=1)


def most_drawn(data, count):
    """The concepts that most pictures show, [count]; of those that as many show, the first."""
    return np.argsort(-np.array([len(shown) for shown in data.shown]), kind='stable')[:count]


def called(data, text, concepts, tags=.3):
    """Unit vectors [concepts, DIM] of what concepts are called: their names, and a share of search words, those that many say more."""
    names = data.near(text)[torch.from_numpy(concepts)]
    said = sorted({t for c in concepts for t in data.concepts[c]['tags']})
    place = {t: k for k, t in enumerate(said)}
    with torch.no_grad(): words = torch.cat([encode(text, [data.tokens[t][:24] for t in said[k:k + 4096]]) for k in range(0, len(said), 4096)])
    out = []
    for name, c in zip(names, concepts):
        c = data.concepts[c]
        if not c['tags']: out.append(name); continue
        share = torch.tensor(c['said'], dtype=torch.float32)
        more = (words[[place[t] for t in c['tags']]] * share.unsqueeze(1)).sum(0)
        out.append(name * (1 - tags) + F.normalize(more, dim=0) * tags)
    return F.normalize(torch.stack(out), dim=1)


class Table:
    """[n, DIM] -> whole numbers [n, NUMBERS] from -STEPS to STEPS, with basis [NUMBERS, DIM] and mean [DIM]: a vector is about numbers @ basis + mean."""
    def __init__(self, vectors, numbers=NUMBERS):
        self.mean = vectors.mean(0)
        rest = vectors - self.mean
        axes = torch.linalg.eigh(rest.T @ rest)[1].flip(1)[:, :numbers]
        # Turned by chance, every number has as much to say.
        axes = axes @ torch.linalg.qr(torch.randn(numbers, numbers, generator=torch.Generator().manual_seed(1)))[0]
        found = rest @ axes
        # The step with the least error: what few exceed is cut.
        scales = torch.stack([found.std(0) * width / STEPS for width in np.linspace(1.8, 3.2, 15)])
        errors = torch.stack([((found / s).round().clamp(-STEPS, STEPS) * s - found).pow(2).sum(0) for s in scales])
        scale = scales.gather(0, errors.argmin(0, keepdim=True))[0]
        self.numbers = (found / scale).round().clamp(-STEPS, STEPS)
        self.basis = scale.unsqueeze(1) * axes.T


def memories(pictures, names, sharpness=SHARPNESS, image_share=IMAGE_SHARE, text_share=TEXT_SHARE):
    """(Memory of the image tower, Memory of the text tower) of two Tables whose rows belong together."""
    a, b = pictures.numbers, names.numbers
    return (Memory(a.T, b, pictures.basis.T, names.basis, names.mean, sharpness, image_share), Memory(b.T, a, names.basis.T, pictures.basis, pictures.mean, sharpness, text_share))
