import { UnsupportedOperatorError } from '@bitwright/core';
import { customClasses, elementFunctionOf, elementFunctions } from '../../onnx-to-tfjs/custom-layers';
import { permuteArray } from '../../permute-array';
import type { LayerWeight } from '../layers-model';
import type { Shape } from '../value';
import { flagOf, type GraphNode, intsOf, numberOf, textOf, textsOf } from './graph-def';

/** A graph node as the call of a layer that computes the same. */
export interface EquivalentLayer {
  readonly className: string;
  readonly config: Readonly<Record<string, unknown>>;
  /** Positions of the node's inputs that carry data. */
  readonly inputs: readonly number[];
  readonly weights: Readonly<Record<string, LayerWeight>>;
}

/** What is known around a node. */
export interface NodeFacts {
  readonly node: GraphNode;
  /** The constant at an input position. */
  constant(position: number): LayerWeight | undefined;
  /** Sizes of a computed input. */
  shape(position: number): Shape;
}

type Translate = (facts: NodeFacts) => Partial<EquivalentLayer> & { readonly className: string };

const activations: Readonly<Record<string, string>> = {
  Relu: 'relu',
  Relu6: 'relu6',
  Elu: 'elu',
  Selu: 'selu',
  Sigmoid: 'sigmoid',
  Tanh: 'tanh',
  Softplus: 'softplus',
  Softsign: 'softsign',
};

const merges: Readonly<Record<string, string>> = {
  Add: 'Add',
  AddV2: 'Add',
  AddN: 'Add',
  Sub: 'Subtract',
  Mul: 'Multiply',
  Maximum: 'Maximum',
  Minimum: 'Minimum',
};

const convolution =
  (className: 'Conv2D' | 'DepthwiseConv2D'): Translate =>
  (facts) => {
    const { node } = facts;
    const kernel = required(facts, 1, 'kernel');
    const fused = textsOf(node, 'fused_ops');
    const bias = fused.includes('BiasAdd') ? required(facts, 2, 'bias') : undefined;
    const [kh = 1, kw = 1, channels = 1, last = 1] = kernel.shape;
    const isDepthwise = className === 'DepthwiseConv2D';
    return {
      className,
      config: {
        filters: isDepthwise ? channels * last : last,
        kernel_size: [kh, kw],
        ...windowConfig(facts),
        dilation_rate: intsOf(node, 'dilations', [1, 1, 1, 1]).slice(1, 3),
        use_bias: bias !== undefined,
        activation: fusedActivation(facts, fused),
      },
      weights: { [isDepthwise ? 'depthwise_kernel' : 'kernel']: kernel, ...(bias === undefined ? {} : { bias }) },
    };
  };

const pool =
  (className: 'MaxPooling2D' | 'AveragePooling2D'): Translate =>
  (facts) => ({
    className,
    config: { pool_size: intsOf(facts.node, 'ksize', [1, 1, 1, 1]).slice(1, 3), ...windowConfig(facts) },
  });

const matrixProduct: Translate = (facts) => {
  const { node } = facts;
  const given = required(facts, 1, 'right operand');
  if (flagOf(node, 'transpose_a')) throw unsupported(facts, 'a left operand as it is', 'a transposed one');
  const kernel = flagOf(node, 'transpose_b') ? transposed(given) : given;
  const fused = textsOf(node, 'fused_ops');
  const bias = fused.includes('BiasAdd') ? required(facts, 2, 'bias') : undefined;
  return {
    className: 'Dense',
    config: { units: kernel.shape[1], use_bias: bias !== undefined, activation: fusedActivation(facts, fused) },
    weights: { kernel, ...(bias === undefined ? {} : { bias }) },
  };
};

const batchNormalization: Translate = (facts) => ({
  className: 'BatchNormalization',
  config: { axis: -1, epsilon: numberOf(facts.node, 'epsilon', 1e-3) },
  weights: {
    gamma: required(facts, 1, 'scale'),
    beta: required(facts, 2, 'offset'),
    moving_mean: required(facts, 3, 'mean'),
    moving_variance: required(facts, 4, 'variance'),
  },
});

/** Elementwise operators: of computed values a merge layer, with a constant a scale and shift. */
const elementwise: Translate = (facts) => {
  const { node } = facts;
  const constant = node.inputs.findIndex((_, i) => facts.constant(i) !== undefined);
  if (constant < 0) {
    const className = merges[node.op];
    if (className === undefined) throw unsupported(facts, 'a constant divisor', 'a computed one');
    return { className, inputs: node.inputs.map((_, i) => i) };
  }
  const weight = required(facts, constant, 'operand');
  const { scale, shift } = lineOf(facts, weight.data, constant);
  const inputs = [1 - constant];
  if (weight.data.length === 1)
    return { className: 'Rescaling', config: { scale: scale[0], offset: shift[0] }, inputs };
  const shape = facts.shape(1 - constant);
  const sizes = withRank(weight, shape.length).shape;
  const fits = sizes.length === shape.length && sizes.every((size, i) => size === 1 || (i > 0 && size === shape[i]));
  if (!fits) {
    throw unsupported(facts, 'a constant that repeats over the batch and fits the other axes', `[${weight.shape}]`);
  }
  const isPerChannel = sizes.slice(0, -1).every((size) => size === 1);
  const named = (name: string, data: Float32Array): LayerWeight => ({
    name: `${node.name}/${name}`,
    shape: isPerChannel ? [data.length] : sizes.slice(1),
    data,
  });
  return {
    className: customClasses.affine,
    ...(isPerChannel ? {} : { config: { sizes: sizes.slice(1) } }),
    inputs,
    weights: { scale: named('scale', scale), shift: named('shift', shift) },
  };
};

function lineOf(
  facts: NodeFacts,
  values: Float32Array,
  position: number,
): { scale: Float32Array; shift: Float32Array } {
  const ones = new Float32Array(values.length).fill(1);
  const zeros = new Float32Array(values.length);
  switch (facts.node.op) {
    case 'Mul':
      return { scale: values, shift: zeros };
    case 'RealDiv':
      if (position === 1) return { scale: values.map((v) => 1 / v), shift: zeros };
      break;
    case 'Sub':
      return position === 1
        ? { scale: ones, shift: values.map((v) => -v) }
        : { scale: ones.map(() => -1), shift: values };
    case 'Add':
    case 'AddV2':
    case 'BiasAdd':
      return { scale: ones, shift: values };
  }
  throw unsupported(facts, 'two computed operands', 'a constant');
}

const reduction: Translate = (facts) => {
  const axes = [...required(facts, 1, 'axes').data]
    .map((axis) => (axis < 0 ? axis + facts.shape(0).length : axis))
    .sort();
  if (facts.shape(0).length !== 4 || axes.join() !== '1,2')
    throw unsupported(facts, 'the mean or maximum over height and width', `axes [${axes}]`);
  const className = facts.node.op === 'Mean' ? 'GlobalAveragePooling2D' : 'GlobalMaxPooling2D';
  return { className, config: { keepdims: flagOf(facts.node, 'keep_dims') } };
};

const reshape: Translate = (facts) => {
  const target = [...required(facts, 1, 'shape').data];
  const [batch = -1, ...sizes] = target;
  const known = facts.shape(0)[0];
  if (batch !== -1 && batch !== known) {
    if (sizes.includes(-1) || batch !== 1) throw unsupported(facts, 'a batch axis that stays as it is', `[${target}]`);
  }
  return { className: 'Reshape', config: { target_shape: sizes } };
};

const squeeze: Translate = (facts) => {
  const shape = facts.shape(0);
  const axes = intsOf(facts.node, 'squeeze_dims', []).map((axis) => (axis < 0 ? axis + shape.length : axis));
  if (axes.length === 0 || axes.includes(0)) throw unsupported(facts, 'named axes behind the batch', `[${axes}]`);
  const sizes = shape.filter((_, i) => i > 0 && !axes.includes(i)).map((size) => size ?? -1);
  return { className: 'Reshape', config: { target_shape: sizes } };
};

const transpose: Translate = (facts) => {
  const [batch, ...dims] = required(facts, 1, 'permutation').data;
  if (batch !== 0) throw unsupported(facts, 'a batch axis that stays first', `axis ${batch}`);
  return { className: 'Permute', config: { dims } };
};

const concat: Translate = (facts) => {
  const last = facts.node.inputs.length - 1;
  const [axis = -1] = required(facts, last, 'axis').data;
  return { className: 'Concatenate', config: { axis }, inputs: Array.from({ length: last }, (_, i) => i) };
};

const pad: Translate = (facts) => {
  const list = [...required(facts, 1, 'paddings').data];
  const value = facts.node.op === 'PadV2' ? (required(facts, 2, 'value').data[0] ?? 0) : 0;
  if (list[0] !== 0 || list[1] !== 0) throw unsupported(facts, 'no padding of the batch', `[${list.slice(0, 2)}]`);
  const paddings = Array.from({ length: list.length / 2 - 1 }, (_, i) => [list[2 * i + 2], list[2 * i + 3]]);
  return { className: customClasses.pad, config: { paddings, value } };
};

const resize: Translate = (facts) => {
  const { node } = facts;
  const size = [...required(facts, 1, 'size').data];
  const factors = size.map((n, i) => n / Number(facts.shape(0)[i + 1] ?? Number.NaN));
  const isPlain = !flagOf(node, 'align_corners') && !flagOf(node, 'half_pixel_centers');
  if (!isPlain || factors.some((f) => !Number.isInteger(f)))
    throw unsupported(facts, 'whole factors without aligned corners or half pixels', `[${size}]`);
  const interpolation = node.op === 'ResizeBilinear' ? 'bilinear' : 'nearest';
  return { className: 'UpSampling2D', config: { size: factors, interpolation } };
};

/** [rows, columns] to [columns, rows]. */
function transposed({ name, shape, data }: LayerWeight): LayerWeight {
  return { name, shape: [...shape].reverse(), data: permuteArray(data, shape, [1, 0]) };
}

/** A constant that spreads over its leading axes, with these axes of length 1 written out. */
function withRank({ name, shape, data }: LayerWeight, rank: number): LayerWeight {
  const missing = new Array<number>(Math.max(rank - shape.length, 0)).fill(1);
  return { name, shape: [...missing, ...shape], data };
}

/** exp, log, sqrt … by TensorFlow's name of the operator, which is ONNX' own. */
const elementFunction: Translate = ({ node }) => ({
  className: customClasses.elementFunction,
  config: { operator: elementFunctionOf(node.op) },
});

const same: Translate = () => ({ className: 'Dropout' });
const activation: Translate = ({ node }) => ({ className: 'Activation', config: { activation: activations[node.op] } });

const translations: Readonly<Record<string, Translate>> = {
  Conv2D: convolution('Conv2D'),
  _FusedConv2D: convolution('Conv2D'),
  DepthwiseConv2dNative: convolution('DepthwiseConv2D'),
  FusedDepthwiseConv2dNative: convolution('DepthwiseConv2D'),
  MatMul: matrixProduct,
  _FusedMatMul: matrixProduct,
  MaxPool: pool('MaxPooling2D'),
  AvgPool: pool('AveragePooling2D'),
  FusedBatchNorm: batchNormalization,
  FusedBatchNormV3: batchNormalization,
  BiasAdd: elementwise,
  RealDiv: elementwise,
  ...Object.fromEntries(Object.keys(merges).map((op) => [op, elementwise])),
  ...Object.fromEntries(Object.keys(activations).map((op) => [op, activation])),
  ...Object.fromEntries(Object.values(elementFunctions).map((op) => [op, elementFunction])),
  LeakyRelu: ({ node }) => ({ className: 'LeakyReLU', config: { alpha: numberOf(node, 'alpha', 0.2) } }),
  Softmax: () => ({ className: 'Softmax', config: { axis: -1 } }),
  LogSoftmax: () => ({ className: 'Activation', config: { activation: 'logSoftmax' } }),
  Prelu: (facts) => ({
    className: 'PReLU',
    weights: { alpha: withRank(required(facts, 1, 'slope'), facts.shape(0).length - 1) },
  }),
  Mean: reduction,
  Max: reduction,
  Reshape: reshape,
  Squeeze: squeeze,
  Transpose: transpose,
  ConcatV2: concat,
  Pad: pad,
  PadV2: pad,
  ResizeBilinear: resize,
  ResizeNearestNeighbor: resize,
  Identity: same,
  StopGradient: same,
  PreventGradient: same,
};

/**
 * The layer that computes what a graph node computes.
 *
 * @throws {UnsupportedOperatorError} naming the node
 */
export function asLayer(facts: NodeFacts): EquivalentLayer {
  const translate = translations[facts.node.op];
  if (translate === undefined) throw unsupported(facts, 'an operator with an ONNX form here', `"${facts.node.op}"`);
  const { className, config = {}, inputs = [0], weights = {} } = translate(facts);
  return { className, config, inputs, weights };
}

function windowConfig(facts: NodeFacts): Record<string, unknown> {
  const { node } = facts;
  if (textOf(node, 'data_format', 'NHWC') !== 'NHWC')
    throw unsupported(facts, 'data_format NHWC', textOf(node, 'data_format', 'NHWC'));
  const padding = textOf(node, 'padding', 'VALID').toLowerCase();
  return { strides: intsOf(node, 'strides', [1, 1, 1, 1]).slice(1, 3), padding };
}

function fusedActivation(facts: NodeFacts, fused: readonly string[]): string {
  const others = fused.filter((op) => op !== 'BiasAdd');
  const [op, second] = others;
  if (op === undefined) return 'linear';
  const name = activations[op];
  if (name === undefined || second !== undefined) throw unsupported(facts, 'one fused activation', others.join(', '));
  return name;
}

function required(facts: NodeFacts, position: number, what: string): LayerWeight {
  const constant = facts.constant(position);
  if (constant === undefined) throw unsupported(facts, `a constant ${what}`, 'a computed one');
  return constant;
}

function unsupported({ node }: NodeFacts, expected: string, received: string): UnsupportedOperatorError {
  return new UnsupportedOperatorError({
    operation: `[export] graphModelToOnnx ${node.op} node "${node.name}"`,
    expected,
    received,
  });
}
