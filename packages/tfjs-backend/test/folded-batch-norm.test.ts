import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { backendName } from '../src';
import { onBothBackends, relativeError } from './bitwright-and-cpu';
import { hasAddon, skipped } from './native-addon';

const epsilon = 0.01;
const shape = [3, 5, 4, 19];
const channels = 19;
const normal = (size: number[], seed: number): tf.Tensor => tf.randomNormal(size, 0.3, 2, 'float32', seed);

/** Kernels as @bitwright/qat-plugin calls them, with their registered gradients; composed of tfjs' operations on cpu. */
function foldedBatchNorm(z: tf.Tensor, factor: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor): tf.Tensor {
  if (tf.getBackend() === backendName) {
    const results: unknown = tf.engine().runKernel('BitwrightFoldedBatchNorm', { z, factor, gamma, beta }, { epsilon });
    return (results as tf.Tensor[])[0] as tf.Tensor;
  }
  const x = tf.div(z, factor);
  const { mean, variance } = tf.moments(x, [0, 1, 2]);
  const divisor = tf.sqrt(tf.add(variance, epsilon));
  return tf.add(tf.mul(tf.div(tf.sub(x, mean), divisor), gamma), beta);
}

function channelMoments(x: tf.Tensor): { mean: tf.Tensor; variance: tf.Tensor } {
  if (tf.getBackend() !== backendName) return tf.moments(x, [0, 1, 2]);
  const results: unknown = tf.engine().runKernel('BitwrightChannelMoments', { x }, {});
  const [mean, variance] = results as [tf.Tensor, tf.Tensor];
  return { mean, variance };
}

const numbers = (one: tf.Tensor) => one.dataSync<'float32'>().slice();

describe.skipIf(!hasAddon)(`batch normalization of folded convolutions${skipped}`, () => {
  it.each([
    ['positive and negative factors', (): tf.Tensor => normal([channels], 2)],
    ['factors as small as 1e-6', (): tf.Tensor => tf.mul(tf.sign(normal([channels], 2)), 1e-6)],
  ])('gives the result and the gradients of the composed form: %s', async (_, factors) => {
    const { cpu, bitwright } = await onBothBackends(() => {
      const factor = factors();
      // as a convolution with the folded kernel gives it
      const z = tf.mul(normal(shape, 1), factor);
      const inputs = [z, factor, normal([channels], 3), normal([channels], 4)];
      const f = (...args: tf.Tensor[]) => foldedBatchNorm(...(args as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]));
      return [f(...inputs), ...tf.grads(f)(inputs, normal(shape, 5))].map(numbers);
    });
    const [y, dz, dfactor, dgamma, dbeta] = bitwright.map((one, i) => relativeError(one, cpu[i] as Float32Array));
    for (const error of [y, dz, dgamma, dbeta]) expect(error).toBeLessThan(5e-5);
    // ε/(σ² + ε) of sums that cancel without it: the composed form has fewer digits there
    expect(dfactor).toBeLessThan(2e-2);
  });

  it('joins a ReLU behind it without changing a bit', async () => {
    const { bitwright } = await onBothBackends(() => {
      const inputs = [normal(shape, 1), normal([channels], 2), normal([channels], 3), normal([channels], 4)] as const;
      const alone = foldedBatchNorm(...inputs);
      alone.dataSync();
      return [tf.relu(alone), tf.relu(foldedBatchNorm(...inputs))].map(numbers);
    });
    expect(bitwright[1]).toEqual(bitwright[0]);
  });

  it('gives mean and variance, and gradients through both', async () => {
    const { cpu, bitwright } = await onBothBackends(() => {
      const x = normal(shape, 1);
      const up = [normal([channels], 2), normal([channels], 3)] as const;
      const { mean, variance } = channelMoments(x);
      const f = (input: tf.Tensor): tf.Scalar => {
        const found = channelMoments(input);
        return tf.sum(tf.add(tf.mul(found.mean, up[0]), tf.mul(found.variance, up[1])));
      };
      return [mean, variance, tf.grad(f)(x)].map(numbers);
    });
    for (const [i, one] of bitwright.entries()) expect(relativeError(one, cpu[i] as Float32Array)).toBeLessThan(2e-5);
  });
});
