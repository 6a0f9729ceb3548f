import { addErrors, type ErrorMetrics, emptyErrorSums, finishErrors } from '@bitwright/core';
import { type FloatWeight, forEachInMatrix, type QuantizedWeight } from './quantized-weight';

/** What storing a weight in few bits has changed. */
export interface WeightComparison extends ErrorMetrics {
  readonly name: string;
  /** Element type of the codes: `int8`, `uint4`, … */
  readonly dtype: string;
  readonly bits: number;
  readonly granularity: QuantizedWeight['granularity'];
  readonly shape: readonly number[];
  /** Share of codes at the ends of the grid, 0…1. */
  readonly atLimits: number;
  /** Largest error in steps of the grid; 0.5 is what rounding alone makes. */
  readonly maxErrorInSteps: number;
  /** Largest magnitude of a channel over the smallest one, in the float weight; channels of zeros left out. */
  readonly channelSpread: number;
  /** Share of elements more than a step and a half away: the weight was changed, not only rounded. */
  readonly moved: number;
}

/** Compares a stored weight with the float one; undefined when their sizes differ. */
export function compareWeights(float: FloatWeight, quantized: QuantizedWeight): WeightComparison | undefined {
  const rows = float.shape[float.channelAxis] ?? 1;
  const columns = float.values.length / rows;
  if (quantized.codes.length !== float.values.length || quantized.shape[quantized.channelAxis] !== rows)
    return undefined;
  const reference = new Float32Array(float.values.length);
  const largest = new Float64Array(rows);
  forEachInMatrix(float.shape, float.channelAxis, (i, row, column) => {
    const value = float.values[i] as number;
    reference[row * columns + column] = value;
    largest[row] = Math.max(largest[row] as number, Math.abs(value));
  });
  const test = new Float32Array(reference.length);
  let atLimits = 0;
  let moved = 0;
  let maxErrorInSteps = 0;
  const { qmin, qmax, codes, scaleOf, zeroPointOf } = quantized;
  forEachInMatrix(quantized.shape, quantized.channelAxis, (i, row, column) => {
    const code = codes[i] as number;
    const step = scaleOf(i);
    const value = (code - zeroPointOf(i)) * step;
    const place = row * columns + column;
    test[place] = value;
    if (code === qmin || code === qmax) atLimits += 1;
    const steps = Math.abs(value - (reference[place] as number)) / step;
    if (steps > 1.5) moved += 1;
    if (steps > maxErrorInSteps) maxErrorInSteps = steps;
  });
  const sums = emptyErrorSums();
  addErrors(sums, reference, test);
  const used = largest.filter((value) => value > 0);
  return {
    name: quantized.name,
    dtype: quantized.dtype,
    bits: quantized.bits,
    granularity: quantized.granularity,
    shape: quantized.shape,
    ...finishErrors(sums),
    atLimits: atLimits / Math.max(1, test.length),
    maxErrorInSteps,
    channelSpread: used.length === 0 ? 1 : Math.max(...used) / Math.min(...used),
    moved: moved / Math.max(1, test.length),
  };
}
