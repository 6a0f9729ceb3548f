import type { PlanProblem, QuantizationSpec } from '@bitwright/core';
import {
  copyModel,
  createValueInfo,
  DataType,
  eliminateDeadCode,
  foldConstants,
  type GraphIndex,
  graphIndex,
  inferShapes,
  type Model,
  type Node,
  opsetVersion,
  type ValueInfo,
} from '@bitwright/onnx';
import { requireGraph } from '../../onnx-qdq/require-graph';
import { kindOf } from '../../spec-layers';
import type { TfliteGraph } from '../graph';
import { addTensor, arrange, type LoweringContext, type Mode, paramsOf, valueKey, valueNamed } from './context';
import { graphBuilder } from './graph-builder';
import { NodeRefusal } from './refusal';
import { lowerings } from './registry';
import { channelsLast, inOrder, onnxOrder, type Value } from './value';

export interface LowerOptions {
  /** Type of inputs and outputs that carry codes inside. Default `float32`. */
  readonly io: 'float32' | 'int8';
  /** Sizes of inputs that the model leaves open; the first axis of others becomes a batch of 1 that can be resized. */
  readonly shapes: Readonly<Record<string, readonly number[]>>;
}

export interface LoweredModel {
  readonly graph: TfliteGraph;
  readonly problems: readonly PlanProblem[];
  readonly notes: readonly string[];
}

/** A float model and its spec as a TFLite graph; constants are not computed yet. */
export function lowerModel(source: Model, spec: QuantizationSpec, options: LowerOptions): LoweredModel {
  const model = withFixedInputs(source, options.shapes);
  const index = graphIndex(requireGraph(model, '[export] tflite'));
  const fixed = Object.fromEntries(index.inputs.map((input) => [input.name, fixedShape(input, options.shapes)]));
  const context: LoweringContext = {
    index,
    spec,
    builder: graphBuilder(),
    opset: opsetVersion(model),
    types: inferShapes(model, { shapes: options.shapes }),
    fixedTypes: inferShapes(model, { shapes: fixed }),
    values: new Map(),
    notes: new Set(),
  };
  const problems: PlanProblem[] = [];
  const inputs = index.inputs.map((input) => addInput(context, input, options, problems));
  const needed = neededNodes(index);
  for (const node of index.nodes) if (needed.has(node)) lowerNode(node, context, problems);
  const outputs =
    problems.length > 0 ? [] : index.outputs.map((output) => addOutput(context, output.name, options, problems));
  const graph = context.builder.finish({ description: 'Made by Bitwright', inputs, outputs });
  return { graph, problems, notes: [...context.notes] };
}

// — internals —

/** The model with the sizes given; shape arithmetic that they decide is folded away, so that slices get constant bounds. */
function withFixedInputs(model: Model, shapes: LowerOptions['shapes']): Model {
  if (Object.keys(shapes).length === 0) return model;
  const fixed = copyModel(model);
  const graph = requireGraph(fixed, '[export] tflite');
  graph.input = graph.input.map((input) => {
    const dims = Object.hasOwn(shapes, input.name) ? shapes[input.name] : undefined;
    const type = input.type?.value;
    if (dims === undefined || type?.case !== 'tensorType') return input;
    return createValueInfo(input.name, type.value.elemType, dims);
  });
  return eliminateDeadCode.run(foldConstants.run(fixed).model).model;
}

/** Open axes: the first is a batch of 1, others keep their names, which operators then refuse. */
function fixedShape(
  input: ValueInfo,
  shapes: Readonly<Record<string, readonly number[]>>,
): readonly (number | string)[] {
  const given = Object.hasOwn(shapes, input.name) ? shapes[input.name] : undefined;
  if (given !== undefined) return given;
  const type = input.type?.value;
  const dims = type?.case === 'tensorType' ? (type.value.shape?.dim ?? []) : [];
  return dims.map(({ value }, axis) => {
    if (value.case === 'dimValue' && value.value > 0n) return Number(value.value);
    return axis === 0 ? 1 : value.case === 'dimParam' ? value.value : `${input.name}_${axis}`;
  });
}

const inputTypes: Readonly<Record<number, Value['type']>> = {
  [DataType.FLOAT]: 'FLOAT32',
  [DataType.INT32]: 'INT32',
  [DataType.INT64]: 'INT64',
  [DataType.BOOL]: 'BOOL',
};

function addInput(context: LoweringContext, input: ValueInfo, { io }: LowerOptions, problems: PlanProblem[]): number {
  const { name } = input;
  const type = inputTypes[context.fixedTypes.get(name)?.dataType ?? 0];
  const dims = context.fixedTypes.get(name)?.dims ?? [];
  const declared = context.types.get(name)?.dims ?? [];
  const where = `input ${JSON.stringify(name)}`;
  if (type === undefined) {
    problems.push({ where, expected: 'float32, int32, int64 or bool', received: 'another element type' });
    return -1;
  }
  if (!dims.every((d): d is number => typeof d === 'number')) {
    const hint = 'Give its sizes: --shape.';
    problems.push({
      where,
      expected: 'fixed sizes behind the batch',
      received: `[${dims.map((d) => d ?? '?').join(',')}]`,
      hint,
    });
    return -1;
  }
  const signature = dims.map((d, axis) => (typeof declared[axis] === 'number' ? d : -1));
  const order = isImage(context.index, name, dims.length) ? channelsLast(dims.length) : onnxOrder(dims.length);
  const params = io === 'int8' && type === 'FLOAT32' ? paramsOf(context, name) : undefined;
  const size = { shape: inOrder(dims, order), signature: inOrder(signature, order), order };
  const value = addTensor(context, name, size, { type: params === undefined ? type : 'INT8', params });
  context.values.set(valueKey(name, params === undefined ? 'float' : 'int8'), value);
  if (order.length === 4 && order[1] === 2)
    context.notes.add(`Input "${name}" is an image in NHWC: [${size.shape.join(',')}].`);
  return value.tensor;
}

const imageOperators = new Set([
  'Conv',
  'ConvTranspose',
  'MaxPool',
  'AveragePool',
  'GlobalAveragePool',
  'GlobalMaxPool',
  'Resize',
  'BatchNormalization',
  'DepthToSpace',
  'SpaceToDepth',
]);

/** Whether an input of four axes goes into an image operator, if need be through operators of one operand. */
function isImage(index: GraphIndex, name: string, rank: number): boolean {
  if (rank !== 4) return false;
  return index.consumers(name).some(({ node }) => {
    if (imageOperators.has(node.opType)) return true;
    const passes = ['Add', 'Sub', 'Mul', 'Div', 'Pad', 'Relu', 'Clip', 'Concat'].includes(node.opType);
    return passes && isImage(index, node.output[0] ?? '', rank);
  });
}

/** Operators whose later inputs are shapes and axes, which the lowering takes from shape inference. */
const shapedOperators = new Set(['Reshape', 'Expand', 'Resize', 'Squeeze', 'Unsqueeze', 'Slice', 'Pad', 'Tile']);

/** Nodes that outputs depend on through data; shape arithmetic is left behind. */
function neededNodes(index: GraphIndex): ReadonlySet<Node> {
  const needed = new Set<Node>();
  const pending = index.outputs.map(({ name }) => name);
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    const node = index.producer(name);
    if (node === undefined || needed.has(node)) continue;
    needed.add(node);
    pending.push(...(shapedOperators.has(node.opType) ? node.input.slice(0, 1) : node.input));
  }
  return needed;
}

function lowerNode(node: Node, context: LoweringContext, problems: PlanProblem[]): void {
  const lowering = node.domain === '' || node.domain === 'ai.onnx' ? lowerings.get(node.opType) : undefined;
  const isDone = node.output.every(
    (name) => context.values.has(valueKey(name, 'int8')) || context.values.has(valueKey(name, 'float')),
  );
  if (isDone) return;
  // Nodes behind one that was refused have no operands: only the cause is reported.
  const isOrphan = node.input.some((name) => name !== '' && isMissing(context, name)) && problems.length > 0;
  if (isOrphan) return;
  if (lowering === undefined) {
    const where = `node ${JSON.stringify(node.name)}`;
    problems.push({ where, expected: 'an operator with a TFLite form', received: node.opType });
    return;
  }
  try {
    lowering.lower(node, modeOf(node, context), context);
  } catch (error) {
    if (!(error instanceof NodeRefusal)) throw error;
    problems.push(error.problem);
  }
}

function isMissing({ index, values }: LoweringContext, name: string): boolean {
  const isKnown = values.has(valueKey(name, 'int8')) || values.has(valueKey(name, 'float'));
  return !isKnown && index.initializer(name) === undefined && index.producer(name) !== undefined;
}

/** int8 where the spec wants integers, TFLite has a kernel, and the outputs have parameters. */
function modeOf(node: Node, context: LoweringContext): Mode {
  const kind = kindOf(node, context.spec);
  if (kind !== 'integer' && kind !== 'passThrough' && kind !== 'absorbed') return 'float';
  const reason = lowerings.get(node.opType)?.whyReal?.(node, context);
  if (reason !== undefined) {
    context.notes.add(`Node "${node.name}" (${node.opType}) runs on real numbers: ${reason}.`);
    return 'float';
  }
  const missing = node.output.find((name) => name !== '' && paramsOf(context, name) === undefined);
  if (missing === undefined) return 'int8';
  context.notes.add(
    `Node "${node.name}" (${node.opType}) runs on real numbers: the spec has no parameters for "${missing}".`,
  );
  return 'float';
}

function addOutput(context: LoweringContext, name: string, { io }: LowerOptions, problems: PlanProblem[]): number {
  const codes = io === 'int8' ? context.values.get(valueKey(name, 'int8')) : undefined;
  const value = codes ?? valueNamed(context, name, 'float');
  if (value === undefined) {
    problems.push({ where: `output ${JSON.stringify(name)}`, expected: 'a value', received: 'none' });
    return -1;
  }
  const isImageOrder = value.shape.length === 4 && value.order[1] === 2;
  if (isImageOrder) context.notes.add(`Output "${name}" is an image in NHWC: [${value.shape.join(',')}].`);
  const { tensor } = isImageOrder ? value : arrange(context, value, onnxOrder(value.shape.length));
  context.builder.rename(tensor, name);
  return tensor;
}
