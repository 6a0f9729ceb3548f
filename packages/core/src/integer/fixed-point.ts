import { floorLog2, powerOfTwo } from '../binary-exponent';
import { InvalidArgumentError } from '../errors';
import { roundHalfAway } from '../rounding';

/** A positive real multiplier as an integer:  M ≈ multiplier · 2^(exponent − 31),  multiplier in [2^30, 2^31). */
export interface FixedPointMultiplier {
  readonly multiplier: number;
  /** e of M = M0·2^e with M0 in [1/2, 1); at most 14. */
  readonly exponent: number;
}

const int32Max = 2 ** 31 - 1;
const int32Min = -(2 ** 31);

/**
 * M = M0·2^e to multiplier = round(M0·2^31); a multiplier that rounds up to 2^31 becomes 2^30 with e + 1.
 * Below 2^−32 every accumulator gives 0: multiplier 0.
 *
 * @throws {InvalidArgumentError} when M is not in (0, 2^13)
 * @see Jacob et al. 2018, arXiv:1712.05877 eqs. 5–6
 */
export function fixedPointMultiplier(real: number): FixedPointMultiplier {
  if (!(real > 0) || real >= 2 ** 13) {
    throw new InvalidArgumentError({
      operation: '[core] fixedPointMultiplier',
      expected: 'a multiplier scaleX·scaleW/scaleY within (0, 2^13)',
      received: String(real),
    });
  }
  const exponent = floorLog2(real) + 1;
  const multiplier = roundHalfAway(real * 2 ** (31 - exponent));
  if (multiplier === 2 ** 31) return { multiplier: 2 ** 30, exponent: exponent + 1 };
  return exponent < -31 ? { multiplier: 0, exponent: 0 } : { multiplier, exponent };
}

/**
 * gemmlowp's SaturatingRoundingDoublingHighMul:  SRDHM(a, b) = ⌊(a·b + 2^30) / 2^31⌋: ties toward +∞, a = b = −2^31 saturates.
 *
 * a and b are int32. gemmlowp's own code subtracts 2^30 − 1 for negative products and divides with truncation, which is the
 * same function; with an arithmetic shift instead it would not be.
 */
export function saturatingRoundingDoublingHighMul(a: number, b: number): number {
  return a === int32Min && b === int32Min ? int32Max : Math.floor((highProduct(a, b) + 2 ** 14) / 2 ** 15);
}

/**
 * gemmlowp's RoundingDivideByPOT:  round(x / 2^exponent), ties away from zero, for int32 x and exponent 0 to 31.
 */
export function roundingDivideByPowerOfTwo(x: number, exponent: number): number {
  const mask = ((1 << exponent) - 1) | 0;
  const remainder = x & mask;
  const threshold = (mask >> 1) + (x < 0 ? 1 : 0);
  return (x >> exponent) + (remainder > threshold ? 1 : 0);
}

/**
 * acc·M as gemmlowp and TFLite compute it, rounding twice:
 *   RDBPOT( SRDHM( saturate(acc·2^max(e, 0)), multiplier ), max(−e, 0) )
 */
export function multiplyTwice(acc: number, { multiplier, exponent }: FixedPointMultiplier): number {
  const shifted = exponent > 0 ? Math.min(Math.max(acc * powerOfTwo(exponent), int32Min), int32Max) : acc;
  return roundingDivideByPowerOfTwo(saturatingRoundingDoublingHighMul(shifted, multiplier), Math.max(-exponent, 0));
}

/**
 * acc·M with one rounding (TFLite's single-rounding build):  ⌊(acc·multiplier + 2^(30 − e)) / 2^(31 − e)⌋, ties toward +∞.
 */
export function multiplyOnce(acc: number, { multiplier, exponent }: FixedPointMultiplier): number {
  const t = highProduct(acc, multiplier);
  const product = Math.floor((t + powerOfTwo(14 - exponent)) / powerOfTwo(15 - exponent));
  return Math.min(Math.max(product, int32Min), int32Max);
}

// — internals —

/**
 * t = ⌊a·b / 2^16⌋ exactly, for int32 a and b: a·b needs 63 bits, t less than 48.
 *
 * With a = high·2^16 + low it is high·b + ⌊low·b / 2^16⌋. Rounded shifts of a·b by n ≥ 17 bits follow from t alone:
 *   ⌊(a·b + 2^(n−1)) / 2^n⌋ = ⌊(t + 2^(n−17)) / 2^(n−16)⌋
 * since the lost low bits are a fraction added to an integer, which does not move its floor over an integer divisor.
 */
function highProduct(a: number, b: number): number {
  const high = a >> 16;
  const low = a & 0xffff;
  return high * b + Math.floor((low * b) / 2 ** 16);
}
