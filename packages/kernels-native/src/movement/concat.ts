import { ShapeMismatchError } from '@bitwright/core';
import { checkedCount } from '../arguments';
import type { NativeContext } from '../native-context';
import { copyStrided } from './copy-strided';
import { assertElements, type Elements } from './elements';

/**
 * Puts matrices side by side. Along any axis of a tensor: `outer` counts the dimensions before the axis, a width those from it on.
 *
 * Shapes: inputs [outer, width_i] → out [outer, Σ width_i]
 *
 * @throws {ShapeMismatchError} when an array has not the length of its shape, or there is not one width per input
 * @throws {InvalidArgumentError} when arrays overlap or are of different kinds
 */
export function concat<Array extends Elements>(
  native: NativeContext,
  outer: number,
  widths: readonly number[],
  inputs: readonly Array[],
  out: Array,
): void {
  const operation = 'concat';
  const total = widths.reduce((sum, width) => sum + width, 0);
  if (inputs.length !== widths.length) {
    throw new ShapeMismatchError({
      operation: `[kernels-native] ${operation}`,
      expected: `one input per width (${widths.length})`,
      received: `${inputs.length} inputs`,
    });
  }
  assertElements(operation, 'out', out, checkedCount(operation, 'out', [outer, total]));
  for (const [index, input] of inputs.entries()) {
    const width = widths[index] as number;
    assertElements(
      operation,
      `inputs[${index}]`,
      input,
      checkedCount(operation, `inputs[${index}]`, [outer, width]),
      out,
    );
  }
  let offset = 0;
  for (const [index, array] of inputs.entries()) {
    const width = widths[index] as number;
    copyStrided(
      native,
      operation,
      [outer, width],
      { array, strides: [width, 1] },
      { array: out, offset, strides: [total, 1] },
    );
    offset += width;
  }
}
