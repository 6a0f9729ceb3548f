import type { OperatorRule } from '../operator-rule';

/** One quantized input, an output with parameters of its own: average pools and look-up-table activations. */
export const unaryRule: OperatorRule = {
  opTypes: ['AveragePool', 'GlobalAveragePool', 'Sigmoid', 'LeakyRelu', 'Softmax'],
  roles: () => ({ form: 'follower', activations: [0], weights: [] }),
};
