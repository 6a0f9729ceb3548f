/**
 * onnxruntime.quantization's entropy search (1.30), kept as it is for comparable results: edges [start, end] of the window.
 *
 * The signed histogram has equal bins on both sides of zero. The window grows by one bin on each side, from levels/2 bins per
 * side to all. For each window:
 *   p = counts inside, with the outliers of each side added to its outermost bin
 *   q = group sums of the counts inside (without outliers), groups of ⌊size/levels⌋ bins, the remainder in the last sum; each
 *       spread over the bins of its group, divided by the number of bins with p > 0 and truncated to an integer; bins with
 *       p = 0 are not masked, and the remainder bins stay 0
 *   both smoothed: zeros become 1e−4, the others lose 1e−4·zeros/others (in counts, not shares)
 *   KL = Σ p̂·log(p̂/q̂), both normalized; ∞ when p or q is all zero; the first minimum wins
 * The divergence is computed in float32 with numpy's order of summation, because with far outliers many windows differ by less
 * than float32 resolves, and the winner among them is decided by rounding. (numpy's own float32 log may differ from the
 * correctly rounded one in the last bit; no winner that differs is known.)
 * With bins = levels (its default, 128) there is a single candidate, the whole histogram.
 *
 * @see onnxruntime/python/tools/quantization/calibrate.py, HistogramCollector.get_entropy_threshold; MXNet's contrib.quantization
 */
export function onnxruntimeWindow(counts: Float64Array, levels: number): readonly [start: number, end: number] {
  const bins = counts.length;
  const zero = Math.floor(bins / 2);
  const least = Math.floor(levels / 2);
  if (least > zero) return [0, bins];
  const below = new Float64Array(bins + 1);
  for (let j = 0; j < bins; j++) below[j + 1] = (below[j] as number) + (counts[j] as number);
  let best = Number.POSITIVE_INFINITY;
  let window: readonly [number, number] = [zero - least, Math.min(zero + least + 1, bins)];
  for (let i = least; i <= zero; i++) {
    const start = zero - i;
    const end = Math.min(zero + i + 1, bins);
    const divergence = divergenceOf(counts, below, start, end, levels);
    if (divergence < best) {
      best = divergence;
      window = [start, end];
    }
  }
  return window;
}

// — internals —

const epsilon = 0.0001;

function divergenceOf(counts: Float64Array, below: Float64Array, start: number, end: number, levels: number): number {
  const size = end - start;
  const p = Float32Array.from(counts.subarray(start, end));
  p[0] = (counts[start] as number) + (below[start] as number);
  p[size - 1] = (counts[end - 1] as number) + (below[counts.length] as number) - (below[end] as number);
  const q = spreadGroups(p, below, start, end, levels);
  if (!smooth(p) || !smooth(q)) return Number.POSITIVE_INFINITY;
  const sumP = pairwiseSum(p, 0, size);
  const sumQ = pairwiseSum(q, 0, size);
  let lastP = Number.NaN;
  let lastQ = Number.NaN;
  let term = 0;
  for (let j = 0; j < size; j++) {
    const atP = p[j] as number;
    const atQ = q[j] as number;
    if (atP !== lastP || atQ !== lastQ) {
      const shareP = Math.fround(atP / sumP);
      term = shareP * Math.fround(Math.log(Math.fround(shareP / Math.fround(atQ / sumQ))));
      lastP = atP;
      lastQ = atQ;
    }
    p[j] = term;
  }
  return pairwiseSum(p, 0, size);
}

function spreadGroups(p: Float32Array, below: Float64Array, start: number, end: number, levels: number): Float32Array {
  const q = new Float32Array(p.length);
  const group = Math.floor(p.length / levels);
  for (let g = 0; g < levels; g++) {
    const from = g * group;
    const to = from + group;
    const sumEnd = g === levels - 1 ? end : start + to;
    let occupied = 0;
    for (let j = from; j < to; j++) if (p[j] !== 0) occupied++;
    if (occupied === 0) continue;
    const each = Math.trunc(((below[sumEnd] as number) - (below[start + from] as number)) / occupied);
    for (let j = from; j < to; j++) q[j] = each;
  }
  return q;
}

/** In place. False when all entries are zero. */
function smooth(values: Float32Array): boolean {
  let zeros = 0;
  for (let j = 0; j < values.length; j++) if (values[j] === 0) zeros++;
  const others = values.length - zeros;
  if (others === 0) return false;
  const lift = Math.fround(epsilon);
  const drop = Math.fround((epsilon * zeros) / others);
  for (let j = 0; j < values.length; j++) {
    const value = values[j] as number;
    values[j] = value === 0 ? lift : value - drop;
  }
  return true;
}

/** numpy's float32 sum: eight running sums over blocks of up to 128, halves added. */
function pairwiseSum(values: Float32Array, start: number, length: number): number {
  if (length > 128) {
    const half = Math.floor(length / 16) * 8;
    return Math.fround(pairwiseSum(values, start, half) + pairwiseSum(values, start + half, length - half));
  }
  let [s0, s1, s2, s3, s4, s5, s6, s7] = [0, 0, 0, 0, 0, 0, 0, 0];
  const end = start + length;
  let i = start;
  for (; i + 7 < end; i += 8) {
    s0 = Math.fround(s0 + (values[i] as number));
    s1 = Math.fround(s1 + (values[i + 1] as number));
    s2 = Math.fround(s2 + (values[i + 2] as number));
    s3 = Math.fround(s3 + (values[i + 3] as number));
    s4 = Math.fround(s4 + (values[i + 4] as number));
    s5 = Math.fround(s5 + (values[i + 5] as number));
    s6 = Math.fround(s6 + (values[i + 6] as number));
    s7 = Math.fround(s7 + (values[i + 7] as number));
  }
  const left = Math.fround(Math.fround(s0 + s1) + Math.fround(s2 + s3));
  let total = Math.fround(left + Math.fround(Math.fround(s4 + s5) + Math.fround(s6 + s7)));
  for (; i < end; i++) total = Math.fround(total + (values[i] as number));
  return total;
}
