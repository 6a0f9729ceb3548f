import {
  DataType,
  type GraphEditor,
  getFloat,
  getInt,
  getInts,
  getString,
  isExternal,
  type Node,
  type Tensor,
  tensorFromArray,
  tensorToFloat32,
} from '@bitwright/onnx';
import {
  convLayout,
  convTransposeLayout,
  inputCount,
  matrixLayout,
  outputCount,
  type WeightLayout,
} from './weight-layout';

/** A layer y = W·x + b with constant float32 weights, as far as channels go. */
export interface ChannelLayer {
  readonly node: Node;
  /** Initializer with the weights; no other node reads it. */
  readonly weight: string;
  readonly layout: WeightLayout;
  readonly inputs: number;
  readonly outputs: number;
  /** Axis of the channels: 1 for convolutions and Gemm, `last` for MatMul. */
  readonly axis: 1 | 'last';
  /** Input position of the bias; undefined for MatMul, which has none. */
  readonly biasInput: 2 | undefined;
  /** What the node multiplies W·x with (alpha of Gemm), and the bias with (beta). */
  readonly weightFactor: number;
  readonly biasFactor: number;
  /** Whether the layer pads its input with zeros. */
  readonly isPadded: boolean;
}

const layerTypes: ReadonlySet<string> = new Set(['Conv', 'ConvTranspose', 'Gemm', 'MatMul']);

/** Whether the node is of a type that {@link readChannelLayer} knows. */
export function isLayerType(node: Node): boolean {
  return layerTypes.has(node.opType) && (node.domain === '' || node.domain === 'ai.onnx');
}

/** Reads a node as a layer; a text says why it is none whose channels can be changed. */
export function readChannelLayer(node: Node, edit: GraphEditor): ChannelLayer | string {
  if (!isLayerType(node)) return `it is a ${node.opType}`;
  const weight = node.input[1] ?? '';
  const tensor = floatConstant(weight, edit);
  if (tensor === undefined) return `its weight "${weight}" is no float32 constant`;
  if (edit.consumers(weight).length > 1) return `its weight "${weight}" is shared with other nodes`;
  const biasName = node.input[2] ?? '';
  const bias = biasName === '' ? undefined : floatConstant(biasName, edit);
  if (biasName !== '' && bias === undefined) return `its bias "${biasName}" is no float32 constant`;
  const dims = tensor.dims.map(Number);
  const common = { node, weight, weightFactor: 1, biasFactor: 1, biasInput: 2, axis: 1 } as const;
  if (node.opType === 'Conv' || node.opType === 'ConvTranspose') {
    if (dims.length < 3) return `its weight has ${dims.length} axes`;
    const groups = getInt(node, 'group', 1);
    const layout = node.opType === 'Conv' ? convLayout(dims, groups) : convTransposeLayout(dims, groups);
    return { ...common, layout, ...counts(layout), isPadded: pads(node) };
  }
  if (dims.length !== 2) return `its weight has ${dims.length} axes`;
  if (node.opType === 'MatMul') {
    const layout = matrixLayout(dims, false);
    return { ...common, layout, ...counts(layout), axis: 'last', biasInput: undefined, isPadded: false };
  }
  if (getInt(node, 'transA', 0) !== 0) return 'its input is transposed';
  const biasFactor = getFloat(node, 'beta', 1);
  if (biasFactor === 0) return 'its beta of 0 switches the bias off';
  const layout = matrixLayout(dims, getInt(node, 'transB', 0) !== 0);
  const columns = outputCount(layout);
  const isRow = bias === undefined || bias.dims.slice(0, -1).every((dim) => dim === 1n);
  const length = bias?.dims.reduce((product, dim) => product * Number(dim), 1) ?? columns;
  if (!isRow || (length !== columns && length !== 1)) return `its bias has shape [${bias?.dims.join(',')}]`;
  return {
    ...common,
    layout,
    ...counts(layout),
    weightFactor: getFloat(node, 'alpha', 1),
    biasFactor,
    isPadded: false,
  };
}

/** The weights as they are stored; do not write to them. */
export function readWeights(layer: ChannelLayer, edit: GraphEditor): Float32Array {
  const tensor = edit.initializer(layer.weight);
  return tensor === undefined ? new Float32Array(0) : tensorToFloat32(tensor);
}

/** The stored bias, one value per output channel (zeros where there is none), in float64. */
export function readBias(layer: ChannelLayer, edit: GraphEditor): Float64Array {
  const name = layer.biasInput === undefined ? '' : (layer.node.input[layer.biasInput] ?? '');
  const tensor = edit.initializer(name);
  if (tensor === undefined) return new Float64Array(layer.outputs);
  const values = tensorToFloat32(tensor);
  return Float64Array.from({ length: layer.outputs }, (_, c) => values[values.length === 1 ? 0 : c] as number);
}

export function hasBias(layer: ChannelLayer): boolean {
  return layer.biasInput !== undefined && (layer.node.input[layer.biasInput] ?? '') !== '';
}

export function writeWeights(layer: ChannelLayer, weights: Float32Array, edit: GraphEditor): void {
  const dims = edit.initializer(layer.weight)?.dims ?? [];
  edit.replaceInitializer(layer.weight, tensorFromArray(layer.weight, DataType.FLOAT, dims, weights));
}

/** Stores a bias [O] under its own name where only this layer reads it, else under a new one. */
export function writeBias(layer: ChannelLayer, bias: ArrayLike<number>, edit: GraphEditor): string {
  const { node, biasInput = 2 } = layer;
  const old = node.input[biasInput] ?? '';
  const isOwn = old !== '' && edit.consumers(old).length === 1;
  const name = isOwn ? old : edit.uniqueName(old === '' ? `${node.output[0]}_bias` : `${old}_own`);
  const tensor = tensorFromArray(name, DataType.FLOAT, [bias.length], Float32Array.from(bias));
  if (isOwn) {
    edit.replaceInitializer(name, tensor);
    return name;
  }
  edit.addInitializer(tensor);
  edit.setInput(node, biasInput, name);
  return name;
}

/** A float32 constant whose content is at hand: no graph input, not outside the file. */
export function floatConstant(name: string | undefined, edit: GraphEditor): Tensor | undefined {
  const tensor = name === undefined || name === '' ? undefined : edit.constant(name);
  return tensor === undefined || tensor.dataType !== DataType.FLOAT || isExternal(tensor) ? undefined : tensor;
}

// — internals —

function counts(layout: WeightLayout): { readonly inputs: number; readonly outputs: number } {
  return { inputs: inputCount(layout), outputs: outputCount(layout) };
}

function pads(node: Node): boolean {
  return getInts(node, 'pads', []).some((pad) => pad !== 0) || getString(node, 'auto_pad', 'NOTSET').startsWith('SAME');
}
