import type { SampleSource } from '../feeds';
import { type OnProgress, reportPhase, throwIfAborted } from '../progress';
import { limitedBatches, sampleCount } from '../sample-source';
import { addChannelErrors, channelGains } from './channel-errors';
import { addCodeCounts } from './code-usage';
import type { MeasuredLayer } from './measured-layer';
import { affordableBatch, groupBySize } from './sample-budget';
import type { TappedSession } from './tapped-sessions';

/** Data and limits of a measurement. */
export interface MeasureOptions {
  readonly source: SampleSource;
  readonly batchSize: number;
  readonly samples: number;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
}

/**
 * Runs both models on the same samples and adds up, at the end of every layer, how far the quantized one is from float.
 * Layers whose channels were rescaled by the quantizer get their gain and are measured again against float scaled alike.
 *
 * @returns samples seen
 */
export async function measureCumulative(
  float: TappedSession,
  quantized: TappedSession,
  layers: readonly MeasuredLayer[],
  options: MeasureOptions,
): Promise<number> {
  const samples = await addBatches(float, quantized, layers, options);
  const rescaled = layers.flatMap((measured) => {
    const gain = channelGains(measured.cumulative);
    return gain === undefined ? [] : [{ measured, gain }];
  });
  for (const { measured, gain } of rescaled) {
    measured.gain = gain;
    resetSums(measured);
  }
  if (rescaled.length > 0) {
    await addBatches(
      float,
      quantized,
      rescaled.map(({ measured }) => measured),
      options,
    );
  }
  return samples;
}

// — internals —

async function addBatches(
  float: TappedSession,
  quantized: TappedSession,
  layers: readonly MeasuredLayer[],
  { source, batchSize, samples: limit, signal, onProgress }: MeasureOptions,
): Promise<number> {
  const batch = affordableBatch(2 * layers.reduce((sum, layer) => sum + layer.bytes, 0), batchSize);
  const groups = groupBySize(layers, (layer) => 2 * layer.bytes * batch);
  const total = source.length === undefined ? undefined : Math.min(source.length, limit) * groups.length;
  const progress = reportPhase('compare', total, onProgress);
  let samples = 0;
  for (const group of groups) {
    samples = 0;
    for await (const feeds of limitedBatches(source, batch, limit)) {
      throwIfAborted(signal, 'compare');
      const expected = await float.run(
        feeds,
        group.map(({ layer }) => layer.match.float),
      );
      const actual = await quantized.run(
        feeds,
        group.map(({ layer }) => layer.match.quantized),
      );
      for (const measured of group)
        addLayer(measured, expected.values(measured.layer.match.float), actual.values(measured.layer.match.quantized));
      samples += sampleCount(feeds);
      progress.advance(sampleCount(feeds));
    }
  }
  return samples;
}

function addLayer(measured: MeasuredLayer, expected: Float32Array, actual: Float32Array): void {
  const { cumulative, counts, grid, layout, gain } = measured;
  addChannelErrors(cumulative, expected, actual, layout.inner, gain);
  if (grid === undefined) return;
  addCodeCounts(counts, grid, expected, actual, gain === undefined ? undefined : { gain, inner: layout.inner });
}

function resetSums({ cumulative, counts }: MeasuredLayer): void {
  for (const sums of [cumulative.signal, cumulative.test, cumulative.dot, cumulative.noise]) sums.fill(0);
  Object.assign(cumulative, { count: 0, maxAbsError: 0, nonFinite: 0 });
  Object.assign(cumulative, { min: Number.POSITIVE_INFINITY, max: Number.NEGATIVE_INFINITY });
  Object.assign(counts, { total: 0, atMin: 0, atMax: 0, clipped: 0 });
  Object.assign(counts, { lowest: Number.POSITIVE_INFINITY, highest: Number.NEGATIVE_INFINITY });
}
