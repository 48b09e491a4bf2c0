"""Turns a CLIP of OpenCLIP or Hugging Face into folders that `asset-search models import` takes, one for each number format.

    export.py open_clip ViT-B-32 laion2b_s34b_b79k OUT     (needs open_clip_torch)
    export.py transformers openai/clip-vit-base-patch32 OUT     (needs transformers)

Both also need torch, onnx and onnxruntime. OUT/fp32, OUT/fp16 (weights stored as fp16, computed in fp32) and OUT/int8 (matrix products in int8, inputs quantised as they come) each get
vision_model.onnx, text_model.onnx, tokenizer.json and model.json, and the cosine of their embeddings to those of the checkpoint is printed."""
import argparse, dataclasses, hashlib, inspect, json, os, re, shutil
import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper

VARIANTS = ('fp32', 'fp16', 'int8')
OPSET = 17
FILTERS = {0: 'nearest', 1: 'lanczos', 2: 'bilinear', 3: 'bicubic'}   # PIL.Image.Resampling


@dataclasses.dataclass
class Towers:
    """Both halves of a model. `image`: float32 [batch, 3, size, size] -> [batch, dim]; `text`: int64 [batch, context] -> [batch, dim]; neither needs to be of unit length."""
    id: str
    description: str
    image: torch.nn.Module
    text: torch.nn.Module
    size: int
    resize: str                 # 'crop' or 'squash'
    interpolation: str
    mean: list
    std: list
    context: int
    pad_id: int
    tokenizer: dict             # of tokenizer.json
    logit_scale: float
    logit_bias: float = None    # a number makes the scores sigmoids
    clean: str = None           # what is done to texts before tokenizer.json, see TextSpec.clean of src/models/manifest.ts
    license: str = ''


class Half(torch.nn.Module):
    """A function of a module as a module of its own, for the exporter."""
    def __init__(self, module, run):
        super().__init__()
        self.module, self.run = module, run

    def forward(self, x):
        return self.run(self.module, x)


def from_open_clip(name, pretrained):
    import open_clip
    model, _, preprocess = open_clip.create_model_and_transforms(name, pretrained=pretrained)
    wanted = open_clip.get_model_preprocess_cfg(model)
    texts = open_clip.get_model_config(name)['text_cfg']
    tokenizer = open_clip.get_tokenizer(name)
    size = wanted['size'][0] if isinstance(wanted['size'], (tuple, list)) else wanted['size']
    if isinstance(wanted['size'], (tuple, list)) and wanted['size'][0] != wanted['size'][1]: raise SystemExit('This model takes images that are not square, which is not supported.')
    resize = {'shortest': 'crop', 'squash': 'squash'}.get(wanted['resize_mode'])
    if resize is None: raise SystemExit(f'This model resizes images by "{wanted["resize_mode"]}", which is not supported.')
    if hasattr(tokenizer, 'bpe_ranks'): described, pad, clean = bpe(tokenizer), 0, None
    else:
        kwargs = texts.get('tokenizer_kwargs', {})
        if kwargs.get('strip_sep_token'): raise SystemExit('This model strips the separator of its tokens, which is not supported.')
        described, pad, clean = json.loads(tokenizer.tokenizer.backend_tokenizer.to_str()), tokenizer.tokenizer.pad_token_id, kwargs.get('clean')
        clean = clean if clean in ('lower', 'canonicalize') else None
    bias = getattr(model, 'logit_bias', None)
    return Towers(
        id=plain(f'{name}-{pretrained}'), description=f'OpenCLIP {name}, {pretrained}',
        image=Half(model, lambda m, x: m.encode_image(x)), text=Half(model, lambda m, x: m.encode_text(x)),
        size=size, resize=resize, interpolation=wanted['interpolation'], mean=list(wanted['mean']), std=list(wanted['std']),
        context=tokenizer.context_length, pad_id=pad or 0, tokenizer=described, clean=clean,
        logit_scale=float(model.logit_scale.exp()), logit_bias=None if bias is None else float(bias))


def from_transformers(name):
    from transformers import AutoImageProcessor, AutoModel, AutoTokenizer
    model, processor, tokenizer = AutoModel.from_pretrained(name).float(), AutoImageProcessor.from_pretrained(name), AutoTokenizer.from_pretrained(name)
    siglip = model.config.model_type.startswith('siglip')
    if not siglip and not hasattr(model, 'visual_projection'): raise SystemExit(f'{name} is a {model.config.model_type}; CLIP and SigLIP can be exported.')
    size = processor.crop_size if getattr(processor, 'do_center_crop', False) else processor.size
    size = dict(size)
    side = size.get('shortest_edge') or size.get('height')
    if size.get('height') != size.get('width'): raise SystemExit('This model takes images that are not square, which is not supported.')
    def image(m, x):
        pooled = m.vision_model(pixel_values=x).pooler_output
        return pooled if siglip else m.visual_projection(pooled)
    def text(m, x):
        pooled = m.text_model(input_ids=x).pooler_output
        return pooled if siglip else m.text_projection(pooled)
    return Towers(
        id=plain(name), description=f'Hugging Face {name}', image=Half(model, image), text=Half(model, text),
        size=side, resize='crop' if getattr(processor, 'do_center_crop', False) else 'squash', interpolation=FILTERS[int(processor.resample)],
        mean=list(processor.image_mean), std=list(processor.image_std), context=model.config.text_config.max_position_embeddings, pad_id=tokenizer.pad_token_id or 0,
        # SigLIP learned lower-case texts; its tokenizer does not see to that (big_vision, issue 187).
        tokenizer=json.loads(tokenizer.backend_tokenizer.to_str()), clean='lower' if siglip else None,
        logit_scale=float(model.logit_scale.exp()), logit_bias=float(model.logit_bias) if siglip else None)


def plain(name):
    return re.sub(r'[^A-Za-z0-9.]+', '-', name).strip('-').lower()


def bpe(tokenizer):
    """tokenizer.json of open_clip's SimpleTokenizer: CLIP's byte-level BPE (Radford et al. 2021), lower case, single spaces."""
    begin, end = '<|startoftext|>' if '<|startoftext|>' in tokenizer.encoder else '<start_of_text>', '<|endoftext|>' if '<|endoftext|>' in tokenizer.encoder else '<end_of_text>'
    merges = sorted(tokenizer.bpe_ranks, key=tokenizer.bpe_ranks.get)
    special = lambda content: {'id': tokenizer.encoder[content], 'content': content, 'single_word': False, 'lstrip': False, 'rstrip': False, 'normalized': False, 'special': True}
    return {
        'version': '1.0', 'truncation': None, 'padding': None, 'added_tokens': [special(begin), special(end)],
        'normalizer': {'type': 'Sequence', 'normalizers': [{'type': 'NFC'}, {'type': 'Replace', 'pattern': {'Regex': r'\s+'}, 'content': ' '}, {'type': 'Lowercase'}]},
        'pre_tokenizer': {'type': 'Sequence', 'pretokenizers': [
            # The pattern of the published tokenizer (clip/simple_tokenizer.py): contractions, letters, single digits, the rest.
            {'type': 'Split', 'pattern': {'Regex': r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"}, 'behavior': 'Removed', 'invert': True},
            {'type': 'ByteLevel', 'add_prefix_space': False, 'trim_offsets': True, 'use_regex': False}]},
        'post_processor': {'type': 'RobertaProcessing', 'sep': [end, tokenizer.encoder[end]], 'cls': [begin, tokenizer.encoder[begin]], 'trim_offsets': False, 'add_prefix_space': False},
        'decoder': {'type': 'ByteLevel', 'add_prefix_space': True, 'trim_offsets': True, 'use_regex': True},
        'model': {'type': 'BPE', 'dropout': None, 'unk_token': end, 'continuing_subword_prefix': '', 'end_of_word_suffix': '</w>', 'fuse_unk': False, 'byte_fallback': False,
                  'vocab': tokenizer.encoder, 'merges': [' '.join(pair) for pair in merges]},
    }


def write_graph(module, example, path, input_name, output_name):
    # The exporter of newer releases is another one; this one knows dynamic axes in all of them.
    old = {'dynamo': False} if 'dynamo' in inspect.signature(torch.onnx.export).parameters else {}
    torch.onnx.export(module, (example,), path, input_names=[input_name], output_names=[output_name], opset_version=OPSET, do_constant_folding=True,
        dynamic_axes={input_name: {0: 'batch'}, output_name: {0: 'batch'}}, **old)


def halve(source, target):
    """Weights stored as fp16, with a cast in the graph: half the size, computed as before on every processor."""
    model = onnx.load(source)
    graph = model.graph
    casts = []
    for init in list(graph.initializer):
        if init.data_type != TensorProto.FLOAT or int(np.prod(init.dims)) < 512: continue
        value = numpy_helper.to_array(init)
        if np.abs(value).max() > np.finfo(np.float16).max: continue
        graph.initializer.remove(init)
        graph.initializer.append(numpy_helper.from_array(value.astype(np.float16), init.name + '_fp16'))
        casts.append(helper.make_node('Cast', [init.name + '_fp16'], [init.name], to=TensorProto.FLOAT))
    for place, node in enumerate(casts): graph.node.insert(place, node)
    onnx.save(model, target)


def quantise(source, target):
    from onnxruntime.quantization import QuantType, quantize_dynamic
    # Not the convolution that cuts the image into patches: integers cost it most and gain nothing.
    quantize_dynamic(source, target, op_types_to_quantize=['MatMul', 'Gemm', 'Gather'], per_channel=True, weight_type=QuantType.QInt8, extra_options={'DefaultTensorType': TensorProto.FLOAT})


def run(path, name, rows, batch=8):
    import onnxruntime
    session = onnxruntime.InferenceSession(path, providers=['CPUExecutionProvider'])
    return np.concatenate([session.run(None, {name: rows[k:k + batch]})[0] for k in range(0, len(rows), batch)])


def cosines(a, b):
    return (a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)


def sample(towers, count=32, seed=1):
    """Pictures (smooth blobs, not noise: noise is like nothing a tower has learnt) and texts (random tokens between the special ones) to compare the variants on."""
    maker = torch.Generator().manual_seed(seed)
    pixels = torch.nn.functional.interpolate(torch.rand(count, 3, 6, 6, generator=maker), size=towers.size, mode='bilinear', align_corners=False)
    pixels = (pixels - torch.tensor(towers.mean).view(1, 3, 1, 1)) / torch.tensor(towers.std).view(1, 3, 1, 1)
    special = {token['id'] for token in towers.tokenizer['added_tokens'] if token['special']}
    vocabulary = [k for k in range(min(200, len(towers.tokenizer['model']['vocab']))) if k not in special]
    post = towers.tokenizer['post_processor'] or {}
    begin, end = (post['cls'][1], post['sep'][1]) if post.get('type') == 'RobertaProcessing' else (None, 1)
    ids = torch.full((count, towers.context), towers.pad_id, dtype=torch.long)
    for row in ids:
        length = int(torch.randint(1, max(2, min(12, towers.context - 2)), (1,), generator=maker))
        words = [vocabulary[int(k)] for k in torch.randint(0, len(vocabulary), (length,), generator=maker)]
        tokens = ([] if begin is None else [begin]) + words + [end]
        row[:len(tokens)] = torch.tensor(tokens)
    return pixels, ids


def entry(folder, name):
    with open(os.path.join(folder, name), 'rb') as file: blob = file.read()
    return {'path': name, 'sha256': hashlib.sha256(blob).hexdigest(), 'sizeBytes': len(blob)}


def export(towers, out, variants=VARIANTS):
    """Writes OUT/<variant> and returns {variant: {'image': lowest cosine, 'text': lowest cosine}} to what the checkpoint gives."""
    pixels, ids = sample(towers)
    towers.image.eval(), towers.text.eval()
    with torch.no_grad(): expected = {'image': towers.image(pixels).numpy(), 'text': towers.text(ids).numpy()}
    full = os.path.join(out, 'fp32')
    os.makedirs(full, exist_ok=True)
    graphs = {'image': ('vision_model.onnx', 'pixel_values', pixels), 'text': ('text_model.onnx', 'input_ids', ids)}
    for half, (file, name, rows) in graphs.items():
        with torch.no_grad(): write_graph(getattr(towers, half), rows[:2], os.path.join(full, file), name, f'{half}_embeds')
    report = {}
    for variant in variants:
        folder = os.path.join(out, variant)
        os.makedirs(folder, exist_ok=True)
        report[variant] = {}
        for half, (file, name, rows) in graphs.items():
            target = os.path.join(folder, file)
            if variant == 'fp16': halve(os.path.join(full, file), target)
            if variant == 'int8': quantise(os.path.join(full, file), target)
            report[variant][half] = float(cosines(run(target, name, rows.numpy()), expected[half]).min())
        with open(os.path.join(folder, 'tokenizer.json'), 'w', encoding='utf-8') as file: json.dump(towers.tokenizer, file, ensure_ascii=False)
        with open(os.path.join(folder, 'model.json'), 'w', encoding='utf-8') as file: file.write(json.dumps(manifest(towers, variant, folder, expected['image'].shape[1]), indent=2) + '\n')
    if 'fp32' not in variants: shutil.rmtree(full)
    return report


def manifest(towers, variant, folder, dim):
    files = {'vision': entry(folder, 'vision_model.onnx'), 'text': entry(folder, 'text_model.onnx'), 'tokenizer': entry(folder, 'tokenizer.json')}
    revision = hashlib.sha256(''.join(each['sha256'] for each in files.values()).encode()).hexdigest()[:12]
    return {
        'id': towers.id, 'revision': revision, 'variant': variant, 'name': towers.description, 'description': f'Exported from {towers.description}', 'license': towers.license,
        'preprocessingVersion': 1, 'files': files, 'embeddingDim': dim,
        'image': {'input': 'pixel_values', 'output': 'image_embeds', 'size': towers.size, 'resize': towers.resize, 'interpolation': towers.interpolation, 'mean': towers.mean, 'std': towers.std},
        'text': {'inputs': {'ids': 'input_ids'}, 'output': 'text_embeds', 'contextLength': towers.context, 'padId': towers.pad_id, 'padding': 'max', 'addSpecialTokens': True,
                 **({'clean': towers.clean} if towers.clean else {})},
        'score': {'kind': 'softmax' if towers.logit_bias is None else 'sigmoid', 'logitScale': towers.logit_scale, 'logitBias': towers.logit_bias or 0},
        'promptTemplates': ['a photo of a {}'],
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    kinds = parser.add_subparsers(dest='kind', required=True)
    one = kinds.add_parser('open_clip'); one.add_argument('name'); one.add_argument('pretrained')
    two = kinds.add_parser('transformers'); two.add_argument('name')
    for each in (one, two):
        each.add_argument('out')
        each.add_argument('--variants', nargs='+', choices=VARIANTS, default=VARIANTS)
        each.add_argument('--license', default='', help='as the source of the weights states it')
    args = parser.parse_args()
    towers = from_open_clip(args.name, args.pretrained) if args.kind == 'open_clip' else from_transformers(args.name)
    towers.license = args.license
    for variant, found in export(towers, args.out, args.variants).items():
        print(f'{variant}: lowest cosine to the checkpoint {found["image"]:.5f} (images), {found["text"]:.5f} (texts); {os.path.join(args.out, variant)}')


if __name__ == '__main__': main()
