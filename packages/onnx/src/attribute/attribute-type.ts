/** What an attribute holds: the number in `Attribute.type`. */
export const AttributeType = {
  UNDEFINED: 0,
  FLOAT: 1,
  INT: 2,
  STRING: 3,
  TENSOR: 4,
  GRAPH: 5,
  FLOATS: 6,
  INTS: 7,
  STRINGS: 8,
  TENSORS: 9,
  GRAPHS: 10,
  SPARSE_TENSOR: 11,
  SPARSE_TENSORS: 12,
  TYPE_PROTO: 13,
  TYPE_PROTOS: 14,
} as const;

const names: ReadonlyMap<number, string> = new Map(Object.entries(AttributeType).map(([name, type]) => [type, name]));

/** `FLOAT`, `INTS`, …; `type 99` for a number this package does not know. */
export function attributeTypeName(type: number): string {
  return names.get(type) ?? `type ${type}`;
}
