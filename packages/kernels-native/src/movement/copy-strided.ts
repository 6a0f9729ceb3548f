import { InvalidArgumentError } from '@bitwright/core';
import { assertApart } from '../arguments';
import { checkStatus, type NativeContext } from '../native-context';
import type { Elements } from './elements';

/** A strided view of an array, in elements. */
interface View {
  readonly offset?: number;
  readonly strides: readonly number[];
}

/** Axes the addon walks. */
const mostAxes = 12;

/**
 * to[i] = from[i] for every index of a shape, each side with its own strides; a stride of 0 in `from` repeats elements.
 *
 * Views must lie inside their arrays, on different memory, and no two indices may share a target: callers of this package see to
 * that by how they make the strides.
 *
 * @throws {InvalidArgumentError} when there are more than 12 axes, or the arrays overlap
 */
export function copyStrided(
  native: NativeContext,
  operation: string,
  sizes: readonly number[],
  from: View & { readonly array: Elements },
  to: View & { readonly array: Elements },
): void {
  if (sizes.length > mostAxes) {
    throw new InvalidArgumentError({
      operation: `[kernels-native] ${operation}`,
      expected: `at most ${mostAxes} axes`,
      received: `${sizes.length}`,
    });
  }
  assertApart(operation, 'x', from.array, to.array);
  const geometry = Float64Array.of(...sizes, ...from.strides, ...to.strides);
  const { addon, handle } = native;
  checkStatus(operation, addon.copyStrided(handle, geometry, from.offset ?? 0, to.offset ?? 0, from.array, to.array));
}
