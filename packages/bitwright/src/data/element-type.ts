import type { FeedArray, FeedType } from '@bitwright/ptq';

const arrayOf = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Uint16Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  bool: Uint8Array,
} as const satisfies Record<FeedType, unknown>;

const hostIsLittleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/** Whether `name` is an element type that samples can have. */
export function isFeedType(name: string): name is FeedType {
  return Object.hasOwn(arrayOf, name);
}

/** Bytes of one element. */
export function elementBytes(type: FeedType): number {
  return arrayOf[type].BYTES_PER_ELEMENT;
}

/** Zero-filled array of `length` elements; float16 as 16-bit patterns, bool as bytes 0 and 1. */
export function createElements(type: FeedType, length: number): FeedArray {
  return new arrayOf[type](length);
}

/** Inclusive bounds of an integer type; undefined for the floating-point types. */
export function integerBounds(type: FeedType): readonly [bigint, bigint] | undefined {
  if (type === 'bool') return [0n, 1n];
  if (type.startsWith('float')) return undefined;
  const bits = BigInt(elementBytes(type) * 8);
  return type.startsWith('u') ? [0n, (1n << bits) - 1n] : [-(1n << (bits - 1n)), (1n << (bits - 1n)) - 1n];
}

/**
 * Elements stored in `bytes` one after the other.
 *
 * The result shares memory with `bytes` where alignment and byte order allow it.
 * Pre: bytes.length is a multiple of the element size.
 */
export function elementsFromBytes(type: FeedType, bytes: Uint8Array, littleEndian = true): FeedArray {
  const size = elementBytes(type);
  const swap = size > 1 && littleEndian !== hostIsLittleEndian;
  const aligned = swap || bytes.byteOffset % size !== 0 ? bytes.slice() : bytes;
  if (swap) swapByteOrder(aligned, size);
  return new arrayOf[type](aligned.buffer as ArrayBuffer, aligned.byteOffset, aligned.length / size);
}

/** Little-endian bytes of `data`. */
export function bytesFromElements(data: FeedArray): Uint8Array {
  const bytes = new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength).slice();
  if (!hostIsLittleEndian) swapByteOrder(bytes, data.BYTES_PER_ELEMENT);
  return bytes;
}

function swapByteOrder(bytes: Uint8Array, size: number): void {
  for (let start = 0; start < bytes.length; start += size) bytes.subarray(start, start + size).reverse();
}
