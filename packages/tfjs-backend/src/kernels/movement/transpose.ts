import { transpose as transposeNative } from '@bitwright/kernels-native';
import { type TensorInfo, Transpose, type TransposeAttrs, type TransposeInputs, util } from '@tensorflow/tfjs-core';
import type { BitwrightBackend } from '../../bitwright-backend';
import { type NativeKernel, nativeKernel } from '../native-kernel';
import { isMovable, type MovableInfo } from './movable';

/** tf.transpose. */
export const transpose: NativeKernel = nativeKernel<TransposeInputs, TransposeAttrs>(
  Transpose,
  'numbers, up to 6 dimensions',
  ({ inputs: { x }, attrs: { perm }, backend }) => (isMovable(x) ? transposed(backend, x, perm) : undefined),
);

/** A tensor of up to 6 dimensions with its axes in another order; one that leaves everything in place shares the memory. */
export function transposed(backend: BitwrightBackend, x: MovableInfo, perm: readonly number[]): TensorInfo {
  const shape = perm.map((axis) => x.shape[axis] ?? 1);
  const longAxes = perm.filter((axis) => x.shape[axis] !== 1);
  const inOrder = longAxes.toSorted((a, b) => a - b);
  if (util.arraysEqual(longAxes, inOrder)) return backend.share(x, shape);
  const { info, values } = backend.output(shape, x.dtype);
  transposeNative(backend.native, x.shape, perm, backend.values<typeof x.dtype>(x), values);
  return info;
}
