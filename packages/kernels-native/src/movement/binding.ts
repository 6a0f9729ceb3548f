import type { ContextHandle, Status } from '../binding';
import type { Elements } from './elements';

/** What bind_movement.cc exports. */
export interface MovementBinding {
  /** geometry: sizes, strides of `from`, strides of `to`, one after the other. */
  copyStrided(
    context: ContextHandle,
    geometry: Float64Array,
    fromOffset: number,
    toOffset: number,
    from: Elements,
    to: Elements,
  ): Status;
  gatherRows(
    context: ContextHandle,
    outer: number,
    rows: number,
    inner: number,
    from: Elements,
    indices: Int32Array,
    to: Elements,
  ): Status;
}
