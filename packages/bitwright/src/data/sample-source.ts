import { InputDataError, InvalidArgumentError } from '@bitwright/core';
import type { Feeds, SampleSource } from '@bitwright/ptq';
import { batchSamples, fixedBatchSize, type IndexedBatch, type NumberedSample } from './batch-samples';
import { hashFiles } from './content-hash';
import { parseDataSpecs } from './data-spec';
import { type HashedFile, type IndexedSource, isUnreadable, joinSources, type SampleValues } from './indexed-source';
import { inputType, type ModelInput } from './model-input';
import { openModule } from './module';
import { isModulePath, openSource } from './open-source';
import type { Preprocess } from './preprocess';
import { shuffledIndices } from './seeded-random';

export interface OpenSamplesOptions {
  /** The model's inputs, without initializers. */
  readonly inputs: readonly ModelInput[];
  /** For images and 8-bit image arrays. */
  readonly preprocess?: Preprocess | undefined;
  /** Shape of one sample, for raw files. */
  readonly shape?: readonly number[] | undefined;
  /** Use only this many samples: the first ones, after shuffling if asked. */
  readonly limit?: number | undefined;
  /** Leave out so many samples at the start of what the limit and the shuffle give: another shard has them. Default 0. */
  readonly start?: number | undefined;
  readonly shuffle?: boolean | undefined;
  /** Of the shuffle; default 0. */
  readonly seed?: number | undefined;
}

/** A sample left out because it could not be read. */
export interface SkippedSample {
  readonly name: string;
  /** Place in the data, from 0. */
  readonly index: number;
  readonly reason: string;
}

/** Samples opened from files. Every call of `batches` starts from the first sample. */
export interface OpenedSamples extends SampleSource {
  /** Samples in the data, before the limit; undefined for modules. */
  readonly total: number | undefined;
  /** Names of all samples in the data, where they have names: image files. */
  readonly names: readonly string[] | undefined;
  /** Batches with the place of each row in the data: the index into the labels, whatever was shuffled or skipped. */
  indexedBatches(batchSize: number): AsyncIterable<IndexedBatch>;
  /** Places of the samples `batches` yields, in order. Reads everything once for images and modules. */
  sampleIndices(): Promise<readonly number[]>;
  /** Samples that could not be read, complete after a pass. */
  skipped(): readonly SkippedSample[];
  /** What else was left out, in sentences. */
  notes(): readonly string[];
  /** SHA-256 of the files' bytes in order; of a module, only its own file. Shuffle and limit do not change it. */
  hash(): Promise<string>;
}

const operation = '[bitwright] open samples';
const readAheadBytes = 32 * 2 ** 20;
/** Bytes per read where samples are small: a read costs about as much as a run of a small model. */
const readBytes = 2 ** 20;

/** Samples in reading order, and what is known about them. */
interface Reading {
  readonly description: string;
  readonly total: number | undefined;
  readonly length: number | undefined;
  readonly names: readonly string[] | undefined;
  /** Places of the samples in order, where no reading is needed to know them. */
  readonly order: (() => readonly number[]) | undefined;
  readonly fixedBatch: number | undefined;
  readonly notes: readonly string[];
  readonly files: readonly HashedFile[];
  read(readAhead: number, onSkipped: (sample: SkippedSample) => void): AsyncIterable<NumberedSample>;
}

/**
 * Opens calibration or test data given as `--data` arguments: one path, or `name=path` for each input.
 *
 * Checks shapes and types against the model by reading the first sample; never holds more than a batch in memory.
 *
 * @throws {InvalidArgumentError} when the arguments or options do not make sense together
 * @throws {InputDataError} when data are missing, malformed, empty, or do not fit the model
 */
export async function openSamples(specs: readonly string[], options: OpenSamplesOptions): Promise<OpenedSamples> {
  const { inputs, limit } = options;
  if (limit !== undefined && (!Number.isSafeInteger(limit) || limit < 1)) {
    throw new InvalidArgumentError({ operation, expected: 'a limit of at least 1 sample', received: `${limit}` });
  }
  if (inputs.length === 0) {
    throw new InvalidArgumentError({ operation, expected: 'a model with inputs', received: 'none' });
  }
  inputs.forEach(inputType);
  const parsed = parseDataSpecs(specs, inputs);
  const modulePath = parsed.find((spec) => isModulePath(spec.path))?.path;
  const reading =
    modulePath === undefined
      ? await openIndexed(parsed, options)
      : await openModuleReading(modulePath, parsed.length, options);
  return createOpenedSamples(reading, inputs);
}

function createOpenedSamples(reading: Reading, inputs: readonly ModelInput[]): OpenedSamples {
  const skipped = new Map<number, SkippedSample>();
  const notes = new Set(reading.notes);
  let hash: Promise<string> | undefined;

  async function* indexedBatches(batchSize: number): AsyncGenerator<IndexedBatch> {
    let count = 0;
    let dropped = 0;
    let size = 1;
    const onSkipped = (sample: SkippedSample): void => void skipped.set(sample.index, sample);
    const onDropped = (indices: readonly number[], fixedSize: number): void => {
      dropped += indices.length;
      size = fixedSize;
    };
    const samples = reading.read(reading.fixedBatch ?? batchSize, onSkipped);
    for await (const batch of batchSamples(samples, inputs, batchSize, onDropped)) {
      count += batch.indices.length;
      yield batch;
    }
    if (count === 0) throw nothingRead(reading, [...skipped.values()], dropped, size);
    if (dropped > 0)
      notes.add(`samples left out because they do not fill the model's fixed batch of ${size}: ${dropped}`);
  }

  return Object.freeze({
    description: reading.description,
    length: reading.length,
    total: reading.total,
    names: reading.names,
    indexedBatches,
    async *batches(batchSize: number): AsyncGenerator<Feeds> {
      for await (const batch of indexedBatches(batchSize)) yield batch.feeds;
    },
    sampleIndices: async () => {
      if (reading.order !== undefined) return reading.order();
      const indices: number[] = [];
      for await (const batch of indexedBatches(8)) indices.push(...batch.indices);
      return indices;
    },
    skipped: () => [...skipped.values()].sort((a, b) => a.index - b.index),
    notes: () => [...notes],
    hash: () => {
      hash ??= hashFiles(reading.files);
      return hash;
    },
  });
}

async function openIndexed(parsed: ReturnType<typeof parseDataSpecs>, options: OpenSamplesOptions): Promise<Reading> {
  const { inputs, limit, preprocess, start: first = 0 } = options;
  const sources: IndexedSource[] = [];
  for (const spec of parsed) {
    const fed = spec.input === undefined ? inputs : inputs.filter((input) => input.name === spec.input);
    sources.push(await openSource(spec, fed, options));
  }
  const missing = inputs.filter((input) => sources.every((source) => !source.inputs.includes(input.name)));
  if (missing.length > 0) {
    throw new InvalidArgumentError({
      operation,
      expected: `data for the inputs ${inputs.map((input) => input.name).join(', ')}`,
      received: `none for ${missing.map((input) => input.name).join(', ')}`,
      hint: `Add ${missing.map((input) => `--data ${input.name}=<file>`).join(' ')}.`,
    });
  }
  const source = joinSources(sources);
  if (preprocess !== undefined && !source.isPreprocessed) throw unusedPreprocess(preprocess, source.description);

  const count = Math.min(limit ?? source.length, source.length);
  const shuffled = options.shuffle === true ? shuffledIndices(source.length, options.seed ?? 0) : undefined;
  const orderText = shuffled === undefined ? '' : `, shuffled with seed ${options.seed ?? 0}`;
  const used = Math.max(0, count - first);
  const limitText = used < source.length ? `, ${used} of ${source.length} used` : '';
  const place = (position: number): number => (shuffled === undefined ? position : (shuffled[position] ?? 0));
  const [probe] = await source.read([place(0)]);
  const fixedBatch = probe === undefined || isUnreadable(probe) ? undefined : fixedBatchSize(inputs, probe);
  const length = fixedBatch === undefined ? used : used - (used % fixedBatch);
  const isCertain = !source.mayFail && (source.sampleBytes !== undefined || (fixedBatch ?? 1) === 1);

  async function* read(readAhead: number, onSkipped: (sample: SkippedSample) => void): AsyncGenerator<NumberedSample> {
    const isSmall = source.sampleBytes !== undefined && source.sampleBytes * 8 <= readAheadBytes;
    const step = Math.max(1, readAhead, isSmall ? Math.max(8, Math.floor(readBytes / (source.sampleBytes ?? 1))) : 1);
    for (let start = first; start < count; start += step) {
      const indices = Array.from({ length: Math.min(step, count - start) }, (_, offset) => place(start + offset));
      const results = await source.read(indices);
      for (const [row, result] of results.entries()) {
        const index = indices[row] ?? 0;
        if (isUnreadable(result)) onSkipped({ index, ...result.unreadable });
        else yield { index, values: result };
      }
    }
  }
  return {
    description: `${source.description}${limitText}${orderText}`,
    total: source.length,
    length,
    names: source.names,
    order: isCertain ? () => Array.from({ length }, (_, position) => place(first + position)) : undefined,
    fixedBatch,
    notes: source.notes,
    files: source.files,
    read,
  };
}

async function openModuleReading(path: string, specCount: number, options: OpenSamplesOptions): Promise<Reading> {
  const { inputs, limit, preprocess } = options;
  if (specCount > 1) {
    const received = `${specCount} --data arguments`;
    throw new InvalidArgumentError({ operation, expected: `the module ${path} to feed every input`, received });
  }
  if (options.shuffle === true) {
    const received = `the module ${path}`;
    const hint = 'Shuffle inside the module.';
    throw new InvalidArgumentError({ operation, expected: 'files for --shuffle', received, hint });
  }
  if (preprocess !== undefined) throw unusedPreprocess(preprocess, `the module ${path}`);
  const start = await openModule(path, inputs);
  async function* read(): AsyncGenerator<NumberedSample> {
    let index = 0;
    for await (const values of start() as AsyncIterable<SampleValues>) {
      yield { index, values };
      index++;
      if (index === limit) return;
    }
  }
  return {
    description: `module ${path}${limit === undefined ? '' : `, at most ${limit} samples`}`,
    total: undefined,
    length: undefined,
    names: undefined,
    order: undefined,
    fixedBatch: undefined,
    notes: [],
    files: [{ label: '', path }],
    read,
  };
}

function nothingRead(
  reading: Reading,
  skipped: readonly SkippedSample[],
  dropped: number,
  batchSize: number,
): InputDataError {
  if (dropped > 0) {
    const received = `${dropped} samples from ${reading.description}`;
    return new InputDataError({ operation, expected: `at least the model's fixed batch of ${batchSize}`, received });
  }
  const reasons = skipped.slice(0, 3).map((sample) => `${sample.name} (${sample.reason})`);
  const received =
    skipped.length === 0
      ? `none from ${reading.description}`
      : `${skipped.length} unreadable: ${reasons.join('; ')}${skipped.length > 3 ? '; …' : ''}`;
  return new InputDataError({ operation, expected: 'at least one readable sample', received });
}

function unusedPreprocess(preprocess: Preprocess, description: string): InvalidArgumentError {
  return new InvalidArgumentError({
    operation,
    expected: `images or uint8 image arrays for --preprocess ${preprocess.name}`,
    received: description,
    hint: 'Data that are already preprocessed need no --preprocess.',
  });
}
