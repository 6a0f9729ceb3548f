import { binaryF32, type Conv2dShape, conv2dF32, type NativeContext } from '@bitwright/kernels-native';
import type { FusableWork } from '../../deferred/fusable-work';

/** conv2d(x, filter) + bias, as work that a residual, an activation and a normalization after it can join. */
export function convolutionWork(
  shape: Conv2dShape,
  x: Float32Array,
  filter: Float32Array,
  bias: Float32Array | null,
): FusableWork {
  return {
    operands: bias === null ? [x, filter] : [x, filter, bias],
    takes: ['residual', 'activation'],
    run: ({ native }, out, epilogue) => conv2dF32(native, shape, x, filter, out, { bias, ...epilogue }),
    foldAffine: ({ native }, scale, shift) =>
      convolutionWork(shape, x, scaleColumns(native, filter, scale), foldBias(bias, scale, shift)),
  };
}

/** filter [rows, channels] with every column times its scale. */
export function scaleColumns(native: NativeContext, filter: Float32Array, scale: Float32Array): Float32Array {
  const scaled = new Float32Array(filter.length);
  const columns = scale.length;
  binaryF32(native, 'mul', [filter.length / columns, columns], filter, [columns], scale, scaled);
  return scaled;
}

/** bias · scale + shift per channel. */
export function foldBias(bias: Float32Array | null, scale: Float32Array, shift: Float32Array): Float32Array {
  return shift.map((value, channel) => (bias?.[channel] ?? 0) * (scale[channel] as number) + value);
}
