import { fakeQuantize, findTarget, type QuantizationSpec } from '@bitwright/core';
import {
  DataType,
  editGraph,
  type GraphIndex,
  inferShapes,
  type Model,
  type Tensor,
  tensorFromArray,
  tensorToFloat32,
} from '@bitwright/onnx';
import { reportPhase, throwIfAborted } from '../progress';
import { fakeQuantizedModel } from './fake-quantized';
import { indexOf } from './graph-reads';
import { layerGoals } from './layer-goals';
import { collectMoments } from './layer-moments';
import { collectTargets, groupGoals } from './layer-targets';
import { createMomentProducts } from './moment-products';
import { createPrefixRunner } from './prefix-runner';
import { reviseSpec } from './revise-spec';
import { roundLayer } from './round-layer';
import { findRoundableLayers, type SkippedLayer } from './roundable-layers';
import { type RoundingMethod, type RoundWeightsOptions, resolveRoundingOptions } from './rounding-options';

export type { RoundWeightsOptions };

/**
 * What became of one layer. Errors are mean squared errors of what was reconstructed (damping included), relative to its variance in
 * the float model, and both methods' are measured on the same quantized inputs.
 */
export interface LayerRounding {
  readonly node: string;
  readonly weight: string;
  readonly method: RoundingMethod | 'nearest';
  /** Why the layer was left to round-to-nearest. */
  readonly reason?: string;
  readonly levels: number;
  readonly nearestError?: number;
  readonly error?: number;
  /** What was reconstructed: the layer's own output, or the sum it goes into. */
  readonly target?: 'output' | 'sum';
  /** Rows (samples × positions) behind the statistics. */
  readonly rows?: number;
  readonly seconds: number;
}

export interface RoundWeightsResult {
  /** Float model whose rounded weights are points of their grids: writing it with round-to-nearest gives the chosen codes. */
  readonly model: Model;
  /** The spec with the scales that were chosen for weights, and the bias scales that follow from them. */
  readonly spec: QuantizationSpec;
  readonly layers: readonly LayerRounding[];
}

/**
 * Adaptive rounding of weights after calibration: layer by layer in topological order, each weight goes up or down so that the
 * layer's output (not the weight) stays close to the float model's on the given samples.
 *
 * 1. One pass over the float model per group of layers draws targets: outputs at a few positions of every sample.
 * 2. For each layer a pass over the quantized prefix (activations fake-quantized, earlier weights rounded) gives its inputs at the
 *    same positions; only their second moments with each other and with the targets are kept.
 * 3. The moments make the layer's output error a quadratic function of its weights, which the method minimizes on the grid; the
 *    bias takes up what is left in the mean.
 *
 * Equal inputs give equal bytes. Memory: targets of one group, moments of one layer (8·K² bytes a few times over), and what
 * `cacheBytes` allows to be kept of the prefix.
 *
 * @param model prepared float model that the spec was made for
 * @throws {InvalidArgumentError} for an option outside its range
 * @throws {ExportError} when spec and model do not belong together
 * @throws {AbortedError} when cancelled
 */
export async function roundWeights(
  model: Model,
  spec: QuantizationSpec,
  options: RoundWeightsOptions,
): Promise<RoundWeightsResult> {
  const settings = resolveRoundingOptions(options);
  const { runtime, source } = options;
  const isSymmetric = settings.reconstruction === 'symmetric';
  const index = indexOf(model, '[ptq] roundWeights');
  const { layers, skipped } = findRoundableLayers(index, spec);
  const target = options.target ?? findTarget(spec.target);
  const quantized = isSymmetric ? model : fakeQuantizedModel(model, spec, target);
  const common = { runtime, source, batchSize: settings.batchSize, samples: settings.samples };
  const targetPrefix = createPrefixRunner(model, { ...common, cacheBytes: 0, optimization: 'all' });
  const inputPrefix = createPrefixRunner(quantized, {
    ...common,
    cacheBytes: settings.cacheBytes,
    optimization: isSymmetric ? 'all' : 'disabled',
  });
  for (const tensor of nearestWeights(skipped, index, spec)) if (!isSymmetric) inputPrefix.setInitializer(tensor);
  const goals = layerGoals(layers, isSymmetric ? undefined : inputPrefix.index, inferShapes(model));
  const { moments, release } = await createMomentProducts(runtime);
  const tensors = new Map<string, Tensor>();
  const scales = new Map<string, Float32Array>();
  const results: LayerRounding[] = skipped.map((layer) => nearestResult(layer, spec));
  const progress = reportPhase('round', layers.length, options.onProgress);
  try {
    for (const group of await groupGoals(goals, model, source, settings)) {
      throwIfAborted(options.signal, 'round');
      const targets = await collectTargets(group, targetPrefix, settings);
      for (const goal of group) {
        throwIfAborted(options.signal, 'round');
        const started = performance.now();
        const { layer } = goal;
        const statistics = await collectMoments(goal, targets.get(goal) ?? [], inputPrefix, moments);
        const rounded = await roundLayer(layer, statistics, spec, target, index, settings);
        for (const tensor of rounded.tensors) {
          tensors.set(tensor.name, tensor);
          if (!isSymmetric) inputPrefix.setInitializer(tensor);
        }
        scales.set(layer.weight, rounded.scale);
        results.push({
          node: layer.node.name,
          weight: layer.weight,
          method: settings.method,
          levels: rounded.levels,
          nearestError: rounded.nearestError,
          error: rounded.error,
          target: goal.other === undefined ? 'output' : 'sum',
          rows: statistics[0]?.count ?? 0,
          seconds: (performance.now() - started) / 1000,
        });
        progress.advance(1);
      }
    }
  } finally {
    inputPrefix.release();
    await release();
  }
  return { model: withTensors(model, tensors), spec: reviseSpec(spec, scales), layers: results };
}

/** A model with other constants of the same names. */
export function withTensors(model: Model, tensors: ReadonlyMap<string, Tensor>): Model {
  const edit = editGraph(model);
  for (const [name, tensor] of tensors) edit.replaceInitializer(name, tensor);
  return edit.finish();
}

// — internals —

/** Weights on their grids for layers that are rounded to nearest. */
function nearestWeights(
  skipped: readonly SkippedLayer[],
  index: GraphIndex,
  spec: QuantizationSpec,
): readonly Tensor[] {
  return skipped.flatMap(({ weight }) => {
    const tensor = index.initializer(weight);
    const quantization = spec.tensors[weight];
    if (tensor === undefined || quantization === undefined) return [];
    const view = { data: tensorToFloat32(tensor), shape: tensor.dims.map(Number) };
    const rounded = fakeQuantize(view, quantization.scheme, quantization.qparams);
    return [tensorFromArray(weight, DataType.FLOAT, tensor.dims, rounded)];
  });
}

function nearestResult({ node, weight, reason }: SkippedLayer, spec: QuantizationSpec): LayerRounding {
  const scheme = spec.tensors[weight]?.scheme;
  const levels = scheme === undefined ? 0 : scheme.qmax - scheme.qmin + 1;
  return { node: node.name, weight, method: 'nearest', reason, levels, seconds: 0 };
}
