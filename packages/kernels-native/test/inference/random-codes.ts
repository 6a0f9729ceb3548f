import { type SeededRandom, seededRandom } from '@bitwright/core';

/** Seeded draws for the property tests of this folder. */
export interface Draw {
  readonly random: SeededRandom;
  /** An integer within [low, high]. */
  integer(low: number, high: number): number;
  pick<T>(values: readonly T[]): T;
  int8(length: number): Int8Array;
  uint8(length: number): Uint8Array;
  /** int8 or uint8, every code as likely as another. */
  codes(length: number): Int8Array | Uint8Array;
  /** Integers within ±magnitude. */
  int32(length: number, magnitude: number): Int32Array;
  /** Multipliers that send accumulators of about `reach` to eight-bit codes, saturating some of them. */
  multipliers(length: number, reach: number): Float32Array;
  float32(length: number, magnitude?: number): Float32Array;
}

export function draw(seed: number): Draw {
  const random = seededRandom(seed);
  const integer = (low: number, high: number): number => low + Math.floor(random.next() * (high - low + 1));
  const int8 = (length: number): Int8Array => Int8Array.from({ length }, () => integer(-128, 127));
  const uint8 = (length: number): Uint8Array => Uint8Array.from({ length }, () => integer(0, 255));
  return {
    random,
    integer,
    pick: (values) => values[integer(0, values.length - 1)] as (typeof values)[number],
    int8,
    uint8,
    codes: (length) => (random.next() < 0.5 ? int8(length) : uint8(length)),
    int32: (length, magnitude) => Int32Array.from({ length }, () => integer(-magnitude, magnitude)),
    multipliers: (length, reach) => Float32Array.from({ length }, () => ((0.2 + random.next()) * 150) / reach),
    float32: (length, magnitude = 1) => Float32Array.from({ length }, () => (2 * random.next() - 1) * magnitude),
  };
}

/** A copy of `array` that begins `offset` bytes into a buffer of its own (offset a multiple of the element size). */
export function at<T extends Int8Array | Uint8Array>(array: T, offset: number): T {
  const view = new (array.constructor as new (b: ArrayBuffer, o: number, l: number) => T)(
    new ArrayBuffer(array.length + offset),
    offset,
    array.length,
  );
  view.set(array);
  return view;
}
