/**
 * TensorRT's entropy search: how many of the first bins of |x| to keep. Returns counts.length when nothing should be clipped.
 *
 * For every candidate i = levels … B, with H the counts:
 *   P  = H[0..i−1], with all of H[i..] added to its last bin
 *   Q  = H[0..i−1] in `levels` groups, bin j in group ⌊j·levels/i⌋ (fractional boundaries); each group's sum is spread evenly
 *        over its bins with H > 0
 *   KL = Σ P̂ⱼ·log(P̂ⱼ/Q̂ⱼ) over P̂ⱼ > 0, both normalized; ∞ when the last bin is empty but outliers were added to it
 * and the last minimum (the largest range) wins. Before the search H[0] ← H[1], because the zeros that a ReLU makes would
 * dominate everything (NVIDIA's step). Not smoothed, so multiplying all counts by a number changes nothing.
 *
 * Speed: with H' = H plus the outliers in the last bin, N all counts, S = Σ_{j<i} Hⱼ, and per group its sum G and its number
 * of occupied bins z,
 *   N·KL = Σ_{g<last} w_g + L_i,   w_g = Σ_{j∈g} Hⱼ·log Hⱼ − G·log(G/z) ≥ 0 (Jensen),
 *   L_i  = Σ_{j∈last} H'ⱼ·log H'ⱼ − (G + outliers)·log(G/z) − N·log(N/S)
 * With prefix sums over H, H·log H and occupied bins each term is O(1). Since no w_g is negative, a candidate is given up as
 * soon as it exceeds the best one; and a group whose boundaries have not moved since it was last summed is not summed again.
 *
 * @see S. Migacz, "8-bit inference with TensorRT", GTC 2017 S7310; NVIDIA ModelOpt's entropy calibrator
 */
export function tensorrtBins(histogram: Float64Array, levels: number): number {
  const bins = histogram.length;
  if (bins <= levels) return bins;
  const counts = histogram.slice();
  counts[0] = counts[1] as number;
  const { below, occupied, entropyBelow } = prefixSums(counts);
  const all = below[bins] as number;
  if (all === 0) return bins;
  const logOf = Float64Array.from({ length: Math.ceil(bins / levels) + 2 }, (_, z) => Math.log(z));
  const spreadLoss = (from: number, to: number): number => {
    const sum = (below[to] as number) - (below[from] as number);
    if (sum === 0) return 0;
    const bars = (occupied[to] as number) - (occupied[from] as number);
    const loss = (entropyBelow[to] as number) - (entropyBelow[from] as number);
    return loss - sum * (Math.log(sum) - (logOf[bars] as number));
  };

  const starts = new Int32Array(levels);
  const ends = new Int32Array(levels);
  const losses = new Float64Array(levels);
  let best = Number.POSITIVE_INFINITY;
  let kept = bins;
  for (let i = bins; i >= levels; i--) {
    const inside = below[i] as number;
    const outliers = all - inside;
    const last = counts[i - 1] as number;
    if (last === 0 && (outliers > 0 || inside === 0)) continue;
    const lastGroup = Math.ceil(((levels - 1) * i) / levels);
    let divergence = spreadLoss(lastGroup, i) - all * Math.log(all / inside);
    if (outliers > 0) {
      const sum = inside - (below[lastGroup] as number);
      const bars = (occupied[i] as number) - (occupied[lastGroup] as number);
      divergence += (last + outliers) * Math.log(last + outliers) - last * Math.log(last);
      divergence -= outliers * (Math.log(sum) - (logOf[bars] as number));
    }
    for (let g = 0, from = 0; g < levels - 1 && divergence < best; g++) {
      const to = Math.ceil(((g + 1) * i) / levels);
      if (from !== starts[g] || to !== ends[g]) {
        losses[g] = spreadLoss(from, to);
        starts[g] = from;
        ends[g] = to;
      }
      divergence += losses[g] as number;
      from = to;
    }
    if (divergence < best) {
      best = divergence;
      kept = i;
    }
  }
  return kept;
}

function prefixSums(counts: Float64Array): {
  /** Σ_{j<i} counts[j] */
  below: Float64Array;
  /** bins j < i with counts[j] > 0 */
  occupied: Int32Array;
  /** Σ_{j<i} counts[j]·log counts[j] */
  entropyBelow: Float64Array;
} {
  const below = new Float64Array(counts.length + 1);
  const occupied = new Int32Array(counts.length + 1);
  const entropyBelow = new Float64Array(counts.length + 1);
  for (let j = 0; j < counts.length; j++) {
    const count = counts[j] as number;
    below[j + 1] = (below[j] as number) + count;
    occupied[j + 1] = (occupied[j] as number) + (count > 0 ? 1 : 0);
    entropyBelow[j + 1] = (entropyBelow[j] as number) + (count > 0 ? count * Math.log(count) : 0);
  }
  return { below, occupied, entropyBelow };
}
