"""QuantizeLinear and DequantizeLinear: onnx reference evaluator, cross-checked with onnxruntime where it has the kernel."""

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

from encoding import hex_of, storage

OPSET = 25
DTYPES = {
    "int8": (TensorProto.INT8, -128, 127),
    "uint8": (TensorProto.UINT8, 0, 255),
    "int16": (TensorProto.INT16, -32768, 32767),
    "uint16": (TensorProto.UINT16, 0, 65535),
    "int4": (TensorProto.INT4, -8, 7),
    "uint4": (TensorProto.UINT4, 0, 15),
    "int2": (TensorProto.INT2, -2, 1),
    "uint2": (TensorProto.UINT2, 0, 3),
}
# name, shape, axis, block size (0: none)
GRANULARITIES = [
    ("per-tensor", (5, 41), None, 0),
    ("axis 0", (4, 3, 7), 0, 0),
    ("axis 1", (2, 5, 9), 1, 0),
    ("group 4 along axis 1", (6, 12), 1, 4),
    ("group 4 along axis 0", (8, 5), 0, 4),
    ("group 8 along axis 1, partial tail", (3, 13), 1, 8),
]


def make(seed):
    random = np.random.default_rng(seed)
    cases = []
    for dtype, (proto, qmin, qmax) in DTYPES.items():
        for name, shape, axis, block in GRANULARITIES:
            cases.append(case(random, dtype, proto, qmin, qmax, name, shape, axis, block))
    versions = {"onnx": onnx.__version__, "onnxruntime": onnxruntime.__version__, "numpy": np.__version__}
    # Not for 2 bits: there onnxruntime converts to int before it saturates, so that +∞ becomes the lowest code.
    wide = [(dtype, proto) for dtype, (proto, _, _) in DTYPES.items() if not dtype.endswith("2")]
    return versions, {"cases": cases, "extremes": [extremes(dtype, proto) for dtype, proto in wide]}


def param_shape(shape, axis, block):
    if axis is None:
        return ()
    if block == 0:
        return (shape[axis],)
    return tuple(-(-d // block) if i == axis else d for i, d in enumerate(shape))


def spread(values, shape, axis, block):
    """The parameter of every element."""
    if axis is None:
        return np.broadcast_to(values, shape)
    if block == 0:
        return np.broadcast_to(values.reshape([-1 if i == axis else 1 for i in range(len(shape))]), shape)
    return np.repeat(values, block, axis=axis).take(range(shape[axis]), axis=axis)


def case(random, dtype, proto, qmin, qmax, name, shape, axis, block):
    params = param_shape(shape, axis, block)
    scale = np.exp2(random.uniform(-9, 3, params)).astype(np.float32)
    zero = random.integers(qmin, qmax + 1, params)
    s, z = spread(scale, shape, axis, block), spread(zero, shape, axis, block)
    # A third on ties (half-way codes, inside and just outside the range), a third next to them, a third anywhere.
    codes = random.integers(qmin - 3, qmax + 4, shape)
    ties = ((codes - z + 0.5) * s.astype(np.float64)).astype(np.float32)
    near = np.nextafter(ties, np.where(random.random(shape) < 0.5, -np.inf, np.inf).astype(np.float32))
    free = ((random.uniform(qmin - 3, qmax + 3, shape) - z) * s).astype(np.float32)
    x = np.choose(random.integers(0, 3, shape), [ties, near, free]).astype(np.float32)
    q, y = run_reference(x, scale, zero, proto, axis, block)
    check_with_onnxruntime(x, scale, zero, proto, axis, block, q, y, f"{dtype} {name}")
    return {
        "name": f"{dtype} {name}",
        "dtype": dtype,
        "shape": list(shape),
        "axis": axis,
        "blockSize": block,
        "scale": hex_of(scale),
        "zeroPoint": np.asarray(zero).ravel().tolist(),
        "x": hex_of(x),
        "codes": hex_of(storage(q, dtype)),
        "real": hex_of(y),
    }


def extremes(dtype, proto):
    """Infinities, subnormal numbers, signed zeros and the largest floats; codes by onnxruntime (the evaluator casts ∞ to int)."""
    tiny = np.float32(1e-45)
    x = np.array([np.inf, -np.inf, 0, -0.0, tiny, -tiny, 3.4e38, -3.4e38, 1.17e-38, 0.5, -0.5, 1.5], np.float32)
    rows = []
    for scale in (np.float32(1), np.float32(2.0**-126), np.float32(3e38), tiny * 8):
        model = one_node("QuantizeLinear", proto, x, np.asarray(scale), np.asarray(0), None, 0, widen=True)
        codes = try_onnxruntime(model)
        rows.append((float(scale), None if codes is None else hex_of(storage(codes, dtype))))
    return {
        "dtype": dtype,
        "x": hex_of(x),
        "scales": hex_of(np.array([r[0] for r in rows], np.float32)),
        "codes": [r[1] for r in rows],
    }


def one_node(op, proto, data, scale, zero, axis, block, widen=False):
    numpy_type = helper.tensor_dtype_to_np_dtype(proto)
    attributes = {} if axis is None else {"axis": axis, "block_size": block}
    is_quantize = op == "QuantizeLinear"
    output_type = proto if is_quantize else TensorProto.FLOAT
    constants = [
        onnx.numpy_helper.from_array(data if is_quantize else data.astype(numpy_type), "x"),
        onnx.numpy_helper.from_array(np.asarray(scale), "scale"),
        onnx.numpy_helper.from_array(np.asarray(zero).astype(numpy_type), "zero"),
    ]
    nodes = [helper.make_node(op, ["x", "scale", "zero"], ["y"], **attributes)]
    if is_quantize and widen:
        # onnxruntime cannot hand sub-byte tensors to numpy: read them back as floats with scale 1.
        nodes = [
            helper.make_node(op, ["x", "scale", "zero"], ["q"], **attributes),
            helper.make_node("DequantizeLinear", ["q", "one"], ["y"]),
        ]
        constants.append(onnx.numpy_helper.from_array(np.float32(1), "one"))
        output_type = TensorProto.FLOAT
    graph = helper.make_graph(
        nodes,
        "g",
        [],
        [helper.make_tensor_value_info("y", output_type, list(data.shape))],
        constants,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=12)


def run_reference(x, scale, zero, proto, axis, block):
    q = ReferenceEvaluator(one_node("QuantizeLinear", proto, x, scale, zero, axis, block)).run(None, {})[0]
    y = ReferenceEvaluator(one_node("DequantizeLinear", proto, q, scale, zero, axis, block)).run(None, {})[0]
    return q, y.astype(np.float32)


def try_onnxruntime(model):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    try:
        session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
        value = session.run_with_ort_values(["y"], {})[0]
        return value.numpy()
    except Exception:
        return None


def check_with_onnxruntime(x, scale, zero, proto, axis, block, q, y, name):
    codes = try_onnxruntime(one_node("QuantizeLinear", proto, x, scale, zero, axis, block, widen=True))
    if codes is None:
        print(f"  onnxruntime cannot run QuantizeLinear for {name}: reference evaluator alone")
    elif not np.array_equal(codes.astype(np.int32), q.astype(np.int32)):
        raise AssertionError(f"onnx and onnxruntime disagree on QuantizeLinear {name}")
    real = try_onnxruntime(one_node("DequantizeLinear", proto, q, scale, zero, axis, block))
    if real is None:
        print(f"  onnxruntime cannot run DequantizeLinear for {name}: reference evaluator alone")
    elif not np.array_equal(real.view(np.uint32), y.view(np.uint32)):
        print(f"  onnx and onnxruntime disagree on DequantizeLinear {name}")
