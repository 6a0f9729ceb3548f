import { type GramStats, gramObserver, InputDataError } from '@bitwright/core';
import type { Weight } from '@bitwright/export';
import { createValueInfo, DataType, editGraph, encodeModel, type Model } from '@bitwright/onnx';
import type { Feeds, SampleSource } from '../feeds';
import { type OnProgress, reportPhase, throwIfAborted } from '../progress';
import { limitedBatches, sampleCount } from '../sample-source';
import type { Runtime, Session } from '../session';

export interface CollectGramsOptions {
  readonly runtime: Runtime;
  readonly source: SampleSource;
  readonly batchSize: number;
  /** Samples used at most. */
  readonly limit: number;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
}

/** Second moments of the inputs of matrix products: tensor name → XᵀX. */
export interface CollectedGrams {
  readonly grams: ReadonlyMap<string, GramStats>;
  readonly samples: number;
}

/** Names of the main graph's tensors that a weight is multiplied with. */
export function productInputs(weight: Weight): readonly string[] {
  return weight.sites.flatMap(({ kind, scope, node }) => {
    const isProduct = kind === 'matmul' || kind === 'gemm';
    const name = node.input[0] ?? '';
    return isProduct && scope.parent === undefined && !scope.constants.has(name) ? [name] : [];
  });
}

/**
 * Streams the samples through the float model twice: extremes first, which fix the grid of the exact sums, then XᵀX of every tensor
 * that meets a weight. Memory: 8·K² bytes per tensor, whatever the number of samples.
 *
 * @throws {InputDataError} when there is no sample
 */
export async function collectGrams(
  model: Model,
  weights: readonly Weight[],
  options: CollectGramsOptions,
): Promise<CollectedGrams> {
  const tensors = [...new Set(weights.flatMap(productInputs))];
  if (tensors.length === 0) return { grams: new Map(), samples: 0 };
  const edit = editGraph(model);
  const inner = tensors.filter((name) => !edit.isInput(name));
  for (const name of inner) if (!edit.isOutput(name)) edit.addOutput(createValueInfo(name, DataType.FLOAT));
  const session = await options.runtime.createSession(encodeModel(edit.finish()));
  try {
    const absmax = new Map(tensors.map((name) => [name, 0]));
    await stream(session, inner, options, (name, data) => {
      absmax.set(
        name,
        data.reduce((most, x) => Math.max(most, Math.abs(x)), absmax.get(name) ?? 0),
      );
    });
    // An input that is always 0 has no grid of its own; any will do.
    const observers = new Map(
      tensors.map((name) => [name, gramObserver.create({ tensor: name, absmax: absmax.get(name) || 1 })]),
    );
    const samples = await stream(session, inner, options, (name, data, shape) => {
      observers.get(name)?.observe({ data, shape });
    });
    return { grams: new Map([...observers].map(([name, observer]) => [name, observer.stats()])), samples };
  } finally {
    await session.release();
  }
}

// — internals —

async function stream(
  session: Session,
  inner: readonly string[],
  options: CollectGramsOptions,
  use: (name: string, data: Float32Array, shape: readonly number[]) => void,
): Promise<number> {
  const { source, batchSize, limit, signal, onProgress } = options;
  const total = source.length === undefined ? undefined : Math.min(source.length, limit);
  const progress = reportPhase('calibrate', total, onProgress);
  let samples = 0;
  for await (const feeds of limitedBatches(source, batchSize, limit)) {
    throwIfAborted(signal, 'calibrate');
    const results: Feeds = inner.length === 0 ? {} : await session.run(feeds, inner);
    for (const [name, { data, dims }] of Object.entries({ ...feeds, ...results })) {
      if (data instanceof Float32Array) use(name, data, dims);
    }
    samples += sampleCount(feeds);
    progress.advance(sampleCount(feeds));
  }
  if (samples > 0) return samples;
  throw new InputDataError({
    operation: '[ptq] collectGrams',
    expected: 'at least one calibration sample',
    received: `none (${source.description})`,
    hint: 'GPTQ needs samples; the methods "rtn" and "hqq" do not.',
  });
}
