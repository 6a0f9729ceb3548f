import type { QuantizationSpec, Target } from '@bitwright/core';
import { writeQdq } from '@bitwright/export';
import type { Model } from '@bitwright/onnx';

/**
 * The model with quantized activations and float weights: what the exporter would write, less the weights and biases. Rounded
 * weights take the places of float ones as they become known.
 *
 * @throws {ExportError} when the spec and the model do not belong together, or its operator set is too old for a scheme
 */
export function fakeQuantizedModel(model: Model, spec: QuantizationSpec, target: Target): Model {
  const activations = Object.entries(spec.tensors).filter(([, tensor]) => tensor.role === 'activation');
  return writeQdq(model, { ...spec, tensors: Object.fromEntries(activations) }, target);
}
