import { inferShapes, staticDims } from '@bitwright/onnx';
import { batchOfOne } from './batch-of-one';
import type { QuantizationPlan } from './plan';
import type { AnyRangeSelector } from './range-selectors';

/** Bytes of observed tensors per run: what one run hands out should still be in a cache when it is counted. */
const bytesPerRun = 20 * 10 ** 6;
const mostSamples = 32;

/**
 * Samples per calibration run where the caller does not say: as many as hand out about 20 MB of observed tensors, 1 at least and 32
 * at most; 32 for statistics that depend on the batches (moving averages), and 8 where sizes are not known before a run.
 *
 * Measured on ResNet-20 (1.15 MB per sample): fewer samples per run cost more calls and more waiting of threads for each other, more
 * cost memory and gain nothing (runs of 4, 8, 16 and 32 samples: 1.02, 1.00, 0.90 and 0.90 s for 1,000).
 */
export function calibrationBatchSize(
  plan: QuantizationPlan,
  selector: AnyRangeSelector,
  shapes: Readonly<Record<string, readonly number[]>> = {},
): number {
  if (selector.observer.create().isOrdered) return mostSamples;
  const types = inferShapes(plan.model, { shapes: { ...batchOfOne(plan.model), ...shapes } });
  let bytes = 0;
  for (const tensor of plan.observed) {
    const dims = staticDims(types.get(tensor)?.dims);
    if (dims === undefined) return 8;
    bytes += 4 * dims.reduce((product, dim) => product * dim, 1);
  }
  return Math.min(mostSamples, Math.max(1, Math.floor(bytesPerRun / Math.max(1, bytes))));
}
