import { pad, type Tensor } from '@tensorflow/tfjs-core';

/** What padding needs to know of a 2-D convolution (channels last). */
export interface Window {
  readonly kernelSize: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly dilationRate: readonly [number, number];
}

/**
 * Pads an image batch as `padding: 'same'` does, but with a chosen value: a tensor of ±1 has no zero to pad with.
 *
 * total = max((⌈in/stride⌉ − 1)·stride + (k − 1)·dilation + 1 − in, 0), half of it (rounded down) first.
 */
export function padSame(x: Tensor, window: Window, value: number): Tensor {
  return pad(x, [[0, 0], sidesOf(x, window, 0), sidesOf(x, window, 1), [0, 0]], value);
}

function sidesOf(x: Tensor, { kernelSize, strides, dilationRate }: Window, axis: 0 | 1): [number, number] {
  const length = x.shape[axis + 1] as number;
  const stride = strides[axis];
  const reach = (kernelSize[axis] - 1) * dilationRate[axis] + 1;
  const total = Math.max((Math.ceil(length / stride) - 1) * stride + reach - length, 0);
  return [Math.floor(total / 2), Math.ceil(total / 2)];
}
