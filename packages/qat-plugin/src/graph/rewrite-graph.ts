import type { serialization } from '@tensorflow/tfjs-core';
import { ConvBatchNorm, type ConvBatchNormSettings } from '../layers/conv-batch-norm';
import { FreezableBatchNorm } from '../layers/freezable-batch-norm';
import { QuantizeActivation } from '../layers/quantize-activation';
import { QuantizeWrapper, type QuantizeWrapperSettings } from '../layers/quantize-wrapper';
import { packSettings } from '../layers/settings';
import type { LayerRule } from '../rules/layer-rule';
import {
  type GraphLayer,
  graphOfNested,
  type LayerCall,
  type ModelGraph,
  nestedOfGraph,
  sameTensor,
  type TensorRef,
} from './model-graph';
import type { GraphPlan, PlannedLayer, PlannedTensor } from './plan';

/**
 * The graph a plan asks for: layers wrapped under their own names, quantizers between layers, batch normalization merged with
 * the layer before it where planned. Pure: config in, config out.
 */
export function rewriteGraph(graph: ModelGraph, plan: GraphPlan, rules: ReadonlyMap<string, LayerRule>): ModelGraph {
  const names = new Set(graph.layers.map(({ name }) => name));
  const quantizers = groupByLayer(plan.tensors).map(([layer, tensors]) => ({
    name: uniqueName(`${layer}_quantize`, names),
    tensors,
  }));
  const folded = new Map(
    [...plan.layers].flatMap(([name, { fold }]) => (fold === undefined ? [] : [[fold.batchNorm, name] as const])),
  );
  const redirect = (ref: TensorRef): TensorRef => {
    const convolution = folded.get(ref.layer);
    return convolution === undefined ? ref : { ...ref, layer: convolution };
  };
  const quantized = (ref: TensorRef, isReader: (tensor: PlannedTensor) => boolean): TensorRef => {
    for (const { name, tensors } of quantizers) {
      const call = tensors.findIndex((tensor) => sameTensor(tensor.ref, ref));
      const tensor = tensors[call];
      if (tensor !== undefined && isReader(tensor)) return { layer: name, nodeIndex: call, tensorIndex: 0 };
    }
    return redirect(ref);
  };
  const layers = graph.layers
    .filter(({ name }) => !folded.has(name))
    .map((layer): GraphLayer => {
      const calls = layer.calls.map(
        (call, c): LayerCall => ({
          ...call,
          inputs: call.inputs.map((ref, i) =>
            quantized(ref, ({ readers }) =>
              readers.some((reader) => reader.layer === layer.name && reader.call === c && reader.input === i),
            ),
          ),
        }),
      );
      return { ...wrapLayer(layer, graph, plan, rules), calls };
    });
  const inserted = quantizers.map(
    ({ name, tensors }): GraphLayer => ({
      name,
      className: QuantizeActivation.className,
      config: { name, settings: packSettings((tensors[0] as PlannedTensor).slot) },
      calls: tensors.map(({ ref }) => ({ inputs: [redirect(ref)], kwargs: {} })),
    }),
  );
  return {
    ...graph,
    layers: [...layers, ...inserted],
    outputs: graph.outputs.map((ref) => quantized(ref, ({ isReadByOutput }) => isReadByOutput)),
  };
}

// — internals —

/** One quantizer per producing layer: the calls of a shared layer share it. */
function groupByLayer(tensors: readonly PlannedTensor[]): [string, PlannedTensor[]][] {
  const groups = new Map<string, PlannedTensor[]>();
  for (const tensor of tensors) groups.set(tensor.ref.layer, [...(groups.get(tensor.ref.layer) ?? []), tensor]);
  return [...groups];
}

function uniqueName(wanted: string, taken: Set<string>): string {
  let name = wanted;
  for (let i = 1; taken.has(name); i++) name = `${wanted}_${i}`;
  taken.add(name);
  return name;
}

function wrapLayer(
  layer: GraphLayer,
  graph: ModelGraph,
  plan: GraphPlan,
  rules: ReadonlyMap<string, LayerRule>,
): Omit<GraphLayer, 'calls'> {
  const { name, className, config } = layer;
  const planned = plan.layers.get(name) as PlannedLayer;
  const nested = plan.nested.get(name);
  if (nested !== undefined) return nestedOfGraph(layer, rewriteGraph(graphOfNested(layer), nested, rules));
  const inner = { className, config } as unknown as serialization.ConfigDict;
  if (planned.kind === 'batchNorm') {
    const settings = packSettings({ areStatisticsFrozen: false });
    return { name, className: FreezableBatchNorm.className, config: { name, layer: inner, settings } };
  }
  if (planned.fold !== undefined) return foldedLayer(layer, graph, planned, rules);
  if (planned.weights.length === 0) return { name, className, config };
  const settings: QuantizeWrapperSettings = { weights: planned.weights };
  return {
    name,
    className: QuantizeWrapper.className,
    config: { name, layer: inner, settings: packSettings(settings) },
  };
}

function foldedLayer(
  layer: GraphLayer,
  graph: ModelGraph,
  { fold, weights }: PlannedLayer,
  rules: ReadonlyMap<string, LayerRule>,
): Omit<GraphLayer, 'calls'> {
  const { name, className, config } = layer;
  const batchNorm = graph.layers.find((other) => other.name === fold?.batchNorm) as GraphLayer;
  const rule = rules.get(className) as LayerRule & { kind: 'quantize' };
  const weight = weights[0] as (typeof weights)[number];
  const settings: ConvBatchNormSettings = {
    strategy: fold?.strategy ?? 'torch',
    kernel: weight.variable,
    channelAxes: rule.weights[0]?.channelAxes ?? [],
    slot: weight.slot,
    areStatisticsFrozen: false,
  };
  return {
    name,
    className: ConvBatchNorm.className,
    config: {
      name,
      layer: { className, config } as unknown as serialization.ConfigDict,
      batchNorm: { className: batchNorm.className, config: batchNorm.config } as unknown as serialization.ConfigDict,
      settings: packSettings(settings),
    },
  };
}
