import { InputDataError } from '@bitwright/core';
import type { FeedTensor } from '@bitwright/ptq';

/** Values of one sample by input name: rows without the samples axis, or whole inputs (see fitSample). */
export type SampleValues = ReadonlyMap<string, FeedTensor>;

/** A sample that could not be read; the others go on. */
export interface UnreadableSample {
  readonly unreadable: { readonly name: string; readonly reason: string };
}

/** A file that takes part in the hash of the data. */
export interface HashedFile {
  /** What enters the hash instead of the path: the name inside a folder, or nothing. */
  readonly label: string;
  readonly path: string;
}

/** Samples of one or more inputs that can be read in any order. */
export interface IndexedSource {
  /** What a report prints, e.g. `calib.npy [512,3,32,32] float32`. */
  readonly description: string;
  readonly inputs: readonly string[];
  readonly length: number;
  /** Bytes of one sample as fed, where all are equal. */
  readonly sampleBytes: number | undefined;
  /** One name per sample, where samples have names (image files). */
  readonly names: readonly string[] | undefined;
  /** Whether read may answer with UnreadableSample. */
  readonly mayFail: boolean;
  /** Whether the preprocess given was applied to these samples. */
  readonly isPreprocessed: boolean;
  /** What was left out while opening, in sentences. */
  readonly notes: readonly string[];
  readonly files: readonly HashedFile[];
  read(indices: readonly number[]): Promise<readonly (SampleValues | UnreadableSample)[]>;
}

/** Whether a read result is an unreadable sample. */
export function isUnreadable(result: SampleValues | UnreadableSample): result is UnreadableSample {
  return 'unreadable' in result;
}

/**
 * Sources of different inputs read side by side: sample i takes its values from sample i of each.
 *
 * @throws {InputDataError} when the numbers of samples differ
 */
export function joinSources(sources: readonly IndexedSource[]): IndexedSource {
  const [first, ...others] = sources;
  if (first === undefined || others.some((source) => source.length !== first.length)) {
    throw new InputDataError({
      operation: '[bitwright] open samples',
      expected: 'the same number of samples for every input',
      received: sources.map((source) => `${source.length} for ${source.inputs.join(', ')}`).join('; ') || 'no data',
    });
  }
  if (others.length === 0) return first;
  const bytes = sources.map((source) => source.sampleBytes);
  return Object.freeze({
    description: sources.map((source) => `${source.inputs.join(', ')}: ${source.description}`).join('; '),
    inputs: sources.flatMap((source) => source.inputs),
    length: first.length,
    sampleBytes: bytes.includes(undefined) ? undefined : bytes.reduce<number>((sum, size) => sum + (size ?? 0), 0),
    names: sources.find((source) => source.names !== undefined)?.names,
    mayFail: sources.some((source) => source.mayFail),
    isPreprocessed: sources.some((source) => source.isPreprocessed),
    notes: sources.flatMap((source) => source.notes),
    files: sources.flatMap((source) =>
      source.files.map((file) => ({ label: `${source.inputs.join(',')}=${file.label}`, path: file.path })),
    ),
    read: async (indices: readonly number[]) => {
      const columns = await Promise.all(sources.map((source) => source.read(indices)));
      return indices.map((_, row) => mergeRow(columns.map((column) => column[row])));
    },
  });
}

function mergeRow(parts: readonly (SampleValues | UnreadableSample | undefined)[]): SampleValues | UnreadableSample {
  const values = new Map<string, FeedTensor>();
  for (const part of parts) {
    if (part === undefined) continue;
    if (isUnreadable(part)) return part;
    for (const [name, tensor] of part) values.set(name, tensor);
  }
  return values;
}
