import { type SeededRandom, seededRandom } from '@bitwright/core';

/** Seeded integers within [low, high] into an array. */
export function fillIntegers<T extends Int8Array | Uint8Array | Int32Array>(
  random: SeededRandom,
  array: T,
  low: number,
  high: number,
): T {
  for (let i = 0; i < array.length; i++) array[i] = low + Math.floor(random.next() * (high - low + 1));
  return array;
}

/** Seeded numbers within [−1, 1) into an array. */
export function fillReals(random: SeededRandom, array: Float32Array): Float32Array {
  for (let i = 0; i < array.length; i++) array[i] = 2 * random.next() - 1;
  return array;
}

/** Int8 weights, biases and scales of one layer whose outputs spread over the codes of uint8. */
export interface Int8Layer {
  readonly random: SeededRandom;
  readonly weight: Int8Array;
  readonly bias: Int32Array;
  readonly inputScale: number;
  readonly inputZeroPoint: number;
  readonly weightScale: Float32Array;
  readonly outputScale: number;
  readonly outputZeroPoint: number;
}

/** A layer with `outputs` outputs of `depth` weights each. */
export function randomInt8Layer(outputs: number, depth: number): Int8Layer {
  const random = seededRandom(outputs + depth);
  // A sum of `depth` products of uniform codes has a deviation of about 74·73·√depth; ±3 of them span the output codes.
  const reach = 3 * 74 * 73 * Math.sqrt(depth);
  return {
    random,
    weight: fillIntegers(random, new Int8Array(outputs * depth), -127, 127),
    bias: fillIntegers(random, new Int32Array(outputs), -1000, 1000),
    inputScale: Math.fround(0.02),
    inputZeroPoint: 120,
    weightScale: Float32Array.from({ length: outputs }, () => 0.01 * (0.5 + random.next())),
    outputScale: Math.fround((0.02 * 0.01 * reach) / 127),
    outputZeroPoint: 128,
  };
}
