import { type Conv2dShape, conv2dF32 } from '@bitwright/kernels-native';
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
    foldAffine: (_, scale, shift) =>
      convolutionWork(shape, x, scaleColumns(filter, scale), foldBias(bias, scale, shift)),
  };
}

/** filter [rows, channels] with every column times its scale. */
export function scaleColumns(filter: Float32Array, scale: Float32Array): Float32Array {
  const scaled = new Float32Array(filter.length);
  const columns = scale.length;
  for (let row = 0; row < filter.length; row += columns) {
    for (let column = 0; column < columns; column++) {
      scaled[row + column] = (filter[row + column] as number) * (scale[column] as number);
    }
  }
  return scaled;
}

/** bias · scale + shift per channel. */
export function foldBias(bias: Float32Array | null, scale: Float32Array, shift: Float32Array): Float32Array {
  return shift.map((value, channel) => (bias?.[channel] ?? 0) * (scale[channel] as number) + value);
}
