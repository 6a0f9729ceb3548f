import type { serialization } from '@tensorflow/tfjs-core';

const operators: Readonly<Record<string, string>> = {
  linear: 'Identity',
  relu: 'Relu',
  relu6: 'Clip',
  sigmoid: 'Sigmoid',
  hardSigmoid: 'HardSigmoid',
  softmax: 'Softmax',
  tanh: 'Tanh',
  elu: 'Elu',
  selu: 'Selu',
  softplus: 'Softplus',
  softsign: 'Softsign',
  swish: 'Swish',
  gelu: 'Gelu',
  mish: 'Mish',
};

/** The ONNX operator of a named activation function. */
export function activationOperator(name: string): string {
  const camel = name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
  return operators[camel] ?? name;
}

/** The activation function inside a layer's config: a name, or an object with a class name; `linear` without one. */
export function activationOf(config: serialization.ConfigDict): string {
  const { activation } = config;
  if (typeof activation === 'string') return activation;
  if (activation === null || activation === undefined) return 'linear';
  return String((activation as serialization.ConfigDict)['className'] ?? 'linear');
}

/** Whether an activation function gives no negative number. */
export function isNonNegative(operator: string): boolean {
  return ['Relu', 'Clip', 'Sigmoid', 'HardSigmoid', 'Softmax', 'Softplus'].includes(operator);
}
