import { dequantized } from '../convert-value';
import { type LoweringContext, type OperatorLowering, refusal, type Step } from '../lowering';
import type { CodesValue, Value } from '../value';
import { broadcastOperand, broadcastShape, operandOf } from './operand';

/** y[i] = a[i] ∘ b[i], each rounded to float32; one loop per operator, so that each is compiled for itself. */
type Loop = (a: Float32Array, b: Float32Array, y: Float32Array) => void;

const loops: Readonly<Record<string, Loop>> = {
  Add(a, b, y) {
    for (let i = 0; i < y.length; i++) y[i] = (a[i] as number) + (b[i] as number);
  },
  Sub(a, b, y) {
    for (let i = 0; i < y.length; i++) y[i] = (a[i] as number) - (b[i] as number);
  },
  Mul(a, b, y) {
    for (let i = 0; i < y.length; i++) y[i] = (a[i] as number) * (b[i] as number);
  },
  Div(a, b, y) {
    for (let i = 0; i < y.length; i++) y[i] = (a[i] as number) / (b[i] as number);
  },
  Pow(a, b, y) {
    for (let i = 0; i < y.length; i++) y[i] = (a[i] as number) ** (b[i] as number);
  },
  Max(a, b, y) {
    for (let i = 0; i < y.length; i++) y[i] = Math.max(a[i] as number, b[i] as number);
  },
  Min(a, b, y) {
    for (let i = 0; i < y.length; i++) y[i] = Math.min(a[i] as number, b[i] as number);
  },
};

/**
 * Operators of two tensors with broadcasting. Sums and products of codes are core's integerAdd and integerMul; all others compute with the
 * real numbers of their operands, each result rounded to float32.
 */
export const elementwise: OperatorLowering = {
  opTypes: Object.keys(loops),
  lower(context): Step {
    const { node } = context;
    const compute = loops[node.operator];
    const count = node.inputs.length;
    const isCopy = count === 1 && (node.operator === 'Max' || node.operator === 'Min');
    if (isCopy) return (inputs) => [operandOf(context, 0)(inputs)];
    if (compute === undefined || count !== 2) throw refusal(node, 'two operands', `${count}`);
    const [first, second] = [operandOf(context, 0), operandOf(context, 1)];
    const [spreadFirst, spreadSecond] = [broadcastOperand(context, 0), broadcastOperand(context, 1)];
    const onCodes = integerForm(context);
    return (inputs, run) => {
      const [a, b] = [first(inputs), second(inputs)];
      const shape = broadcastShape(a.shape, b.shape);
      if (shape === undefined)
        throw refusal(node, 'shapes that fit', `[${a.shape.join(',')}] and [${b.shape.join(',')}]`);
      const order = a.shape.length === shape.length && hasShape(a, shape) ? a.order : b.order;
      const { codes } = context.output;
      if (onCodes !== undefined && codes !== undefined && a.kind === 'codes' && b.kind === 'codes') {
        const y = run.newCodes({ shape, order }, codes);
        const operands = [spreadFirst(a, shape, order, run), spreadSecond(b, shape, order, run)] as const;
        onCodes(asTensor(operands[0]), asTensor(operands[1]), codes, y.data);
        return [y];
      }
      const left = dequantized(spreadFirst(a, shape, order, run), run);
      const right = dequantized(spreadSecond(b, shape, order, run), run);
      const y = run.newReal({ shape, order });
      compute(left.data, right.data, y.data);
      return [y];
    };
  },
};

// — internals —

function integerForm({ node, operators }: LoweringContext): typeof operators.add | undefined {
  if (node.operator === 'Add') return operators.add;
  return node.operator === 'Mul' ? operators.multiply : undefined;
}

function asTensor({ data, parameters: { scale, zeroPoint } }: CodesValue) {
  return { codes: data, scale, zeroPoint };
}

function hasShape(value: Value, shape: readonly number[]): boolean {
  return value.shape.every((d, i) => d === shape[i]);
}
