import type { ObserverType, StatisticsBackend } from '../observer/observer';
import type { Range } from '../range';
import type { LinearScheme } from '../scheme';

/**
 * Statistics → clip range: the `selectRange` step as a value. Pure; knows no tensor and writes nothing.
 * `observer` says which statistics it reads, so that a calibrator collects the right ones; statistics of that type from
 * elsewhere do as well. The range has one entry per parameter of the statistics.
 */
export interface RangeSelector<Stats> {
  /** Name for specs and reports, options included: `fullRange`, `percentile(99.9)`. */
  readonly id: string;
  readonly observer: ObserverType<Stats>;
  /** @param backend faster searches with the same results; default the TypeScript ones of this folder */
  selectRange(stats: Stats, scheme: LinearScheme, backend?: StatisticsBackend): Range;
}
