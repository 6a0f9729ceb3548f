import { getFloat, getInt, getString } from '@bitwright/onnx';
import { gatherRows, permuteArray } from '../../permute-array';
import { plainLayout } from '../../tfjs-to-onnx/value';
import { customClasses, elementFunctionOf, elementFunctions } from '../custom-layers';
import type { KerasValue } from '../keras-value';
import {
  arranged,
  dataInput,
  materialized,
  type NodeCall,
  type NodeConverter,
  numberInput,
  unsupported,
  weightInput,
} from '../node-call';

const functions: Readonly<Record<string, string>> = {
  Sigmoid: 'sigmoid',
  Tanh: 'tanh',
  Softplus: 'softplus',
  Softsign: 'softsign',
  Selu: 'selu',
  Mish: 'mish',
};

/** Functions of one variable that are no activations of TensorFlow.js. */
export const elementFunctionConverter: NodeConverter = {
  opTypes: Object.values(elementFunctions),
  convert(call) {
    const value = materialized(call, dataInput(call, 0));
    const operator = elementFunctionOf(call.node.opType);
    return { ...value, layer: call.writer.add(customClasses.elementFunction, [value.layer], { config: { operator } }) };
  },
};

/** Activations without parameters of their own. */
export const activationConverter: NodeConverter = {
  opTypes: [
    'Relu',
    'LeakyRelu',
    'Elu',
    'ThresholdedRelu',
    'HardSigmoid',
    'HardSwish',
    'Gelu',
    ...Object.keys(functions),
  ],
  convert(call) {
    const { node, writer } = call;
    const x = dataInput(call, 0);
    const value = x.pooled === undefined ? x : materialized(call, x);
    const layerOf = (className: string, config: Record<string, unknown>, over = value.layer): string =>
      writer.add(className, [over], { config });
    const result = (layer: string): KerasValue => ({ ...value, layer });
    switch (node.opType) {
      case 'Relu':
        return result(layerOf('ReLU', {}));
      case 'LeakyRelu':
        return result(layerOf('LeakyReLU', { alpha: getFloat(node, 'alpha', 0.01) }));
      case 'Elu':
        if (getFloat(node, 'alpha', 1) !== 1) throw unsupported(call, 'alpha 1', `${getFloat(node, 'alpha', 1)}`);
        return result(layerOf('ELU', {}));
      case 'ThresholdedRelu':
        return result(layerOf('ThresholdedReLU', { theta: getFloat(node, 'alpha', 1) }));
      case 'HardSigmoid':
        return result(hardSigmoid(call, value.layer, getFloat(node, 'alpha', 0.2), getFloat(node, 'beta', 0.5)));
      case 'HardSwish':
        return result(writer.add('Multiply', [value.layer, hardSigmoid(call, value.layer, 1 / 6, 0.5)]));
      case 'Gelu':
        return result(
          layerOf('Activation', {
            activation: getString(node, 'approximate', 'none') === 'tanh' ? 'gelu_new' : 'gelu',
          }),
        );
      default:
        return result(layerOf('Activation', { activation: functions[node.opType] ?? 'linear' }));
    }
  },
};

/** clip(alpha · x + beta, 0, 1). */
function hardSigmoid({ writer }: NodeCall, layer: string, alpha: number, beta: number): string {
  const line = writer.add('Rescaling', [layer], { config: { scale: alpha, offset: beta } });
  return writer.add('ReLU', [line], { config: { max_value: 1 } });
}

/** Clip with constant bounds: ReLU with a maximum between two shifts. */
export const clipConverter: NodeConverter = {
  opTypes: ['Clip'],
  convert(call) {
    const { writer, node } = call;
    const x = dataInput(call, 0);
    const min =
      call.opset >= 11
        ? numberInput(call, 1, Number.NEGATIVE_INFINITY)
        : getFloat(node, 'min', Number.NEGATIVE_INFINITY);
    const max =
      call.opset >= 11
        ? numberInput(call, 2, Number.POSITIVE_INFINITY)
        : getFloat(node, 'max', Number.POSITIVE_INFINITY);
    if (!Number.isFinite(min)) throw unsupported(call, 'a lower bound', 'none');
    const shifted = (layer: string, offset: number): string =>
      offset === 0 ? layer : writer.add('Rescaling', [layer], { config: { scale: 1, offset } });
    const config = Number.isFinite(max) ? { max_value: max - min } : {};
    const clipped = writer.add('ReLU', [shifted(materialized(call, x).layer, -min)], { config });
    return { ...materialized(call, x), layer: shifted(clipped, min) };
  },
};

/** PRelu: the slope [C, 1, 1], or any shape that repeats over the batch, in the order of the data. */
export const preluConverter: NodeConverter = {
  opTypes: ['PRelu'],
  convert(call) {
    const x = materialized(call, dataInput(call, 0));
    const slope = weightInput(call, 1, 'slope');
    const rank = x.shape.length;
    const full = [...new Array<number>(Math.max(rank - slope.shape.length, 0)).fill(1), ...slope.shape];
    if (full.length !== rank || full[x.layout[0] ?? 0] !== 1) {
      throw unsupported(call, 'a slope that repeats over the batch', `[${slope.shape}] with [${x.shape}]`);
    }
    const sizes = x.layout.slice(1).map((axis) => full[axis] ?? 1);
    const shared = sizes.flatMap((size, i) => (size === 1 && x.shape[x.layout[i + 1] ?? 0] !== 1 ? [i + 1] : []));
    const inLayout = permuteArray(slope.data, full, x.layout);
    const isMoved = x.featureOrder !== undefined && sizes[0] !== 1;
    const data = isMoved ? gatherRows(inLayout, 1, x.featureOrder) : inLayout;
    const layer = call.writer.add('PReLU', [x.layer], {
      config: shared.length > 0 ? { shared_axes: shared } : {},
      weights: { alpha: { shape: sizes, data } },
    });
    return { ...x, layer };
  },
};

/** Softmax, LogSoftmax along one axis, which is brought to the end. */
export const softmaxConverter: NodeConverter = {
  opTypes: ['Softmax', 'LogSoftmax'],
  convert(call) {
    const input = dataInput(call, 0);
    const rank = input.shape.length;
    const configured = getInt(call.node, 'axis', call.opset >= 13 ? -1 : 1);
    const axis = configured < 0 ? configured + rank : configured;
    if (axis === 0) throw unsupported(call, 'an axis behind the batch', 'axis 0');
    if (call.opset < 13 && axis !== rank - 1)
      throw unsupported(call, 'the last axis before operator set 13', `axis ${axis}`);
    const value = materialized(call, input);
    const isLast = value.layout[rank - 1] === axis;
    const x = isLast ? value : arranged(call, value, [...plainLayout(rank).filter((a) => a !== axis), axis]);
    const activation = call.node.opType === 'Softmax' ? 'softmax' : 'logSoftmax';
    return { ...x, layer: call.writer.add('Activation', [x.layer], { config: { activation } }) };
  },
};
