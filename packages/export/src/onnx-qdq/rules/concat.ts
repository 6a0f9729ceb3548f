import { perTensor } from '@bitwright/core';
import type { OperatorRule } from '../operator-rule';

/** Concat: each operand has its own scale and is requantized to the output's. */
export const concatRule: OperatorRule = {
  opTypes: ['Concat'],
  roles(node, context) {
    const positions = node.input.map((_, i) => i);
    const constants = positions.filter((i) => context.constant(node.input[i]) !== undefined);
    return {
      form: 'follower',
      activations: positions.filter((i) => !constants.includes(i)),
      weights: constants.map((input) => ({ input, like: 'activation', granularity: perTensor })),
    };
  },
};
