import type { TensorProto } from '../generated/onnx_pb';
import { bfloat16ToFloat32 } from './bfloat16';
import { DataType, dataTypeInfo } from './data-type';
import { float16ToFloat32 } from './float16';
import {
  decodeE8M0,
  float4e2m1,
  float8e4m3fn,
  float8e4m3fnuz,
  float8e5m2,
  float8e5m2fnuz,
  type MiniFloat,
  miniFloatTable,
} from './minifloat';
import type { TensorArray } from './tensor-array';
import { type ExternalDataReader, payloadError } from './tensor-payload';
import { tensorToArray } from './tensor-to-array';

/** The float formats of at most 8 bits (except float8e8m0) by data type. */
export const miniFloats: ReadonlyMap<number, MiniFloat> = new Map<number, MiniFloat>([
  [DataType.FLOAT8E4M3FN, float8e4m3fn],
  [DataType.FLOAT8E4M3FNUZ, float8e4m3fnuz],
  [DataType.FLOAT8E5M2, float8e5m2],
  [DataType.FLOAT8E5M2FNUZ, float8e5m2fnuz],
  [DataType.FLOAT4E2M1, float4e2m1],
]);

/** Function from an entry of `tensorToArray` to its real value. */
function decoderOf(dataType: number): (entry: number | bigint) => number {
  if (dataType === DataType.FLOAT16) return (bits) => float16ToFloat32(Number(bits));
  if (dataType === DataType.BFLOAT16) return (bits) => bfloat16ToFloat32(Number(bits));
  if (dataType === DataType.FLOAT8E8M0) return (code) => decodeE8M0(Number(code));
  const format = miniFloats.get(dataType);
  if (format === undefined) return Number;
  const table = miniFloatTable(format);
  return (code) => table[Number(code)] ?? Number.NaN;
}

/**
 * Real values of any numeric tensor as float32: float types are decoded, integers rounded to float32 (through float64),
 * bool gives 0 or 1. A float32 tensor is returned without copying where alignment allows; do not write to it.
 *
 * @throws {ModelFormatError} for complex and string tensors, and as `tensorToArray`
 */
export function tensorToFloat32(tensor: TensorProto, readExternal?: ExternalDataReader): Float32Array {
  const { kind, name } = dataTypeInfo(tensor.dataType);
  if (kind === 'complex' || kind === 'string') throw payloadError(tensor, 'real elements', name);
  const array: TensorArray = tensorToArray(tensor, readExternal);
  if (array instanceof Float32Array) return array;
  const decode = decoderOf(tensor.dataType);
  const values = new Float32Array(array.length);
  for (let i = 0; i < array.length; i++) values[i] = decode(array[i] ?? 0);
  return values;
}
