import { histogramObserver } from '../observer/histogram';
import type { Histogram, HistogramStats } from '../observer/histogram-stats';
import { assertKnownOptions } from '../observer/known-options';
import { makeRange } from '../range';
import type { LinearScheme } from '../scheme';
import { optimalClip } from './clipping-optimum';
import { binCentre } from './histogram-shape';
import type { RangeSelector } from './range-selector';

export interface AciqOptions {
  /** The distribution assumed. Default `automatic`: the better fitting one for each parameter. */
  readonly distribution?: 'gauss' | 'laplace' | 'automatic';
}

/**
 * Analytic clipping (ACIQ): the clip that is optimal for a fitted distribution, without a search.
 *
 *   two-sided data    [μ − α, μ + α] ∩ [min, max];  α = α*(levels)·σ (Gauss) or α*(levels)·b (Laplace), b = mean|x − μ|
 *   symmetric schemes the same with μ = 0
 *   data ≥ 0          (after a ReLU) [0, α]; σ or b are fitted to the positive values, as the right half of a distribution
 *                     around 0, and α* is that of 2·levels levels: one more bit. Data ≤ 0 likewise.
 * levels = qmax − qmin + 1, so M bits have 2^M. `automatic` compares mean|x − μ|/σ with the 0.798 of a Gauss and the 0.707 of
 * a Laplace distribution (Geary's test); unlike kurtosis it is not ruled by the outliers that are about to be clipped.
 *
 * @see Banner et al. 2019, arXiv:1810.05723
 */
export function aciq(options: AciqOptions = {}): RangeSelector<HistogramStats> {
  assertKnownOptions('[core] aciq', options, ['distribution']);
  const { distribution = 'automatic' } = options;
  return Object.freeze({
    id: distribution === 'automatic' ? 'aciq' : `aciq(${distribution})`,
    observer: histogramObserver,
    selectRange(stats: HistogramStats, scheme: LinearScheme) {
      const ranges = stats.histograms.map((h) => clip(h, scheme, distribution));
      return makeRange(
        ranges.map(([lo]) => lo),
        ranges.map(([, hi]) => hi),
      );
    },
  });
}

// — internals —

/** Geometric mean of √(2/π) and √(1/2): above it the data look like a Gauss distribution. */
const gearyLimit = (1 / Math.PI) ** 0.25;

function clip(
  h: Histogram,
  scheme: LinearScheme,
  distribution: NonNullable<AciqOptions['distribution']>,
): readonly [number, number] {
  if (h.min === h.max) return [h.min, h.max];
  const isOneSided = h.min >= 0 || h.max <= 0;
  const usesAllCodes = scheme.mapping === 'asymmetric' || (!scheme.dtype.signed && scheme.unsignedZero === 'zero');
  const centre = isOneSided || scheme.mapping === 'symmetric' ? 0 : meanOf(h);
  const { deviation, sigma } = spreadOf(h, centre, isOneSided);
  const kind = distribution === 'automatic' ? (deviation / sigma > gearyLimit ? 'gauss' : 'laplace') : distribution;
  const levels = (scheme.qmax - scheme.qmin + 1) * (isOneSided && usesAllCodes ? 2 : 1);
  const alpha = optimalClip(kind, levels) * (kind === 'gauss' ? sigma : deviation);
  return [Math.max(h.min, Math.min(centre - alpha, h.max)), Math.min(h.max, Math.max(centre + alpha, h.min))];
}

function meanOf(h: Histogram): number {
  let sum = 0;
  for (let j = 0; j < h.counts.length; j++) sum += (h.counts[j] as number) * binCentre(h, j);
  return sum / h.count;
}

/** Mean |x − centre| and root mean square of x − centre; without the zeros when only one side exists. */
function spreadOf(h: Histogram, centre: number, isOneSided: boolean): { deviation: number; sigma: number } {
  let count = 0;
  let absolute = 0;
  let squares = 0;
  for (let j = 0; j < h.counts.length; j++) {
    const weight = h.counts[j] as number;
    const away = binCentre(h, j) - centre;
    if (isOneSided && Math.abs(away) < h.width) continue;
    count += weight;
    absolute += weight * Math.abs(away);
    squares += weight * away * away;
  }
  return { deviation: absolute / count, sigma: Math.sqrt(squares / count) };
}
