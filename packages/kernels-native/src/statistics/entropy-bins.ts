import { assertArray, assertInteger } from '../arguments';
import { checkStatus, type NativeContext } from '../native-context';

const operation = 'entropyBins';

/**
 * The search of core's entropy selector (variant `tensorrt`): how many of the first bins of a histogram of |x| to keep.
 *
 * @returns the number of bins, or 0 where two candidates are as good to within the rounding of logarithms, which differs between
 *   C and JavaScript: core then searches itself, so that the result is always its own.
 * @throws {InvalidArgumentError} when levels is no integer within [2, 65,536], or counts is of another type, in shared memory, or has
 *   fewer than 2 or more than 2^20 bins
 */
export function entropyBins(context: NativeContext, counts: Float64Array, levels: number): number {
  assertInteger(operation, 'levels', levels, 2, 2 ** 16);
  assertArray(operation, 'counts', counts, 'Float64Array', undefined);
  assertInteger(operation, 'the number of bins', counts.length, 2, 2 ** 20);
  const kept = new Int32Array(1);
  checkStatus(operation, context.addon.entropyBins(context.handle, levels, counts, kept));
  return kept[0] as number;
}
