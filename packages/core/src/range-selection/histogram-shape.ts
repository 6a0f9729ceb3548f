import type { Histogram } from '../observer/histogram-stats';

/**
 * The same histogram with bins joined 2^d at a time, d as large as leaves at least `leastBins` bins. Exact; bins stay anchored
 * at zero where they were.
 */
export function coarsen(h: Histogram, leastBins: number): Histogram {
  const factor = joinedBins(h.counts.length, leastBins);
  if (factor === 1) return h;
  const index = Math.round(h.start / h.width);
  const first = index * h.width === h.start ? index : 0;
  const newFirst = Math.floor(first / factor);
  const counts = new Float64Array(Math.floor((first + h.counts.length - 1) / factor) - newFirst + 1);
  for (let j = 0; j < h.counts.length; j++) {
    const to = Math.floor((first + j) / factor) - newFirst;
    counts[to] = (counts[to] as number) + (h.counts[j] as number);
  }
  const width = h.width * factor;
  const start = h.start - (first - newFirst * factor) * h.width;
  return { count: h.count, min: h.min, max: h.max, start, width, counts };
}

/**
 * Histogram of |x| over its own range, bins of the same width; each old bin counts where its centre falls. Exact for grids
 * anchored at zero.
 */
export function foldAbsolute(h: Histogram): Histogram {
  if (h.start >= 0) return h;
  const bins = h.counts.length;
  if (h.start + bins * h.width <= 0) {
    const { count, width } = h;
    return { count, min: -h.max, max: -h.min, start: -(h.start + bins * width), width, counts: h.counts.toReversed() };
  }
  return absoluteFromZero(h, bins);
}

/**
 * Histogram of |x| over [0, max |x|], with bins joined 2^d at a time, d as large as leaves at least `leastBins` bins.
 */
export function absoluteFromZero(h: Histogram, leastBins: number): Histogram {
  const middle = h.start / h.width + 0.5;
  const reach = Math.floor(Math.max(Math.abs(middle), Math.abs(middle + h.counts.length - 1))) + 1;
  const factor = joinedBins(reach, leastBins);
  const counts = new Float64Array(Math.ceil(reach / factor));
  for (let j = 0; j < h.counts.length; j++) {
    const to = Math.floor(Math.abs(middle + j) / factor);
    counts[to] = (counts[to] as number) + (h.counts[j] as number);
  }
  const min = Math.max(0, h.min, -h.max);
  return { count: h.count, min, max: Math.max(-h.min, h.max), start: 0, width: h.width * factor, counts };
}

/**
 * The same values with equal numbers of bins on both sides of zero, joined 2^d at a time as above. For grids anchored at zero.
 */
export function symmetricAroundZero(h: Histogram, leastBins: number): Histogram {
  const first = Math.round(h.start / h.width);
  const factor = joinedBins(2 * Math.max(-first, first + h.counts.length), leastBins);
  const half = Math.max(-Math.floor(first / factor), Math.floor((first + h.counts.length - 1) / factor) + 1);
  const counts = new Float64Array(2 * half);
  for (let j = 0; j < h.counts.length; j++) {
    const to = Math.floor((first + j) / factor) + half;
    counts[to] = (counts[to] as number) + (h.counts[j] as number);
  }
  const width = h.width * factor;
  return { count: h.count, min: h.min, max: h.max, start: -half * width, width, counts };
}

/** Largest power of two that leaves at least `leastBins` of `bins` bins, 1 when there are fewer. */
function joinedBins(bins: number, leastBins: number): number {
  let factor = 1;
  while (bins / (2 * factor) >= leastBins) factor *= 2;
  return factor;
}

/** Real value at the centre of bin j. */
export function binCentre(h: Histogram, j: number): number {
  return h.start + (j + 0.5) * h.width;
}

/** Lower edge of bin j; j = counts.length gives the upper end. */
export function binEdge(h: Histogram, j: number): number {
  return h.edges?.[j] ?? h.start + j * h.width;
}
