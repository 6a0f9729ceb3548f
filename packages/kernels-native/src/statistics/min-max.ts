import type { Granularity, MinMax, TensorView } from '@bitwright/core';
import { assertArray } from '../arguments';
import { layoutOf } from '../layout';
import { checkStatus, type NativeContext } from '../native-context';

/**
 * Smallest and largest finite value per parameter; Infinity and −Infinity where there is none.
 *
 * @returns how many values are NaN or infinite
 * @throws {ShapeMismatchError} when data or outputs do not have the lengths of the shape
 * @throws {InvalidArgumentError} when an array is of another type or lies in shared memory
 */
export function minMax(context: NativeContext, x: TensorView, granularity: Granularity, out: MinMax): number {
  const layout = layoutOf('minMax', x.shape, granularity);
  assertArray('minMax', 'x', x.data, 'Float32Array', layout.count);
  assertArray('minMax', 'min', out.min, 'Float32Array', layout.parameters);
  assertArray('minMax', 'max', out.max, 'Float32Array', layout.parameters);
  const bad = new Float64Array(1);
  checkStatus('minMax', context.addon.minMax(context.handle, ...layout.arguments, x.data, out.min, out.max, bad));
  return bad[0] as number;
}
