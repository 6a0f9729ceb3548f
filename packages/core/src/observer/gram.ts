import { InputDataError, InvalidArgumentError, ShapeMismatchError } from '../errors';
import type { TensorView } from '../tensor-view';
import { batchOf } from './channels';
import { extremesOf } from './extremes';
import {
  addCross,
  addGram,
  columnStride,
  emptyProductSums,
  mergeProductSums,
  type ProductSums,
  productSum,
  rowsPerCarry,
} from './gram-accumulator';
import { assertKnownOptions } from './known-options';
import type { Observer, ObserverOptions, ObserverState, ObserverType, RestoreOptions } from './observer';
import { assertMergeable, assertSameChannels, notCalibrated, readState } from './observer-state';

export interface GramOptions extends Pick<ObserverOptions, 'tensor' | 'backend'> {
  /** Largest |x| that will come (a min–max pass knows it). Required: it fixes the grid, see {@link gramObserver}. */
  readonly absmax: number;
  /** Largest |y| for `observePair`; default absmax. */
  readonly absmaxTarget?: number;
}

export interface GramStats {
  /** Rows n seen. */
  readonly count: number;
  /** K, the length of the last axis of x. */
  readonly columns: number;
  /** XᵀX [K,K], symmetric, row-major. */
  readonly gram: Float64Array;
  /** M, the length of the last axis of y; 0 when only `observe` was used. */
  readonly targets: number;
  /** XᵀY [K,M], row-major. */
  readonly cross: Float64Array;
}

export interface GramObserver extends Observer<GramStats> {
  /** Adds a batch x [rows…, K] with its targets y [rows…, M] of equal rows: XᵀX and XᵀY. */
  observePair(x: TensorView, y: TensorView): void;
}

export interface GramObserverType extends ObserverType<GramStats, ObserverOptions & Partial<GramOptions>> {
  create(options?: ObserverOptions & Partial<GramOptions>): GramObserver;
  fromJSON(state: ObserverState, options?: RestoreOptions): GramObserver;
}

/**
 * Second-moment matrix XᵀX of the rows of x [rows…, K], and XᵀY, as rounding algorithms (GPTQ, AdaRound) need them.
 *
 * For an exact merge the inputs are rounded, half to even, to multiples of 2^(⌈log2 absmax⌉ − 22): 22 bits below the largest
 * magnitude, against the 24 of float32. All sums of products of such numbers are then exact integers, so any split of the
 * rows in any order gives the same bytes. Values beyond 2^⌈log2 absmax⌉ are an error, not a saturation.
 * Memory 8·K² + 16·K·M bytes; cost K²/2 multiplications per row.
 */
export const gramObserver: GramObserverType = /* @__PURE__ */ Object.freeze({
  kind: 'gram',
  create: (options: ObserverOptions & Partial<GramOptions> = {}): GramObserver => createGram(options, undefined),
  fromJSON(state: ObserverState, options: RestoreOptions = {}): GramObserver {
    const { absmax, absmaxTarget, sums } = readGram(state);
    return createGram({ ...options, absmax, absmaxTarget }, sums);
  },
});

// — internals —

interface Sums {
  count: number;
  readonly columns: number;
  readonly targets: number;
  readonly gram: ProductSums;
  readonly cross: ProductSums;
}

const gridBits = 22;

function createGram(options: ObserverOptions & Partial<GramOptions>, initial: Sums | undefined): GramObserver {
  assertKnownOptions('[core] gramObserver', options, ['tensor', 'backend', 'absmax', 'absmaxTarget']);
  const { tensor = 'tensor', absmax = Number.NaN, absmaxTarget = absmax } = options;
  const exponent = gridExponent(absmax);
  const exponentTarget = gridExponent(absmaxTarget);
  let sums = initial;

  const add = (x: TensorView, y: TensorView | undefined): void => {
    const rowsX = rowsOf(x, exponent, tensor);
    const rowsY = y === undefined ? undefined : rowsOf(y, exponentTarget, `${tensor} (target)`);
    const columns = x.shape.at(-1) ?? 1;
    const targets = y === undefined ? 0 : (y.shape.at(-1) ?? 1);
    const count = rowsX.length / columns;
    if (rowsY !== undefined && rowsY.length !== count * targets) {
      throw new ShapeMismatchError({
        operation: `[core] observe "${tensor}"`,
        expected: `targets with as many rows as x [${x.shape.join(',')}]`,
        received: `shape [${y?.shape.join(',')}]`,
      });
    }
    if (rowsX.length === 0) return;
    const to = sums ?? emptySums(columns, targets);
    assertSameChannels(tensor, to.columns, columns);
    assertSameChannels(`${tensor} (target)`, to.targets, targets);
    for (let start = 0; start < count; start += rowsPerCarry) {
      const rows = Math.min(rowsPerCarry, count - start);
      const a = transposed(rowsX, columns, start, rows, exponent);
      addGram(to.gram, a, columns, rows);
      if (rowsY === undefined) continue;
      addCross(to.cross, a, columns, transposed(rowsY, targets, start, rows, exponentTarget), targets, rows);
    }
    to.count += count;
    sums = to;
  };

  const identity = { kind: 'gram', exponent, exponentTarget } as const;

  return {
    kind: 'gram',
    isOrdered: false,
    observe: (x) => add(x, undefined),
    observePair: add,
    merge(other) {
      const state = other.toJSON();
      assertMergeable(identity, state, ['exponent', 'exponentTarget']);
      const theirs = readGram(state).sums;
      if (theirs === undefined) return;
      const to = sums ?? emptySums(theirs.columns, theirs.targets);
      assertSameChannels(tensor, to.columns, theirs.columns);
      assertSameChannels(`${tensor} (target)`, to.targets, theirs.targets);
      mergeProductSums(to.gram, theirs.gram);
      mergeProductSums(to.cross, theirs.cross);
      to.count += theirs.count;
      sums = to;
    },
    stats() {
      if (sums === undefined) throw notCalibrated(tensor);
      const { count, columns, targets, gram, cross } = sums;
      const unit = 2 ** (2 * exponent);
      const unitCross = 2 ** (exponent + exponentTarget);
      const full = new Float64Array(columns * columns);
      for (let i = 0, entry = 0; i < columns; i++) {
        for (let j = 0; j <= i; j++, entry++) {
          full[i * columns + j] = productSum(gram, entry) * unit;
          full[j * columns + i] = productSum(gram, entry) * unit;
        }
      }
      const products = Float64Array.from({ length: columns * targets }, (_, i) => productSum(cross, i) * unitCross);
      return Object.freeze({ count, columns, gram: full, targets, cross: products });
    },
    toJSON: () => ({
      ...identity,
      count: sums?.count ?? 0,
      columns: sums?.columns ?? 0,
      targets: sums?.targets ?? 0,
      gram: [[...(sums?.gram.upper ?? [])], [...(sums?.gram.lower ?? [])]],
      cross: [[...(sums?.cross.upper ?? [])], [...(sums?.cross.lower ?? [])]],
    }),
  };
}

function emptySums(columns: number, targets: number): Sums {
  return {
    count: 0,
    columns,
    targets,
    gram: emptyProductSums((columns * (columns + 1)) / 2),
    cross: emptyProductSums(columns * targets),
  };
}

function gridExponent(absmax: number): number {
  if (!(absmax > 0 && absmax <= 2 ** 127)) {
    throw new InvalidArgumentError({
      operation: '[core] gramObserver',
      expected: 'absmax, the largest magnitude that will come, in (0, 2^127]',
      received: String(absmax),
      hint: 'Observe with minMaxObserver first.',
    });
  }
  let exponent = -126 - gridBits;
  while (2 ** (exponent + gridBits) < absmax) exponent++;
  return exponent;
}

function rowsOf(x: TensorView, exponent: number, tensor: string): Float32Array {
  const batch = batchOf(x, undefined, tensor);
  if (batch.data.length === 0) return batch.data;
  const { min, max } = extremesOf(x, undefined, tensor, batch);
  const most = 2 ** (exponent + gridBits);
  const seen = Math.max(-(min[0] as number), max[0] as number);
  if (seen > most) {
    throw new InputDataError({
      operation: `[core] observe "${tensor}"`,
      expected: `magnitudes up to ${most} (absmax rounded up to a power of two)`,
      received: `${seen}`,
      hint: 'Give gramObserver the absmax of a min–max pass over the same data.',
    });
  }
  return batch.data;
}

/** Columns of `rows` rows as integers on the grid; adding and subtracting 1.5·2^52 rounds half to even. */
function transposed(data: Float32Array, columns: number, start: number, rows: number, exponent: number): Float64Array {
  const out = new Float64Array(columns * columnStride);
  const magic = 1.5 * 2 ** 52;
  const inverse = 2 ** -exponent;
  for (let r = 0; r < rows; r++) {
    const from = (start + r) * columns;
    for (let c = 0; c < columns; c++) {
      out[c * columnStride + r] = (data[from + c] as number) * inverse + magic - magic;
    }
  }
  return out;
}

function readGram(state: ObserverState): { absmax: number; absmaxTarget: number; sums: Sums | undefined } {
  const reader = readState('gram', state);
  const count = reader.count('count');
  const columns = reader.count('columns');
  const targets = reader.count('targets');
  const read = (key: string, length: number): ProductSums => {
    const [upper, lower] = reader.lists(key, 2);
    if (upper?.length !== length || lower?.length !== length) throw reader.refuse(`${length} entries in ${key}`);
    return { upper: Float64Array.from(upper), lower: Float64Array.from(lower) };
  };
  const gram = read('gram', (columns * (columns + 1)) / 2);
  const cross = read('cross', columns * targets);
  return {
    absmax: 2 ** (reader.number('exponent') + gridBits),
    absmaxTarget: 2 ** (reader.number('exponentTarget') + gridBits),
    sums: count === 0 ? undefined : { count, columns, targets, gram, cross },
  };
}
