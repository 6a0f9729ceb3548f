import { NonFiniteDataError } from '../errors';
import { perAxis, perTensor } from '../granularity';
import type { TensorView } from '../tensor-view';
import { type Batch, batchOf, forEachChannel } from './channels';
import type { StatisticsBackend } from './observer';

/** Minimum and maximum of one batch per parameter; length 1, or shape[axis] when an axis is given. −0 is stored as 0. */
export interface Extremes {
  readonly min: Float64Array;
  readonly max: Float64Array;
}

/** Ordered keys of −Infinity and of +Infinity; keys outside the open interval are NaN or infinite. */
const lowestKey = -0x7f800001;
const highestKey = 0x7f800000;

/**
 * One pass over a batch. Parameters without elements keep min = +Infinity, max = −Infinity.
 *
 * Method: float32 bits u sort like the numbers once negative ones are flipped, key = u ^ ((u >> 31) & 0x7fffffff), and NaN
 * and infinities sort outside all finite numbers. So integer minima and maxima find the extremes and the bad data at once.
 *
 * @throws {NonFiniteDataError} naming the tensor and how many values are NaN or infinite
 * @throws {ShapeMismatchError} when data and shape disagree or the batch has no such axis
 */
export function extremesOf(
  x: TensorView<ArrayLike<number>>,
  axis: number | undefined,
  tensor: string,
  batch: Batch = batchOf(x, axis, tensor),
  backend?: StatisticsBackend,
): Extremes {
  if (backend !== undefined) return extremesByBackend(backend, x, axis, tensor, batch);
  const min = new Float64Array(batch.channels).fill(Number.POSITIVE_INFINITY);
  const max = new Float64Array(batch.channels).fill(Number.NEGATIVE_INFINITY);
  let allFinite = true;
  forEachChannel(x, axis, batch, (channel, values) => {
    const [low, high] = extremeKeys(values);
    allFinite &&= low > lowestKey && high < highestKey;
    min[channel] = Math.min(min[channel] as number, valueOfKey(low));
    max[channel] = Math.max(max[channel] as number, valueOfKey(high));
  });
  if (!allFinite) throw nonFinite(tensor, countNonFinite(batch.data), batch.data.length);
  return { min, max };
}

// — internals —

function extremesByBackend(
  backend: StatisticsBackend,
  x: TensorView<ArrayLike<number>>,
  axis: number | undefined,
  tensor: string,
  { data, channels }: Batch,
): Extremes {
  const out = { min: new Float32Array(channels), max: new Float32Array(channels) };
  const bad = backend.minMax({ data, shape: x.shape }, axis === undefined ? perTensor : perAxis(axis), out);
  if (bad > 0) throw nonFinite(tensor, bad, data.length);
  return { min: Float64Array.from(out.min, (v) => v + 0), max: Float64Array.from(out.max, (v) => v + 0) };
}

function extremeKeys(values: Float32Array): readonly [low: number, high: number] {
  const bits = new Int32Array(values.buffer, values.byteOffset, values.length);
  let low0 = 0x7fffffff;
  let low1 = 0x7fffffff;
  let high0 = -0x80000000;
  let high1 = -0x80000000;
  const even = bits.length - (bits.length % 2);
  for (let i = 0; i < even; i += 2) {
    const u = bits[i] as number;
    const v = bits[i + 1] as number;
    const a = u ^ ((u >> 31) & 0x7fffffff);
    const b = v ^ ((v >> 31) & 0x7fffffff);
    if (a < low0) low0 = a;
    if (a > high0) high0 = a;
    if (b < low1) low1 = b;
    if (b > high1) high1 = b;
  }
  if (even < bits.length) {
    const u = bits[even] as number;
    const key = u ^ ((u >> 31) & 0x7fffffff);
    low0 = Math.min(low0, key);
    high0 = Math.max(high0, key);
  }
  return [Math.min(low0, low1), Math.max(high0, high1)];
}

function valueOfKey(key: number): number {
  const value = new Float32Array(Int32Array.of(key ^ ((key >> 31) & 0x7fffffff)).buffer)[0] as number;
  return value === 0 ? 0 : value;
}

function countNonFinite(values: Float32Array): number {
  let bad = 0;
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) bad++;
  return bad;
}

function nonFinite(tensor: string, bad: number, count: number): NonFiniteDataError {
  return new NonFiniteDataError({
    operation: `[core] observe "${tensor}"`,
    expected: 'finite numbers',
    received: `${bad} NaN or infinite of ${count} values`,
    hint: 'Check the calibration data and the model for overflow.',
  });
}
