import { UnsupportedOperatorError } from '@bitwright/core';
import {
  bodyGraphs,
  copyModel,
  createNode,
  createValueInfo,
  DataType,
  type ExternalDataReader,
  type Graph,
  intAttribute,
  type Model,
  type Node,
  nodeLabel,
  opsetVersion,
  type Tensor,
  type ValueInfo,
} from '@bitwright/onnx';
import { requireGraph } from '../onnx-qdq/require-graph';
import {
  definingScope,
  type GraphScope,
  graphScopes,
  type NameAllocator,
  nameAllocator,
} from '../weight-only/graph-scopes';
import { type Float32Places, float32Places, isKept, keepAll } from './float32-operators';
import { narrowAttributes } from './narrow-attributes';
import { narrowTensor, type OverflowRule } from './narrow-tensor';
import { type TypeOf, valueTypes } from './value-types';

export interface Float16Options {
  /** Inputs and outputs of the model stay float32, with a Cast behind and before them. Default true. */
  readonly keepsIo?: boolean | undefined;
  /** Nodes that compute in float32, between Casts. */
  readonly isKept?: ((node: Node) => boolean) | undefined;
  /** Default `masks`. */
  readonly overflow?: OverflowRule | undefined;
  readonly readExternal?: ExternalDataReader | undefined;
}

/** What the conversion did besides changing types. */
export interface Float16Changes {
  /** Tensors with values clamped to ±65504, and how many. */
  readonly clamped: readonly { readonly name: string; readonly count: number }[];
  /** Tiny scalars raised to 2^−23 because 0 would divide by zero. */
  readonly raised: readonly string[];
  /** Values of larger tensors that became 0. */
  readonly flushedToZero: number;
  /** Nodes that stay float32, wholly or in part. */
  readonly float32Nodes: readonly { readonly node: string; readonly opType: string; readonly reason: string }[];
}

export interface Float16Result {
  readonly model: Model;
  readonly changes: Float16Changes;
}

/**
 * Turns every float32 tensor and value of a model into float16, in body graphs too. What has no float16 form (specification) or is
 * kept on request computes in float32 between Casts; float32 constants only such places read stay float32.
 *
 * @throws {ExportError} when a constant does not fit float16 (see {@link OverflowRule})
 * @throws {UnsupportedOperatorError} when the model holds function bodies
 */
export function convertToFloat16(model: Model, options: Float16Options = {}): Float16Result {
  assertNoFunctions(model);
  const original = requireGraph(model, '[export] convertToFloat16');
  const scopes = graphScopes(original);
  const copy = copyModel(model);
  const conversion: Conversion = {
    options,
    opset: opsetVersion(model),
    names: nameAllocator(scopes),
    typeOf: valueTypes(model, scopes),
    scopeOf: new Map(scopes.map((scope) => [scope.graph, scope])),
    renamed: new Map(),
    float32: new Map(),
    changes: { clamped: [], raised: [], flushedToZero: 0, float32Nodes: [] },
  };
  convertGraph(original, requireGraph(copy, '[export] convertToFloat16'), conversion);
  return { model: copy, changes: conversion.changes };
}

// — internals —

interface Conversion {
  readonly options: Float16Options;
  readonly opset: number;
  readonly names: NameAllocator;
  readonly typeOf: TypeOf;
  readonly scopeOf: ReadonlyMap<Graph, GraphScope>;
  /** Values of the main graph under another name: model inputs behind their Cast, model outputs before theirs. */
  readonly renamed: Map<string, string>;
  /** Names that hold a value in float32, by graph. */
  readonly float32: Map<GraphScope, Map<string, string>>;
  readonly changes: {
    clamped: { name: string; count: number }[];
    raised: string[];
    flushedToZero: number;
    float32Nodes: { node: string; opType: string; reason: string }[];
  };
}

function convertGraph(original: Graph, copy: Graph, conversion: Conversion): void {
  const { options, names, typeOf } = conversion;
  const scope = conversion.scopeOf.get(original) as GraphScope;
  const keepsIo = scope.parent === undefined && options.keepsIo !== false;
  const before: Node[] = [];
  const after: Node[] = [];
  const aliases = new Map<string, string>();
  conversion.float32.set(scope, aliases);
  if (keepsIo) {
    for (const input of original.input) {
      if (typeOf(scope, input.name) !== DataType.FLOAT) continue;
      const name = names.value(`${input.name}_float16`);
      conversion.renamed.set(input.name, name);
      aliases.set(input.name, input.name);
      before.push(castNode(input.name, name, DataType.FLOAT16, names));
    }
    for (const output of original.output) {
      if (typeOf(scope, output.name) !== DataType.FLOAT) continue;
      const source = conversion.renamed.get(output.name) ?? names.value(`${output.name}_float16`);
      conversion.renamed.set(output.name, source);
    }
  } else {
    copy.input = original.input.map(narrowInfo);
  }
  copy.initializer = original.initializer.flatMap((tensor) => narrowInitializer(tensor, scope, conversion));
  const nodes: Node[] = [];
  original.node.forEach((node, i) => {
    nodes.push(...convertNode(node, copy.node[i] as Node, scope, conversion));
  });
  if (keepsIo) {
    for (const output of original.output) {
      const source = conversion.renamed.get(output.name);
      if (source === undefined || typeOf(scope, output.name) !== DataType.FLOAT) continue;
      const wide = aliases.get(output.name);
      after.push(
        wide === undefined
          ? castNode(source, output.name, DataType.FLOAT, names)
          : createNode({
              opType: 'Identity',
              name: names.node(`${output.name}_copy`),
              inputs: [wide],
              outputs: [output.name],
            }),
      );
    }
  }
  copy.node = [...before, ...nodes, ...after];
  if (!keepsIo) copy.output = original.output.map(narrowInfo);
  copy.valueInfo = original.valueInfo.filter((info) => !conversion.renamed.has(info.name)).map(narrowInfo);
}

function convertNode(node: Node, copy: Node, scope: GraphScope, conversion: Conversion): readonly Node[] {
  const { names, options, opset, typeOf, renamed } = conversion;
  const bodies = bodyGraphs(node);
  bodyGraphs(copy).forEach((body, i) => {
    convertGraph((bodies[i] as { graph: Graph }).graph, body.graph, conversion);
  });
  const isWanted = bodies.length === 0 && node.opType !== 'Constant' && options.isKept?.(node) === true;
  const places = isWanted ? keepAll : bodies.length > 0 ? undefined : float32Places(node, opset);
  const rename = (name: string): string => (isOfMain(scope, name) ? (renamed.get(name) ?? name) : name);
  copy.input = node.input.map(rename);
  copy.output = node.output.map(rename);
  if (places === undefined) {
    const constant = scope.constants.get(node.output[0] ?? '')?.tensor;
    narrowAttributes(copy, node, constant, (tensor, label) => narrow(tensor, conversion, label));
    return [copy];
  }
  const before: Node[] = [];
  const after: Node[] = [];
  node.input.forEach((name, i) => {
    if (name === '' || !isKept(places.inputs, i) || typeOf(scope, name) !== DataType.FLOAT) return;
    copy.input[i] = float32Name(name, copy.input[i] as string, scope, conversion, before);
  });
  node.output.forEach((name, i) => {
    if (name === '' || !isKept(places.outputs, i) || typeOf(scope, name) !== DataType.FLOAT) return;
    const wide = names.value(`${name}_float32`);
    conversion.float32.get(scope)?.set(name, wide);
    after.push(castNode(wide, copy.output[i] as string, DataType.FLOAT16, names));
    copy.output[i] = wide;
  });
  if (before.length > 0 || after.length > 0 || isWanted) {
    const reason = isWanted ? 'kept on request' : 'no float16 form is specified';
    conversion.changes.float32Nodes.push({ node: nodeLabel(node), opType: node.opType, reason });
  }
  return [...before, copy, ...after];
}

/** Name of a value in float32: an earlier one, a constant's own, or a new Cast. */
function float32Name(
  name: string,
  narrowName: string,
  scope: GraphScope,
  { float32, names, typeOf }: Conversion,
  before: Node[],
): string {
  for (let at: GraphScope | undefined = scope; at !== undefined; at = at.parent) {
    const known = float32.get(at)?.get(name);
    if (known !== undefined) return known;
    if (at.defined.has(name)) break;
  }
  if (typeOf(scope, name) !== DataType.FLOAT) return narrowName;
  const wide = names.value(`${name}_float32`);
  float32.get(scope)?.set(name, wide);
  before.push(castNode(narrowName, wide, DataType.FLOAT, names));
  return wide;
}

/** The initializer in float16; beside or instead of it the float32 one where float32 places read it. */
function narrowInitializer(tensor: Tensor, scope: GraphScope, conversion: Conversion): readonly Tensor[] {
  if (tensor.dataType !== DataType.FLOAT) return [tensor];
  const { options, opset, names } = conversion;
  let isWide = false;
  let isNarrow = scope.graph.output.some((output) => output.name === tensor.name);
  for (const { node, input } of scope.readers.get(tensor.name) ?? []) {
    const places: Float32Places | undefined =
      node === undefined || bodyGraphs(node).length > 0
        ? undefined
        : options.isKept?.(node) === true
          ? keepAll
          : float32Places(node, opset);
    if (places !== undefined && isKept(places.inputs, input)) isWide = true;
    else isNarrow = true;
  }
  const aliases = conversion.float32.get(scope);
  if (isWide && !isNarrow) {
    aliases?.set(tensor.name, tensor.name);
    return [tensor];
  }
  const narrowed = narrow(tensor, conversion);
  if (!isWide) return [narrowed];
  const name = names.value(`${tensor.name}_float32`);
  aliases?.set(tensor.name, name);
  return [narrowed, Object.assign(copyTensor(tensor), { name })];
}

function narrow(tensor: Tensor, { options, changes }: Conversion, label = tensor.name): Tensor {
  const result = narrowTensor(tensor, options.overflow ?? 'masks', options.readExternal);
  if (result.clamped > 0) changes.clamped.push({ name: label, count: result.clamped });
  if (result.isRaised) changes.raised.push(label);
  changes.flushedToZero += result.flushed;
  return result.tensor;
}

function copyTensor(tensor: Tensor): Tensor {
  return Object.assign(Object.create(Object.getPrototypeOf(tensor) as object) as Tensor, tensor);
}

function castNode(from: string, to: string, type: number, names: NameAllocator): Node {
  const attributes = [intAttribute('to', type)];
  return createNode({ opType: 'Cast', name: names.node(`${to}_cast`), inputs: [from], outputs: [to], attributes });
}

function isOfMain(scope: GraphScope, name: string): boolean {
  return definingScope(scope, name)?.parent === undefined;
}

/** The same declaration with float16 for float32. */
function narrowInfo(info: ValueInfo): ValueInfo {
  const type = info.type?.value;
  if (type?.case !== 'tensorType' || type.value.elemType !== DataType.FLOAT) return info;
  const narrowed = createValueInfo(info.name, DataType.FLOAT16);
  if (narrowed.type?.value.case === 'tensorType' && type.value.shape !== undefined) {
    narrowed.type.value.value.shape = type.value.shape;
  }
  return narrowed;
}

function assertNoFunctions(model: Model): void {
  const [first] = model.functions;
  if (first === undefined) return;
  throw new UnsupportedOperatorError({
    operation: '[export] convertToFloat16',
    expected: 'a model without function bodies',
    received: `function "${first.name}"`,
    hint: 'Inline the functions of the model first.',
  });
}
