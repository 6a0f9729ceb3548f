import { InvalidArgumentError, type PeakFormat, type Target, theoreticalPeak } from '@bitwright/core';
import { countMacs, type Model } from '@bitwright/onnx';
import { batchOfOne } from '../batch-of-one';
import type { LayerBits } from '../rounding/low-bit-schemes';

/**
 * What a budget limits:
 *   size     bytes of the weights, packed:                Σ n·b_w / 8
 *   bops     bit operations of one sample:                Σ MACs·b_w·b_a          (HAWQ-V3)
 *   latency  processor cycles at the target's peak rates: Σ MACs / peak(format)
 */
export type CostKind = 'size' | 'bops' | 'latency';

/** What a layer costs at some bits. */
export interface LayerFacts {
  readonly node: string;
  readonly parameters: number;
  /** Multiply–accumulates of one sample. */
  readonly macs: number;
}

/**
 * Multiply–accumulates per layer and sample.
 *
 * @throws {InvalidArgumentError} when sizes are not known; bit operations and cycles need them
 */
export function layerMacs(
  model: Model,
  shapes: Readonly<Record<string, readonly number[]>> | undefined,
): ReadonlyMap<string, number> {
  const counted = countMacs(model, { ...batchOfOne(model), ...shapes });
  return new Map(counted.nodes.flatMap(({ node, macs }) => (macs === undefined ? [] : [[node, macs]])));
}

/** @throws {InvalidArgumentError} when MACs or peak rates that the kind needs are not known */
export function layerCost(layer: LayerFacts, bits: LayerBits, kind: CostKind, target: Target): number {
  if (kind === 'size') return (layer.parameters * bits.weightBits) / 8;
  if (!Number.isFinite(layer.macs)) {
    throw new InvalidArgumentError({
      operation: '[ptq] mixed precision',
      expected: `a known size of what layer "${layer.node}" reads`,
      received: 'a shape the model leaves open',
      hint: 'Give the input shapes, or limit the size instead.',
    });
  }
  if (kind === 'bops') return layer.macs * bits.weightBits * bits.activationBits;
  return layer.macs / peakOf(bits, target);
}

// — internals —

/** Peak rate of the narrowest format of the target's kernels that holds both operands. */
function peakOf(bits: LayerBits, target: Target): number {
  const width = Math.max(bits.weightBits, bits.activationBits);
  const formats: readonly (readonly [PeakFormat, number])[] = [
    ['i4', 4],
    ['i8', 8],
    ['f32', 32],
  ];
  for (const [format, holds] of formats) {
    if (width > holds || !(format === 'f32' || target.kernelFormats.includes(format))) continue;
    const peak = theoreticalPeak(target, format);
    if (peak !== undefined) return peak;
  }
  throw new InvalidArgumentError({
    operation: '[ptq] mixed precision',
    expected: `a target with published peak rates, for a latency budget`,
    received: `${target.id}, of which none is known`,
    hint: 'Limit the size or the bit operations instead.',
  });
}
