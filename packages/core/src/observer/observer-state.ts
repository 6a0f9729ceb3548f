import { InvalidArgumentError, NotCalibratedError, ShapeMismatchError } from '../errors';
import type { ObserverState } from './observer';

/** Statistics were asked for before any data came. */
export function notCalibrated(tensor: string): NotCalibratedError {
  return new NotCalibratedError({
    operation: `[core] stats of "${tensor}"`,
    expected: 'at least one observed value',
    received: 'none',
    hint: 'Run calibration data through the observer first.',
  });
}

/**
 * Checks that two observers may be merged: same kind, same values of the named options.
 *
 * @throws {InvalidArgumentError} naming the first difference
 */
export function assertMergeable(mine: ObserverState, theirs: ObserverState, options: readonly string[]): void {
  for (const key of ['kind', ...options]) {
    if (mine[key] === theirs[key]) continue;
    throw new InvalidArgumentError({
      operation: `[core] merge of ${mine.kind}`,
      expected: `an observer with ${key} ${JSON.stringify(mine[key]) ?? 'none'}`,
      received: `${key} ${JSON.stringify(theirs[key]) ?? 'none'}`,
    });
  }
}

/** @throws {ShapeMismatchError} when a batch or shard has another number of channels than what was seen before */
export function assertSameChannels(tensor: string, seen: number, received: number): void {
  if (seen === received) return;
  throw new ShapeMismatchError({
    operation: `[core] observe "${tensor}"`,
    expected: `${seen} channels as in earlier batches`,
    received: `${received}`,
  });
}

/** Reads typed fields of a state and refuses everything else. */
export interface StateReader {
  /** A non-negative safe integer. */
  count(key: string): number;
  /** A finite number. */
  number(key: string): number;
  /** The axis, when the state has one. */
  axis(): { readonly axis?: number };
  numbers(key: string, length?: number): number[];
  /** Arrays of finite numbers, one per parameter. */
  lists(key: string, length?: number): number[][];
  strings(key: string, length?: number): string[];
  refuse(expected: string): InvalidArgumentError;
}

/** @throws {InvalidArgumentError} when `state` is of another kind; its methods throw the same for damaged fields */
export function readState(kind: string, state: ObserverState): StateReader {
  const refuse = (expected: string): InvalidArgumentError => damagedState(kind, expected, state);
  if (typeof state !== 'object' || state === null || state.kind !== kind) throw refuse(`a state of kind "${kind}"`);
  const list = (key: string, length: number | undefined): unknown[] => {
    const value = state[key];
    if (!Array.isArray(value) || (length !== undefined && value.length !== length)) {
      throw refuse(`an array ${key}${length === undefined ? '' : ` of length ${length}`}`);
    }
    return value;
  };
  const finite = (value: unknown, key: string): number => {
    if (typeof value !== 'number' || !Number.isFinite(value)) throw refuse(`finite numbers in ${key}`);
    return value;
  };
  return {
    count(key) {
      const value = finite(state[key], key);
      if (!Number.isSafeInteger(value) || value < 0) throw refuse(`a count ${key}`);
      return value;
    },
    number: (key) => finite(state[key], key),
    axis() {
      const { axis } = state;
      if (axis === undefined) return {};
      if (typeof axis !== 'number' || !Number.isInteger(axis) || axis < 0) throw refuse('a non-negative axis');
      return { axis };
    },
    numbers: (key, length) => list(key, length).map((value) => finite(value, key)),
    lists: (key, length) =>
      list(key, length).map((row) => {
        if (!Array.isArray(row)) throw refuse(`arrays of numbers in ${key}`);
        return row.map((value) => finite(value, key));
      }),
    strings: (key, length) =>
      list(key, length).map((value) => {
        if (typeof value !== 'string') throw refuse(`strings in ${key}`);
        return value;
      }),
    refuse,
  };
}

// — internals —

/** A state that no observer wrote. */
function damagedState(kind: string, expected: string, state: ObserverState): InvalidArgumentError {
  return new InvalidArgumentError({
    operation: `[core] ${kind}.fromJSON`,
    expected,
    received: (JSON.stringify(state) ?? String(state)).slice(0, 80),
  });
}
