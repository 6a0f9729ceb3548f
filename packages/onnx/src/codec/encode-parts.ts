import { type DescMessage, type MessageShape, toBinary } from '@bufbuild/protobuf';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import {
  type GraphProto,
  GraphProtoSchema,
  type ModelProto,
  ModelProtoSchema,
  type TensorProto,
  TensorProtoSchema,
} from '../generated/onnx_pb';
import { copyFields } from '../message/copy-fields';

/** Consecutive pieces of a serialized message; large tensor payloads appear as they are, not copied. */
export interface EncodedParts {
  readonly parts: readonly Uint8Array[];
  readonly byteLength: number;
}

/** Payloads below this many bytes are copied into their neighbours: fewer, larger pieces. */
const separatePayloadBytes = 64 * 1024;

function join(parts: readonly Uint8Array[]): EncodedParts {
  const used = parts.filter((part) => part.byteLength > 0);
  return { parts: used, byteLength: used.reduce((sum, part) => sum + part.byteLength, 0) };
}

/** Tag and length in front of a length-delimited field. */
function header(fieldNumber: number, byteLength: number): Uint8Array {
  return new BinaryWriter().tag(fieldNumber, WireType.LengthDelimited).uint32(byteLength).finish();
}

/** Serializes the fields with `from < number < to`; unknown fields go with the last range. */
function encodeRange<Desc extends DescMessage>(
  schema: Desc,
  message: MessageShape<Desc>,
  from: number,
  to: number,
): Uint8Array {
  const part = copyFields(schema, message, (field) => field.number > from && field.number < to);
  if (to !== Number.POSITIVE_INFINITY) delete part.$unknown;
  return toBinary(schema, part);
}

function tensorParts(tensor: TensorProto): EncodedParts {
  const { rawData } = tensor;
  if (rawData.byteLength < separatePayloadBytes) return join([toBinary(TensorProtoSchema, tensor)]);
  const { number } = TensorProtoSchema.field.rawData;
  return join([
    encodeRange(TensorProtoSchema, tensor, 0, number),
    header(number, rawData.byteLength),
    rawData,
    encodeRange(TensorProtoSchema, tensor, number, Number.POSITIVE_INFINITY),
  ]);
}

function graphParts(graph: GraphProto): EncodedParts {
  const { number } = GraphProtoSchema.field.initializer;
  const parts = [encodeRange(GraphProtoSchema, graph, 0, number)];
  for (const tensor of graph.initializer) {
    const encoded = tensorParts(tensor);
    parts.push(header(number, encoded.byteLength), ...encoded.parts);
  }
  parts.push(encodeRange(GraphProtoSchema, graph, number, Number.POSITIVE_INFINITY));
  return join(parts);
}

/**
 * Serializes a model as pieces whose concatenation is the canonical encoding (fields in the order of their number).
 * The payloads of large initializers of the main graph are not copied.
 */
export function encodeModelParts(model: ModelProto): EncodedParts {
  if (model.graph === undefined) return join([toBinary(ModelProtoSchema, model)]);
  const { number } = ModelProtoSchema.field.graph;
  const graph = graphParts(model.graph);
  return join([
    encodeRange(ModelProtoSchema, model, 0, number),
    header(number, graph.byteLength),
    ...graph.parts,
    encodeRange(ModelProtoSchema, model, number, Number.POSITIVE_INFINITY),
  ]);
}
