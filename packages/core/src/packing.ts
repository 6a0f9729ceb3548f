import { allocateQuantized, canHold, type QDType, type QuantizedArray } from './dtype';
import { InvalidArgumentError, ShapeMismatchError } from './errors';

/**
 * Bytes that `count` elements of `bits` bits occupy: ⌈count · bits / 8⌉.
 *
 * @throws {InvalidArgumentError} when bits is not 1, 2, 4 or 8
 */
export function packedLength(count: number, bits: number): number {
  assertBits('[core] packedLength', bits);
  return Math.ceil((count * bits) / 8);
}

/**
 * Codes to bytes in ONNX order: the first element in the lowest bits, flat over the whole tensor (no padding per row),
 * unused high bits of the last byte 0. Negative codes in two's complement.
 *
 *   bit of a byte    7   6   5   4   3   2   1   0
 *   4 bits          ├──── x1 ──────┼──── x0 ──────┤
 *   2 bits          ├─ x3 ──┼─ x2 ─┼─ x1 ──┼─ x0 ─┤
 *   1 bit           ├x7┼x6─┼x5┼x4──┼x3┼x2─┼x1┼x0──┤
 *
 * @param type uint1, int2, uint2, int4, uint4 (or 8 bits, which only copies)
 * @throws {InvalidArgumentError} for another type, or a code outside it (naming code and element)
 * @throws {ShapeMismatchError} when `out` has another length than packedLength
 * @see ONNX TensorProto raw_data of INT4, UINT4, INT2, UINT2
 * @example pack([1, 2, 3, -8, -1], int4)  // bytes 21 83 0f
 */
export function pack(codes: ArrayLike<number>, type: QDType, out?: Uint8Array): Uint8Array {
  const { bits, qmin, qmax } = type;
  const length = packedLength(codes.length, bits);
  const bytes = out ?? new Uint8Array(length);
  assertLength('[core] pack', length, bytes.length);
  const perByte = 8 / bits;
  const mask = 2 ** bits - 1;
  for (let b = 0, i = 0; b < length; b++) {
    let byte = 0;
    for (let k = 0; k < perByte && i < codes.length; k++, i++) {
      const code = codes[i] as number;
      if (!(code >= qmin && code <= qmax)) throw outside(code, i, type);
      byte |= (code & mask) << (k * bits);
    }
    bytes[b] = byte;
  }
  return bytes;
}

/**
 * Bytes back to codes, one per entry; sign-extended when the type is signed. The inverse of {@link pack}.
 *
 * @throws {InvalidArgumentError} when the type has not 1, 2, 4 or 8 bits, or `out` cannot hold its codes
 * @throws {ShapeMismatchError} when the bytes are not exactly those of `count` elements
 * @example unpack(Uint8Array.of(0x21, 0x83, 0x0f), int4, 5)  // 1, 2, 3, -8, -1
 */
export function unpack(bytes: Uint8Array, type: QDType, count: number, out?: QuantizedArray): QuantizedArray {
  const { bits, signed } = type;
  assertLength('[core] unpack', packedLength(count, bits), bytes.length);
  const codes = out ?? allocateQuantized(type, count);
  assertLength('[core] unpack', count, codes.length);
  if (!canHold(codes, type)) {
    throw new InvalidArgumentError({
      operation: '[core] unpack',
      expected: `an out array for ${type.name} codes`,
      received: codes.constructor.name,
    });
  }
  const perByte = 8 / bits;
  const mask = 2 ** bits - 1;
  // Sign extension: shift the sign bit to bit 31 and back arithmetically.
  const signShift = signed ? 32 - bits : 0;
  for (let i = 0; i < count; i++) {
    const code = ((bytes[Math.floor(i / perByte)] as number) >> ((i % perByte) * bits)) & mask;
    codes[i] = (code << signShift) >> signShift;
  }
  return codes;
}

// — internals —

function assertBits(operation: string, bits: number): void {
  if (bits === 1 || bits === 2 || bits === 4 || bits === 8) return;
  throw new InvalidArgumentError({ operation, expected: 'elements of 1, 2, 4 or 8 bits', received: `${bits} bits` });
}

function assertLength(operation: string, expected: number, received: number): void {
  if (expected === received) return;
  throw new ShapeMismatchError({ operation, expected: `length ${expected}`, received: `length ${received}` });
}

function outside(code: number, index: number, type: QDType): InvalidArgumentError {
  return new InvalidArgumentError({
    operation: '[core] pack',
    expected: `${type.name} codes within [${type.qmin}, ${type.qmax}]`,
    received: `${code} at element ${index}`,
  });
}
