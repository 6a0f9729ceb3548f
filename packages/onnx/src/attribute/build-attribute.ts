import { create } from '@bufbuild/protobuf';
import { type AttributeProto, AttributeProtoSchema, type GraphProto, type TensorProto } from '../generated/onnx_pb';
import { AttributeType } from './attribute-type';

const utf8 = /* @__PURE__ */ new TextEncoder();

/** One int64. */
export function intAttribute(name: string, value: number | bigint): AttributeProto {
  return create(AttributeProtoSchema, { name, type: AttributeType.INT, i: BigInt(value) });
}

/** A list of int64. */
export function intsAttribute(name: string, values: readonly (number | bigint)[]): AttributeProto {
  return create(AttributeProtoSchema, { name, type: AttributeType.INTS, ints: values.map(BigInt) });
}

/** One float32; the value is rounded to float32 when the model is written. */
export function floatAttribute(name: string, value: number): AttributeProto {
  return create(AttributeProtoSchema, { name, type: AttributeType.FLOAT, f: value });
}

/** A list of float32. */
export function floatsAttribute(name: string, values: Iterable<number>): AttributeProto {
  return create(AttributeProtoSchema, { name, type: AttributeType.FLOATS, floats: [...values] });
}

/** UTF-8 text. */
export function stringAttribute(name: string, value: string): AttributeProto {
  return create(AttributeProtoSchema, { name, type: AttributeType.STRING, s: utf8.encode(value) });
}

/** A list of UTF-8 texts. */
export function stringsAttribute(name: string, values: readonly string[]): AttributeProto {
  return create(AttributeProtoSchema, {
    name,
    type: AttributeType.STRINGS,
    strings: values.map((value) => utf8.encode(value)),
  });
}

/** A dense tensor (held, not copied). */
export function tensorAttribute(name: string, value: TensorProto): AttributeProto {
  return create(AttributeProtoSchema, { name, type: AttributeType.TENSOR, t: value });
}

/** A subgraph (held, not copied), as in If, Loop and Scan. */
export function graphAttribute(name: string, value: GraphProto): AttributeProto {
  return create(AttributeProtoSchema, { name, type: AttributeType.GRAPH, g: value });
}
