import * as tf from '@tensorflow/tfjs-core';
import { backendName, useNativeBackend } from '../src';

/** Runs the same computation on tfjs' cpu backend and on this one, from fresh tensors each time. */
export async function onBothBackends<T>(compute: () => T | Promise<T>): Promise<{ cpu: T; bitwright: T }> {
  await useNativeBackend();
  await tf.setBackend('cpu');
  const cpu = await compute();
  await tf.setBackend(backendName);
  const bitwright = await compute();
  return { cpu, bitwright };
}

/** Largest difference, relative to the largest number of the expected array. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let scale = Number.MIN_VALUE;
  let error = 0;
  for (let index = 0; index < expected.length; index++) {
    scale = Math.max(scale, Math.abs(expected[index] as number));
    error = Math.max(error, Math.abs((actual[index] as number) - (expected[index] as number)));
  }
  return actual.length === expected.length ? error / scale : Number.POSITIVE_INFINITY;
}
