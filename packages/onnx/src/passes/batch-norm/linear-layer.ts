import { getFloat, getInt, getInts, getString } from '../../attribute/read-attribute';
import type { GraphEditor } from '../../graph/editor-types';
import type { Node } from '../../message/types';
import type { ExternalDataReader } from '../../tensor/tensor-payload';
import { isStandard } from '../graph-pass';
import { readFloats } from './channel-affine';

/**
 * A layer y = W·x + b with constant float32 weights, seen as a matrix per group whatever its memory layout: element k of
 * `weights` feeds output channel `outputOf(k)` from input channel `inputOf(k)`.
 */
export interface LinearLayer {
  readonly node: Node;
  readonly weights: Float32Array;
  /** Factor already applied to the weights by the node (alpha of Gemm). */
  readonly weightFactor: number;
  /** Bias times the node's own factor (beta of Gemm); undefined when there is none. */
  readonly bias: Float64Array | undefined;
  readonly inputChannels: number;
  readonly outputChannels: number;
  readonly outputOf: (k: number) => number;
  readonly inputOf: (k: number) => number;
  /** Whether the layer pads its input with zeros. */
  readonly isPadded: boolean;
}

const fullBias = (values: Float32Array | undefined, channels: number, factor: number): Float64Array | undefined => {
  if (values === undefined || (values.length !== 1 && values.length !== channels)) return undefined;
  return Float64Array.from({ length: channels }, (_, c) => factor * (values[values.length === 1 ? 0 : c] ?? 0));
};

/** Only zeros, or no such attribute. */
const isUnpadded = (node: Node): boolean =>
  getInts(node, 'pads', []).every((pad) => pad === 0) && !getString(node, 'auto_pad', 'NOTSET').startsWith('SAME');

/**
 * Reads Conv, ConvTranspose, Gemm or MatMul as a linear layer; undefined for other operators and for weights or biases
 * that are not float32 constants.
 */
export const linearLayerOf = (
  edit: GraphEditor,
  node: Node,
  readExternal: ExternalDataReader | undefined,
): LinearLayer | undefined => {
  if (!isStandard(node)) return undefined;
  const tensor = edit.constant(node.input[1] ?? '');
  const weights = readFloats(tensor, readExternal);
  if (tensor === undefined || weights === undefined) return undefined;
  const dims = tensor.dims.map(Number);
  const biasName = node.input[2] ?? '';
  const biasTensor = biasName === '' ? undefined : edit.constant(biasName);
  const biasValues = readFloats(biasTensor, readExternal);
  if (biasName !== '' && biasValues === undefined) return undefined;
  const [d0 = 0, d1 = 0, ...spatial] = dims;
  const kernel = spatial.reduce((product, size) => product * size, 1);
  const common = { node, weights, weightFactor: 1, isPadded: !isUnpadded(node) };
  const group = getInt(node, 'group', 1);
  if (node.opType === 'Conv' && dims.length >= 3) {
    const outputsPerGroup = d0 / group;
    return {
      ...common,
      bias: fullBias(biasValues, d0, 1),
      inputChannels: d1 * group,
      outputChannels: d0,
      outputOf: (k) => Math.floor(k / (d1 * kernel)),
      inputOf: (k) => {
        const output = Math.floor(k / (d1 * kernel));
        return Math.floor(output / outputsPerGroup) * d1 + (Math.floor(k / kernel) % d1);
      },
    };
  }
  if (node.opType === 'ConvTranspose' && dims.length >= 3) {
    const inputsPerGroup = d0 / group;
    const inputOf = (k: number): number => Math.floor(k / (d1 * kernel));
    return {
      ...common,
      bias: fullBias(biasValues, d1 * group, 1),
      inputChannels: d0,
      outputChannels: d1 * group,
      outputOf: (k) => Math.floor(inputOf(k) / inputsPerGroup) * d1 + (Math.floor(k / kernel) % d1),
      inputOf,
    };
  }
  if (dims.length !== 2) return undefined;
  const isTransposed = node.opType === 'Gemm' && getInt(node, 'transB', 0) !== 0;
  const [inputs, outputs] = isTransposed ? [d1, d0] : [d0, d1];
  const matrix = {
    ...common,
    inputChannels: inputs,
    outputChannels: outputs,
    outputOf: isTransposed ? (k: number) => Math.floor(k / inputs) : (k: number) => k % outputs,
    inputOf: isTransposed ? (k: number) => k % inputs : (k: number) => Math.floor(k / outputs),
    isPadded: false,
  };
  if (node.opType === 'MatMul') return { ...matrix, bias: undefined };
  if (node.opType !== 'Gemm') return undefined;
  const isRow = (biasTensor?.dims.slice(0, -1) ?? []).every((dim) => dim === 1n);
  const bias = fullBias(biasValues, outputs, getFloat(node, 'beta', 1));
  if (biasValues !== undefined && (!isRow || bias === undefined)) return undefined;
  return { ...matrix, weightFactor: getFloat(node, 'alpha', 1), bias };
};
