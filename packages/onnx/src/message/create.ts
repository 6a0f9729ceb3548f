import { create } from '@bufbuild/protobuf';
import {
  type AttributeProto,
  type GraphProto,
  GraphProtoSchema,
  type ModelProto,
  ModelProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  type TensorProto,
  type TypeProto,
  TypeProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from '../generated/onnx_pb';

/** What a node is made of. */
export interface NodeOptions {
  readonly opType: string;
  /** Value names; `''` skips an optional input. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly name?: string;
  /** Operator domain; leave out for ai.onnx. */
  readonly domain?: string;
  readonly attributes?: readonly AttributeProto[];
}

/** New node. Fields left out stay unwritten. */
export function createNode(options: NodeOptions): NodeProto {
  const node = create(NodeProtoSchema, {
    input: [...options.inputs],
    output: [...options.outputs],
    opType: options.opType,
    attribute: [...(options.attributes ?? [])],
  });
  if (options.name !== undefined) node.name = options.name;
  if (options.domain !== undefined && options.domain !== '') node.domain = options.domain;
  return node;
}

/** Size of one axis: a number, a symbolic name, or `undefined` when nothing is known. */
export type AxisSize = number | bigint | string | undefined;

/**
 * Tensor type with shape; `shape === undefined` means the rank itself is unknown.
 *
 * @param elementType - data type number, e.g. `DataType.FLOAT`
 */
export function createTensorType(elementType: number, shape?: readonly AxisSize[]): TypeProto {
  const dim = shape?.map((size) => {
    if (size === undefined) return {};
    if (typeof size === 'string') return { value: { case: 'dimParam' as const, value: size } };
    return { value: { case: 'dimValue' as const, value: BigInt(size) } };
  });
  const value = dim === undefined ? { elemType: elementType } : { elemType: elementType, shape: { dim } };
  return create(TypeProtoSchema, { value: { case: 'tensorType', value } });
}

/** Name and tensor type of a graph input, output or inner value. */
export function createValueInfo(name: string, elementType: number, shape?: readonly AxisSize[]): ValueInfoProto {
  return create(ValueInfoProtoSchema, { name, type: createTensorType(elementType, shape) });
}

/** What a graph is made of. */
export interface GraphOptions {
  /** Must not be empty: runtimes and checkers refuse a nameless graph. */
  readonly name: string;
  readonly nodes: readonly NodeProto[];
  readonly inputs: readonly ValueInfoProto[];
  readonly outputs: readonly ValueInfoProto[];
  readonly initializers?: readonly TensorProto[];
  readonly valueInfo?: readonly ValueInfoProto[];
}

/** New graph holding the given messages (not copies). */
export function createGraph(options: GraphOptions): GraphProto {
  return create(GraphProtoSchema, {
    name: options.name,
    node: [...options.nodes],
    input: [...options.inputs],
    output: [...options.outputs],
    initializer: [...(options.initializers ?? [])],
    valueInfo: [...(options.valueInfo ?? [])],
  });
}

/** What a model is made of. */
export interface ModelOptions {
  readonly graph: GraphProto;
  /** Version of each operator set by domain (`''` is ai.onnx), e.g. `{ '': 17 }`. */
  readonly opsets: Readonly<Record<string, number>>;
  readonly irVersion: number;
  readonly producerName?: string;
  readonly producerVersion?: string;
}

/** New model around a graph. */
export function createModel(options: ModelOptions): ModelProto {
  const model = create(ModelProtoSchema, {
    irVersion: BigInt(options.irVersion),
    graph: options.graph,
    opsetImport: Object.entries(options.opsets).map(([domain, version]) =>
      create(OperatorSetIdProtoSchema, { domain, version: BigInt(version) }),
    ),
  });
  if (options.producerName !== undefined) model.producerName = options.producerName;
  if (options.producerVersion !== undefined) model.producerVersion = options.producerVersion;
  return model;
}
