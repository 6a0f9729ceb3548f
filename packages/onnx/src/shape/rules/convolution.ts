import { DataType } from '../../tensor/data-type';
import { addDims, type Dim, floorDivideDims, multiplyDims, subtractDims } from '../dim';
import type { InferContext, ShapeRule } from '../infer-types';
import { rulesFor, shaped } from './rule-parts';

interface Window {
  readonly kernel: readonly Dim[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly pads: readonly number[];
  readonly autoPad: string;
}

const windowOf = (c: InferContext, kernel: readonly Dim[]): Window => {
  const rank = kernel.length;
  return {
    kernel,
    strides: c.ints('strides') ?? new Array<number>(rank).fill(1),
    dilations: c.ints('dilations') ?? new Array<number>(rank).fill(1),
    pads: c.ints('pads') ?? new Array<number>(2 * rank).fill(0),
    autoPad: c.string('auto_pad') ?? 'NOTSET',
  };
};

/**
 * Output size of a sliding window along axis i:
 * floor((size + padBegin + padEnd − dilation·(kernel − 1) − 1) / stride) + 1, with ceil instead of floor for
 * `ceil_mode` (a last window that starts in the end padding is dropped), ceil(size / stride) for SAME_*.
 */
const windowSize = (size: Dim, window: Window, i: number, ceilMode: boolean): Dim => {
  const stride = window.strides[i] ?? 1;
  if (window.autoPad === 'SAME_UPPER' || window.autoPad === 'SAME_LOWER') {
    return floorDivideDims(addDims(size, stride - 1), stride);
  }
  const kernel = window.kernel[i];
  if (kernel === undefined) return undefined;
  const reach = addDims(multiplyDims([window.dilations[i] ?? 1, addDims(kernel, -1)]), 1);
  const begin = window.autoPad === 'VALID' ? 0 : (window.pads[i] ?? 0);
  const end = window.autoPad === 'VALID' ? 0 : (window.pads[i + window.kernel.length] ?? 0);
  const room = subtractDims(addDims(size, begin + end), reach);
  if (!ceilMode) return addDims(floorDivideDims(room, stride), 1);
  if (typeof room !== 'number' || typeof size !== 'number') return undefined;
  const count = Math.ceil(room / stride) + 1;
  return (count - 1) * stride >= size + begin ? count - 1 : count;
};

const spatialOf = (dims: readonly Dim[], channelsLast: boolean): readonly Dim[] =>
  channelsLast ? dims.slice(1, -1) : dims.slice(2);

const layout = (batch: Dim, channels: Dim, spatial: readonly Dim[], channelsLast: boolean): readonly Dim[] =>
  channelsLast ? [batch, ...spatial, channels] : [batch, channels, ...spatial];

const convolve =
  (weightInput: number, dataType: (c: InferContext) => number): ShapeRule =>
  (c) => {
    const x = c.dims(0);
    const w = c.dims(weightInput);
    if (x === undefined || w === undefined || w.length < 3 || x.length !== w.length)
      return [shaped(dataType(c), undefined)];
    const channelsLast = (c.int('channels_last') ?? 0) !== 0;
    const window = windowOf(c, c.ints('kernel_shape') ?? w.slice(2));
    const spatial = spatialOf(x, channelsLast).map((size, i) => windowSize(size, window, i, false));
    return [shaped(dataType(c), layout(x[0], w[0], spatial, channelsLast))];
  };

/** size·stride − stride + outputPadding + dilation·(kernel − 1) + 1 − pads, or the `output_shape` attribute. */
const convolveTransposed: ShapeRule = (c) => {
  const x = c.dims(0);
  const w = c.dims(1);
  if (x === undefined || w === undefined || w.length < 3) return [shaped(c.dataType(0), undefined)];
  const window = windowOf(c, c.ints('kernel_shape') ?? w.slice(2));
  const rank = window.kernel.length;
  const outputPadding = c.ints('output_padding') ?? new Array<number>(rank).fill(0);
  const declared = c.ints('output_shape');
  const isSame = window.autoPad.startsWith('SAME');
  const spatial = x.slice(2).map((size, i) => {
    if (declared !== undefined) return declared[i];
    const stride = window.strides[i] ?? 1;
    if (isSame) return multiplyDims([size, stride]);
    const kernel = window.kernel[i];
    if (typeof kernel !== 'number') return undefined;
    const pads = window.autoPad === 'VALID' ? 0 : (window.pads[i] ?? 0) + (window.pads[i + rank] ?? 0);
    const rest = (outputPadding[i] ?? 0) + (window.dilations[i] ?? 1) * (kernel - 1) + 1 - pads - stride;
    return addDims(multiplyDims([size, stride]), rest);
  });
  return [shaped(c.dataType(0), [x[0], multiplyDims([w[1], c.int('group') ?? 1]), ...spatial])];
};

const pool: ShapeRule = (c) => {
  const x = c.dims(0);
  const kernel = c.ints('kernel_shape');
  if (x === undefined || kernel === undefined) return [shaped(c.dataType(0), undefined)];
  const channelsLast = (c.int('channels_last') ?? 0) !== 0;
  const window = windowOf(c, kernel);
  const ceilMode = (c.int('ceil_mode') ?? 0) !== 0;
  const spatial = spatialOf(x, channelsLast).map((size, i) => windowSize(size, window, i, ceilMode));
  const dims = layout(x[0], channelsLast ? x.at(-1) : x[1], spatial, channelsLast);
  return [shaped(c.dataType(0), dims), shaped(DataType.INT64, dims)];
};

const globalPool: ShapeRule = (c) => {
  const x = c.dims(0);
  if (x === undefined) return [shaped(c.dataType(0), undefined)];
  const channelsLast = (c.int('channels_last') ?? 0) !== 0;
  const ones = spatialOf(x, channelsLast).map(() => 1);
  return [shaped(c.dataType(0), layout(x[0], channelsLast ? x.at(-1) : x[1], ones, channelsLast))];
};

/** Convolutions and pools, float and integer. */
export const convolutionRules: Readonly<Record<string, ShapeRule>> = rulesFor([
  ['Conv com.microsoft:NhwcConv com.microsoft:FusedConv', convolve(1, (c) => c.dataType(0))],
  ['ConvInteger', convolve(1, () => DataType.INT32)],
  ['QLinearConv com.microsoft:QLinearConv', convolve(3, (c) => c.dataType(7))],
  ['ConvTranspose', convolveTransposed],
  ['MaxPool AveragePool LpPool com.microsoft:QLinearAveragePool com.microsoft:NhwcMaxPool', pool],
  ['GlobalAveragePool GlobalMaxPool GlobalLpPool com.microsoft:QLinearGlobalAveragePool', globalPool],
]);
