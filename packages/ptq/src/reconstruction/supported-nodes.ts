import { formatDims, type GraphIndex, getFloat, getInt, type InferredShape, type Node } from '@bitwright/onnx';
import { layerTypes } from '../rounding/layer-types';
import { poolWindow } from './pool-step';

/** A graph and the shapes of its values. */
export interface ShapedGraph {
  readonly index: GraphIndex;
  /** By value, as inferred from the model alone. */
  readonly shapes: ReadonlyMap<string, InferredShape>;
}

/** Operators that move data: element i of the output is an element of the input, or 0. */
export const movementTypes: ReadonlySet<string> = new Set([
  'Slice',
  'Pad',
  'Transpose',
  'Reshape',
  'Flatten',
  'Squeeze',
  'Unsqueeze',
  'Identity',
]);

/** Operators that pool over windows. */
export const poolTypes: ReadonlySet<string> = new Set(['AveragePool', 'MaxPool']);

/**
 * Why a node cannot be part of a block; undefined where it can. Blocks hold vectors [N,C] and images [N,C,H,W].
 */
export function unsupported(node: Node, { index, shapes }: ShapedGraph): string | undefined {
  const { opType } = node;
  const name = `${opType} "${node.name}"`;
  const isConstant = (value: string): boolean => value === '' || index.initializer(value) !== undefined;
  const dimsOf = (value: string | undefined): string => formatDims(shapes.get(value ?? '')?.dims);
  const rankOf = (value: string | undefined): number | undefined => shapes.get(value ?? '')?.dims?.length;
  const odd = [node.input[0], node.output[0]].find((value) => ![2, 4].includes(rankOf(value) ?? 0));
  const shapeReason =
    odd === undefined ? undefined : `${name} reads or gives ${dimsOf(odd)}, neither a vector nor an image per sample`;
  if (layerTypes.has(opType)) {
    const weight = index.initializer(node.input[1] ?? '');
    if (weight === undefined) return `${name} multiplies two activations`;
    const rank = weight.dims.length;
    if (opType === 'Conv') return rank === 4 ? undefined : `${name} convolves over ${rank - 2} axes`;
    if (rank !== 2) return `${name} has a weight with ${rank} axes`;
    if (opType === 'Gemm' && getInt(node, 'transA', 0) !== 0) return `${name} transposes its input`;
    if (opType === 'Gemm' && (getFloat(node, 'alpha', 1) !== 1 || getFloat(node, 'beta', 1) !== 1))
      return `${name} scales its product or its bias`;
    return rankOf(node.input[0]) === 2
      ? undefined
      : `${name} multiplies ${dimsOf(node.input[0])}, not one row per sample`;
  }
  if (opType === 'Relu' || opType === 'GlobalAveragePool') return shapeReason;
  if (poolTypes.has(opType)) {
    const window = poolWindow(node);
    return typeof window === 'string' ? window : shapeReason;
  }
  if (opType === 'Clip')
    return node.input.slice(1).every(isConstant) ? shapeReason : `${name} has bounds that are no constants`;
  if (opType === 'Add') {
    if (node.input.some(isConstant)) return `${name} adds a constant`;
    const [a, b] = node.input.map(dimsOf);
    return a === b ? shapeReason : `${name} adds values of two shapes, ${a} and ${b}`;
  }
  if (opType === 'Concat') {
    if (node.input.some(isConstant)) return `${name} joins a constant`;
    const rank = rankOf(node.output[0]) ?? 0;
    return [1, 1 - rank].includes(getInt(node, 'axis', 0)) ? shapeReason : `${name} joins another axis than channels`;
  }
  if (movementTypes.has(opType)) {
    if (!node.input.slice(1).every(isConstant)) return `${name} has parameters that are no constants`;
    return shapeReason ?? otherSamples(node, shapes);
  }
  return `${name} is not supported`;
}

// — internals —

/** A movement between samples, where their number is known on both sides. */
function otherSamples(node: Node, shapes: ShapedGraph['shapes']): string | undefined {
  const [read, given] = [node.input[0], node.output[0]].map((value) => shapes.get(value ?? '')?.dims?.[0]);
  if (typeof read !== 'number' || typeof given !== 'number' || read === given) return undefined;
  return `${node.opType} "${node.name}" makes ${given} of ${read} samples`;
}
