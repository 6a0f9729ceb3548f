import { intDType, type LinearScheme, type QDType, UnsupportedSchemeError } from '@bitwright/core';
import { DataType } from '@bitwright/onnx';

const elementTypes: Readonly<Record<string, number>> = {
  int8: DataType.INT8,
  uint8: DataType.UINT8,
  int16: DataType.INT16,
  uint16: DataType.UINT16,
  int32: DataType.INT32,
  int4: DataType.INT4,
  uint4: DataType.UINT4,
  int2: DataType.INT2,
  uint2: DataType.UINT2,
};

/**
 * ONNX element type that stores a code type. Widths between the stored ones (3, 5, 6, 7 bits …) are stored in the next wider type.
 *
 * @throws {UnsupportedSchemeError} when ONNX has no type wide enough
 */
export function elementTypeOf(dtype: QDType): number {
  const type = elementTypes[storageOf(dtype).name];
  if (type === undefined) {
    throw new UnsupportedSchemeError({
      operation: '[export] elementTypeOf',
      expected: 'a code type that ONNX can store',
      received: dtype.name,
    });
  }
  return type;
}

/** The type a code type is stored in: the next wider one that ONNX has (3 bits in int4). */
function storageOf(dtype: QDType): QDType {
  const width = [2, 4, 8, 16, 32].find((bits) => bits >= dtype.bits) ?? dtype.bits;
  return intDType(width, dtype.signed);
}

/** First ai.onnx operator set whose DequantizeLinear takes the scheme. */
export function smallestOpset(scheme: LinearScheme): number {
  const { bits } = scheme.dtype;
  if (bits <= 2) return 25;
  if (bits <= 4 || (bits > 8 && bits <= 16)) return 21;
  if (scheme.granularity.kind === 'perGroup') return 21;
  return scheme.granularity.kind === 'perAxis' ? 13 : 10;
}
