import { conv2d } from './convolution/conv2d';
import { conv2dBackpropFilter } from './convolution/conv2d-backprop-filter';
import { conv2dBackpropInput } from './convolution/conv2d-backprop-input';
import { fillKernels } from './elementwise/fill';
import { batchMatMul } from './matmul/batch-matmul';
import { cast } from './movement/cast';
import { oneHot } from './movement/one-hot';
import { tile } from './movement/tile';
import type { NativeKernel } from './native-kernel';

/** Every kernel that has a native form. */
export const nativeKernels: readonly NativeKernel[] = [
  // Matrix products and convolutions
  batchMatMul,
  conv2d,
  conv2dBackpropInput,
  conv2dBackpropFilter,
  // Element-wise
  ...fillKernels,
  // Data movement
  cast,
  oneHot,
  tile,
];
