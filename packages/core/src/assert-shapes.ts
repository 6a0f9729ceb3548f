import { ShapeMismatchError } from './errors';
import { type Granularity, paramCount } from './granularity';
import { elementCount } from './tensor-view';

/**
 * Checks the lengths of data, parameters and output against a shape and its granularity.
 *
 * @returns the number of elements of the shape
 * @throws {ShapeMismatchError} when one disagrees
 */
export function assertShapes(
  operation: string,
  shape: readonly number[],
  data: ArrayLike<number>,
  granularity: Granularity,
  params: { readonly [name: string]: ArrayLike<number> },
  out: ArrayLike<number> | undefined,
): number {
  const groups = paramCount(shape, granularity);
  for (const [name, values] of Object.entries(params)) {
    if (values.length === groups) continue;
    throw new ShapeMismatchError({
      operation,
      expected: `${name} of length ${groups} (${granularity.kind} of shape [${shape.join(',')}])`,
      received: `length ${values.length}`,
    });
  }
  const count = elementCount(shape);
  if (data.length !== count || (out !== undefined && out.length !== count)) {
    throw new ShapeMismatchError({
      operation,
      expected: `${count} elements for shape [${shape.join(',')}]`,
      received: `${data.length}${out === undefined ? '' : ` in, ${out.length} out`}`,
    });
  }
  return count;
}
