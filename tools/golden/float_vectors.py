"""Low-bit floats of ml_dtypes (and numpy's float16): decoding tables, and encoding of midpoints, neighbours and specials."""

import ml_dtypes
import numpy as np
import onnx
from onnx.numpy_helper import saturate_cast, to_float8e8m0

from encoding import hex_of

FORMATS = {
    "float16": np.float16,
    "bfloat16": ml_dtypes.bfloat16,
    "float8E4M3FN": ml_dtypes.float8_e4m3fn,
    "float8E5M2": ml_dtypes.float8_e5m2,
    "float8E4M3FNUZ": ml_dtypes.float8_e4m3fnuz,
    "float8E5M2FNUZ": ml_dtypes.float8_e5m2fnuz,
    "float4E2M1": ml_dtypes.float4_e2m1fn,
}
SATURATING = ("float8E4M3FN", "float8E5M2", "float8E4M3FNUZ", "float8E5M2FNUZ", "float4E2M1")


def make(seed):
    random = np.random.default_rng(seed)
    formats = [format_case(random, name, dtype) for name, dtype in FORMATS.items()]
    versions = {"ml_dtypes": ml_dtypes.__version__, "numpy": np.__version__, "onnx": onnx.__version__}
    return versions, {"formats": formats, "e8m0": [e8m0_case(random, mode) for mode in ("up", "down", "nearest")]}


def format_case(random, name, dtype):
    wide = np.dtype(dtype).itemsize == 2
    code_type = np.uint16 if wide else np.uint8
    every = np.arange(16 if name == "float4E2M1" else 65536 if wide else 256, dtype=code_type)
    codes = np.concatenate([every[:40], every[-40:], random.choice(every, 400)]) if wide else every
    values = codes.view(dtype).astype(np.float32)
    finite = np.unique(every.view(dtype).astype(np.float32))
    finite = finite[np.isfinite(finite)].astype(np.float64)
    midpoints = ((finite[1:] + finite[:-1]) / 2).astype(np.float32)
    if wide:
        midpoints = np.concatenate([midpoints[:20], midpoints[-20:], random.choice(midpoints, 300)])
    with np.errstate(over="ignore"):
        x = np.concatenate([
            midpoints,
            np.nextafter(midpoints, np.float32(np.inf)),
            np.nextafter(midpoints, np.float32(-np.inf)),
            np.array([0, -0.0, np.inf, -np.inf, 1e-45, -1e-45, 3.4e38, -3.4e38, 65519.99, 65520, 464, 465, 61440, 61439], np.float32),
            (np.exp2(random.uniform(-30, 20, 200)) * random.choice([-1, 1], 200)).astype(np.float32),
        ])
    with np.errstate(all="ignore"):
        plain = x.astype(dtype)
    case = {
        "name": name,
        "decodeCodes": hex_of(codes),
        "decoded": hex_of(np.where(np.isnan(values), np.float32(np.nan), values)),
        "x": hex_of(x),
        "codes": hex_of(plain.view(code_type)),
    }
    if name in SATURATING:
        case["saturated"] = hex_of(saturate_cast(x, np.dtype(dtype)).view(code_type))
    return case


def e8m0_case(random, mode):
    x = np.exp2(random.uniform(-125, 126.9, 200)).astype(np.float32)
    x[:8] = [1, 1.5, 2, 3, 0.75, 2.0**-126, 2.0**127, 1.0000001]
    return {"round": mode, "x": hex_of(x), "codes": hex_of(to_float8e8m0(x, round_mode=mode).view(np.uint8))}
