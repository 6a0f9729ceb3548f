import {
  type CodeOutput,
  codesOf,
  InvalidArgumentError,
  type LookupTable,
  lookupTable,
  ShapeMismatchError,
} from '@bitwright/core';
import { assertApart, assertInteger, checkedCount } from '../arguments';
import { checkStatus, type NativeContext } from '../native-context';
import { assertDistinct } from './assert-distinct';
import { assertOperand, assertOutput, type CodeOperand } from './code-operand';
import { assertCodes, type Codes } from './codes';

/**
 * out[i] = entries[codes[i] − firstCode] with a table of core's lookupTable over all 256 codes of the input: sigmoid, tanh, SiLU,
 * GELU, a change of scale.
 *
 * @throws {ShapeMismatchError} when the lengths differ
 * @throws {InvalidArgumentError} when the table does not cover the codes of the input, or `out` cannot hold its entries
 */
export function lookupI8(context: NativeContext, codes: Codes, table: LookupTable, out: Codes): void {
  const operation = 'lookupI8';
  assertCodes(operation, 'codes', codes, out.length);
  assertOutput(operation, table.output, out, codes.length);
  assertApart(operation, 'codes', codes, out);
  const { addon, handle } = context;
  checkStatus(operation, addon.lookupI8(handle, codes, byteTable(operation, table, codes), out));
}

/**
 * Joins tensors along an axis, each brought to the scale and zero point of the output; bit-equal to core's integerConcat.
 *
 * @throws {ShapeMismatchError} when shapes or lengths do not fit
 * @throws {InvalidArgumentError} when an array is of another type or a number is out of range
 */
export function concatI8(
  context: NativeContext,
  inputs: readonly (CodeOperand & { readonly shape: readonly number[] })[],
  axis: number,
  output: CodeOutput,
  out: Codes,
): void {
  const operation = 'concatI8';
  const first = inputs[0]?.shape ?? [];
  assertInteger(operation, 'axis', axis, 0, Math.max(first.length - 1, 0));
  const widths = inputs.map(({ shape }) => checkedCount(operation, 'a shape', shape.slice(axis)));
  const rows = checkedCount(operation, 'the outer shape', first.slice(0, axis));
  const outWidth = widths.reduce((sum, width) => sum + width, 0);
  assertOutput(operation, output, out, rows * outWidth);
  let column = 0;
  for (const [index, input] of inputs.entries()) {
    const isJoining =
      input.shape.length === first.length && input.shape.every((size, i) => i === axis || size === first[i]);
    if (!isJoining) {
      throw new ShapeMismatchError({
        operation: `[kernels-native] ${operation}`,
        expected: `shapes like [${first.join(',')}] except along axis ${axis}`,
        received: `[${input.shape.join(',')}] for input ${index}`,
      });
    }
    const width = widths[index] as number;
    assertOperand(operation, `input ${index}`, input, rows * width);
    assertDistinct(operation, `input ${index}`, input.codes, out);
    const table = rescaleTable(operation, input, output);
    const { addon, handle } = context;
    checkStatus(operation, addon.concatI8(handle, input.codes, rows, width, table, out, outWidth, column));
    column += width;
  }
}

// — internals —

/** The table by the byte of a code, negative codes behind. */
function byteTable(operation: string, { firstCode, entries }: LookupTable, codes: Codes): Uint8Array {
  const { qmin } = codesOf(codes);
  if (firstCode !== qmin || entries.length !== 256) {
    throw new InvalidArgumentError({
      operation: `[kernels-native] ${operation}`,
      expected: `a table of the codes ${qmin} to ${qmin + 255}`,
      received: `${firstCode} to ${firstCode + entries.length - 1}`,
    });
  }
  const bytes = new Uint8Array(256);
  entries.forEach((entry, i) => {
    bytes[(firstCode + i) & 255] = entry;
  });
  return bytes;
}

/** Codes are only clamped where parameters agree, and otherwise dequantized and quantized again. */
function rescaleTable(operation: string, { codes, scale, zeroPoint }: CodeOperand, output: CodeOutput): Uint8Array {
  const range = codesOf(codes);
  if (scale !== output.scale || zeroPoint !== output.zeroPoint) {
    return byteTable(
      operation,
      lookupTable((x) => x, { ...range, scale, zeroPoint }, output),
      codes,
    );
  }
  const entries = Int32Array.from({ length: 256 }, (_, i) =>
    Math.min(Math.max(range.qmin + i, output.qmin), output.qmax),
  );
  return byteTable(operation, { firstCode: range.qmin, entries, output }, codes);
}
