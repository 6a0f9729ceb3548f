import { floorLog2, powerOfTwo } from '../binary-exponent';
import { NonFiniteDataError, ShapeMismatchError } from '../errors';
import { roundHalfEven } from '../rounding';

/**
 * A small floating-point format as data: sign, `exponentBits`, `mantissaBits`, from the high bit to the low.
 *
 *   normal      (−1)^s · 2^(e − bias) · (1 + m/2^M)      e > 0
 *   subnormal   (−1)^s · 2^(1 − bias) · m/2^M            e = 0
 */
export interface FloatFormat {
  readonly name: string;
  readonly bits: number;
  readonly exponentBits: number;
  readonly mantissaBits: number;
  readonly bias: number;
  /** Code of the largest finite positive number. */
  readonly maxCode: number;
  /** Code of +Infinity; absent where the format has none. */
  readonly infinityCode?: number;
  /** The NaN that encoding writes; absent where the format has none. */
  readonly nanCode?: number;
  /** False where the code of −0 means NaN (the "uz" formats). */
  readonly hasNegativeZero: boolean;
  /** What encoding does by default with numbers beyond the largest: true clamps them, false gives Infinity or NaN. */
  readonly saturates: boolean;
}

/**
 * Real number to code: nearest, ties to the even code, in one rounding from float64.
 *
 * Beyond the largest number (by more than half a step, ±Infinity included): the largest number when `saturate`, else
 * Infinity, or NaN where there is no Infinity. −0 keeps its sign where the format can.
 *
 * @param saturate Default: the format's own habit (float8 as in ONNX: true; float16 and bfloat16 as in IEEE 754: false).
 * @throws {NonFiniteDataError} for NaN when the format has none
 * @example encodeFloat(float8E4M3FN, 1)  // 0x38
 */
export function encodeFloat(format: FloatFormat, x: number, saturate: boolean = format.saturates): number {
  const signBit = 1 << (format.bits - 1);
  if (Number.isNaN(x)) return nanOf(format, 'NaN');
  const magnitude = magnitudeCode(format, Math.abs(x), saturate);
  const isNegative = x < 0 || Object.is(x, -0);
  if (!isNegative || magnitude === format.nanCode) return magnitude;
  return magnitude === 0 && !format.hasNegativeZero ? 0 : signBit + magnitude;
}

/** The real number of a code; exact. */
export function decodeFloat(format: FloatFormat, code: number): number {
  const { bits, mantissaBits, bias, maxCode } = format;
  const signBit = 1 << (bits - 1);
  const magnitude = code & (signBit - 1);
  const sign = code >= signBit ? -1 : 1;
  if (magnitude > maxCode) return magnitude === format.infinityCode ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  if (magnitude === 0 && sign < 0 && !format.hasNegativeZero) return Number.NaN;
  const steps = 1 << mantissaBits;
  const exponent = magnitude >> mantissaBits;
  const mantissa = magnitude & (steps - 1);
  return exponent === 0
    ? sign * mantissa * powerOfTwo(1 - bias - mantissaBits)
    : sign * (steps + mantissa) * powerOfTwo(exponent - bias - mantissaBits);
}

/** Codes of one format, one per entry. */
export type FloatCodes = Uint8Array | Uint16Array;

/**
 * {@link encodeFloat} over an array: bytes for formats up to 8 bits, else 16-bit words.
 *
 * @throws {NonFiniteDataError} for NaN when the format has none
 * @throws {ShapeMismatchError} when `out` has another length
 */
export function encodeFloats(
  format: FloatFormat,
  data: ArrayLike<number>,
  options: { readonly saturate?: boolean } = {},
  out?: FloatCodes,
): FloatCodes {
  assertLength('[core] encodeFloats', data.length, out);
  const codes = out ?? (format.bits <= 8 ? new Uint8Array(data.length) : new Uint16Array(data.length));
  const { saturate = format.saturates } = options;
  for (let i = 0; i < data.length; i++) codes[i] = encodeFloat(format, data[i] as number, saturate);
  return codes;
}

/**
 * {@link decodeFloat} over an array.
 *
 * @throws {ShapeMismatchError} when `out` has another length
 */
export function decodeFloats(format: FloatFormat, codes: FloatCodes, out?: Float32Array): Float32Array {
  assertLength('[core] decodeFloats', codes.length, out);
  const real = out ?? new Float32Array(codes.length);
  if (format.bits > 8) {
    for (let i = 0; i < codes.length; i++) real[i] = decodeFloat(format, codes[i] as number);
    return real;
  }
  const mask = 2 ** format.bits - 1;
  const values = Float32Array.from({ length: mask + 1 }, (_, code) => decodeFloat(format, code));
  for (let i = 0; i < codes.length; i++) real[i] = values[(codes[i] as number) & mask] as number;
  return real;
}

/** The largest finite number of a format. */
export function largestFloat(format: FloatFormat): number {
  return decodeFloat(format, format.maxCode);
}

// — internals —

/**
 * Code of a magnitude a ≥ 0. With e = max(⌊log2 a⌋, 1 − bias) and m = round(a / 2^(e − M)) the code is
 * (e + bias − 1)·2^M + m: a mantissa that rounds up to 2^(M+1), or a subnormal that rounds up to 2^M, carries into the
 * exponent by itself, as the codes of a format are consecutive.
 */
function magnitudeCode(format: FloatFormat, a: number, saturate: boolean): number {
  if (a === 0) return 0;
  const { mantissaBits, bias, maxCode } = format;
  if (a < Number.POSITIVE_INFINITY) {
    const exponent = Math.max(floorLog2(a), 1 - bias);
    const mantissa = roundHalfEven(a * powerOfTwo(mantissaBits - exponent));
    const code = (exponent + bias - 1) * (1 << mantissaBits) + mantissa;
    if (code <= maxCode) return code;
  }
  if (saturate) return maxCode;
  return format.infinityCode ?? nanOf(format, `${a}, beyond the largest number ${largestFloat(format)}`);
}

function nanOf(format: FloatFormat, received: string): number {
  if (format.nanCode !== undefined) return format.nanCode;
  throw new NonFiniteDataError({
    operation: '[core] encodeFloat',
    expected: `numbers (${format.name} has no NaN)`,
    received,
  });
}

function assertLength(operation: string, length: number, out: ArrayLike<number> | undefined): void {
  if (out === undefined || out.length === length) return;
  throw new ShapeMismatchError({ operation, expected: `an out array of length ${length}`, received: `${out.length}` });
}
