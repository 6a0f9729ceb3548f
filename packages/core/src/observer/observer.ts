import type { KernelBackend } from '../kernel-backend';
import type { Range } from '../range';
import type { TensorView } from '../tensor-view';

/** Plain JSON that holds everything an observer knows; only this travels between calibration shards. */
export interface ObserverState {
  readonly kind: string;
  readonly [key: string]: unknown;
}

/**
 * A mutable accumulator of statistics over one tensor, and nothing else: it knows no scheme and chooses nothing.
 *
 * Merge law: observing a data set in one pass, or in any shards merged in any order, gives byte-identical JSON text of
 * `toJSON()` (order matters only where `isOrdered` says so). Values are read as float32.
 */
export interface Observer<Stats> {
  readonly kind: string;
  /** True when shards must be merged in data order (moving averages). */
  readonly isOrdered: boolean;
  /**
   * Adds one batch. Empty batches are allowed and change nothing; a batch that is refused changes nothing either.
   * The batch is only lent: its memory may be gone after the call, so what is to be kept is copied.
   *
   * @throws {NonFiniteDataError} when the data hold NaN or infinities; the message names the tensor and the count
   * @throws {ShapeMismatchError} when the batch does not fit the shape, the axis, or earlier batches
   */
  observe(x: TensorView): void;
  /**
   * Absorbs what another observer of the same kind and options has seen; `other` is left as it was.
   *
   * @throws {InvalidArgumentError} when kind or options differ
   * @throws {ShapeMismatchError} when the number of channels differs
   */
  merge(other: Observer<Stats>): void;
  /**
   * Frozen statistics so far; observing may go on afterwards.
   *
   * @throws {NotCalibratedError} when nothing was observed
   */
  stats(): Stats;
  toJSON(): ObserverState;
}

/** What every observer factory takes. */
export interface ObserverOptions {
  /** Tensor name for error messages. */
  readonly tensor?: string;
  /** Observe per index of this axis; default the whole tensor. */
  readonly axis?: number;
  /** Faster loops for extremes and histograms with the same results; default the TypeScript ones of this folder. */
  readonly backend?: StatisticsBackend;
}

/** The part of a {@link KernelBackend} that observers and range selectors can use. */
export type StatisticsBackend = Pick<KernelBackend, 'minMax' | 'histogram' | 'entropyBins'>;

/** What reading a state back takes besides the state. */
export type RestoreOptions = Pick<ObserverOptions, 'tensor' | 'backend'>;

/** An observer as an extension point: a named way to make one and to read one back. */
export interface ObserverType<Stats, Options extends ObserverOptions = ObserverOptions> {
  readonly kind: string;
  create(options?: Options): Observer<Stats>;
  /** @throws {InvalidArgumentError} when the state is not of this kind or is damaged */
  fromJSON(state: ObserverState, options?: RestoreOptions): Observer<Stats>;
}

/** Statistics that at least know the observed extremes. */
export interface RangeStats {
  /** Elements seen (per parameter all the same share). */
  readonly count: number;
  /** Observed minimum and maximum per parameter. */
  readonly range: Range;
}
