import { type TopTwoStats, topTwoObserver } from '../observer/top-two';
import { chooseQParams } from '../qparams';
import { makeRange } from '../range';
import { rounder } from '../rounding';
import type { LinearScheme } from '../scheme';
import { shrinkFactors } from './candidate-ranges';
import type { RangeSelector } from './range-selector';

/**
 * For classifier heads ("isotone"): the range that keeps the winner of most rows, because after arg max nothing else counts.
 *
 * A row is lost when its two largest values get the same code. Of ranges shrunken from the observed one by equal factors, the
 * one that loses the fewest of the kept rows wins; ties go to the widest, which clips least. Exact as long as the kept rows
 * hold all that can be lost (all rows, up to 4096 by default).
 *
 * @see PPQ's isotone observer (own formulation: counts lost rows instead of searching their values)
 */
export const orderPreserving: RangeSelector<TopTwoStats> = /* @__PURE__ */ Object.freeze({
  id: 'orderPreserving',
  observer: topTwoObserver,
  selectRange(stats: TopTwoStats, scheme: LinearScheme) {
    const min = stats.range.min[0] as number;
    const max = stats.range.max[0] as number;
    let best = makeRange(min, max);
    let least = Number.POSITIVE_INFINITY;
    for (const factor of shrinkFactors()) {
      const range = makeRange(min * factor, max * factor);
      const lost = lostRows(stats, range, scheme);
      if (lost < least) {
        least = lost;
        best = range;
      }
    }
    return best;
  },
});

function lostRows(stats: TopTwoStats, range: ReturnType<typeof makeRange>, scheme: LinearScheme): number {
  const { scale, zeroPoint } = chooseQParams(range, scheme);
  const s = scale[0] as number;
  const z = zeroPoint[0] as number;
  const round = rounder(scheme.rounding);
  const code = (x: number): number => Math.min(Math.max(round(Math.fround(x / s)) + z, scheme.qmin), scheme.qmax);
  let lost = 0;
  for (const [first, second] of stats.critical) if (first > second && code(first) === code(second)) lost++;
  return lost;
}
