import type { AsyncForms } from '../async-forms';
import type { ContextHandle, LayoutArguments, Status } from '../binding';

interface Calls {
  minMax(
    context: ContextHandle,
    ...layoutThenArrays: [...LayoutArguments, x: Float32Array, min: Float32Array, max: Float32Array, bad: Float64Array]
  ): Status;
  histogram(
    context: ContextHandle,
    exponent: number,
    firstBin: number,
    x: Float32Array,
    counts: Float64Array,
    missed: Float64Array,
  ): Status;
  entropyBins(context: ContextHandle, levels: number, counts: Float64Array, kept: Int32Array): Status;
  moments(
    context: ContextHandle,
    ...layoutThenArrays: [
      ...LayoutArguments,
      x: Float32Array,
      sums: Float64Array,
      magnitudes: Float64Array,
      squares: Float64Array,
    ]
  ): Status;
  gridErrors(
    context: ContextHandle,
    ...layoutThenRest: [
      ...LayoutArguments,
      candidates: number,
      scale: Float32Array,
      zeroPoint: Float32Array,
      qmin: number,
      qmax: number,
      x: Float32Array,
      errors: Float64Array,
    ]
  ): Status;
}

/** bind_statistics.cc. */
export interface StatisticsBinding extends Calls, AsyncForms<Calls> {}
