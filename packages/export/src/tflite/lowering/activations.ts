import { getFloat, getInt, type Node, tensorToFloat32 } from '@bitwright/onnx';
import type { OperatorName } from '../schema/operators';
import { clampBounds, emitClampInto, fusedActivationOf, scalarLike } from './clamp';
import { dimsOf } from './constant-data';
import { addTensor, arrange, constantOf, constantValue, type LoweringContext, readValue } from './context';
import { noInt8Kernel, type OperatorLowering } from './operator-lowering';
import { refuse } from './refusal';
import { type CodeParams, onnxOrder, type Value } from './value';
import { publishAlias, writeResult } from './write-result';

/** Output parameters that the kernels prescribe. */
const fixedParams: Readonly<Record<string, CodeParams>> = {
  LOGISTIC: { scale: 1 / 256, zeroPoint: -128 },
  TANH: { scale: 1 / 128, zeroPoint: 0 },
  SOFTMAX: { scale: 1 / 256, zeroPoint: -128 },
  LOG_SOFTMAX: { scale: 16 / 256, zeroPoint: 127 },
};

const unaryKinds: Readonly<Record<string, { readonly kind: OperatorName; readonly hasInt8: boolean }>> = {
  Sigmoid: { kind: 'LOGISTIC', hasInt8: true },
  Tanh: { kind: 'TANH', hasInt8: true },
  HardSwish: { kind: 'HARD_SWISH', hasInt8: true },
  Exp: { kind: 'EXP', hasInt8: false },
  Log: { kind: 'LOG', hasInt8: false },
  Sqrt: { kind: 'SQRT', hasInt8: false },
  Neg: { kind: 'NEG', hasInt8: false },
  Abs: { kind: 'ABS', hasInt8: false },
  Sin: { kind: 'SIN', hasInt8: false },
  Cos: { kind: 'COS', hasInt8: false },
  Floor: { kind: 'FLOOR', hasInt8: false },
};

/** Functions of one variable with an operator of their own. */
export const unaryLowering: OperatorLowering = {
  opTypes: Object.keys(unaryKinds),
  whyReal: (node) => (unaryKinds[node.opType]?.hasInt8 === true ? undefined : noInt8Kernel()),
  lower(node, mode, context) {
    const { kind } = unaryKinds[node.opType] as { readonly kind: OperatorName };
    const value = readValue(context, node, 0, mode);
    writeResult(
      context,
      node,
      mode,
      value,
      (result) => context.builder.operator(kind, [value.tensor], [result.tensor]),
      mode === 'int8' ? { params: fixedParams[kind] } : {},
    );
  },
};

/** Relu and Clip that nothing absorbed: RELU, RELU6, RELU_N1_TO_1, or MAXIMUM and MINIMUM, at the input's parameters. */
export const clampLowering: OperatorLowering = {
  opTypes: ['Relu', 'Clip'],
  lower(node, mode, context) {
    const value = readValue(context, node, 0, mode);
    const bounds = clampBounds(context, node);
    if (fusedActivationOf(bounds) === 'NONE') {
      publishAlias(context, node, mode, value);
      return;
    }
    const params = value.params;
    writeResult(context, node, mode, value, (result) => emitClampInto(context, value, bounds, result), { params });
  },
};

/** LeakyRelu, PRelu with a constant slope per channel, Elu, Gelu. */
export const slopeLowering: OperatorLowering = {
  opTypes: ['LeakyRelu', 'PRelu', 'Elu', 'Gelu'],
  whyReal: (node) => (node.opType === 'LeakyRelu' ? undefined : noInt8Kernel()),
  lower(node, mode, context) {
    const value = readValue(context, node, 0, mode);
    const { builder } = context;
    writeResult(context, node, mode, value, (result) => {
      if (node.opType === 'LeakyRelu') {
        builder.operator('LEAKY_RELU', [value.tensor], [result.tensor], { alpha: getFloat(node, 'alpha', 0.01) });
      } else if (node.opType === 'PRelu') {
        builder.operator('PRELU', [value.tensor, slopeOf(context, node, value).tensor], [result.tensor]);
      } else if (node.opType === 'Elu') {
        if (getFloat(node, 'alpha', 1) !== 1) throw refuse(node, 'alpha 1', String(getFloat(node, 'alpha', 1)));
        builder.operator('ELU', [value.tensor], [result.tensor]);
      } else {
        const approximate = node.attribute.some(
          ({ name, s }) => name === 'approximate' && new TextDecoder().decode(s) === 'tanh',
        );
        builder.operator('GELU', [value.tensor], [result.tensor], { approximate });
      }
    });
  },
};

/** Reciprocal: 1 divided by the value. */
export const reciprocalLowering: OperatorLowering = {
  opTypes: ['Reciprocal'],
  whyReal: noInt8Kernel,
  lower(node, mode, context) {
    const value = readValue(context, node, 0, mode);
    writeResult(context, node, mode, value, (result) => {
      context.builder.operator('DIV', [scalarLike(context, value, 1), value.tensor], [result.tensor]);
    });
  },
};

/** HardSigmoid: min(max(α·x + β, 0), 1), on real numbers. */
export const hardSigmoidLowering: OperatorLowering = {
  opTypes: ['HardSigmoid'],
  whyReal: noInt8Kernel,
  lower(node, mode, context) {
    const value = readValue(context, node, 0, mode);
    const { builder } = context;
    const name = node.output[0] ?? '';
    const step = (suffix: string): Value => addTensor(context, `${name}_${suffix}`, value, value);
    const scaled = step('scaled');
    builder.operator('MUL', [value.tensor, scalarLike(context, value, getFloat(node, 'alpha', 0.2))], [scaled.tensor]);
    const shifted = step('shifted');
    builder.operator('ADD', [scaled.tensor, scalarLike(context, value, getFloat(node, 'beta', 0.5))], [shifted.tensor]);
    const above = step('above');
    builder.operator('MAXIMUM', [shifted.tensor, scalarLike(context, value, 0)], [above.tensor]);
    writeResult(context, node, mode, value, (result) => {
      builder.operator('MINIMUM', [above.tensor, scalarLike(context, value, 1)], [result.tensor]);
    });
  },
};

/** Softmax and LogSoftmax over the last axis of the tensor; another axis is brought there first. */
export const softmaxLowering: OperatorLowering = {
  opTypes: ['Softmax', 'LogSoftmax'],
  lower(node, mode, context) {
    const plain = readValue(context, node, 0, mode);
    const rank = plain.shape.length;
    const isOld = context.opset < 13;
    const axis = (getInt(node, 'axis', isOld ? 1 : -1) + rank) % rank;
    if (isOld && axis !== rank - 1) throw refuse(node, 'the last axis, or operator set 13', `axis ${axis}`);
    const value = arrange(context, plain, [...onnxOrder(rank).filter((a) => a !== axis), axis]);
    const kind = node.opType === 'Softmax' ? 'SOFTMAX' : 'LOG_SOFTMAX';
    writeResult(
      context,
      node,
      mode,
      value,
      (result) =>
        context.builder.operator(kind, [value.tensor], [result.tensor], kind === 'SOFTMAX' ? { beta: 1 } : {}),
      mode === 'int8' ? { params: fixedParams[kind] } : {},
    );
  },
};

// — internals —

/** Slopes [C, 1, 1] as a tensor that broadcasts over NHWC. */
function slopeOf(context: LoweringContext, node: Node, { order }: Value): Value {
  const slope = constantOf(context, node.input[1]);
  if (slope === undefined) throw refuse(node, 'a constant slope', `"${node.input[1]}"`);
  const rank = order.length;
  if (dimsOf(slope).length > rank) throw refuse(node, `a slope of at most ${rank} axes`, String(slope.dims.length));
  const value = constantValue(context, slope.name, 'float', { order, rank });
  if (value === undefined || tensorToFloat32(slope).length === 0) throw refuse(node, 'a float slope', 'another type');
  return value;
}
