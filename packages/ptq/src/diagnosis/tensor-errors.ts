import { finishErrors } from '@bitwright/core';
import { type ChannelErrors, totalErrors } from './channel-errors';
import type { ChannelError, TensorErrors } from './comparison';

const shownChannels = 8;

/** The metrics that follow from the sums. */
export function finishTensorErrors(sums: ChannelErrors): TensorErrors {
  const total = totalErrors(sums);
  return { ...finishErrors(total), noiseShare: shareOf(total.noise, total.signal), nonFinite: sums.nonFinite };
}

/** The channels that carry most of the noise, worst first; empty for tensors without channels or without noise. */
export function worstChannels(sums: ChannelErrors): readonly ChannelError[] {
  if (sums.channels < 2) return [];
  const total = totalErrors(sums).noise;
  if (total === 0) return [];
  const channels = Array.from(sums.noise, (noise, channel): ChannelError => {
    const signal = sums.signal[channel] as number;
    return {
      channel,
      sqnrDb: noise === 0 ? Number.POSITIVE_INFINITY : 10 * Math.log10(signal / noise),
      noiseShare: shareOf(noise, signal),
      shareOfNoise: noise / total,
    };
  });
  return channels.sort((a, b) => b.shareOfNoise - a.shareOfNoise).slice(0, shownChannels);
}

function shareOf(noise: number, signal: number): number {
  return noise === 0 ? 0 : noise / signal;
}
