import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { useNativeBackend } from '../src';
import { onBothBackends, relativeError } from './bitwright-and-cpu';
import { hasAddon, skipped } from './native-addon';

/** float32 sums of a few dozen products in another order. */
const tolerance = 1e-5;

/** Equation and the shapes of its inputs. */
const cases: [equation: string, ...shapes: number[][]][] = [
  ['ij,jk->ik', [5, 7], [7, 3]],
  ['ij,kj->ki', [5, 7], [3, 7]],
  ['bqhd,bkhd->bhqk', [2, 5, 3, 8], [2, 6, 3, 8]],
  ['bhqk,bkhd->bqhd', [2, 3, 5, 6], [2, 6, 3, 8]],
  ['abc,cde->abde', [4, 5, 6], [6, 2, 3]],
  ['i,j->ij', [5], [7]],
  ['i,i->', [9], [9]],
  ['bi,bi->b', [4, 9], [4, 9]],
  ['abcd,efgh->aebfcgdh', [2, 1, 2, 1], [1, 2, 1, 2]],
  // Left to tfjs' kernel: one tensor, letters summed in one tensor alone.
  ['ij->ji', [5, 7]],
  ['ij,k->i', [4, 5], [6]],
];

describe.skipIf(!hasAddon)(`einsum${skipped}`, () => {
  beforeAll(async () => {
    await useNativeBackend();
  });

  it.each(cases)(
    '%s equals the cpu backend’s, and leaves no memory behind',
    async (...[equation, ...shapes]: [string, ...number[][]]) => {
      const run = (): { shape: number[]; values: Float32Array } => {
        const before = tf.engine().backend.numDataIds();
        const result = tf.tidy(() => {
          const y = tf.einsum(
            equation,
            ...shapes.map((shape, index) => tf.randomNormal(shape, 0, 1, 'float32', index + 1)),
          );
          return { shape: y.shape, values: y.dataSync() as Float32Array };
        });
        expect(tf.engine().backend.numDataIds()).toBe(before);
        return result;
      };
      const { cpu, bitwright } = await onBothBackends(run);
      expect(bitwright.shape).toEqual(cpu.shape);
      expect(relativeError(bitwright.values, cpu.values)).toBeLessThan(tolerance);
    },
  );
});
