import { blocksPerRow } from './weight-codes';

/**
 * Codes [N,K] as MatMulNBits stores them: [N, G, blockSize·bits/8] bytes, low bits = lower k. The unused tail of a row's last
 * block is filled with `fill`.
 *
 * @see com.microsoft MatMulNBits-1
 */
export function packBlocks(
  codes: Uint8Array,
  rows: number,
  columns: number,
  blockSize: number,
  bits: number,
  fill: number = 2 ** (bits - 1),
): Uint8Array {
  const padded = blocksPerRow(columns, blockSize) * blockSize;
  return packRows(codes, rows, columns, padded, bits, fill);
}

/**
 * Rows of codes packed one after the other, each padded with `fill` to `padded` codes and then to a whole byte; low bits first.
 */
export function packRows(
  codes: ArrayLike<number>,
  rows: number,
  columns: number,
  padded: number,
  bits: number,
  fill = 0,
): Uint8Array {
  const perByte = 8 / bits;
  const rowBytes = Math.ceil(padded / perByte);
  const bytes = new Uint8Array(rows * rowBytes);
  for (let n = 0; n < rows; n++) {
    const from = n * columns;
    for (let b = 0; b < rowBytes; b++) {
      let byte = 0;
      for (let j = 0; j < perByte; j++) {
        const k = b * perByte + j;
        if (k >= padded) break;
        byte |= (k < columns ? (codes[from + k] as number) : fill) << (j * bits);
      }
      bytes[n * rowBytes + b] = byte;
    }
  }
  return bytes;
}

/** Inverse of {@link packRows}: codes [N,K]. */
export function unpackRows(bytes: Uint8Array, rows: number, columns: number, padded: number, bits: number): Uint8Array {
  const perByte = 8 / bits;
  const rowBytes = Math.ceil(padded / perByte);
  const mask = 2 ** bits - 1;
  const codes = new Uint8Array(rows * columns);
  for (let n = 0; n < rows; n++) {
    for (let k = 0; k < columns; k++) {
      const byte = bytes[n * rowBytes + Math.floor(k / perByte)] as number;
      codes[n * columns + k] = (byte >> ((k % perByte) * bits)) & mask;
    }
  }
  return codes;
}
