"""The peer: onnxruntime.quantization's quantize_static on the samples of a .npy file.

    python peer_quantize_static.py model.onnx samples.npy out.onnx --method MinMax --batch 32

Prints one JSON line: seconds of the quantize_static call (reading the samples included) and peak memory of the process.
Developer tooling only; needs `pip install onnxruntime==1.30.0 onnx numpy`.
"""

import argparse
import json
import resource
import tempfile
import time

import numpy as np
import onnxruntime
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

parser = argparse.ArgumentParser()
parser.add_argument("model")
parser.add_argument("samples")
parser.add_argument("out")
parser.add_argument("--method", default="MinMax")
parser.add_argument("--batch", type=int, default=32)
parser.add_argument("--per-tensor", action="store_true")
arguments = parser.parse_args()


class Reader(CalibrationDataReader):
    def __init__(self, name):
        self.samples = np.load(arguments.samples, mmap_mode="r")
        self.name = name
        self.position = 0

    def get_next(self):
        batch = self.samples[self.position : self.position + arguments.batch]
        self.position += arguments.batch
        return {self.name: np.ascontiguousarray(batch)} if len(batch) else None


with tempfile.TemporaryDirectory() as folder:
    prepared = f"{folder}/prepared.onnx"
    quant_pre_process(arguments.model, prepared, skip_symbolic_shape=True)
    name = onnxruntime.InferenceSession(prepared).get_inputs()[0].name
    before = resource.getrusage(resource.RUSAGE_SELF)
    start = time.perf_counter()
    quantize_static(
        prepared,
        arguments.out,
        Reader(name),
        quant_format=QuantFormat.QDQ,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        per_channel=not arguments.per_tensor,
        calibrate_method=CalibrationMethod[arguments.method],
    )
    seconds = time.perf_counter() - start

after = resource.getrusage(resource.RUSAGE_SELF)
cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
print(
    json.dumps(
        {
            "seconds": seconds,
            "cpuSeconds": cpu,
            "peakBytes": after.ru_maxrss * 1024,
            "beforeBytes": before.ru_maxrss * 1024,
            "onnxruntime": onnxruntime.__version__,
        }
    )
)
