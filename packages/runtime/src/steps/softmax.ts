import { elementCount } from '@bitwright/core';
import { arranged, dequantized } from '../convert-value';
import { axisIn, intOf, type OperatorLowering, only, refusal, type Step } from '../lowering';

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
      const columns = elementCount(x.shape.slice(first));
      const rows = elementCount(x.shape.slice(0, first));
      const { codes } = output;
      if (x.kind === 'codes' && codes !== undefined) {
        const y = run.newCodes(x, codes);
        const { scale, zeroPoint } = x.parameters;
        operators.softmax({ codes: x.data, scale, zeroPoint }, { rows, columns }, codes, y.data);
        return [y];
      }
      const real = dequantized(x, run);
      const y = run.newReal(real);
      for (let row = 0; row < rows; row++) softmaxRow(real.data, y.data, row * columns, columns);
      return [y];
    };
  },
};

// — internals —

/** y = exp(x − max) / Σ exp(x − max) over one row. */
function softmaxRow(x: Float32Array, y: Float32Array, start: number, columns: number): void {
  let largest = Number.NEGATIVE_INFINITY;
  for (let i = start; i < start + columns; i++) largest = Math.max(largest, x[i] as number);
  let sum = 0;
  for (let i = start; i < start + columns; i++) {
    const power = Math.exp((x[i] as number) - largest);
    y[i] = power;
    sum += power;
  }
  for (let i = start; i < start + columns; i++) y[i] = (y[i] as number) / sum;
}
