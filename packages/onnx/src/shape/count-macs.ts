import { nodeLabel } from '../graph/body-graphs';
import { topologicalOrder } from '../graph/topological-order';
import type { Model, Node } from '../message/types';
import { staticDims } from './dim';
import { elementCount } from './element-map';
import { operatorKey } from './infer-graph';
import { type InputShapes, inferShapes } from './infer-shapes';

/** Multiply–accumulate operations of one node for one run. */
export interface NodeMacs {
  readonly node: string;
  readonly opType: string;
  /** undefined when a size it depends on is not known. */
  readonly macs: number | undefined;
}

/** Multiply–accumulate operations of a model for one run. */
export interface MacCount {
  /** Sum over the nodes whose sizes are known. */
  readonly total: number;
  /** Nodes that multiply and accumulate, in execution order; all other operators count as 0 and are left out. */
  readonly nodes: readonly NodeMacs[];
  /** Labels of nodes that could not be counted. Give the sizes of the model inputs to count them. */
  readonly unknown: readonly string[];
}

type DimsOf = (name: string | undefined) => readonly number[] | undefined;
type MacRule = (node: Node, dimsOf: DimsOf) => number | undefined;

const count = (dims: readonly number[] | undefined): number | undefined =>
  dims === undefined ? undefined : elementCount(dims);

const product = (...factors: readonly (number | undefined)[]): number | undefined => {
  let result = 1;
  for (const factor of factors) {
    if (factor === undefined) return undefined;
    result *= factor;
  }
  return result;
};

/** Each output element sums over I/g · kernel products: |y| · |W| / O. */
const convolution =
  (weightInput: number): MacRule =>
  (node, dimsOf) => {
    const w = dimsOf(node.input[weightInput]);
    return w === undefined || w[0] === 0 ? undefined : product(count(dimsOf(node.output[0])), elementCount(w.slice(1)));
  };

/** Each input element feeds O/g · kernel products: |x| · |W| / I. */
const transposedConvolution: MacRule = (node, dimsOf) => {
  const w = dimsOf(node.input[1]);
  return w === undefined ? undefined : product(count(dimsOf(node.input[0])), elementCount(w.slice(1)));
};

/** |y| · K, with K the axis that is summed over: the last of A (the first with transA). */
const matrixProduct: MacRule = (node, dimsOf) => {
  const isTransposed = node.attribute.some((attribute) => attribute.name === 'transA' && attribute.i !== 0n);
  const a = dimsOf(node.input[0]);
  return product(count(dimsOf(node.output[0])), isTransposed ? a?.[0] : a?.at(-1));
};

/** Every time step multiplies x by W and the state by R: T · N · (|W| + |R|). */
const recurrent: MacRule = (node, dimsOf) => {
  const x = dimsOf(node.input[0]);
  const w = count(dimsOf(node.input[1]));
  const r = count(dimsOf(node.input[2]));
  return product(x?.[0], x?.[1], w === undefined || r === undefined ? undefined : w + r);
};

const rules: Readonly<Record<string, MacRule>> = {
  Conv: convolution(1),
  ConvInteger: convolution(1),
  'com.microsoft:FusedConv': convolution(1),
  'com.microsoft:NhwcConv': convolution(1),
  QLinearConv: convolution(3),
  'com.microsoft:QLinearConv': convolution(3),
  ConvTranspose: transposedConvolution,
  Gemm: matrixProduct,
  MatMul: matrixProduct,
  MatMulInteger: matrixProduct,
  QLinearMatMul: matrixProduct,
  'com.microsoft:QGemm': matrixProduct,
  'com.microsoft:FusedMatMul': matrixProduct,
  'com.microsoft:MatMulIntegerToFloat': matrixProduct,
  'com.microsoft:DynamicQuantizeMatMul': matrixProduct,
  'com.microsoft:MatMulNBits': matrixProduct,
  LSTM: recurrent,
  GRU: recurrent,
  RNN: recurrent,
};

/**
 * Counts multiply–accumulate operations of convolutions, matrix products and recurrent layers in the main graph.
 *
 * Conv: |y|·|W|/O · ConvTranspose: |x|·|W|/I · Gemm, MatMul: |y|·K · LSTM, GRU, RNN: T·N·(|W|+|R|). Biases, element-wise
 * operators and body graphs of If, Loop and Scan are not counted.
 *
 * @param shapes - sizes of model inputs that the model leaves open, e.g. `{ input: [1, 3, 224, 224] }`
 * @throws {InputDataError} when a given shape contradicts the model
 */
export const countMacs = (model: Model, shapes?: InputShapes): MacCount => {
  const inferred = inferShapes(model, { shapes });
  const dimsOf: DimsOf = (name) => staticDims(inferred.get(name ?? '')?.dims);
  const nodes: NodeMacs[] = [];
  for (const node of topologicalOrder(model.graph?.node ?? [])) {
    const rule = rules[operatorKey(node)];
    if (rule !== undefined) nodes.push({ node: nodeLabel(node), opType: node.opType, macs: rule(node, dimsOf) });
  }
  return {
    total: nodes.reduce((sum, { macs = 0 }) => sum + macs, 0),
    nodes,
    unknown: nodes.filter(({ macs }) => macs === undefined).map(({ node }) => node),
  };
};
