import { InvalidArgumentError } from './errors';

/** Typed arrays that hold one quantized element per entry (sub-byte types are unpacked to bytes). */
export type QuantizedArray = Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array;

/**
 * An integer number format as a frozen value.
 *
 * qmin = signed ? −2^(bits−1) : 0;   qmax = signed ? 2^(bits−1) − 1 : 2^bits − 1   (both inclusive)
 */
export interface QDType {
  /** `int8`, `uint4`, …: also the spelling in JSON. */
  readonly name: string;
  readonly bits: number;
  readonly signed: boolean;
  readonly qmin: number;
  readonly qmax: number;
}

function makeDType(bits: number, signed: boolean): QDType {
  return Object.freeze({
    name: `${signed ? 'int' : 'uint'}${bits}`,
    bits,
    signed,
    qmin: signed ? -(2 ** (bits - 1)) : 0,
    qmax: signed ? 2 ** (bits - 1) - 1 : 2 ** bits - 1,
  });
}

/**
 * Integer type of 1 to 16 bits, or 32 signed bits (biases and accumulators).
 *
 * @throws {InvalidArgumentError} for any other width; `int1` does not exist (use a binary scheme).
 */
export function intDType(bits: number, signed: boolean): QDType {
  const isSmall = Number.isInteger(bits) && bits >= (signed ? 2 : 1) && bits <= 16;
  if (!isSmall && !(bits === 32 && signed)) {
    throw new InvalidArgumentError({
      operation: '[core] intDType',
      expected: 'bits 1..16 unsigned, 2..16 signed, or 32 signed',
      received: `${bits} bits ${signed ? 'signed' : 'unsigned'}`,
    });
  }
  return makeDType(bits, signed);
}

export const int2: QDType = /* @__PURE__ */ makeDType(2, true);
export const int4: QDType = /* @__PURE__ */ makeDType(4, true);
export const int8: QDType = /* @__PURE__ */ makeDType(8, true);
export const int16: QDType = /* @__PURE__ */ makeDType(16, true);
export const int32: QDType = /* @__PURE__ */ makeDType(32, true);
export const uint2: QDType = /* @__PURE__ */ makeDType(2, false);
export const uint4: QDType = /* @__PURE__ */ makeDType(4, false);
export const uint8: QDType = /* @__PURE__ */ makeDType(8, false);
export const uint16: QDType = /* @__PURE__ */ makeDType(16, false);

const spelling = /^(u?)int([1-9][0-9]?)$/;

/**
 * Reads the JSON spelling back: `parseDType('uint8')`.
 *
 * @throws {InvalidArgumentError} when the text names no integer type of ours
 */
export function parseDType(name: string): QDType {
  const match = spelling.exec(name);
  if (match === null) {
    throw new InvalidArgumentError({
      operation: '[core] parseDType',
      expected: 'an integer type such as "int8", "uint4" or "int32"',
      received: JSON.stringify(name),
    });
  }
  return intDType(Number(match[2]), match[1] === '');
}

/** Array of `length` zeros that can hold every value of `dtype`, one element per entry. */
export function allocateQuantized(dtype: QDType, length: number): QuantizedArray {
  if (dtype.bits <= 8) return dtype.signed ? new Int8Array(length) : new Uint8Array(length);
  if (dtype.bits <= 16) return dtype.signed ? new Int16Array(length) : new Uint16Array(length);
  return new Int32Array(length);
}

/** Codes an operand can take, inclusive: of a dtype, of a scheme with fewer codes, or of an array's storage type. */
export interface CodeRange {
  readonly qmin: number;
  readonly qmax: number;
}

/** Codes that fit the storage type of an array. */
export function codesOf(array: QuantizedArray): CodeRange {
  const bits = 8 * array.BYTES_PER_ELEMENT;
  const isSigned = array instanceof Int8Array || array instanceof Int16Array || array instanceof Int32Array;
  return isSigned ? { qmin: -(2 ** (bits - 1)), qmax: 2 ** (bits - 1) - 1 } : { qmin: 0, qmax: 2 ** bits - 1 };
}

/** Whether `array` can store every code of a range unchanged. */
export function canHold(array: QuantizedArray, { qmin, qmax }: CodeRange): boolean {
  const storage = codesOf(array);
  return qmin >= storage.qmin && qmax <= storage.qmax;
}
