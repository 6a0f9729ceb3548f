import { erf } from '@bitwright/core';
import { codeTables } from '../code-tables';
import { dequantized } from '../convert-value';
import { floatOf, type LoweringContext, type OperatorLowering, only, refusal, type Step, textOf } from '../lowering';
import { optionalReals } from './real-constant';

/** The function of a node, by operator type. */
const functions: Readonly<Record<string, (context: LoweringContext) => (x: number) => number>> = {
  Relu: clamping,
  Clip: clamping,
  Sigmoid: () => (x) => 1 / (1 + Math.exp(-x)),
  Tanh: () => Math.tanh,
  LeakyRelu({ node }) {
    const alpha = floatOf(node, 'alpha', 0.01);
    return (x) => (x < 0 ? alpha * x : x);
  },
  Elu({ node }) {
    const alpha = floatOf(node, 'alpha', 1);
    return (x) => (x < 0 ? alpha * Math.expm1(x) : x);
  },
  HardSigmoid({ node }) {
    const [alpha, beta] = [floatOf(node, 'alpha', 0.2), floatOf(node, 'beta', 0.5)];
    return (x) => Math.min(Math.max(alpha * x + beta, 0), 1);
  },
  HardSwish: () => (x) => x * Math.min(Math.max(x / 6 + 0.5, 0), 1),
  Softplus: () => (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
  Gelu({ node }) {
    if (textOf(node, 'approximate', 'none') === 'tanh') {
      return (x) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
    }
    return (x) => 0.5 * x * (1 + erf(x / Math.SQRT2));
  },
  Erf: () => erf,
  Exp: () => Math.exp,
  Log: () => Math.log,
  Sqrt: () => Math.sqrt,
  Reciprocal: () => (x) => 1 / x,
  Abs: () => Math.abs,
  Neg: () => (x) => -x,
};

/** Functions of one variable: a table over the codes where both sides have a grid, else real numbers. */
export const unaryFunction: OperatorLowering = {
  opTypes: Object.keys(functions),
  lower(context): Step {
    const { node, output, operators } = context;
    const f = functions[node.operator]?.(context);
    if (f === undefined) throw refusal(node, 'a function of one variable', node.operator);
    const tables = codeTables(f);
    return (inputs, run) => {
      const x = only(inputs, node);
      const { codes } = output;
      if (x.kind === 'codes' && codes !== undefined) {
        const y = run.newCodes(x, codes);
        operators.lookup(x.data, tables(x, codes), y.data);
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
    const given = optionalReals(context, i);
    if (given !== undefined) return given.data[0];
    const value = floatOf(node, attribute, Number.NaN);
    return Number.isNaN(value) ? undefined : value;
  };
  const [min, max] = [bound(1, 'min'), bound(2, 'max')];
  return { ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) };
}

// — internals —

function clamping(context: LoweringContext): (x: number) => number {
  const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = clampBounds(context);
  return (x) => Math.min(Math.max(x, min), max);
}
