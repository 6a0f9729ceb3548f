import { ShapeMismatchError } from './errors';

/** How far `test` is from `reference`; sums in float64, in index order. */
export interface ErrorMetrics {
  /** Mean squared error, in squared real units. */
  readonly mse: number;
  /** 10·log10(Σ ref² / Σ (ref − test)²) in dB; Infinity when equal, −Infinity when the reference is all zero and the test is not. */
  readonly sqnrDb: number;
  /** ⟨ref, test⟩ / (‖ref‖·‖test‖); 1 when both are zero, 0 when exactly one is. */
  readonly cosine: number;
  /** max |ref − test|. */
  readonly maxAbsError: number;
}

/** Sums from which {@link ErrorMetrics} follow: add batches one by one in constant memory. */
export interface ErrorSums {
  count: number;
  signal: number;
  test: number;
  dot: number;
  noise: number;
  maxAbsError: number;
}

export function emptyErrorSums(): ErrorSums {
  return { count: 0, signal: 0, test: 0, dot: 0, noise: 0, maxAbsError: 0 };
}

/**
 * Adds one batch to `sums` in place.
 *
 * @throws {ShapeMismatchError} when the lengths differ
 */
export function addErrors(sums: ErrorSums, reference: ArrayLike<number>, test: ArrayLike<number>): void {
  if (reference.length !== test.length) {
    throw new ShapeMismatchError({
      operation: '[core] addErrors',
      expected: `${reference.length} elements to compare`,
      received: `${test.length}`,
    });
  }
  let { signal, test: energy, dot, noise, maxAbsError } = sums;
  for (let i = 0; i < reference.length; i++) {
    const r = reference[i] as number;
    const t = test[i] as number;
    const e = Math.abs(r - t);
    signal += r * r;
    energy += t * t;
    dot += r * t;
    noise += e * e;
    if (!(e <= maxAbsError)) maxAbsError = e;
  }
  sums.count += reference.length;
  sums.signal = signal;
  sums.test = energy;
  sums.dot = dot;
  sums.noise = noise;
  sums.maxAbsError = maxAbsError;
}

export function finishErrors(sums: ErrorSums): ErrorMetrics {
  const norms = Math.sqrt(sums.signal) * Math.sqrt(sums.test);
  const cosine = norms > 0 ? sums.dot / norms : sums.signal === sums.test ? 1 : 0;
  return Object.freeze({
    mse: sums.count === 0 ? 0 : sums.noise / sums.count,
    sqnrDb: sums.noise === 0 ? Number.POSITIVE_INFINITY : 10 * Math.log10(sums.signal / sums.noise),
    cosine: Math.min(1, Math.max(-1, cosine)),
    maxAbsError: sums.maxAbsError,
  });
}

/**
 * All metrics of two arrays at once.
 *
 * @throws {ShapeMismatchError} when the lengths differ
 */
export function compareTensors(reference: ArrayLike<number>, test: ArrayLike<number>): ErrorMetrics {
  const sums = emptyErrorSums();
  addErrors(sums, reference, test);
  return finishErrors(sums);
}
