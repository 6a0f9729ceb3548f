import { type Histogram, histogramObserver } from '@bitwright/core';
import { throwIfAborted } from '../progress';
import { limitedBatches } from '../sample-source';
import type { ActivationHistogram } from './comparison';
import type { MeasureOptions } from './measure-cumulative';
import { applyGain, type MeasuredLayer } from './measured-layer';
import type { TappedSession } from './tapped-sessions';

const bins = 160;

/** Histograms of the float tensors of some layers, with the range their codes can express. */
export async function activationHistograms(
  float: TappedSession,
  layers: readonly MeasuredLayer[],
  { source, batchSize, samples, signal }: MeasureOptions,
): Promise<ReadonlyMap<MeasuredLayer, ActivationHistogram>> {
  const finite = layers.filter(({ cumulative }) => cumulative.nonFinite === 0 && Number.isFinite(cumulative.min));
  const observers = new Map(finite.map((measured) => [measured, histogramObserver.create({ bins })]));
  if (finite.length === 0) return new Map();
  for await (const feeds of limitedBatches(source, batchSize, samples)) {
    throwIfAborted(signal, 'compare');
    const run = await float.run(
      feeds,
      finite.map(({ layer }) => layer.match.float),
    );
    for (const [measured, observer] of observers) {
      const data = applyGain(run.values(measured.layer.match.float), measured.layout, measured.gain);
      observer.observe({ data, shape: [data.length] });
    }
  }
  return new Map(
    [...observers].flatMap(([measured, observer]): [MeasuredLayer, ActivationHistogram][] => {
      const [histogram] = observer.stats().histograms;
      return histogram === undefined ? [] : [[measured, describe(histogram, measured)]];
    }),
  );
}

// — internals —

function describe({ start, width, counts }: Histogram, { grid }: MeasuredLayer): ActivationHistogram {
  const clip = grid === undefined ? undefined : { min: grid.min, max: grid.max };
  return { start, width, counts: [...counts], clip };
}
