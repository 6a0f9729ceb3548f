import { assertShapes } from './assert-shapes';
import { allocateQuantized, canHold, type QuantizedArray } from './dtype';
import { InvalidArgumentError } from './errors';
import { forEachStridedRun } from './group-iterator';
import type { QParams } from './qparams';
import { type Rounder, rounder } from './rounding';
import type { LinearScheme } from './scheme';
import type { TensorView } from './tensor-view';

/**
 * Real tensor to codes: ONNX QuantizeLinear to the bit.
 *
 * Formula:  q = saturate(round(fround(x / scale)) + zeroPoint)       (docs/numerics.md)
 * Shapes:   x [d0,…,dn]; scale, zeroPoint [G] with G = paramCount(x.shape, granularity)
 * Units:    x real; result in codes within [qmin, qmax]
 * Ties:     by `round`, before the zero point is added. ±Infinity saturates. NaN is a caller error (gives qmin).
 *
 * @param out Receives the codes when given.
 * @param round Default: the rounding of the scheme. A stochastic rounder goes here.
 * @throws {ShapeMismatchError} when scale.length ≠ G, or the data or `out` do not have the length of the shape
 * @throws {InvalidArgumentError} when `out` cannot hold the codes
 * @see ONNX QuantizeLinear-21
 * @example quantize(view([0.5, -1]), int8Weight, qparams)  // scale 2^-7: Int8Array [64, -127] (narrow range)
 */
export function quantize(
  x: TensorView,
  scheme: LinearScheme,
  qparams: QParams,
  out?: QuantizedArray,
  round: Rounder = rounder(scheme.rounding),
): QuantizedArray {
  const count = assertShapes('[core] quantize', x.shape, x.data, scheme.granularity, paramsOf(qparams), out);
  if (out !== undefined && !canHold(out, scheme)) {
    throw new InvalidArgumentError({
      operation: '[core] quantize',
      expected: `an out array for codes [${scheme.qmin}, ${scheme.qmax}]`,
      received: out.constructor.name,
    });
  }
  const codes = out ?? allocateQuantized(scheme.dtype, count);
  const { data } = x;
  const { qmin, qmax } = scheme;
  forEachStridedRun(x.shape, scheme.granularity, (g, start, end, step) => {
    const scale = qparams.scale[g] as number;
    const zeroPoint = qparams.zeroPoint[g] as number;
    for (let i = start; i < end; i += step) {
      const q = round(Math.fround((data[i] as number) / scale)) + zeroPoint;
      codes[i] = q > qmax ? qmax : q >= qmin ? q : qmin;
    }
  });
  return codes;
}

/**
 * Codes back to real numbers.
 *
 * Formula:  x = fround(fround(q − zeroPoint) · scale)
 * Shapes:   codes flat, of `shape`; scale, zeroPoint [G]
 *
 * @throws {ShapeMismatchError} when lengths do not fit the shape
 * @see ONNX DequantizeLinear-21
 */
export function dequantize(
  codes: ArrayLike<number>,
  shape: readonly number[],
  scheme: LinearScheme,
  qparams: QParams,
  out?: Float32Array,
): Float32Array {
  const count = assertShapes('[core] dequantize', shape, codes, scheme.granularity, paramsOf(qparams), out);
  const real = out ?? new Float32Array(count);
  forEachStridedRun(shape, scheme.granularity, (g, start, end, step) => {
    const scale = qparams.scale[g] as number;
    const zeroPoint = qparams.zeroPoint[g] as number;
    for (let i = start; i < end; i += step) real[i] = Math.fround((codes[i] as number) - zeroPoint) * scale;
  });
  return real;
}

/**
 * Real numbers moved onto the quantization grid: dequantize(quantize(x)) without the codes in between.
 * Points on the grid stay; FQ(FQ(x)) = FQ(x); FQ(0) = 0; results increase with x.
 *
 * @throws {ShapeMismatchError} when scale.length ≠ G, or the data or `out` do not have the length of the shape
 */
export function fakeQuantize(
  x: TensorView,
  scheme: LinearScheme,
  qparams: QParams,
  out?: Float32Array,
  round: Rounder = rounder(scheme.rounding),
): Float32Array {
  const count = assertShapes('[core] fakeQuantize', x.shape, x.data, scheme.granularity, paramsOf(qparams), out);
  const real = out ?? new Float32Array(count);
  const { data } = x;
  const { qmin, qmax } = scheme;
  forEachStridedRun(x.shape, scheme.granularity, (g, start, end, step) => {
    const scale = qparams.scale[g] as number;
    const zeroPoint = qparams.zeroPoint[g] as number;
    for (let i = start; i < end; i += step) {
      const q = round(Math.fround((data[i] as number) / scale)) + zeroPoint;
      const code = q > qmax ? qmax : q >= qmin ? q : qmin;
      real[i] = Math.fround(code - zeroPoint) * scale;
    }
  });
  return real;
}

// — internals —

/** Scale and zero point alone: what was chosen may carry more. */
function paramsOf({ scale, zeroPoint }: QParams): { scale: Float32Array; zeroPoint: Int32Array } {
  return { scale, zeroPoint };
}
