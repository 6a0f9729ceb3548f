import type { Weight } from '@bitwright/export';
import { DataType } from '@bitwright/onnx';
import { weightDTypes } from './dtypes';
import type { WeightSettings } from './weight-options';

/** How one weight will be stored, or why it stays float. */
export type CodePlan =
  | { readonly kind: 'blocks'; readonly bits: 2 | 4 | 8; readonly realZeroPoints: boolean }
  | { readonly kind: 'rows'; readonly isSigned: boolean; readonly reducedRange: boolean }
  | { readonly kind: 'lookup' }
  | { readonly kind: 'float'; readonly reason: string };

/** uint8 × int8 products that an int32 accumulator holds: (2^31 − 1)/(255·127). */
const longestIntegerRow = 66311;

/** Decides how a weight is stored under the given settings. */
export function planCodes(weight: Weight, settings: WeightSettings): CodePlan {
  const { codes } = weightDTypes[settings.dtype];
  const kinds = new Set(weight.sites.map((site) => site.kind));
  const isGathered = kinds.has('gather');
  if (codes === undefined) return stay('this dtype quantizes no weight');
  if (isGathered && !settings.embeddings) return stay('embeddings stay float (option)');
  if (codes === 'rows') return planRows(weight, settings);
  const isProduct = [...kinds].every((kind) => kind === 'matmul' || kind === 'gemm');
  if (codes === 'lookup') {
    if (isProduct) return smaller(weight, 4, settings.blockSize, { kind: 'lookup' });
    return stay(isGathered ? 'no lookup of rows in this format' : 'no operator for it in this format');
  }
  if (!isProduct && !isGathered) return stay('low-bit blocks exist for MatMul, Gemm and Gather only');
  if (settings.spelling === 'qdq' && isGathered) {
    return weight.dataType === DataType.FLOAT
      ? { kind: 'rows', isSigned: true, reducedRange: false }
      : stay('standard operators look rows up in float32 models only');
  }
  return planBlocks(weight, settings, isGathered, kinds.size > 1);
}

// — internals —

function planRows(weight: Weight, settings: WeightSettings): CodePlan {
  const kinds = new Set(weight.sites.map((site) => site.kind));
  const isStored = kinds.has('stored') || (kinds.has('conv') && settings.convolutions !== 'integer');
  if (kinds.has('conv') && settings.convolutions === 'float') return stay('convolutions stay float (option)');
  if (weight.dataType !== DataType.FLOAT && !isStored) return stay('dynamic quantization needs float32 activations');
  if (weight.columns > longestIntegerRow && !isStored && !kinds.has('gather')) {
    return stay(`rows of ${weight.columns} overflow an int32 accumulator`);
  }
  const size = weight.rows * weight.columns + 4 * (settings.perChannel ? weight.rows : 1);
  if (size >= weight.byteLength) return stay(`not smaller in 8 bits (${size} of ${weight.byteLength} bytes)`);
  // int8 for stored weights, uint8 for LSTM: the forms that run correctly everywhere.
  const isSigned = !kinds.has('lstm') && (isStored || settings.isSigned);
  const isInteger = !isStored && [...kinds].some((kind) => kind !== 'gather');
  return { kind: 'rows', isSigned, reducedRange: isSigned && isInteger && settings.reduceRange };
}

function planBlocks(weight: Weight, settings: WeightSettings, isGathered: boolean, isTied: boolean): CodePlan {
  const { blockSize } = settings;
  const wanted = weightDTypes[settings.dtype].bits === 2 ? 2 : 4;
  // GatherBlockQuantized has no 2-bit form: embeddings, and what shares their table, keep 4.
  const bits = isGathered ? 4 : wanted;
  if (isGathered && weight.columns % 2 !== 0) return stay(`rows of ${weight.columns} codes are no whole bytes`);
  if (isTied && isGathered && weight.columns % blockSize !== 0) {
    return stay(`a tied table of ${weight.columns} columns cannot be shared in blocks of ${blockSize}`);
  }
  const realZeroPoints = settings.realZeroPoints && !isGathered;
  return smaller(weight, bits, blockSize, { kind: 'blocks', bits, realZeroPoints });
}

function smaller(weight: Weight, bits: number, blockSize: number, plan: CodePlan): CodePlan {
  const blocks = Math.ceil(weight.columns / blockSize);
  const size = weight.rows * blocks * ((blockSize * bits) / 8 + 4);
  if (size < weight.byteLength) return plan;
  return stay(`not smaller in blocks of ${blockSize} (${size} of ${weight.byteLength} bytes)`);
}

function stay(reason: string): CodePlan {
  return { kind: 'float', reason };
}
