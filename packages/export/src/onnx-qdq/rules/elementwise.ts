import { perTensor } from '@bitwright/core';
import { type FloatRole, floatRole, type NodeRoles, type OperatorRule } from '../operator-rule';

/** Add, Mul: both operands quantized; a constant operand gets parameters of its own, like an activation. */
export const elementwiseRule: OperatorRule = {
  opTypes: ['Add', 'Mul'],
  roles(node, context): NodeRoles | FloatRole {
    const constants = [0, 1].filter((i) => context.constant(node.input[i]) !== undefined);
    if (constants.length === 2) return floatRole('both operands are constants');
    return {
      form: 'follower',
      activations: [0, 1].filter((i) => !constants.includes(i)),
      weights: constants.map((input) => ({ input, like: 'activation', granularity: perTensor })),
    };
  },
};

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
