import { fixedPointMultiplier, InvalidArgumentError, type RequantizationMethod } from '@bitwright/core';
import { assertArray } from '../arguments';
import { assertCodeRange, type Codes } from './codes';

/** Accumulators to codes; see core's requantize. */
export interface RequantizeTo {
  /** M = scaleX·scaleW[o]/scaleY per output (core's requantizationMultiplier). */
  readonly multiplier: Float32Array;
  readonly zeroPoint: number;
  /** Codes of the output; a fused activation narrows them (core's activationCodes). */
  readonly qmin: number;
  readonly qmax: number;
  /** Default `float`, as ONNX and onnxruntime. */
  readonly method?: RequantizationMethod | undefined;
}

/** Accumulators to real numbers:  fround(fround(acc)·multiplier[o]) + addend[o], each rounded to float32. */
export interface DequantizeTo {
  /** scaleX·scaleW[o] per output. */
  readonly multiplier: Float32Array;
  /** Real bias per output, added last. */
  readonly addend?: Float32Array | undefined;
}

/** What a matrix product or convolution writes. */
export type Int8Output = Int32Array | Codes | Float32Array;

/** multiplier, addend, fixed, isFixedOnce, zeroPoint, qmin, qmax of convI8. */
export type OutputArguments = [
  Float32Array | null,
  Float32Array | null,
  Int32Array | null,
  number,
  number,
  number,
  number,
];

/**
 * Checks how the output is made against the array it goes to: accumulators to an Int32Array, codes to bytes, real numbers to a
 * Float32Array.
 *
 * @throws {InvalidArgumentError} when the two do not fit, or codes leave the type of `out`
 * @throws {ShapeMismatchError} when a multiplier has not one entry per output
 */
export function outputArguments(
  operation: string,
  to: RequantizeTo | DequantizeTo | undefined,
  outputs: number,
  out: Int8Output,
): OutputArguments {
  const isCodes = out instanceof Int8Array || out instanceof Uint8Array;
  const isFitting = out instanceof Int32Array ? to === undefined : to !== undefined && 'zeroPoint' in to === isCodes;
  if (!isFitting) {
    throw new InvalidArgumentError({
      operation: `[kernels-native] ${operation}`,
      expected: 'an Int32Array for accumulators, bytes for `to` with a zeroPoint, or a Float32Array for `to` without',
      received: `${out?.constructor?.name} and ${to === undefined ? 'no `to`' : '`to`'}`,
    });
  }
  if (to === undefined) return [null, null, null, 0, 0, 0, 0];
  assertArray(operation, 'multiplier', to.multiplier, 'Float32Array', outputs);
  if (!('zeroPoint' in to)) {
    if (to.addend !== undefined) assertArray(operation, 'addend', to.addend, 'Float32Array', outputs);
    return [to.multiplier, to.addend ?? null, null, 0, 0, 0, 0];
  }
  assertCodeRange(operation, to, out as Codes);
  const codes = [to.zeroPoint, to.qmin, to.qmax] as const;
  if (to.method === undefined || to.method === 'float') return [to.multiplier, null, null, 0, ...codes];
  return [to.multiplier, null, fixedMultipliers(to.multiplier), to.method === 'fixedPointOnce' ? 1 : 0, ...codes];
}

// — internals —

/** [multiplier, exponent] pairs. */
function fixedMultipliers(multiplier: Float32Array): Int32Array {
  const pairs = new Int32Array(2 * multiplier.length);
  multiplier.forEach((real, i) => {
    const fixed = fixedPointMultiplier(real);
    pairs[2 * i] = fixed.multiplier;
    pairs[2 * i + 1] = fixed.exponent;
  });
  return pairs;
}
