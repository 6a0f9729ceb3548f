import { ModelFormatError } from '@bitwright/core';

/** Element types of tensors: the number in `Tensor.dataType` and in tensor types. */
export const DataType = {
  UNDEFINED: 0,
  FLOAT: 1,
  UINT8: 2,
  INT8: 3,
  UINT16: 4,
  INT16: 5,
  INT32: 6,
  INT64: 7,
  STRING: 8,
  BOOL: 9,
  FLOAT16: 10,
  DOUBLE: 11,
  UINT32: 12,
  UINT64: 13,
  COMPLEX64: 14,
  COMPLEX128: 15,
  BFLOAT16: 16,
  FLOAT8E4M3FN: 17,
  FLOAT8E4M3FNUZ: 18,
  FLOAT8E5M2: 19,
  FLOAT8E5M2FNUZ: 20,
  UINT4: 21,
  INT4: 22,
  FLOAT4E2M1: 23,
  FLOAT8E8M0: 24,
  UINT2: 25,
  INT2: 26,
} as const;

/** How the elements of a type are to be understood. */
export type ElementKind = 'float' | 'int' | 'uint' | 'bool' | 'complex' | 'string';

/** Which typed field of a tensor may carry elements of a type instead of raw_data. */
export type TypedField = 'floatData' | 'int32Data' | 'int64Data' | 'doubleData' | 'uint64Data' | 'stringData';

/** One row of the data-type table. */
export interface DataTypeInfo {
  /** The number on the wire, e.g. 1. */
  readonly dataType: number;
  /** Lower-case name, e.g. `float`, `int8`, `float8e4m3fn`. */
  readonly name: string;
  readonly kind: ElementKind;
  /** Bits of one element in raw_data (a complex number counts as one element); 0 for strings. */
  readonly bits: number;
  readonly typedField: TypedField;
}

const rows: readonly (readonly [type: keyof typeof DataType, kind: ElementKind, bits: number, typed: TypedField])[] = [
  ['FLOAT', 'float', 32, 'floatData'],
  ['UINT8', 'uint', 8, 'int32Data'],
  ['INT8', 'int', 8, 'int32Data'],
  ['UINT16', 'uint', 16, 'int32Data'],
  ['INT16', 'int', 16, 'int32Data'],
  ['INT32', 'int', 32, 'int32Data'],
  ['INT64', 'int', 64, 'int64Data'],
  ['STRING', 'string', 0, 'stringData'],
  ['BOOL', 'bool', 8, 'int32Data'],
  ['FLOAT16', 'float', 16, 'int32Data'],
  ['DOUBLE', 'float', 64, 'doubleData'],
  ['UINT32', 'uint', 32, 'uint64Data'],
  ['UINT64', 'uint', 64, 'uint64Data'],
  ['COMPLEX64', 'complex', 64, 'floatData'],
  ['COMPLEX128', 'complex', 128, 'doubleData'],
  ['BFLOAT16', 'float', 16, 'int32Data'],
  ['FLOAT8E4M3FN', 'float', 8, 'int32Data'],
  ['FLOAT8E4M3FNUZ', 'float', 8, 'int32Data'],
  ['FLOAT8E5M2', 'float', 8, 'int32Data'],
  ['FLOAT8E5M2FNUZ', 'float', 8, 'int32Data'],
  ['UINT4', 'uint', 4, 'int32Data'],
  ['INT4', 'int', 4, 'int32Data'],
  ['FLOAT4E2M1', 'float', 4, 'int32Data'],
  ['FLOAT8E8M0', 'float', 8, 'int32Data'],
  ['UINT2', 'uint', 2, 'int32Data'],
  ['INT2', 'int', 2, 'int32Data'],
];

/** Every data type with a defined layout, in the order of its number. */
export const dataTypes: readonly DataTypeInfo[] = rows.map(([type, kind, bits, typedField]) =>
  Object.freeze({ dataType: DataType[type], name: type.toLowerCase(), kind, bits, typedField }),
);

const byNumber: ReadonlyMap<number, DataTypeInfo> = new Map(dataTypes.map((info) => [info.dataType, info]));

/** Row of the table, or `undefined` for a number this package does not know. */
export function findDataType(dataType: number): DataTypeInfo | undefined {
  return byNumber.get(dataType);
}

/** `float`, `int8`, …; `data type 99` for a number this package does not know. */
export function dataTypeName(dataType: number): string {
  return byNumber.get(dataType)?.name ?? `data type ${dataType}`;
}

/**
 * Row of the table.
 *
 * @throws {ModelFormatError} for a number this package does not know
 */
export function dataTypeInfo(dataType: number): DataTypeInfo {
  const info = byNumber.get(dataType);
  if (info !== undefined) return info;
  throw new ModelFormatError({
    operation: '[onnx] dataTypeInfo',
    expected: `a data type from 1 to ${dataTypes.length}`,
    received: `${dataType}`,
  });
}
