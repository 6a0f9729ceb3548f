/**
 * PPQ's entropy search on |x|: how many of the first bins to keep.
 *
 * Before the search the first 0.2 % of the bins become 0 and the next one 1. Candidates are i = levels, 2·levels, … ≤ B only;
 * P is H[0..i−1] with the outliers in its last bin, Q the group sums (i/levels bins each, exactly) spread over their occupied
 * bins;  KL = Σ P̂·(log10(P̂ + 1e−30) − log10(Q̂ + 1e−30)), the first minimum wins.
 * `entropy()` turns the answer m into PPQ's scale m·w/levels, without the half bin that TensorRT adds.
 *
 * @see OpenPPL/ppq, TorchHistObserver (symmetric KL)
 */
export function ppqBins(histogram: Float64Array, levels: number): number {
  const bins = histogram.length;
  const counts = histogram.slice();
  const firstKept = Math.floor(bins * 0.002);
  counts.fill(0, 0, firstKept);
  counts[firstKept] = 1;
  const all = counts.reduce((sum, count) => sum + count, 0);
  let best = Number.POSITIVE_INFINITY;
  let kept = bins;
  for (let i = levels; i <= bins; i += levels) {
    const divergence = divergenceOf(counts, i, i / levels, all);
    if (divergence < best) {
      best = divergence;
      kept = i;
    }
  }
  return kept;
}

function divergenceOf(counts: Float64Array, end: number, group: number, all: number): number {
  const epsilon = 1e-30;
  let inside = 0;
  for (let j = 0; j < end; j++) inside += counts[j] as number;
  let divergence = 0;
  for (let from = 0; from < end; from += group) {
    let sum = 0;
    let occupied = 0;
    for (let j = from; j < from + group; j++) {
      sum += counts[j] as number;
      if (counts[j] !== 0) occupied++;
    }
    const each = occupied === 0 ? 0 : sum / occupied / inside;
    for (let j = from; j < from + group; j++) {
      const count = counts[j] as number;
      const p = (j === end - 1 ? count + all - inside : count) / all;
      const q = count === 0 ? 0 : each;
      if (p > 0) divergence += p * (Math.log10(p + epsilon) - Math.log10(q + epsilon));
    }
  }
  return divergence;
}
