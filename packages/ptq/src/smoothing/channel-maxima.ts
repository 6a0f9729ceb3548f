import type { Model } from '@bitwright/onnx';
import { type ObserveChannelsOptions, observeChannels } from '../equalization/channel-statistics';

/**
 * max |x| per channel on some samples, by tensor name; reduced inside the graph. Feeds `smoothActivations`.
 *
 * @throws {InputDataError} when there is no sample
 * @throws {NonFiniteDataError} when a channel becomes NaN or infinite
 */
export async function observeChannelMaxima(
  model: Model,
  options: ObserveChannelsOptions,
): Promise<ReadonlyMap<string, Float64Array>> {
  const statistics = await observeChannels(model, options);
  return new Map(
    [...statistics].map(([tensor, { mean, min, max }]): [string, Float64Array] => [
      tensor,
      mean.map((m, c) => Math.max(Math.abs(min?.[c] ?? m), Math.abs(max?.[c] ?? m))),
    ]),
  );
}
