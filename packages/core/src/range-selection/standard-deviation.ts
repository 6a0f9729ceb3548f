import { assertBetween } from '../observer/known-options';
import { type MomentsStats, momentsObserver } from '../observer/moments';
import { makeRange } from '../range';
import type { RangeSelector } from './range-selector';

/**
 * Clips to  [μ − n·σ, μ + n·σ] ∩ [min, max]  with the population σ = √(M2/N). It clips only; it never widens.
 *
 * @param n deviations kept, > 0; 2.6 is MQBench's choice for DSQ weights, 3 LSQ+'s
 * @throws {InvalidArgumentError} for n ≤ 0
 */
export function standardDeviation(n: number): RangeSelector<MomentsStats> {
  assertBetween('[core] standardDeviation', 'n', n, 0, Number.POSITIVE_INFINITY);
  return Object.freeze({
    id: `standardDeviation(${n})`,
    observer: momentsObserver,
    selectRange(stats: MomentsStats) {
      const share = stats.count / stats.mean.length;
      const bound = (g: number, side: 1 | -1): number =>
        (stats.mean[g] as number) + side * n * Math.sqrt((stats.m2[g] as number) / share);
      return makeRange(
        stats.range.min.map((min, g) => Math.max(min, bound(g, -1))),
        stats.range.max.map((max, g) => Math.min(max, bound(g, 1))),
      );
    },
  });
}
