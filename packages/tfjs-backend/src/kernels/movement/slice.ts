import { slice as sliceNative } from '@bitwright/kernels-native';
import {
  backend_util,
  Slice,
  type SliceAttrs,
  type SliceInputs,
  SplitV,
  type SplitVAttrs,
  type SplitVInputs,
  slice_util,
  type TensorInfo,
  Unpack,
  type UnpackAttrs,
  type UnpackInputs,
  util,
} from '@tensorflow/tfjs-core';
import type { BitwrightBackend } from '../../bitwright-backend';
import { type NativeKernel, nativeKernel } from '../native-kernel';
import { isMovable, type MovableInfo } from './movable';

const covers = 'numbers, up to 6 dimensions';

/** tf.slice, tf.split and tf.unstack: always a copy, never a view. */
export const sliceKernels: readonly NativeKernel[] = [
  nativeKernel<SliceInputs, SliceAttrs>(Slice, covers, ({ inputs: { x }, attrs, backend }) => {
    const [begin = [], size = []] = slice_util.parseSliceParams(x, attrs.begin, attrs.size);
    slice_util.assertParamsValid(x, begin, size);
    return isMovable(x) && !size.includes(0) ? cut(backend, x, begin, size, size) : undefined;
  }),
  nativeKernel<SplitVInputs, SplitVAttrs>(SplitV, covers, ({ inputs: { x }, attrs, backend }) => {
    const [axis = 0] = util.parseAxisParam(attrs.axis, x.shape);
    const sizes = backend_util.prepareSplitSize(x, attrs.numOrSizeSplits, axis);
    if (!isMovable(x) || sizes.includes(0)) return undefined;
    let start = 0;
    return sizes.map((length) => {
      const size = x.shape.with(axis, length);
      const piece = cut(backend, x, startAt(x, axis, start), size, size);
      start += length;
      return piece;
    });
  }),
  nativeKernel<UnpackInputs, UnpackAttrs>(Unpack, covers, ({ inputs: { value: x }, attrs, backend }) => {
    const axis = attrs.axis < 0 ? attrs.axis + x.shape.length : attrs.axis;
    if (!isMovable(x)) return undefined;
    const size = x.shape.with(axis, 1);
    const shape = x.shape.toSpliced(axis, 1);
    return Array.from({ length: x.shape[axis] ?? 0 }, (_, index) =>
      cut(backend, x, startAt(x, axis, index), size, shape),
    );
  }),
];

// — internals —

function startAt(x: TensorInfo, axis: number, position: number): number[] {
  return x.shape.map((_, dimension) => (dimension === axis ? position : 0));
}

function cut(
  backend: BitwrightBackend,
  x: MovableInfo,
  begin: readonly number[],
  size: readonly number[],
  shape: readonly number[],
): TensorInfo {
  const { info, values } = backend.output(shape, x.dtype);
  sliceNative(backend.native, x.shape, begin, size, backend.values<typeof x.dtype>(x), values);
  return info;
}
