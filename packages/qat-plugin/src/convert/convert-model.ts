import { mul, tensor, tidy } from '@tensorflow/tfjs-core';
import type { LayersModel, LayerVariable } from '@tensorflow/tfjs-layers';
import { type ChannelTransform, channelTransform, type Fold, foldGraph } from '../fold-batch-norm';
import { graphOfModel, modelOfGraph } from '../graph/model-graph';
import { walkLayers } from '../graph/walk-layers';
import { ConvBatchNorm } from '../layers/conv-batch-norm';
import { FreezableBatchNorm } from '../layers/freezable-batch-norm';
import type { Layer } from '../layers/inner-layer';
import { QuantizeActivation } from '../layers/quantize-activation';
import { findVariable, QuantizeWrapper, variableName } from '../layers/quantize-wrapper';
import type { QuantizerSlot } from '../quantizers/quantizer-slot';
import type { LayerRule, WeightRule } from '../rules/layer-rule';
import { type HardWeight, hardenWeight } from './harden-weight';
import { stripGraph } from './strip-graph';

/** A weight of the converted model that is quantized. */
export interface ConvertedWeight {
  /** Path of its layer. */
  readonly layer: string;
  /** Name of the variable in the converted model: `conv1/kernel`. */
  readonly name: string;
  readonly shape: readonly number[];
  readonly weight: HardWeight;
  readonly rule: WeightRule;
  readonly slot: QuantizerSlot;
}

export interface ConvertedModel {
  readonly model: LayersModel;
  readonly weights: readonly ConvertedWeight[];
  readonly folds: readonly Fold[];
  /** Paths of quantizers that stay in the model as layers, since no affine quantizer can replace them. */
  readonly kept: readonly string[];
}

/**
 * The ordinary model behind a trained one: original layers, batch normalization folded, every quantized weight exactly on its
 * grid. The trained model is left as it is.
 */
export function convertModel(trained: LayersModel, rules: ReadonlyMap<string, LayerRule>): ConvertedModel {
  const sources = new Map(walkLayers(trained).map(({ path, layer }) => [path, layer]));
  const kept = [...sources].flatMap(([path, layer]) =>
    layer instanceof QuantizeActivation && layer.slots.some((slot) => !slot.readGrid().isUniform) ? [path] : [],
  );
  const folded = new Set([...sources].flatMap(([path, layer]) => (layer instanceof ConvBatchNorm ? [path] : [])));
  const { graph, folds } = foldGraph(stripGraph(graphOfModel(trained), new Set(kept)), rules, folded);
  const model = modelOfGraph(graph);
  const weights: ConvertedWeight[] = [];
  for (const { path, layer } of walkLayers(model)) {
    const source = sources.get(path) as Layer;
    const fold = folds.find((one) => one.layer === path);
    const batchNorm = fold === undefined ? undefined : sources.get(fold.batchNorm);
    for (const weight of transfer(source, layer, rules, batchNorm, fold)) weights.push({ layer: path, ...weight });
  }
  return { model, weights, folds, kept };
}

// — internals —

type Transferred = Omit<ConvertedWeight, 'layer'>;

/** Fills one layer of the converted model; returns its quantized weights. */
function transfer(
  source: Layer,
  target: Layer,
  rules: ReadonlyMap<string, LayerRule>,
  batchNorm: Layer | undefined,
  fold: Fold | undefined,
): Transferred[] {
  const inner = source instanceof QuantizeWrapper || source instanceof FreezableBatchNorm ? source.inner : source;
  if (source instanceof ConvBatchNorm) return [transferFolded(source, target, rules)];
  const converted = target instanceof QuantizeWrapper ? target.inner : target;
  const bound = source instanceof QuantizeWrapper ? source.boundWeights : [];
  const transform =
    batchNorm === undefined
      ? undefined
      : channelTransform(
          batchNorm instanceof FreezableBatchNorm ? batchNorm.inner : batchNorm,
          valuesOf(findVariable(inner, 'bias')),
        );
  copyUnchanged(inner, converted);
  const results = bound.map(({ variable, slot }): Transferred => {
    const name = variableName(variable);
    const rule = weightRule(rules, inner, name);
    const isFolded = transform !== undefined && fold?.weight.variable === name;
    const weight = hardenWeight(variable.read(), slot, rule.channelAxes, isFolded ? transform : undefined);
    const receiver = matching(converted, variable, inner);
    write(receiver, weight.values);
    return { name: receiver.originalName, shape: variable.shape as number[], weight, rule, slot };
  });
  if (transform !== undefined && fold !== undefined) {
    const isQuantized = bound.some(({ variable }) => variableName(variable) === fold.weight.variable);
    if (!isQuantized) scaleKernel(converted, fold, transform);
    write(findVariable(converted, 'bias') as LayerVariable, transform.offset);
  }
  return results;
}

function transferFolded(source: ConvBatchNorm, target: Layer, rules: ReadonlyMap<string, LayerRule>): Transferred {
  const slot = source.slots[0] as QuantizerSlot;
  const rule = weightRule(rules, source.inner, source.settings.kernel);
  let weight: HardWeight | undefined;
  tidy(() => {
    const { kernel, bias } = source.folded();
    weight = hardenWeight(kernel, slot, rule.channelAxes);
    write(findVariable(target, 'bias') as LayerVariable, bias.dataSync<'float32'>());
  });
  const receiver = findVariable(target, source.settings.kernel) as LayerVariable;
  write(receiver, (weight as unknown as HardWeight).values);
  return {
    name: receiver.originalName,
    shape: receiver.shape as number[],
    weight: weight as unknown as HardWeight,
    rule,
    slot,
  };
}

/** Variables that both layers have, in order; a bias that only folding brings is filled later. */
function copyUnchanged(source: Layer, target: Layer): void {
  for (const variable of source.weights) {
    const receiver = matching(target, variable, source);
    if (receiver !== undefined) receiver.write(variable.read());
  }
}

/** The variable of the same name and rank among equal names. */
function matching(target: Layer, variable: LayerVariable, source: Layer): LayerVariable {
  const name = variableName(variable);
  const order = source.weights.filter((one) => variableName(one) === name).indexOf(variable);
  return target.weights.filter((one) => variableName(one) === name)[order] as LayerVariable;
}

function scaleKernel(target: Layer, { weight }: Fold, { factor }: ChannelTransform): void {
  const kernel = findVariable(target, weight.variable) as LayerVariable;
  const { shape } = kernel;
  const along = shape.map((length, axis) => (weight.channelAxes.includes(axis) ? (length as number) : 1));
  tidy(() => {
    kernel.write(mul(kernel.read(), tensor(factor, along)));
  });
}

function weightRule(rules: ReadonlyMap<string, LayerRule>, layer: Layer, variable: string): WeightRule {
  const rule = rules.get(layer.getClassName());
  const found = rule?.kind === 'quantize' ? rule.weights.find((weight) => weight.variable === variable) : undefined;
  return found ?? { variable, channelAxes: [], onnxAxis: 0 };
}

function valuesOf(variable: LayerVariable | undefined): Float32Array | undefined {
  return variable?.read().dataSync<'float32'>();
}

function write(variable: LayerVariable, values: Float32Array): void {
  tidy(() => {
    variable.write(tensor(values, variable.shape as number[]));
  });
}
