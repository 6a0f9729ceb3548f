"""Integer operators of onnxruntime's CPU provider. Weights stay in −64…64: on x86 without VNNI wider ones saturate int16 pairs."""

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper

from encoding import hex_of

MS = "com.microsoft"


def make(seed):
    random = np.random.default_rng(seed)
    cases = []
    for dtype in (np.uint8, np.int8):
        cases += convolutions(random, dtype)
        cases += products(random, dtype)
        cases += elementwise(random, dtype)
        cases += pools(random, dtype)
    versions = {"onnxruntime": onnxruntime.__version__, "onnx": onnx.__version__, "numpy": np.__version__}
    return versions, {"cases": cases}


def run(op, inputs, attributes, domain="", optional=()):
    names = [f"i{k}" for k in range(len(inputs))]
    constants = [onnx.numpy_helper.from_array(v, n) for v, n in zip(inputs, names)]
    graph = helper.make_graph(
        [helper.make_node(op, names, ["y"], domain=domain, **attributes)],
        "g",
        [helper.make_tensor_value_info("i0", helper.np_dtype_to_tensor_dtype(inputs[0].dtype), inputs[0].shape)],
        [onnx.ValueInfoProto(name="y")],
        constants[1:],
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 21), helper.make_opsetid(MS, 1)], ir_version=10
    )
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return session.run(None, {"i0": inputs[0]})[0]


def tensor(random, shape, dtype):
    info = np.iinfo(dtype)
    return random.integers(info.min, info.max + 1, shape).astype(dtype)


def qparams(random, dtype, low=-6.0, high=-3.0):
    info = np.iinfo(dtype)
    return np.float32(np.exp2(random.uniform(low, high))), dtype(random.integers(info.min + 60, info.max - 60))


def record(op, operands, y, **more):
    arrays = {k: {"type": v.dtype.name, "shape": list(v.shape), "data": hex_of(v)} for k, v in operands.items()}
    return {"op": op, "type": y.dtype.name, **more, "operands": arrays, "y": hex_of(y), "yShape": list(y.shape)}


def convolutions(random, dtype):
    cases = []
    variants = [
        ((1, 3, 7, 6), (4, 3, 3, 3), {"pads": [1, 1, 1, 1]}),
        ((2, 4, 6, 5), (6, 2, 3, 2), {"group": 2, "strides": [2, 1], "pads": [1, 0, 2, 1]}),
        ((1, 5, 8, 8), (5, 1, 3, 3), {"group": 5, "dilations": [2, 2], "pads": [2, 2, 2, 2]}),
        ((1, 8, 4, 4), (3, 8, 1, 1), {}),
    ]
    for x_shape, w_shape, attributes in variants:
        x = tensor(random, x_shape, dtype)
        w = random.integers(-64, 65, w_shape).astype(np.int8)
        (sx, zx), (sy, zy) = qparams(random, dtype), qparams(random, dtype, -3, 0)
        sw = np.exp2(random.uniform(-8, -6, w_shape[0])).astype(np.float32)
        zw = np.zeros(w_shape[0], np.int8)
        bias = random.integers(-3000, 3000, w_shape[0]).astype(np.int32)
        y = run("QLinearConv", [x, np.asarray(sx), np.asarray(zx), w, sw, zw, np.asarray(sy), np.asarray(zy), bias], attributes)
        acc = run("ConvInteger", [x, w, np.asarray(zx), np.asarray(np.int8(0))], attributes)
        cases.append(record(
            "conv", {"x": x, "w": w, "bias": bias, "scaleW": sw, "acc": acc}, y,
            scaleX=float(sx), zeroX=int(zx), scaleY=float(sy), zeroY=int(zy), attributes=attributes,
        ))
    return cases


def products(random, dtype):
    a = tensor(random, (5, 19), dtype)
    b = random.integers(-64, 65, (19, 7)).astype(np.int8)
    (sa, za), (sy, zy) = qparams(random, dtype), qparams(random, dtype, -3, 0)
    sb = np.float32(np.exp2(random.uniform(-8, -6)))
    zb = np.int8(random.integers(-20, 20))
    scalars = [np.asarray(v) for v in (sa, za)]
    y = run("QLinearMatMul", [a, *scalars, b, np.asarray(sb), np.asarray(zb), np.asarray(sy), np.asarray(zy)], {})
    acc = run("MatMulInteger", [a, b, np.asarray(za), np.asarray(zb)], {})
    return [record(
        "matmul", {"a": a, "b": b, "acc": acc}, y,
        scaleA=float(sa), zeroA=int(za), scaleB=float(sb), zeroB=int(zb), scaleY=float(sy), zeroY=int(zy),
    )]


def elementwise(random, dtype):
    cases = []
    a, b = tensor(random, (400,), dtype), tensor(random, (400,), dtype)
    (sa, za), (sb, zb), (sy, zy) = qparams(random, dtype), qparams(random, dtype), qparams(random, dtype, -5, -2)
    parts = [np.asarray(v) for v in (sa, za)], [np.asarray(v) for v in (sb, zb)], [np.asarray(v) for v in (sy, zy)]
    shared = dict(scaleA=float(sa), zeroA=int(za), scaleB=float(sb), zeroB=int(zb), scaleY=float(sy), zeroY=int(zy))
    for op, contrib in (("add", "QLinearAdd"), ("mul", "QLinearMul")):
        y = run(contrib, [a, *parts[0], b, *parts[1], *parts[2]], {}, MS)
        cases.append(record(op, {"a": a, "b": b}, y, **shared))
    a2, b2 = a[:60].reshape(2, 3, 10), b[:80].reshape(2, 4, 10)
    y = concat(a2, b2, parts)
    cases.append(record("concat", {"a": a2, "b": b2}, y, axis=1, **shared))
    y = run("QLinearSigmoid", [a, *parts[0], np.asarray(np.float32(1 / 256)), np.asarray(dtype(np.iinfo(dtype).min))], {}, MS)
    cases.append(record("sigmoid", {"a": a}, y, scaleA=float(sa), zeroA=int(za), scaleY=1 / 256, zeroY=int(np.iinfo(dtype).min)))
    return cases


def concat(a, b, parts):
    names = ["ys", "yz", "a", "as", "az", "b", "bs", "bz"]
    values = [parts[2][0], parts[2][1], a, *parts[0], b, *parts[1]]
    graph = helper.make_graph(
        [helper.make_node("QLinearConcat", names, ["y"], domain=MS, axis=1)],
        "g",
        [helper.make_tensor_value_info("a", helper.np_dtype_to_tensor_dtype(a.dtype), a.shape)],
        [onnx.ValueInfoProto(name="y")],
        [onnx.numpy_helper.from_array(v, n) for v, n in zip(values, names) if n != "a"],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21), helper.make_opsetid(MS, 1)], ir_version=10)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"a": a})[0]


def pools(random, dtype):
    cases = []
    x = tensor(random, (2, 3, 7, 6), dtype)
    (sx, zx), (sy, zy) = qparams(random, dtype), qparams(random, dtype)
    shared = dict(scaleX=float(sx), zeroX=int(zx), scaleY=float(sy), zeroY=int(zy))
    parts = [np.asarray(v) for v in (sx, zx, sy, zy)]
    for attributes in (
        {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1], "count_include_pad": 0},
        {"kernel_shape": [3, 2], "strides": [1, 2], "pads": [1, 0, 1, 1], "count_include_pad": 1},
        {"kernel_shape": [3, 3], "strides": [2, 2], "ceil_mode": 1, "count_include_pad": 0},
    ):
        y = run("QLinearAveragePool", [x, *parts], attributes, MS)
        cases.append(record("averagePool", {"x": x}, y, attributes=attributes, **shared))
    y = run("QLinearGlobalAveragePool", [x, *parts], {"channels_last": 0}, MS)
    cases.append(record("globalAveragePool", {"x": x}, y, **shared))
    attributes = {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1], "ceil_mode": 1}
    y = run("MaxPool", [x], attributes)
    cases.append(record("maxPool", {"x": x}, y, attributes=attributes))
    return cases
