"""Writes the trained towers as ONNX with compact weights, the tokenizer and the manifest to media/builtin, and the token goldens."""
import argparse, datetime, hashlib, json, math, os
import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
import sentencepiece
from memory import CONCEPTS, STEPS, Drawn, Table, called, memories, most_drawn, pictures_of
from memory import PICTURES as SHOWN
from model import DIM, ImageTower, LevelledTower, RemindedImage, RemindedText, TextTower, nearness
from train import Data
from words import VOCAB, normalise

HERE = os.path.dirname(os.path.abspath(__file__))
CACHE = os.path.join(HERE, '.cache')
OUT = os.path.join(HERE, '..', 'media', 'builtin')

# Captions that say what a hub is, the centres that stand for them, and the pictures that the centres are fitted to.
CAPTIONS, CENTRES, PICTURES = 65536, 512, 24576

# Steps to each side of zero of large weights, and of the token table: what takes fewer than eight bits a package deflates, and recall stays.
WHOLE, TABLE = 63, 31

# Of the training's logit scale, what ships: with a memory pictures lie nearer to what they are taken for, and labels would be surer than they are right.
SURE = .75

GOLDENS = ['', ' ', 'cat', 'Cat', 'shopping cart', 'shopping-cart', 'shopping_cart', 'shoppingCart', 'ShoppingCartIcon', 'arrow-left', 'prullenbak', 'vergrootglas',
    'Löschen', 'corbeille à papier', 'lupa de búsqueda', 'żarówka', 'cœur', 'naïve café', 'ゴミ箱', '放大镜', 'корзина', '휴지통', 'สวัสดี', 'مرحبا', '❤️', '😀 smile', '👩‍💻',
    'ﬁle ﬀ', 'ＦＵＬＬ　ｗｉｄｔｈ', '①②③ ½', 'Ⅷ', 'a  b\tc\nd', '  leading and trailing  ', 'qwzxkjv', 'C++ & C#', '24px.svg', '100%', 'e\u0301clair', 'İstanbul', 'straße STRASSE',
    'Σίσυφος ΟΔΟΣ', 'x', '-', '__init__', 'HTTPServer2', 'an icon of a red heart', 'button to delete something', 'very long ' * 60, 'ab' * 300, '\u200bzero\u200bwidth', '▁', 'a▁b', '\\backslash / slash']


def tokenizer(sp):
    return {
        'version': '1.0', 'truncation': None, 'padding': None,
        'added_tokens': [{'id': k, 'content': sp.id_to_piece(k), 'single_word': False, 'lstrip': False, 'rstrip': False, 'normalized': False, 'special': True} for k in (0, 1)],
        'normalizer': {'type': 'Sequence', 'normalizers': [
            {'type': 'Replace', 'pattern': {'Regex': '(?<=[a-z])(?=[A-Z])'}, 'content': ' '},
            {'type': 'NFKC'}, {'type': 'Lowercase'},
            {'type': 'Replace', 'pattern': {'Regex': '[\\s\\-_▁]+'}, 'content': ' '},
            {'type': 'Strip', 'strip_left': True, 'strip_right': True}]},
        'pre_tokenizer': {'type': 'Metaspace', 'replacement': '▁', 'add_prefix_space': True, 'prepend_scheme': 'always', 'split': True},
        'post_processor': None,
        'decoder': {'type': 'Metaspace', 'replacement': '▁', 'add_prefix_space': True, 'prepend_scheme': 'always', 'split': True},
        'model': {'type': 'Unigram', 'unk_id': 1, 'byte_fallback': False, 'vocab': [[sp.id_to_piece(k), round(sp.get_score(k), 6)] for k in range(sp.get_piece_size())]},
    }


class Shared:
    """A file beside the graphs with what both of them read, in bytes."""
    def __init__(self, name):
        self.name, self.blob, self.places = name, b'', {}

    def put(self, key, value):
        self.places[key] = (len(self.blob), value.nbytes, value.shape)
        self.blob += value.tobytes()

    def tensor(self, key):
        """The initializer that stands for it in a graph."""
        at, size, shape = self.places[key]
        found = onnx.TensorProto(name=key, data_type=TensorProto.UINT8, dims=shape, data_location=TensorProto.EXTERNAL)
        for k, v in dict(location=self.name, offset=at, length=size).items(): found.external_data.add(key=k, value=str(v))
        return found


def packed(numbers):
    """Whole numbers [n, k] from -STEPS to STEPS -> uint8 [n, k / 2]: the first half of a row in the low bits, the second in the high ones."""
    whole = (numbers + STEPS + 1).numpy().astype(np.uint8)
    low, high = np.split(whole, 2, 1)
    return np.ascontiguousarray(low | high << 4)


def unpacking(key, name, turned=False, groups=None):
    """
    Nodes that make the float matrix `name` of what packed() gave, and their constants; turned: [k, n]; groups: the means of rows, as memory.means_by_concept. They have no inputs but weights, so that a
    runtime does it once, when it loads the graph.
    """
    of = lambda part: f'{name}_{part}'
    nodes = [helper.make_node('BitShift', [key, of('four')], [of('high')], direction='RIGHT'),
        helper.make_node('Cast', [key], [of('both')], to=TensorProto.FLOAT), helper.make_node('Cast', [of('high')], [of('upper')], to=TensorProto.FLOAT),
        helper.make_node('Mul', [of('upper'), of('sixteen')], [of('above')]), helper.make_node('Sub', [of('both'), of('above')], [of('lower')]),
        helper.make_node('Concat', [of('lower'), of('upper')], [of('whole')], axis=1), helper.make_node('Sub', [of('whole'), of('zero')], [of('straight') if turned or groups else name])]
    constants = [numpy_helper.from_array(np.array(4, np.uint8), of('four')), numpy_helper.from_array(np.array(16, np.float32), of('sixteen')),
        numpy_helper.from_array(np.array(STEPS + 1, np.float32), of('zero'))]
    if turned: nodes.append(helper.make_node('Transpose', [of('straight')], [name], perm=[1, 0]))
    if groups:
        parts = range(len(groups))
        constants.append(numpy_helper.from_array(np.array([each * count for each, count in groups], np.int64), of('split')))
        constants += [numpy_helper.from_array(np.array([each, count, -1], np.int64), of(f'shape{k}')) for k, (each, count) in enumerate(groups)]
        nodes += [helper.make_node('Split', [of('straight'), of('split')], [of(f'part{k}') for k in parts], axis=0),
            *(helper.make_node('Reshape', [of(f'part{k}'), of(f'shape{k}')], [of(f'group{k}')]) for k in parts),
            *(helper.make_node('ReduceMean', [of(f'group{k}')], [of(f'mean{k}')], axes=[0], keepdims=0) for k in parts), helper.make_node('Concat', [of(f'mean{k}') for k in parts], [name], axis=0)]
    return nodes, constants


def compact(path, shared, entries, groups=None):
    """
    Stores large float weights as fp16 with a cast in the graph; the embedding table as int8 with one scale a row, what else is large as int8 with one scale an output channel.
    What a memory looks for and says is in the file `shared`; entries: the keys of both there, such as ('pictures', 'names'); groups: where what it says is the means of several rows.
    """
    model = onnx.load(path)
    graph = model.graph
    front = []
    for init in list(graph.initializer):
        kind = init.name.split('.')[-1] if init.name.startswith('memory.') else None
        if kind in ('near', 'told'):
            key = entries[kind == 'told']
            graph.initializer.remove(init)
            nodes, constants = unpacking(key, init.name, turned=True) if kind == 'near' else unpacking(key, init.name, groups=groups)
            graph.initializer.extend([shared.tensor(key), *constants])
            front += nodes
            continue
        if kind == 'bias':
            graph.initializer.remove(init)
            graph.initializer.append(shared.tensor('sizes'))
            front += [helper.make_node('Cast', ['sizes'], [init.name + '_sizes'], to=TensorProto.FLOAT), helper.make_node('Log', [init.name + '_sizes'], [init.name])]
            continue
        if init.data_type != TensorProto.FLOAT: continue
        value = numpy_helper.to_array(init)
        if value.size < 512: continue
        users = [(node, k) for node in graph.node for k, name in enumerate(node.input) if name == init.name]
        graph.initializer.remove(init)
        if len(users) == 1 and users[0][0].op_type == 'Gather' and value.ndim == 2:
            node = users[0][0]
            scale = np.abs(value).max(1, keepdims=True) / TABLE + 1e-12
            graph.initializer.extend([numpy_helper.from_array(np.round(value / scale).astype(np.int8), init.name + '_i8'),
                                      numpy_helper.from_array(scale.astype(np.float32), init.name + '_scale')])
            at = list(graph.node).index(node)
            ids, out = node.input[1], node.output[0]
            graph.node.remove(node)
            for k, new in enumerate([helper.make_node('Gather', [init.name + '_i8', ids], [out + '_q']), helper.make_node('Cast', [out + '_q'], [out + '_f'], to=TensorProto.FLOAT),
                                     helper.make_node('Gather', [init.name + '_scale', ids], [out + '_s']), helper.make_node('Mul', [out + '_f', out + '_s'], [out])]):
                graph.node.insert(at + k, new)
        elif value.size >= 65536 or kind in ('ask', 'say'):
            # A scale an output channel: the exporter turns the matrices of MatMul round, not those of Conv and Gemm.
            channel = 1 if any(node.op_type == 'MatMul' for node, _ in users) else 0
            scale = np.abs(value).max(tuple(k for k in range(value.ndim) if k != channel), keepdims=True) / WHOLE + 1e-12
            graph.initializer.extend([numpy_helper.from_array(np.round(value / scale).astype(np.int8), init.name + '_i8'),
                                      numpy_helper.from_array(scale.astype(np.float32), init.name + '_scale')])
            front += [helper.make_node('Cast', [init.name + '_i8'], [init.name + '_whole'], to=TensorProto.FLOAT),
                      helper.make_node('Mul', [init.name + '_whole', init.name + '_scale'], [init.name])]
        else:
            graph.initializer.append(numpy_helper.from_array(value.astype(np.float16), init.name + '_f16'))
            front.append(helper.make_node('Cast', [init.name + '_f16'], [init.name], to=TensorProto.FLOAT))
    for k, node in enumerate(front): graph.node.insert(k, node)
    model.producer_name = 'asset-search-training'; model.producer_version = '1'
    for node in graph.node: node.doc_string = ''
    onnx.save(model, path)
    # By its path: a model in memory does not say where the file beside it lies.
    onnx.checker.check_model(path)


def entry(name):
    blob = open(os.path.join(OUT, name), 'rb').read()
    return {'path': name, 'sha256': hashlib.sha256(blob).hexdigest(), 'sizeBytes': len(blob)}


def centres_of(captions, pictures, known, sharpness, steps=1500):
    """
    (centres [CENTRES, DIM], offsets [CENTRES]) with which nearness() gives what is `known` of `pictures` [n, DIM], their nearness [n, 1] to all captions: the means of clusters of captions and the logs of their
    shares, then fitted.
    """
    with torch.no_grad():
        centres = captions[:CENTRES].clone()
        for _ in range(12):
            nearest = (captions @ centres.T).argmax(1)
            count = torch.bincount(nearest, minlength=CENTRES).float().unsqueeze(1)
            centres = torch.where(count > 0, torch.zeros_like(centres).index_add_(0, nearest, captions) / count.clamp(min=1), centres)
    offsets = (count[:, 0].clamp(min=.5) / len(captions)).log()
    centres, offsets = centres.requires_grad_(), offsets.requires_grad_()
    opt = torch.optim.Adam([centres, offsets], lr=3e-3)
    for step in range(steps):
        for g in opt.param_groups: g['lr'] = 3e-3 * (1 - step / steps)
        rows = torch.randint(len(pictures), (1024,))
        opt.zero_grad()
        ((nearness(pictures[rows], centres, offsets, sharpness) - known[rows]) ** 2).mean().mul(1e3).backward()
        opt.step()
    return centres.detach(), offsets.detach()


def levelled(data, image, memory, text, sharpness, share):
    """The image tower with its memory, levelled by the training's captions on its pictures; not levelled where `share` is 0."""
    if not share:
        tower = RemindedImage(memory).eval()
        assert all(key.startswith('memory.') for key in tower.load_state_dict(image.state_dict(), strict=False).missing_keys)
        return tower
    from train import SIZE, augment, encode
    torch.manual_seed(1)
    rng = np.random.default_rng(1)
    with torch.no_grad():
        captions = torch.cat([encode(text, [data.tokens[k][:24] for k in part]) for part in np.array_split(rng.choice(len(data.tokens), CAPTIONS, replace=False), 16)])
        parts = np.array_split(data.epoch(rng)[:PICTURES], PICTURES // 256)
        pictures = torch.cat([memory(image(augment(data, part, SIZE)[0].contiguous(memory_format=torch.channels_last))) for part in parts])
        known = torch.cat([nearness(v, captions, torch.tensor(-math.log(CAPTIONS)), sharpness) for v in pictures.split(256)])
    # The last pictures tell how well the centres stand for the captions.
    fitted = PICTURES - 2048
    centres, offsets = centres_of(captions, pictures[:fitted], known[:fitted], sharpness)
    tower = LevelledTower(centres, offsets, captions.mean(0), sharpness, float(known.mean()), share, memory).eval()
    missing = tower.load_state_dict(image.state_dict(), strict=False).missing_keys
    assert all(key in ('centres', 'offsets', 'common') or key.startswith('memory.') for key in missing), missing
    with torch.no_grad(): left = nearness(pictures[fitted:], centres, offsets, sharpness) - known[fitted:]
    print('level', round(tower.level, 4), 'deviation', round(float(known.std()), 4), 'left of it', round(float(left.pow(2).mean().sqrt()), 4))
    return tower


def kept_pictures(data, image, concepts):
    """memory.pictures_of, kept beside the runs until the tower or the concepts change."""
    path = os.path.join(CACHE, 'pictures.pt')
    digest = hashlib.sha256(b''.join(v.numpy().tobytes() for v in image.state_dict().values()) + concepts.tobytes() + bytes([SHOWN])).hexdigest()
    if os.path.exists(path):
        kept = torch.load(path)
        if kept['digest'] == digest: return kept['vectors'].float(), kept['owner']
    torch.manual_seed(1)
    vectors, owner = pictures_of(data, image, concepts, np.random.default_rng(5))
    vectors = vectors.half()   # what is read the next time gives the same files
    torch.save(dict(digest=digest, vectors=vectors, owner=owner), path)
    return vectors.float(), owner


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument('--run', default='run')
    ap.add_argument('--revision', default=datetime.datetime.utcnow().strftime('%Y%m%d') + '-1')
    ap.add_argument('--size', type=int, default=64, help='picture side in pixels: that of the training')
    ap.add_argument('--share', type=float, default=0., help='how much of the difference between hubs and other pictures is taken away')
    ap.add_argument('--concepts', type=int, default=CONCEPTS, help='entries of the memory')
    args = ap.parse_args()
    torch.set_num_threads(2)
    os.makedirs(OUT, exist_ok=True)
    state = torch.load(os.path.join(CACHE, args.run + '.pt'))
    sharpness = float(state['scale'].exp().clamp(max=100))
    data = Data()
    data.gather()
    tower, plain = ImageTower().to(memory_format=torch.channels_last).eval(), TextTower(VOCAB).eval()
    tower.load_state_dict(state['slow_image']); plain.load_state_dict(state['slow_text'])
    concepts = most_drawn(data, args.concepts)
    drawn = Drawn(*kept_pictures(data, tower, concepts))
    tables = Table(drawn.means), Table(called(data, plain, concepts[drawn.order]))
    remembers, reminded = memories(*tables, drawn.sizes, drawn.groups)
    text = RemindedText(VOCAB, reminded).eval()
    assert all(key.startswith('memory.') for key in text.load_state_dict(state['slow_text'], strict=False).missing_keys)
    image = levelled(data, tower, remembers, text, sharpness, args.share)
    # Named as weights beside a graph are, so that a download finds it.
    shared = Shared('vision_model.onnx_data')
    for key, table in zip(('pictures', 'names'), tables): shared.put(key, packed(table.numbers))
    shared.put('sizes', drawn.sizes.numpy().astype(np.uint8))
    vision_path, text_path = os.path.join(OUT, 'vision_model.onnx'), os.path.join(OUT, 'text_model.onnx')
    pixels = torch.rand(4, 3, args.size, args.size) * 2 - 1
    ids, mask = torch.randint(2, VOCAB, (4, 7)), torch.ones(4, 7, dtype=torch.long)
    mask[2, 4:] = 0; ids[2, 4:] = 0
    torch.onnx.export(image, pixels, vision_path, input_names=['pixel_values'], output_names=['image_embeds'], opset_version=13,
        dynamic_axes={'pixel_values': {0: 'batch'}, 'image_embeds': {0: 'batch'}})
    torch.onnx.export(text, (ids, mask), text_path, input_names=['input_ids', 'attention_mask'], output_names=['text_embeds'], opset_version=13,
        dynamic_axes={'input_ids': {0: 'batch', 1: 'seq'}, 'attention_mask': {0: 'batch', 1: 'seq'}, 'text_embeds': {0: 'batch'}})
    with open(os.path.join(OUT, shared.name), 'wb') as f: f.write(shared.blob)
    compact(vision_path, shared, ('pictures', 'names')); compact(text_path, shared, ('names', 'pictures'), drawn.groups)
    with torch.no_grad():
        pixels.numpy().tofile(os.path.join(CACHE, 'check_pixels.bin')); image(pixels).numpy().tofile(os.path.join(CACHE, 'check_image.bin'))
        json.dump(dict(ids=ids.tolist(), mask=mask.tolist(), text=text(ids, mask).tolist()), open(os.path.join(CACHE, 'check_text.json'), 'w'))
    sp = sentencepiece.SentencePieceProcessor(model_file=os.path.join(CACHE, 'pieces.model'))
    json.dump(tokenizer(sp), open(os.path.join(OUT, 'tokenizer.json'), 'w'), ensure_ascii=False, separators=(',', ':'))
    os.makedirs(os.path.join(HERE, 'goldens'), exist_ok=True)
    goldens = [{'text': s, 'ids': sp.encode(normalise(s))} for s in GOLDENS]
    with open(os.path.join(HERE, 'goldens', 'tokens.json'), 'w') as f:
        f.write('[\n' + ',\n'.join(json.dumps(g, ensure_ascii=False) for g in goldens) + '\n]\n')
    manifest = {
        'id': 'builtin', 'revision': args.revision, 'variant': 'fp16', 'name': 'Built-in icon model',
        'description': 'Understands icons, emoji, logos and flat drawings; trained from scratch on permissively licensed drawings. Weak on photographs.',
        'license': 'MIT', 'preprocessingVersion': 1,
        'files': {'vision': entry('vision_model.onnx'), 'text': entry('text_model.onnx'), 'tokenizer': entry('tokenizer.json'), 'data': [entry(shared.name)]},
        'embeddingDim': DIM,
        'image': {'input': 'pixel_values', 'output': 'image_embeds', 'size': args.size, 'resize': 'pad', 'interpolation': 'bicubic', 'mean': [.5, .5, .5], 'std': [.5, .5, .5]},
        'text': {'inputs': {'ids': 'input_ids', 'mask': 'attention_mask'}, 'output': 'text_embeds', 'contextLength': 32, 'padId': 0, 'padding': 'longest', 'addSpecialTokens': False},
        'score': {'kind': 'softmax', 'logitScale': round(sharpness * SURE, 4), 'logitBias': 0},
        'promptTemplates': ['{}', 'an icon of {}', 'a picture of {}'],
    }
    with open(os.path.join(OUT, 'model.json'), 'w') as f: f.write(json.dumps(manifest, indent=2) + '\n')
    print({f: os.path.getsize(os.path.join(OUT, f)) for f in sorted(os.listdir(OUT))}, 'logit scale', manifest['score']['logitScale'])


if __name__ == '__main__': main()
