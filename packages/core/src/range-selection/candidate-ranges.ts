/**
 * Factors by which range searches shrink a range, descending from 1: steps of 0.01 down to 0.05 (MQBench's grid), then
 * factors of 0.9 down to 0.001 for tensors whose outliers are far away.
 */
export function shrinkFactors(): Float64Array {
  const factors: number[] = [];
  for (let k = 0; k <= 95; k++) factors.push((100 - k) / 100);
  for (let factor = 0.05 * 0.9; factor > 0.001; factor *= 0.9) factors.push(factor);
  return Float64Array.from(factors);
}

/** A pair of indices into {@link shrinkFactors}: how far the lower and the upper bound shrink. */
export type Shrink = readonly [low: number, high: number];

/**
 * Searches pairs for the smallest score: the diagonal, a coarse square grid, then downhill from the better of both with steps
 * of half the grid and less, until no neighbour is better. A pair wins only by more than `tolerance`; the first, least
 * shrunken pair wins ties. A score above `limit` need not be exact.
 */
export function searchPairs(
  count: number,
  stride: number,
  tolerance: number,
  score: (pair: Shrink, limit: number) => number,
): Shrink {
  let best: Shrink = [0, 0];
  let least = score(best, Number.POSITIVE_INFINITY);
  const seen = new Set<number>([0]);
  const consider = (pair: Shrink): boolean => {
    const key = pair[0] * count + pair[1];
    if (seen.has(key)) return false;
    seen.add(key);
    const value = score(pair, least);
    if (!(value < least - tolerance)) return false;
    best = pair;
    least = value;
    return true;
  };
  for (let k = 1; k < count; k++) consider([k, k]);
  for (let low = 0; low < count; low += stride) {
    for (let high = 0; high < count; high += stride) consider([low, high]);
  }
  for (let step = Math.ceil(stride / 2); step >= 1; ) {
    const [low, high] = best;
    let improved = false;
    for (const a of [low - step, low, low + step]) {
      for (const b of [high - step, high, high + step]) {
        if (a >= 0 && b >= 0 && a < count && b < count && consider([a, b])) improved = true;
      }
    }
    if (!improved) step = step === 1 ? 0 : Math.ceil(step / 2);
  }
  return best;
}
