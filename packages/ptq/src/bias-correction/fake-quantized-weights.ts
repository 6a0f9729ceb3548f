import { fakeQuantize, type QuantizationSpec } from '@bitwright/core';
import { DataType, editGraph, type Model, type Tensor, tensorFromArray, tensorToFloat32 } from '@bitwright/onnx';

/** What a constant is worth after quantization: dequantize(quantize(w)), in its float32 shape. */
export function fakeQuantizeConstant(tensor: Tensor, spec: QuantizationSpec): Float32Array | undefined {
  const quantization = spec.tensors[tensor.name];
  if (quantization === undefined || quantization.role !== 'weight') return undefined;
  const shape = tensor.dims.map(Number);
  return fakeQuantize({ data: tensorToFloat32(tensor), shape }, quantization.scheme, quantization.qparams);
}

/** The float model with every quantized weight moved onto its grid; biases and activations stay float. */
export function fakeQuantizeWeights(model: Model, spec: QuantizationSpec): Model {
  const edit = editGraph(model);
  for (const tensor of edit.initializers()) {
    const values = fakeQuantizeConstant(tensor, spec);
    if (values === undefined) continue;
    edit.replaceInitializer(tensor.name, tensorFromArray(tensor.name, DataType.FLOAT, tensor.dims, values));
  }
  return edit.finish();
}
