import { Tile, type TileAttrs, type TileInputs } from '@tensorflow/tfjs-core';
import type { NumericValues } from '../../storage/tensor-storage';
import { type NativeKernel, nativeKernel } from '../native-kernel';
import { isMovable } from './movable';

/** tf.tile: the tensor repeated along every axis. */
export const tile: NativeKernel = nativeKernel<TileInputs, TileAttrs>(
  Tile,
  'numbers, up to 6 dimensions',
  ({ inputs: { x }, attrs: { reps }, backend }) => {
    if (!isMovable(x) || reps.includes(0) || reps.length !== x.shape.length) return undefined;
    const { info, values } = backend.output(
      x.shape.map((length, axis) => length * (reps[axis] ?? 1)),
      x.dtype,
    );
    repeat(backend.values<typeof x.dtype>(x), x.shape, reps, values);
    return info;
  },
);

// — internals —

/**
 * Writes every innermost row once, then copies what is already written: blocks of one axis are repeated inside the result itself,
 * from the last axis to the first.
 */
function repeat(x: NumericValues, shape: readonly number[], reps: readonly number[], out: NumericValues): void {
  const strides = stridesOf(shape.map((length, axis) => length * (reps[axis] ?? 1)));
  let source = 0;
  const walk = (axis: number, target: number): void => {
    const length = shape[axis] ?? 1;
    const stride = strides[axis] ?? 1;
    if (axis >= shape.length - 1) {
      out.set(x.subarray(source, source + length), target);
      source += length;
    } else {
      for (let index = 0; index < length; index++) walk(axis + 1, target + index * stride);
    }
    const block = length * stride;
    const end = target + block * (reps[axis] ?? 1);
    for (let filled = block; target + filled < end; filled *= 2) {
      out.copyWithin(target + filled, target, Math.min(target + filled, end - filled));
    }
  };
  walk(0, 0);
}

/** Elements from one index to the next, per axis. */
function stridesOf(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length).fill(1);
  for (let axis = shape.length - 2; axis >= 0; axis--)
    strides[axis] = (strides[axis + 1] ?? 1) * (shape[axis + 1] ?? 1);
  return strides;
}
