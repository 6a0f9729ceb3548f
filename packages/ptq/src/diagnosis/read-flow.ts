import { ModelFormatError } from '@bitwright/core';
import {
  bodyGraphs,
  DataType,
  findAttribute,
  type GraphIndex,
  getInt,
  graphIndex,
  type InferredShape,
  inferShapes,
  type Model,
  type Node,
  tensorToArray,
} from '@bitwright/onnx';
import { accumulatingOperators, copyOperators, keepsCodes, operatorKind, outputCodePositions } from './operator-types';
import type { Flow, FlowOperator, Quantity, QuantityCodes } from './quantity';

type Growing<T> = { -readonly [Key in keyof T]: T[Key] extends readonly (infer Item)[] ? Item[] : T[Key] };
type GrowingQuantity = Growing<Omit<Quantity, 'consumers'>> & { readonly consumers: FlowOperator[] };
type GrowingOperator = Growing<Omit<FlowOperator, 'inputs'>> & { readonly inputs: GrowingQuantity[] };

const realTypes: ReadonlySet<number> = new Set([DataType.FLOAT, DataType.FLOAT16, DataType.DOUBLE, DataType.BFLOAT16]);
const codeTypes: ReadonlySet<number> = new Set([
  DataType.INT8,
  DataType.UINT8,
  DataType.INT16,
  DataType.UINT16,
  DataType.INT4,
  DataType.UINT4,
  DataType.FLOAT8E4M3FN,
  DataType.FLOAT8E5M2,
]);

/**
 * Reads the main graph of a model as a flow of real quantities. Understands QuantizeLinear/DequantizeLinear pairs, QLinear
 * operators, integer products between DynamicQuantizeLinear and Mul, and weight-only operators; body graphs are not entered.
 *
 * @throws {ModelFormatError} when the model has no graph
 */
export function readFlow(model: Model): Flow {
  const graph = model.graph;
  if (graph === undefined) {
    throw new ModelFormatError({ operation: '[ptq] readFlow', expected: 'a model with a graph', received: 'none' });
  }
  const index = graphIndex(graph);
  const types = inferShapes(model);
  const reader = createReader(index, types);
  for (const input of index.inputs) reader.addInput(input.name);
  index.nodes.forEach((node, position) => {
    reader.addNode(node, position);
  });
  return {
    model,
    graph,
    operators: reader.operators,
    quantities: [...new Set(reader.quantities.values())],
    quantity: (name) => reader.quantities.get(name),
    isConstant: (name) => reader.constants.has(name),
    initializer: index.initializer,
    constantProducer: (name) => (reader.constants.has(name) ? index.producer(name) : undefined),
    producerNode: index.producer,
    dataType: (name) => types.get(name)?.dataType,
  };
}

// — internals —

interface FlowReader {
  readonly operators: GrowingOperator[];
  readonly quantities: Map<string, GrowingQuantity>;
  readonly constants: Set<string>;
  addInput(name: string): void;
  addNode(node: Node, position: number): void;
}

function createReader(index: GraphIndex, types: ReadonlyMap<string, InferredShape>): FlowReader {
  const operators: GrowingOperator[] = [];
  const quantities = new Map<string, GrowingQuantity>();
  const constants = new Set([
    ...index.graph.initializer.map((tensor) => tensor.name),
    ...index.graph.sparseInitializer.map((tensor) => tensor.values?.name ?? ''),
  ]);
  /** Integer products whose result is not real yet, by the name of that result. */
  const pending = new Map<string, GrowingOperator>();

  const alias = (name: string, quantity: GrowingQuantity): void => {
    if (name === '') return;
    quantity.names.push(name);
    quantity.isOutput ||= index.isOutput(name);
    quantities.set(name, quantity);
  };
  const create = (name: string, producer: GrowingOperator | undefined): GrowingQuantity => {
    const quantity: GrowingQuantity = {
      id: name,
      names: [],
      raw: undefined,
      dequantized: undefined,
      codes: undefined,
      isDynamic: false,
      producer,
      consumers: [],
      isOutput: false,
    };
    alias(name, quantity);
    return quantity;
  };

  const addQuantizer = (node: Node, quantity: GrowingQuantity): void => {
    const [, scale = '', zeroPoint = ''] = node.input;
    const name = node.output[0] ?? '';
    if (constants.has(scale)) quantity.codes ??= codesOf(node, name, scale, zeroPoint, types.get(name)?.dataType);
    alias(name, quantity);
  };
  const addDequantizer = (node: Node, quantity: GrowingQuantity): void => {
    const [codes = '', scale = '', zeroPoint = ''] = node.input;
    if (constants.has(scale)) quantity.codes ??= codesOf(node, codes, scale, zeroPoint, types.get(codes)?.dataType);
    quantity.dequantized ??= node.output[0];
    alias(node.output[0] ?? '', quantity);
  };
  const addOperator = (node: Node, position: number): void => {
    const data = dataInputs(node);
    const operator: GrowingOperator = { node, kind: operatorKind(node), inputs: [], outputs: [], position };
    for (const name of data) {
      const quantity = quantities.get(name);
      const producer = pending.get(name);
      if (quantity !== undefined) operator.inputs.push(quantity);
      else if (producer !== undefined) operator.inputs.push(...producer.inputs);
    }
    if (accumulatingOperators.has(node.opType)) {
      pending.set(node.output[0] ?? '', operator);
      return;
    }
    const isScaling = node.opType === 'Mul' && data.some((name) => pending.has(name));
    const source = isScaling ? data.map((name) => pending.get(name)).find((found) => found !== undefined) : undefined;
    const actual = source ?? operator;
    for (const name of node.output) {
      if (name === '') continue;
      const form = formOf(name, node, types, operator.inputs[0]);
      if (form === 'other') continue;
      const quantity = create(name, actual);
      if (form === 'real') quantity.raw = name;
      else quantity.codes = writtenCodes(node, name, operator.inputs[0], constants, types.get(name)?.dataType);
      actual.outputs.push(quantity);
    }
    if (actual.outputs.length === 0 || operators.includes(actual)) return;
    operators.push(actual);
    for (const input of new Set(actual.inputs)) input.consumers.push(actual);
  };

  return {
    operators,
    quantities,
    constants,
    addInput(name) {
      const quantity = create(name, undefined);
      quantity.raw = name;
    },
    addNode(node, position) {
      const data = dataInputs(node);
      if (isConstantNode(node, data, constants)) {
        for (const name of node.output) constants.add(name);
        return;
      }
      const [first = ''] = node.input;
      const quantity = quantities.get(first);
      const waiting = pending.get(first);
      if (node.opType === 'Cast' && waiting !== undefined) pending.set(node.output[0] ?? '', waiting);
      else if (quantity === undefined) addOperator(node, position);
      else if (node.opType === 'QuantizeLinear') addQuantizer(node, quantity);
      else if (node.opType === 'DequantizeLinear') addDequantizer(node, quantity);
      else if (node.opType === 'DynamicQuantizeLinear') {
        quantity.isDynamic = true;
        alias(node.output[0] ?? '', quantity);
      } else if (isCopy(node, types)) alias(node.output[0] ?? '', quantity);
      else if (isCodeClamp(node, quantity, constants)) addClamp(node, quantity, index, alias);
      else addOperator(node, position);
    },
  };
}

function codesOf(
  node: Node,
  name: string,
  scale: string,
  zeroPoint: string,
  dataType: number | undefined,
): QuantityCodes {
  const axis = findAttribute(node, 'axis') === undefined ? undefined : getInt(node, 'axis');
  return {
    name,
    dataType,
    scale,
    zeroPoint: zeroPoint === '' ? undefined : zeroPoint,
    axis,
    domain: node.domain,
  };
}

/** Codes an operator writes itself: with parameters of its own (QLinear), or those of what it moves. */
function writtenCodes(
  node: Node,
  name: string,
  source: Quantity | undefined,
  constants: ReadonlySet<string>,
  dataType: number | undefined,
): QuantityCodes | undefined {
  const at = outputCodePositions(node);
  if (at === undefined) return source?.codes === undefined ? undefined : { ...source.codes, name };
  const scale = node.input[at.scale] ?? '';
  const zeroPoint = node.input[at.zeroPoint] ?? '';
  if (!constants.has(scale)) return undefined;
  return { name, dataType, scale, zeroPoint: zeroPoint === '' ? undefined : zeroPoint, axis: undefined, domain: '' };
}

/** Whether an output is a real number, codes of one, or neither (shapes, indices, masks). */
function formOf(
  name: string,
  node: Node,
  types: ReadonlyMap<string, InferredShape>,
  source: Quantity | undefined,
): 'real' | 'codes' | 'other' {
  const type = types.get(name)?.dataType;
  if (outputCodePositions(node) !== undefined) return 'codes';
  if (type === undefined || type === 0) {
    const movesCodes = keepsCodes(node.opType) && source !== undefined && source.raw === undefined;
    return movesCodes ? 'codes' : 'real';
  }
  if (realTypes.has(type)) return 'real';
  return codeTypes.has(type) ? 'codes' : 'other';
}

/** What a node reads, the values its body graphs capture included. */
function dataInputs(node: Node): readonly string[] {
  const captured = bodyGraphs(node).flatMap(({ graph }) => graph.node.flatMap((inner) => inner.input));
  return [...node.input, ...captured].filter((name) => name !== '');
}

const randomOperators = /^(Random|Multinomial|Bernoulli)/;

function isConstantNode(node: Node, data: readonly string[], constants: ReadonlySet<string>): boolean {
  if (node.opType === 'Constant') return true;
  if (randomOperators.test(node.opType) || bodyGraphs(node).length > 0) return false;
  return data.length > 0 && data.every((name) => constants.has(name));
}

function isCopy(node: Node, types: ReadonlyMap<string, InferredShape>): boolean {
  if (copyOperators.has(node.opType)) return true;
  if (node.opType === 'Max' && node.input.length === 1) return true;
  if (node.opType !== 'Cast') return false;
  const [from, to] = [node.input[0], node.output[0]].map((name) => types.get(name ?? '')?.dataType ?? 0);
  return realTypes.has(from ?? 0) && realTypes.has(to ?? 0);
}

/** A Clip between a QuantizeLinear and its DequantizeLinear: fewer codes than the type has. */
function isCodeClamp(node: Node, quantity: Quantity, constants: ReadonlySet<string>): boolean {
  const [first = '', low = '', high = ''] = node.input;
  return node.opType === 'Clip' && quantity.codes?.name === first && constants.has(low) && constants.has(high);
}

function addClamp(
  node: Node,
  quantity: GrowingQuantity,
  index: GraphIndex,
  alias: (name: string, quantity: GrowingQuantity) => void,
): void {
  const [, low = '', high = ''] = node.input;
  const name = node.output[0] ?? '';
  alias(name, quantity);
  const [qmin, qmax] = [low, high].map((bound) => {
    const tensor = index.initializer(bound);
    return tensor === undefined ? undefined : Number(tensorToArray(tensor)[0]);
  });
  if (quantity.codes === undefined || qmin === undefined || qmax === undefined) return;
  quantity.codes = { ...quantity.codes, name, bounds: [qmin, qmax] };
}
