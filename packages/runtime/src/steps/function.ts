import { codesOf, lookupTable } from '@bitwright/core';
import { dequantized } from '../convert-value';
import { floatOf, type LoweringContext, type OperatorLowering, only, refusal, type Step, textOf } from '../lowering';
import { realConstant } from './real-convolution';

/** Functions of one variable: a table over the codes where both sides have a grid, else real numbers. */
export const unaryFunction: OperatorLowering = {
  opTypes: [
    'Relu',
    'Clip',
    'Sigmoid',
    'Tanh',
    'LeakyRelu',
    'Elu',
    'HardSigmoid',
    'HardSwish',
    'Softplus',
    'Gelu',
    'Erf',
    'Exp',
    'Log',
    'Sqrt',
    'Reciprocal',
    'Abs',
    'Neg',
  ],
  lower(context): Step {
    const { node, output, operators } = context;
    const f = functionOf(context);
    return (inputs, run) => {
      const x = only(inputs, node);
      const { codes } = output;
      if (x.kind === 'codes' && codes !== undefined) {
        const y = run.newCodes(x, codes);
        const { scale, zeroPoint } = x.parameters;
        operators.lookup(x.data, lookupTable(f, { ...codesOf(x.data), scale, zeroPoint }, codes), y.data);
        return [y];
      }
      const real = dequantized(x, run);
      const y = run.newReal(real);
      for (let i = 0; i < y.data.length; i++) y.data[i] = f(real.data[i] as number);
      return [y];
    };
  },
};

/** Real bounds of a Relu or Clip. */
export function clampBounds(context: LoweringContext): { readonly min?: number; readonly max?: number } {
  const { node } = context;
  if (node.operator === 'Relu') return { min: 0 };
  const bound = (i: number, attribute: string): number | undefined => {
    if ((node.inputs[i] ?? '') !== '') return realConstant(context, i).data[0];
    const value = floatOf(node, attribute, Number.NaN);
    return Number.isNaN(value) ? undefined : value;
  };
  const [min, max] = [bound(1, 'min'), bound(2, 'max')];
  return { ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) };
}

// — internals —

function functionOf(context: LoweringContext): (x: number) => number {
  const { node } = context;
  switch (node.operator) {
    case 'Relu':
    case 'Clip': {
      const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = clampBounds(context);
      return (x) => Math.min(Math.max(x, min), max);
    }
    case 'Sigmoid':
      return (x) => 1 / (1 + Math.exp(-x));
    case 'Tanh':
      return Math.tanh;
    case 'LeakyRelu': {
      const alpha = floatOf(node, 'alpha', 0.01);
      return (x) => (x < 0 ? alpha * x : x);
    }
    case 'Elu': {
      const alpha = floatOf(node, 'alpha', 1);
      return (x) => (x < 0 ? alpha * Math.expm1(x) : x);
    }
    case 'HardSigmoid': {
      const [alpha, beta] = [floatOf(node, 'alpha', 0.2), floatOf(node, 'beta', 0.5)];
      return (x) => Math.min(Math.max(alpha * x + beta, 0), 1);
    }
    case 'HardSwish':
      return (x) => x * Math.min(Math.max(x / 6 + 0.5, 0), 1);
    case 'Softplus':
      return (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
    case 'Gelu': {
      if (textOf(node, 'approximate', 'none') === 'tanh') {
        return (x) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
      }
      return (x) => 0.5 * x * (1 + erf(x / Math.SQRT2));
    }
    case 'Erf':
      return erf;
    case 'Exp':
      return Math.exp;
    case 'Log':
      return Math.log;
    case 'Sqrt':
      return Math.sqrt;
    case 'Reciprocal':
      return (x) => 1 / x;
    case 'Abs':
      return Math.abs;
    case 'Neg':
      return (x) => -x;
    default:
      throw refusal(node, 'a function of one variable', node.operator);
  }
}

/**
 * Gauss's error function by its Taylor series up to 3 and the continued fraction of erfc beyond; error below 1e-12.
 */
function erf(x: number): number {
  const a = Math.abs(x);
  if (a > 6) return Math.sign(x);
  if (a <= 3) {
    let [term, sum] = [a, a];
    for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
      term *= (-a * a) / n;
      sum += term / (2 * n + 1);
    }
    return (Math.sign(x) * 2 * sum) / Math.sqrt(Math.PI);
  }
  let fraction = 0;
  for (let n = 60; n >= 1; n--) fraction = n / 2 / (a + fraction);
  return Math.sign(x) * (1 - Math.exp(-a * a) / (Math.sqrt(Math.PI) * (a + fraction)));
}
