import { codeSpread } from '@bitwright/core';
import { add, tensor, tidy } from '@tensorflow/tfjs-core';
import type { LayersModel, LayerVariable } from '@tensorflow/tfjs-layers';
import { channelOfElement } from '../fold-batch-norm';
import { disposeLayers } from '../graph/dispose-layers';
import { graphOfModel } from '../graph/model-graph';
import { quantizedLayers } from '../graph/quantized-layers';
import { walkLayers } from '../graph/walk-layers';
import { ConvBatchNorm } from '../layers/conv-batch-norm';
import { FreezableBatchNorm } from '../layers/freezable-batch-norm';
import type { Layer } from '../layers/inner-layer';
import { QuantizeActivation } from '../layers/quantize-activation';
import { findVariable, QuantizeWrapper } from '../layers/quantize-wrapper';
import type { GridValues, QuantizerSlot } from '../quantizers/quantizer-slot';
import type { LayerRule } from '../rules/layer-rule';
import { type ConvertedModel, type ConvertedWeight, convertModel } from './convert-model';
import { type AccumulatorLine, settledOffset } from './settled-offset';

/**
 * Moves biases of a trained model, by less than training could notice, to where every runtime gives its predictions: onto
 * multiples of scale(x)·scale(w), which is what integer kernels count biases in, and off the edges between two output codes.
 *
 * onnxruntime and most int8 runtimes round float biases to that unit; at 4 bits this changed 2 to 5 % of a ResNet-20's
 * predictions. And between two quantized tensors a channel has few different results, step·k + bias with an integer k. At
 * 4 bits and below each k is frequent, and among some hundred channels there often is one whose k lies on the edge between
 * two codes to within float rounding: which code it becomes then depends on the order of a sum, on the backend, on whether
 * batch normalization is folded. One such k changed 1 % of the predictions.
 *
 * Reaches {@link quantizedLayers} with one quantized weight and a bias (β where batch normalization follows) whose output no sign reads.
 *
 * @see Jacob et al. 2018, arXiv:1712.05877 §2.4 (int32 biases)
 */
export function settleBiases(model: LayersModel, rules: ReadonlyMap<string, LayerRule>): void {
  const converted = convertModel(model, rules);
  try {
    moveBiases(model, converted, rules);
  } finally {
    disposeLayers(converted.model);
  }
}

// — internals —

function moveBiases(model: LayersModel, converted: ConvertedModel, rules: ReadonlyMap<string, LayerRule>): void {
  const layers = new Map(walkLayers(model).map(({ path, layer }) => [path, layer]));
  const biases = new Map(walkLayers(converted.model).map(({ path, layer }) => [path, findVariable(layer, 'bias')]));
  for (const { layer: path, batchNorm, input, output } of quantizedLayers(graphOfModel(model), rules)) {
    const [weight, ...others] = converted.weights.filter(({ layer }) => layer === path);
    const isFolded = converted.folds.find(({ layer }) => layer === path)?.batchNorm === batchNorm;
    const folded = biases.get(path);
    const grid = affineGrid(layers.get(input));
    const trained = trainedBias(layers.get(path) as Layer, layers.get(batchNorm ?? ''));
    if (weight === undefined || others.length > 0 || !isFolded || grid === undefined) continue;
    if (folded === undefined || trained === undefined) continue;
    const lines = accumulatorLines(weight, folded.read().dataSync<'float32'>(), grid);
    const outputGrid = affineGrid(layers.get(output ?? ''));
    // A sign asks where 0 is, and a multiple of the step may make a result just that.
    if (output !== undefined && outputGrid === undefined) continue;
    const spread = storedSpread(weight);
    const moves = lines.map((line) => settledOffset(line, line.step / spread, outputGrid) - line.offset);
    if (moves.every((move) => move === 0)) continue;
    tidy(() => {
      trained.write(add(trained.read(), tensor(moves, trained.shape as number[])));
    });
  }
}

/** The variable that is added last to what a layer computes: β of its batch normalization, or its own bias. */
function trainedBias(layer: Layer, batchNorm: Layer | undefined): LayerVariable | undefined {
  if (layer instanceof ConvBatchNorm) return findVariable(layer.batchNorm, 'beta');
  if (batchNorm instanceof FreezableBatchNorm) return findVariable(batchNorm.inner, 'beta');
  return layer instanceof QuantizeWrapper ? findVariable(layer.inner, 'bias') : undefined;
}

/** How many times as large the exporter stores the codes; those of asymmetric weights as they are. */
function storedSpread({ weight, slot }: ConvertedWeight): number {
  return slot.context.zeroPoint === 'free' ? 1 : codeSpread(Math.max(Math.abs(weight.qmin), Math.abs(weight.qmax)));
}

/** What each channel of the converted layer computes. */
function accumulatorLines(
  { weight, rule, shape }: ConvertedWeight,
  bias: Float32Array,
  input: GridValues,
): readonly AccumulatorLine[] {
  const scale = input.scale[0] as number;
  const zero = input.zeroPoint[0] as number;
  const largestInput = Math.max(zero - input.qmin, input.qmax - zero);
  const channelOf = channelOfElement(shape, rule.channelAxes);
  const stepOf = (c: number): number => weight.scale[weight.scale.length === 1 ? 0 : c] as number;
  const sums = new Float64Array(bias.length);
  const squares = new Float64Array(bias.length);
  for (const [i, value] of weight.values.entries()) {
    const c = channelOf(i);
    const code = value / stepOf(c);
    sums[c] = (sums[c] as number) + Math.abs(code);
    squares[c] = (squares[c] as number) + code * code;
  }
  return Array.from(bias, (offset, c): AccumulatorLine => {
    const step = stepOf(c) * scale;
    // A float32 sum errs by some roundings (2⁻²⁴) of its partial sums; those hardly exceed ‖w‖·max|x|.
    const partialSum = step * largestInput * Math.sqrt(squares[c] as number);
    const noise = 2 ** -20 * (partialSum + Math.abs(offset));
    return { step, offset, most: largestInput * (sums[c] as number), noise };
  });
}

/** The grid of a quantizer between layers, if its codes lie on an affine one. */
function affineGrid(layer: Layer | undefined): GridValues | undefined {
  const slot: QuantizerSlot | undefined = layer instanceof QuantizeActivation ? layer.slots[0] : undefined;
  const grid = slot?.readGrid();
  return grid?.isUniform === true ? grid : undefined;
}
