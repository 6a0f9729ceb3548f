import { followingBatchNorm } from './graph/following-batch-norm';
import { type GraphIndex, indexGraph, outputsOf } from './graph/graph-index';
import {
  type GraphLayer,
  graphOfNested,
  isModelClass,
  type ModelGraph,
  nestedOfGraph,
  type TensorRef,
} from './graph/model-graph';
import type { Layer } from './layers/inner-layer';
import { findVariable } from './layers/quantize-wrapper';
import type { LayerRule, WeightRule } from './rules/layer-rule';

/** A layer and the batch normalization behind it that folds into it; paths. */
export interface Fold {
  readonly layer: string;
  readonly batchNorm: string;
  /** The layer's kernel. */
  readonly weight: WeightRule;
}

/** Multiplier and offset per channel of a batch normalization at inference: y = factor·x + offset. */
export interface ChannelTransform {
  readonly factor: Float32Array;
  readonly offset: Float32Array;
}

/**
 * The graph with batch normalization folded away where it alone reads a layer with weights; the layer then has a bias.
 * Pure; weights follow with {@link channelTransform}.
 *
 * @param folded - paths of layers that hold a batch normalization already; one more behind them stays
 */
export function foldGraph(
  graph: ModelGraph,
  rules: ReadonlyMap<string, LayerRule>,
  folded: ReadonlySet<string> = new Set(),
  prefix = '',
): { graph: ModelGraph; folds: readonly Fold[] } {
  const index = indexGraph(graph);
  const folds = graph.layers.flatMap((layer) =>
    folded.has(prefix + layer.name) ? [] : (foldOf(layer, index, rules, prefix) ?? []),
  );
  const nested: Fold[] = [];
  const gone = new Map(
    folds.map(({ layer, batchNorm }) => [batchNorm.slice(prefix.length), layer.slice(prefix.length)]),
  );
  const redirect = (ref: TensorRef): TensorRef => {
    const layer = gone.get(ref.layer);
    return layer === undefined ? ref : { layer, nodeIndex: 0, tensorIndex: 0 };
  };
  const layers = graph.layers
    .filter(({ name }) => !gone.has(name))
    .map((layer): GraphLayer => {
      const calls = layer.calls.map((call) => ({ ...call, inputs: call.inputs.map(redirect) }));
      if (isModelClass(layer.className)) {
        const inner = foldGraph(graphOfNested(layer), rules, folded, `${prefix}${layer.name}/`);
        nested.push(...inner.folds);
        return { ...nestedOfGraph(layer, inner.graph), calls };
      }
      const isFolded = [...gone.values()].includes(layer.name);
      return { ...layer, calls, config: isFolded ? { ...layer.config, useBias: true } : layer.config };
    });
  return { graph: { ...graph, layers, outputs: graph.outputs.map(redirect) }, folds: [...folds, ...nested] };
}

/**
 * What a batch normalization does to a channel at inference, and to a bias before it:
 * factor = γ/√(σ² + ε);  offset = β + factor·(bias − μ)
 */
export function channelTransform(batchNorm: Layer, bias: ArrayLike<number> | undefined): ChannelTransform {
  const read = (name: string): Float32Array | undefined => findVariable(batchNorm, name)?.read().dataSync<'float32'>();
  const mean = read('moving_mean') as Float32Array;
  const variance = read('moving_variance') as Float32Array;
  const gamma = read('gamma');
  const beta = read('beta');
  const epsilon = batchNorm.getConfig()['epsilon'] as number;
  const factor = variance.map((v, c) => (gamma?.[c] ?? 1) / Math.sqrt(v + epsilon));
  const offset = mean.map((m, c) => (beta?.[c] ?? 0) + (factor[c] as number) * ((bias?.[c] ?? 0) - m));
  return { factor, offset };
}

/** Index of the output channel of every element of a kernel. */
export function channelOfElement(
  shape: readonly number[],
  channelAxes: readonly number[],
): (element: number) => number {
  const first = Math.min(...channelAxes);
  const last = Math.max(...channelAxes);
  const inner = shape.slice(last + 1).reduce((product, d) => product * d, 1);
  const channels = shape.slice(first, last + 1).reduce((product, d) => product * d, 1);
  return (element) => Math.floor(element / inner) % channels;
}

// — internals —

function foldOf(
  layer: GraphLayer,
  index: GraphIndex,
  rules: ReadonlyMap<string, LayerRule>,
  prefix: string,
): Fold | undefined {
  const rule = rules.get(layer.className);
  const weight = rule?.kind === 'quantize' && rule.quantizesInput ? rule.weights.at(-1) : undefined;
  const isOneCall = outputsOf(layer).length === 1;
  const batchNorm = weight === undefined || !isOneCall ? undefined : followingBatchNorm(layer, index, rules);
  if (weight === undefined || batchNorm === undefined) return undefined;
  return { layer: prefix + layer.name, batchNorm: prefix + batchNorm, weight };
}
