import type { CodeOutput } from '@bitwright/core';
import { assertApart, assertInteger } from '../arguments';
import { checkStatus, type NativeContext } from '../native-context';
import { assertOperand, assertOutput, type CodeOperand } from './code-operand';
import type { Codes } from './codes';

/**
 * Softmax over rows of codes.
 *
 * Formula:  t(d) = round(2^23·exp(−scale·d)),  d = largest code of the row − code;  S = Σ t, exact
 *           code = saturate(round(fround(fround(t)·fround(fround(1/scale_y)/fround(S)))) + z_y), ties to even
 * Shapes:   input and out [rows, columns]
 *
 * The usual output is scale 1/256 with the lowest code as zero point. Row sums are integers, so the result depends neither on the
 * order of the columns nor on the machine, but for the last bit of exp.
 *
 * @throws {ShapeMismatchError} when lengths do not fit
 * @throws {InvalidArgumentError} when an array is of another type or a number is out of range
 */
export function softmaxI8(
  context: NativeContext,
  input: CodeOperand,
  { rows, columns }: { readonly rows: number; readonly columns: number },
  output: CodeOutput,
  out: Codes,
): void {
  const operation = 'softmaxI8';
  assertInteger(operation, 'rows', rows, 0, 2 ** 24);
  assertInteger(operation, 'columns', columns, 0, 2 ** 24);
  assertOperand(operation, 'the input', input, rows * columns);
  assertOutput(operation, output, out, rows * columns);
  assertApart(operation, 'the input', input.codes, out);
  const table = Uint32Array.from({ length: 256 }, (_, d) => Math.floor(2 ** 23 * Math.exp(-input.scale * d) + 0.5));
  const inverseScale = Math.fround(1 / output.scale);
  const { zeroPoint, qmin, qmax } = output;
  const { addon, handle } = context;
  checkStatus(
    operation,
    addon.softmaxI8(handle, rows, columns, input.codes, table, inverseScale, out, zeroPoint, qmin, qmax),
  );
}
