import type { HistogramGrid } from './histogram-grid';

/** Counts values on a grid in one pass, in tables of small integers that wait in front of the grid's counts. */
export interface BinCounter {
  /**
   * Counts all values, if they are finite and within [grid.min, grid.max].
   *
   * @returns false, with nothing counted, where one is not: the grid has to grow, or the data are bad
   */
  tryAdd(values: Float32Array): boolean;
  /** Moves what waits in the tables into grid.counts. */
  settle(): void;
}

/** Values until a table entry could overflow. */
const mostWaiting = 2 ** 31;

/**
 * A counter in front of a grid, which must not be counted on by others meanwhile.
 *
 * Problem: the grid of a batch follows from its extremes, so a histogram costs two passes over every batch. Idea: the range
 * seen so far nearly always holds the next batch too (the k-th batch widens it with probability about 2/k), so count at once and
 * check each value on the way; where one lies outside, take back what was counted.
 *
 * Bin index: ⌊x·2^−e⌋ − first, as in `countValues`; where first = 0 no value is negative and truncation is the floor. Neighbours
 * count into two tables in turn, so that equal ones (zeros after a ReLU) do not wait for each other.
 */
export function binCounter(grid: HistogramGrid): BinCounter {
  const { counts, first, min, max } = grid;
  const inverse = 2 ** -grid.exponent;
  const even = new Uint32Array(counts.length);
  const odd = new Uint32Array(counts.length);
  let waiting = 0;

  const settle = (): void => {
    if (waiting === 0) return;
    for (let j = 0; j < counts.length; j++) {
      counts[j] = (counts[j] as number) + (even[j] as number) + (odd[j] as number);
    }
    even.fill(0);
    odd.fill(0);
    waiting = 0;
  };

  return {
    settle,
    tryAdd(values) {
      if (values.length > mostWaiting) return false;
      if (waiting + values.length > mostWaiting) settle();
      const inside =
        first === 0
          ? countFromZero(values, inverse, min, max, even, odd)
          : countFrom(values, inverse, first, min, max, even, odd);
      if (inside < values.length) {
        takeBack(values, inside, inverse, first, even, odd);
        return false;
      }
      waiting += values.length;
      return true;
    },
  };
}

// — internals —

/** @returns how many values were counted before the first that is not within [min, max] */
function countFrom(
  values: Float32Array,
  inverse: number,
  first: number,
  min: number,
  max: number,
  even: Uint32Array,
  odd: Uint32Array,
): number {
  const paired = values.length & ~1;
  for (let i = 0; i < paired; i += 2) {
    const a = values[i] as number;
    const b = values[i + 1] as number;
    if (!(a >= min && a <= max && b >= min && b <= max)) return i;
    const j = (Math.floor(a * inverse) - first) | 0;
    const k = (Math.floor(b * inverse) - first) | 0;
    even[j] = (even[j] as number) + 1;
    odd[k] = (odd[k] as number) + 1;
  }
  return countLast(values, paired, inverse, first, min, max, even);
}

/** The same for first = 0. */
function countFromZero(
  values: Float32Array,
  inverse: number,
  min: number,
  max: number,
  even: Uint32Array,
  odd: Uint32Array,
): number {
  const paired = values.length & ~1;
  for (let i = 0; i < paired; i += 2) {
    const a = values[i] as number;
    const b = values[i + 1] as number;
    if (!(a >= min && a <= max && b >= min && b <= max)) return i;
    const j = (a * inverse) | 0;
    const k = (b * inverse) | 0;
    even[j] = (even[j] as number) + 1;
    odd[k] = (odd[k] as number) + 1;
  }
  return countLast(values, paired, inverse, 0, min, max, even);
}

function countLast(
  values: Float32Array,
  paired: number,
  inverse: number,
  first: number,
  min: number,
  max: number,
  even: Uint32Array,
): number {
  if (paired === values.length) return paired;
  const last = values[paired] as number;
  if (!(last >= min && last <= max)) return paired;
  const j = Math.floor(last * inverse) - first;
  even[j] = (even[j] as number) + 1;
  return values.length;
}

/** Undoes the counting of the first `count` values; an even number, or all of them. */
function takeBack(
  values: Float32Array,
  count: number,
  inverse: number,
  first: number,
  even: Uint32Array,
  odd: Uint32Array,
): void {
  for (let i = 0; i < count; i++) {
    const table = i % 2 === 0 ? even : odd;
    const j = Math.floor((values[i] as number) * inverse) - first;
    table[j] = (table[j] as number) - 1;
  }
}
