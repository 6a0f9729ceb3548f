import { ExportError, type Granularity, perAxis } from '@bitwright/core';
import type { GraphIndex } from '@bitwright/onnx';

/** Axis of the output channels in the second input of an operator. */
const channelAxes: Readonly<Record<string, number>> = { Conv: 0, ConvTranspose: 1, Gemm: 1, MatMul: 1 };

/**
 * Granularity of a stored weight: one scale per output channel lies along the axis its reader has the channels on, whatever axis
 * it had in training (a Dense kernel [in, out] over images becomes a 1×1 convolution [out, in, 1, 1]).
 *
 * @param count - number of scales
 * @throws {ExportError} when the scales do not fit the channels
 */
export function storedGranularity(
  name: string,
  granularity: Granularity,
  count: number,
  index: GraphIndex,
): Granularity {
  if (granularity.kind !== 'perAxis') return granularity;
  const reader = index.consumers(name).find(({ node, input }) => input === 1 && channelAxes[node.opType] !== undefined);
  const axis = reader === undefined ? granularity.axis : (channelAxes[reader.node.opType] ?? granularity.axis);
  const shape = (index.initializer(name)?.dims ?? []).map(Number);
  if (shape[axis] === count) return perAxis(axis);
  throw new ExportError({
    operation: `[export] trainedModelToQdq "${name}"`,
    expected: `${shape[axis]} scales along axis ${axis} of [${shape.join(',')}], one per output channel`,
    received: `${count} along axis ${granularity.axis}`,
  });
}
