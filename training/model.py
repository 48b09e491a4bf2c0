"""The two towers: a small residual CNN for pictures and a gated bag of sub-words for text. Both end in unit vectors."""
import torch
import torch.nn as nn
import torch.nn.functional as F

DIM = 256
DEPTHS = (2, 4, 2)


class _Convolution(torch.autograd.Function):
    """A 3x3 convolution with gradients that are faster in bf16 than oneDNN's: that of the pixels is another convolution, that of the weights on small maps nine matrix products."""
    @staticmethod
    def forward(ctx, x, weight, stride):
        ctx.save_for_backward(x, weight)
        ctx.stride = stride
        return F.conv2d(x, weight, None, stride, 1)

    @staticmethod
    def backward(ctx, grad):
        x, weight = ctx.saved_tensors
        s, c, (h, w) = ctx.stride, x.shape[1], grad.shape[2:]
        grad = grad.contiguous(memory_format=torch.channels_last)
        def part(mask): return torch.ops.aten.convolution_backward(grad, x, weight, None, [s, s], [1, 1], [1, 1], False, [0, 0], 1, mask)
        if s == 1: grad_x = F.conv2d(grad, weight.flip(2, 3).transpose(0, 1).contiguous(memory_format=torch.channels_last), None, 1, 1)
        else: grad_x = part([True, False, False])[0]
        if h > 4 and not (s == 2 and c >= 64): return grad_x, part([False, True, False])[1], None
        padded = F.pad(x.permute(0, 2, 3, 1), (0, 0, 1, 1, 1, 1))
        flat = grad.permute(1, 0, 2, 3).reshape(grad.shape[1], -1)
        taps = [flat @ padded[:, dy:dy + s * (h - 1) + 1:s, dx:dx + s * (w - 1) + 1:s].reshape(-1, c) for dy in range(3) for dx in range(3)]
        return grad_x, torch.stack(taps, 2).view(-1, c, 3, 3), None


class Conv3(nn.Conv2d):
    """A 3x3 convolution with padding 1 and no bias."""
    def __init__(self, cin, cout, stride=1):
        super().__init__(cin, cout, 3, stride, 1, bias=False)

    def forward(self, x):
        if self.training and torch.is_autocast_cpu_enabled():
            # The tower runs in bf16 under autocast; a function of one's own has to cast for itself.
            return _Convolution.apply(x.to(torch.bfloat16), self.weight.to(torch.bfloat16).contiguous(memory_format=torch.channels_last), self.stride[0])
        return super().forward(x)


class Block(nn.Module):
    def __init__(self, cin, cout, stride=1):
        super().__init__()
        self.conv1 = Conv3(cin, cout, stride)
        self.bn1 = nn.BatchNorm2d(cout)
        self.conv2 = Conv3(cout, cout)
        self.bn2 = nn.BatchNorm2d(cout)
        self.short = None
        if stride > 1 or cin != cout:
            self.short = nn.Sequential(nn.AvgPool2d(stride), nn.Conv2d(cin, cout, 1, bias=False), nn.BatchNorm2d(cout))

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y + (x if self.short is None else self.short(x)))


def mixed_styles(x, share):
    """
    [batch, channels, h, w] -> the same; in a share of the pictures mean and deviation of each channel are moved towards those of another picture of the batch (MixStyle, Zhou et al. 2021):
    weight of lines, fill and contrast belong to the hand that drew, and should not matter.
    """
    with torch.no_grad():
        deviation, mean = torch.std_mean(x.float(), (2, 3), keepdim=True)
        deviation = deviation + 1e-3
        kept = torch.where(torch.rand(len(x)) < share, torch.distributions.Beta(.2, .2).sample((len(x),)), torch.tensor(1.)).view(-1, 1, 1, 1)
        other = torch.randperm(len(x))
        scale = (kept + (1 - kept) * deviation[other] / deviation).clamp(max=4)
        shift = kept * mean + (1 - kept) * mean[other] - mean * scale
    return x * scale.to(x.dtype) + shift.to(x.dtype)


class ImageTower(nn.Module):
    """pixel_values float32 [batch, 3, side, side] (side a multiple of 16), normalised to [-1, 1] -> unit image_embeds [batch, DIM]."""
    def __init__(self, stem=32, widths=(64, 128, 320), depths=DEPTHS):
        super().__init__()
        layers = [nn.Conv2d(3, stem, 3, 2, 1, bias=False), nn.BatchNorm2d(stem), nn.ReLU()]
        cin = stem
        for width, depth in zip(widths, depths):
            for k in range(depth):
                layers.append(Block(cin, width, 2 if k == 0 else 1))
                cin = width
        self.body = nn.Sequential(*layers)
        # Share of the pictures whose styles are mixed in training, after the first and the second stage.
        self.mix = 0.
        self.ends = 2 + depths[0], 2 + depths[0] + depths[1]
        self.head = nn.Linear(2 * cin, DIM)

    def forward(self, x):
        for k, layer in enumerate(self.body):
            x = layer(x)
            if self.training and self.mix and k in self.ends: x = mixed_styles(x, self.mix)
        x = x.flatten(2).float()
        x = torch.cat([x.mean(2), x.amax(2)], 1)
        return F.normalize(self.head(x), dim=1)


class RemindedImage(ImageTower):
    """The image tower as it ships: with a memory."""
    def __init__(self, memory):
        super().__init__()
        self.memory = memory

    def forward(self, x):
        return self.memory(super().forward(x))


def nearness(v, centres, offsets, sharpness):
    """[batch, DIM], [k, DIM], [k] -> [batch, 1]: a soft maximum of the cosines to captions, or to what stands for them with the logs of its shares as offsets."""
    return 1 + torch.log(torch.exp(sharpness * (F.linear(v, centres) - 1) + offsets).sum(1, keepdim=True)) / sharpness


class Memory(nn.Module):
    """
    Moves a unit vector towards what stands beside the entries it lies near: [batch, DIM] -> the same. A tower that has not learned its training by heart gets it to look up (after k-nearest-neighbour
    language models, Khandelwal et al. 2020).

    near [k, n], told [m, k]: what is looked for in each entry and what stands there, in k numbers; ask [DIM, k] makes k numbers of a vector, say [k, DIM] a vector of k numbers, about mean [DIM].
    sharpness: the scale of the cosines; share: of what is remembered in what comes out.
    bias [n]: the logs of how often an entry counts. groups: where several entries have one thing told, tuples of (entries of each, things told); of a group first
    the first entry of each, then the second.
    """
    def __init__(self, near, told, ask, say, mean, sharpness, share, bias=None, groups=None):
        super().__init__()
        self.sharpness, self.share, self.groups = sharpness, share, groups
        for name, value in dict(near=near, told=told, ask=ask * sharpness, say=say, mean=mean, bias=bias).items(): self.register_buffer(name, None if value is None else value.contiguous())

    def forward(self, v):
        found = v @ self.ask @ self.near
        if self.bias is not None: found = found + self.bias
        found = torch.softmax(found, 1)
        if self.groups: found = torch.cat([part.reshape(-1, each, count).sum(1) for part, (each, count) in zip(found.split([each * count for each, count in self.groups], 1), self.groups)], 1)
        told = found @ self.told @ self.say + self.mean
        return F.normalize(v * (1 - self.share) + F.normalize(told, dim=1) * self.share, dim=1)


class LevelledTower(ImageTower):
    """
    The image tower, levelled: before there was a memory it shipped so. Some pictures lie near very many captions and would be found for all that the text tower is unsure of (hubs; inverted softmax,
    Smith et al. 2017). All captions have one direction in common: a picture is turned away from it by as much as it is nearer to the captions than pictures are on
    average, and so loses the same for every query.

    centres [k, DIM], offsets [k]: stand for all captions, see builtin.centres_of; common [DIM]: the mean caption; sharpness: the logit scale; level: the mean nearness of pictures;
    share: how much of the difference is taken away; memory: what a picture goes through before.
    """
    def __init__(self, centres, offsets, common, sharpness, level=0., share=.6, memory=None):
        super().__init__()
        self.memory = memory or nn.Identity()
        self.sharpness, self.level, self.share = sharpness, level, share
        self.register_buffer('centres', centres)
        self.register_buffer('offsets', offsets)
        self.register_buffer('common', F.normalize(common, dim=0))
        self.length = float(common.norm())

    def forward(self, x):
        v = self.memory(super().forward(x))
        along = F.linear(v, self.common.unsqueeze(0))
        rest = F.normalize(v - along * self.common, dim=1)
        along = (along - self.share * (nearness(v, self.centres, self.offsets, self.sharpness) - self.level) / self.length).clamp(-.9, .9)
        return along * self.common + torch.sqrt(1 - along * along) * rest


class Attention(nn.Module):
    """What the other sub-words say to each sub-word: [batch, seq, width] -> the same. Starts as nothing."""
    def __init__(self, width, heads=4):
        super().__init__()
        self.heads = heads
        self.norm = nn.LayerNorm(width)
        self.ask, self.key, self.value = nn.Linear(width, width), nn.Linear(width, width, bias=False), nn.Linear(width, width)
        self.out = nn.Linear(width, width)
        nn.init.zeros_(self.out.weight); nn.init.zeros_(self.out.bias)

    def forward(self, x, m):
        b, n, width = x.shape
        y = self.norm(x)
        q, k, v = [part(y).view(b, n, self.heads, width // self.heads).transpose(1, 2) for part in (self.ask, self.key, self.value)]
        score = q @ k.transpose(2, 3) * (width // self.heads) ** -.5
        score = score.float() + (m.float().view(b, 1, 1, n) - 1) * 1e4
        return self.out((score.softmax(3).to(v.dtype) @ v).transpose(1, 2).reshape(b, n, width))


class TextTower(nn.Module):
    """input_ids, attention_mask int64 [batch, seq] -> unit text_embeds [batch, DIM]. Word order enters by one width-3 convolution, the whole text by two attention layers."""
    def __init__(self, vocab, width=256):
        super().__init__()
        self.embed = nn.Embedding(vocab, width)
        nn.init.normal_(self.embed.weight, std=.05)
        self.side = nn.Linear(width, 64)
        self.mix = nn.Linear(width + 128, width)
        self.attend = Attention(width)
        self.norm3 = nn.LayerNorm(width)
        self.up3 = nn.Linear(width, 3 * width)
        self.down3 = nn.Linear(3 * width, width)
        nn.init.zeros_(self.down3.weight); nn.init.zeros_(self.down3.bias)
        self.attend2 = Attention(width)
        self.gate = nn.Linear(width, 1)
        self.norm1 = nn.LayerNorm(width)
        self.up = nn.Linear(width, 3 * width)
        self.down = nn.Linear(3 * width, width)
        self.norm2 = nn.LayerNorm(width)
        self.up2 = nn.Linear(width, 3 * width)
        self.down2 = nn.Linear(3 * width, width)
        nn.init.zeros_(self.down2.weight); nn.init.zeros_(self.down2.bias)
        self.head = nn.Linear(width, DIM)

    def forward(self, ids, mask):
        return self.pooled(self.embed(ids), mask)

    def pooled(self, x, mask):
        m = mask.to(x.dtype).unsqueeze(2)
        x = x * m
        side = self.side(x) * m
        zero = torch.zeros_like(side[:, :1])
        around = torch.cat([torch.cat([zero, side[:, :-1]], 1), x, torch.cat([side[:, 1:], zero], 1)], 2)
        x = x + F.gelu(self.mix(around))
        x = x + self.attend(x, m)
        x = x + self.down3(F.gelu(self.up3(self.norm3(x))))
        x = x + self.attend2(x, m)
        weight = torch.exp(self.gate(x).clamp(-8, 8)) * m
        x = (x * weight).sum(1) / (weight.sum(1) + 1e-6)
        x = self.norm1(x)
        x = self.norm2(x + self.down(F.gelu(self.up(x))))
        x = x + self.down2(F.gelu(self.up2(x)))
        return F.normalize(self.head(x), dim=1)


class RemindedText(TextTower):
    """The text tower as it ships: with a memory."""
    def __init__(self, vocab, memory):
        super().__init__(vocab)
        self.memory = memory

    def forward(self, ids, mask):
        return self.memory(super().forward(ids, mask))
