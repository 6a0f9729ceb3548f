import { InvalidArgumentError } from '@bitwright/core';
import { checkStatus, type NativeContext } from '../native-context';

/** What a machine can reach at best with one instruction set and number of threads, per second. */
export interface MeasuredPeak {
  readonly isa: string;
  readonly threads: number;
  /** Float operations of fused multiply-add; a multiply-add is two. */
  readonly f32: number;
  /** Operations of int8 dot products, two per multiply-add. */
  readonly i8: number;
  /** Operations of the same products when weights are powers of two: shift and addition. No kernel uses it, see docs/kernels-integer.md. */
  readonly shift: number;
  /** Operations of binary dot products, two per bit (XOR and count). */
  readonly b1: number;
  /** Bytes read plus bytes written by a memory copy far larger than the caches. */
  readonly copy: number;
  /** Bytes read from memory, likewise. */
  readonly read: number;
}

/**
 * Measures the limits of this machine, so that a kernel's speed can be told as a fraction of them: six loops that do nothing
 * else, the best round of a few milliseconds of each. Other work on the machine lowers the results.
 *
 * @param seconds Time for each of the six; default 0.1.
 * @throws {InvalidArgumentError} when seconds is not within [0, 10]
 * @throws {NativeAddonError} when there is no memory for the two buffers of 128 MiB
 */
export function measurePeak(context: NativeContext, seconds = 0.1): MeasuredPeak {
  if (!(seconds >= 0 && seconds <= 10)) {
    throw new InvalidArgumentError({
      operation: '[kernels-native] measurePeak',
      expected: 'seconds within [0, 10]',
      received: String(seconds),
    });
  }
  const out = new Float64Array(6);
  checkStatus('measurePeak', context.addon.measurePeak(context.handle, seconds, out));
  const [f32, i8, shift, b1, copy, read] = out as unknown as [number, number, number, number, number, number];
  return Object.freeze({ isa: context.isa, threads: context.threads, f32, i8, shift, b1, copy, read });
}
