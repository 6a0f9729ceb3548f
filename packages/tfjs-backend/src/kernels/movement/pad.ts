import { pad as padNative } from '@bitwright/kernels-native';
import { PadV2, type PadV2Attrs, type PadV2Inputs } from '@tensorflow/tfjs-core';
import { type NativeKernel, nativeKernel } from '../native-kernel';
import { isMovable } from './movable';

/** tf.pad with a constant. */
export const pad: NativeKernel = nativeKernel<PadV2Inputs, PadV2Attrs>(
  PadV2,
  'numbers, up to 6 dimensions',
  ({ inputs: { x }, attrs: { paddings, constantValue }, backend }) => {
    if (!isMovable(x)) return undefined;
    const shape = x.shape.map((length, axis) => length + (paddings[axis]?.[0] ?? 0) + (paddings[axis]?.[1] ?? 0));
    const { info, values } = backend.output(shape, x.dtype);
    padNative(backend.native, x.shape, paddings, constantValue, backend.values<typeof x.dtype>(x), values);
    return info;
  },
);
