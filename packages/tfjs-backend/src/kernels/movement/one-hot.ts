import { OneHot, type OneHotAttrs, type OneHotInputs } from '@tensorflow/tfjs-core';
import { type NativeKernel, nativeKernel } from '../native-kernel';
import { isMovable } from './movable';

/** tf.oneHot. Shapes: indices [d…] → [d…,depth]; an index outside [0, depth) leaves its row at offValue. */
export const oneHot: NativeKernel = nativeKernel<OneHotInputs, OneHotAttrs>(
  OneHot,
  'float32 and int32 results',
  ({ inputs: { indices }, attrs: { depth, onValue, offValue, dtype }, backend }) => {
    if ((dtype !== 'float32' && dtype !== 'int32') || !isMovable(indices)) return undefined;
    const { info, values } = backend.output([...indices.shape, depth], dtype);
    values.fill(offValue);
    backend.values<typeof indices.dtype>(indices).forEach((index, row) => {
      if (index >= 0 && index < depth) values[row * depth + index] = onValue;
    });
    return info;
  },
);
