import {
  type LinearScheme,
  type QParams,
  type QuantizedArray,
  quantize,
  type TensorQuantization,
} from '@bitwright/core';
import { DataType, type Tensor, tensorToArray, tensorToFloat32 } from '@bitwright/onnx';
import type { TensorTypeName } from '../schema/tensor-types';

/** Shape of an initializer. */
export function dimsOf(tensor: Tensor): readonly number[] {
  return tensor.dims.map(Number);
}

/**
 * int8 codes of a constant; unsigned codes are shifted by −128 together with their zero point, so they mean the same.
 */
export function int8Codes(tensor: Tensor, { scheme, qparams }: TensorQuantization): Int8Array {
  const codes = quantize({ data: tensorToFloat32(tensor), shape: dimsOf(tensor) }, scheme, qparams);
  return toInt8(codes, scheme);
}

/** Parameters of int8 codes: the zero point of an unsigned type less 128. */
export function int8ZeroPoints({ zeroPoint }: QParams, scheme: LinearScheme): Int32Array {
  return scheme.dtype.signed ? zeroPoint : zeroPoint.map((z) => z - 128);
}

/** Bytes of an array. */
export function bytesOf(array: ArrayBufferView): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

/** Elements of an integer, boolean or float constant with their TFLite type; undefined for types TFLite has no tensor of. */
export function plainConstant(
  tensor: Tensor,
):
  | { readonly type: TensorTypeName; readonly array: () => Float32Array | Int32Array | Uint8Array | BigInt64Array }
  | undefined {
  switch (tensor.dataType) {
    case DataType.FLOAT:
      return { type: 'FLOAT32', array: () => tensorToFloat32(tensor) };
    case DataType.INT32:
      return { type: 'INT32', array: () => tensorToArray(tensor) as Int32Array };
    case DataType.INT64:
      return { type: 'INT64', array: () => tensorToArray(tensor) as BigInt64Array };
    case DataType.BOOL:
      return { type: 'BOOL', array: () => tensorToArray(tensor) as Uint8Array };
    default:
      return undefined;
  }
}

// — internals —

function toInt8(codes: QuantizedArray, { dtype }: LinearScheme): Int8Array {
  if (codes instanceof Int8Array) return codes;
  const shift = dtype.signed ? 0 : 128;
  const shifted = new Int8Array(codes.length);
  for (let i = 0; i < codes.length; i++) shifted[i] = (codes[i] as number) - shift;
  return shifted;
}
