import { InvalidArgumentError, type OperatorSupport, UnsupportedOperatorError } from '@bitwright/core';
import type { FoldingStrategy } from '../layers/conv-batch-norm';
import type { WeightPlan } from '../layers/quantize-wrapper';
import type { ResolvedOptions } from '../options';
import type { Quantizer } from '../quantizers/quantizer';
import { planSlot, type SlotPlan } from '../quantizers/slot-plan';
import { withBits } from '../quantizers/with-bits';
import { activationOf, activationOperator } from '../rules/activation-operators';
import type { LayerRule } from '../rules/layer-rule';
import { matches } from '../select-layers';
import { type Consumer, type GraphIndex, indexGraph, outputsOf, tensorKey } from './graph-index';
import {
  type GraphLayer,
  graphOfNested,
  isModelClass,
  type ModelGraph,
  type TensorRef,
  tensorName,
} from './model-graph';
import { activationCodes, weightCodes } from './quantizer-codes';
import { isNonNegativeTensor } from './tensor-signs';

/** What becomes of a layer. */
export interface PlannedLayer {
  /** Path: nested layers as `outer/inner`. */
  readonly path: string;
  readonly className: string;
  readonly kind: 'integer' | 'passThrough' | 'absorbed' | 'batchNorm' | 'float' | 'input' | 'model';
  readonly operator?: string;
  readonly reason?: string;
  readonly weights: readonly WeightPlan[];
  /** Batch normalization that becomes one layer with this one, and how. */
  readonly fold?: { readonly batchNorm: string; readonly strategy: FoldingStrategy };
}

/** A tensor that gets a quantizer, and who reads the quantized values. */
export interface PlannedTensor {
  readonly ref: TensorRef;
  readonly slot: SlotPlan;
  readonly readers: readonly Consumer[];
  readonly isReadByOutput: boolean;
}

export interface GraphPlan {
  readonly layers: ReadonlyMap<string, PlannedLayer>;
  readonly tensors: readonly PlannedTensor[];
  readonly nested: ReadonlyMap<string, GraphPlan>;
}

/** Where a graph sits inside the whole model. */
export interface Surroundings {
  /** `outer/`, or empty. */
  readonly prefix: string;
  readonly isFirst: boolean;
  readonly isLast: boolean;
}

const wholeModel: Surroundings = { prefix: '', isFirst: true, isLast: true };

/**
 * Decides for every layer and tensor of a graph what is quantized, for the target's operators and placement.
 *
 * Weights go to their layers; activations get a quantizer where a tensor is computed (`inputsAndOutputs`: behind an integer
 * layer and the activation absorbed into it, and on inputs) or where integer layers read it (`inputs`).
 *
 * @throws {UnsupportedSchemeError} when the target cannot run a quantizer
 * @throws {UnsupportedOperatorError} for a layer that stays float, with `onUnsupported: 'throw'`
 */
export function planGraph(graph: ModelGraph, options: ResolvedOptions, around: Surroundings = wholeModel): GraphPlan {
  const index = indexGraph(graph);
  const order = weightedOrder(graph, index, options.rules);
  const isFirst = (name: string): boolean => around.isFirst && !order.hasWeightsBefore(name);
  const isLast = (name: string): boolean => around.isLast && !order.hasWeightsAfter(name);
  const planner: Planner = { graph, index, options, around, isFirst, isLast };
  const layers = new Map(graph.layers.map((layer) => [layer.name, planLayer(layer, planner)]));
  const nested = new Map(
    graph.layers
      .filter(({ className }) => isModelClass(className))
      .map((layer) => {
        const inner: Surroundings = {
          prefix: `${around.prefix}${layer.name}/`,
          isFirst: isFirst(layer.name),
          isLast: isLast(layer.name),
        };
        return [layer.name, planGraph(graphOfNested(layer), options, inner)];
      }),
  );
  return { layers, tensors: planTensors(layers, planner), nested };
}

// — internals —

/** A tensor that should hold quantized values: who reads it, and the integer layers (perhaps further on) that ask for it. */
interface Wanted {
  readonly ref: TensorRef;
  readonly readers: readonly Consumer[];
  readonly askers: readonly string[];
}

interface Planner {
  readonly graph: ModelGraph;
  readonly index: GraphIndex;
  readonly options: ResolvedOptions;
  readonly around: Surroundings;
  isFirst(name: string): boolean;
  isLast(name: string): boolean;
}

function planLayer(layer: GraphLayer, planner: Planner): PlannedLayer {
  const { options, around } = planner;
  const { className, name } = layer;
  const base = { path: around.prefix + name, className, weights: [] };
  const stayFloat = (reason: string, operator?: string): PlannedLayer => {
    if (options.onUnsupported === 'throw') {
      throw new UnsupportedOperatorError({
        operation: `[qat-plugin] prepareQat, layer "${base.path}" (${className})`,
        expected: `a layer that ${options.target.id} runs on integers`,
        received: reason,
        hint: 'Leave onUnsupported at "report", or name the layer in skip.',
      });
    }
    return { ...base, kind: 'float', reason, ...(operator === undefined ? {} : { operator }) };
  };
  if (className === 'InputLayer') return { ...base, kind: 'input' };
  if (isModelClass(className)) return { ...base, kind: 'model' };
  const rule = options.rules.get(className);
  if (isSkipped(layer, planner)) return { ...base, kind: 'float', reason: 'named in skip', ...operatorOf(rule, layer) };
  if (rule === undefined) return stayFloat(`no rule for the layer class ${className}; add one with withRule()`);
  if (rule.kind === 'float') return stayFloat(rule.reason);
  if (rule.kind === 'batchNorm') return { ...base, kind: 'batchNorm', operator: 'BatchNormalization' };
  if (rule.kind === 'identity') return { ...base, kind: 'passThrough', operator: 'Identity' };
  const operator = rule.kind === 'activation' ? rule.operator(layer.config) : rule.operator;
  const support = supportOf(operator, planner);
  if (rule.kind === 'quantize' && rule.weights.length > 0) {
    if (rule.quantizesInput && support.kind === 'float') return stayFloat(support.reason, operator);
    return planWeights(layer, rule, planner);
  }
  if (support.kind === 'float') return { ...base, kind: 'float', reason: support.reason, operator };
  return { ...base, kind: support.kind, operator };
}

function planWeights(layer: GraphLayer, rule: LayerRule & { kind: 'quantize' }, planner: Planner): PlannedLayer {
  const { options, around } = planner;
  const path = around.prefix + layer.name;
  const quantizer = weightQuantizer(layer.name, path, planner);
  const fold = foldOf(layer, planner);
  const result = { path, className: layer.className, kind: 'integer' as const, operator: rule.operator };
  if (quantizer === null) return { ...result, weights: [] };
  const weights = rule.weights.map(({ variable, channelAxes }): WeightPlan => {
    const tensor = `${path}/${variable}`;
    const hasChannels = options.target.schemes.weight.granularity.kind === 'perAxis';
    const place = { tensor, role: 'weight' as const, channelAxes: hasChannels ? channelAxes : [] };
    return { variable, slot: planSlot(quantizer, { ...place, ...weightCodes(quantizer, options.target, tensor) }) };
  });
  const canFold = fold !== undefined && weights.length === 1 && quantizer.bits > 1;
  return { ...result, weights, ...(canFold ? { fold } : {}) };
}

function weightQuantizer(name: string, path: string, planner: Planner): Quantizer | null {
  const { options } = planner;
  const override = options.layers
    .filter(([glob, choice]) => choice.weights !== undefined && matches(glob, path))
    .at(-1);
  if (override !== undefined) return override[1].weights ?? null;
  const bits = options.firstAndLastBits;
  if (options.weights === null || bits === undefined) return options.weights;
  return planner.isFirst(name) || planner.isLast(name) ? withBits(options.weights, bits) : options.weights;
}

/** The batch normalization that is the only reader of a layer, when the options fold it. */
function foldOf(layer: GraphLayer, { index, options }: Planner): PlannedLayer['fold'] {
  const { batchNorm } = options;
  if (batchNorm === 'keep' || batchNorm === 'merge') return undefined;
  const follower = followingBatchNorm(layer, index, options.rules);
  return follower === undefined ? undefined : { batchNorm: follower, strategy: batchNorm };
}

/** The name of the batch normalization that alone reads a layer that is called once and has no activation of its own. */
export function followingBatchNorm(
  layer: GraphLayer,
  index: GraphIndex,
  rules: ReadonlyMap<string, LayerRule>,
): string | undefined {
  const output = outputsOf(layer)[0] as TensorRef;
  const readers = index.consumers(output);
  if (layer.calls.length !== 1 || readers.length !== 1 || index.isOutput(output)) return undefined;
  if (activationOperator(activationOf(layer.config)) !== 'Identity') return undefined;
  if (layer.className === 'Conv2D' && layer.config['dataFormat'] === 'channelsFirst') return undefined;
  const reader = index.layer(readers[0]?.layer as string);
  const isBatchNorm = rules.get(reader.className)?.kind === 'batchNorm' && reader.calls.length === 1;
  const axis = reader.config['axis'];
  return isBatchNorm && (axis === -1 || axis === 3 || axis === 1) ? reader.name : undefined;
}

function planTensors(layers: ReadonlyMap<string, PlannedLayer>, planner: Planner): readonly PlannedTensor[] {
  const { graph, options } = planner;
  const wanted = new Map<string, Wanted>();
  const want = (ref: TensorRef, reader?: Consumer, asking?: string): void => {
    const { readers, askers } = wanted.get(tensorKey(ref)) ?? { readers: [], askers: [] };
    wanted.set(tensorKey(ref), {
      ref,
      readers: reader === undefined ? readers : [...readers, reader],
      askers: asking === undefined ? askers : [...askers, asking],
    });
  };
  for (const layer of graph.layers) {
    const planned = layers.get(layer.name) as PlannedLayer;
    if (planned.kind !== 'integer' || !readsQuantized(layer, options.rules)) continue;
    for (const [call, { inputs }] of layer.calls.entries()) {
      for (const [input, ref] of inputs.entries()) {
        if (!isQuantizedInput(inputs, input, planned, planner)) continue;
        const source = sourceOf(ref, { layer: layer.name, call, input }, layers, planner);
        want(source.ref, source.reader, layer.name);
      }
    }
    if (options.target.placement.quantize === 'inputsAndOutputs') {
      for (const ref of outputsOf(layer)) {
        const final = resultOf(ref, layer, layers, planner);
        if (final !== undefined) want(final);
      }
    }
  }
  return [...wanted.values()].flatMap((one) => planTensor(one, layers, planner) ?? []);
}

function planTensor(
  { ref, readers, askers }: Wanted,
  layers: ReadonlyMap<string, PlannedLayer>,
  planner: Planner,
): PlannedTensor | undefined {
  const { index, options, around } = planner;
  const name = around.prefix + tensorName(ref);
  assertNotIndices(ref, askers, planner);
  const quantizer = activationQuantizer(ref, askers, layers, planner);
  if (quantizer === null) return undefined;
  const isNonNegative = isNonNegativeTensor(ref, index, options.rules);
  const choice = activationCodes(quantizer, options.target, isNonNegative, name);
  const isEverywhere = options.target.placement.quantize === 'inputsAndOutputs';
  return {
    ref,
    slot: planSlot(quantizer, { tensor: name, role: 'activation', channelAxes: [], ...choice }),
    readers: isEverywhere ? index.consumers(ref) : readers,
    isReadByOutput: isEverywhere && index.isOutput(ref),
  };
}

function activationQuantizer(
  ref: TensorRef,
  askers: readonly string[],
  layers: ReadonlyMap<string, PlannedLayer>,
  planner: Planner,
): Quantizer | null {
  const { options, around, index } = planner;
  const isInputs = options.target.placement.quantize === 'inputs';
  const producers = [
    ref.layer,
    ...(index.layer(ref.layer).calls[ref.nodeIndex]?.inputs.map(({ layer }) => layer) ?? []),
  ];
  const names = isInputs ? [...askers, ref.layer] : producers;
  const override = options.layers
    .filter(([glob, choice]) => choice.activations !== undefined && names.some((n) => matches(glob, around.prefix + n)))
    .at(-1);
  if (override !== undefined) return override[1].activations ?? null;
  const bits = options.firstAndLastBits;
  if (options.activations === null || bits === undefined) return options.activations;
  const weighted = askers.filter((layer) => (layers.get(layer)?.weights.length ?? 0) > 0);
  const isEnd = weighted.some((layer) => planner.isFirst(layer) || planner.isLast(layer));
  return isEnd ? withBits(options.activations, bits) : options.activations;
}

/**
 * The tensor to quantize so that a reader sees quantized values, and who reads it there: back through layers that only move
 * values, as far as the target runs them on codes; where it quantizes inputs only, through those that nobody else reads.
 */
function sourceOf(
  ref: TensorRef,
  reader: Consumer,
  layers: ReadonlyMap<string, PlannedLayer>,
  planner: Planner,
): { ref: TensorRef; reader: Consumer } {
  const { index, options } = planner;
  const layer = index.layer(ref.layer);
  const input = layer.calls[ref.nodeIndex]?.inputs[0];
  const isInputs = options.target.placement.quantize === 'inputs';
  const isPassed = isInputs
    ? options.rules.get(layer.className)?.kind === 'move' && index.consumers(ref).length === 1 && !index.isOutput(ref)
    : layers.get(ref.layer)?.kind === 'passThrough';
  if (!isPassed || input === undefined) return { ref, reader };
  return sourceOf(input, { layer: layer.name, call: ref.nodeIndex, input: 0 }, layers, planner);
}

/** The tensor that holds an integer layer's result: behind batch normalization and an absorbed activation; none if it stays float. */
function resultOf(
  ref: TensorRef,
  layer: GraphLayer,
  layers: ReadonlyMap<string, PlannedLayer>,
  { index, options }: Planner,
): TensorRef | undefined {
  const planned = layers.get(layer.name) as PlannedLayer;
  const inline = activationOperator(activationOf(layer.config));
  const isInlineFloat = inline !== 'Identity' && options.target.operators[inline]?.kind !== 'absorbed';
  if (isInlineFloat && planned.weights.length > 0) return undefined;
  let result = ref;
  for (;;) {
    const readers = index.consumers(result);
    const reader = readers[0]?.layer;
    if (readers.length !== 1 || reader === undefined || index.isOutput(result)) break;
    const { kind, operator } = layers.get(reader) as PlannedLayer;
    if (kind !== 'batchNorm' && kind !== 'absorbed' && operator !== 'Identity') break;
    result = { layer: reader, nodeIndex: readers[0]?.call ?? 0, tensorIndex: 0 };
  }
  const isFreeOutput = index.isOutput(result) && index.consumers(result).length === 0;
  const mayStayFloat = options.target.placement.floatOutputAllowed.includes(planned.operator ?? '');
  return isFreeOutput && mayStayFloat ? undefined : result;
}

function isQuantizedInput(
  inputs: readonly TensorRef[],
  input: number,
  planned: PlannedLayer,
  { index, options }: Planner,
): boolean {
  if (planned.operator !== 'Add' || options.target.placement.residualAdd !== 'oneInput') return true;
  const isConvolution = (ref: TensorRef | undefined): boolean =>
    ref !== undefined && ['Conv2D', 'BatchNormalization', 'DepthwiseConv2D'].includes(index.layer(ref.layer).className);
  const fused = inputs.findIndex(isConvolution);
  return input !== (fused < 0 ? 0 : fused);
}

function readsQuantized(layer: GraphLayer, rules: ReadonlyMap<string, LayerRule>): boolean {
  const rule = rules.get(layer.className);
  return rule?.kind === 'activation' || rule?.kind === 'move' || (rule?.kind === 'quantize' && rule.quantizesInput);
}

function assertNotIndices(ref: TensorRef, askers: readonly string[], { index, around }: Planner): void {
  const { className, config } = index.layer(ref.layer);
  const dtype = config['dtype'];
  if (className !== 'InputLayer' || dtype === 'float32' || dtype === undefined || dtype === null) return;
  throw new InvalidArgumentError({
    operation: `[qat-plugin] prepareQat, input "${around.prefix}${ref.layer}"`,
    expected: 'a float32 tensor to quantize',
    received: `dtype ${String(dtype)}, read by ${askers.map((layer) => `"${layer}"`).join(', ')}`,
    hint: 'Integer inputs are indices or masks: feed them to an embedding, or name their readers in skip.',
  });
}

function isSkipped(layer: GraphLayer, planner: Planner): boolean {
  const path = planner.around.prefix + layer.name;
  const rule = planner.options.rules.get(layer.className);
  const isWeighted = rule?.kind === 'quantize' && rule.weights.length > 0;
  return planner.options.skip.some((entry) => {
    if (entry === 'first') return isWeighted && planner.isFirst(layer.name);
    if (entry === 'last') return isWeighted && planner.isLast(layer.name);
    return matches(entry, path);
  });
}

function supportOf(operator: string, { options }: Planner): OperatorSupport {
  const support = options.target.operators[operator];
  return support ?? { kind: 'float', reason: `${options.target.id} has no integer ${operator}` };
}

function operatorOf(rule: LayerRule | undefined, layer: GraphLayer): { operator?: string } {
  if (rule?.kind === 'activation') return { operator: rule.operator(layer.config) };
  return rule?.kind === 'quantize' || rule?.kind === 'move' ? { operator: rule.operator } : {};
}

interface WeightedOrder {
  hasWeightsBefore(name: string): boolean;
  hasWeightsAfter(name: string): boolean;
}

/** Which layers have layers with weights before and after them. */
function weightedOrder(graph: ModelGraph, index: GraphIndex, rules: ReadonlyMap<string, LayerRule>): WeightedOrder {
  const isWeighted = (name: string): boolean => {
    const { className } = index.layer(name);
    const rule = rules.get(className);
    return isModelClass(className) || (rule?.kind === 'quantize' && rule.weights.length > 0);
  };
  const before = (name: string): readonly string[] =>
    index.layer(name).calls.flatMap(({ inputs }) => inputs.map(({ layer }) => layer));
  const after = (name: string): readonly string[] =>
    outputsOf(index.layer(name)).flatMap((ref) => index.consumers(ref).map(({ layer }) => layer));
  const reach = (next: (name: string) => readonly string[]): ReadonlySet<string> => {
    const found = new Map<string, boolean>();
    const visit = (name: string): boolean => {
      const known = found.get(name);
      if (known !== undefined) return known;
      found.set(name, false);
      const result = next(name).some((other) => isWeighted(other) || visit(other));
      found.set(name, result);
      return result;
    };
    return new Set(graph.layers.map(({ name }) => name).filter(visit));
  };
  const withBefore = reach(before);
  const withAfter = reach(after);
  return { hasWeightsBefore: (name) => withBefore.has(name), hasWeightsAfter: (name) => withAfter.has(name) };
}
