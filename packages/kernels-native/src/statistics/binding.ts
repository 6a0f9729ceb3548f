import type { ContextHandle, LayoutArguments, Status } from '../binding';

/** bind_statistics.cc. */
export interface StatisticsBinding {
  minMax(
    context: ContextHandle,
    ...layoutThenArrays: [...LayoutArguments, x: Float32Array, min: Float32Array, max: Float32Array, bad: Float64Array]
  ): Status;
}
