import type { StatisticsTable } from './batch-norm-statistics';
import type { ChannelGroup } from './channel-groups';

/** Allowed scales per channel. */
export interface ScaleBounds {
  readonly smallest: Float64Array;
  readonly largest: Float64Array;
}

/** Standard deviations above the mean that count as the largest value where no extreme was observed (99.865 %). */
const deviations = 3;

/**
 * Scales under which Clip(0, c) goes on doing what it does, for largest values m[i] of its input:
 *   m[i] > c (the channel is cut off):  s[i] = 1
 *   m[i] ≤ c:                           s[i] ≥ m[i] / c, so that it still is not
 * Without a Clip in the group there is no bound.
 */
export function channelBounds(group: ChannelGroup, statistics: StatisticsTable): ScaleBounds | undefined {
  if (group.clips.length === 0) return undefined;
  const smallest = new Float64Array(group.channels);
  const largest = new Float64Array(group.channels).fill(Number.POSITIVE_INFINITY);
  for (const { node, ceiling } of group.clips) {
    const entry = statistics.get(node.input[0] ?? '');
    if (entry === undefined) continue;
    for (let c = 0; c < group.channels; c++) {
      const max = entry.max?.[c] ?? (entry.mean[c] as number) + deviations * (entry.std[c] as number);
      if (max > ceiling) {
        smallest[c] = 1;
        largest[c] = 1;
      } else {
        smallest[c] = Math.max(smallest[c] as number, max / ceiling);
      }
    }
  }
  return { smallest, largest };
}
