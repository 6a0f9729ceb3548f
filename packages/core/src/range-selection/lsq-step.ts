import { type MomentsStats, momentsObserver } from '../observer/moments';
import { makeRange } from '../range';
import type { LinearScheme } from '../scheme';
import type { RangeSelector } from './range-selector';

/**
 * The range whose scale is LSQ's initial step:  s = 2·mean|x| / √p.
 *
 * p is the largest code distance from zero: qmax for signed symmetric schemes and for unsigned ones with zero at code 0
 * ((qmax − qmin)/2 where that is the scheme's divisor), qmax − qmin for asymmetric ones. Range: ±s·p when symmetric; when
 * asymmetric the observed range, 0 included, scaled to the span s·(qmax − qmin). It may be wider than the observed one: the
 * step is what counts. All-zero parameters give the range 0.
 *
 * @see Esser et al. 2020, "Learned Step Size Quantization", arXiv:1902.08153 §2.1
 */
export const lsqStep: RangeSelector<MomentsStats> = /* @__PURE__ */ Object.freeze({
  id: 'lsqStep',
  observer: momentsObserver,
  selectRange(stats: MomentsStats, scheme: LinearScheme) {
    const codes = codesFromZero(scheme);
    const span = stats.meanAbs.map((mean) => 2 * mean * Math.sqrt(codes));
    if (scheme.mapping === 'symmetric') {
      return makeRange(
        span.map((bound) => 0 - bound),
        span,
      );
    }
    const low = stats.range.min.map((min) => Math.min(min, 0));
    const high = stats.range.max.map((max) => Math.max(max, 0));
    const factor = span.map((wanted, g) => (wanted === 0 ? 0 : wanted / ((high[g] as number) - (low[g] as number))));
    return makeRange(
      low.map((min, g) => min * (factor[g] as number) + 0),
      high.map((max, g) => max * (factor[g] as number) + 0),
    );
  },
});

function codesFromZero(scheme: LinearScheme): number {
  const span = scheme.qmax - scheme.qmin;
  if (scheme.mapping === 'asymmetric') return span;
  const reachesQmax = scheme.dtype.signed ? scheme.divisor === 'qmax' : scheme.unsignedZero === 'zero';
  return reachesQmax ? scheme.qmax : span / 2;
}
