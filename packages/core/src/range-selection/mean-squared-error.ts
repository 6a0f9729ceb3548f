import { InvalidArgumentError } from '../errors';
import { histogramObserver } from '../observer/histogram';
import type { Histogram, HistogramStats } from '../observer/histogram-stats';
import { assertKnownOptions } from '../observer/known-options';
import { chooseQParams } from '../qparams';
import { makeRange } from '../range';
import type { LinearScheme } from '../scheme';
import { type Shrink, searchPairs, shrinkFactors } from './candidate-ranges';
import { gridSums, powerError, powerTable, profileOf } from './grid-error';
import type { RangeSelector } from './range-selector';

export interface ErrorSearchOptions {
  /** Exponent p of the error |x − FQ(x)|^p, 1 ≤ p ≤ 8; default 2. 2.4 is common for weights (BRECQ, GPTQ, MQBench). */
  readonly p?: number;
  /**
   * `together` shrinks both bounds by one factor; `independent` searches both. Default: independent for asymmetric schemes
   * on data of both signs, where it cannot be worse.
   */
  readonly bounds?: 'together' | 'independent';
}

/**
 * The range whose quantization error  Σ_j H_j·|c_j − FQ(c_j)|^p  over bin centres is smallest.
 *
 * Candidates shrink the observed range (`candidate-ranges.ts`), one-signed data on their non-zero side only; each is scored on
 * the grid that `chooseQParams` makes of it with the given scheme. Bin centres stand for the values, so schemes whose step is
 * near a bin (more than about 11 bits) leave the range as observed.
 *
 * @throws {InvalidArgumentError} for an unknown option or p outside [1, 8]
 */
export function meanSquaredError(options: ErrorSearchOptions = {}): RangeSelector<HistogramStats> {
  assertKnownOptions('[core] meanSquaredError', options, ['p', 'bounds']);
  const { p = 2 } = options;
  if (!(p >= 1 && p <= 8)) {
    throw new InvalidArgumentError({
      operation: '[core] meanSquaredError',
      expected: 'p in [1, 8]',
      received: String(p),
    });
  }
  const settings = [...(p === 2 ? [] : [`p=${p}`]), ...(options.bounds === undefined ? [] : [options.bounds])];
  return Object.freeze({
    id: settings.length === 0 ? 'meanSquaredError' : `meanSquaredError(${settings.join(', ')})`,
    observer: histogramObserver,
    selectRange(stats: HistogramStats, scheme: LinearScheme) {
      const ranges = stats.histograms.map((h) => searchRange(h, scheme, p, options.bounds));
      return makeRange(
        ranges.map(([lo]) => lo),
        ranges.map(([, hi]) => hi),
      );
    },
  });
}

// — internals —

function searchRange(
  h: Histogram,
  scheme: LinearScheme,
  p: number,
  bounds: ErrorSearchOptions['bounds'],
): readonly [number, number] {
  if (h.min === h.max) return [h.min, h.max];
  const profile = profileOf(h);
  const factors = shrinkFactors();
  const table = powerTable(p);
  const isOneSigned = h.min >= 0 || h.max <= 0;
  const independent =
    !isOneSigned && (bounds ?? (scheme.mapping === 'asymmetric' ? 'independent' : 'together')) === 'independent';
  const rangeOf = ([low, high]: Shrink): readonly [number, number] => [
    h.min * (factors[low] as number),
    h.max * (factors[high] as number),
  ];
  const score = (pair: Shrink, limit: number): number => {
    const [lo, hi] = rangeOf(pair);
    const { scale, zeroPoint } = chooseQParams(makeRange(lo, hi), scheme);
    const s = scale[0] as number;
    const z = zeroPoint[0] as number;
    return p === 2
      ? gridSums(profile, scheme, s, z, limit).squaredError
      : powerError(profile, scheme, s, z, p, table, limit);
  };
  const energy = profile.sum2[profile.centre.length] as number;
  const tolerance = p === 2 ? 1e-12 * energy : 0;
  if (independent) return rangeOf(searchPairs(factors.length, p === 2 ? 8 : 12, tolerance, score));
  let best = 0;
  let least = score([0, 0], Number.POSITIVE_INFINITY);
  for (let k = 1; k < factors.length; k++) {
    const value = score([k, k], least);
    if (value < least - tolerance) {
      least = value;
      best = k;
    }
  }
  return rangeOf([best, best]);
}
