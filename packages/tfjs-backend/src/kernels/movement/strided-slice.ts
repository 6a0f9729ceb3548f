import { stridedSlice as stridedSliceNative } from '@bitwright/kernels-native';
import { StridedSlice, type StridedSliceAttrs, type StridedSliceInputs, slice_util } from '@tensorflow/tfjs-core';
import { type NativeKernel, nativeKernel } from '../native-kernel';
import { isMovable } from './movable';

/** tf.stridedSlice with steps of 1 or more: always a copy, but for the whole tensor. */
export const stridedSlice: NativeKernel = nativeKernel<StridedSliceInputs, StridedSliceAttrs>(
  StridedSlice,
  'numbers, up to 6 dimensions, steps forward',
  ({ inputs: { x }, attrs, backend }) => {
    const { begin, end, strides, beginMask, endMask, ellipsisMask, newAxisMask, shrinkAxisMask } = attrs;
    const masks = [beginMask, endMask, ellipsisMask, newAxisMask, shrinkAxisMask] as const;
    const box = slice_util.sliceInfo(x.shape, begin, end, strides, ...masks);
    if (box.isIdentity) return backend.share(x, box.finalShape);
    const size = slice_util.computeOutShape(box.begin, box.end, box.strides);
    const isForward = box.strides.every((step) => step >= 1);
    if (!isMovable(x) || !isForward || size.some((length) => length <= 0)) return undefined;
    const { info, values } = backend.output(box.finalShape, x.dtype);
    const picked = { begin: box.begin, size, steps: box.strides };
    stridedSliceNative(backend.native, x.shape, picked, backend.values<typeof x.dtype>(x), values);
    return info;
  },
);
