import { type HistogramBins, InvalidArgumentError } from '@bitwright/core';
import { assertArray } from '../arguments';
import { checkStatus, type NativeContext } from '../native-context';

const operation = 'histogram';

/**
 * counts[⌊v/2^exponent⌋ − firstBin] += 1 for every value v, exactly as core's reference counts.
 *
 * @returns how many values were not counted: not finite, or outside the bins
 * @throws {InvalidArgumentError} when exponent or firstBin is no integer, or an array is of another type or in shared memory
 */
export function histogram(
  context: NativeContext,
  data: Float32Array,
  bins: HistogramBins,
  counts: Float64Array,
): number {
  const missed = new Float64Array(1);
  checkStatus(operation, context.addon.histogram(...histogramArguments(context, data, bins, counts, missed)));
  return missed[0] as number;
}

/** {@link histogram} on another thread. The arrays must neither change nor be transferred until it is done. */
export async function histogramAsync(
  context: NativeContext,
  data: Float32Array,
  bins: HistogramBins,
  counts: Float64Array,
): Promise<number> {
  const missed = new Float64Array(1);
  const call = histogramArguments(context, data, bins, counts, missed);
  checkStatus(operation, await context.addon.histogramAsync(...call));
  return missed[0] as number;
}

// — internals —

function histogramArguments(
  { handle }: NativeContext,
  data: unknown,
  { exponent, firstBin }: HistogramBins,
  counts: unknown,
  missed: Float64Array,
): Parameters<NativeContext['addon']['histogram']> {
  if (!Number.isInteger(exponent) || Math.abs(exponent) > 300 || !Number.isInteger(firstBin)) {
    throw new InvalidArgumentError({
      operation: `[kernels-native] ${operation}`,
      expected: 'an integer exponent within [-300, 300] and an integer firstBin',
      received: `${exponent} and ${firstBin}`,
    });
  }
  assertArray(operation, 'data', data, 'Float32Array', undefined);
  assertArray(operation, 'counts', counts, 'Float64Array', undefined);
  return [handle, exponent, firstBin, data, counts, missed];
}
