"""Regenerates the golden vectors of packages/core from public implementations.

    python3 -m venv /tmp/venv-golden
    /tmp/venv-golden/bin/pip install -r tools/golden/requirements.txt
    /tmp/venv-golden/bin/python tools/golden/make_vectors.py [output folder] [--only NAME]

Every file carries a `provenance` header. Numbers that must survive to the bit are hexadecimal strings of little-endian
bytes: float32 (4 bytes), codes in their storage type (1 or 2 bytes). torch is optional; without it torch-*.json is left
as it is.
"""

import argparse
import json
import platform
from pathlib import Path

import float_vectors
import integer_vectors
import qparams_vectors
import quantize_vectors
import torch_vectors

SEED = 20240607
FILES = {
    "onnx-quantize": quantize_vectors.make,
    "onnxruntime-qparams": qparams_vectors.make,
    "ml-dtypes-floats": float_vectors.make,
    "onnxruntime-integer": integer_vectors.make,
    "torch-fake-quantize": torch_vectors.make,
}


def main() -> None:
    default = Path(__file__).resolve().parents[2] / "packages/core/src/__fixtures__/golden"
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", nargs="?", type=Path, default=default)
    parser.add_argument("--only", choices=sorted(FILES))
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    for name, make in FILES.items():
        if arguments.only not in (None, name):
            continue
        made = make(SEED)
        if made is None:
            print(f"{name}: skipped, its tool is not installed")
            continue
        versions, content = made
        provenance = {
            "tools": versions,
            "python": platform.python_version(),
            "seed": SEED,
            "command": f"tools/golden/make_vectors.py --only {name}",
        }
        path = arguments.folder / f"{name}.json"
        lines = [f'"provenance": {json.dumps(provenance)}']
        for key, cases in content.items():
            rows = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
            lines.append(f'"{key}": [\n{rows}\n]')
        path.write_text("{\n" + ",\n".join(lines) + "\n}\n")
        print(f"{name}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
