import { allocateQuantized, parseDType, type QuantizedArray } from '../../src/index';

/** Bytes from hexadecimal text. */
export function bytesOf(hex: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: hex.length / 2 }, (_, i) => Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16));
}

/** Float32 values from little-endian hexadecimal text. */
export function float32Of(hex: string): Float32Array {
  return new Float32Array(bytesOf(hex).buffer);
}

/** The bits of float32 values, so that NaN and −0 compare. */
export function bitsOf(values: Float32Array): Uint32Array {
  return new Uint32Array(values.slice().buffer);
}

/** Codes of a type ("int4", "uint16", …) from little-endian hexadecimal text, one per 1- or 2-byte entry. */
export function codesOfHex(hex: string, dtype: string): QuantizedArray {
  const bytes = bytesOf(hex);
  const codes = allocateQuantized(parseDType(dtype), 0);
  if (codes instanceof Int8Array) return new Int8Array(bytes.buffer);
  if (codes instanceof Uint8Array) return bytes;
  if (codes instanceof Int16Array) return new Int16Array(bytes.buffer);
  return codes instanceof Uint16Array ? new Uint16Array(bytes.buffer) : new Int32Array(bytes.buffer);
}
