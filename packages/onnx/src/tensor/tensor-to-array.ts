import type { TensorProto } from '../generated/onnx_pb';
import { type DataTypeInfo, dataTypeInfo } from './data-type';
import { type PackedWidth, packedByteLength, unpackBits } from './packed-bits';
import { type ArrayLayout, arrayLayout, arrayToBytes, bytesToArray, type TensorArray } from './tensor-array';
import { type ExternalDataReader, payloadError, rawOrExternalBytes, tensorPayload } from './tensor-payload';
import { tensorElementCount } from './tensor-size';

const utf8 = /* @__PURE__ */ new TextDecoder();

/**
 * Elements of a tensor as a typed array, from raw_data, the typed field or external bytes.
 *
 * | data type                     | array                                        |
 * |-------------------------------|----------------------------------------------|
 * | float, double                 | Float32Array, Float64Array                   |
 * | (u)int8 … (u)int32            | the array of that name                       |
 * | int64, uint64                 | BigInt64Array, BigUint64Array                |
 * | bool                          | Uint8Array                                   |
 * | float16, bfloat16             | Uint16Array of bit patterns                  |
 * | float8 types, float4e2m1      | Uint8Array of codes, one per entry           |
 * | int4, int2 · uint4, uint2     | Int8Array · Uint8Array, one element per entry|
 * | complex64, complex128         | Float32Array, Float64Array: real, imaginary  |
 *
 * The result may share memory with the model; copy it before writing to it.
 *
 * @throws {ModelFormatError} when the payload does not match dims and data type, is missing or doubled, or when the
 *   elements are strings (see `tensorToStrings`)
 */
export function tensorToArray(tensor: TensorProto, readExternal?: ExternalDataReader): TensorArray {
  const info = dataTypeInfo(tensor.dataType);
  const layout = arrayLayout(tensor.dataType);
  if (layout === undefined) {
    throw payloadError(tensor, 'numeric elements', info.name, 'Use tensorToStrings.');
  }
  const count = tensorElementCount(tensor);
  const payload = tensorPayload(tensor);
  if (payload === 'none') {
    if (count === 0) return layout.view(new ArrayBuffer(0), 0, 0);
    throw payloadError(tensor, `a payload of ${count} elements`, 'none');
  }
  if (payload !== 'raw' && payload !== 'external') return typedElements(tensor, info, layout, count);
  const bytes = rawOrExternalBytes(tensor, payload, readExternal);
  if (info.bits >= 8) return bytesToArray(bytes, layout);
  return unpackBits(bytes, count, info.bits as PackedWidth, info.kind === 'int');
}

/**
 * Elements of a string tensor, decoded as UTF-8.
 *
 * @throws {ModelFormatError} when the tensor has another data type or the wrong number of elements
 */
export function tensorToStrings(tensor: TensorProto): string[] {
  const { kind, name } = dataTypeInfo(tensor.dataType);
  if (kind !== 'string') throw payloadError(tensor, 'string elements', name, 'Use tensorToArray.');
  const count = tensorElementCount(tensor);
  const payload = tensorPayload(tensor);
  if (payload !== 'stringData' && payload !== 'none') throw payloadError(tensor, 'strings in string_data', payload);
  if (tensor.stringData.length !== count) {
    throw payloadError(tensor, `${count} strings`, `${tensor.stringData.length}`);
  }
  return tensor.stringData.map((text) => utf8.decode(text));
}

/**
 * Elements in the layout of raw_data (little-endian, 4 and 2 bits packed), wherever the tensor keeps them.
 *
 * The result may share memory with the model; copy it before writing to it.
 *
 * @throws {ModelFormatError} as `tensorToArray`
 */
export function tensorToBytes(tensor: TensorProto, readExternal?: ExternalDataReader): Uint8Array {
  const payload = tensorPayload(tensor);
  if (payload === 'raw' || payload === 'external') return rawOrExternalBytes(tensor, payload, readExternal);
  const { bits, kind } = dataTypeInfo(tensor.dataType);
  if (bits >= 8 || kind === 'string' || payload === 'none') return arrayToBytes(tensorToArray(tensor));
  return packedBytes(tensor, packedByteLength(tensorElementCount(tensor), bits as PackedWidth));
}

function typedElements(tensor: TensorProto, info: DataTypeInfo, layout: ArrayLayout, count: number): TensorArray {
  if (info.bits < 8) {
    const bits = info.bits as PackedWidth;
    return unpackBits(packedBytes(tensor, packedByteLength(count, bits)), count, bits, info.kind === 'int');
  }
  const source = info.typedField === 'stringData' ? [] : tensor[info.typedField];
  const entries = count * layout.entriesPerElement;
  if (source.length !== entries) {
    throw payloadError(tensor, `${entries} entries in ${info.typedField}`, `${source.length}`);
  }
  const array = layout.view(new ArrayBuffer(entries * layout.bytesPerEntry), 0, entries);
  const isBig = array instanceof BigInt64Array || array instanceof BigUint64Array;
  for (let i = 0; i < entries; i++) {
    const value = source[i] ?? 0;
    if (isBig) {
      array[i] = BigInt(value);
    } else {
      array[i] = Number(value);
      const isKept = array[i] === Number(value) || array instanceof Float32Array || array instanceof Float64Array;
      if (!isKept) throw payloadError(tensor, `${info.name} values in ${info.typedField}`, `${value} at index ${i}`);
    }
  }
  return array;
}

/** Typed storage of 4- and 2-bit elements: each int32 holds one packed byte. */
function packedBytes(tensor: TensorProto, length: number): Uint8Array {
  if (tensor.int32Data.length !== length) {
    throw payloadError(tensor, `${length} packed bytes in int32Data`, `${tensor.int32Data.length}`);
  }
  const outside = tensor.int32Data.findIndex((value) => value < 0 || value > 255);
  if (outside >= 0) {
    throw payloadError(
      tensor,
      'packed bytes (0 to 255) in int32Data',
      `${tensor.int32Data[outside]} at index ${outside}`,
    );
  }
  return Uint8Array.from(tensor.int32Data);
}
