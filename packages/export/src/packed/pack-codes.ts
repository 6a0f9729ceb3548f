import {
  elementCount,
  intDType,
  pack,
  type QDType,
  type QuantizedArray,
  type TensorQuantization,
  unpack,
} from '@bitwright/core';
import type { PackedCodes } from './packed-header';

/** Codes in as few bits as they need, row by row. */
export interface PackedRows extends PackedCodes {
  readonly bytes: Uint8Array;
}

/**
 * Packs codes: 1 bit where all are −1 or +1, else the narrowest of 2, 4, 8 bits that holds the scheme's codes (wider types as
 * they are). The first element lies in the lowest bits; each row (one index of the first axis) begins at a whole byte.
 */
export function packCodes(codes: QuantizedArray, shape: readonly number[], { scheme }: TensorQuantization): PackedRows {
  const { qmin, qmax, dtype } = scheme;
  const rows = shape.length === 0 ? 1 : (shape[0] as number);
  const rowLength = rows === 0 ? 0 : codes.length / rows;
  if (dtype.bits > 8) {
    const bytes = new Uint8Array(codes.buffer, codes.byteOffset, codes.byteLength);
    const bits = dtype.bits > 16 ? 32 : 16;
    return { bits, signed: dtype.signed, rowBytes: rowLength * (bits / 8), bytes };
  }
  if (isSigns(codes)) {
    const signs = Uint8Array.from(codes, (code) => (code > 0 ? 1 : 0));
    return { bits: 1, signed: true, ...packRows(signs, rows, rowLength, intDType(1, false)) };
  }
  const bits = ([2, 4, 8] as const).find((width) => {
    const { qmin: low, qmax: high } = intDType(width, dtype.signed);
    return qmin >= low && qmax <= high;
  });
  const width = bits ?? 8;
  if (width === 8) {
    const bytes = new Uint8Array(codes.buffer, codes.byteOffset, codes.byteLength);
    return { bits: 8, signed: dtype.signed, rowBytes: rowLength, bytes };
  }
  return { bits: width, signed: dtype.signed, ...packRows(codes, rows, rowLength, intDType(width, dtype.signed)) };
}

/** Codes again, one per entry. */
export function unpackCodes(
  bytes: Uint8Array,
  { bits, signed, rowBytes }: PackedCodes,
  shape: readonly number[],
): QuantizedArray {
  const count = elementCount(shape);
  if (bits > 8) {
    const copy = bytes.slice().buffer;
    if (bits === 32) return new Int32Array(copy);
    return signed ? new Int16Array(copy) : new Uint16Array(copy);
  }
  const rows = shape.length === 0 ? 1 : (shape[0] as number);
  const rowLength = rows === 0 ? 0 : count / rows;
  const type = bits === 1 ? intDType(1, false) : intDType(bits, signed);
  const codes = signed || bits === 1 ? new Int8Array(count) : new Uint8Array(count);
  for (let row = 0; row < rows; row++) {
    const part = unpack(bytes.subarray(row * rowBytes, (row + 1) * rowBytes), type, rowLength);
    for (let i = 0; i < rowLength; i++) {
      const code = part[i] as number;
      codes[row * rowLength + i] = bits === 1 ? 2 * code - 1 : code;
    }
  }
  return codes;
}

// — internals —

function isSigns(codes: QuantizedArray): boolean {
  return codes.length > 0 && codes.every((code) => code === 1 || code === -1);
}

function packRows(
  codes: QuantizedArray,
  rows: number,
  rowLength: number,
  type: QDType,
): { readonly rowBytes: number; readonly bytes: Uint8Array } {
  const rowBytes = Math.ceil((rowLength * type.bits) / 8);
  const bytes = new Uint8Array(rows * rowBytes);
  for (let row = 0; row < rows; row++) {
    const part = codes.subarray(row * rowLength, (row + 1) * rowLength);
    pack(part, type, bytes.subarray(row * rowBytes, (row + 1) * rowBytes));
  }
  return { rowBytes, bytes };
}
