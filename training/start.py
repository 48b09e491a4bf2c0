"""Makes a checkpoint of the shipped graphs (media/builtin), so that a training goes on where they ended: `start.py [name]`, then `train.py --init name`."""
import json, math, os, sys
import numpy as np
import onnx
import torch
from onnx import numpy_helper
import sentencepiece
from builtin import SURE
from model import DEPTHS, ImageTower, TextTower
from words import VOCAB

HERE = os.path.dirname(os.path.abspath(__file__))
CACHE = os.path.join(HERE, '.cache')
SHIPPED = os.path.join(HERE, '..', 'media', 'builtin')


def weights(name):
    """The graph, and its float32 initializers by the names they had before builtin.compact."""
    graph = onnx.load(os.path.join(SHIPPED, name)).graph
    found = {i.name: numpy_helper.to_array(i) for i in graph.initializer}
    for key in [k for k in found if k.endswith('_f16')]: found[key[:-4]] = found.pop(key).astype(np.float32)
    for key in [k for k in found if k.endswith('_i8')]: found[key[:-3]] = found[key].astype(np.float32) * found[key[:-3] + '_scale']
    return graph, {k: torch.from_numpy(np.array(v)) for k, v in found.items()}


def image_tower(calibration):
    """The tower of the shipped graph. Batch normalisation is folded into its convolutions: it is unfolded with the statistics that `calibration` ([n, 3, 64, 64]) gives it."""
    graph, found = weights('vision_model.onnx')
    folded = {node.output[0]: (found[node.input[1]], found[node.input[2]]) for node in graph.node if node.op_type == 'Conv'}
    # How deep the shipped tower is: a block has a conv1, and its width says its stage.
    widths = [weight.shape[0] for name, (weight, _) in folded.items() if '/conv1/' in name]
    depths = tuple(widths.count(w) for w in (64, 128, 320))
    tower = ImageTower(depths=depths).to(memory_format=torch.channels_last).train()
    modules = dict(tower.named_modules())
    pairs = []
    for name, norm in modules.items():
        if not isinstance(norm, torch.nn.BatchNorm2d): continue
        parent, last = name.rsplit('.', 1)
        before = {'bn1': 'conv1', 'bn2': 'conv2'}.get(last) or str(int(last) - 1)
        # A graph since the tenth run has no scope of the whole body: its layers are called one by one.
        scopes = _scopes(f'{parent}.{before}')
        keys = [k for k in folded if k.startswith(('/' + '/'.join(scopes) + '/', '/' + '/'.join(scopes[1:]) + '/'))]
        assert len(keys) == 1, (name, keys)
        pairs.append((modules[f'{parent}.{before}'], norm, *folded[keys[0]]))
    assert len(pairs) == len(folded)
    with torch.no_grad():
        for conv, norm, weight, bias in pairs:
            conv.weight.copy_(weight)
            norm.momentum = None  # the mean over all batches
            # In training a normalisation gives (x - mean) / deviation * weight + bias: weight and bias are set when the statistics are known.
            norm.register_forward_hook(lambda self, inputs, output, bias=bias: inputs[0] + bias.view(1, -1, 1, 1))
        for part in calibration.split(512): tower(part.contiguous(memory_format=torch.channels_last))
        for _, norm, _, bias in pairs:
            norm.weight.copy_(torch.sqrt(norm.running_var + norm.eps))
            norm.bias.copy_(bias + norm.running_mean)
            norm.momentum = .1
            norm._forward_hooks.clear()
        tower.head.weight.copy_(found['head.weight']); tower.head.bias.copy_(found['head.bias'])
    return deeper(tower, depths)


def deeper(tower, depths):
    """The tower with as many blocks as today's: those that are new come last in their stage and do nothing at first."""
    out = ImageTower().to(memory_format=torch.channels_last)
    at, to = 3, 3
    for old, now in zip(depths, DEPTHS):
        for k in range(now):
            if k < old: out.body[to + k].load_state_dict(tower.body[at + k].state_dict())
            else: torch.nn.init.zeros_(out.body[to + k].bn2.weight)
        at += old; to += now
    for k in range(3): out.body[k].load_state_dict(tower.body[k].state_dict())
    out.head.load_state_dict(tower.head.state_dict())
    return out


def _scopes(path):
    """'body.3.conv1' -> the exporter's scopes body, body.3, conv1 (of a Sequential the full index)."""
    out, parts = [], path.split('.')
    k = 0
    while k < len(parts):
        if k + 1 < len(parts) and parts[k + 1].isdigit():
            out += [parts[k], f'{parts[k]}.{parts[k + 1]}']; k += 2
        else: out.append(parts[k]); k += 1
    return out


def text_tower():
    """The tower of the shipped graph, its table carried over to today's vocabulary: a piece that is new starts as the mean of the old pieces it is made of."""
    graph, found = weights('text_model.onnx')
    tower = TextTower(VOCAB)
    own = tower.state_dict()
    # The exporter keeps the names of biases, and those of matrices in the nodes that multiply by them.
    for node in graph.node:
        if node.op_type == 'MatMul' and node.input[1] in found: found['.'.join(node.name.strip('/').split('/')[:-1]) + '.weight'] = found[node.input[1]].T
    kept = [key for key in own if key != 'embed.weight' and key in found]
    for key in kept: own[key].copy_(found[key])
    print('layers that are new:', [key for key in own if key not in kept and key != 'embed.weight'])
    table = found['embed.weight']
    old = json.load(open(os.path.join(SHIPPED, 'tokenizer.json')))['model']['vocab']
    place = {piece: k for k, (piece, _) in enumerate(old)}
    score = {piece: s for piece, s in old}
    now = sentencepiece.SentencePieceProcessor(model_file=os.path.join(CACHE, 'pieces.model'))
    fresh = 0
    for k in range(VOCAB):
        piece = now.id_to_piece(k)
        if piece in place: own['embed.weight'][k] = table[place[piece]]
        else:
            fresh += 1
            parts = _split(piece, score)
            if parts: own['embed.weight'][k] = table[[place[p] for p in parts]].mean(0)
    print('pieces', VOCAB, 'new', fresh)
    tower.load_state_dict(own)
    return tower


def _split(piece, score):
    """The most likely pieces of the old vocabulary that make up `piece` (Viterbi); None where a character is unknown."""
    best = [(0., None)] + [(-math.inf, None)] * len(piece)
    for end in range(1, len(piece) + 1):
        for begin in range(end):
            s = score.get(piece[begin:end])
            if s is not None and best[begin][0] + s > best[end][0]: best[end] = (best[begin][0] + s, begin)
    if best[-1][1] is None: return None
    out, end = [], len(piece)
    while end: begin = best[end][1]; out.append(piece[begin:end]); end = begin
    return out


def main():
    from train import Data, augment, held_out_sets, SIZE
    torch.set_num_threads(2); torch.manual_seed(1)
    data = Data()
    picks = data.epoch(np.random.default_rng(1))[:8192]
    pixels = torch.cat([augment(data, picks[k:k + 512], SIZE)[0] for k in range(0, len(picks), 512)])
    image, text = image_tower(pixels), text_tower()
    scale = torch.tensor(math.log(json.load(open(os.path.join(SHIPPED, 'model.json')))['score']['logitScale'] / SURE))
    image.eval(), text.eval()
    for name, held in held_out_sets(data, ['phosphor', 'openmoji']).items(): print(name, held.recall(image, text))
    torch.save(dict(slow_image=image.state_dict(), slow_text=text.state_dict(), scale=scale), os.path.join(CACHE, (sys.argv[1:] or ['shipped'])[0] + '.pt'))


if __name__ == '__main__': main()
