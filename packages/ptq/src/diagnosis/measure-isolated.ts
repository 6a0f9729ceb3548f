import { encodeModel } from '@bitwright/onnx';
import type { Feeds, FeedTensor } from '../feeds';
import { reportPhase, throwIfAborted } from '../progress';
import { limitedBatches, sampleCount } from '../sample-source';
import type { Runtime, Session } from '../session';
import { addChannelErrors } from './channel-errors';
import type { FlowLayer } from './find-layers';
import { type IsolatedLayers, isolateLayers } from './isolate-layers';
import type { MeasureOptions } from './measure-cumulative';
import { applyGain, type MeasuredLayer } from './measured-layer';
import type { Flow, Quantity } from './quantity';
import { realValues } from './real-values';
import { affordableBatch, groupBySize } from './sample-budget';
import type { TappedSession } from './tapped-sessions';

/** What a layer of the quantized model is fed with: the float quantity in its place, and its gain. */
export interface FloatSide {
  readonly quantity: Quantity;
  readonly measured: MeasuredLayer | undefined;
}

export interface IsolatedOptions extends MeasureOptions {
  readonly runtime: Runtime;
  readonly quantized: Flow;
  /** Ends of all layers and the model's inputs, in the quantized graph, with the float side of each. */
  readonly ends: ReadonlyMap<Quantity, FloatSide>;
}

/**
 * Runs every layer of the quantized model by itself on float activations and adds up how far its result is from float: once
 * as the file says, once with the kernels that an optimizing runtime puts in the place of quantizers and operators.
 *
 * @returns layers that could not be run alone, with the reason
 */
export async function measureIsolated(
  float: TappedSession,
  layers: readonly MeasuredLayer[],
  options: IsolatedOptions,
): Promise<ReadonlyMap<FlowLayer, string>> {
  const { source, samples, signal, onProgress, runtime, quantized, ends } = options;
  const skipped = new Map<FlowLayer, string>();
  if (layers.length === 0) return skipped;
  // A layer is fed, computed and compared: about three tensors of its size.
  const batch = affordableBatch(3 * layers.reduce((sum, layer) => sum + layer.bytes, 0), options.batchSize);
  const groups = groupBySize(layers, (layer) => 3 * layer.bytes * batch);
  const total = source.length === undefined ? undefined : Math.min(source.length, samples) * groups.length;
  const progress = reportPhase('isolate', total, onProgress);
  for (const group of groups) {
    const pieces = isolateLayers(
      quantized,
      group.map((measured) => measured.layer),
      new Set(ends.keys()),
    );
    for (const [layer, reason] of pieces.skipped) skipped.set(layer, reason);
    if (pieces.outputOf.size === 0) continue;
    const bytes = encodeModel(pieces.model);
    const asWritten = await runtime.createSession(bytes, { optimization: 'disabled' });
    const asExecuted = await runtime.createSession(bytes);
    try {
      const run = pieceRunner(float, pieces, group, options);
      for await (const feeds of limitedBatches(source, batch, samples)) {
        throwIfAborted(signal, 'isolate');
        await run(feeds, asWritten, asExecuted);
        progress.advance(sampleCount(feeds));
      }
    } finally {
      await asWritten.release();
      await asExecuted.release();
    }
  }
  return skipped;
}

// — internals —

function pieceRunner(
  float: TappedSession,
  pieces: IsolatedLayers,
  group: readonly MeasuredLayer[],
  { ends }: IsolatedOptions,
): (feeds: Feeds, asWritten: Session, asExecuted: Session) => Promise<void> {
  const fed = [...pieces.feeds].flatMap(([input, quantity]) => {
    const side = ends.get(quantity);
    return side === undefined ? [] : [{ input, side }];
  });
  const compared = group.filter(({ layer }) => pieces.outputOf.has(layer));
  const wanted = [...fed.map(({ side }) => side.quantity), ...compared.map(({ layer }) => layer.match.float)];
  return async (feeds, asWritten, asExecuted) => {
    const expected = await float.run(feeds, wanted);
    const given: Record<string, FeedTensor> = {};
    for (const name of pieces.inputs) {
      const tensor = feeds[name];
      if (tensor !== undefined) given[name] = tensor;
    }
    for (const { input, side } of fed) {
      const { quantity, measured } = side;
      const values = expected.values(quantity);
      const data = measured?.gain === undefined ? values : applyGain(values, measured.layout, measured.gain);
      given[input] = { type: 'float32', data, dims: expected.dims(quantity) };
    }
    const written = await asWritten.run(given);
    const executed = await asExecuted.run(given);
    for (const measured of compared) {
      const { layer, layout, gain } = measured;
      const name = pieces.outputOf.get(layer) ?? '';
      const reference = expected.values(layer.match.float);
      for (const [results, sums] of [
        [written, measured.isolated],
        [executed, measured.executed],
      ] as const) {
        const tensor = results[name];
        if (tensor === undefined || tensor.data.length !== reference.length) continue;
        addChannelErrors(sums, reference, realValues(tensor), layout.inner, gain);
      }
    }
  };
}
