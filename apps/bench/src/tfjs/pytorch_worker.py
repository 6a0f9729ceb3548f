"""The workloads of this folder in PyTorch, the same networks, sizes and updates: answers the requests of contestant.ts as lines of
JSON. Eager mode, channels last, as many threads as torch takes."""

import json
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

FEWEST_STEPS = 2


class Residual(nn.Module):
    """Two 3x3 convolutions and their shortcut, 1x1 where the shape changes."""

    def __init__(self, channels, filters, stride):
        super().__init__()
        self.first = convolution(channels, filters, 3, stride)
        self.second = convolution(filters, filters, 3, 1)
        self.shortcut = convolution(channels, filters, 1, stride) if stride != 1 else nn.Identity()

    def forward(self, x):
        return F.relu(self.second(F.relu(self.first(x))) + self.shortcut(x))


def convolution(channels, filters, size, stride, groups=1):
    return nn.Sequential(
        nn.Conv2d(channels, filters, size, stride, size // 2, groups=groups, bias=False),
        nn.BatchNorm2d(filters, eps=1e-3, momentum=0.01),
    )


def classifier(features, channels):
    return nn.Sequential(*features, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 10))


def resnet20():
    features = [convolution(3, 16, 3, 1), nn.ReLU()]
    channels = 16
    for stage, filters in enumerate([16, 32, 64]):
        for unit in range(3):
            features.append(Residual(channels, filters, 2 if stage > 0 and unit == 0 else 1))
            channels = filters
    return classifier(features, channels)


def mobilenet():
    features = [convolution(3, 16, 3, 2), nn.ReLU6()]
    channels = 16
    for filters, stride in [(32, 1), (64, 2), (64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (256, 1)]:
        features += [convolution(channels, channels, 3, stride, channels), nn.ReLU6()]
        features += [convolution(channels, filters, 1, 1), nn.ReLU6()]
        channels = filters
    return classifier(features, channels)


class Block(nn.Module):
    """A pre-norm transformer block without biases of its matrices, as in transformer.ts."""

    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.norms = nn.ModuleList([nn.LayerNorm(width), nn.LayerNorm(width)])
        self.query, self.key, self.value, self.output = (nn.Linear(width, width, bias=False) for _ in range(4))
        self.expand = nn.Linear(width, 4 * width, bias=False)
        self.contract = nn.Linear(4 * width, width, bias=False)

    def forward(self, x):
        normal = self.norms[0](x)
        split = [f(normal).unflatten(-1, (self.heads, -1)).transpose(1, 2) for f in (self.query, self.key, self.value)]
        mixed = F.scaled_dot_product_attention(*split)
        x = x + self.output(mixed.transpose(1, 2).flatten(-2))
        return x + self.contract(F.gelu(self.expand(self.norms[1](x))))


def train(model, batch, size):
    model = model.to(memory_format=torch.channels_last).train()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    x = torch.randn(batch, 3, size, size).to(memory_format=torch.channels_last)
    labels = torch.randint(0, 10, (batch,))

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss = F.cross_entropy(model(x), labels)
        loss.backward()
        optimizer.step()
        loss.item()

    return step


def predict(model, batch, size):
    model = model.to(memory_format=torch.channels_last).eval()
    x = torch.randn(batch, 3, size, size).to(memory_format=torch.channels_last)

    def step():
        with torch.inference_mode():
            F.softmax(model(x), -1).sum().item()

    return step


def train_transformer(batch, length, width, heads):
    model = Block(width, heads)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    x, target = torch.randn(batch, length, width), torch.randn(batch, length, width)

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss = F.mse_loss(model(x), target)
        loss.backward()
        optimizer.step()
        loss.item()

    return step


WORKLOADS = {
    "resnet20-train": lambda: train(resnet20(), 128, 32),
    "resnet20-train-small": lambda: train(resnet20(), 8, 32),
    "resnet20-predict": lambda: predict(resnet20(), 128, 32),
    "mobilenet-train": lambda: train(mobilenet(), 32, 96),
    "mobilenet-predict": lambda: predict(mobilenet(), 32, 96),
    "transformer-train": lambda: train_transformer(8, 128, 256, 4),
}


def run_turn(step, ms):
    """Steps for at least `ms`; the first finds cold caches and sleeping threads, and is not counted."""
    step()
    times = []
    end = time.perf_counter() + ms / 1000
    while len(times) < FEWEST_STEPS or time.perf_counter() < end:
        start = time.perf_counter()
        step()
        times.append((time.perf_counter() - start) * 1000)
    return times


def answer(reply):
    print(json.dumps(reply), flush=True)


def main():
    answer({"version": f"PyTorch {torch.__version__} ({torch.get_num_threads()} threads)"})
    step = None
    for line in sys.stdin:
        request = json.loads(line)
        if "turn" in request:
            answer({"times": run_turn(step, request["turn"])})
            continue
        prepare = WORKLOADS.get(request["workload"])
        step = prepare() if prepare is not None else None
        answer({"isPrepared": prepare is not None})


main()
