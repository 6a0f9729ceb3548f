import {
  fakeQuantize,
  findTarget,
  InvalidArgumentError,
  type LinearScheme,
  type QuantizationSpec,
  seededRandom,
  type Target,
} from '@bitwright/core';
import {
  DataType,
  editGraph,
  graphIndex,
  type Model,
  type Tensor,
  tensorFromArray,
  tensorToFloat32,
} from '@bitwright/onnx';
import type { FeedTensor, SampleSource } from '../feeds';
import { type OnProgress, reportPhase, throwIfAborted } from '../progress';
import type { Runtime } from '../session';
import { fakeQuantizedModel } from './fake-quantized';
import { drawPositions, gatherInputs, gatherTargets, positionsPerSample } from './layer-samples';
import { type LayerStatistics, layerStatistics } from './layer-statistics';
import { createMomentProducts, type MomentProducts } from './moment-products';
import { createPrefixRunner, type PrefixRunner } from './prefix-runner';
import { reviseSpec } from './revise-spec';
import { type RoundingMethod, roundMatrix } from './round-layer';
import { findRoundableLayers, type RoundableLayer, type SkippedLayer } from './roundable-layers';
import { searchRowScales } from './row-scales';
import { levelsToWeights } from './weight-grid';
import { readMatrix, writeMatrix } from './weight-matrices';

export interface RoundWeightsOptions {
  readonly runtime: Runtime;
  /** Samples like those the model will see; read once or more per layer. */
  readonly source: SampleSource;
  readonly method: RoundingMethod;
  /** Target of the spec, where it is not a built-in one. */
  readonly target?: Target;
  /**
   * asymmetric: inputs come from the quantized prefix, targets from the float model, so each layer makes up for the errors before it;
   * symmetric: both from the float model. Default `asymmetric`.
   */
  readonly reconstruction?: 'asymmetric' | 'symmetric';
  /** Where a layer's result is added to another one, reconstruct the sum. Default true; asymmetric only. */
  readonly reconstructSums?: boolean;
  /** Lets each bias follow: b + E[t] − ŵ·E[x̃]. Default true. */
  readonly correctBiases?: boolean;
  /** Chooses the weight scales of layers with at most 6 bits anew. Default true. */
  readonly rescale?: boolean;
  /** Samples used at most. Default 512. */
  readonly samples?: number;
  /** Samples per run. Default 32. */
  readonly batchSize?: number;
  /** Rows (samples × positions) of a layer's statistics per input of one output; 4096 at least, 32768 at most. Default 24. */
  readonly rowsPerColumn?: number;
  /** λ of gram + λI in units of its mean diagonal. Default 0.01. */
  readonly damping?: number;
  /** Iterations of AdaRound. Default 400. */
  readonly iterations?: number;
  /** Bytes of inner values kept between layers; 0 runs every layer from the model's inputs. Default 1 GiB. */
  readonly cacheBytes?: number;
  /** Seed of the positions drawn. Default 0. */
  readonly seed?: number;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
}

/** What became of one layer. Errors are mean squared errors of its output relative to the mean square of the float output. */
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

/** From this width on a range search and per-row factors gain nothing. */
const mostLevelsToRescale = 64;
const fewestRows = 4096;
const mostRows = 32_768;
const scaleFactors: readonly number[] = [1, 0.82, 0.88, 0.94, 1.06, 1.12, 1.2];

/**
 * Adaptive rounding of weights after calibration: layer by layer in topological order, each weight goes up or down so that the
 * layer's output (not the weight) stays close to the float model's on the given samples.
 *
 * @param model prepared float model that the spec was made for
 * @throws {InvalidArgumentError} for an option outside its range
 * @throws {AbortedError} when cancelled
 */
export async function roundWeights(
  model: Model,
  spec: QuantizationSpec,
  options: RoundWeightsOptions,
): Promise<RoundWeightsResult> {
  const settings = resolve(options);
  const index = graphIndex(graphOf(model));
  const { layers, skipped } = findRoundableLayers(index, spec);
  const target = options.target ?? findTarget(spec.target);
  const isSymmetric = settings.reconstruction === 'symmetric';
  const common = {
    runtime: options.runtime,
    source: options.source,
    batchSize: settings.batchSize,
    samples: settings.samples,
    cacheBytes: isSymmetric ? settings.cacheBytes : settings.cacheBytes / 2,
  };
  const float = createPrefixRunner(model, { ...common, optimization: 'all' });
  const quantized = isSymmetric
    ? undefined
    : createPrefixRunner(fakeQuantizedModel(model, spec, target), { ...common, optimization: 'disabled' });
  const { moments, release } = await createMomentProducts(options.runtime);
  const changes: Changes = { tensors: new Map(), scales: new Map() };
  const results: LayerRounding[] = skipped.map((layer) => nearestResult(layer, spec));
  for (const { weight } of skipped) {
    const tensor = index.initializer(weight);
    const quantization = spec.tensors[weight];
    if (tensor === undefined || quantization === undefined) continue;
    const data = fakeQuantize(
      { data: tensorToFloat32(tensor), shape: tensor.dims.map(Number) },
      quantization.scheme,
      quantization.qparams,
    );
    quantized?.setInitializer(tensorFromArray(weight, DataType.FLOAT, tensor.dims, data));
  }
  const progress = reportPhase('round', layers.length, options.onProgress);
  try {
    const open = new Set(layers.map((layer) => layer.node.name));
    for (const [position, layer] of layers.entries()) {
      throwIfAborted(options.signal, 'round');
      const started = performance.now();
      const prefix: Prefix = { float, quantized, open };
      const collected = await collect(layer, position, prefix, moments, settings);
      const rounded = await roundOne(layer, collected.groups, spec, model, settings);
      for (const tensor of rounded.tensors) {
        changes.tensors.set(tensor.name, tensor);
        quantized?.setInitializer(tensor);
      }
      changes.scales.set(layer.weight, rounded.scale);
      open.delete(layer.node.name);
      results.push({
        node: layer.node.name,
        weight: layer.weight,
        method: settings.method,
        levels: rounded.levels,
        nearestError: rounded.nearestError,
        error: rounded.error,
        target: collected.isSum ? 'sum' : 'output',
        rows: collected.groups[0]?.count ?? 0,
        seconds: (performance.now() - started) / 1000,
      });
      progress.advance(1);
    }
  } finally {
    float.release();
    quantized?.release();
    await release();
  }
  return { model: withTensors(model, changes.tensors), spec: reviseSpec(spec, changes.scales), layers: results };
}

interface Settings {
  readonly method: RoundingMethod;
  readonly runtime: Runtime;
  readonly reconstruction: 'asymmetric' | 'symmetric';
  readonly reconstructSums: boolean;
  readonly correctBiases: boolean;
  readonly rescale: boolean;
  readonly samples: number;
  readonly batchSize: number;
  readonly rowsPerColumn: number;
  readonly damping: number;
  readonly iterations: number;
  readonly cacheBytes: number;
  readonly seed: number;
  readonly sampleTotal: number;
}

interface Changes {
  readonly tensors: Map<string, Tensor>;
  readonly scales: Map<string, Float32Array>;
}

interface Prefix {
  readonly float: PrefixRunner;
  readonly quantized: PrefixRunner | undefined;
  /** Names of layers that are not rounded yet. */
  readonly open: ReadonlySet<string>;
}

interface Collected {
  readonly groups: readonly LayerStatistics[];
  readonly isSum: boolean;
}

function resolve(options: RoundWeightsOptions): Settings {
  const positive = (key: 'samples' | 'batchSize' | 'rowsPerColumn' | 'iterations', otherwise: number): number => {
    const value = options[key] ?? otherwise;
    if (Number.isInteger(value) && value >= 1) return value;
    throw invalid(`${key} to be a positive integer`, String(value));
  };
  const atLeast0 = (key: 'damping' | 'cacheBytes', otherwise: number): number => {
    const value = options[key] ?? otherwise;
    if (value >= 0 && value < Number.POSITIVE_INFINITY) return value;
    throw invalid(`${key} to be at least 0`, String(value));
  };
  if (options.method !== 'gptq' && options.method !== 'adaround') {
    throw invalid('method gptq or adaround', JSON.stringify(options.method));
  }
  const samples = positive('samples', 512);
  return {
    method: options.method,
    runtime: options.runtime,
    reconstruction: options.reconstruction ?? 'asymmetric',
    reconstructSums: options.reconstructSums ?? true,
    correctBiases: options.correctBiases ?? true,
    rescale: options.rescale ?? true,
    samples,
    batchSize: positive('batchSize', 32),
    rowsPerColumn: positive('rowsPerColumn', 24),
    damping: atLeast0('damping', 0.01),
    iterations: positive('iterations', 400),
    cacheBytes: atLeast0('cacheBytes', 2 ** 30),
    seed: options.seed ?? 0,
    sampleTotal: Math.min(samples, options.source.length ?? samples),
  };
}

/** Streams the statistics of one layer: inputs from the quantized prefix, targets from the float model. */
async function collect(
  layer: RoundableLayer,
  position: number,
  { float, quantized, open }: Prefix,
  moments: MomentProducts,
  settings: Settings,
): Promise<Collected> {
  const { groups, rows, columns } = layer.layout;
  const statistics = Array.from({ length: groups }, () => layerStatistics(rows, columns, moments));
  const inputRunner = quantized ?? float;
  const node = inputRunner.index.nodes.find((candidate) => candidate.name === layer.node.name) ?? layer.node;
  const input = node.input[0] ?? '';
  const other = quantized === undefined || !settings.reconstructSums ? undefined : otherOperand(layer, quantized, open);
  const target = other === undefined ? layer.output : (layer.sum?.node.output[0] ?? '');
  const random = seededRandom((settings.seed + Math.imul(position, 0x9e3779b9)) >>> 0);
  const wantedInputs = other === undefined ? [input] : [input, other];
  const wantedRows = Math.min(Math.max(settings.rowsPerColumn * columns, fewestRows), mostRows);
  const perSample = Math.max(1, Math.ceil(wantedRows / settings.sampleTotal));
  const floatPass = float.pass(quantized === undefined ? [...wantedInputs, target] : [target]);
  const inputPass = quantized?.pass(wantedInputs);
  try {
    for (let step = await floatPass.next(); step.done !== true; step = await floatPass.next()) {
      const other_ = await inputPass?.next();
      const values = other_ === undefined ? step.value : other_.done === true ? {} : other_.value;
      const x = values[input] as FeedTensor;
      const y = step.value[target] as FeedTensor;
      const minus = other === undefined ? undefined : values[other];
      const count = y.dims[0] ?? 1;
      const total = positionsPerSample(layer, y);
      const positions = Array.from({ length: count }, () => drawPositions(total, perSample, random));
      for (const [group, sums] of statistics.entries()) {
        const inputs = gatherInputs(layer, group, x, y, positions);
        await sums.add(inputs, gatherTargets(layer, group, y, minus, positions));
      }
    }
    // Both passes end together; the second has to run to its end to keep its values.
    await inputPass?.next();
  } finally {
    await floatPass.return(undefined);
    await inputPass?.return(undefined);
  }
  return { groups: statistics, isSum: other !== undefined };
}

/** The other operand of the addition behind a layer, in the quantized model, where it is known already. */
function otherOperand(layer: RoundableLayer, quantized: PrefixRunner, open: ReadonlySet<string>): string | undefined {
  if (layer.sum === undefined) return undefined;
  const { node, other } = layer.sum;
  const name = quantized.index.nodes.find((candidate) => candidate.name === node.name)?.input[other];
  return name !== undefined && quantized.isIndependentOf(name, open) ? name : undefined;
}

interface RoundedLayer {
  readonly tensors: readonly Tensor[];
  readonly scale: Float32Array;
  readonly levels: number;
  readonly nearestError: number;
  readonly error: number;
}

async function roundOne(
  layer: RoundableLayer,
  groups: readonly LayerStatistics[],
  spec: QuantizationSpec,
  model: Model,
  settings: Settings,
): Promise<RoundedLayer> {
  const index = graphIndex(graphOf(model));
  const quantization = spec.tensors[layer.weight];
  const tensor = index.initializer(layer.weight);
  if (quantization === undefined || tensor === undefined)
    throw invalid(`"${layer.weight}" in the spec and the model`, 'none');
  const { scheme, qparams } = quantization;
  const { rows, columns } = layer.layout;
  const data = tensorToFloat32(tensor).slice();
  const biasTensor = layer.bias === undefined ? undefined : index.initializer(layer.bias);
  const bias = biasTensor === undefined ? undefined : tensorToFloat32(biasTensor);
  const isCorrected = bias !== undefined && layer.ownsBias && settings.correctBiases;
  const corrected = bias?.slice();
  const isShared = qparams.scale.length === 1;
  const levelCount = scheme.qmax - scheme.qmin + 1;
  const isRescaled = settings.rescale && levelCount <= mostLevelsToRescale;
  const scale = Float32Array.from(qparams.scale);
  const smallest = smallestScales(layer, bias, spec);
  const zeroPoint = qparams.zeroPoint[0] ?? 0;
  const low = scheme.qmin - zeroPoint;
  const high = scheme.qmax - zeroPoint;
  const errors = { nearest: 0, chosen: 0, energy: 0 };
  for (const [group, statistics] of groups.entries()) {
    const weights = readMatrix(data, layer.layout, group);
    const first = group * rows;
    const centred = isCorrected ? statistics.centred() : undefined;
    const problem = centred ?? statistics.plain(bias?.subarray(first, first + rows));
    const limits = smallest.subarray(first, first + rows);
    const initial =
      isRescaled && !isShared
        ? searchRowScales(weights, columns, scheme)
        : Float64Array.from({ length: rows }, (_, r) => scale[isShared ? 0 : first + r] as number);
    const rounded = await roundMatrix(
      problem,
      weights,
      { scale: initial.map((s, r) => Math.max(s, limits[r] as number)), low, high },
      {
        method: settings.method,
        runtime: settings.runtime,
        damping: settings.damping,
        iterations: settings.iterations,
        scaleFactors: isRescaled ? scaleFactors : [1],
        refits: isRescaled ? 4 : 0,
        sweeps: 8,
        smallestScale: limits,
        isScaleShared: isShared,
      },
    );
    const real = levelsToWeights(rounded.levels, columns, rounded.scale);
    writeMatrix(data, layer.layout, group, real);
    if (!isShared) scale.set(rounded.scale, first);
    if (corrected !== undefined && centred !== undefined) correctBias(corrected, first, real, centred);
    errors.nearest += rounded.nearestError;
    errors.chosen += rounded.error;
    errors.energy += rounded.energy;
  }
  const tensors = [tensorFromArray(layer.weight, DataType.FLOAT, tensor.dims, data)];
  if (biasTensor !== undefined && corrected !== undefined && isCorrected) {
    tensors.push(tensorFromArray(biasTensor.name, DataType.FLOAT, biasTensor.dims, corrected));
  }
  const unit = errors.energy > 0 ? errors.energy : 1;
  return {
    tensors,
    scale,
    levels: levelCount,
    nearestError: errors.nearest / unit,
    error: errors.chosen / unit,
  };
}

/** b ← E[t] − ŵ·E[x̃]: the targets carry the float bias already. */
function correctBias(
  bias: Float32Array,
  first: number,
  weights: Float64Array,
  { meanInput, meanTarget, columns }: { meanInput: Float64Array; meanTarget: Float64Array; columns: number },
): void {
  for (let r = 0; r < meanTarget.length; r++) {
    let mean = meanTarget[r] as number;
    for (let i = 0; i < columns; i++) mean -= (weights[r * columns + i] as number) * (meanInput[i] as number);
    bias[first + r] = mean;
  }
}

/** Scales below which the bias of a row would not fit int32, with a factor of two to spare for its correction. */
function smallestScales(layer: RoundableLayer, bias: Float32Array | undefined, spec: QuantizationSpec): Float64Array {
  const count = layer.layout.groups * layer.layout.rows;
  const smallest = new Float64Array(count).fill(2 ** -126);
  const activation = spec.tensors[layer.node.input[0] ?? '']?.qparams.scale[0];
  if (bias === undefined || activation === undefined) return smallest;
  return smallest.map((floor, r) =>
    Math.max(floor, Math.fround((2 * Math.abs(bias[r] as number)) / (activation * 2 ** 31))),
  );
}

function nearestResult({ node, weight, reason }: SkippedLayer, spec: QuantizationSpec): LayerRounding {
  const scheme: LinearScheme | undefined = spec.tensors[weight]?.scheme;
  const levels = scheme === undefined ? 0 : scheme.qmax - scheme.qmin + 1;
  return { node: node.name, weight, method: 'nearest', reason, levels, seconds: 0 };
}

function withTensors(model: Model, tensors: ReadonlyMap<string, Tensor>): Model {
  const edit = editGraph(model);
  for (const [name, tensor] of tensors) edit.replaceInitializer(name, tensor);
  return edit.finish();
}

function graphOf(model: Model): NonNullable<Model['graph']> {
  if (model.graph === undefined) throw invalid('a model with a graph', 'a model without one');
  return model.graph;
}

function invalid(expected: string, received: string): InvalidArgumentError {
  return new InvalidArgumentError({ operation: '[ptq] roundWeights', expected, received });
}
