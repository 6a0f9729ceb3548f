import { transpose as transposeNative } from '@bitwright/kernels-native';
import { Transpose, type TransposeAttrs, type TransposeInputs, util } from '@tensorflow/tfjs-core';
import { type NativeKernel, nativeKernel } from '../native-kernel';
import { isMovable } from './movable';

/** tf.transpose; an order that leaves everything in place shares the memory. */
export const transpose: NativeKernel = nativeKernel<TransposeInputs, TransposeAttrs>(
  Transpose,
  'numbers, up to 6 dimensions',
  ({ inputs: { x }, attrs: { perm }, backend }) => {
    if (!isMovable(x)) return undefined;
    const shape = perm.map((axis) => x.shape[axis] ?? 1);
    const longAxes = perm.filter((axis) => x.shape[axis] !== 1);
    if (
      util.arraysEqual(
        longAxes,
        longAxes.toSorted((a, b) => a - b),
      )
    )
      return backend.share(x, shape);
    const { info, values } = backend.output(shape, x.dtype);
    transposeNative(backend.native, x.shape, perm, backend.values<typeof x.dtype>(x), values);
    return info;
  },
);
