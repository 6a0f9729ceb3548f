import { type GramStats, gramObserver, type ObserverType } from '@bitwright/core';
import type { FoundWeights, Weight } from '@bitwright/export';
import type { Model } from '@bitwright/onnx';
import { calibrate, calibrateExtremes } from '../calibrate';
import type { SampleSource } from '../feeds';
import type { OnProgress } from '../progress';
import type { Runtime } from '../session';

export interface CollectGramsOptions {
  readonly runtime: Runtime;
  readonly source: SampleSource;
  readonly batchSize: number;
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
  weights: FoundWeights['weights'],
  options: CollectGramsOptions,
): Promise<CollectedGrams> {
  const tensors = [...new Set(weights.flatMap(productInputs))];
  if (tensors.length === 0) return { grams: new Map(), samples: 0 };
  const extremes = await calibrateExtremes(model, { ...options, tensors });
  const absmax = (tensor: string | undefined): number => {
    const stats = tensor === undefined ? undefined : extremes.observers.get(tensor)?.stats();
    const most = Math.max(-(stats?.min[0] ?? 0), stats?.max[0] ?? 0);
    // An input that is always 0 has no grid; any will do.
    return most > 0 ? most : 1;
  };
  const observer: ObserverType<GramStats> = {
    kind: gramObserver.kind,
    create: (settings = {}) => gramObserver.create({ ...settings, absmax: absmax(settings.tensor) }),
    fromJSON: gramObserver.fromJSON,
  };
  const result = await calibrate(model, { ...options, tensors, observer });
  return {
    grams: new Map([...result.observers].map(([tensor, each]) => [tensor, each.stats()])),
    samples: result.samples,
  };
}
