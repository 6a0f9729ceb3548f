import { InvalidArgumentError } from '@bitwright/core';

/** Width of a packed element. */
export type PackedWidth = 2 | 4;

/** Bytes of `count` packed elements: ceil(count · bits / 8). */
export function packedByteLength(count: number, bits: PackedWidth): number {
  return Math.ceil(count / (8 / bits));
}

/**
 * One entry per element from ONNX packing: element 0 in the lowest bits of byte 0, flat over the whole tensor.
 *
 * @param bytes - at least ceil(count · bits / 8) bytes
 * @returns Int8Array when `signed` (two's complement), else Uint8Array
 */
export function unpackBits(
  bytes: Uint8Array,
  count: number,
  bits: PackedWidth,
  signed: boolean,
): Int8Array | Uint8Array {
  const perByte = 8 / bits;
  const mask = (1 << bits) - 1;
  const signBit = 1 << (bits - 1);
  const values = signed ? new Int8Array(count) : new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    const code = ((bytes[Math.floor(i / perByte)] ?? 0) >> ((i % perByte) * bits)) & mask;
    values[i] = signed ? (code ^ signBit) - signBit : code;
  }
  return values;
}

/**
 * Inverse of {@link unpackBits}; unused bits of the last byte are 0.
 *
 * @throws {InvalidArgumentError} when a value does not fit `bits`
 */
export function packBits(values: ArrayLike<number>, bits: PackedWidth, signed: boolean): Uint8Array {
  const perByte = 8 / bits;
  const mask = (1 << bits) - 1;
  const low = signed ? -(1 << (bits - 1)) : 0;
  const high = low + mask;
  const bytes = new Uint8Array(packedByteLength(values.length, bits));
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? 0;
    if (!(value >= low && value <= high)) {
      throw new InvalidArgumentError({
        operation: '[onnx] packBits',
        expected: `values from ${low} to ${high} for ${bits} bits ${signed ? 'signed' : 'unsigned'}`,
        received: `${value} at index ${i}`,
      });
    }
    const at = Math.floor(i / perByte);
    bytes[at] = (bytes[at] ?? 0) | ((value & mask) << ((i % perByte) * bits));
  }
  return bytes;
}
