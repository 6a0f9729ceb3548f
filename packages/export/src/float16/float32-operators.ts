import type { Node } from '@bitwright/onnx';

/** Inputs and outputs of an operator that must be float32, where they are float at all. */
export interface Float32Places {
  readonly inputs: 'all' | readonly number[];
  readonly outputs: 'all' | readonly number[];
}

const all: Float32Places = Object.freeze({ inputs: 'all', outputs: 'all' });
const places = (inputs: readonly number[], outputs: readonly number[] = []): Float32Places =>
  Object.freeze({ inputs, outputs });

/** ai.onnx operators whose specification has no float16 for these places, from operator set 13 on. */
const standard: Readonly<Record<string, Float32Places>> = {
  Resize: places([2]),
  Upsample: places([1]),
  DynamicQuantizeLinear: places([0], [1]),
  QLinearConv: all,
  QLinearMatMul: all,
  NonMaxSuppression: all,
  Range: all,
  Multinomial: all,
  HannWindow: all,
  HammingWindow: all,
  BlackmanWindow: all,
  MelWeightMatrix: all,
};

/** com.microsoft operators that take float16; all others count as float32 only. */
const contrib: ReadonlySet<string> = new Set([
  'Attention',
  'BiasAdd',
  'BiasGelu',
  'BiasSplitGelu',
  'EmbedLayerNormalization',
  'FastGelu',
  'FusedMatMul',
  'GatherBlockQuantized',
  'Gelu',
  'GroupNorm',
  'GroupQueryAttention',
  'MatMulBnb4',
  'MatMulNBits',
  'MoE',
  'MultiHeadAttention',
  'PackedAttention',
  'PackedMultiHeadAttention',
  'QMoE',
  'QuickGelu',
  'RotaryEmbedding',
  'SimplifiedLayerNormalization',
  'SkipGroupNorm',
  'SkipLayerNormalization',
  'SkipSimplifiedLayerNormalization',
]);

/** What of a node must stay float32 because no float16 form is specified; undefined when nothing must. */
export function float32Places(node: Node, opset: number): Float32Places | undefined {
  if (node.domain === 'com.microsoft') return contrib.has(node.opType) ? undefined : all;
  if (node.domain !== '' && node.domain !== 'ai.onnx') return all;
  if (opset < 19 && node.opType === 'QuantizeLinear') return places([0, 1]);
  if (opset < 19 && node.opType === 'DequantizeLinear') return places([1], [0]);
  if (opset < 14 && node.opType === 'CumSum') return all;
  return Object.hasOwn(standard, node.opType) ? standard[node.opType] : undefined;
}

/** Everything float of a node that the caller wants to keep in float32. */
export const keepAll: Float32Places = all;

export const isKept = (kept: 'all' | readonly number[], position: number): boolean =>
  kept === 'all' || kept.includes(position);
