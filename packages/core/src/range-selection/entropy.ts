import { histogramObserver } from '../observer/histogram';
import type { Histogram, HistogramStats } from '../observer/histogram-stats';
import { assertInteger, assertKnownOptions } from '../observer/known-options';
import type { StatisticsBackend } from '../observer/observer';
import { makeRange } from '../range';
import type { LinearScheme } from '../scheme';
import { onnxruntimeWindow } from './entropy-onnxruntime';
import { ppqBins } from './entropy-ppq';
import { tensorrtBins } from './entropy-tensorrt';
import { absoluteFromZero, binEdge, symmetricAroundZero } from './histogram-shape';
import type { RangeSelector } from './range-selector';

export interface EntropyOptions {
  /** Whose search, where they differ; default `tensorrt`. */
  readonly variant?: 'tensorrt' | 'onnxruntime' | 'ppq';
  /**
   * The histogram is coarsened (exactly, by powers of two) while at least this many bins remain; default 2048, PPQ 4096.
   * onnxruntime's own default of 128 bins for 128 levels has one candidate, the full range.
   */
  readonly bins?: number;
  /**
   * Levels of the candidate distribution. Default: the codes that serve |x|, (qmax − qmin + 1)/2 rounded up, or all of them
   * for one-signed data with a scheme that can use them there; onnxruntime 128.
   */
  readonly levels?: number;
}

/**
 * Clips where the quantized distribution loses the least information: minimal KL divergence over candidate thresholds.
 *
 * Problem: a few outliers stretch the range and cost resolution for all other values. Idea (TensorRT, GTC 2017 S7310): for
 * every threshold compare the distribution whose outliers moved into the last bin with the one that has only as many levels
 * as codes, and keep the threshold with the smallest divergence. `tensorrt` works on |x| and gives ±T cut to the observed
 * extremes; `entropy-*.ts` state each variant's formula. On {@link fixedHistogramObserver} statistics with equal bins the
 * onnxruntime and PPQ variants repeat those tools.
 */
export function entropy(options: EntropyOptions = {}): RangeSelector<HistogramStats> {
  const operation = '[core] entropy';
  assertKnownOptions(operation, options, ['variant', 'bins', 'levels']);
  const { variant = 'tensorrt', bins = variant === 'ppq' ? 4096 : 2048, levels } = options;
  assertInteger(operation, 'bins', bins, 2, 2 ** 20);
  if (levels !== undefined) assertInteger(operation, 'levels', levels, 2, 2 ** 16);
  const settings = [
    ...(variant === 'tensorrt' ? [] : [variant]),
    ...(options.bins === undefined ? [] : [`bins=${bins}`]),
    ...(levels === undefined ? [] : [`levels=${levels}`]),
  ];
  return Object.freeze({
    id: settings.length === 0 ? 'entropy' : `entropy(${settings.join(', ')})`,
    observer: histogramObserver,
    selectRange(stats: HistogramStats, scheme: LinearScheme, backend?: StatisticsBackend) {
      const ranges = stats.histograms.map((h) => {
        if (h.min === h.max) return [h.min, h.max] as const;
        const [lo, hi] = bounds[variant](h, bins, scheme, levels, backend);
        return [Math.max(h.min, Math.min(lo, h.max)), Math.min(h.max, Math.max(hi, h.min))] as const;
      });
      return makeRange(
        ranges.map(([lo]) => lo),
        ranges.map(([, hi]) => hi),
      );
    },
  });
}

// — internals —

type Bounds = (
  h: Histogram,
  bins: number,
  scheme: LinearScheme,
  levels: number | undefined,
  backend: StatisticsBackend | undefined,
) => readonly [number, number];

const bounds: { readonly [K in NonNullable<EntropyOptions['variant']>]: Bounds } = {
  /** T = (m + 0.5)·w. */
  tensorrt(h, bins, scheme, levels = defaultLevels(h, scheme), backend) {
    const folded = absoluteFromZero(h, bins);
    const kept = fasterBins(folded.counts, levels, backend) || tensorrtBins(folded.counts, levels);
    const threshold = kept === folded.counts.length ? folded.max : binEdge(folded, kept) + 0.5 * folded.width;
    return [-threshold, threshold];
  },
  /** PPQ's scale m·w/levels, as the range that gives it: T = m·w·qmax/levels. */
  ppq(h, bins, scheme, levels) {
    const folded = absoluteFromZero(h, bins);
    const count = levels ?? Math.ceil((scheme.qmax - scheme.qmin + 1) / 2);
    const kept = ppqBins(folded.counts, count);
    const codes = scheme.dtype.signed ? scheme.qmax : (scheme.qmax - scheme.qmin) / 2;
    const threshold = (binEdge(folded, kept) * codes) / count;
    return [-threshold, threshold];
  },
  onnxruntime(h, bins, _scheme, levels) {
    const symmetric = h.edges === undefined ? symmetricAroundZero(h, bins) : h;
    const [start, end] = onnxruntimeWindow(symmetric.counts, levels ?? 128);
    return [binEdge(symmetric, start), binEdge(symmetric, end)];
  },
};

/** What the backend finds, 0 where it does not say. */
function fasterBins(counts: Float64Array, levels: number, backend: StatisticsBackend | undefined): number {
  const isTaken = counts.length > levels && counts.length <= 2 ** 20;
  return isTaken ? (backend?.entropyBins?.(counts, levels) ?? 0) : 0;
}

function defaultLevels(h: Histogram, scheme: LinearScheme): number {
  const all = scheme.qmax - scheme.qmin + 1;
  const usesAllCodes =
    scheme.mapping === 'asymmetric' ? h.min >= 0 || h.max <= 0 : !scheme.dtype.signed && scheme.unsignedZero === 'zero';
  return usesAllCodes ? all : Math.ceil(all / 2);
}
