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
  const bytes = observedBytes(plan, shapes);
  return bytes === undefined ? 8 : samplesWithin(bytesPerRun, bytes, 1);
}

/** Bytes of observed tensors while biases are corrected: both models hold a part of them at a time. */
const bytesPerCorrection = 200 * 10 ** 6;
/** Means over fewer samples than these shift too much from run to run. */
const leastCorrected = 4;

/**
 * Samples per run of bias correction, whose means are taken run by run and so want many: 32, but fewer where the float and the
 * quantized model side by side would hold much memory (mobilenetv2 at 224×224: 0.7 GB with 8, 1.2 GB with 32); 4 at least.
 */
export function correctionBatchSize(
  plan: QuantizationPlan,
  shapes: Readonly<Record<string, readonly number[]>> = {},
): number {
  const bytes = observedBytes(plan, shapes);
  return bytes === undefined ? mostSamples : samplesWithin(bytesPerCorrection, bytes, leastCorrected);
}

// — internals —

function samplesWithin(limit: number, bytesPerSample: number, least: number): number {
  return Math.min(mostSamples, Math.max(least, Math.floor(limit / Math.max(1, bytesPerSample))));
}

/** Of one sample; undefined where sizes are not known before a run. */
function observedBytes(
  plan: QuantizationPlan,
  shapes: Readonly<Record<string, readonly number[]>>,
): number | undefined {
  const types = inferShapes(plan.model, { shapes: { ...batchOfOne(plan.model), ...shapes } });
  let bytes = 0;
  for (const tensor of plan.observed) {
    const dims = staticDims(types.get(tensor)?.dims);
    if (dims === undefined) return undefined;
    bytes += 4 * dims.reduce((product, dim) => product * dim, 1);
  }
  return bytes;
}
