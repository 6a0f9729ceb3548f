import { InvalidArgumentError } from '../errors';
import { histogramObserver } from '../observer/histogram';
import type { Histogram, HistogramStats } from '../observer/histogram-stats';
import { assertInteger, assertKnownOptions } from '../observer/known-options';
import { chooseQParams, type QParams } from '../qparams';
import { makeRange } from '../range';
import type { LinearScheme } from '../scheme';
import { gridSums, type Profile, profileOf } from './grid-error';
import type { RangeSelector } from './range-selector';

export interface CosineOptions {
  /** Search interval in units of the full range's scale; EasyQuant's default 0.5 to 2. */
  readonly from?: number;
  readonly to?: number;
  /** Candidates, equally spaced; default 100. */
  readonly steps?: number;
  /**
   * Similarity to maximise; default cos(x, FQ(x)) of the tensor itself. A caller that can run the layer passes the similarity
   * of its outputs here: it gets candidate parameters (one entry) and the parameter index they are for.
   */
  readonly similarity?: (candidate: QParams, parameter: number) => number;
}

/**
 * EasyQuant's scale search: of N scales around that of the full range, the one that maximises a cosine similarity.
 * cos(x, FQ(x)) = Σ H·c·FQ(c) / (√Σ H·c² · √Σ H·FQ(c)²) over bin centres. The first best candidate wins.
 *
 * @throws {InvalidArgumentError} unless 0 < from ≤ to and steps is an integer in [2, 10000]
 * @see Wu et al. 2020, "EasyQuant", arXiv:2006.16669 (there on layer outputs, alternating weights and activations)
 */
export function cosine(options: CosineOptions = {}): RangeSelector<HistogramStats> {
  const operation = '[core] cosine';
  assertKnownOptions(operation, options, ['from', 'to', 'steps', 'similarity']);
  const { from = 0.5, to = 2, steps = 100, similarity } = options;
  assertInteger(operation, 'steps', steps, 2, 10_000);
  if (!(from > 0 && from <= to && to < Number.POSITIVE_INFINITY)) {
    throw new InvalidArgumentError({ operation, expected: '0 < from ≤ to', received: `from ${from}, to ${to}` });
  }
  const { similarity: _function, ...shown } = options;
  const settings = [
    ...Object.entries(shown).map(([key, value]) => `${key}=${value}`),
    ...(similarity === undefined ? [] : ['custom similarity']),
  ];
  return Object.freeze({
    id: settings.length === 0 ? 'cosine' : `cosine(${settings.join(', ')})`,
    observer: histogramObserver,
    selectRange(stats: HistogramStats, scheme: LinearScheme) {
      const factors = stats.histograms.map((h, parameter) => {
        if (h.min === h.max) return 1;
        const score = similarity ?? tensorCosine(h, scheme);
        let best = 1;
        let most = Number.NEGATIVE_INFINITY;
        for (let k = 0; k < steps; k++) {
          const factor = from + ((to - from) * k) / (steps - 1);
          const value = score(chooseQParams(makeRange(h.min * factor, h.max * factor), scheme), parameter);
          if (value > most) {
            most = value;
            best = factor;
          }
        }
        return best;
      });
      return makeRange(
        stats.range.min.map((min, g) => min * (factors[g] as number)),
        stats.range.max.map((max, g) => max * (factors[g] as number)),
      );
    },
  });
}

function tensorCosine(h: Histogram, scheme: LinearScheme): (candidate: QParams) => number {
  const profile: Profile = profileOf(h);
  return ({ scale, zeroPoint }) => {
    const { dot, energy } = gridSums(profile, scheme, scale[0] as number, zeroPoint[0] as number);
    return energy === 0 ? 0 : dot / Math.sqrt(energy);
  };
}
