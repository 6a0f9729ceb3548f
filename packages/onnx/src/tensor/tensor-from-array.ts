import { InvalidArgumentError, ShapeMismatchError } from '@bitwright/core';
import { create } from '@bufbuild/protobuf';
import { type TensorProto, TensorProtoSchema } from '../generated/onnx_pb';
import { float32ToBfloat16 } from './bfloat16';
import { DataType, type DataTypeInfo, dataTypeInfo } from './data-type';
import { float32ToFloat16 } from './float16';
import { encodeE8M0, encodeMiniFloat } from './minifloat';
import { type PackedWidth, packBits } from './packed-bits';
import { arrayLayout, arrayToBytes, type TensorArray } from './tensor-array';
import { miniFloats } from './tensor-to-float32';

const utf8 = /* @__PURE__ */ new TextEncoder();

function checkedDims(name: string, dims: readonly (number | bigint)[], entries: number, perElement: number): bigint[] {
  const bad = dims.findIndex((dim) => (typeof dim === 'number' && !Number.isSafeInteger(dim)) || dim < 0);
  if (bad >= 0) {
    throw new InvalidArgumentError({
      operation: '[onnx] create tensor',
      expected: `non-negative integer dims for tensor ${JSON.stringify(name)}`,
      received: `[${dims.join(',')}]`,
    });
  }
  const count = dims.reduce((product: number, dim) => product * Number(dim), 1);
  if (count * perElement !== entries) {
    throw new ShapeMismatchError({
      operation: '[onnx] create tensor',
      expected: `${count * perElement} entries for tensor ${JSON.stringify(name)} of shape [${dims.join(',')}]`,
      received: `${entries}`,
    });
  }
  return dims.map(BigInt);
}

function fromBytes(name: string, dataType: number, dims: bigint[], rawData: Uint8Array): TensorProto {
  return create(TensorProtoSchema, { name, dataType, dims, rawData: rawData as Uint8Array<ArrayBuffer> });
}

/**
 * Tensor with raw_data from one entry per element; the inverse of `tensorToArray` for every numeric type
 * (bit patterns for float16, bfloat16 and float8; 4- and 2-bit types are packed here). The array is copied.
 *
 * @throws {InvalidArgumentError} when the array class does not belong to the data type or a value does not fit
 * @throws {ShapeMismatchError} when the array length is not ∏ dims (twice that for complex types)
 */
export function tensorFromArray(
  name: string,
  dataType: number,
  dims: readonly (number | bigint)[],
  array: TensorArray,
): TensorProto {
  const info = dataTypeInfo(dataType);
  const layout = arrayLayout(dataType);
  if (layout === undefined || array[Symbol.toStringTag] !== layout.className) {
    throw new InvalidArgumentError({
      operation: '[onnx] tensorFromArray',
      expected: `${layout?.className ?? 'tensorFromStrings'} for ${info.name} tensor ${JSON.stringify(name)}`,
      received: array[Symbol.toStringTag],
    });
  }
  const shape = checkedDims(name, dims, array.length, layout.entriesPerElement);
  return fromBytes(name, dataType, shape, info.bits < 8 ? packed(info, array) : arrayToBytes(checkedBool(info, array)));
}

function packed(info: DataTypeInfo, array: TensorArray): Uint8Array {
  return packBits(array as Int8Array | Uint8Array, info.bits as PackedWidth, info.kind === 'int');
}

function checkedBool(info: DataTypeInfo, array: TensorArray): TensorArray {
  const bad = info.kind === 'bool' ? (array as Uint8Array).findIndex((value) => value > 1) : -1;
  if (bad < 0) return array;
  throw new InvalidArgumentError({
    operation: '[onnx] tensorFromArray',
    expected: 'bool values 0 or 1',
    received: `${array[bad]} at index ${bad}`,
  });
}

/**
 * String tensor (UTF-8 in string_data).
 *
 * @throws {ShapeMismatchError} when the number of strings is not ∏ dims
 */
export function tensorFromStrings(
  name: string,
  dims: readonly (number | bigint)[],
  values: readonly string[],
): TensorProto {
  const shape = checkedDims(name, dims, values.length, 1);
  const stringData = values.map((value) => utf8.encode(value));
  return create(TensorProtoSchema, { name, dataType: DataType.STRING, dims: shape, stringData });
}

/**
 * Tensor of a float type from real values, each rounded to the nearest representable one (ties to even). float8 types
 * saturate, float16 and bfloat16 overflow to infinity, float8e8m0 rounds up to a power of two.
 *
 * @param dataType - float, double, float16, bfloat16, a float8 type or float4e2m1
 * @throws {InvalidArgumentError} for a data type that is not float
 * @throws {ShapeMismatchError} when the number of values is not ∏ dims
 * @throws {NonFiniteDataError} for NaN in float4e2m1
 */
export function tensorFromFloat32(
  name: string,
  dataType: number,
  dims: readonly (number | bigint)[],
  values: Float32Array,
): TensorProto {
  const info = dataTypeInfo(dataType);
  if (info.kind !== 'float') {
    throw new InvalidArgumentError({
      operation: '[onnx] tensorFromFloat32',
      expected: `a float data type for tensor ${JSON.stringify(name)}`,
      received: info.name,
      hint: 'Quantize first, then use tensorFromArray.',
    });
  }
  return tensorFromArray(name, dataType, dims, encodeFloats(dataType, values));
}

function encodeFloats(dataType: number, values: Float32Array): TensorArray {
  if (dataType === DataType.FLOAT) return values;
  if (dataType === DataType.DOUBLE) return Float64Array.from(values);
  if (dataType === DataType.FLOAT16) return Uint16Array.from(values, float32ToFloat16);
  if (dataType === DataType.BFLOAT16) return Uint16Array.from(values, float32ToBfloat16);
  const format = miniFloats.get(dataType);
  if (format === undefined) return Uint8Array.from(values, encodeE8M0);
  return Uint8Array.from(values, (value) => encodeMiniFloat(format, value));
}
