import { type CodeOutput, InvalidArgumentError } from '@bitwright/core';
import { assertCodeRange, assertCodes, assertZeroPoint, type Codes } from './codes';

/** Eight-bit codes with their scale and zero point:  real = scale·(code − zeroPoint). */
export interface CodeOperand {
  readonly codes: Codes;
  readonly scale: number;
  readonly zeroPoint: number;
}

/**
 * Checks an operand.
 *
 * @throws {InvalidArgumentError} when the codes are no bytes, the zero point is no code or the scale is no positive number
 * @throws {ShapeMismatchError} when the length differs
 */
export function assertOperand(operation: string, name: string, operand: CodeOperand, length: number): void {
  assertCodes(operation, name, operand.codes, length);
  assertZeroPoint(operation, `the zero point of ${name}`, operand.zeroPoint, operand.codes);
  assertScale(operation, name, operand.scale);
}

/**
 * Checks where results go.
 *
 * @throws {InvalidArgumentError} when `out` cannot hold the codes or the scale is no positive number
 * @throws {ShapeMismatchError} when the length differs
 */
export function assertOutput(operation: string, output: CodeOutput, out: Codes, length: number): void {
  assertCodes(operation, 'out', out, length);
  assertCodeRange(operation, output, out);
  assertScale(operation, 'the output', output.scale);
}

// — internals —

function assertScale(operation: string, name: string, scale: number): void {
  if (Number.isFinite(scale) && scale > 0) return;
  throw new InvalidArgumentError({
    operation: `[kernels-native] ${operation}`,
    expected: `a finite positive scale of ${name}`,
    received: String(scale),
  });
}
