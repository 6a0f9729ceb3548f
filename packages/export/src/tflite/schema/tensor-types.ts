/** Element types of the schema, with their numbers and bits. */
export const tensorTypes = {
  FLOAT32: { code: 0, bits: 32 },
  FLOAT16: { code: 1, bits: 16 },
  INT32: { code: 2, bits: 32 },
  UINT8: { code: 3, bits: 8 },
  INT64: { code: 4, bits: 64 },
  BOOL: { code: 6, bits: 8 },
  INT16: { code: 7, bits: 16 },
  INT8: { code: 9, bits: 8 },
  FLOAT64: { code: 10, bits: 64 },
  INT4: { code: 17, bits: 4 },
} as const;

export type TensorTypeName = keyof typeof tensorTypes;

/** The type of a number of the schema; undefined for types this package does not write. */
export function tensorTypeOf(code: number): TensorTypeName | undefined {
  return (Object.keys(tensorTypes) as TensorTypeName[]).find((name) => tensorTypes[name].code === code);
}
