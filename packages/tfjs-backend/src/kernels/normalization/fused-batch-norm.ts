import {
  FusedBatchNorm,
  type FusedBatchNormAttrs,
  type FusedBatchNormInputs,
  type TensorInfo,
  util,
} from '@tensorflow/tfjs-core';
import { areFloat32 } from '../float32';
import { type NativeKernel, nativeKernel } from '../native-kernel';
import { affineForm, batchNormWork } from './batch-norm-work';

/** Small number tfjs adds to the variance when the caller gives none. */
const defaultEpsilon = 0.001;

/**
 * y = (x − mean) · scale / sqrt(variance + ε) + offset over the last axis. Shapes: x [N,H,W,C], the others [C].
 *
 * After a convolution that nobody has asked for yet, it becomes part of that convolution's filter and bias.
 */
export const fusedBatchNorm: NativeKernel = nativeKernel<FusedBatchNormInputs, FusedBatchNormAttrs>(
  FusedBatchNorm,
  'float32; parameters of one value per channel',
  ({ inputs: { x, mean, variance, offset, scale }, attrs, backend }) => {
    const channels = x.shape.at(-1) ?? 0;
    const tensors: (TensorInfo | undefined)[] = [mean, variance, offset, scale];
    const isPerChannel = tensors.every((info) => info == null || util.arraysEqual(info.shape, [channels]));
    if (!isPerChannel || !areFloat32(x, ...tensors)) return undefined;
    const epsilon = attrs.varianceEpsilon ?? defaultEpsilon;
    const size = { rows: util.sizeFromShape(x.shape) / channels, channels, epsilon };
    const parameters = {
      mean: backend.values(mean),
      variance: backend.values(variance),
      gamma: scale == null ? null : backend.values(scale),
      beta: offset == null ? null : backend.values(offset),
    };
    const pending = backend.deferred(x);
    if (pending?.work.foldAffine !== undefined && pending.residual === undefined) {
      const affine = affineForm(size, parameters);
      return backend.deferredOutput(x.shape, pending.work.foldAffine(backend, affine.scale, affine.shift));
    }
    return backend.fusableOutput(x.shape, batchNormWork(size, backend.values(x), parameters));
  },
);
