import { assertShapes } from '../assert-shapes';
import { canHold, type QuantizedArray } from '../dtype';
import { InvalidArgumentError } from '../errors';
import type { Granularity } from '../granularity';
import { forEachStridedRun } from '../group-iterator';
import { roundHalfEven } from '../rounding';
import { fixedPointMultiplier, multiplyOnce, multiplyTwice } from './fixed-point';

/** Accumulators on their way to codes. */
export interface Requantization {
  /** Int32 accumulators in `shape`, bias included. */
  readonly acc: Int32Array;
  readonly shape: readonly number[];
  /** Who shares a multiplier: perTensor, or perAxis of the output channel. */
  readonly granularity: Granularity;
  /** M = scaleX·scaleW[g]/scaleY, length G. */
  readonly multiplier: Float32Array;
  readonly zeroPoint: number;
  /** Codes of the output; a fused activation narrows them (see activationCodes). */
  readonly qmin: number;
  readonly qmax: number;
  /**
   * `float` (default) as ONNX and onnxruntime; `fixedPointTwice` as gemmlowp and TFLite; `fixedPointOnce` as TFLite's
   * single-rounding build.
   */
  readonly method?: RequantizationMethod;
}

export type RequantizationMethod = 'float' | 'fixedPointTwice' | 'fixedPointOnce';

/**
 * M = scaleX·scaleW[g]/scaleY in float32, rounded after each operation as onnxruntime does.
 */
export function requantizationMultiplier(scaleX: number, scaleW: Float32Array, scaleY: number): Float32Array {
  return scaleW.map((w) => Math.fround(scaleX * w) / scaleY);
}

/**
 * Accumulators to codes:  q = saturate(round(acc·M) + zeroPoint).
 *
 *   float            round = half to even of fround(fround(acc)·M): an accumulator above 2^24 loses low bits, as on a CPU
 *   fixedPointTwice  RDBPOT(SRDHM(acc·2^max(e,0), m), max(−e,0)) of fixed-point.ts: rounds twice
 *   fixedPointOnce   ⌊(acc·m + 2^(30−e)) / 2^(31−e)⌋
 *
 * @throws {ShapeMismatchError} when lengths do not fit
 * @throws {InvalidArgumentError} when `out` cannot hold the codes, or a fixed-point multiplier is not in (0, 2^13)
 * @see ONNX QLinearConv-10; gemmlowp doc/quantization.md
 */
export function requantize(call: Requantization, out: QuantizedArray): QuantizedArray {
  const operation = '[core] requantize';
  const { acc, shape, granularity, multiplier, zeroPoint, qmin, qmax, method = 'float' } = call;
  assertShapes(operation, shape, acc, granularity, { multiplier }, out);
  if (!canHold(out, call)) {
    throw new InvalidArgumentError({
      operation,
      expected: `an out array for codes [${qmin}, ${qmax}]`,
      received: out.constructor.name,
    });
  }
  forEachStridedRun(shape, granularity, (g, start, end, step) => {
    const real = multiplier[g] as number;
    if (method === 'float') {
      for (let i = start; i < end; i += step) {
        const q = roundHalfEven(Math.fround(Math.fround(acc[i] as number) * real)) + zeroPoint;
        out[i] = q > qmax ? qmax : q >= qmin ? q : qmin;
      }
      return;
    }
    const fixed = fixedPointMultiplier(real);
    const multiply = method === 'fixedPointTwice' ? multiplyTwice : multiplyOnce;
    for (let i = start; i < end; i += step) {
      const q = multiply(acc[i] as number, fixed) + zeroPoint;
      out[i] = q > qmax ? qmax : q < qmin ? qmin : q;
    }
  });
  return out;
}
