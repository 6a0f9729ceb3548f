"""Runs .tflite models in TensorFlow's interpreter, for tests and measurements.

usage: run-tflite.py JOBS.json

JOBS.json: [{"model": path, "inputs": {name: {"file": path, "shape": [...], "dtype": "float32"}}, "outputs": folder,
             "samples": n, "resolver": "builtin" | "xnnpack" | "reference", "tensors": [name, ...]}]
An input file holds the samples one after the other, raw and little-endian, `shape` being that of one sample. Every output is
written as one raw file of all samples; the answer on stdout is [{name: {"file", "shape", "dtype"}}] in the order of the jobs.
"tensors" names the tensors to write instead of the outputs, as they are in memory; those the model does not have are left out.
"""
import json
import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import warnings

warnings.filterwarnings("ignore")
import numpy as np
import tensorflow as tf

resolvers = {
    "builtin": tf.lite.experimental.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
    "xnnpack": tf.lite.experimental.OpResolverType.AUTO,
    "reference": tf.lite.experimental.OpResolverType.BUILTIN_REF,
}


def run(job):
    interpreter = tf.lite.Interpreter(
        model_path=job["model"],
        experimental_op_resolver_type=resolvers[job.get("resolver", "builtin")],
        experimental_preserve_all_tensors="tensors" in job,
    )
    interpreter.allocate_tensors()
    details = {detail["name"]: detail for detail in interpreter.get_input_details()}
    data = {
        name: np.fromfile(entry["file"], dtype=entry["dtype"]).reshape([-1, *entry["shape"][1:]])
        for name, entry in job["inputs"].items()
    }
    wanted = interpreter.get_output_details() if "tensors" not in job else [
        detail for detail in interpreter.get_tensor_details() if detail["name"] in job["tensors"]
    ]
    results = {detail["name"]: [] for detail in wanted}
    for sample in range(job.get("samples", 1)):
        for name, values in data.items():
            interpreter.set_tensor(details[name]["index"], values[sample : sample + 1])
        interpreter.invoke()
        for detail in wanted:
            results[detail["name"]].append(interpreter.get_tensor(detail["index"]).copy())
    answer = {}
    for position, (name, values) in enumerate(results.items()):
        stacked = np.concatenate([np.atleast_1d(value) for value in values])
        path = os.path.join(job["outputs"], f"output-{position}.raw")
        stacked.tofile(path)
        answer[name] = {"file": path, "shape": list(values[0].shape), "dtype": str(stacked.dtype)}
    return answer


with open(sys.argv[1], encoding="utf-8") as file:
    jobs = json.load(file)
answers = []
for job in jobs:
    try:
        answers.append(run(job))
    except Exception as error:  # the caller reports it with the model's name
        answers.append({"error": str(error)})
print("\n" + json.dumps(answers))
