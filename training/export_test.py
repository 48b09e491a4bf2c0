"""Checks export.py on modules of CLIP's shape with random weights (they prove the way, not the quality): `python -m unittest export_test` in this folder, where torch, onnx and onnxruntime are installed."""
import importlib.util, json, os, tempfile, unittest
import torch
import export

HAS = {name: importlib.util.find_spec(name) is not None for name in ('open_clip', 'transformers', 'tokenizers')}


class Attention(torch.nn.Module):
    """Pre-norm transformer of CLIP (Radford et al. 2021): quick GELU, causal for texts."""
    def __init__(self, width, layers, heads, causal):
        super().__init__()
        self.heads, self.causal = heads, causal
        self.layers = torch.nn.ModuleList(torch.nn.ModuleDict(dict(
            norm1=torch.nn.LayerNorm(width), qkv=torch.nn.Linear(width, 3 * width), out=torch.nn.Linear(width, width),
            norm2=torch.nn.LayerNorm(width), up=torch.nn.Linear(width, 4 * width), down=torch.nn.Linear(4 * width, width))) for _ in range(layers))

    def forward(self, x):
        b, n, w = x.shape
        hidden = torch.full((n, n), -1e4).triu(1) if self.causal else torch.zeros(n, n)
        for layer in self.layers:
            q, k, v = layer['qkv'](layer['norm1'](x)).view(b, n, 3, self.heads, w // self.heads).permute(2, 0, 3, 1, 4)
            weight = torch.softmax(q @ k.transpose(2, 3) / (w // self.heads) ** .5 + hidden, 3)
            x = x + layer['out']((weight @ v).transpose(1, 2).reshape(b, n, w))
            y = layer['up'](layer['norm2'](x))
            x = x + layer['down'](y * torch.sigmoid(1.702 * y))
        return x


class Image(torch.nn.Module):
    def __init__(self, size, patch, width, layers, heads, dim):
        super().__init__()
        self.cut = torch.nn.Conv2d(3, width, patch, patch, bias=False)
        self.first = torch.nn.Parameter(torch.randn(width) * .02)
        self.place = torch.nn.Parameter(torch.randn((size // patch) ** 2 + 1, width) * .02)
        self.body, self.norm, self.head = Attention(width, layers, heads, False), torch.nn.LayerNorm(width), torch.nn.Linear(width, dim, bias=False)

    def forward(self, x):
        x = self.cut(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.first.expand(x.shape[0], 1, -1), x], 1) + self.place
        return self.head(self.norm(self.body(x)[:, 0]))


class Text(torch.nn.Module):
    def __init__(self, vocabulary, context, width, layers, heads, dim):
        super().__init__()
        self.words, self.place = torch.nn.Embedding(vocabulary, width), torch.nn.Parameter(torch.randn(context, width) * .02)
        self.body, self.norm, self.head = Attention(width, layers, heads, True), torch.nn.LayerNorm(width), torch.nn.Linear(width, dim, bias=False)

    def forward(self, ids):
        x = self.norm(self.body(self.words(ids) + self.place))
        # CLIP pools at the end token, which has the highest id.
        return self.head(x[torch.arange(x.shape[0]), ids.argmax(1)])


def tokenizer():
    letters = {chr(97 + k): k for k in range(26)}
    vocabulary = {**letters, **{f'{c}</w>': 26 + k for c, k in letters.items()}, '<|startoftext|>': 52, '<|endoftext|>': 53}
    class Simple: encoder, bpe_ranks = vocabulary, {}
    return export.bpe(Simple)


class Export(unittest.TestCase):
    def check(self, towers, least):
        with tempfile.TemporaryDirectory() as out:
            report = export.export(towers, out)
            for variant, limit in least.items():
                for half, cosine in report[variant].items(): self.assertGreater(cosine, limit, f'{variant} {half}')
                with open(os.path.join(out, variant, 'model.json')) as file: manifest = json.load(file)
                for each in manifest['files'].values(): self.assertEqual(os.path.getsize(os.path.join(out, variant, each['path'])), each['sizeBytes'])
            size = lambda variant: os.path.getsize(os.path.join(out, variant, 'vision_model.onnx'))
            self.assertLess(size('fp16'), .6 * size('fp32'))
            self.assertLess(size('int8'), .6 * size('fp32'))
            return manifest

    def test_module(self):
        torch.manual_seed(1)
        towers = export.Towers('clip-shaped', 'a module of CLIP\'s shape, random weights', Image(64, 16, 128, 3, 4, 64), Text(54, 77, 128, 3, 4, 64), 64, 'crop', 'bicubic',
            [.48145466, .4578275, .40821073], [.26862954, .26130258, .27577711], 77, 0, tokenizer(), 100.)
        manifest = self.check(towers, {'fp32': .999999, 'fp16': .9999, 'int8': .97})
        self.assertEqual(manifest['embeddingDim'], 64)
        self.assertEqual(manifest['score'], {'kind': 'softmax', 'logitScale': 100., 'logitBias': 0})

    @unittest.skipUnless(HAS['transformers'], 'transformers is not installed')
    def test_transformers(self):
        from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel, CLIPTokenizerFast
        torch.manual_seed(1)
        small = dict(hidden_size=128, intermediate_size=512, num_hidden_layers=2, num_attention_heads=4)
        model = CLIPModel(CLIPConfig(text_config=dict(small, vocab_size=54, eos_token_id=53, bos_token_id=52, pad_token_id=53), vision_config=dict(small, image_size=64, patch_size=16), projection_dim=32))
        with tempfile.TemporaryDirectory() as folder:
            model.save_pretrained(folder)
            CLIPImageProcessor(size={'shortest_edge': 64}, crop_size={'height': 64, 'width': 64}).save_pretrained(folder)
            described = tokenizer()
            CLIPTokenizerFast(vocab=described['model']['vocab'], merges=[tuple(m.split(' ')) for m in described['model']['merges']]).save_pretrained(folder)
            towers = export.from_transformers(folder)
            pixels, ids = torch.randn(2, 3, 64, 64), torch.tensor([[52, 3, 4, 53] + [53] * 73, [52, 30, 53] + [53] * 74])
            with torch.no_grad():
                whole = model(input_ids=ids, pixel_values=pixels)
                for ours, theirs in ((towers.image(pixels), whole.image_embeds), (towers.text(ids), whole.text_embeds)):
                    self.assertGreater(float(torch.nn.functional.cosine_similarity(ours, theirs).min()), .99999)
            self.assertEqual((towers.size, towers.resize, towers.interpolation, towers.context), (64, 'crop', 'bicubic', 77))
            self.check(towers, {'fp32': .999999, 'fp16': .9999, 'int8': .97})

    @unittest.skipUnless(HAS['open_clip'] and HAS['tokenizers'], 'open_clip_torch is not installed')
    def test_open_clip(self):
        import open_clip
        from tokenizers import Tokenizer
        towers = export.from_open_clip('RN50', None)
        ours, theirs = Tokenizer.from_str(json.dumps(towers.tokenizer)), open_clip.get_tokenizer('RN50')
        for text in ('a photo of a cat', 'Don\'t PANIC: 42 things…', 'naïve café', '猫 🛒', '  two   spaces ', 'x' * 50):
            ids = theirs(text)[0].tolist()
            self.assertEqual(ours.encode(text).ids, ids[:len(ours.encode(text).ids)], text)
        self.assertEqual((towers.size, towers.resize, towers.interpolation, towers.context), (224, 'crop', 'bicubic', 77))


if __name__ == '__main__': unittest.main()
