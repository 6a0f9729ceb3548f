import type { QuantizedArray } from '../dtype';
import { roundHalfEven } from '../rounding';
import { assertLength } from './accumulator';
import { assertOutputHolds, type CodeOutput, saturateCode } from './code-tensor';

/** An activation that only clamps; the bounds are real. */
export type ClampActivation = 'none' | 'relu' | 'relu6' | { readonly min?: number; readonly max?: number };

/**
 * The output with its codes narrowed to a clamping activation, so that it costs nothing in the kernel before it:
 *
 *   qmin' = max(qmin, round(min/scale) + zeroPoint),  qmax' = min(qmax, round(max/scale) + zeroPoint)
 *   relu: min = 0, so qmin' is the zero point;  relu6: also max = 6
 */
export function activationCodes(output: CodeOutput, activation: ClampActivation): CodeOutput {
  const { min, max } = boundsOf(activation);
  const codeOf = (real: number): number =>
    saturateCode(roundHalfEven(Math.fround(real / output.scale)) + output.zeroPoint, output);
  return Object.freeze({
    ...output,
    qmin: min === undefined ? output.qmin : codeOf(min),
    qmax: max === undefined ? output.qmax : codeOf(max),
  });
}

/**
 * The activation alone, for codes that keep their scale and zero point.
 *
 * @throws {ShapeMismatchError} when the lengths differ
 */
export function clampCodes(codes: QuantizedArray, output: CodeOutput, out: QuantizedArray): QuantizedArray {
  assertLength('[core] clampCodes', 'out', out.length, codes.length);
  assertOutputHolds('[core] clampCodes', out, output);
  for (let i = 0; i < codes.length; i++) out[i] = saturateCode(codes[i] as number, output);
  return out;
}

// — internals —

function boundsOf(activation: ClampActivation): { readonly min?: number; readonly max?: number } {
  if (activation === 'none') return {};
  if (activation === 'relu') return { min: 0 };
  if (activation === 'relu6') return { min: 0, max: 6 };
  return activation;
}
