import { NonFiniteDataError } from '@bitwright/core';

/**
 * A float format of at most 8 bits: sign, exponent, mantissa from the top bit down.
 *
 * normal:    (−1)^s · 2^(e − bias) · (1 + m / 2^mantissaBits)
 * subnormal: (−1)^s · 2^(1 − bias) · m / 2^mantissaBits            (e = 0)
 */
export interface MiniFloat {
  readonly name: string;
  readonly bits: number;
  readonly mantissaBits: number;
  readonly bias: number;
  /** Code of the largest finite number. */
  readonly maxCode: number;
  /** Code of +∞ where the format has it. */
  readonly infinity?: number;
  /** Code written for NaN where the format has it. */
  readonly nan?: number;
  /** True for the FNUZ formats: one zero, and the code of −0 means NaN. */
  readonly unsignedZero: boolean;
}

/** 1-4-3, max 448, NaN 0x7f, no infinity. */
export const float8e4m3fn: MiniFloat = {
  name: 'float8e4m3fn',
  bits: 8,
  mantissaBits: 3,
  bias: 7,
  maxCode: 0x7e,
  nan: 0x7f,
  unsignedZero: false,
};

/** 1-4-3, max 240, NaN 0x80, no infinity, no −0. */
export const float8e4m3fnuz: MiniFloat = {
  name: 'float8e4m3fnuz',
  bits: 8,
  mantissaBits: 3,
  bias: 8,
  maxCode: 0x7f,
  nan: 0x80,
  unsignedZero: true,
};

/** 1-5-2, max 57344, with infinities. */
export const float8e5m2: MiniFloat = {
  name: 'float8e5m2',
  bits: 8,
  mantissaBits: 2,
  bias: 15,
  maxCode: 0x7b,
  infinity: 0x7c,
  nan: 0x7f,
  unsignedZero: false,
};

/** 1-5-2, max 57344, NaN 0x80, no infinity, no −0. */
export const float8e5m2fnuz: MiniFloat = {
  name: 'float8e5m2fnuz',
  bits: 8,
  mantissaBits: 2,
  bias: 16,
  maxCode: 0x7f,
  nan: 0x80,
  unsignedZero: true,
};

/** 1-2-1: 0, 0.5, 1, 1.5, 2, 3, 4, 6 and their negatives; no NaN, no infinity. */
export const float4e2m1: MiniFloat = {
  name: 'float4e2m1',
  bits: 4,
  mantissaBits: 1,
  bias: 1,
  maxCode: 0x7,
  unsignedZero: false,
};

/** Real value of a code (only its low `bits` count). */
export function decodeMiniFloat(format: MiniFloat, code: number): number {
  const signBit = 1 << (format.bits - 1);
  const magnitude = code & (signBit - 1);
  const isNegative = (code & signBit) !== 0;
  if (format.unsignedZero && isNegative && magnitude === 0) return Number.NaN;
  if (magnitude > format.maxCode) {
    if (magnitude !== format.infinity) return Number.NaN;
    return isNegative ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  }
  const hidden = 1 << format.mantissaBits;
  const exponent = magnitude >> format.mantissaBits;
  const mantissa = magnitude & (hidden - 1);
  const absolute =
    exponent === 0
      ? mantissa * 2 ** (1 - format.bias - format.mantissaBits)
      : (hidden + mantissa) * 2 ** (exponent - format.bias - format.mantissaBits);
  return isNegative ? -absolute : absolute;
}

/** The 2^bits real values of a format, indexed by code. */
export function miniFloatTable(format: MiniFloat): Float32Array {
  return Float32Array.from({ length: 1 << format.bits }, (_, code) => decodeMiniFloat(format, code));
}

const scratchFloat = /* @__PURE__ */ new Float32Array(1);
const scratchBits = /* @__PURE__ */ new Uint32Array(scratchFloat.buffer);

/** floor(log2 |x|) for a finite normal or subnormal float32; −127 stands for everything below 2^−126. */
function float32Exponent(x: number): number {
  scratchFloat[0] = x;
  return (((scratchBits[0] ?? 0) >>> 23) & 0xff) - 127;
}

/** Round half to even of a non-negative number below 2^31. */
function roundHalfEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  if (rest !== 0.5) return rest > 0.5 ? floor + 1 : floor;
  return floor % 2 === 0 ? floor : floor + 1;
}

/**
 * Nearest code, ties to the even code, as ONNX Cast defines it.
 *
 * @param value - rounded to float32 first
 * @param saturate - true: out of range and ±∞ become the largest finite number; false: they become ∞ or, in formats
 *   without it, NaN
 * @throws {NonFiniteDataError} for NaN (or, without `saturate`, overflow) in a format that has no code for it
 */
export function encodeMiniFloat(format: MiniFloat, value: number, saturate = true): number {
  const x = Math.fround(value);
  const signBit = 1 << (format.bits - 1);
  if (Number.isNaN(x)) return nanCode(format, value);
  const sign = x < 0 || Object.is(x, -0) ? signBit : 0;
  const magnitude = magnitudeCode(format, Math.abs(x));
  if (magnitude <= format.maxCode) return magnitude === 0 && format.unsignedZero ? 0 : sign | magnitude;
  if (saturate) return sign | format.maxCode;
  return format.infinity === undefined ? nanCode(format, value) : sign | format.infinity;
}

function magnitudeCode(format: MiniFloat, x: number): number {
  if (x === Number.POSITIVE_INFINITY) return Number.POSITIVE_INFINITY;
  const { mantissaBits, bias } = format;
  const exponent = Math.max(float32Exponent(x), 1 - bias);
  const steps = roundHalfEven(x * 2 ** (mantissaBits - exponent));
  // A code counts steps: the subnormal binade starts at 0 and each binade above it adds 2^mantissaBits of them.
  return steps + ((exponent + bias - 1) << mantissaBits);
}

function nanCode(format: MiniFloat, value: number): number {
  if (format.nan !== undefined) return format.nan;
  throw new NonFiniteDataError({
    operation: '[onnx] encodeMiniFloat',
    expected: `a number that ${format.name} can represent`,
    received: `${value}`,
  });
}

/** Real value 2^(code − 127) of a float8e8m0 code; 0xff is NaN. */
export function decodeE8M0(code: number): number {
  return code === 0xff ? Number.NaN : 2 ** (code - 127);
}

/** Code of the smallest power of two ≥ value within 2^−127 … 2^127; NaN and negative numbers become 0xff. */
export function encodeE8M0(value: number): number {
  const x = Math.fround(value);
  if (Number.isNaN(x) || x < 0) return 0xff;
  if (x <= 2 ** -127) return 0;
  if (x >= 2 ** 127) return 254;
  const floor = float32Exponent(x);
  if (floor === -127) return 1;
  return floor + 127 + (x > 2 ** floor ? 1 : 0);
}
