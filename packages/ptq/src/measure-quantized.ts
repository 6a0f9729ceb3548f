import { type Model, peakActivationMemory } from '@bitwright/onnx';
import { batchOfOne } from './batch-of-one';
import { compareLatency, type Evaluation, evaluateClassifiers, type LatencyComparison } from './evaluate';
import type { QuantizeOptions, QuantizeSettings } from './quantize-options';
import type { QuantizationReport } from './report';
import { readRuntimeGraph } from './runtime-graph';
import { limitedBatches } from './sample-source';
import type { Runtime } from './session';
import { type Verification, verifyExported } from './verify';

/** What was measured on the exported file: parts of the report. */
export interface Measured {
  readonly runtimeGraph?: QuantizationReport['runtimeGraph'];
  readonly verification?: Verification;
  readonly evaluation?: Evaluation;
  readonly latency?: LatencyComparison;
}

/**
 * Loads what was written, counts its operators, compares it with float, evaluates and times both.
 *
 * @throws {RuntimeError} when the runtime refuses the file
 */
export async function measureQuantized(
  float: Uint8Array,
  quantized: Uint8Array,
  options: QuantizeOptions,
  settings: QuantizeSettings,
  runtime: Runtime,
): Promise<Measured> {
  const { source, evaluationSource, batchSize, verifySamples, signal, onProgress } = settings;
  const common = { runtime, batchSize, signal, onProgress };
  const isMeasured = verifySamples > 0;
  const graph = isMeasured ? await readRuntimeGraph(runtime, quantized) : undefined;
  const verification = isMeasured
    ? await verifyExported(float, quantized, { ...common, source, limit: verifySamples })
    : undefined;
  const evaluation =
    options.evaluation === undefined || evaluationSource === undefined
      ? undefined
      : await evaluateClassifiers(float, quantized, {
          ...common,
          source: evaluationSource,
          labels: options.evaluation.labels,
          floatPredictions: options.evaluation.floatPredictions,
        });
  const runs = options.latencyRuns ?? (options.evaluation === undefined ? 0 : 21);
  const latency = runs > 0 ? await timeBoth(float, quantized, runs, options, settings, runtime) : undefined;
  return {
    ...(graph === undefined
      ? {}
      : { runtimeGraph: { ...graph, integerShare: graph.integer / Math.max(1, graph.integer + graph.float) } }),
    ...(verification === undefined ? {} : { verification }),
    ...(evaluation === undefined ? {} : { evaluation }),
    ...(latency === undefined ? {} : { latency }),
  };
}

/** Times both files in turn on the first batch of the calibration samples; undefined without samples. */
export async function timeBoth(
  float: Uint8Array,
  quantized: Uint8Array,
  runs: number,
  options: QuantizeOptions,
  settings: QuantizeSettings,
  runtime: Runtime,
): Promise<LatencyComparison | undefined> {
  for await (const feeds of limitedBatches(settings.source, settings.batchSize, settings.batchSize)) {
    return compareLatency(float, quantized, {
      runtime,
      feeds,
      runs,
      signal: settings.signal,
      ...(options.threads === undefined ? {} : { threads: options.threads }),
    });
  }
  return undefined;
}

/** Both peaks at batch 1 where the model leaves the batch open; undefined when some shape is not known. */
export function activationMemory(
  float: Model,
  quantized: Model,
  shapes: Readonly<Record<string, readonly number[]>> | undefined,
): QuantizationReport['activationMemory'] {
  const inputShapes = { ...batchOfOne(float), ...shapes };
  const a = peakActivationMemory(float, inputShapes);
  const b = peakActivationMemory(quantized, inputShapes, { fused: true });
  if (a.unknown.length > 0 || b.unknown.length > 0) return undefined;
  return { floatBytes: a.peakBytes, quantizedBytes: b.peakBytes };
}
