import { InvalidArgumentError } from './errors';

/** A stream of pseudo-random numbers: the same seed gives the same stream on every platform. */
export interface SeededRandom {
  /** Next integer, uniform in [0, 2^32). */
  nextUint32(): number;
  /** Next number, uniform in [0, 1) on the grid of 2^-32. */
  next(): number;
}

/**
 * xoshiro128** of Blackman and Vigna (2021, doi:10.1145/3460772), period 2^128 − 1, with the four state words drawn from
 * splitmix32 of the seed. Not for secrets.
 *
 * Formula:  out = rotl(s1·5, 7)·9;  t = s1 << 9;  s2 ^= s0;  s3 ^= s1;  s1 ^= s2;  s0 ^= s3;  s2 ^= t;  s3 = rotl(s3, 11)
 *
 * @throws {InvalidArgumentError} when the seed is not an integer in [0, 2^32)
 */
export function seededRandom(seed: number): SeededRandom {
  if (!Number.isInteger(seed) || seed < 0 || seed >= 2 ** 32) {
    throw new InvalidArgumentError({
      operation: '[core] seededRandom',
      expected: 'a seed that is an integer in [0, 2^32)',
      received: String(seed),
    });
  }
  return xoshiro128(splitmix32(seed));
}

/** xoshiro128** from an explicit state of four 32-bit words, not all zero. */
export function xoshiro128(state: readonly [number, number, number, number]): SeededRandom {
  let [s0, s1, s2, s3] = state;
  const nextUint32 = (): number => {
    const result = Math.imul(rotateLeft(Math.imul(s1, 5), 7), 9) >>> 0;
    const t = s1 << 9;
    s2 ^= s0;
    s3 ^= s1;
    s1 ^= s2;
    s0 ^= s3;
    s2 ^= t;
    s3 = rotateLeft(s3, 11);
    return result;
  };
  return { nextUint32, next: () => nextUint32() / 2 ** 32 };
}

// — internals —

function rotateLeft(x: number, bits: number): number {
  return (x << bits) | (x >>> (32 - bits));
}

/** Four well-mixed words from one seed (murmur3 finalizer over a Weyl sequence). */
function splitmix32(seed: number): [number, number, number, number] {
  let weyl = seed;
  const word = (): number => {
    weyl = (weyl + 0x9e3779b9) | 0;
    let z = weyl ^ (weyl >>> 16);
    z = Math.imul(z, 0x85ebca6b);
    z ^= z >>> 13;
    z = Math.imul(z, 0xc2b2ae35);
    return z ^ (z >>> 16);
  };
  return [word(), word(), word(), word()];
}
