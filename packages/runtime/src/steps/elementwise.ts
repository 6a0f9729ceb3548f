import { dequantized } from '../convert-value';
import { type LoweringContext, type OperatorLowering, refusal, type Step } from '../lowering';
import type { CodesValue, Value } from '../value';
import { broadcast, broadcastShape, operandOf } from './operand';

const functions: Readonly<Record<string, (a: number, b: number) => number>> = {
  Add: (a, b) => a + b,
  Sub: (a, b) => a - b,
  Mul: (a, b) => a * b,
  Div: (a, b) => a / b,
  Pow: (a, b) => a ** b,
  Max: Math.max,
  Min: Math.min,
};

/**
 * Operators of two tensors with broadcasting. Sums and products of codes are core's integerAdd and integerMul; all others compute with the
 * real numbers of their operands, each result rounded to float32.
 */
export const elementwise: OperatorLowering = {
  opTypes: Object.keys(functions),
  lower(context): Step {
    const { node } = context;
    const compute = functions[node.operator];
    const count = node.inputs.length;
    const isCopy = count === 1 && (node.operator === 'Max' || node.operator === 'Min');
    if (isCopy) return (inputs) => [operandOf(context, 0)(inputs)];
    if (compute === undefined || count !== 2) throw refusal(node, 'two operands', `${count}`);
    const [first, second] = [operandOf(context, 0), operandOf(context, 1)];
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
        onCodes(asTensor(broadcast(a, shape, order, run)), asTensor(broadcast(b, shape, order, run)), codes, y.data);
        return [y];
      }
      const left = dequantized(broadcast(a, shape, order, run), run);
      const right = dequantized(broadcast(b, shape, order, run), run);
      const y = run.newReal({ shape, order });
      for (let i = 0; i < y.data.length; i++) y.data[i] = compute(left.data[i] as number, right.data[i] as number);
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
