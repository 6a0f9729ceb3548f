import type { OperatorRule } from '../operator-rule';

/** One quantized input, an output with parameters of its own: means and look-up-table activations. */
export const unaryRule: OperatorRule = {
  opTypes: [
    'AveragePool',
    'GlobalAveragePool',
    'Sigmoid',
    'LeakyRelu',
    'Softmax',
    'LogSoftmax',
    'ReduceMean',
    'Tanh',
    'HardSwish',
  ],
  roles: () => ({ form: 'follower', activations: [0], weights: [] }),
};
