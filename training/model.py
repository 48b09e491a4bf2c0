"""The two towers: a small residual CNN for pictures and a gated bag of sub-words for text. Both end in unit vectors."""
import torch
import torch.nn as nn
import torch.nn.functional as F

DIM = 256


class _SmallMapConvolution(torch.autograd.Function):
    """A 3x3 convolution whose weight gradient is one matrix product: on maps of 4x4 and less oneDNN's own takes twice as long in bf16."""
    @staticmethod
    def forward(ctx, x, weight, stride):
        ctx.save_for_backward(x, weight)
        ctx.stride = stride
        return F.conv2d(x, weight, None, stride, 1)

    @staticmethod
    def backward(ctx, grad):
        x, weight = ctx.saved_tensors
        s, c, (h, w) = ctx.stride, x.shape[1], grad.shape[2:]
        grad_x = torch.ops.aten.convolution_backward(grad, x, weight, None, [s, s], [1, 1], [1, 1], False, [0, 0], 1, [True, False, False])[0]
        padded = F.pad(x.permute(0, 2, 3, 1), (0, 0, 1, 1, 1, 1))
        taps = [padded[:, dy:dy + s * (h - 1) + 1:s, dx:dx + s * (w - 1) + 1:s].reshape(-1, c) for dy in range(3) for dx in range(3)]
        flat = grad.permute(0, 2, 3, 1).reshape(-1, grad.shape[1])
        return grad_x, (torch.cat(taps, 1).t() @ flat).view(3, 3, c, -1).permute(3, 2, 0, 1), None


class Conv3(nn.Conv2d):
    """A 3x3 convolution with padding 1 and no bias."""
    def __init__(self, cin, cout, stride=1):
        super().__init__(cin, cout, 3, stride, 1, bias=False)

    def forward(self, x):
        if self.training and torch.is_autocast_cpu_enabled() and x.shape[2] <= 4 * self.stride[0]:
            # The tower runs in bf16 under autocast; a function of one's own has to cast for itself.
            return _SmallMapConvolution.apply(x.to(torch.bfloat16), self.weight.to(torch.bfloat16).contiguous(memory_format=torch.channels_last), self.stride[0])
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


class ImageTower(nn.Module):
    """pixel_values float32 [batch, 3, side, side] (side a multiple of 16), normalised to [-1, 1] -> unit image_embeds [batch, DIM]."""
    def __init__(self, stem=32, widths=(64, 128, 320), depths=(1, 2, 1)):
        super().__init__()
        layers = [nn.Conv2d(3, stem, 3, 2, 1, bias=False), nn.BatchNorm2d(stem), nn.ReLU()]
        cin = stem
        for width, depth in zip(widths, depths):
            for k in range(depth):
                layers.append(Block(cin, width, 2 if k == 0 else 1))
                cin = width
        self.body = nn.Sequential(*layers)
        self.head = nn.Linear(2 * cin, DIM)

    def forward(self, x):
        x = self.body(x).flatten(2).float()
        x = torch.cat([x.mean(2), x.amax(2)], 1)
        return F.normalize(self.head(x), dim=1)


class TextTower(nn.Module):
    """input_ids, attention_mask int64 [batch, seq] -> unit text_embeds [batch, DIM]. Word order enters by one width-3 convolution."""
    def __init__(self, vocab, width=256):
        super().__init__()
        self.embed = nn.Embedding(vocab, width)
        nn.init.normal_(self.embed.weight, std=.05)
        self.side = nn.Linear(width, 64)
        self.mix = nn.Linear(width + 128, width)
        self.gate = nn.Linear(width, 1)
        self.norm1 = nn.LayerNorm(width)
        self.up = nn.Linear(width, 3 * width)
        self.down = nn.Linear(3 * width, width)
        self.norm2 = nn.LayerNorm(width)
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
        weight = torch.exp(self.gate(x).clamp(-8, 8)) * m
        x = (x * weight).sum(1) / (weight.sum(1) + 1e-6)
        x = self.norm1(x)
        x = self.norm2(x + self.down(F.gelu(self.up(x))))
        return F.normalize(self.head(x), dim=1)
