import type { serialization } from '@tensorflow/tfjs-core';

/** A weight that can be quantized. */
export interface WeightRule {
  /** Last part of the variable's name. */
  readonly variable: string;
  /** Axes of the output channels in TensorFlow.js' layout: who may have a step of its own. */
  readonly channelAxes: readonly number[];
  /** The axis of output channels in the ONNX layout of the same weight. */
  readonly onnxAxis: number;
}

/**
 * What quantization means for one class of layers, as data.
 *
 * `operator` is the ONNX operator it becomes: the target's operator table says what runs on integers. A layer whose class has
 * no rule stays float and is named in the report.
 */
export type LayerRule =
  | {
      readonly kind: 'quantize';
      readonly operator: string;
      readonly weights: readonly WeightRule[];
      /** False for layers that take indices, or whose activations inside are not reached (recurrent layers). */
      readonly quantizesInput: boolean;
      readonly note?: string;
    }
  /** Moves or selects values: codes pass through where the target agrees. */
  | { readonly kind: 'move'; readonly operator: string }
  /** An activation function; absorbed into the quantizer behind it where the target agrees. */
  | { readonly kind: 'activation'; readonly operator: (config: serialization.ConfigDict) => string }
  /** Batch normalization: folded into the layer before it. */
  | { readonly kind: 'batchNorm' }
  /** Passes its input on unchanged at inference. */
  | { readonly kind: 'identity' }
  | { readonly kind: 'float'; readonly reason: string };
