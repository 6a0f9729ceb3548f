import { allocateQuantized, type QuantizedArray } from './dtype';
import { ShapeMismatchError } from './errors';
import { paramCount } from './granularity';
import { forEachRun } from './group-iterator';
import type { QParams } from './qparams';
import { rounder } from './rounding';
import type { LinearScheme } from './scheme';
import { elementCount, type TensorView } from './tensor-view';

/**
 * Real tensor to codes: ONNX QuantizeLinear to the bit.
 *
 * Formula:  q = saturate(round(fround(x / scale)) + zeroPoint)       (docs/numerics.md)
 * Shapes:   x [d0,…,dn]; scale, zeroPoint [G] with G = paramCount(x.shape, granularity)
 * Units:    x real; result in codes within [qmin, qmax]
 * Ties:     by scheme.rounding, before the zero point is added. ±Infinity saturates. NaN is a caller error (gives qmin).
 *
 * @throws {ShapeMismatchError} when scale.length ≠ G
 * @see ONNX QuantizeLinear-21
 * @example quantize(view([0.5, -1]), int8Weight, qparams)  // scale 2^-7: Int8Array [64, -127] (narrow range)
 */
export function quantize(x: TensorView, scheme: LinearScheme, qparams: QParams, out?: QuantizedArray): QuantizedArray {
  assertParamCount('[core] quantize', x.shape, scheme, qparams);
  const codes = out ?? allocateQuantized(scheme.dtype, x.data.length);
  const round = rounder(scheme.rounding);
  const { qmin, qmax } = scheme;
  forEachRun(x.shape, scheme.granularity, (g, start, end) => {
    const scale = qparams.scale[g] as number;
    const zeroPoint = qparams.zeroPoint[g] as number;
    for (let i = start; i < end; i++) {
      const q = round(Math.fround((x.data[i] as number) / scale)) + zeroPoint;
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
  assertParamCount('[core] dequantize', shape, scheme, qparams);
  if (codes.length !== elementCount(shape)) {
    throw new ShapeMismatchError({
      operation: '[core] dequantize',
      expected: `${elementCount(shape)} codes for shape [${shape.join(',')}]`,
      received: `${codes.length}`,
    });
  }
  const real = out ?? new Float32Array(codes.length);
  forEachRun(shape, scheme.granularity, (g, start, end) => {
    const scale = qparams.scale[g] as number;
    const zeroPoint = qparams.zeroPoint[g] as number;
    for (let i = start; i < end; i++) real[i] = Math.fround((codes[i] as number) - zeroPoint) * scale;
  });
  return real;
}

/**
 * Real numbers moved onto the quantization grid: dequantize(quantize(x)) without the codes in between.
 * Integers on the grid are fixed points; FQ(FQ(x)) = FQ(x); FQ(0) = 0.
 *
 * @throws {ShapeMismatchError} when scale.length ≠ G
 */
export function fakeQuantize(x: TensorView, scheme: LinearScheme, qparams: QParams, out?: Float32Array): Float32Array {
  assertParamCount('[core] fakeQuantize', x.shape, scheme, qparams);
  const real = out ?? new Float32Array(x.data.length);
  const round = rounder(scheme.rounding);
  const { qmin, qmax } = scheme;
  forEachRun(x.shape, scheme.granularity, (g, start, end) => {
    const scale = qparams.scale[g] as number;
    const zeroPoint = qparams.zeroPoint[g] as number;
    for (let i = start; i < end; i++) {
      const q = round(Math.fround((x.data[i] as number) / scale)) + zeroPoint;
      const code = q > qmax ? qmax : q >= qmin ? q : qmin;
      real[i] = Math.fround(code - zeroPoint) * scale;
    }
  });
  return real;
}

function assertParamCount(operation: string, shape: readonly number[], scheme: LinearScheme, qparams: QParams): void {
  const count = paramCount(shape, scheme.granularity);
  if (qparams.scale.length !== count || qparams.zeroPoint.length !== count) {
    throw new ShapeMismatchError({
      operation,
      expected: `scale and zeroPoint of length ${count} (${scheme.granularity.kind} of shape [${shape.join(',')}])`,
      received: `lengths ${qparams.scale.length} and ${qparams.zeroPoint.length}`,
    });
  }
}
