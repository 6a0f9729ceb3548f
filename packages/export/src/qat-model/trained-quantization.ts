import type { ParamsOf, QuantScheme } from '@bitwright/core';

/** How one tensor was quantized in training. */
export type TrainedTensor<Scheme extends QuantScheme = QuantScheme> = Scheme extends QuantScheme
  ? { readonly scheme: Scheme; readonly qparams: ParamsOf<Scheme> }
  : never;

/**
 * What a quantization-aware training fixed, in the words of the TensorFlow.js model. Tensors that are not listed stay float.
 */
export interface TrainedQuantization {
  /**
   * By layer: its output after its activation function (for an input layer: the model's input) was fake-quantized. Layers of nested
   * models are `outer/layer`, the second call of a shared layer is `layer:1`.
   */
  readonly activations: Readonly<Record<string, TrainedTensor>>;
  /** By the name TensorFlow.js saves the weight under (`conv1/kernel`); axes of the scheme are those of the weight. */
  readonly weights: Readonly<Record<string, TrainedTensor>>;
}
