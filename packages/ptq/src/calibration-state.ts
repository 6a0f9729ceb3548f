import {
  InvalidArgumentError,
  type Observer,
  type ObserverState,
  type ObserverType,
  observerFromJson,
} from '@bitwright/core';

/** Samples [start, end) of a data set. */
export interface SampleRange {
  readonly start: number;
  readonly end: number;
}

/**
 * Statistics of a calibration run, or of one shard of it: all that travels between machines. Merging the shards of a data
 * set, in any order, gives the very bytes of one run over all of it.
 */
export interface CalibrationState {
  readonly version: 1;
  /** SHA-256 over model, target, observer and batch size: only states with the same plan can be merged. */
  readonly plan: string;
  readonly observer: string;
  readonly batchSize: number;
  /** Which samples it has seen: disjoint, ascending, touching ranges joined. */
  readonly samples: readonly SampleRange[];
  /** Observer states by tensor name. */
  readonly tensors: Readonly<Record<string, ObserverState>>;
}

const operation = '[ptq] calibration state';

/** Number of samples a state has seen. */
export function seenSamples(state: CalibrationState): number {
  return state.samples.reduce((count, { start, end }) => count + end - start, 0);
}

/** The observers of a state, ready for range selection. */
export function stateObservers(
  state: CalibrationState,
  types?: readonly ObserverType<unknown>[],
): ReadonlyMap<string, Observer<unknown>> {
  return new Map(
    Object.entries(state.tensors).map(([tensor, json]) => [tensor, observerFromJson(json, { tensor }, types)]),
  );
}

/**
 * One state from the states of all shards. States are merged in the order of their samples, whatever the order given, so
 * that ordered statistics (moving averages) come out right too.
 *
 * @throws {InvalidArgumentError} when there is none, plans differ, or two states have seen the same sample
 */
export function mergeCalibrationStates(
  states: readonly CalibrationState[],
  types?: readonly ObserverType<unknown>[],
): CalibrationState {
  const ordered = [...states].sort((a, b) => firstSample(a) - firstSample(b));
  const first = ordered[0];
  if (first === undefined) throw invalid('at least one calibration state', 'none');
  const observers = new Map(stateObservers(first, types));
  for (const state of ordered.slice(1)) {
    if (state.plan !== first.plan) {
      throw invalid(
        'states of one plan (same model, target, range selector and batch size)',
        `plans ${first.plan.slice(0, 12)}… and ${state.plan.slice(0, 12)}…`,
        'Run all shards with the same options on the same model.',
      );
    }
    for (const [tensor, observer] of stateObservers(state, types)) {
      const known = observers.get(tensor);
      if (known === undefined) observers.set(tensor, observer);
      else known.merge(observer);
    }
  }
  return makeState(first, joinRanges(ordered.flatMap((state) => state.samples)), observers);
}

/** Statistics of observers as a state; tensors in order of their names. */
export function makeState(
  plan: Pick<CalibrationState, 'plan' | 'observer' | 'batchSize'>,
  samples: readonly SampleRange[],
  observers: ReadonlyMap<string, Observer<unknown>>,
): CalibrationState {
  const sorted = [...observers].sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.freeze({
    version: 1,
    plan: plan.plan,
    observer: plan.observer,
    batchSize: plan.batchSize,
    samples,
    tensors: Object.fromEntries(sorted.map(([tensor, observer]) => [tensor, observer.toJSON()])),
  });
}

/** Text of a state; equal states give equal bytes. Ends with a newline. */
export function calibrationStateToJson(state: CalibrationState): string {
  return `${JSON.stringify(state)}\n`;
}

/**
 * Reads a state back.
 *
 * @throws {InvalidArgumentError} when the text is no calibration state, is cut off, or of another version
 */
export function calibrationStateFromJson(text: string): CalibrationState {
  let json: Partial<CalibrationState>;
  try {
    json = JSON.parse(text) as Partial<CalibrationState>;
  } catch (cause) {
    throw invalid('JSON text of a calibration state', text.slice(0, 40), 'The file is damaged or cut off.', cause);
  }
  if (json.version !== 1) throw invalid('a calibration state of version 1', `version ${JSON.stringify(json.version)}`);
  const isWhole =
    typeof json.plan === 'string' &&
    typeof json.observer === 'string' &&
    typeof json.batchSize === 'number' &&
    Array.isArray(json.samples) &&
    json.samples.every((range) => Number.isInteger(range.start) && range.start < range.end) &&
    typeof json.tensors === 'object';
  if (!isWhole) throw invalid('plan, observer, batchSize, samples and tensors', Object.keys(json).join(', '));
  return Object.freeze(json as CalibrationState);
}

/**
 * The samples of shard `index` (from 0) of `count`: whole batches, in one piece, all shards together everything once.
 *
 * @throws {InvalidArgumentError} when there are fewer batches than shards, because a shard would be empty
 */
export function shardRange(total: number, batchSize: number, index: number, count: number): SampleRange {
  if (!Number.isInteger(index) || !Number.isInteger(count) || count < 1 || index < 0 || index >= count) {
    throw invalid('a shard i/n with 1 ≤ i ≤ n', `${index + 1}/${count}`);
  }
  const batches = Math.ceil(total / batchSize);
  if (batches < count) {
    throw invalid(
      `at most ${batches} shards for ${total} samples in batches of ${batchSize}`,
      `${count}`,
      'Use fewer shards or a smaller batch size.',
    );
  }
  const start = Math.floor((index * batches) / count) * batchSize;
  const end = Math.min(Math.floor(((index + 1) * batches) / count) * batchSize, total);
  return { start, end };
}

// — internals —

function firstSample(state: CalibrationState): number {
  return state.samples[0]?.start ?? Number.POSITIVE_INFINITY;
}

function joinRanges(ranges: readonly SampleRange[]): readonly SampleRange[] {
  const joined: SampleRange[] = [];
  for (const range of [...ranges].sort((a, b) => a.start - b.start)) {
    const last = joined.at(-1);
    if (last !== undefined && range.start < last.end) {
      throw invalid(
        'states that have seen different samples',
        `samples ${range.start} to ${Math.min(range.end, last.end) - 1} in two of them`,
        'Merge each shard once.',
      );
    }
    if (last !== undefined && range.start === last.end)
      joined[joined.length - 1] = { start: last.start, end: range.end };
    else joined.push(range);
  }
  return joined;
}

function invalid(expected: string, received: string, hint?: string, cause?: unknown): InvalidArgumentError {
  return new InvalidArgumentError({ operation, expected, received, hint, cause });
}
