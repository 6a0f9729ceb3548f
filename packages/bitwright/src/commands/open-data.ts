import { InputDataError } from '@bitwright/core';
import type { SampleSource } from '@bitwright/ptq';
import { checkData, type DataCheck } from '../data/check-data';
import { loadLabels } from '../data/labels';
import type { ModelInput } from '../data/model-input';
import { isModulePath } from '../data/open-source';
import type { Preprocess } from '../data/preprocess';
import { generateRandomSamples } from '../data/random-samples';
import { type OpenedSamples, openSamples } from '../data/sample-source';
import { UsageError } from '../errors';
import type { ParsedShapes } from '../model/parse-shapes';

/** What the options say about data. */
export interface DataRequest {
  readonly data: readonly string[];
  readonly evalData: readonly string[] | undefined;
  readonly labels: string | undefined;
  readonly samples: number;
  readonly seed: number;
  readonly shapes: ParsedShapes;
  readonly preprocess: Preprocess | undefined;
  readonly allowRandom: boolean;
  /** Go on without images that cannot be read. */
  readonly skipUnreadable: boolean;
  readonly inputs: readonly ModelInput[];
}

/** Samples, labels and what was found out about them before any work. */
export interface OpenedData {
  readonly calibration: SampleSource;
  readonly isRandom: boolean;
  /** SHA-256 of the calibration files; undefined for random data. */
  readonly hash: string | undefined;
  readonly evaluation: { readonly samples: SampleSource; readonly labels: Int32Array } | undefined;
  readonly check: DataCheck;
  /** What the user should know, in sentences. */
  readonly warnings: () => readonly string[];
}

/** Samples looked at before the long work; the rest is checked while it runs. */
const checkedSamples = 64;

/**
 * Opens and checks everything `quantize` reads besides the model.
 *
 * @throws {UsageError} when there are no data and random ones are not allowed
 * @throws {InputDataError} when data or labels are missing, malformed, unreadable or do not fit the model or each other
 */
export async function openData(request: DataRequest): Promise<OpenedData> {
  if (request.data.length === 0) return openRandom(request);
  const all = await openSamples(request.data, sampleOptions(request));
  const isCut = all.total !== undefined && all.total > request.samples;
  const shuffle = !request.data.some((spec) => isModulePath(spec));
  const limits = { limit: request.samples, ...(isCut ? { shuffle, seed: request.seed } : {}) };
  const calibration =
    isCut || all.total === undefined ? await openSamples(request.data, { ...sampleOptions(request), ...limits }) : all;
  if (!request.skipUnreadable) await refuseUnreadable(calibration);
  const check = await checkData(calibration, {
    limit: checkedSamples,
    preprocess: request.preprocess,
    inputs: request.inputs,
  });
  const evaluation = await openEvaluation(request, all);
  const isSame = evaluation !== undefined && request.evalData === undefined;
  return {
    calibration,
    isRandom: false,
    hash: await calibration.hash(),
    evaluation,
    check,
    warnings: () => [
      ...check.warnings.filter((warning) => warning.code !== 'few-samples').map((warning) => warning.message),
      ...new Set([...all.notes(), ...calibration.notes()]),
      ...describeSkipped(calibration),
      ...(isSame ? ['accuracy was measured on the calibration data; give --eval-data for samples not used there'] : []),
    ],
  };
}

/** @throws {UsageError} when no data were given */
export function requireData(data: readonly string[] | undefined): void {
  if (data !== undefined && data.length > 0) return;
  throw new UsageError({
    operation: 'quantize',
    expected: 'calibration data',
    received: 'none',
    hint: 'Give --data <file or folder> with a few hundred samples like those of training (.npy, .npz, images, …), or --allow-random to try the command without.',
  });
}

/**
 * Decodes every image once, so that a broken one is found before the work instead of after it.
 *
 * @throws {InputDataError} naming the images that cannot be read
 */
export async function refuseUnreadable(samples: OpenedSamples): Promise<void> {
  if (samples.names === undefined) return;
  const readable = await samples.sampleIndices();
  const skipped = samples.skipped();
  if (skipped.length === 0) return;
  throw new InputDataError({
    operation: '[bitwright] read images',
    expected: 'every image to be readable',
    received: listUnreadable(skipped, readable.length + skipped.length),
    hint: 'Repair or remove them, or give --skip-unreadable to go on without.',
  });
}

/** What was left out of samples, in a sentence: complete after a pass. */
export function describeSkipped(samples: OpenedSamples): readonly string[] {
  const skipped = samples.skipped();
  if (skipped.length === 0) return [];
  return [`left out ${listUnreadable(skipped, samples.total ?? skipped.length)}`];
}

// — internals —

async function openRandom(request: DataRequest): Promise<OpenedData> {
  if (!request.allowRandom) requireData([]);
  if (request.labels !== undefined) {
    throw new UsageError({ operation: '--labels', expected: '--data they belong to', received: 'random data' });
  }
  const sampleDims = Object.fromEntries(
    Object.entries(request.shapes.inputs).map(([name, dims]) => [name, dims.slice(1)]),
  );
  const calibration = generateRandomSamples(request.inputs, { seed: request.seed, sampleDims });
  return {
    calibration,
    isRandom: true,
    hash: undefined,
    evaluation: undefined,
    check: await checkData(calibration, { limit: checkedSamples }),
    warnings: () => ['calibrated on random numbers: ranges and accuracy say nothing about real data'],
  };
}

function sampleOptions({ inputs, preprocess, shapes }: DataRequest): Parameters<typeof openSamples>[1] {
  return { inputs, preprocess, shape: shapes.sample };
}

async function openEvaluation(request: DataRequest, calibration: OpenedSamples): Promise<OpenedData['evaluation']> {
  if (request.labels === undefined) {
    if (request.evalData === undefined) return undefined;
    throw new UsageError({ operation: '--eval-data', expected: '--labels for them', received: 'none' });
  }
  const samples =
    request.evalData === undefined ? calibration : await openSamples(request.evalData, sampleOptions(request));
  const indices =
    samples.total === undefined || samples.names !== undefined ? await samples.sampleIndices() : undefined;
  if (!request.skipUnreadable) await refuseUnreadable(samples);
  const labels = await loadLabels(request.labels, {
    sampleCount: samples.total ?? indices?.length ?? 0,
    sampleNames: samples.names,
  });
  const used = indices ?? (await samples.sampleIndices());
  return { samples, labels: Int32Array.from(used, (index) => labels[index] ?? 0) };
}

function listUnreadable(skipped: ReturnType<OpenedSamples['skipped']>, total: number): string {
  const named = skipped.slice(0, 5).map((sample) => `${sample.name} (${sample.reason.split('\n')[0]})`);
  return `${skipped.length} unreadable of ${total}: ${named.join('; ')}${skipped.length > 5 ? '; …' : ''}`;
}
