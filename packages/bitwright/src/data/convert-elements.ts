import { InputDataError } from '@bitwright/core';
import type { FeedArray, FeedType } from '@bitwright/ptq';
import { createElements, integerBounds } from './element-type';
import { halfToNumber } from './half-float';

/** What a conversion error names. */
export interface ConversionContext {
  /** Model input. */
  readonly input: string;
  /** Where the data come from, e.g. `calib.npy`. */
  readonly source: string;
}

/**
 * Whether data of type `from` can feed an input of type `to` without being told how:
 * any integer or half to a float type, float64 to float32 (rounded), integers to other integers.
 * Values are still checked one by one.
 */
export function canConvert(from: FeedType, to: FeedType): boolean {
  if (from === to) return true;
  if (to === 'float32' || to === 'float64') return true;
  return to !== 'float16' && !from.startsWith('float');
}

/** @throws {InputDataError} naming both types when data of one cannot feed an input of the other */
export function checkConversion(from: FeedType, to: FeedType, context: ConversionContext): void {
  if (canConvert(from, to)) return;
  const hint =
    to === 'float16'
      ? 'Save the data as float16.'
      : `Save the data as ${to}${from.startsWith('float') ? ', rounded and scaled the way the model was trained' : ''}.`;
  throw refuse(`data convertible to ${to} without loss`, `${from}`, context, hint);
}

/**
 * `data` of type `from` as elements of type `to`; the same array when nothing changes.
 *
 * float64 → float32 rounds to nearest even; every other conversion is exact.
 *
 * @throws {InputDataError} when the types do not convert or a value has no counterpart
 */
export function convertElements(data: FeedArray, from: FeedType, to: FeedType, context: ConversionContext): FeedArray {
  if (from === to) return data;
  checkConversion(from, to, context);
  if (to === 'float32' || to === 'float64') return toFloat(data, from, to, context);
  return toInteger(data, to, context);
}

function toFloat(
  data: FeedArray,
  from: FeedType,
  to: 'float32' | 'float64',
  context: ConversionContext,
): Float32Array | Float64Array {
  const result = to === 'float32' ? new Float32Array(data.length) : new Float64Array(data.length);
  const isHalf = from === 'float16';
  const rounds = from === 'float64';
  for (let index = 0; index < data.length; index++) {
    const stored = Number(data[index] ?? 0);
    const value = isHalf ? halfToNumber(stored) : stored;
    result[index] = value;
    const kept = result[index] ?? 0;
    const isLost = rounds ? Number.isFinite(value) && !Number.isFinite(kept) : kept !== value && !Number.isNaN(value);
    if (isLost || (typeof data[index] === 'bigint' && BigInt(stored) !== data[index])) {
      throw refuse(`values that ${to} can hold`, `${data[index]} (${from}) at element ${index}`, context);
    }
  }
  return result;
}

function toInteger(data: FeedArray, to: FeedType, context: ConversionContext): FeedArray {
  const [low, high] = integerBounds(to) ?? [0n, 0n];
  const result = createElements(to, data.length);
  const target: Record<number, number | bigint> = result;
  const isWide = to === 'int64' || to === 'uint64';
  for (let index = 0; index < data.length; index++) {
    const value = data[index] ?? 0;
    if (value < low || value > high) {
      throw refuse(`values of ${low}…${high} (${to})`, `${value} at element ${index}`, context);
    }
    target[index] = isWide ? BigInt(value) : Number(value);
  }
  return result;
}

function refuse(expected: string, received: string, context: ConversionContext, hint?: string): InputDataError {
  return new InputDataError({
    operation: '[bitwright] read samples',
    expected: `${expected} for input '${context.input}'`,
    received: `${received} from ${context.source}`,
    hint,
  });
}
