import { type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf';

/** How the value of a known field lies on the wire. */
export type WireShape = 'varint' | 'fixed32' | 'fixed64' | 'bytes' | 'message';

/** What the wire scanner needs to know about one field. */
export interface FieldPlan {
  readonly name: string;
  readonly shape: WireShape;
  /** True when a repeated number may also come packed. */
  readonly isPackable: boolean;
  /** Estimated JavaScript memory of one value, in bytes; text adds its length. */
  readonly cost: number;
  readonly isText: boolean;
  readonly child: DescMessage | undefined;
}

const shapes: ReadonlyMap<ScalarType, WireShape> = new Map<ScalarType, WireShape>([
  [ScalarType.FLOAT, 'fixed32'],
  [ScalarType.DOUBLE, 'fixed64'],
  [ScalarType.STRING, 'bytes'],
  [ScalarType.BYTES, 'bytes'],
]);

// Measured on V8, rounded up: an object, an empty array, a typed-array view, a bigint or string with its array slot.
const objectCost = 128;
const arrayCost = 32;
const viewCost = 160;
const boxedCost = 40;
const floatCost = 32;
const integerCost = 16;

/** Estimated memory of an unknown field that is kept for the round trip. */
export const unknownFieldCost = 256;

function scalarCost(type: ScalarType): number {
  if (type === ScalarType.BYTES) return viewCost;
  const isBoxed = type === ScalarType.STRING || type === ScalarType.INT64 || type === ScalarType.UINT64;
  if (isBoxed) return boxedCost;
  return type === ScalarType.FLOAT || type === ScalarType.DOUBLE ? floatCost : integerCost;
}

function planOf(field: DescField): FieldPlan {
  const child = field.message;
  if (child !== undefined) {
    const lists = child.fields.filter((inner) => inner.fieldKind === 'list').length;
    const cost = objectCost + lists * arrayCost;
    return { name: field.name, shape: 'message', isPackable: false, cost, isText: false, child };
  }
  const type = field.scalar ?? ScalarType.INT32;
  const shape = shapes.get(type) ?? 'varint';
  return {
    name: field.name,
    shape,
    isPackable: field.fieldKind === 'list' && shape !== 'bytes',
    cost: scalarCost(type),
    isText: type === ScalarType.STRING,
    child: undefined,
  };
}

const plans = /* @__PURE__ */ new WeakMap<DescMessage, ReadonlyMap<number, FieldPlan>>();

/** Plans of a message's fields by field number, computed once per message type. */
export function fieldPlans(message: DescMessage): ReadonlyMap<number, FieldPlan> {
  const known = plans.get(message);
  if (known !== undefined) return known;
  const plan = new Map(message.fields.map((field) => [field.number, planOf(field)]));
  plans.set(message, plan);
  return plan;
}
