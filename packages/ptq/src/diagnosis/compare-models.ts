import { InputDataError } from '@bitwright/core';
import { encodeModel, type Model } from '@bitwright/onnx';
import { compareLatency, evaluateClassifiers } from '../evaluate';
import type { Feeds, SampleSource } from '../feeds';
import type { OnProgress } from '../progress';
import { readRuntimeGraph } from '../runtime-graph';
import { asSampleSource, limitedBatches, type SampleInput, sampleCount } from '../sample-source';
import { loadRuntime, type Runtime } from '../session';
import { tool } from '../version';
import { activationHistograms } from './activation-histograms';
import { alignNames } from './align-names';
import { type MatchedModels, matchModels, unmatchedLayers } from './compare-flows';
import { compareOutputs } from './compare-outputs';
import type { Comparison, LayerComparison, LayerQuantization, ModelFacts } from './comparison';
import { describeLayer, layerQuantization } from './describe-layer';
import { diagnose } from './diagnose';
import { findLayers, layerEnds } from './find-layers';
import type { Match } from './match-flows';
import { type MeasureOptions, measureCumulative } from './measure-cumulative';
import { type FloatSide, measureIsolated } from './measure-isolated';
import { createMeasuredLayer } from './measured-layer';
import { memorySchedules } from './memory-schedule';
import type { Quantity } from './quantity';
import { openTapped, type TappedSession } from './tapped-sessions';

export interface CompareOptions {
  /** Samples like those the models will see. They are read several times. */
  readonly source: SampleInput;
  /** Default: the installed onnxruntime. */
  readonly runtime?: Runtime;
  /** Samples used at most. Default 64. */
  readonly samples?: number;
  /** Samples per run at most; large models get smaller batches by themselves. Default 32. */
  readonly batchSize?: number;
  /** Names for the report. */
  readonly names?: { readonly float: string; readonly quantized: string };
  /** Labelled samples: top-1 accuracy of both models. */
  readonly evaluation?: { readonly samples: SampleInput; readonly labels: ArrayLike<number> };
  /** Timed runs of each model, in turn; 0 = none. Default 21. */
  readonly latencyRuns?: number;
  /** Samples in a timed run. Default 1, or what the model fixes. */
  readonly latencyBatch?: number;
  /** Threads inside one operator for the timing. Default: the runtime's choice. */
  readonly threads?: number;
  /** What the processor has for 8-bit products, for the advice on speed; `true` = it has them. */
  readonly hasInt8Products?: boolean;
  readonly signal?: AbortSignal;
  readonly onProgress?: OnProgress;
}

/** Layers that get a histogram. */
const histogramLayers = 9;

/**
 * Compares a model quantized by any tool with the float model it was made from: layer by layer, in constant memory, on the
 * same samples, and says what to do next.
 *
 * Layers are compared on the quantized model as its file says (optimizations off, so that inner tensors exist); the outputs,
 * the accuracy and the latency on both models as users run them, fully optimized.
 *
 * @throws {InputDataError} when the models have no inputs in common, or the data do not fit
 * @throws {ModelFormatError} when a model has no graph
 * @throws {RuntimeError} when the runtime is missing or refuses a model
 * @throws {AbortedError} when cancelled
 * @example
 * const comparison = await compareModels(float, quantized, { source: [{ input: { type: 'float32', data, dims } }] });
 */
export async function compareModels(float: Model, quantized: Model, options: CompareOptions): Promise<Comparison> {
  const runtime = options.runtime ?? (await loadRuntime());
  const source = asSampleSource(options.source, float);
  const { samples = 64, batchSize = 32, signal, onProgress } = options;
  const measure: MeasureOptions = { source, samples, batchSize, signal, onProgress };
  onProgress?.({ phase: 'prepare', done: 0, total: 1, etaMs: undefined });
  const aligned = alignNames(float, quantized);
  const models = matchModels(float, aligned);
  const floatBytes = encodeModel(float);
  const quantizedBytes = encodeModel(aligned);
  const ends = await compareOutputs(runtime, floatBytes, quantizedBytes, measure);
  const inner = await measureLayers(models, runtime, measure);
  const { evaluation } = options;
  const accuracy =
    evaluation === undefined
      ? undefined
      : await evaluateClassifiers(floatBytes, quantizedBytes, {
          ...{ runtime, batchSize, signal, onProgress },
          source: asSampleSource(evaluation.samples, float),
          labels: evaluation.labels,
        });
  const schedules =
    ends.firstFeeds === undefined ? {} : memorySchedules(models.float, models.quantized, ends.firstFeeds);
  const graph = await readRuntimeGraph(runtime, quantizedBytes);
  const latency = await timeBoth(floatBytes, quantizedBytes, source, runtime, options);
  const draft: Omit<Comparison, 'findings'> = {
    tool,
    runtime: { name: runtime.name, version: runtime.version },
    float: describeModel(float, floatBytes.length, options.names?.float),
    quantized: describeModel(quantized, quantizedBytes.length, options.names?.quantized),
    data: source.description,
    samples: ends.samples,
    matching: inner.matching,
    outputs: ends.outputs,
    layers: inner.layers,
    ...(schedules.memory === undefined ? {} : { memory: schedules.memory }),
    ...(graph === undefined ? {} : { runtimeGraph: graph }),
    ...(latency === undefined ? {} : { latency }),
    ...(accuracy === undefined ? {} : { evaluation: accuracy }),
    notes: [...ends.notes, ...(schedules.problem === undefined ? [] : [schedules.problem])],
  };
  return { ...draft, findings: diagnose(draft, { hasInt8Products: options.hasInt8Products }) };
}

// — internals —

async function measureLayers(
  models: MatchedModels,
  runtime: Runtime,
  measure: MeasureOptions,
): Promise<Pick<Comparison, 'layers' | 'matching'>> {
  const { matching } = models;
  const pairs = matching.matches.filter(
    ({ quantized: { producer, codes } }) => producer !== undefined || codes !== undefined,
  );
  const float = await openTapped(
    runtime,
    models.float,
    pairs.map((match) => match.float),
    {},
  );
  try {
    const quantized = await openTapped(
      runtime,
      models.quantized,
      pairs.map((match) => match.quantized),
      { optimization: 'disabled' },
    );
    try {
      return await measureTapped(models, runtime, measure, float, quantized, pairs);
    } finally {
      await quantized.release();
    }
  } finally {
    await float.release();
  }
}

async function measureTapped(
  models: MatchedModels,
  runtime: Runtime,
  measure: MeasureOptions,
  float: TappedSession,
  quantized: TappedSession,
  pairs: readonly Match[],
): Promise<Pick<Comparison, 'layers' | 'matching'>> {
  const probe = await probeSizes(float, quantized, pairs, measure.source);
  const usable = new Set(models.matching.matches.filter((match) => !probe.rejected.has(match)));
  const found = findLayers(models, models.matching, usable);
  const layers = found.map((layer) => {
    const dims = probe.dims.get(layer.match) ?? [];
    return createMeasuredLayer(layer, models.quantized, dims, probe.rows);
  });
  await measureCumulative(float, quantized, layers, measure);
  const isolated = layers.filter(
    ({ layer }) => layer.quantizedOperators.length > 0 && isQuantized(layerQuantization(layer, models.quantized)),
  );
  const byEnd = new Map(layers.map((measured) => [measured.layer.match.quantized, measured]));
  const sides = new Map<Quantity, FloatSide>();
  for (const end of layerEnds(found, models.matching)) {
    const quantity = models.matching.floatOf(end);
    if (quantity !== undefined) sides.set(end, { quantity, measured: byEnd.get(end) });
  }
  const skipped = await measureIsolated(float, isolated, {
    ...{ ...measure, runtime, ends: sides },
    quantized: models.quantized,
  });
  const complete = layers.map((measured) => describeLayer(measured, models, skipped.get(measured.layer)));
  const worst = layers
    .filter((_, i) => complete[i]?.codes !== undefined)
    .sort((a, b) => noiseOf(complete[layers.indexOf(b)]) - noiseOf(complete[layers.indexOf(a)]))
    .slice(0, histogramLayers);
  const histograms = await activationHistograms(float, worst, measure);
  const unmatched = unmatchedLayers(models, probe.rejected);
  const count = (by: Match['by']): number => found.filter((layer) => layer.match.by === by).length;
  return {
    layers: complete.map((layer, i): LayerComparison => {
      const measured = layers[i];
      const histogram = measured === undefined ? undefined : histograms.get(measured);
      return histogram === undefined ? layer : { ...layer, histogram };
    }),
    matching: {
      layers: found.length,
      byName: count('name'),
      byTopology: count('topology'),
      byOrder: count('order'),
      unmatched,
    },
  };
}

function isQuantized({ activations, weights }: LayerQuantization): boolean {
  return activations !== 'none' || weights;
}

function noiseOf(layer: LayerComparison | undefined): number {
  return layer?.executed?.noiseShare ?? layer?.cumulative.noiseShare ?? 0;
}

interface Probe {
  readonly dims: ReadonlyMap<Match, readonly number[]>;
  readonly rows: number;
  /** Pairs that cannot be compared, with both sizes. */
  readonly rejected: ReadonlyMap<Match, string>;
}

/** One run of both models tells all sizes, whatever shapes the files leave open. */
async function probeSizes(
  float: TappedSession,
  quantized: TappedSession,
  pairs: readonly Match[],
  source: SampleSource,
): Promise<Probe> {
  const dims = new Map<Match, readonly number[]>();
  const rejected = new Map<Match, string>();
  for await (const feeds of limitedBatches(source, 1, Number.POSITIVE_INFINITY)) {
    const expected = await float.run(
      feeds,
      pairs.map((match) => match.float),
    );
    const actual = await quantized.run(
      feeds,
      pairs.map((match) => match.quantized),
    );
    for (const match of pairs) {
      const [a, b] = [expected.dims(match.float), actual.dims(match.quantized)];
      dims.set(match, a);
      if (count(a) !== count(b)) {
        rejected.set(match, `sizes differ: [${a.join(',')}] in the float model, [${b.join(',')}] in the quantized one`);
      }
    }
    return { dims, rows: sampleCount(feeds), rejected };
  }
  throw new InputDataError({ operation: '[ptq] compareModels', expected: 'at least one sample', received: 'none' });
}

function count(dims: readonly number[]): number {
  return dims.reduce((a, b) => a * b, 1);
}

function describeModel(model: Model, bytes: number, name: string | undefined): ModelFacts {
  return {
    name: name ?? model.graph?.name ?? 'model',
    bytes,
    nodes: model.graph?.node.length ?? 0,
    producer: [model.producerName, model.producerVersion].filter((part) => part !== '').join(' '),
  };
}

async function timeBoth(
  float: Uint8Array,
  quantized: Uint8Array,
  source: SampleSource,
  runtime: Runtime,
  { latencyRuns = 21, latencyBatch = 1, threads }: CompareOptions,
): Promise<Comparison['latency']> {
  if (latencyRuns === 0) return undefined;
  for await (const feeds of limitedBatches(source, latencyBatch, Number.POSITIVE_INFINITY)) {
    const settings: { runtime: Runtime; feeds: Feeds; runs: number } = { runtime, feeds, runs: latencyRuns };
    return compareLatency(float, quantized, threads === undefined ? settings : { ...settings, threads });
  }
  return undefined;
}
