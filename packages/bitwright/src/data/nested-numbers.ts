import { InputDataError, NonFiniteDataError } from '@bitwright/core';
import type { FeedArray, FeedTensor, FeedType } from '@bitwright/ptq';
import { createElements, integerBounds } from './element-type';
import { numberToHalf } from './half-float';

/** A number as JSON or a module may give it. */
export type PlainNumber = number | bigint | boolean;

const depthLimit = 16;
const operation = '[bitwright] read samples';

/**
 * Tensor from nested arrays of numbers, as the element type the model takes.
 *
 * Shapes: the nesting; a bare number has dims []
 *
 * @throws {InputDataError} when rows differ in length, a leaf is no number, or the type cannot hold a value
 * @throws {NonFiniteDataError} when a number is NaN or infinite
 */
export function tensorFromNested(value: unknown, type: FeedType, where: string): FeedTensor {
  const dims: number[] = [];
  for (let level = value; Array.isArray(level); level = level[0]) {
    dims.push(level.length);
    if (dims.length > depthLimit) throw refuse(where, `at most ${depthLimit} levels of arrays`, 'more');
  }
  const leaves: PlainNumber[] = [];
  collectLeaves(value, dims, 0, leaves, where);
  return { type, dims, data: elementsFromNumbers(leaves, type, where) };
}

/**
 * Numbers as elements of `type`: floats rounded to nearest even, integers exact.
 *
 * @throws {InputDataError} when an integer type gets a fraction or a value out of range
 * @throws {NonFiniteDataError} when a number is NaN, infinite or beyond the range of float32
 */
export function elementsFromNumbers(values: readonly PlainNumber[], type: FeedType, where: string): FeedArray {
  const bounds = integerBounds(type);
  const result = createElements(type, values.length);
  const target: Record<number, number | bigint> = result;
  values.forEach((value, index) => {
    if (bounds === undefined) {
      const number = type === 'float32' ? Math.fround(Number(value)) : Number(value);
      if (!Number.isFinite(number)) throw nonFinite(where, index, String(value), type);
      target[index] = type === 'float16' ? numberToHalf(number) : number;
      return;
    }
    const isExact = typeof value !== 'number' || Number.isSafeInteger(value);
    const integer = isExact ? BigInt(value) : undefined;
    if (integer === undefined || integer < bounds[0] || integer > bounds[1]) {
      throw refuse(where, `integers of ${bounds[0]}…${bounds[1]} (${type})`, `${value} at element ${index}`);
    }
    target[index] = type === 'int64' || type === 'uint64' ? integer : Number(integer);
  });
  return result;
}

function collectLeaves(
  value: unknown,
  dims: readonly number[],
  level: number,
  leaves: PlainNumber[],
  where: string,
): void {
  if (level === dims.length) {
    if (typeof value !== 'number' && typeof value !== 'bigint' && typeof value !== 'boolean') {
      const received = Array.isArray(value) ? 'an array' : value === null ? 'null' : typeof value;
      throw refuse(where, `numbers at depth ${level}`, `${received} after ${leaves.length} numbers`);
    }
    leaves.push(value);
    return;
  }
  if (!Array.isArray(value) || value.length !== dims[level]) {
    const received = Array.isArray(value) ? `a row of ${value.length}` : `${typeof value}`;
    throw refuse(where, `rows of ${dims[level]} at depth ${level}`, `${received} after ${leaves.length} numbers`);
  }
  for (const part of value) collectLeaves(part, dims, level + 1, leaves, where);
}

function nonFinite(where: string, index: number, value: string, type: FeedType): NonFiniteDataError {
  return new NonFiniteDataError({
    operation,
    expected: `finite ${type} numbers in ${where}`,
    received: `${value} at element ${index}`,
  });
}

function refuse(where: string, expected: string, received: string): InputDataError {
  return new InputDataError({ operation, expected: `${expected} in ${where}`, received });
}
