import type { ContextHandle, Status } from '../binding';

/** bind_peak.cc. */
export interface PeakBinding {
  measurePeak(context: ContextHandle, seconds: number, out: Float64Array): Status;
}
