import { perTensor } from '@bitwright/core';
import type { Node } from '@bitwright/onnx';
import { type FloatRole, floatRole, type NodeRoles, type OperatorRule, type RuleContext } from '../operator-rule';

/** Add, Sub, Mul: both operands quantized; a constant operand gets parameters of its own, like an activation. */
export const elementwiseRule: OperatorRule = {
  opTypes: ['Add', 'Sub', 'Mul'],
  roles(node, context): NodeRoles | FloatRole {
    const constants = [0, 1].filter((i) => context.constant(node.input[i]) !== undefined);
    if (constants.length === 2) return floatRole('both operands are constants');
    if (context.target.placement.residualAdd === 'oneInput') return residualRoles(node, context, constants);
    return {
      form: 'follower',
      activations: [0, 1].filter((i) => !constants.includes(i)),
      weights: constants.map((input) => ({ input, like: 'activation', granularity: perTensor })),
    };
  },
};

const products = new Set(['Conv', 'ConvTranspose', 'Gemm', 'MatMul']);

/**
 * TensorRT computes convolution, addition and activation in one kernel when the convolution's result comes in as float: only the
 * other operand, the skip, is quantized. Sums without such a convolution, products and constants stay float.
 */
function residualRoles(node: Node, { index }: RuleContext, constants: readonly number[]): NodeRoles | FloatRole {
  if (node.opType !== 'Add' || constants.length > 0)
    return floatRole('only sums of a convolution and a skip run on integers');
  const fused = [0, 1].find((i) => {
    const name = node.input[i] ?? '';
    const producer = index.producer(name);
    const origin = producer?.opType === 'BatchNormalization' ? index.producer(producer.input[0] ?? '') : producer;
    return origin !== undefined && products.has(origin.opType) && index.consumers(name).length === 1;
  });
  if (fused === undefined) return floatRole('neither operand is the result of a convolution that only it reads');
  return { form: 'follower', activations: [1 - fused], weights: [] };
}

/** Where(condition, x, y): the condition stays boolean. */
export const whereRule: OperatorRule = {
  opTypes: ['Where'],
  roles(node, context): NodeRoles | FloatRole {
    const constants = [1, 2].filter((i) => context.constant(node.input[i]) !== undefined);
    return {
      form: 'follower',
      activations: [1, 2].filter((i) => !constants.includes(i)),
      weights: constants.map((input) => ({ input, like: 'activation', granularity: perTensor })),
    };
  },
};
