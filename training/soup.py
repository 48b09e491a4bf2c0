"""
Averages the weights of two runs of one architecture, the later of which went on from the earlier (model soups, Wortsman et al. 2022; WiSE-FT, Wortsman et al. 2022):
`soup.py main shipped --share .4 --out soup` is 0.6 of main and 0.4 of shipped. Batch normalisation gets its statistics anew.
"""
import argparse, os
import numpy as np
import torch
from model import ImageTower, TextTower
from train import CACHE, SIZE, Data, augment, held_out_sets
from words import VOCAB


def mixed(a, b, share):
    """State dicts of one module -> (1 - share) of a and share of b; what is no float is a's."""
    return {key: value * (1 - share) + b[key] * share if value.is_floating_point() else value for key, value in a.items()}


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument('run'); ap.add_argument('other')
    ap.add_argument('--share', type=float, default=.4, help='of the other run')
    ap.add_argument('--clean', type=float, default=1., help='share of pictures that are not varied among those that batch normalisation gets its statistics of')
    ap.add_argument('--out', required=True, help='name of the run it writes')
    args = ap.parse_args()
    torch.set_num_threads(2); torch.manual_seed(1)
    data = Data()
    run, other = [torch.load(os.path.join(CACHE, name + '.pt')) for name in (args.run, args.other)]
    image, text = ImageTower().to(memory_format=torch.channels_last), TextTower(VOCAB).eval()
    image.load_state_dict(mixed(run['slow_image'], other['slow_image'], args.share))
    text.load_state_dict(mixed(run['slow_text'], other['slow_text'], args.share))
    norms = [m for m in image.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    for norm in norms: norm.reset_running_stats(); norm.momentum = None
    image.train()
    picks = data.epoch(np.random.default_rng(1))[:6144]
    with torch.no_grad():
        for k in range(0, len(picks), 512): image(augment(data, picks[k:k + 512], SIZE, clean=args.clean)[0].contiguous(memory_format=torch.channels_last))
    image.eval()
    for norm in norms: norm.momentum = .1
    for name, held in held_out_sets(data, ['phosphor', 'carbon', 'openmoji']).items(): print(name, held.recall(image, text))
    path = os.path.join(CACHE, args.out + '.pt')
    torch.save({**run, 'slow_image': image.state_dict(), 'slow_text': text.state_dict()}, path + '.tmp')
    os.replace(path + '.tmp', path)


if __name__ == '__main__': main()
