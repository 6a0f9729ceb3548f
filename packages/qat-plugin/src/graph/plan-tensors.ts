import { InvalidArgumentError } from '@bitwright/core';
import type { Quantizer } from '../quantizers/quantizer';
import { planSlot } from '../quantizers/slot-plan';
import { withBits } from '../quantizers/with-bits';
import { activationOf, activationOperator } from '../rules/activation-operators';
import type { LayerRule } from '../rules/layer-rule';
import { matches } from '../select-layers';
import { type Consumer, type GraphIndex, outputsOf, tensorKey } from './graph-index';
import { type GraphLayer, type TensorRef, tensorName } from './model-graph';
import type { PlannedLayer, PlannedTensor, Planner } from './plan';
import { activationCodes } from './quantizer-codes';
import { isNonNegativeTensor } from './tensor-signs';

/** Decides which tensors between layers get a quantizer, and who reads the quantized values. */
export function planTensors(layers: ReadonlyMap<string, PlannedLayer>, planner: Planner): readonly PlannedTensor[] {
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

// — internals —

/** A tensor that should hold quantized values: who reads it, and the integer layers (perhaps further on) that ask for it. */
interface Wanted {
  readonly ref: TensorRef;
  readonly readers: readonly Consumer[];
  readonly askers: readonly string[];
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
    : layers.get(ref.layer)?.kind === 'passThrough' || isFoldedPadding(layer, ref, index);
  if (!isPassed || input === undefined) return { ref, reader };
  return sourceOf(input, { layer: layer.name, call: ref.nodeIndex, input: 0 }, layers, planner);
}

/** Zero padding that a convolution alone reads: it becomes the convolution's own, and real 0 is a code. */
function isFoldedPadding(layer: GraphLayer, ref: TensorRef, index: GraphIndex): boolean {
  const readers = index.consumers(ref);
  if (layer.className !== 'ZeroPadding2D' || readers.length !== 1 || index.isOutput(ref)) return false;
  const { className, config } = index.layer(readers[0]?.layer as string);
  return (className === 'Conv2D' || className === 'DepthwiseConv2D') && config['padding'] === 'valid';
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
