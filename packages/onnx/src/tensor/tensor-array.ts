import { DataType } from './data-type';

/** One element per entry; complex numbers take two entries (real, imaginary). */
export type TensorArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array;

/** The array class of a data type and how many entries one element takes. */
export interface ArrayLayout {
  /** Array over existing bytes (aligned to its element size). */
  readonly view: (buffer: ArrayBufferLike, byteOffset: number, length: number) => TensorArray;
  readonly className: string;
  readonly bytesPerEntry: number;
  readonly entriesPerElement: number;
}

function layout(
  view: ArrayLayout['view'],
  className: string,
  bytesPerEntry: number,
  entriesPerElement = 1,
): ArrayLayout {
  return Object.freeze({ view, className, bytesPerEntry, entriesPerElement });
}

const float32 = layout((b, o, n) => new Float32Array(b, o, n), 'Float32Array', 4);
const float64 = layout((b, o, n) => new Float64Array(b, o, n), 'Float64Array', 8);
const int8 = layout((b, o, n) => new Int8Array(b, o, n), 'Int8Array', 1);
const uint8 = layout((b, o, n) => new Uint8Array(b, o, n), 'Uint8Array', 1);
const uint16 = layout((b, o, n) => new Uint16Array(b, o, n), 'Uint16Array', 2);

const layouts: ReadonlyMap<number, ArrayLayout> = new Map<number, ArrayLayout>([
  [DataType.FLOAT, float32],
  [DataType.UINT8, uint8],
  [DataType.INT8, int8],
  [DataType.UINT16, uint16],
  [DataType.INT16, layout((b, o, n) => new Int16Array(b, o, n), 'Int16Array', 2)],
  [DataType.INT32, layout((b, o, n) => new Int32Array(b, o, n), 'Int32Array', 4)],
  [DataType.INT64, layout((b, o, n) => new BigInt64Array(b, o, n), 'BigInt64Array', 8)],
  [DataType.BOOL, uint8],
  [DataType.FLOAT16, uint16],
  [DataType.DOUBLE, float64],
  [DataType.UINT32, layout((b, o, n) => new Uint32Array(b, o, n), 'Uint32Array', 4)],
  [DataType.UINT64, layout((b, o, n) => new BigUint64Array(b, o, n), 'BigUint64Array', 8)],
  [DataType.COMPLEX64, layout((b, o, n) => new Float32Array(b, o, n), 'Float32Array', 4, 2)],
  [DataType.COMPLEX128, layout((b, o, n) => new Float64Array(b, o, n), 'Float64Array', 8, 2)],
  [DataType.BFLOAT16, uint16],
  [DataType.FLOAT8E4M3FN, uint8],
  [DataType.FLOAT8E4M3FNUZ, uint8],
  [DataType.FLOAT8E5M2, uint8],
  [DataType.FLOAT8E5M2FNUZ, uint8],
  [DataType.UINT4, uint8],
  [DataType.INT4, int8],
  [DataType.FLOAT4E2M1, uint8],
  [DataType.FLOAT8E8M0, uint8],
  [DataType.UINT2, uint8],
  [DataType.INT2, int8],
]);

/** Layout of a data type; `undefined` for strings and unknown numbers. */
export function arrayLayout(dataType: number): ArrayLayout | undefined {
  return layouts.get(dataType);
}

const isLittleEndianHost = /* @__PURE__ */ new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/** Reverses each entry in place where the host is big-endian; ONNX bytes are little-endian. */
function toHostOrder(bytes: Uint8Array, bytesPerEntry: number): void {
  for (let i = 0; i < bytes.length; i += bytesPerEntry) bytes.subarray(i, i + bytesPerEntry).reverse();
}

/** Little-endian bytes as an array: a view where alignment and byte order allow, else a copy. */
export function bytesToArray(bytes: Uint8Array, layout: ArrayLayout): TensorArray {
  const { bytesPerEntry } = layout;
  const length = bytes.byteLength / bytesPerEntry;
  const isUsable = bytes.byteOffset % bytesPerEntry === 0 && (isLittleEndianHost || bytesPerEntry === 1);
  if (isUsable) return layout.view(bytes.buffer, bytes.byteOffset, length);
  const copy = Uint8Array.from(bytes);
  if (!isLittleEndianHost) toHostOrder(copy, bytesPerEntry);
  return layout.view(copy.buffer, 0, length);
}

/** Little-endian copy of an array's bytes. */
export function arrayToBytes(array: TensorArray): Uint8Array {
  const copy = new Uint8Array(array.buffer, array.byteOffset, array.byteLength).slice();
  if (!isLittleEndianHost) toHostOrder(copy, array.BYTES_PER_ELEMENT);
  return copy;
}
