import { type Conv2dShape, depthwiseConv2dF32 } from '@bitwright/kernels-native';
import type { FusableWork } from '../../deferred/fusable-work';
import { foldBias, scaleColumns } from './convolution-work';

/** depthwiseConv2d(x, filter) + bias, as work that an activation and a normalization after it can join. */
export function depthwiseWork(
  shape: Conv2dShape,
  x: Float32Array,
  filter: Float32Array,
  bias: Float32Array | null,
): FusableWork {
  return {
    operands: bias === null ? [x, filter] : [x, filter, bias],
    takes: ['activation'],
    run: ({ native }, out, { activation }) => depthwiseConv2dF32(native, shape, x, filter, out, { bias, activation }),
    foldAffine: ({ native }, scale, shift) =>
      depthwiseWork(shape, x, scaleColumns(native, filter, scale), foldBias(bias, scale, shift)),
  };
}
