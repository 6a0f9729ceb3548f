import { perTensor } from '@bitwright/core';
import { getFloat, getInt } from '@bitwright/onnx';
import { type FloatRole, floatRole, type NodeRoles, type OperatorRule } from '../operator-rule';
import { maxDepth } from './accumulator-depth';
import { weightGranularity } from './convolution';

/** MatMul: with a constant B [K, N] per column (axis 1); with two activations, integer where its neighbours are. */
export const matMulRule: OperatorRule = {
  opTypes: ['MatMul'],
  roles(node, context): NodeRoles | FloatRole {
    if (context.constant(node.input[0]) !== undefined) return floatRole('its left operand is a constant');
    const weight = context.constant(node.input[1]);
    if (weight === undefined) return { form: 'follower', activations: [0, 1], weights: [] };
    const rank = weight.dims.length;
    const depth = Number(weight.dims[Math.max(rank - 2, 0)] ?? 1);
    if (depth > maxDepth) return floatRole(`${depth} products per output overflow the int32 accumulator`);
    const granularity = rank === 2 ? weightGranularity(context, 1, 'MatMul') : perTensor;
    return { form: 'anchor', activations: [0], weights: [{ input: 1, like: 'weight', granularity }] };
  },
};

/** Gemm with alpha = beta = 1 and untransposed A: weight per output column, bias int32 of one value per column. */
export const gemmRule: OperatorRule = {
  opTypes: ['Gemm'],
  roles(node, context): NodeRoles | FloatRole {
    const alpha = getFloat(node, 'alpha', 1);
    const beta = getFloat(node, 'beta', 1);
    if (alpha !== 1 || beta !== 1)
      return floatRole(`alpha ${alpha} and beta ${beta}; the integer kernel takes 1 and 1`);
    if (getInt(node, 'transA', 0) !== 0) return floatRole('A is transposed; the integer kernel takes it as it is');
    const weight = context.constant(node.input[1]);
    if (weight === undefined) return floatRole('its weight is not a constant');
    const columnAxis = getInt(node, 'transB', 0) !== 0 ? 0 : 1;
    const columns = Number(weight.dims[columnAxis] ?? 0);
    const depth = Number(weight.dims[1 - columnAxis] ?? 0);
    if (depth > maxDepth) return floatRole(`${depth} products per output overflow the int32 accumulator`);
    const bias = context.constant(node.input[2]);
    const biasName = node.input[2] ?? '';
    if (biasName !== '' && bias === undefined) return floatRole('its bias is not a constant');
    const biasLength = bias?.dims.reduce((product, d) => product * Number(d), 1);
    const isPerColumn = bias === undefined || (biasLength === columns && Number(bias.dims.at(-1) ?? 0) === columns);
    if (!isPerColumn) return floatRole(`its bias has ${biasLength} values for ${columns} columns`);
    return {
      form: 'anchor',
      activations: [0],
      weights: [{ input: 1, like: 'weight', granularity: weightGranularity(context, columnAxis, 'Gemm') }],
      ...(bias === undefined ? {} : { bias: { input: 2, activation: 0, weight: 1 } }),
    };
  },
};
