import type { SampleSource } from '@bitwright/ptq';
import type { ModelInput } from '../data/model-input';
import type { Preprocess } from '../data/preprocess';
import { generateRandomSamples } from '../data/random-samples';
import { UsageError } from '../errors';
import type { ParsedShapes } from '../model/parse-shapes';
import { openData } from './open-data';

/** What the options of `compare` say about data. */
export interface CompareDataRequest {
  readonly data: readonly string[];
  readonly labels: string | undefined;
  readonly samples: number;
  readonly seed: number;
  readonly shapes: ParsedShapes;
  readonly preprocess: Preprocess | undefined;
  readonly allowRandom: boolean;
  readonly skipUnreadable: boolean;
  readonly inputs: readonly ModelInput[];
}

/** Samples to compare on. */
export interface CompareData {
  readonly source: SampleSource;
  readonly evaluation: { readonly samples: SampleSource; readonly labels: Int32Array } | undefined;
  readonly warnings: () => readonly string[];
}

/**
 * Opens the samples that both models run on.
 *
 * @throws {UsageError} when there are no data and random ones are not allowed
 * @throws {InputDataError} when data or labels are missing, malformed, unreadable or do not fit
 */
export async function openCompareData(request: CompareDataRequest): Promise<CompareData> {
  if (request.data.length === 0) return openRandom(request);
  const evalData = request.labels === undefined ? undefined : request.data;
  const { calibration, evaluation, warnings } = await openData({ ...request, evalData });
  return { source: calibration, evaluation, warnings };
}

// — internals —

function openRandom({ allowRandom, labels, inputs, seed, samples, shapes }: CompareDataRequest): CompareData {
  if (!allowRandom) {
    throw new UsageError({
      operation: 'compare',
      expected: 'samples to run both models on',
      received: 'none',
      hint: 'Give --data <file or folder> with samples like those the model will see (.npy, .npz, images, …), or --allow-random to try the command without.',
    });
  }
  if (labels !== undefined) {
    throw new UsageError({ operation: '--labels', expected: '--data they belong to', received: 'random data' });
  }
  const sampleDims = Object.fromEntries(Object.entries(shapes.inputs).map(([name, dims]) => [name, dims.slice(1)]));
  return {
    source: generateRandomSamples(inputs, { seed, count: samples, sampleDims }),
    evaluation: undefined,
    warnings: () => ['compared on random numbers: errors on real data can be larger or smaller'],
  };
}
