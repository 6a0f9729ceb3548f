import { codesOf, type QuantizedArray } from '../dtype';
import { ShapeMismatchError } from '../errors';
import { elementCount } from '../tensor-view';
import { assertLength } from './accumulator';
import { assertOutputHolds, type CodeOutput, type CodeTensor } from './code-tensor';
import { applyLookupTable, lookupTable } from './lookup-table';

/**
 * Joins tensors along an axis, bringing each to the scale and zero point of the output.
 *
 * Formula:  q = saturate(round(fround(scale_i·(q_i − z_i)) / scale_y) + z_y); codes are copied where parameters agree
 * Shapes:   inputs equal except along `axis`; result: their lengths along `axis` added up
 *
 * @throws {ShapeMismatchError} when shapes or lengths do not fit
 * @see com.microsoft QLinearConcat
 */
export function integerConcat(
  inputs: readonly (CodeTensor & { readonly shape: readonly number[] })[],
  axis: number,
  output: CodeOutput,
  out: QuantizedArray,
): QuantizedArray {
  const operation = '[core] integerConcat';
  const first = inputs[0]?.shape ?? [];
  assertOutputHolds(operation, out, output);
  assertLength(operation, 'out', out.length, sum(inputs.map(({ shape }) => elementCount(shape))));
  const rowOf = (shape: readonly number[]): number => elementCount(shape.slice(axis));
  const outRow = sum(inputs.map(({ shape }) => rowOf(shape)));
  let column = 0;
  for (const [index, input] of inputs.entries()) {
    const { shape, codes } = input;
    assertLength(operation, `input ${index}`, codes.length, elementCount(shape));
    assertJoins(operation, index, shape, first, axis);
    const row = rowOf(shape);
    const converted = convert(input, output);
    for (let start = 0, target = column; start < codes.length; start += row, target += outRow) {
      out.set(converted.subarray(start, start + row), target);
    }
    column += row;
  }
  return out;
}

// — internals —

/** The codes of one input in the parameters of the output. */
function convert({ codes, scale, zeroPoint }: CodeTensor, output: CodeOutput): Int32Array {
  if (scale === output.scale && zeroPoint === output.zeroPoint) {
    return Int32Array.from(codes, (q) => Math.min(Math.max(q, output.qmin), output.qmax));
  }
  const table = lookupTable((x) => x, { ...codesOf(codes), scale, zeroPoint }, output);
  const converted = new Int32Array(codes.length);
  applyLookupTable(codes, table, converted);
  return converted;
}

function assertJoins(
  operation: string,
  index: number,
  shape: readonly number[],
  first: readonly number[],
  axis: number,
): void {
  const isEqual = shape.length === first.length && shape.every((d, i) => i === axis || d === first[i]);
  if (isEqual && Number.isInteger(axis) && axis >= 0 && axis < shape.length) return;
  throw new ShapeMismatchError({
    operation,
    expected: `shapes like [${first.join(',')}] except along axis ${axis}`,
    received: `[${shape.join(',')}] for input ${index}`,
  });
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
