import { InvalidArgumentError } from '@bitwright/core';
import { assertApart, assertArray, checkedCount } from '../arguments';
import { checkStatus, type NativeContext } from '../native-context';
import { assertElements, type Elements } from './elements';

/** x [outer, rows, inner], count indices. */
export interface GatherShape {
  readonly outer: number;
  readonly rows: number;
  readonly inner: number;
  readonly count: number;
}

/**
 * Picks rows by index: out[o, c, i] = x[o, indices[c], i].
 *
 * Shapes: x [outer, rows, inner], indices [count] → out [outer, count, inner]
 *
 * @throws {InvalidArgumentError} when an index lies outside [0, rows), or arrays overlap or are of different kinds
 * @throws {ShapeMismatchError} when an array has not the length of its shape
 */
export function gather<Array extends Elements>(
  native: NativeContext,
  { outer, rows, inner, count }: GatherShape,
  x: Array,
  indices: Int32Array,
  out: Array,
): void {
  const operation = 'gather';
  assertElements(operation, 'x', x, checkedCount(operation, 'x', [outer, rows, inner]));
  assertElements(operation, 'out', out, checkedCount(operation, 'out', [outer, count, inner]), x);
  assertArray(operation, 'indices', indices, 'Int32Array', count);
  assertApart(operation, 'x', x, out);
  const outside = indices.find((index) => index < 0 || index >= rows);
  if (outside !== undefined) {
    throw new InvalidArgumentError({
      operation: `[kernels-native] ${operation}`,
      expected: `indices within [0, ${rows})`,
      received: String(outside),
    });
  }
  checkStatus(operation, native.addon.gatherRows(native.handle, outer, rows, inner, x, indices, out));
}
