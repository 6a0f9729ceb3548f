"""Regenerates packages/core/src/__fixtures__/golden/observer-ranges.json: calibration ranges of onnxruntime.quantization, and
closed forms for percentiles and analytic clipping.

    python3 -m venv /tmp/venv-golden
    /tmp/venv-golden/bin/pip install onnxruntime==1.30.0 onnx numpy
    /tmp/venv-golden/bin/python tools/golden/make_observer_vectors.py [output file]

The tensors are not stored: `hashed` makes them from a counter with integer arithmetic and exact float64 operations, which the
test repeats to the bit. Ranges are float32 values as calibrators return them, printed as the float64 they convert to.
"""

import argparse
import contextlib
import io
import json
import math
import platform
from pathlib import Path
from statistics import NormalDist

import numpy as np
import onnx
import onnxruntime
from onnxruntime.quantization.calibrate import HistogramCollector

SEED = 20240607
COUNT = 20000
KINDS = ("normal", "longTailed", "relu", "positive", "negative", "outliers", "tiny", "few", "powerOfTwo")
ENTROPY = ((2048, 128), (512, 128), (1024, 256), (128, 128))
PERCENTILES = (99.999, 99.9, 99.0)


def hashed(start, count):
    """Uniform numbers k·2^-32: murmur3's finalizer of the counter start … start + count − 1."""
    z = (np.arange(start, start + count, dtype=np.uint64) * np.uint64(0x9E3779B9) % np.uint64(2**32)).astype(np.uint32)
    with np.errstate(over="ignore"):
        z = (z ^ (z >> np.uint32(16))) * np.uint32(0x85EBCA6B)
        z = (z ^ (z >> np.uint32(13))) * np.uint32(0xC2B2AE35)
        z = z ^ (z >> np.uint32(16))
    return z.astype(np.float64) / 2**32


def normal(start, count):
    """Sum of twelve uniforms minus 6, added one after the other."""
    u = hashed(start, 12 * count).reshape(count, 12)
    total = np.full(count, -6.0)
    for i in range(12):
        total = total + u[:, i]
    return total


def tensor(kind, start):
    n = normal(start, COUNT)
    u = hashed(start + 12 * COUNT, COUNT)
    data = {
        "normal": lambda: n,
        "longTailed": lambda: n * n * n,
        "relu": lambda: np.maximum(n, 0.0),
        "positive": lambda: 0.5 + u,
        "negative": lambda: -1.5 + u,
        "outliers": lambda: n * np.where(u < 0.0005, 100.0, 1.0),
        "tiny": lambda: n * 2.0**-60,
        "few": lambda: np.floor(5.0 * u) * 0.75,
        "powerOfTwo": lambda: np.where(np.arange(COUNT) == 7, 8.0, n),
    }[kind]()
    return data.astype(np.float32)


def collected(method, symmetric, bins, levels, percentile, data):
    collector = HistogramCollector(method, symmetric, bins, levels, percentile, "same")
    with contextlib.redirect_stdout(io.StringIO()):
        collector.collect({"x": data})
        result = collector.compute_collection_result()["x"]
    return collector.histogram_dict["x"], [float(result[0]), float(result[1])]


def onnxruntime_case(kind, index):
    start = SEED + index * 16 * COUNT
    data = tensor(kind, start)
    threshold = float(np.float32(max(abs(data.min()), abs(data.max()))))
    entropy, percentile = [], []
    for bins, levels in ENTROPY:
        histogram, range_ = collected("entropy", False, bins, levels, 99.99, data)
        checksum = int((histogram[0] * np.arange(bins)).sum())
        entropy.append({"bins": bins, "levels": levels, "range": range_, "checksum": checksum})
    for p in PERCENTILES:
        percentile.append({"p": p, "symmetric": False, "range": collected("percentile", False, 2048, 128, p, data)[1]})
        percentile.append({"p": p, "symmetric": True, "range": collected("percentile", True, 2048, 128, p, data)[1]})
    magnitudes = np.abs(data)
    return {
        "kind": kind,
        "start": start,
        "minMax": [float(data.min()), float(data.max())],
        "threshold": threshold,
        "magnitudes": [float(magnitudes.min()), float(magnitudes.max())],
        "entropy": entropy,
        "percentile": percentile,
    }


def quantile_cases():
    """Bound T with P(|x| <= T) = p of the standard normal and the Laplace distribution with b = 1."""
    shares = (0.5, 0.9, 0.99, 0.999, 0.9999)
    gauss = [{"distribution": "gauss", "p": 100 * p, "bound": NormalDist().inv_cdf((1 + p) / 2)} for p in shares]
    return gauss + [{"distribution": "laplace", "p": 100 * p, "bound": -math.log(1 - p)} for p in shares]


def clip_cases():
    """Optimal clip by golden-section search on the error itself, not on the derivative that the library solves."""

    def laplace(a, levels):
        return 2 * math.exp(-a) + a * a / (3 * levels**2)

    def gauss(a, levels):
        tail = (a * a + 1) * math.erfc(a / math.sqrt(2)) - math.sqrt(2 / math.pi) * a * math.exp(-a * a / 2)
        return tail + a * a / (3 * levels**2)

    cases = []
    for name, error in (("laplace", laplace), ("gauss", gauss)):
        for bits in range(1, 13):
            low, high = 0.0, 40.0
            ratio = (math.sqrt(5) - 1) / 2
            for _ in range(200):
                a, b = high - ratio * (high - low), low + ratio * (high - low)
                if error(a, 2**bits) < error(b, 2**bits):
                    high = b
                else:
                    low = a
            cases.append({"distribution": name, "bits": bits, "alpha": (low + high) / 2})
    return cases


def main() -> None:
    default = Path(__file__).resolve().parents[2] / "packages/core/src/__fixtures__/golden/observer-ranges.json"
    parser = argparse.ArgumentParser()
    parser.add_argument("file", nargs="?", type=Path, default=default)
    path = parser.parse_args().file
    content = {
        "calibrators": [onnxruntime_case(kind, index) for index, kind in enumerate(KINDS)],
        "quantiles": quantile_cases(),
        "clips": clip_cases(),
    }
    provenance = {
        "tools": {"onnxruntime": onnxruntime.__version__, "onnx": onnx.__version__, "numpy": np.__version__},
        "python": platform.python_version(),
        "seed": SEED,
        "count": COUNT,
        "command": "tools/golden/make_observer_vectors.py",
    }
    lines = [f'"provenance": {json.dumps(provenance)}']
    for key, cases in content.items():
        rows = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
        lines.append(f'"{key}": [\n{rows}\n]')
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    print(f"{path.name}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
