import type { Node } from '../../message/types';
import { staticDims } from '../../shape/dim';
import { DataType, dataTypeName } from '../../tensor/data-type';
import { isExternal } from '../../tensor/tensor-payload';
import { tensorToArray } from '../../tensor/tensor-to-array';
import type { QuantizationContext } from '../finding';
import type { Quantizer, QuantizerGraph } from '../quantizer-graph';

/** Relative difference between the bias scale written and the product of input and weight scale. */
const biasScaleTolerance = 1e-6;
const largestAccumulator = 2 ** 31;
const largestUint8 = 255;
const largestInt8 = 127;

/** Axis along which the weights of a layer may have one scale per output channel. */
const outputChannelAxis = (node: Node, rank: number): number | undefined => {
  switch (node.opType) {
    case 'Conv':
      return 0;
    case 'ConvTranspose':
      return 1;
    case 'MatMul':
      return rank - 1;
    case 'Gemm':
      return node.attribute.some((a) => a.name === 'transB' && a.i !== 0n) ? 0 : 1;
    default:
      return undefined;
  }
};

const checkWeightAxis = (weight: Quantizer, layer: Node, label: string, context: QuantizationContext): void => {
  const rank = weight.dims?.length ?? 0;
  const expected = outputChannelAxis(layer, rank);
  if (
    weight.scales === undefined ||
    weight.scales.length <= 1 ||
    weight.blockSize !== 0 ||
    expected === undefined ||
    rank === 0
  )
    return;
  const axis = weight.axis < 0 ? weight.axis + rank : weight.axis;
  if (axis === expected) return;
  const message = `expected weights of ${layer.opType} "${label}" to be quantized along axis ${expected}, received axis ${axis} in "${weight.label}"`;
  const at = { node: weight.label, tensor: weight.input };
  if (context.profile === 'ort-x86')
    context.report.error('weight-axis', `${message}. onnxruntime loads it and fails at run time.`, at);
  else context.report.warn('weight-axis', message, at);
};

const checkWeightZeroPoint = (weight: Quantizer, label: string, { profile, report }: QuantizationContext): void => {
  if (profile !== 'ort-x86' || weight.zeroPoints === undefined) return;
  const [first = 0] = weight.zeroPoints;
  const at = { node: weight.label, tensor: weight.input };
  if (weight.quantizedType === DataType.INT8 && weight.zeroPoints.some((zero) => zero !== 0)) {
    report.error(
      'weight-zero-point',
      `expected zero point 0 for the int8 weights of "${label}", received ${weight.zeroPoints.find((z) => z !== 0)}`,
      at,
    );
  } else if (weight.zeroPoints.some((zero) => zero !== first)) {
    report.error(
      'weight-zero-point',
      `expected one zero point for all channels of the weights of "${label}", received several`,
      at,
    );
  }
};

/** int32 bias: scale sx·sw[c], zero point 0, in its own type. */
const checkBias = (
  bias: Quantizer,
  input: Quantizer | undefined,
  weight: Quantizer,
  label: string,
  { profile, report }: QuantizationContext,
): void => {
  const at = { node: bias.label, tensor: bias.input };
  if (bias.quantizedType !== DataType.INT32) {
    report.error(
      'bias',
      `expected the quantized bias of "${label}" to be int32, received ${dataTypeName(bias.quantizedType)}`,
      at,
    );
    return;
  }
  if (bias.zeroPoints?.some((zero) => zero !== 0)) {
    report.error(
      'bias',
      `expected zero point 0 for the bias of "${label}", received ${bias.zeroPoints.find((zero) => zero !== 0)}`,
      at,
    );
  }
  const sx = input?.scales?.length === 1 ? input.scales[0] : undefined;
  const { scales } = bias;
  if (sx === undefined || weight.scales === undefined || scales === undefined) return;
  const channels = Math.max(scales.length, weight.scales.length);
  for (let c = 0; c < channels; c += 1) {
    const expected = Math.fround(sx * (weight.scales[weight.scales.length === 1 ? 0 : c] ?? Number.NaN));
    const actual = scales[scales.length === 1 ? 0 : c] ?? Number.NaN;
    if (Math.abs(actual - expected) <= biasScaleTolerance * Math.abs(expected)) continue;
    const message = `expected bias scale ${expected} (input scale · weight scale) for channel ${c} of "${label}", received ${actual}`;
    if (profile === 'ort-x86') report.error('bias', `${message}. The layer would stay in float.`, at);
    else report.warn('bias', message, at);
    return;
  }
};

const integersOf = (graph: QuantizerGraph, q: Quantizer | undefined): ArrayLike<number | bigint> | undefined => {
  const tensor = q === undefined ? undefined : graph.constant(q.input);
  return tensor === undefined || isExternal(tensor) ? undefined : tensorToArray(tensor);
};

/** Largest Σ|w| over the output channels, which lie along `axis`. */
const largestChannelSum = (weights: ArrayLike<number | bigint>, dims: readonly number[], axis: number): number => {
  const channels = dims[axis] ?? 1;
  const inner = dims.slice(axis + 1).reduce((product, dim) => product * dim, 1);
  const sums = new Float64Array(channels);
  for (let k = 0; k < weights.length; k += 1) {
    const c = Math.floor(k / inner) % channels;
    sums[c] = (sums[c] ?? 0) + Math.abs(Number(weights[k]));
  }
  return sums.reduce((most, sum) => Math.max(most, sum), 0);
};

/**
 * The accumulator must hold every sum of products: K·127·255 + |bias| < 2^31 for K products per output. Where this
 * bound fails, the weights at hand decide: max Σ|w|·255 + |bias| < 2^31.
 */
const checkAccumulator = (
  graph: QuantizerGraph,
  layer: Node,
  weight: Quantizer,
  bias: Quantizer | undefined,
  label: string,
  { report }: QuantizationContext,
): void => {
  const dims = staticDims(weight.dims);
  const axis = dims === undefined ? undefined : outputChannelAxis(layer, dims.length);
  const weights = integersOf(graph, weight);
  if (dims === undefined || axis === undefined || weights === undefined) return;
  const biases = integersOf(graph, bias) ?? [];
  let largestBias = 0;
  for (let i = 0; i < biases.length; i += 1) largestBias = Math.max(largestBias, Math.abs(Number(biases[i])));
  const products = weights.length / (dims[axis] || 1);
  if (products * largestInt8 * largestUint8 + largestBias < largestAccumulator) return;
  const sum = largestChannelSum(weights, dims, axis) * largestUint8 + largestBias;
  if (sum < largestAccumulator) return;
  const message = `expected sums of ${products} products and a bias of up to ${largestBias} to fit the int32 accumulator of "${label}"`;
  report.error('accumulator-overflow', `${message}, received sums of up to ${sum}`, {
    node: label,
    tensor: weight.input,
  });
};

const layers: ReadonlySet<string> = new Set(['Conv', 'ConvTranspose', 'Gemm', 'MatMul']);

/** Quantized weights and biases of Conv, ConvTranspose, Gemm and MatMul. */
export const checkWeights = (graph: QuantizerGraph, context: QuantizationContext): void => {
  for (const node of graph.index.nodes) {
    if (!layers.has(node.opType) || (node.domain !== '' && node.domain !== 'ai.onnx')) continue;
    const label = context.label(node);
    const weight = graph.before(node.input[1] ?? '');
    if (weight === undefined || graph.constant(weight.input) === undefined) continue;
    checkWeightAxis(weight, node, label, context);
    checkWeightZeroPoint(weight, label, context);
    const input = graph.before(node.input[0] ?? '');
    const bias = node.opType === 'MatMul' ? undefined : graph.before(node.input[2] ?? '');
    if (bias !== undefined) checkBias(bias, input, weight, label, context);
    if (input !== undefined) checkAccumulator(graph, node, weight, bias, label, context);
  }
};
