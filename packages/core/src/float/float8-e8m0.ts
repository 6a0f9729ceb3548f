import { ceilLog2, floorLog2 } from '../binary-exponent';

/** Which power of two a number becomes: the next above, the next below, or the nearer one (1.5·2^k goes up). */
export type PowerRounding = 'up' | 'down' | 'nearest';

/**
 * Code of float8 E8M0, a bare exponent:  value = 2^(code − 127), code 255 = NaN. The block scale of OCP MX formats.
 *
 * Numbers outside [2^−127, 2^127], 0 included, saturate; NaN, ±Infinity and negative numbers give NaN.
 *
 * @param round Default `up` as in ONNX Cast, so that dividing by the scale does not overflow.
 */
export function encodeE8M0(x: number, round: PowerRounding = 'up'): number {
  if (!(x >= 0) || x === Number.POSITIVE_INFINITY) return 255;
  if (x <= 2 ** -127) return 0;
  const floor = floorLog2(x);
  const exponent = round === 'down' ? floor : round === 'up' ? ceilLog2(x) : x >= 1.5 * 2 ** floor ? floor + 1 : floor;
  return Math.min(exponent, 127) + 127;
}

/** The number of an E8M0 code; exact in float32. */
export function decodeE8M0(code: number): number {
  return code === 255 ? Number.NaN : 2 ** (code - 127);
}
