import { arranged, dequantized } from '../convert-value';
import { axisIn, intOf, type OperatorLowering, only, refusal, type Step } from '../lowering';
import { sizeOf } from '../value';

/** Softmax along the last axis. */
export const softmax: OperatorLowering = {
  opTypes: ['Softmax'],
  lower(context): Step {
    const { node, opset, operators, output } = context;
    const axis = intOf(node, 'axis', opset < 13 ? 1 : -1);
    return (inputs, run) => {
      const x = arranged(only(inputs, node), 'plain', run);
      const rank = x.shape.length;
      const first = axisIn(axis, rank);
      if (opset >= 13 && first !== rank - 1) throw refusal(node, 'the last axis', `axis ${axis} of ${rank}`);
      const columns = sizeOf(x.shape.slice(first));
      const rows = sizeOf(x.shape.slice(0, first));
      const { codes } = output;
      if (x.kind === 'codes' && codes !== undefined) {
        const y = run.newCodes(x, codes);
        const { scale, zeroPoint } = x.parameters;
        operators.softmax({ codes: x.data, scale, zeroPoint }, { rows, columns }, codes, y.data);
        return [y];
      }
      const real = dequantized(x, run);
      const y = run.newReal(real);
      for (let start = 0; start < real.data.length; start += columns) {
        const row = real.data.subarray(start, start + columns);
        const largest = row.reduce((most, v) => Math.max(most, v), Number.NEGATIVE_INFINITY);
        const sum = row.reduce((total, v) => total + Math.exp(v - largest), 0);
        for (let i = 0; i < columns; i++) y.data[start + i] = Math.exp((row[i] as number) - largest) / sum;
      }
      return [y];
    };
  },
};
