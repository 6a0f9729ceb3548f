import type { serialization } from '@tensorflow/tfjs-core';
import {
  type GraphLayer,
  graphOfNested,
  isModelClass,
  type ModelGraph,
  nestedOfGraph,
  type TensorRef,
} from '../graph/model-graph';
import { ConvBatchNorm } from '../layers/conv-batch-norm';
import { FreezableBatchNorm } from '../layers/freezable-batch-norm';
import type { LayerConfig } from '../layers/inner-layer';
import { QuantizeActivation } from '../layers/quantize-activation';
import { QuantizeWrapper, type QuantizeWrapperSettings } from '../layers/quantize-wrapper';
import { packSettings, unpackSettings } from '../layers/settings';

/**
 * The graph of a trained model with ordinary layers again: wrappers give way to what they wrap, quantizers between layers go,
 * except those that no affine quantizer can replace (`keep` names their paths).
 */
export function stripGraph(graph: ModelGraph, keep: ReadonlySet<string>, prefix = ''): ModelGraph {
  const removed = new Map(
    graph.layers
      .filter(({ name, className }) => className === QuantizeActivation.className && !keep.has(prefix + name))
      .map((layer) => [layer.name, layer]),
  );
  const redirect = (ref: TensorRef): TensorRef => {
    const layer = removed.get(ref.layer);
    return layer === undefined ? ref : redirect(layer.calls[ref.nodeIndex]?.inputs[0] as TensorRef);
  };
  const layers = graph.layers
    .filter(({ name }) => !removed.has(name))
    .map((layer): GraphLayer => {
      const calls = layer.calls.map((call) => ({ ...call, inputs: call.inputs.map(redirect) }));
      if (isModelClass(layer.className)) {
        return { ...nestedOfGraph(layer, stripGraph(graphOfNested(layer), keep, `${prefix}${layer.name}/`)), calls };
      }
      return { ...unwrapped(layer), calls };
    });
  return { ...graph, layers, outputs: graph.outputs.map(redirect) };
}

function unwrapped(layer: GraphLayer): GraphLayer {
  const { name, className, config } = layer;
  const inner = config['layer'] as unknown as LayerConfig | undefined;
  const asInner = (changes: serialization.ConfigDict = {}): GraphLayer => ({
    ...layer,
    className: inner?.className as string,
    config: { ...inner?.config, ...changes, name },
  });
  if (className === FreezableBatchNorm.className) return asInner();
  if (className === ConvBatchNorm.className) return asInner({ useBias: true });
  if (className !== QuantizeWrapper.className) return layer;
  const settings = unpackSettings<QuantizeWrapperSettings>(config['settings']);
  if (settings.input === undefined && settings.padding === undefined) return asInner();
  return { ...layer, config: { ...config, settings: packSettings({ ...settings, weights: [] }) } };
}
