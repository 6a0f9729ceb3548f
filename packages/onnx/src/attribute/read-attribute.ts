import { ModelFormatError } from '@bitwright/core';
import { isFieldSet } from '@bufbuild/protobuf';
import {
  type AttributeProto,
  AttributeProtoSchema,
  type GraphProto,
  type NodeProto,
  type TensorProto,
} from '../generated/onnx_pb';
import { AttributeType, attributeTypeName } from './attribute-type';

const utf8 = /* @__PURE__ */ new TextDecoder();

/** The attribute called `name`, or `undefined`. */
export function findAttribute(node: NodeProto, name: string): AttributeProto | undefined {
  return node.attribute.find((attribute) => attribute.name === name);
}

function wrongAttribute(node: NodeProto, name: string, expected: string, received: string): ModelFormatError {
  const at = node.name === '' ? `output ${JSON.stringify(node.output[0] ?? '')}` : JSON.stringify(node.name);
  return new ModelFormatError({
    operation: '[onnx] read attribute',
    expected: `attribute "${name}" of ${node.opType} node ${at} to hold ${expected}`,
    received,
  });
}

/** Files older than IR version 2 leave `type` out; then the field that is present decides. */
function storedType(attribute: AttributeProto): number {
  if (attribute.type !== AttributeType.UNDEFINED) return attribute.type;
  const { field } = AttributeProtoSchema;
  if (isFieldSet(attribute, field.f)) return AttributeType.FLOAT;
  if (isFieldSet(attribute, field.i)) return AttributeType.INT;
  if (isFieldSet(attribute, field.s)) return AttributeType.STRING;
  if (attribute.t !== undefined) return AttributeType.TENSOR;
  if (attribute.g !== undefined) return AttributeType.GRAPH;
  if (attribute.floats.length > 0) return AttributeType.FLOATS;
  if (attribute.ints.length > 0) return AttributeType.INTS;
  if (attribute.strings.length > 0) return AttributeType.STRINGS;
  return AttributeType.UNDEFINED;
}

function expectAttribute(node: NodeProto, name: string, type: number): AttributeProto | undefined {
  const attribute = findAttribute(node, name);
  if (attribute === undefined) return undefined;
  if (attribute.refAttrName !== '') {
    const received = `a reference to the function attribute "${attribute.refAttrName}", which has a value only at the call`;
    throw wrongAttribute(node, name, attributeTypeName(type), received);
  }
  const stored = storedType(attribute);
  if (stored !== type) throw wrongAttribute(node, name, attributeTypeName(type), attributeTypeName(stored));
  return attribute;
}

function toSafeInteger(node: NodeProto, name: string, value: bigint): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw wrongAttribute(node, name, 'integers within ±(2^53 − 1)', `${value}`);
  return number;
}

/**
 * Value of an INT attribute; `fallback` when the node does not have it.
 *
 * @throws {ModelFormatError} when the attribute has another type or does not fit a safe integer
 */
export function getInt(node: NodeProto, name: string): number | undefined;
export function getInt(node: NodeProto, name: string, fallback: number): number;
export function getInt(node: NodeProto, name: string, fallback?: number): number | undefined {
  const attribute = expectAttribute(node, name, AttributeType.INT);
  return attribute === undefined ? fallback : toSafeInteger(node, name, attribute.i);
}

/**
 * Values of an INTS attribute; `fallback` when the node does not have it.
 *
 * @throws {ModelFormatError} when the attribute has another type or a value is no safe integer
 */
export function getInts(node: NodeProto, name: string): number[] | undefined;
export function getInts(node: NodeProto, name: string, fallback: readonly number[]): number[];
export function getInts(node: NodeProto, name: string, fallback?: readonly number[]): number[] | undefined {
  const attribute = expectListAttribute(node, name, AttributeType.INTS);
  if (attribute === undefined) return fallback === undefined ? undefined : [...fallback];
  return attribute.ints.map((value) => toSafeInteger(node, name, value));
}

/**
 * Value of a FLOAT attribute; `fallback` when the node does not have it.
 *
 * @throws {ModelFormatError} when the attribute has another type
 */
export function getFloat(node: NodeProto, name: string): number | undefined;
export function getFloat(node: NodeProto, name: string, fallback: number): number;
export function getFloat(node: NodeProto, name: string, fallback?: number): number | undefined {
  return expectAttribute(node, name, AttributeType.FLOAT)?.f ?? fallback;
}

/**
 * Values of a FLOATS attribute; `fallback` when the node does not have it.
 *
 * @throws {ModelFormatError} when the attribute has another type
 */
export function getFloats(node: NodeProto, name: string): number[] | undefined;
export function getFloats(node: NodeProto, name: string, fallback: readonly number[]): number[];
export function getFloats(node: NodeProto, name: string, fallback?: readonly number[]): number[] | undefined {
  const values = expectListAttribute(node, name, AttributeType.FLOATS)?.floats ?? fallback;
  return values === undefined ? undefined : [...values];
}

/**
 * Text of a STRING attribute; `fallback` when the node does not have it.
 *
 * @throws {ModelFormatError} when the attribute has another type
 */
export function getString(node: NodeProto, name: string): string | undefined;
export function getString(node: NodeProto, name: string, fallback: string): string;
export function getString(node: NodeProto, name: string, fallback?: string): string | undefined {
  const attribute = expectAttribute(node, name, AttributeType.STRING);
  return attribute === undefined ? fallback : utf8.decode(attribute.s);
}

/**
 * Texts of a STRINGS attribute, or `undefined`.
 *
 * @throws {ModelFormatError} when the attribute has another type
 */
export function getStrings(node: NodeProto, name: string): string[] | undefined {
  return expectListAttribute(node, name, AttributeType.STRINGS)?.strings.map((text) => utf8.decode(text));
}

/**
 * Tensor of a TENSOR attribute (held, not copied), or `undefined`.
 *
 * @throws {ModelFormatError} when the attribute has another type
 */
export function getTensor(node: NodeProto, name: string): TensorProto | undefined {
  return expectAttribute(node, name, AttributeType.TENSOR)?.t;
}

/**
 * Subgraph of a GRAPH attribute (held, not copied), or `undefined`.
 *
 * @throws {ModelFormatError} when the attribute has another type
 */
export function getGraph(node: NodeProto, name: string): GraphProto | undefined {
  return expectAttribute(node, name, AttributeType.GRAPH)?.g;
}

/** An empty list without a written type leaves no trace on the wire, so it counts as any list type. */
function expectListAttribute(node: NodeProto, name: string, type: number): AttributeProto | undefined {
  const attribute = findAttribute(node, name);
  const isBare = attribute !== undefined && attribute.refAttrName === '' && storedType(attribute) === 0;
  return isBare ? attribute : expectAttribute(node, name, type);
}
