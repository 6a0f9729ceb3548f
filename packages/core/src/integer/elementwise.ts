import type { QuantizedArray } from '../dtype';
import { roundHalfEven } from '../rounding';
import { assertLength } from './accumulator';
import { assertOutputHolds, type CodeOutput, type CodeTensor, saturateCode } from './code-tensor';

/**
 * Residual addition of two tensors of equal shape.
 *
 * Formula:  q = saturate(round(fround(fround(r_a·(a − z_a)) + fround(r_b·(b − z_b)))) + z_y),  r = fround(scale/scale_y)
 *           every step in float32, ties to even: adding a tensor of zeros at equal scales gives the input back
 *
 * @throws {ShapeMismatchError} when the lengths differ
 * @see com.microsoft QLinearAdd
 */
export function integerAdd(a: CodeTensor, b: CodeTensor, output: CodeOutput, out: QuantizedArray): QuantizedArray {
  assertOperands('[core] integerAdd', a, b, output, out);
  const ratioA = Math.fround(a.scale / output.scale);
  const ratioB = Math.fround(b.scale / output.scale);
  for (let i = 0; i < out.length; i++) {
    const left = Math.fround(ratioA * ((a.codes[i] as number) - a.zeroPoint));
    const right = Math.fround(ratioB * ((b.codes[i] as number) - b.zeroPoint));
    out[i] = saturateCode(roundHalfEven(Math.fround(left + right)) + output.zeroPoint, output);
  }
  return out;
}

/**
 * Product of two tensors of equal shape.
 *
 * Formula:  q = saturate(round(fround(M·(a − z_a)(b − z_b))) + z_y),  M = fround(fround(scale_a·scale_b)/scale_y)
 *
 * @throws {ShapeMismatchError} when the lengths differ
 * @see com.microsoft QLinearMul
 */
export function integerMul(a: CodeTensor, b: CodeTensor, output: CodeOutput, out: QuantizedArray): QuantizedArray {
  assertOperands('[core] integerMul', a, b, output, out);
  const multiplier = Math.fround(Math.fround(a.scale * b.scale) / output.scale);
  for (let i = 0; i < out.length; i++) {
    const product = ((a.codes[i] as number) - a.zeroPoint) * ((b.codes[i] as number) - b.zeroPoint);
    out[i] = saturateCode(roundHalfEven(Math.fround(Math.fround(product) * multiplier)) + output.zeroPoint, output);
  }
  return out;
}

// — internals —

function assertOperands(
  operation: string,
  a: CodeTensor,
  b: CodeTensor,
  output: CodeOutput,
  out: QuantizedArray,
): void {
  assertLength(operation, 'b', b.codes.length, a.codes.length);
  assertLength(operation, 'out', out.length, a.codes.length);
  assertOutputHolds(operation, out, output);
}
