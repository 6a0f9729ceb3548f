import type { CodeOutput } from '@bitwright/core';
import { assertApart } from '../arguments';
import { checkStatus, type NativeContext } from '../native-context';
import { assertOperand, assertOutput, type CodeOperand } from './code-operand';
import type { Codes } from './codes';

/**
 * Residual addition, bit-equal to core's integerAdd.
 *
 * Formula:  saturate(round(r_a(a − z_a) + r_b(b − z_b)) + z_y),  r = fround(scale/scale_y), every step in float32
 *
 * @throws {ShapeMismatchError} when the lengths differ
 * @throws {InvalidArgumentError} when an array is of another type or a number is out of range
 */
export function addI8(context: NativeContext, a: CodeOperand, b: CodeOperand, output: CodeOutput, out: Codes): void {
  assertOperands('addI8', a, b, output, out);
  const ratioA = Math.fround(a.scale / output.scale);
  const ratioB = Math.fround(b.scale / output.scale);
  run('addI8', context, 1, a, ratioA, b, ratioB, output, out);
}

/**
 * Product, bit-equal to core's integerMul.
 *
 * Formula:  saturate(round(M(a − z_a)(b − z_b)) + z_y),  M = fround(fround(scale_a·scale_b)/scale_y)
 *
 * @throws {ShapeMismatchError} when the lengths differ
 * @throws {InvalidArgumentError} when an array is of another type or a number is out of range
 */
export function mulI8(context: NativeContext, a: CodeOperand, b: CodeOperand, output: CodeOutput, out: Codes): void {
  assertOperands('mulI8', a, b, output, out);
  const multiplier = Math.fround(Math.fround(a.scale * b.scale) / output.scale);
  run('mulI8', context, 0, a, multiplier, b, 0, output, out);
}

// — internals —

function assertOperands(operation: string, a: CodeOperand, b: CodeOperand, output: CodeOutput, out: Codes): void {
  assertOperand(operation, 'a', a, out.length);
  assertOperand(operation, 'b', b, out.length);
  assertOutput(operation, output, out, out.length);
  assertApart(operation, 'a', a.codes, out);
  assertApart(operation, 'b', b.codes, out);
}

function run(
  operation: string,
  { addon, handle }: NativeContext,
  isAdd: number,
  a: CodeOperand,
  ratioA: number,
  b: CodeOperand,
  ratioB: number,
  { zeroPoint, qmin, qmax }: CodeOutput,
  out: Codes,
): void {
  const left = [a.codes, a.zeroPoint, ratioA] as const;
  const right = [b.codes, b.zeroPoint, ratioB] as const;
  checkStatus(operation, addon.elementwiseI8(handle, isAdd, ...left, ...right, out, zeroPoint, qmin, qmax));
}
