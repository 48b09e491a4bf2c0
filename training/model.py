"""The two towers: a small residual CNN for pictures and a gated bag of sub-words for text. Both end in unit vectors."""
import torch
import torch.nn as nn
import torch.nn.functional as F

DIM = 256


class Block(nn.Module):
    def __init__(self, cin, cout, stride=1):
        super().__init__()
        self.conv1 = nn.Conv2d(cin, cout, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(cout)
        self.conv2 = nn.Conv2d(cout, cout, 3, 1, 1, bias=False)
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
        x = self.body(x).flatten(2)
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
