import type { RangeStats } from './observer';

/**
 * Counts of one parameter's values in bins of equal width, ascending.
 *
 * Bin i covers [start + i·width, start + (i+1)·width). Counts sum to `count`; `min` and `max` are the observed extremes.
 */
export interface Histogram {
  readonly count: number;
  readonly min: number;
  readonly max: number;
  readonly start: number;
  readonly width: number;
  readonly counts: Float64Array;
  /** The counts.length + 1 edges, where they are not exactly start + i·width in float64. */
  readonly edges?: Float64Array;
}

export interface HistogramStats extends RangeStats {
  /** One histogram per parameter. */
  readonly histograms: readonly Histogram[];
}
