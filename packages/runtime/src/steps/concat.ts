import { arranged, dequantized, quantized } from '../convert-value';
import { copyStrided, denseStrides } from '../copy-strided';
import { axisIn, intOf, type OperatorLowering, type Step } from '../lowering';
import { memoryAxes, memoryShape, type Value } from '../value';
import { operandOf } from './operand';

/** Joins tensors along an axis; codes are brought to the grid of the output. */
export const concat: OperatorLowering = {
  opTypes: ['Concat'],
  lower(context): Step {
    const { node, operators, output } = context;
    const given = intOf(node, 'axis', 0);
    const operands = node.inputs.map((_, i) => operandOf(context, i));
    return (inputs, run) => {
      const values = operands.map((operand) => operand(inputs));
      const [first] = values as [Value];
      const order = values.every((value) => value.order === 'channelsLast') ? 'channelsLast' : 'plain';
      const axis = axisIn(given, first.shape.length);
      const length = values.reduce((sum, { shape }) => sum + (shape[axis] as number), 0);
      const shape = first.shape.map((d, i) => (i === axis ? length : d));
      const memoryAxis = memoryAxes({ shape, order }).indexOf(axis);
      const { codes } = output;
      if (codes !== undefined) {
        const parts = values.map((value) => {
          const part = arranged(value.kind === 'codes' ? value : quantized(value, codes, run), order, run);
          const { scale, zeroPoint } = part.parameters;
          return { codes: part.data, scale, zeroPoint, shape: memoryShape(part) };
        });
        const y = run.newCodes({ shape, order }, codes);
        operators.concat(parts, memoryAxis, codes, y.data);
        return [y];
      }
      const y = run.newReal({ shape, order });
      const strides = denseStrides(memoryShape(y));
      let at = 0;
      for (const value of values) {
        const part = dequantized(arranged(value, order, run), run);
        const sizes = memoryShape(part);
        const offset = at * (strides[memoryAxis] as number);
        const from = { data: part.data, offset: 0, strides: denseStrides(sizes) };
        copyStrided(sizes, from, { data: y.data, offset, strides });
        at += part.shape[axis] as number;
      }
      return [y];
    };
  },
};
