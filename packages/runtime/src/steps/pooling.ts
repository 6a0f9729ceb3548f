import { poolShape } from '@bitwright/core';
import { arranged, dequantized, like } from '../convert-value';
import type { ImagePooling } from '../integer-operators';
import {
  axisIn,
  indicesOf,
  intOf,
  intsOf,
  type LoweringContext,
  type OperatorLowering,
  only,
  refusal,
  type Step,
} from '../lowering';
import type { RunContext } from '../run-context';
import type { RealValue, Value } from '../value';
import { imageShapeOf, nodeWindow, tensorShapeOf } from './image-window';

/** Pools over one or two spatial axes. Means of codes are core's integerAveragePool; the largest code needs no grid at all. */
export const pooling: OperatorLowering = {
  opTypes: ['AveragePool', 'MaxPool'],
  lower(context) {
    const { node } = context;
    const kernel = intsOf(node, 'kernel_shape');
    if (kernel === undefined) throw refusal(node, 'a kernel_shape', 'none');
    if ((node.outputs[1] ?? '') !== '') throw refusal(node, 'one output', 'indices');
    const window = nodeWindow(node, kernel);
    const countIncludePad = intOf(node, 'count_include_pad', 0) !== 0;
    return pool(context, (shape) => {
      const [, h, w] = shape;
      const { kernel, strides, dilations, ceilMode } = window;
      return { inputShape: shape, kernel, strides, dilations, ceilMode, pads: window.pads(h, w), countIncludePad };
    });
  },
};

/** Means and maxima over the whole image, the axes kept. */
export const globalPooling: OperatorLowering = {
  opTypes: ['GlobalAveragePool', 'GlobalMaxPool', 'ReduceMean', 'ReduceMax'],
  lower(context) {
    const { node } = context;
    const isReduction = node.operator.startsWith('Reduce');
    const axes = isReduction ? indicesOf(context, 1, 'axes') : undefined;
    const keepsAxes = !isReduction || intOf(node, 'keepdims', 1) !== 0;
    const whole = pool(context, (shape) => ({ inputShape: shape, kernel: [shape[1], shape[2]] }));
    return (inputs, run) => {
      const x = only(inputs, node);
      const rank = x.shape.length;
      const reduced = (axes ?? x.shape.slice(2).map((_, i) => i + 2)).map((axis) => axisIn(axis, rank)).sort();
      if (reduced.length !== rank - 2 || reduced.some((axis, i) => axis !== i + 2)) {
        throw refusal(node, 'a reduction over all axes of an image', `[${reduced.join(',')}] of ${rank} axes`);
      }
      const results = whole(inputs, run);
      if (keepsAxes) return results;
      return results.map((y) => ({ ...y, shape: y.shape.slice(0, 2), order: 'plain' as const }));
    };
  },
};

// — internals —

type Windows = ImagePooling & { readonly countIncludePad?: boolean };

function pool(
  context: LoweringContext,
  windowsOf: (shape: readonly [number, number, number, number]) => Windows,
): Step {
  const { node, operators, output } = context;
  const isMean = node.operator.includes('Average') || node.operator === 'ReduceMean';
  return (inputs, run) => {
    const x = arranged(only(inputs, node), 'channelsLast', run);
    const windows = windowsOf(imageShapeOf(node, x.shape));
    const image = poolShape({ ...windows, layout: 'NHWC' }) as [number, number, number, number];
    const arrangement = { shape: tensorShapeOf(image, x.shape.length), order: 'channelsLast' } as const;
    if (x.kind === 'codes' && !isMean) {
      const y = run.newCodes(arrangement, x.parameters);
      operators.maxPool(x.data, windows, y.data);
      return [y];
    }
    const { codes } = output;
    if (x.kind === 'codes' && codes !== undefined) {
      const y = run.newCodes(arrangement, codes);
      const { scale, zeroPoint } = x.parameters;
      operators.averagePool({ codes: x.data, scale, zeroPoint }, windows, codes, y.data);
      return [y];
    }
    return [realPool(dequantized(x, run), windows, arrangement, isMean, run)];
  };
}

function realPool(
  x: RealValue,
  { inputShape, kernel, strides = [1, 1], dilations = [1, 1], pads = [0, 0, 0, 0], countIncludePad }: Windows,
  arrangement: Pick<Value, 'shape' | 'order'>,
  isMean: boolean,
  run: RunContext,
): RealValue {
  const [, h, w, c] = inputShape as [number, number, number, number];
  const y = like(x, arrangement, run) as RealValue;
  const { shape } = arrangement;
  const [rows, columns] = [shape.length === 3 ? 1 : (shape[2] as number), shape.at(-1) as number];
  for (let i = 0; i < y.data.length; i++) {
    const [channel, column] = [i % c, Math.floor(i / c) % columns];
    const row = Math.floor(i / (c * columns)) % rows;
    const image = Math.floor(i / (c * columns * rows));
    let [sum, largest, inside, withPad] = [0, Number.NEGATIVE_INFINITY, 0, 0];
    for (let ky = 0; ky < kernel[0]; ky++) {
      const yy = row * strides[0] - pads[0] + ky * dilations[0];
      for (let kx = 0; kx < kernel[1]; kx++) {
        const xx = column * strides[1] - pads[1] + kx * dilations[1];
        if (yy < h + pads[2] && xx < w + pads[3]) withPad++;
        if (yy < 0 || yy >= h || xx < 0 || xx >= w) continue;
        const value = x.data[((image * h + yy) * w + xx) * c + channel] as number;
        inside++;
        sum += value;
        largest = Math.max(largest, value);
      }
    }
    y.data[i] = isMean ? sum / (countIncludePad === true ? withPad : inside) : largest;
  }
  return y;
}
