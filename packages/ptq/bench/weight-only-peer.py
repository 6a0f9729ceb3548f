"""The peer of weight-only.ts: onnxruntime.quantization's weight quantizers on one model.

    python weight-only-peer.py model.onnx out/

Writes one file per form into `out/` and prints one JSON line: form -> {"file", "seconds"} or {"error"}.
Developer tooling only; needs `pip install onnxruntime==1.30.0 onnx numpy`.
"""

import json
import sys
import time
from pathlib import Path

import onnx
import onnxruntime
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.quantization.matmul_bnb4_quantizer import MatMulBnb4Quantizer
from onnxruntime.quantization.matmul_nbits_quantizer import (
    DefaultWeightOnlyQuantConfig,
    HQQWeightOnlyQuantConfig,
    MatMulNBitsQuantizer,
)

model_path, out = sys.argv[1], Path(sys.argv[2])


def dynamic(path, weight_type, per_channel):
    options = {"MatMulConstBOnly": True, "EnableSubgraph": True}
    quantize_dynamic(model_path, path, weight_type=weight_type, per_channel=per_channel, extra_options=options)


def blocks(path, config, op_types=("MatMul",)):
    quantizer = MatMulNBitsQuantizer(onnx.load(model_path), algo_config=config, op_types_to_quantize=op_types)
    quantizer.process()
    quantizer.model.save_model_to_file(str(path), False)


def nearest(path, symmetric, op_types):
    config = DefaultWeightOnlyQuantConfig(
        block_size=32, is_symmetric=symmetric, op_types_to_quantize=op_types, quant_axes=(("MatMul", 0), ("Gather", 1))
    )
    blocks(path, config, op_types)


def bnb4(path):
    quantizer = MatMulBnb4Quantizer(onnx.load(model_path), MatMulBnb4Quantizer.NF4, 64)
    quantizer.process()
    quantizer.model.save_model_to_file(str(path), False)


forms = {
    "int8 dynamic, per tensor (its default)": lambda p: dynamic(p, QuantType.QInt8, False),
    "int8 dynamic, per channel": lambda p: dynamic(p, QuantType.QInt8, True),
    "uint8 dynamic, per tensor": lambda p: dynamic(p, QuantType.QUInt8, False),
    "uint8 dynamic, per channel": lambda p: dynamic(p, QuantType.QUInt8, True),
    "q4 nearest, symmetric": lambda p: nearest(p, True, ("MatMul",)),
    "q4 nearest, asymmetric": lambda p: nearest(p, False, ("MatMul",)),
    "q4 nearest, symmetric, embedding too": lambda p: nearest(p, True, ("MatMul", "Gather")),
    "q4 HQQ": lambda p: blocks(p, HQQWeightOnlyQuantConfig(block_size=32)),
    "bnb4 (nf4)": bnb4,
}

results = {}
for form, write in forms.items():
    path = out / f"peer_{len(results)}.onnx"
    start = time.perf_counter()
    try:
        write(path)
        results[form] = {"file": str(path), "seconds": time.perf_counter() - start}
    except Exception as error:  # a form this installation cannot make is a result too
        results[form] = {"error": f"{type(error).__name__}: {error}".splitlines()[0]}
print(json.dumps({"version": onnxruntime.__version__, "forms": results}))
