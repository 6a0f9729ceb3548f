import type { ConvolutionBackend, FloatClamp, FloatConv2d } from '@bitwright/core';
import { addGradient, type Slot, type Step } from './slot';

/** Weights of a layer in the layout of the kernels, and where their gradients go. */
export interface LayerWeights {
  /** [filterHeight, filterWidth, inChannels/groups, outChannels] */
  readonly filter: Float32Array;
  readonly filterGradient: Float32Array;
  readonly bias: Float32Array;
  readonly biasGradient: Float32Array;
}

/** y = clamp(x ∗ filter + bias); matrix products are convolutions with a window of one pixel. */
export function convolutionStep(
  kernels: ConvolutionBackend,
  shape: FloatConv2d,
  x: Slot,
  y: Slot,
  weights: LayerWeights,
  clamp: FloatClamp | undefined,
  scratch: Float32Array,
): Step {
  const { filter, bias } = weights;
  return {
    forward() {
      kernels.convolve(shape, x.value, filter, bias, y.value, clamp);
    },
    backward() {
      if (clamp !== undefined) maskGradient(y, clamp);
      kernels.convolveBackwardFilter(shape, x.value, y.gradient, weights.filterGradient);
      sumChannels(y.gradient, weights.biasGradient);
      addGradient(x, scratch, (dx) => kernels.convolveBackwardInput(shape, y.gradient, filter, dx));
    },
  };
}

/** Zeroes the gradient where the value saturated: dy ← dy·1[min < y < max]. No branch: half of a Relu's values would be mispredicted. */
export function maskGradient({ value, gradient }: Slot, { min, max }: FloatClamp): void {
  for (let i = 0; i < value.length; i++) {
    const y = value[i] as number;
    gradient[i] = (gradient[i] as number) * (Number(y > min) & Number(y < max));
  }
}

// — internals —

/** out(c) = Σ_rows values(row, c), in float64. */
function sumChannels(values: Float32Array, out: Float32Array): void {
  const channels = out.length;
  const sums = new Float64Array(channels);
  for (let i = 0; i < values.length; i += channels) {
    for (let c = 0; c < channels; c++) sums[c] = (sums[c] as number) + (values[i + c] as number);
  }
  out.set(sums);
}
