import { type ReduceOp, reduceF32 } from '@bitwright/kernels-native';
import {
  backend_util,
  Max,
  type MaxAttrs,
  type MaxInputs,
  Mean,
  type MeanAttrs,
  Min,
  type MinAttrs,
  Prod,
  Sum,
  type SumAttrs,
  type TensorInfo,
  util,
} from '@tensorflow/tfjs-core';
import type { BitwrightBackend } from '../../bitwright-backend';
import { areFloat32 } from '../float32';
import { type NativeKernel, nativeKernel } from '../native-kernel';

/** tf.sum, tf.mean, tf.max, tf.min, tf.prod over any axes of a float32 tensor. */
export const reduceKernels: readonly NativeKernel[] = [
  reduction<SumAttrs>(Sum, 'sum', ({ axis }) => axis),
  reduction<MeanAttrs>(Mean, 'mean', ({ axis }) => axis),
  reduction<SumAttrs>(Prod, 'prod', ({ axis }) => axis),
  reduction<MaxAttrs>(Max, 'max', ({ reductionIndices }) => reductionIndices),
  reduction<MinAttrs>(Min, 'min', ({ axis }) => axis),
];

// — internals —

function reduction<Attrs extends { keepDims: boolean }>(
  kernelName: string,
  operation: ReduceOp,
  axisOf: (attrs: Attrs) => number | number[],
): NativeKernel {
  return nativeKernel<MaxInputs, Attrs>(kernelName, 'float32', ({ inputs: { x }, attrs, backend }) => {
    if (!areFloat32(x)) return undefined;
    const axes = util.parseAxisParam(axisOf(attrs), x.shape);
    return axes.length === 0 ? undefined : reduce(backend, operation, x, axes, attrs.keepDims);
  });
}

function reduce(
  backend: BitwrightBackend,
  operation: ReduceOp,
  x: TensorInfo,
  axes: number[],
  keepDims: boolean,
): TensorInfo {
  const [outShape] = backend_util.computeOutAndReduceShapes(x.shape, axes);
  const shape = keepDims ? backend_util.expandShapeToKeepDim(outShape, axes) : outShape;
  const { info, values } = backend.output(shape);
  reduceF32(backend.native, operation, x.shape, axes, backend.values(x), values);
  return info;
}
