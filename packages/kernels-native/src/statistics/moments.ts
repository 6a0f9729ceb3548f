import type { Granularity, TensorView } from '@bitwright/core';
import { assertArray } from '../arguments';
import { layoutOf } from '../layout';
import { checkStatus, type NativeContext } from '../native-context';

/** Where {@link moments} writes; all of length G = paramCount(shape, granularity). */
export interface Moments {
  /** Σx. */
  readonly sums: Float64Array;
  /** Σ|x|. */
  readonly magnitudes: Float64Array;
  /** Σx². */
  readonly squares: Float64Array;
}

/**
 * Sums of values, magnitudes and squares per parameter. The terms are exact in float64; the additions round, in the same order
 * for any number of threads (core's momentsObserver sums exactly, and slower).
 *
 * @throws {ShapeMismatchError} when data or outputs do not have the lengths of the shape
 * @throws {InvalidArgumentError} when an array is of another type or in shared memory
 */
export function moments(context: NativeContext, x: TensorView, granularity: Granularity, out: Moments): void {
  const layout = layoutOf('moments', x.shape, granularity);
  assertArray('moments', 'x', x.data, 'Float32Array', layout.count);
  for (const name of ['sums', 'magnitudes', 'squares'] as const) {
    assertArray('moments', name, out[name], 'Float64Array', layout.parameters);
  }
  const { sums, magnitudes, squares } = out;
  checkStatus('moments', context.addon.moments(context.handle, ...layout.arguments, x.data, sums, magnitudes, squares));
}
