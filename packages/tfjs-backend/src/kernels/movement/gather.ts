import { gather as gatherNative } from '@bitwright/kernels-native';
import { backend_util, GatherV2, type GatherV2Attrs, type GatherV2Inputs, util } from '@tensorflow/tfjs-core';
import { type NativeKernel, nativeKernel } from '../native-kernel';
import { isMovable } from './movable';

/** tf.gather: rows of x picked by int32 indices. An index out of range is left to the borrowed kernel, which reports it. */
export const gather: NativeKernel = nativeKernel<GatherV2Inputs, GatherV2Attrs>(
  GatherV2,
  'numbers, int32 indices, no batch dimensions',
  ({ inputs: { x, indices }, attrs, backend }) => {
    if (!isMovable(x) || !isMovable(indices) || indices.dtype !== 'int32' || (attrs.batchDims ?? 0) !== 0)
      return undefined;
    const [axis = 0] = util.parseAxisParam(attrs.axis, x.shape);
    const rows = x.shape[axis] ?? 0;
    const picked = backend.values<'int32'>(indices);
    if (picked.some((index) => index < 0 || index >= rows)) return undefined;
    const { outputShape } = backend_util.segment_util.collectGatherOpShapeInfo(x, indices, axis, 0);
    const { info, values } = backend.output(outputShape, x.dtype);
    const shape = {
      outer: util.sizeFromShape(x.shape.slice(0, axis)),
      rows,
      inner: util.sizeFromShape(x.shape.slice(axis + 1)),
      count: picked.length,
    };
    gatherNative(backend.native, shape, backend.values<typeof x.dtype>(x), picked, values);
    return info;
  },
);
