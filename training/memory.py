"""
What the shipped towers look up (model.Memory): for each of the concepts drawn most a few means of its pictures, one for each way of drawing it, and what it is called, by the trained towers. The image
tower finds pictures and says names, the text tower finds names and says pictures; both read one file.
"""
import math
import numpy as np
import torch
import torch.nn.functional as F
from model import DIM, Memory
from train import SIZE, augment, encode

# Concepts, numbers of a vector, pictures looked at of a concept.
CONCEPTS, NUMBERS, PICTURES = 24000, 64, 16
# The means that stand for the pictures of a concept, at most, and the pictures a mean is of on average, at least.
MEANS, EACH = 6, 3
# Cosines are multiplied by it, and this share of what is remembered goes into what comes out: of pictures, of texts.
SHARPNESS, IMAGE_SHARE, TEXT_SHARE = 33., .35, .15
# Steps of a number to each side of zero: four bits.
STEPS = 7


def pictures_of(data, image, concepts, rng, batch=256):
    """(unit vectors [n, DIM], whose they are [n], ascending): up to PICTURES pictures of each concept, of different sets where there are, as the product shows them."""
    picks, owner = [], []
    for k, c in enumerate(concepts):
        shown = rng.permutation(data.shown[c])
        # One of each set first.
        first = np.sort(np.unique(data.hand[shown], return_index=True)[1])
        shown = np.concatenate([shown[first], np.delete(shown, first)])[:PICTURES]
        picks += shown.tolist(); owner += [k] * len(shown)
    picks = np.array(picks)
    with torch.no_grad():
        vectors = torch.cat([image(augment(data, picks[k:k + batch], SIZE, clean=1.)[0].contiguous(memory_format=torch.channels_last)) for k in range(0, len(picks), batch)])
    return vectors, torch.tensor(owner)


def means_of(vectors, generator):
    """Unit vectors [n, DIM] of one concept -> (unit vectors [k, DIM], pictures that each is the mean of [k]): k-means by cosine."""
    count = min(MEANS, math.ceil(len(vectors) / EACH))
    means = vectors[torch.randperm(len(vectors), generator=generator)[:count]]
    for _ in range(6):
        nearest = (vectors @ means.T).argmax(1)
        sizes = torch.bincount(nearest, minlength=count)
        found = torch.zeros_like(means).index_add_(0, nearest, vectors)
        means = torch.where(sizes.unsqueeze(1) > 0, F.normalize(found, dim=1), means)
    return means[sizes > 0], sizes[sizes > 0]


class Drawn:
    """
    How concepts are drawn: means [n, DIM], sizes [n]: pictures that each is the mean of; order [concepts]: which of the owners of `vectors` comes when. Concepts with as many means stand together: groups,
    tuples of (means of each, concepts); of a group first the first mean of each concept, then the second of each, which sums quicker.
    """
    def __init__(self, vectors, owner):
        generator = torch.Generator().manual_seed(1)
        found = [means_of(part, generator) for part in vectors.split(torch.bincount(owner).tolist())]
        counts = np.array([len(means) for means, _ in found])
        self.order = np.argsort(-counts, kind='stable')
        self.groups = tuple((int(each), int((counts == each).sum())) for each in sorted(set(counts), reverse=True))
        ordered, at = [found[k] for k in self.order], 0
        self.means, self.sizes = [], []
        for each, count in self.groups:
            for k in range(each):
                self.means += [means[k] for means, _ in ordered[at:at + count]]
                self.sizes += [sizes[k] for _, sizes in ordered[at:at + count]]
            at += count
        self.means, self.sizes = torch.stack(self.means), torch.stack(self.sizes)


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


def means_by_concept(numbers, groups):
    """[n, k] numbers of pictures -> [concepts, k]: the mean of each concept's."""
    return torch.cat([part.view(each, count, -1).mean(0) for part, (each, count) in zip(numbers.split([each * count for each, count in groups]), groups)])


def memories(pictures, names, sizes, groups, sharpness=SHARPNESS, image_share=IMAGE_SHARE, text_share=TEXT_SHARE):
    """(Memory of the image tower, Memory of the text tower) of the Table of pictures and that of names; sizes, groups as Drawn has them, in which order the names are."""
    a, b = pictures.numbers, names.numbers
    # What several pictures are like weighs as much as they would one by one.
    return (Memory(a.T, b, pictures.basis.T, names.basis, names.mean, sharpness, image_share, sizes.float().log(), groups),
        Memory(b.T, means_by_concept(a, groups), names.basis.T, pictures.basis, pictures.mean, sharpness, text_share))
