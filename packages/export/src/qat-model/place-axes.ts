import { ExportError, type Granularity, perAxis, perTensor } from '@bitwright/core';
import type { ConstantPlace } from '../tfjs-to-onnx/graph-writer';

/** Granularity along the axes of an ONNX constant, and for each of its parameters the trained parameter it takes. */
export interface PlacedGranularity {
  readonly granularity: Granularity;
  /** Index of the trained parameter for each stored one. */
  readonly from: readonly number[];
}

/**
 * Carries the granularity of a TensorFlow.js weight over to the ONNX constant made of it.
 *
 * A kernel [kh, kw, in, out] with one scale per output channel (axis 3) is stored as [out, in, kh, kw]: axis 0. A depthwise kernel
 * [kh, kw, C, M] becomes [C·M, 1, kh, kw]: scales of axis 2 or 3 repeat.
 *
 * @param shape - shape of the TensorFlow.js weight
 * @throws {ExportError} when the constant has no axis that follows the trained one
 */
export function placeGranularity(
  name: string,
  granularity: Granularity,
  place: ConstantPlace,
  shape: readonly number[],
): PlacedGranularity {
  if (granularity.kind === 'perTensor') return { granularity: perTensor, from: [0] };
  const axes = place.axes ?? [];
  const target = granularity.kind === 'perAxis' ? axes.findIndex((from) => from.includes(granularity.axis)) : -1;
  const sources = axes[target];
  if (granularity.kind !== 'perAxis' || sources === undefined) {
    throw new ExportError({
      operation: `[export] trainedModelToQdq "${name}"`,
      expected: 'one scale, or one per index of an axis that ONNX keeps',
      received: granularity.kind === 'perAxis' ? `scales along axis ${granularity.axis}` : `scales ${granularity.kind}`,
    });
  }
  const sizes = sources.map((axis) => shape[axis] ?? 1);
  const inner = sources.slice(sources.indexOf(granularity.axis) + 1).map((axis) => shape[axis] ?? 1);
  const stride = inner.reduce((product, size) => product * size, 1);
  const own = shape[granularity.axis] ?? 1;
  const count = sizes.reduce((product, size) => product * size, 1);
  const from = Array.from({ length: count }, (_, i) => Math.floor(i / stride) % own);
  return { granularity: perAxis(target), from };
}
