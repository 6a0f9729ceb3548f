import { floatAttribute, intAttribute } from '@bitwright/onnx';
import { permuteArray } from '../../permute-array';
import type { GraphWriter } from '../graph-writer';
import {
  flagOf,
  inputOf,
  type LayerCall,
  type LayerConverter,
  numberOf,
  textOf,
  unsupportedLayer,
  weightOf,
} from '../layer-call';
import { physicalAxis, type Value } from '../value';

/** Activation(activation): the function by its name. */
export const activationConverter: LayerConverter = {
  classNames: ['Activation'],
  convert: (call) => [applyActivation(call, inputOf(call), textOf(call, 'activation', 'linear'))],
};

/** ReLU, LeakyReLU, ELU, ThresholdedReLU, Softmax: activations with parameters. */
export const parametricActivationConverter: LayerConverter = {
  classNames: ['ReLU', 'LeakyReLU', 'ELU', 'ThresholdedReLU', 'Softmax'],
  convert(call) {
    const x = inputOf(call);
    const { writer } = call;
    const result = (name: string): Value[] => [{ ...x, name }];
    switch (call.className) {
      case 'ReLU':
        return result(clippedRelu(call, x));
      case 'LeakyReLU':
        return result(writer.one('LeakyRelu', [x.name], [floatAttribute('alpha', alphaOf(call, 0.3))]));
      case 'ELU':
        return result(writer.one('Elu', [x.name], [floatAttribute('alpha', numberOf(call, 'alpha', 1))]));
      case 'ThresholdedReLU':
        return result(writer.one('ThresholdedRelu', [x.name], [floatAttribute('alpha', numberOf(call, 'theta', 1))]));
      default:
        return [softmax(call, x)];
    }
  },
};

/** PReLU: x for x ≥ 0, alpha · x below, alpha [d1, …, dn] with size 1 on shared axes. */
export const preluConverter: LayerConverter = {
  classNames: ['PReLU'],
  convert(call) {
    const x = call.inputs[0]?.featureOrder === undefined ? inputOf(call) : call.writer.plain(inputOf(call));
    const alpha = weightOf(call, 'alpha', new Array(x.shape.length - 1).fill(null));
    // The slope is stored in the order of axes that the data have, without a batch axis in front.
    const sizes = [1, ...alpha.shape];
    const dims = x.layout.map((axis) => sizes[axis] ?? 1);
    const slope = call.writer.constant(
      alpha.name,
      x.layout[0] === 0 ? dims.slice(1) : dims,
      () => permuteArray(alpha.data, sizes, x.layout),
      x.layout.join(),
    );
    return [{ ...x, name: call.writer.one('PRelu', [x.name, slope]) }];
  },
};

/** LeakyReLU's slope: a number, or the one-element list that newer versions write. */
function alphaOf(call: LayerCall, fallback: number): number {
  return call.config['alpha'] === undefined && call.config['negative_slope'] !== undefined
    ? numberOf(call, 'negative_slope')
    : numberOf(call, 'alpha', fallback);
}

function clippedRelu(call: LayerCall, x: Value): string {
  const { writer } = call;
  if (numberOf(call, 'negative_slope', 0) !== 0 || numberOf(call, 'threshold', 0) !== 0) {
    throw unsupportedLayer(call, 'negative_slope and threshold 0', 'other values', 'Use LeakyReLU or ThresholdedReLU.');
  }
  if ((call.config['max_value'] ?? null) === null) return writer.one('Relu', [x.name]);
  return writer.one('Clip', [x.name, writer.scalar(0), writer.scalar(numberOf(call, 'max_value'))]);
}

function softmax(call: LayerCall, x: Value): Value {
  const { axis: configured } = call.config;
  const axes = Array.isArray(configured) ? configured : [configured ?? -1];
  if (axes.length !== 1 || typeof axes[0] !== 'number')
    throw unsupportedLayer(call, 'one axis', JSON.stringify(configured));
  if (x.isMasked === true) throw unsupportedLayer(call, 'an input without a mask', 'a masked one');
  const data = x.featureOrder === undefined ? x : call.writer.plain(x);
  return {
    ...data,
    name: call.writer.one('Softmax', [data.name], [intAttribute('axis', physicalAxis(data, axes[0]))]),
  };
}

const simpleOperators: Readonly<Record<string, string>> = {
  relu: 'Relu',
  sigmoid: 'Sigmoid',
  tanh: 'Tanh',
  softplus: 'Softplus',
  softsign: 'Softsign',
  selu: 'Selu',
  elu: 'Elu',
};

/** Name of an activation as tfjs and Keras write it, reduced to lower case without underscores: `hard_sigmoid`, `hardSigmoid`. */
export function activationName(text: string): string {
  return text.toLowerCase().replaceAll('_', '');
}

/**
 * The value after an activation function, given by name (`relu6`, `hard_sigmoid` …).
 *
 * @throws {UnsupportedOperatorError} for a function that is not known
 */
export function applyActivation(call: LayerCall, x: Value, activation: string): Value {
  const { writer } = call;
  const name = activationName(activation);
  const simple = simpleOperators[name];
  if (simple !== undefined) return { ...x, name: writer.one(simple, [x.name]) };
  switch (name) {
    case 'linear':
      return x;
    case 'relu6':
      return { ...x, name: writer.one('Clip', [x.name, writer.scalar(0), writer.scalar(6)]) };
    case 'hardsigmoid':
      return {
        ...x,
        name: writer.one('HardSigmoid', [x.name], [floatAttribute('alpha', 0.2), floatAttribute('beta', 0.5)]),
      };
    case 'softmax':
    case 'logsoftmax': {
      const data = x.featureOrder === undefined ? x : writer.plain(x);
      const axis = intAttribute('axis', physicalAxis(data, -1));
      return { ...data, name: writer.one(name === 'softmax' ? 'Softmax' : 'LogSoftmax', [data.name], [axis]) };
    }
    case 'swish':
    case 'silu':
      return { ...x, name: writer.one('Mul', [x.name, writer.one('Sigmoid', [x.name])]) };
    case 'mish':
      return { ...x, name: writer.one('Mul', [x.name, writer.one('Tanh', [writer.one('Softplus', [x.name])])]) };
    case 'gelu':
      return { ...x, name: gelu(writer, x.name) };
    case 'gelunew':
      return { ...x, name: geluNew(writer, x.name) };
    default:
      throw unsupportedLayer(call, 'an activation that ONNX has', `"${activation}"`, 'Add a converter for the layer.');
  }
}

/** x · ½(1 + erf(x/√2)); an operator of its own from operator set 20 on. */
function gelu(writer: GraphWriter, x: string): string {
  if (writer.opset >= 20) return writer.one('Gelu', [x]);
  const scaled = writer.one('Div', [x, writer.scalar(Math.SQRT2)]);
  const one = writer.one('Add', [writer.one('Erf', [scaled]), writer.scalar(1)]);
  return writer.one('Mul', [writer.one('Mul', [x, one]), writer.scalar(0.5)]);
}

/** ½x(1 + tanh(√(2/π)(x + 0.044715x³))). */
function geluNew(writer: GraphWriter, x: string): string {
  const cube = writer.one('Mul', [writer.one('Mul', [x, x]), x]);
  const sum = writer.one('Add', [x, writer.one('Mul', [cube, writer.scalar(0.044715)])]);
  const tanh = writer.one('Tanh', [writer.one('Mul', [sum, writer.scalar(Math.sqrt(2 / Math.PI))])]);
  return writer.one('Mul', [writer.one('Mul', [x, writer.one('Add', [tanh, writer.scalar(1)])]), writer.scalar(0.5)]);
}

/** The activation named in the configuration of a layer that computes something first. */
export function withActivation(call: LayerCall, x: Value): Value {
  return applyActivation(call, x, textOf(call, 'activation', 'linear'));
}

/** Whether a layer adds a bias. */
export function usesBias(call: LayerCall): boolean {
  return flagOf(call, 'use_bias', true);
}
