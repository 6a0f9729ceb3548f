import type { Histogram } from '../observer/histogram-stats';
import { rounder } from '../rounding';
import type { LinearScheme } from '../scheme';
import { coarsen } from './histogram-shape';

/** A histogram made ready for scoring many quantization grids: bin centres weighted by counts, with prefix sums. */
export interface Profile {
  readonly centre: Float64Array;
  readonly weight: Float64Array;
  /** Centre of bin 0 and distance of centres, before the outermost centres were moved to the observed extremes. */
  readonly base: number;
  readonly width: number;
  /** Σ_{j<i} w, Σ_{j<i} w·c, Σ_{j<i} w·c². */
  readonly sum0: Float64Array;
  readonly sum1: Float64Array;
  readonly sum2: Float64Array;
}

/** Enough bins that one step of an 8-bit grid spans at least eight. */
const scoredBins = 2048;

export function profileOf(histogram: Histogram): Profile {
  const h = coarsen(histogram, scoredBins);
  const bins = h.counts.length;
  const centre = new Float64Array(bins);
  const sum0 = new Float64Array(bins + 1);
  const sum1 = new Float64Array(bins + 1);
  const sum2 = new Float64Array(bins + 1);
  for (let j = 0; j < bins; j++) {
    const c = Math.min(Math.max(h.start + (j + 0.5) * h.width, h.min), h.max);
    const w = h.counts[j] as number;
    centre[j] = c;
    sum0[j + 1] = (sum0[j] as number) + w;
    sum1[j + 1] = (sum1[j] as number) + w * c;
    sum2[j + 1] = (sum2[j] as number) + w * c * c;
  }
  return { centre, weight: h.counts, base: h.start + 0.5 * h.width, width: h.width, sum0, sum1, sum2 };
}

/** What quantizing the bin centres c to y = FQ(c) gives, weighted: Σ w·(c − y)², Σ w·c·y, Σ w·y². */
export interface GridSums {
  readonly squaredError: number;
  readonly dot: number;
  readonly energy: number;
}

/**
 * Sums over one quantization grid in O(codes) instead of O(bins): all centres of one code's cell go to one value, so the
 * prefix sums of w, w·c and w·c² at the cell's two ends are enough. Ties between two codes have equal error, so the half-way
 * rounding modes share one formula; `floor` has other cells. Equal to quantizing each centre, up to float64 rounding.
 *
 * @param limit stop once squaredError exceeds this; the sums are then partial
 */
export function gridSums(
  profile: Profile,
  scheme: LinearScheme,
  scale: number,
  zeroPoint: number,
  limit: number = Number.POSITIVE_INFINITY,
): GridSums {
  const { centre, sum0, sum1, sum2, base, width } = profile;
  const bins = centre.length;
  const below = scheme.rounding === 'floor' ? 0 : 0.5;
  const codeOf = (c: number): number => Math.floor(c / scale - below) + zeroPoint;
  const firstCode = Math.min(Math.max(codeOf(centre[0] as number) - 1, scheme.qmin), scheme.qmax);
  const lastCode = Math.min(Math.max(codeOf(centre[bins - 1] as number) + 2, scheme.qmin), scheme.qmax);
  let squaredError = 0;
  let dot = 0;
  let energy = 0;
  for (let q = firstCode, from = 0; q <= lastCode && squaredError <= limit; q++) {
    // The first bin of the next cell: centre ≥ (q + 1 − below − zeroPoint)·scale, the last cell taking all that is left.
    const bound = (q + 1 - below - zeroPoint) * scale;
    let to = bins;
    if (q < lastCode) {
      to = Math.min(Math.max(Math.ceil((bound - base) / width), from), bins);
      if (to > from && (centre[to - 1] as number) >= bound) to--;
      else if (to < bins && (centre[to] as number) < bound) to++;
    }
    if (to === from) continue;
    const y = (q - zeroPoint) * scale;
    const m0 = (sum0[to] as number) - (sum0[from] as number);
    const m1 = (sum1[to] as number) - (sum1[from] as number);
    const m2 = (sum2[to] as number) - (sum2[from] as number);
    squaredError += Math.max(0, m2 - 2 * y * m1 + y * y * m0);
    dot += y * m1;
    energy += y * y * m0;
    from = to;
  }
  return { squaredError, dot, energy };
}

/** t^p for t in [0, 1] by linear interpolation: absolute error below p·(p−1)·2^−27. */
export function powerTable(p: number): Float64Array {
  return Float64Array.from({ length: 4098 }, (_, i) => (i / 4096) ** p);
}

/**
 * Σ w·|c − FQ(c)|^p for any p ≥ 1, bin by bin. The error inside the codes is below one step, so its power comes from a table
 * in units of a step; clipped bins are computed exactly. The outer bins come first, so that what is clipped too much exceeds
 * `limit` early; the sum is then partial.
 */
export function powerError(
  profile: Profile,
  scheme: LinearScheme,
  scale: number,
  zeroPoint: number,
  p: number,
  table: Float64Array,
  limit: number = Number.POSITIVE_INFINITY,
): number {
  const { centre, weight } = profile;
  const round = rounder(scheme.rounding);
  const { qmin, qmax } = scheme;
  const lowest = qmin - zeroPoint;
  const highest = qmax - zeroPoint;
  const unit = scale ** p;
  const most = limit / unit;
  let error = 0;
  for (let k = 0; k < centre.length && error <= most; k++) {
    const j = k % 2 === 0 ? k / 2 : centre.length - (k + 1) / 2;
    const w = weight[j] as number;
    if (w === 0) continue;
    const t = (centre[j] as number) / scale;
    const code = round(t);
    const away = Math.abs(t - (code > highest ? highest : code < lowest ? lowest : code));
    if (away < 1) {
      const position = away * 4096;
      const cell = position | 0;
      const left = table[cell] as number;
      error += w * (left + (position - cell) * ((table[cell + 1] as number) - left));
    } else {
      error += w * away ** p;
    }
  }
  return error * unit;
}
