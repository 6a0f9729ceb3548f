"""Scale and zero point of onnxruntime.quantization for its schemes, float32 ranges as its calibrators give them."""

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto
from onnxruntime.quantization.quant_utils import (
    compute_scale_zp,
    compute_scale_zp_blocked,
    get_qmin_qmax_for_qType,
)

from encoding import hex_of

TYPES = {
    "int8": TensorProto.INT8,
    "uint8": TensorProto.UINT8,
    "int16": TensorProto.INT16,
    "uint16": TensorProto.UINT16,
    "int4": TensorProto.INT4,
    "uint4": TensorProto.UINT4,
}


def make(seed):
    random = np.random.default_rng(seed)
    ranges = ranges_of(random)
    tensors = [
        scheme_case(dtype, proto, symmetric, reduce, ranges)
        for dtype, proto in TYPES.items()
        for symmetric in (False, True)
        for reduce in (False, True)
    ]
    blocked = [
        blocked_case(random, dtype, proto, symmetric)
        for dtype, proto in TYPES.items()
        for symmetric in (False, True)
    ]
    versions = {"onnxruntime": onnxruntime.__version__, "onnx": onnx.__version__, "numpy": np.__version__}
    return versions, {"tensors": tensors, "blocked": blocked}


def ranges_of(random):
    fixed = [
        (0, 0), (-1, 1), (-1, 3), (2, 5.1), (-5, -2), (0, 6), (-0.5, 0), (-128, 127), (0, 255), (-127.5, 127.5),
        (1e-40, 2e-40), (-1e-38, 1e-38), (0, 3e-36), (0, 2.9e-36), (-1e38, 1e38), (0, 1.5e38), (-2.0**-20, 2.0**20), (-1e-3, 1e6),
    ]
    # Zero points on a tie: min/scale half-way between two integers, for spans of 255 and 15.
    ties = [(-(k + 0.5) * s, (span - k - 0.5) * s) for k in (0, 3, 7) for s in (1, 0.25) for span in (255, 15)]
    magnitudes = np.exp2(random.uniform(-20, 20, 60))
    free = [(-a * random.random(), a * random.random()) for a in magnitudes]
    return np.array(fixed + ties + free, np.float32)


def scheme_case(dtype, proto, symmetric, reduce, ranges):
    qmin, qmax = get_qmin_qmax_for_qType(proto, reduce_range=reduce, symmetric=symmetric)
    scales, zeros = [], []
    for low, high in ranges:
        zero, scale = compute_scale_zp(np.array(low), np.array(high), qmin, qmax, symmetric)
        scales.append(scale)
        zeros.append(int(zero))
    return {
        "name": f"{dtype} {'symmetric' if symmetric else 'asymmetric'}{' reduce_range' if reduce else ''}",
        "dtype": dtype,
        "symmetric": symmetric,
        "qmin": int(qmin),
        "qmax": int(qmax),
        "ranges": hex_of(ranges.ravel()),
        "scale": hex_of(np.array(scales, np.float32)),
        "zeroPoint": zeros,
    }


def blocked_case(random, dtype, proto, symmetric):
    weight = random.standard_normal((12, 10)).astype(np.float32)
    weight[4:8, 3] = 0
    qmin, qmax = get_qmin_qmax_for_qType(proto, reduce_range=False, symmetric=symmetric)
    zero, scale = compute_scale_zp_blocked(weight, proto, 0, 4, symmetric)
    return {
        "name": f"{dtype} {'symmetric' if symmetric else 'asymmetric'}",
        "dtype": dtype,
        "symmetric": symmetric,
        "qmin": int(qmin),
        "qmax": int(qmax),
        "shape": [12, 10],
        "axis": 0,
        "blockSize": 4,
        "x": hex_of(weight),
        "scale": hex_of(scale.astype(np.float32)),
        "zeroPoint": zero.astype(np.int32).ravel().tolist(),
    }
