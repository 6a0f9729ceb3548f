import { Cast, type CastAttrs, type CastInputs } from '@tensorflow/tfjs-core';
import { type NativeKernel, nativeKernel } from '../native-kernel';
import { isMovable } from './movable';

/** tf.cast between float32, int32 (toward zero) and bool sources; the same dtype shares the memory. */
export const cast: NativeKernel = nativeKernel<CastInputs, CastAttrs>(
  Cast,
  'to float32 and int32',
  ({ inputs: { x }, attrs: { dtype }, backend }) => {
    if (!isMovable(x) || (dtype !== 'float32' && dtype !== 'int32')) return undefined;
    if (dtype === x.dtype) return backend.share(x);
    const { info, values } = backend.output(x.shape, dtype);
    values.set(backend.values<typeof x.dtype>(x));
    return info;
  },
);
