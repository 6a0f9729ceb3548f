import type { ErrorSums } from '@bitwright/core';

/**
 * Sums from which the errors of a tensor and of each of its channels follow, added batch by batch in constant memory.
 *
 * Per channel c: signal Σ r², test Σ t², dot Σ r·t, noise Σ (r − t)², in float64. Pairs with a value that is not finite on
 * either side are counted and left out.
 */
export interface ChannelErrors {
  readonly channels: number;
  readonly signal: Float64Array;
  readonly test: Float64Array;
  readonly dot: Float64Array;
  readonly noise: Float64Array;
  /** Finite pairs in all channels. */
  count: number;
  maxAbsError: number;
  /** Extremes of the reference. */
  min: number;
  max: number;
  /** Values that are NaN or infinite in the test only. */
  nonFinite: number;
}

export function createChannelErrors(channels: number): ChannelErrors {
  return {
    channels,
    signal: new Float64Array(channels),
    test: new Float64Array(channels),
    dot: new Float64Array(channels),
    noise: new Float64Array(channels),
    count: 0,
    maxAbsError: 0,
    min: Number.POSITIVE_INFINITY,
    max: Number.NEGATIVE_INFINITY,
    nonFinite: 0,
  };
}

/**
 * Adds one batch. Element i belongs to channel ⌊i / inner⌋ mod channels.
 *
 * @param inner elements of one channel that lie together
 * @param gain factor per channel on the reference, for tensors that a quantizer has rescaled on purpose
 */
export function addChannelErrors(
  sums: ChannelErrors,
  reference: Float32Array,
  test: Float32Array,
  inner: number,
  gain?: Float64Array,
): void {
  const { channels } = sums;
  let { maxAbsError, min, max } = sums;
  let start = 0;
  for (let run = 0; start < reference.length; run++) {
    const c = run % channels;
    const factor = gain === undefined ? 1 : (gain[c] as number);
    const end = Math.min(reference.length, start + inner);
    let signal = 0;
    let energy = 0;
    let dot = 0;
    let noise = 0;
    for (let i = start; i < end; i++) {
      const r = (reference[i] as number) * factor;
      const t = test[i] as number;
      const e = Math.abs(r - t);
      // Not finite: NaN or infinite on either side makes the error so too.
      if (e - e !== 0) {
        if (Number.isFinite(r)) sums.nonFinite += 1;
        continue;
      }
      sums.count += 1;
      signal += r * r;
      energy += t * t;
      dot += r * t;
      noise += e * e;
      if (e > maxAbsError) maxAbsError = e;
      if (r < min) min = r;
      if (r > max) max = r;
    }
    (sums.signal[c] as number) += signal;
    (sums.test[c] as number) += energy;
    (sums.dot[c] as number) += dot;
    (sums.noise[c] as number) += noise;
    start = end;
  }
  sums.maxAbsError = maxAbsError;
  sums.min = min;
  sums.max = max;
}

/** The sums of the whole tensor. */
export function totalErrors(sums: ChannelErrors): ErrorSums {
  const add = (values: Float64Array): number => values.reduce((total, value) => total + value, 0);
  return {
    count: sums.count,
    signal: add(sums.signal),
    test: add(sums.test),
    dot: add(sums.dot),
    noise: add(sums.noise),
    maxAbsError: sums.maxAbsError,
  };
}

/**
 * Factor per channel that brings the reference closest to the test, g = Σ r·t / Σ r², where a quantizer has rescaled channels
 * on purpose (equalization, smoothing): undefined unless that removes 90 % of the noise and leaves a clear signal.
 */
export function channelGains(sums: ChannelErrors): Float64Array | undefined {
  const gains = new Float64Array(sums.channels).fill(1);
  let before = 0;
  let after = 0;
  let energy = 0;
  for (let c = 0; c < sums.channels; c++) {
    const signal = sums.signal[c] as number;
    const dot = sums.dot[c] as number;
    before += sums.noise[c] as number;
    energy += sums.test[c] as number;
    const isClear = signal > 0 && dot > 0;
    if (isClear) gains[c] = dot / signal;
    after += isClear ? Math.max(0, (sums.test[c] as number) - (dot * dot) / signal) : (sums.noise[c] as number);
  }
  const isRescaled = before > 0.05 * energy && after < 0.1 * before && after < 0.05 * energy;
  return isRescaled && sums.channels > 1 ? gains : undefined;
}
