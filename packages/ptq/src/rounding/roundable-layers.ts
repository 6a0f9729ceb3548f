import type { Granularity, QuantizationSpec } from '@bitwright/core';
import { type GraphIndex, getInt, getInts, getString, type Node } from '@bitwright/onnx';
import { layerTypes } from './layer-types';

/** How a weight tensor is read as matrices: `groups` matrices [rows, columns], one row per output channel. */
export interface WeightLayout {
  readonly groups: number;
  readonly rows: number;
  readonly columns: number;
  /** `rowsFirst`: [groups·rows, columns…] (Conv, Gemm with transB); `columnsFirst`: [columns, rows] (MatMul, Gemm). */
  readonly order: 'rowsFirst' | 'columnsFirst';
}

/** Window of a 2-D convolution (1-D: height 1). */
export interface ConvolutionWindow {
  readonly kernel: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly dilations: readonly [number, number];
  /** [top, left], or how they follow from the sizes at run time. */
  readonly pads: readonly [number, number] | 'sameUpper' | 'sameLower';
}

/** A layer whose weights can be rounded adaptively. */
export interface RoundableLayer {
  readonly node: Node;
  readonly weight: string;
  readonly layout: WeightLayout;
  /** Undefined for matrix products. */
  readonly window: ConvolutionWindow | undefined;
  /** Constant bias, one value per output channel. */
  readonly bias: string | undefined;
  /** Nobody else reads the bias, so it may be corrected. */
  readonly ownsBias: boolean;
  readonly output: string;
  /** The Add that alone reads the output: its sum is the better target, because the other operand has an error too. */
  readonly sum: { readonly node: Node; readonly other: 0 | 1 } | undefined;
}

/** A layer with quantized weights that is rounded to nearest, and why. */
export interface SkippedLayer {
  readonly node: Node;
  readonly weight: string;
  readonly reason: string;
}

/** Layers of a model with integer weights in the spec, in topological order. */
export function findRoundableLayers(
  index: GraphIndex,
  spec: QuantizationSpec,
): { readonly layers: readonly RoundableLayer[]; readonly skipped: readonly SkippedLayer[] } {
  const layers: RoundableLayer[] = [];
  const skipped: SkippedLayer[] = [];
  for (const node of index.nodes) {
    const weight = node.input[1] ?? '';
    if (!layerTypes.has(node.opType) || spec.tensors[weight]?.role !== 'weight') continue;
    if (spec.nodes[node.name]?.kind === 'float') continue;
    const layer = readLayer(node, index, spec.tensors[weight]?.scheme?.granularity);
    if (typeof layer === 'string') skipped.push({ node, weight, reason: layer });
    else layers.push(layer);
  }
  return { layers, skipped };
}

/**
 * A node of {@link layerTypes} with constant weights, read as matrices; a text where it cannot be read so, saying why.
 *
 * @param granularity of the weight's scales, undefined where it has none
 */
export function readLayer(node: Node, index: GraphIndex, granularity?: Granularity): RoundableLayer | string {
  const weight = node.input[1] ?? '';
  const tensor = index.initializer(weight);
  if (tensor === undefined) return 'its weight is not a constant';
  if (index.consumers(weight).length !== 1) return `its weight "${weight}" is shared with other nodes`;
  if (granularity?.kind === 'perGroup') return 'its weight has one scale per block';
  const dims = tensor.dims.map(Number);
  const output = node.output[0] ?? '';
  const base = { node, weight, output, sum: readSum(output, index) };
  if (node.opType === 'Conv') {
    if (dims.length !== 3 && dims.length !== 4)
      return `it convolves over ${dims.length - 2} axes; 1 and 2 are supported`;
    const groups = getInt(node, 'group', 1);
    const columns = dims.slice(1).reduce((product, d) => product * d, 1);
    const layout = { groups, rows: (dims[0] as number) / groups, columns, order: 'rowsFirst' } as const;
    if (granularity?.kind === 'perAxis' && granularity.axis !== 0)
      return `its scales lie along axis ${granularity.axis}`;
    return { ...base, layout, window: readWindow(node, dims), ...readBias(node.input[2], dims[0] as number, index) };
  }
  if (dims.length !== 2) return `its weight has ${dims.length} axes`;
  const isTransposed = node.opType === 'Gemm' && getInt(node, 'transB', 0) !== 0;
  const rowAxis = isTransposed ? 0 : 1;
  if (granularity?.kind === 'perAxis' && granularity.axis !== rowAxis)
    return `its scales lie along axis ${granularity.axis}`;
  const rows = dims[rowAxis] as number;
  const columns = dims[1 - rowAxis] as number;
  const layout = { groups: 1, rows, columns, order: isTransposed ? 'rowsFirst' : 'columnsFirst' } as const;
  const bias = readBias(node.opType === 'Gemm' ? node.input[2] : undefined, rows, index);
  return { ...base, layout, window: undefined, ...bias };
}

// — internals —

function readBias(
  name: string | undefined,
  rows: number,
  index: GraphIndex,
): Pick<RoundableLayer, 'bias' | 'ownsBias'> {
  const none = { bias: undefined, ownsBias: false };
  if (name === undefined || name === '') return none;
  const length = index.initializer(name)?.dims.reduce((product, d) => product * Number(d), 1);
  if (length !== rows) return none;
  return { bias: name, ownsBias: index.consumers(name).length === 1 && !index.isOutput(name) };
}

function readSum(output: string, index: GraphIndex): RoundableLayer['sum'] {
  const uses = index.consumers(output);
  const [use] = uses;
  if (uses.length !== 1 || use === undefined || use.scope !== '' || index.isOutput(output)) return undefined;
  const { node } = use;
  if (node.opType !== 'Add' || node.input[0] === node.input[1]) return undefined;
  const other = use.input === 0 ? 1 : 0;
  return index.initializer(node.input[other] ?? '') === undefined ? { node, other } : undefined;
}

function readWindow(node: Node, dims: readonly number[]): ConvolutionWindow {
  const spatial = dims.length - 2;
  const pair = (values: readonly number[], otherwise: number): readonly [number, number] =>
    spatial === 1 ? [otherwise, values[0] as number] : [values[0] as number, values[1] as number];
  const autoPad = getString(node, 'auto_pad', 'NOTSET');
  const ones = new Array<number>(spatial).fill(1);
  const begins = autoPad === 'NOTSET' ? getInts(node, 'pads', new Array<number>(2 * spatial).fill(0)) : [0, 0];
  return {
    kernel: pair(dims.slice(2), 1),
    strides: pair(getInts(node, 'strides', ones), 1),
    dilations: pair(getInts(node, 'dilations', ones), 1),
    pads: autoPad === 'SAME_UPPER' ? 'sameUpper' : autoPad === 'SAME_LOWER' ? 'sameLower' : pair(begins, 0),
  };
}
