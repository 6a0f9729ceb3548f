"""Trains the demo's digit classifier and writes it as ONNX.

The network is small but has what makes quantization hard: depthwise convolutions, residual additions, parallel
branches joined by Concat, average pooling, and batch normalization that is still separate in the file.

    node examples/demo/train/export-data.mjs /tmp/demo-data 24
    python3 -m venv /tmp/demo-venv
    /tmp/demo-venv/bin/pip install -r examples/demo/train/requirements.txt
    /tmp/demo-venv/bin/python examples/demo/train/train.py /tmp/demo-data /tmp/model.onnx

One epoch sees every training digit once, distorted differently in each epoch (one variant per epoch).
"""

import argparse
import pathlib
import time

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn
from torch.nn import functional

SEED = 20240607
BATCH = 64
PEAK_LEARNING_RATE = 6e-3
WEIGHT_DECAY = 2e-3
SIDE = 28
CLASSES = 10
OPSET = 17
IR_VERSION = 8


class Graph:
    """Collects ONNX nodes and initializers; every value is named after the node that makes it."""

    def __init__(self):
        self.nodes = []
        self.initializers = []

    def constant(self, name, array):
        self.initializers.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def add(self, kind, name, inputs, output=None, **attributes):
        output = output or name
        self.nodes.append(helper.make_node(kind, inputs, [output], name=name, **attributes))
        return output


def array_of(tensor):
    return tensor.detach().cpu().numpy().astype(np.float32)


class Convolution(nn.Module):
    """Convolution without bias, batch normalization, then 'relu', 'relu6' or nothing."""

    def __init__(self, inputs, outputs, kernel=1, stride=1, groups=1, activation="relu6"):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False)
        self.norm = nn.BatchNorm2d(outputs)
        self.activation = activation
        nn.init.kaiming_normal_(self.conv.weight, mode="fan_out")

    def forward(self, x):
        x = self.norm(self.conv(x))
        if self.activation == "relu6":
            return functional.relu6(x, inplace=True)
        return functional.relu(x, inplace=True) if self.activation == "relu" else x

    def write(self, graph, name, x):
        conv, norm = self.conv, self.norm
        pad = conv.padding[0]
        x = graph.add(
            "Conv",
            f"{name}/conv",
            [x, graph.constant(f"{name}/conv/weight", array_of(conv.weight))],
            kernel_shape=list(conv.kernel_size),
            strides=list(conv.stride),
            pads=[pad] * 4,
            group=conv.groups,
            dilations=[1, 1],
        )
        statistics = {"scale": norm.weight, "bias": norm.bias, "mean": norm.running_mean, "variance": norm.running_var}
        parameters = [graph.constant(f"{name}/norm/{key}", array_of(value)) for key, value in statistics.items()]
        x = graph.add("BatchNormalization", f"{name}/norm", [x, *parameters], epsilon=norm.eps)
        if self.activation == "relu6":
            low = graph.constant(f"{name}/relu6/min", np.float32(0))
            high = graph.constant(f"{name}/relu6/max", np.float32(6))
            return graph.add("Clip", f"{name}/relu6", [x, low, high])
        return graph.add("Relu", f"{name}/relu", [x]) if self.activation == "relu" else x


class InvertedResidual(nn.Module):
    """1×1 expansion, 3×3 depthwise, 1×1 linear projection; plus the input where the shapes agree."""

    def __init__(self, inputs, hidden, outputs, stride=1):
        super().__init__()
        self.expand = Convolution(inputs, hidden)
        self.depthwise = Convolution(hidden, hidden, 3, stride, groups=hidden)
        self.project = Convolution(hidden, outputs, activation=None)
        self.residual = stride == 1 and inputs == outputs

    def forward(self, x):
        y = self.project(self.depthwise(self.expand(x)))
        return x + y if self.residual else y

    def write(self, graph, name, x):
        y = self.expand.write(graph, f"{name}/expand", x)
        y = self.depthwise.write(graph, f"{name}/depthwise", y)
        y = self.project.write(graph, f"{name}/project", y)
        return graph.add("Add", f"{name}/add", [x, y]) if self.residual else y


class Branches(nn.Module):
    """Three views of one input, concatenated: 1×1; 1×1 then 3×3; 1×1 then average pooling."""

    def __init__(self, inputs, point, reduced, wide, pooled):
        super().__init__()
        self.point = Convolution(inputs, point, activation="relu")
        self.reduce = Convolution(inputs, reduced, activation="relu")
        self.wide = Convolution(reduced, wide, 3, activation="relu")
        self.pooled = Convolution(inputs, pooled, activation="relu")

    def forward(self, x):
        pooled = functional.avg_pool2d(self.pooled(x), 3, 1, 1, count_include_pad=False)
        return torch.cat([self.point(x), self.wide(self.reduce(x)), pooled], 1)

    def write(self, graph, name, x):
        point = self.point.write(graph, f"{name}/point", x)
        wide = self.wide.write(graph, f"{name}/wide", self.reduce.write(graph, f"{name}/reduce", x))
        pooled = graph.add(
            "AveragePool",
            f"{name}/pool",
            [self.pooled.write(graph, f"{name}/pooled", x)],
            kernel_shape=[3, 3],
            strides=[1, 1],
            pads=[1] * 4,
            count_include_pad=0,
        )
        return graph.add("Concat", f"{name}/concat", [point, wide, pooled], axis=1)


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.ModuleDict(
            {
                "stem": Convolution(1, 32, 3, stride=2),
                "widen": Convolution(32, 48, 3),
                "block1": InvertedResidual(48, 96, 48),
                "block2": InvertedResidual(48, 96, 48, stride=2),
                "branches": Branches(48, point=32, reduced=32, wide=48, pooled=16),
                "block3": InvertedResidual(96, 96, 96),
            }
        )
        self.classify = nn.Linear(96, CLASSES)

    def forward(self, x):
        for layer in self.features.values():
            x = layer(x)
        return self.classify(x.mean((2, 3)))

    def to_onnx(self):
        graph = Graph()
        x = "image"
        for name, layer in self.features.items():
            x = layer.write(graph, name, x)
        x = graph.add("GlobalAveragePool", "pool", [x])
        x = graph.add("Flatten", "flatten", [x], axis=1)
        weight = graph.constant("classify/weight", array_of(self.classify.weight))
        bias = graph.constant("classify/bias", array_of(self.classify.bias))
        graph.add("Gemm", "classify", [x, weight, bias], output="logits", transB=1)
        model = helper.make_model(
            helper.make_graph(
                graph.nodes,
                "digits",
                [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["N", 1, SIDE, SIDE])],
                [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", CLASSES])],
                graph.initializers,
            ),
            opset_imports=[helper.make_opsetid("", OPSET)],
            ir_version=IR_VERSION,
            producer_name="bitwright-demo",
        )
        onnx.checker.check_model(model, full_check=True)
        return model


def count_multiplications(model):
    """Multiply–accumulate operations of all convolutions and the classifier for one image."""
    total = 0

    def count(module, _inputs, output):
        nonlocal total
        per_output = module.weight[0].numel()
        total += per_output * output[0].numel()

    hooks = [m.register_forward_hook(count) for m in model.modules() if isinstance(m, (nn.Conv2d, nn.Linear))]
    with torch.no_grad():
        model.eval()(torch.zeros(1, 1, SIDE, SIDE))
    for hook in hooks:
        hook.remove()
    return total


def read_levels(folder, name):
    return np.fromfile(folder / f"{name}-levels.bin", np.uint8).reshape(-1, 1, SIDE, SIDE)


def to_images(levels):
    return torch.from_numpy(levels.astype(np.float32) / np.float32(255))


def train(model, variants, labels, epochs):
    optimizer = torch.optim.AdamW(model.parameters(), PEAK_LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    steps = epochs * (len(labels) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, PEAK_LEARNING_RATE, total_steps=steps, pct_start=0.2)
    started = time.time()
    for epoch in range(epochs):
        images = to_images(variants[epoch % len(variants)])
        order = torch.randperm(len(labels))
        loss_sum = 0.0
        model.train()
        for batch in order[: len(labels) // BATCH * BATCH].split(BATCH):
            loss = functional.cross_entropy(model(images[batch]), labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            loss_sum += loss.item() * BATCH
        print(f"epoch {epoch + 1}/{epochs}  loss {loss_sum / len(labels):.4f}  {time.time() - started:.0f} s", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("--epochs", type=int, default=24)
    arguments = parser.parse_args()

    torch.manual_seed(SEED)
    torch.set_num_threads(2)
    torch.use_deterministic_algorithms(True)

    labels = torch.from_numpy(np.fromfile(arguments.data / "training-labels.bin", np.uint8).astype(np.int64))
    variants = read_levels(arguments.data, "training").reshape(-1, len(labels), 1, SIDE, SIDE)
    test_images = to_images(read_levels(arguments.data, "test"))
    test_labels = np.fromfile(arguments.data / "test-labels.bin", np.uint8)

    model = Classifier()
    print(f"{sum(p.numel() for p in model.parameters())} parameters, {count_multiplications(model)} MACs per image")
    train(model, variants, labels, arguments.epochs)

    onnx.save(model.eval().to_onnx(), arguments.model)
    with torch.no_grad():
        expected = torch.cat([model(batch) for batch in test_images.split(250)]).numpy()
    session = onnxruntime.InferenceSession(arguments.model, providers=["CPUExecutionProvider"])
    actual = session.run(["logits"], {"image": test_images.numpy()})[0]
    print(f"file: {arguments.model.stat().st_size} bytes")
    print(f"largest logit difference, PyTorch and ONNX: {np.abs(expected - actual).max():.2e}")
    print(f"test accuracy: PyTorch {(expected.argmax(1) == test_labels).mean():.4f}", end=", ")
    print(f"ONNX {(actual.argmax(1) == test_labels).mean():.4f}")


if __name__ == "__main__":
    main()
