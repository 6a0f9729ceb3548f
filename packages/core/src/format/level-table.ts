import { assertShapes } from '../assert-shapes';
import { allocateQuantized, canHold, type QDType, type QuantizedArray } from '../dtype';
import { InvalidArgumentError, UnsupportedSchemeError } from '../errors';
import type { Granularity } from '../granularity';
import { forEachStridedRun } from '../group-iterator';
import type { TensorView } from '../tensor-view';
import type { ScaleParams } from './number-format';

/**
 * Any finite set of levels, ascending, and the decision thresholds between them.
 *
 *   code(v) = firstCode + number of thresholds passed;   level(code) = levels[code − firstCode]
 *
 * v = x/scale passes a threshold t when v > t, or v = t and t ≥ 0: a value on a threshold goes to the level farther from 0
 * (and 0 itself goes up), which keeps symmetric tables odd.
 */
export interface LevelTable {
  readonly type: QDType;
  readonly firstCode: number;
  /** L levels in units of the scale. */
  readonly levels: Float64Array;
  /** L − 1 thresholds; thresholds[i] lies between levels[i] and levels[i + 1]. */
  readonly thresholds: Float64Array;
}

/** Thresholds half-way between neighbouring levels: the nearest level wins. */
export function midpoints(levels: Float64Array): Float64Array {
  return Float64Array.from({ length: levels.length - 1 }, (_, i) => {
    return ((levels[i] as number) + (levels[i + 1] as number)) / 2;
  });
}

/** −m…−1, 0, 1…m from the magnitudes m; or 0, 1…m alone. `values` are positive and ascending. */
export function withZeroAndSign(values: readonly number[], isSigned: boolean): Float64Array {
  const negative = isSigned ? values.map((v) => -v).reverse() : [];
  return Float64Array.of(...negative, 0, ...values);
}

/** code = firstCode + levelIndex(fround(x / scale)); ±Infinity gives the outermost codes, NaN the first. */
export function quantizeLevels(
  x: TensorView,
  granularity: Granularity,
  table: LevelTable,
  params: ScaleParams,
  out?: QuantizedArray,
): QuantizedArray {
  const count = assertShapes('[core] quantize', x.shape, x.data, granularity, { scale: params.scale }, out);
  assertHolds('[core] quantize', out, table);
  const codes = out ?? allocateQuantized(table.type, count);
  const { data } = x;
  const { firstCode, thresholds } = table;
  forEachStridedRun(x.shape, granularity, (g, start, end, step) => {
    const scale = params.scale[g] as number;
    for (let i = start; i < end; i += step) {
      codes[i] = firstCode + levelIndex(Math.fround((data[i] as number) / scale), thresholds);
    }
  });
  return codes;
}

/**
 * x = fround(scale · level).
 *
 * @throws {InvalidArgumentError} for a code without a level
 */
export function dequantizeLevels(
  codes: ArrayLike<number>,
  shape: readonly number[],
  granularity: Granularity,
  table: LevelTable,
  params: ScaleParams,
  out?: Float32Array,
): Float32Array {
  const count = assertShapes('[core] dequantize', shape, codes, granularity, { scale: params.scale }, out);
  const real = out ?? new Float32Array(count);
  const { firstCode, levels } = table;
  forEachStridedRun(shape, granularity, (g, start, end, step) => {
    const scale = params.scale[g] as number;
    for (let i = start; i < end; i += step) {
      const level = levels[(codes[i] as number) - firstCode];
      if (level === undefined) throw noSuchCode(codes[i], i, table);
      real[i] = scale * level;
    }
  });
  return real;
}

/** Real numbers moved onto the nearest level by the thresholds of the table. */
export function fakeQuantizeLevels(
  x: TensorView,
  granularity: Granularity,
  table: LevelTable,
  params: ScaleParams,
  out?: Float32Array,
): Float32Array {
  const count = assertShapes('[core] fakeQuantize', x.shape, x.data, granularity, { scale: params.scale }, out);
  const real = out ?? new Float32Array(count);
  const { data } = x;
  const { levels, thresholds } = table;
  forEachStridedRun(x.shape, granularity, (g, start, end, step) => {
    const scale = params.scale[g] as number;
    for (let i = start; i < end; i += step) {
      real[i] = scale * (levels[levelIndex(Math.fround((data[i] as number) / scale), thresholds)] as number);
    }
  });
  return real;
}

/** @throws {UnsupportedSchemeError} when a scale is not a positive finite number */
export function assertScales(params: ScaleParams, where: string): void {
  const bad = params.scale.findIndex((s) => !(s > 0) || !Number.isFinite(s));
  if (bad < 0) return;
  throw new UnsupportedSchemeError({
    operation: `[core] assertParams (${where})`,
    expected: 'a positive finite scale',
    received: `${params.scale[bad]} at parameter ${bad}`,
  });
}

// — internals —

/** Number of thresholds that `v` passes: binary search, O(log L). */
function levelIndex(v: number, thresholds: Float64Array): number {
  let low = 0;
  let high = thresholds.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const t = thresholds[middle] as number;
    if (v > t || (v === t && t >= 0)) low = middle + 1;
    else high = middle;
  }
  return low;
}

function assertHolds(operation: string, out: QuantizedArray | undefined, { type }: LevelTable): void {
  if (out === undefined || canHold(out, type)) return;
  throw new InvalidArgumentError({
    operation,
    expected: `an out array for ${type.name} codes`,
    received: out.constructor.name,
  });
}

function noSuchCode(code: number | undefined, index: number, table: LevelTable): InvalidArgumentError {
  return new InvalidArgumentError({
    operation: '[core] dequantize',
    expected: `codes ${table.firstCode} to ${table.firstCode + table.levels.length - 1}`,
    received: `${code} at element ${index}`,
  });
}
