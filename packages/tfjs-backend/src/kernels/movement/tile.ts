import { tile as tileNative } from '@bitwright/kernels-native';
import { Tile, type TileAttrs, type TileInputs } from '@tensorflow/tfjs-core';
import { type NativeKernel, nativeKernel } from '../native-kernel';
import { isMovable } from './movable';

/** tf.tile: the tensor repeated along every axis. */
export const tile: NativeKernel = nativeKernel<TileInputs, TileAttrs>(
  Tile,
  'numbers, up to 6 dimensions',
  ({ inputs: { x }, attrs: { reps }, backend }) => {
    if (!isMovable(x) || reps.includes(0) || reps.length !== x.shape.length) return undefined;
    const shape = x.shape.map((length, axis) => length * (reps[axis] ?? 1));
    const { info, values } = backend.output(shape, x.dtype);
    tileNative(backend.native, x.shape, reps, backend.values<typeof x.dtype>(x), values);
    return info;
  },
);
