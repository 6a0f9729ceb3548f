import { perAxis, perTensor } from '@bitwright/core';
import type { QuantizationGrid } from '@bitwright/kernels-native';
import { type TensorInfo, util } from '@tensorflow/tfjs-core';
import type { BitwrightBackend } from '../../bitwright-backend';

/** Codes in use, both ends included. */
export interface CodeAttrs {
  readonly qmin: number;
  readonly qmax: number;
}

/**
 * The grid of a tensor whose parameters broadcast against it: x as [outer, C, inner], C the axes that have parameters of
 * their own; or undefined where those are not neighbours.
 */
export function gridOf(
  x: TensorInfo,
  scale: TensorInfo,
  zeroPoint: TensorInfo | undefined,
  { qmin, qmax }: CodeAttrs,
  backend: BitwrightBackend,
): QuantizationGrid | undefined {
  const scales = backend.values(scale);
  const zeroPoints =
    zeroPoint === undefined ? new Float32Array(scales.length) : spread(backend.values(zeroPoint), scales.length);
  const codes = { scale: scales, zeroPoint: zeroPoints, qmin, qmax };
  if (scales.length === 1) return { shape: x.shape, granularity: perTensor, ...codes };
  const offset = x.shape.length - scale.shape.length;
  const own = scale.shape.flatMap((length, axis) => (length > 1 ? [axis + offset] : []));
  const [first, last] = [own[0] ?? 0, own.at(-1) ?? 0];
  const channels = util.sizeFromShape(x.shape.slice(first, last + 1));
  if (offset < 0 || channels !== scales.length) return undefined;
  const shape = [util.sizeFromShape(x.shape.slice(0, first)), channels, util.sizeFromShape(x.shape.slice(last + 1))];
  return { shape, granularity: perAxis(1), ...codes };
}

function spread(values: Float32Array, length: number): Float32Array {
  return values.length === length ? values : new Float32Array(length).fill(values[0] ?? 0);
}
