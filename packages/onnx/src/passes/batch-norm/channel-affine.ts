import { getFloat, getInt } from '../../attribute/read-attribute';
import type { GraphEditor } from '../../graph/editor-types';
import type { Node, Tensor } from '../../message/types';
import { DataType } from '../../tensor/data-type';
import { type ExternalDataReader, isExternal } from '../../tensor/tensor-payload';
import { tensorToFloat32 } from '../../tensor/tensor-to-float32';

/** BatchNormalization at inference as one affine map per channel: y = factor[c] · x + offset[c], in float64. */
export interface ChannelAffine {
  readonly factor: Float64Array;
  readonly offset: Float64Array;
}

const defaultEpsilon = 1e-5;

/** Float32 content of a constant that folding may rewrite; undefined for other types and out-of-reach external data. */
export const readFloats = (
  tensor: Tensor | undefined,
  readExternal: ExternalDataReader | undefined,
): Float32Array | undefined => {
  if (tensor === undefined || tensor.dataType !== DataType.FLOAT) return undefined;
  if (isExternal(tensor) && readExternal === undefined) return undefined;
  return tensorToFloat32(tensor, readExternal);
};

/** Whether the node normalizes with its running statistics, per channel. */
const isInference = (node: Node, opset: number): boolean => {
  if (opset < 7 && getInt(node, 'is_test', 0) === 0) return false;
  if (opset < 9 && getInt(node, 'spatial', 1) === 0) return false;
  return getInt(node, 'training_mode', 0) === 0;
};

/**
 * Reads the affine map of a BatchNormalization node (algorithms: a = γ / √(σ² + ε), d = β − a·μ).
 * Undefined when it trains, its statistics are not float32 constants, or somebody reads its other outputs.
 */
export const channelAffineOf = (
  edit: GraphEditor,
  node: Node,
  readExternal: ExternalDataReader | undefined,
): ChannelAffine | undefined => {
  if (!isInference(node, edit.opset() ?? 1)) return undefined;
  if (node.output.slice(1).some((name) => name !== '' && (edit.isOutput(name) || edit.consumers(name).length > 0)))
    return undefined;
  const [gamma, beta, mean, variance] = [1, 2, 3, 4].map((i) =>
    readFloats(edit.constant(node.input[i] ?? ''), readExternal),
  );
  if (gamma === undefined || beta === undefined || mean === undefined || variance === undefined) return undefined;
  if ([beta, mean, variance].some((values) => values.length !== gamma.length)) return undefined;
  const epsilon = Math.fround(getFloat(node, 'epsilon', defaultEpsilon));
  const factor = Float64Array.from(gamma, (g, c) => g / Math.sqrt((variance[c] ?? 0) + epsilon));
  const offset = Float64Array.from(beta, (b, c) => b - (factor[c] ?? 0) * (mean[c] ?? 0));
  const areFinite = [...factor, ...offset].every((value) => Number.isFinite(value));
  return areFinite ? { factor, offset } : undefined;
};
