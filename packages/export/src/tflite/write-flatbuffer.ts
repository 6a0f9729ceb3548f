import { elementCount } from '@bitwright/core';
import { Builder, type Offset } from 'flatbuffers';
import type { TfliteGraph, TfliteOperator, TfliteQuantization, TfliteTensor } from './graph';
import { type OptionField, type OptionValue, operatorSchemas } from './schema/operators';
import { tensorTypes } from './schema/tensor-types';

/** Version of the schema, field Model.version. */
export const schemaVersion = 3;
export const fileIdentifier = 'TFL3';

/** Constants are aligned so that kernels can read them in place. */
const dataAlignment = 16;
/** Largest code the old int8 field of an operator code can hold. */
const largestDeprecatedCode = 127;
const metadataName = 'min_runtime_version';
/** What TensorFlow 2.21's converter reports for a network of these operators. */
const minimumRuntime = '2.9.0';

/**
 * A TFLite model file: FlatBuffers, file identifier TFL3, one subgraph, buffer 0 empty.
 *
 * Constants are made one after the other while they are written.
 */
export function writeFlatbuffer(graph: TfliteGraph): Uint8Array {
  const builder = new Builder(expectedBytes(graph));
  const { offsets: buffers, indices } = writeBuffers(builder, graph.tensors);
  const codes = operatorCodes(graph.operators);
  const subgraph = writeSubgraph(builder, graph, indices, codes);
  const subgraphs = writeOffsets(builder, [subgraph]);
  const codeTable = writeOffsets(
    builder,
    [...codes.values()].map(({ kind, version }) => writeOperatorCode(builder, operatorSchemas[kind].code, version)),
  );
  const metadata = writeOffsets(builder, [writeMetadata(builder, buffers.length - 1)]);
  const signature = writeOffsets(builder, [writeSignature(builder, graph)]);
  const bufferTable = writeOffsets(builder, buffers);
  const description = builder.createString(graph.description);
  builder.startObject(8);
  builder.addFieldInt32(0, schemaVersion, 0);
  builder.addFieldOffset(1, codeTable, 0);
  builder.addFieldOffset(2, subgraphs, 0);
  builder.addFieldOffset(3, description, 0);
  builder.addFieldOffset(4, bufferTable, 0);
  builder.addFieldOffset(6, metadata, 0);
  builder.addFieldOffset(7, signature, 0);
  builder.finish(builder.endObject(), fileIdentifier);
  return builder.asUint8Array();
}

// — internals —

/** Constants plus what tables take: an estimate that spares the builder from growing, which would copy everything. */
function expectedBytes({ tensors, operators }: TfliteGraph): number {
  const constants = tensors.reduce((sum, { data, type, shape }) => {
    const count = data === undefined ? 0 : elementCount(shape);
    return sum + Math.ceil((count * tensorTypes[type].bits) / 8) + dataAlignment;
  }, 0);
  const scales = tensors.reduce((sum, { quantization }) => sum + 12 * (quantization?.scale.length ?? 0), 0);
  return constants + scales + 512 * (tensors.length + operators.length) + 4096;
}

function writeBuffers(
  builder: Builder,
  tensors: readonly TfliteTensor[],
): { readonly offsets: readonly Offset[]; readonly indices: readonly number[] } {
  const offsets = [writeBuffer(builder, undefined)];
  const indices = tensors.map(({ data }) => {
    if (data === undefined) return 0;
    offsets.push(writeBuffer(builder, data()));
    return offsets.length - 1;
  });
  const runtime = new Uint8Array(16);
  runtime.set(new TextEncoder().encode(minimumRuntime));
  offsets.push(writeBuffer(builder, runtime));
  return { offsets, indices };
}

function writeBuffer(builder: Builder, data: Uint8Array | undefined): Offset {
  let vector = 0;
  if (data !== undefined) {
    builder.prep(dataAlignment, data.length);
    vector = builder.createByteVector(data);
  }
  builder.startObject(3);
  if (vector !== 0) builder.addFieldOffset(0, vector, 0);
  return builder.endObject();
}

/** One entry per operator type and version, in order of appearance. */
function operatorCodes(
  operators: readonly TfliteOperator[],
): ReadonlyMap<string, Pick<TfliteOperator, 'kind' | 'version'> & { readonly index: number }> {
  const codes = new Map<string, Pick<TfliteOperator, 'kind' | 'version'> & { readonly index: number }>();
  for (const { kind, version } of operators) {
    const key = codeKey(kind, version);
    if (!codes.has(key)) codes.set(key, { kind, version, index: codes.size });
  }
  return codes;
}

function codeKey(kind: string, version: number): string {
  return `${kind} ${version}`;
}

function writeOperatorCode(builder: Builder, code: number, version: number): Offset {
  builder.startObject(4);
  builder.addFieldInt8(0, Math.min(code, largestDeprecatedCode), 0);
  builder.addFieldInt32(2, version, 1);
  builder.addFieldInt32(3, code, 0);
  return builder.endObject();
}

function writeSubgraph(
  builder: Builder,
  graph: TfliteGraph,
  buffers: readonly number[],
  codes: ReturnType<typeof operatorCodes>,
): Offset {
  const tensors = writeOffsets(
    builder,
    graph.tensors.map((tensor, i) => writeTensor(builder, tensor, buffers[i] ?? 0)),
  );
  const operators = writeOffsets(
    builder,
    graph.operators.map((each) =>
      writeOperator(builder, each, codes.get(codeKey(each.kind, each.version))?.index ?? 0),
    ),
  );
  const inputs = writeInt32s(builder, graph.inputs);
  const outputs = writeInt32s(builder, graph.outputs);
  const name = builder.createString('main');
  builder.startObject(5);
  builder.addFieldOffset(0, tensors, 0);
  builder.addFieldOffset(1, inputs, 0);
  builder.addFieldOffset(2, outputs, 0);
  builder.addFieldOffset(3, operators, 0);
  builder.addFieldOffset(4, name, 0);
  return builder.endObject();
}

function writeTensor(builder: Builder, tensor: TfliteTensor, buffer: number): Offset {
  const shape = writeInt32s(builder, tensor.shape);
  const signature = tensor.signature === undefined ? 0 : writeInt32s(builder, tensor.signature);
  const name = builder.createString(tensor.name);
  const quantization = tensor.quantization === undefined ? 0 : writeQuantization(builder, tensor.quantization);
  builder.startObject(9);
  builder.addFieldOffset(0, shape, 0);
  builder.addFieldInt8(1, tensorTypes[tensor.type].code, 0);
  builder.addFieldInt32(2, buffer, 0);
  builder.addFieldOffset(3, name, 0);
  builder.addFieldOffset(4, quantization, 0);
  builder.addFieldOffset(7, signature, 0);
  builder.addFieldInt8(8, 1, 0);
  return builder.endObject();
}

function writeQuantization(builder: Builder, { scale, zeroPoint, dimension }: TfliteQuantization): Offset {
  builder.startVector(4, scale.length, 4);
  for (let i = scale.length - 1; i >= 0; i--) builder.addFloat32(scale[i] as number);
  const scales = builder.endVector();
  builder.startVector(8, zeroPoint.length, 8);
  for (let i = zeroPoint.length - 1; i >= 0; i--) builder.addInt64(BigInt(zeroPoint[i] as number));
  const zeroPoints = builder.endVector();
  builder.startObject(7);
  builder.addFieldOffset(2, scales, 0);
  builder.addFieldOffset(3, zeroPoints, 0);
  builder.addFieldInt32(6, dimension, 0);
  return builder.endObject();
}

function writeOperator(builder: Builder, { kind, inputs, outputs, options }: TfliteOperator, code: number): Offset {
  const { optionsType, fields } = operatorSchemas[kind];
  const table = optionsType === 0 ? 0 : writeOptions(builder, fields, options);
  const inputVector = writeInt32s(builder, inputs);
  const outputVector = writeInt32s(builder, outputs);
  builder.startObject(6);
  builder.addFieldInt32(0, code, 0);
  builder.addFieldOffset(1, inputVector, 0);
  builder.addFieldOffset(2, outputVector, 0);
  builder.addFieldInt8(3, optionsType, 0);
  builder.addFieldOffset(4, table, 0);
  return builder.endObject();
}

function writeOptions(
  builder: Builder,
  fields: Readonly<Record<string, OptionField>>,
  options: Readonly<Record<string, OptionValue>>,
): Offset {
  const entries = Object.entries(fields);
  const vectors = new Map(
    entries.flatMap(([name]) => {
      const value = options[name];
      return Array.isArray(value) ? [[name, writeInt32s(builder, value as readonly number[])] as const] : [];
    }),
  );
  builder.startObject(Math.max(0, ...entries.map(([, { slot }]) => slot + 1)));
  for (const [name, { slot, kind, otherwise }] of entries) {
    const value = options[name] ?? otherwise;
    if (kind === 'int32s') builder.addFieldOffset(slot, vectors.get(name) ?? 0, 0);
    else if (kind === 'float32') builder.addFieldFloat32(slot, Number(value), Number(otherwise));
    else if (kind === 'int32') builder.addFieldInt32(slot, Number(value), Number(otherwise));
    else builder.addFieldInt8(slot, Number(value), Number(otherwise));
  }
  return builder.endObject();
}

function writeMetadata(builder: Builder, buffer: number): Offset {
  const name = builder.createString(metadataName);
  builder.startObject(2);
  builder.addFieldOffset(0, name, 0);
  builder.addFieldInt32(1, buffer, 0);
  return builder.endObject();
}

/** The signature under which runtimes list inputs and outputs by name. */
function writeSignature(builder: Builder, { inputs, outputs, tensors }: TfliteGraph): Offset {
  const entry = (index: number): Offset => {
    const name = builder.createString(tensors[index]?.name ?? '');
    builder.startObject(2);
    builder.addFieldOffset(0, name, 0);
    builder.addFieldInt32(1, index, 0);
    return builder.endObject();
  };
  const inputMap = writeOffsets(builder, inputs.map(entry));
  const outputMap = writeOffsets(builder, outputs.map(entry));
  const key = builder.createString('serving_default');
  builder.startObject(5);
  builder.addFieldOffset(0, inputMap, 0);
  builder.addFieldOffset(1, outputMap, 0);
  builder.addFieldOffset(2, key, 0);
  return builder.endObject();
}

function writeOffsets(builder: Builder, offsets: readonly Offset[]): Offset {
  builder.startVector(4, offsets.length, 4);
  for (let i = offsets.length - 1; i >= 0; i--) builder.addOffset(offsets[i] as Offset);
  return builder.endVector();
}

function writeInt32s(builder: Builder, values: readonly number[]): Offset {
  builder.startVector(4, values.length, 4);
  for (let i = values.length - 1; i >= 0; i--) builder.addInt32(values[i] as number);
  return builder.endVector();
}
