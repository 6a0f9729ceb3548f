import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { onBothBackends, relativeError } from '../../test/bitwright-and-cpu';
import { hasAddon, skipped } from '../../test/native-addon';
import type { BitwrightBackend } from '../bitwright-backend';
import { backendName, useNativeBackend } from '../index';

/** float32 sums of a few hundred products in another order. */
const tolerance = 1e-5;

const shape: [number, number, number, number] = [2, 16, 16, 8];
const image = (seed: number): tf.Tensor4D => tf.randomNormal(shape, 0, 1, 'float32', seed);
const filter = (seed: number): tf.Tensor4D => tf.randomNormal([3, 3, 8, 8], 0, 0.3, 'float32', seed);
const perChannel = (seed: number): tf.Tensor1D => tf.randomUniform([8], 0.5, 2, 'float32', seed);
const normalize = (x: tf.Tensor4D, seed: number): tf.Tensor4D =>
  tf.batchNorm4d(x, perChannel(seed), perChannel(seed + 1), perChannel(seed + 2), perChannel(seed + 3), 1e-3);
/** Results of earlier kernels: memory of the backend, so that work on them may wait. */
const ours = (x: tf.Tensor4D): tf.Tensor4D => tf.mul(x, 1);

function backend(): BitwrightBackend {
  return tf.engine().backend as BitwrightBackend;
}

beforeAll(async () => {
  await useNativeBackend();
});
beforeEach(async () => {
  await tf.setBackend(backendName);
});

describe.skipIf(!hasAddon)(`deferred results${skipped}`, () => {
  const chains: Record<string, () => tf.Tensor> = {
    'convolution, read as it is': () => tf.conv2d(ours(image(1)), filter(2), 1, 'same'),
    'convolution, relu': () => tf.relu(tf.conv2d(ours(image(1)), filter(2), 1, 'same')),
    'convolution, batchNorm, relu6': () => tf.relu6(normalize(tf.conv2d(ours(image(1)), filter(2), 1, 'same'), 3)),
    'convolution with bias, batchNorm, batchNorm': () => {
      const x = tf.fused.conv2d({ x: ours(image(1)), filter: filter(2), strides: 1, pad: 'same', bias: perChannel(9) });
      return normalize(normalize(x as tf.Tensor4D, 3), 5);
    },
    'convolution, batchNorm, residual, relu': () => {
      const x = ours(image(1));
      return tf.relu(tf.add(normalize(tf.conv2d(x, filter(2), 1, 'same'), 3), x));
    },
    'residual on the left, both sides deferred': () => {
      const x = ours(image(1));
      return tf.relu(tf.add(tf.conv2d(x, filter(2), 1, 'same'), normalize(x, 3)));
    },
    'a deferred result added to itself': () => {
      const y = tf.conv2d(ours(image(1)), filter(2), 1, 'same');
      return tf.add(y, y);
    },
    'one result, several readers': () => {
      const y = normalize(tf.conv2d(ours(image(1)), filter(2), 1, 'same'), 3);
      return tf.concat([tf.relu(y), tf.tanh(y), tf.clipByValue(y, -0.5, 0.5), tf.add(y, image(7))], 0);
    },
    'two residuals in a row': () => {
      const x = ours(image(1));
      return tf.add(tf.add(tf.conv2d(x, filter(2), 1, 'same'), x), ours(image(4)));
    },
    'another view of the same numbers': () =>
      tf.relu(tf.reshape(tf.conv2d(ours(image(1)), filter(2), 1, 'same'), [32, -1])),
  };

  it.each(Object.entries(chains))('%s: equals the cpu backend', async (_, chain) => {
    const { cpu, bitwright } = await onBothBackends(() => tf.tidy(chain).dataSync());
    expect(relativeError(bitwright, cpu)).toBeLessThan(tolerance);
  });

  it('are done once where a gradient of relu is asked for with itself', () => {
    const [result, expected] = tf.tidy(() => {
      const x = ours(image(1));
      const dy = tf.conv2dTranspose(x, filter(2), shape, 1, 'same');
      expect(backend().deferred(dy)).toBeDefined();
      // Done twice, the second time would read x's memory while it is overwritten.
      x.dispose();
      const gated = tf.engine().runKernel('BitwrightReluGrad', { dy, saved: dy }) as tf.Tensor;
      return [gated.dataSync(), tf.relu(tf.conv2dTranspose(ours(image(1)), filter(2), shape, 1, 'same')).dataSync()];
    });
    expect(Array.from(result ?? [])).toEqual(Array.from(expected ?? []));
  });

  it('do nothing until somebody reads them, and nothing at all if nobody does', () => {
    tf.tidy(() => {
      const y = tf.conv2d(ours(image(1)), filter(2), 1, 'same');
      expect(backend().deferred(y)).toBeDefined();
      y.dataSync();
      expect(backend().deferred(y)).toBeUndefined();
      expect(backend().deferred(tf.conv2d(image(1), filter(2), 1, 'same'))).toBeUndefined();
    });
  });

  it('keep the memory they will read, whatever becomes of its tensors, and no longer', () => {
    const before = backend().memory().numBytesInBlocks;
    const x = ours(image(1));
    const expected = tf.tidy(() => tf.conv2d(x, filter(2), 1, 'same').dataSync());
    const y = tf.tidy(() => tf.conv2d(x, filter(2), 1, 'same'));
    x.dispose();
    // Whatever takes memory of x's size now must not get x's.
    const other = tf.fill(shape, 7);
    expect(Array.from(y.dataSync())).toEqual(Array.from(expected));
    tf.dispose([y, other]);
    expect(backend().memory().numBytesInBlocks).toBe(before);
    const unread = tf.tidy(() => tf.relu(tf.conv2d(ours(image(1)), filter(2), 1, 'same')));
    unread.dispose();
    expect(backend().memory().numBytesInBlocks).toBe(before);
  });

  it('see the caller’s array as it was when the operation was called', () => {
    const array = new Float32Array(2 * 16 * 16 * 8).fill(1);
    const [before, after] = tf.tidy(() => {
      const y = tf.conv2d(tf.tensor4d(array, shape), filter(2), 1, 'same');
      const expected = tf.conv2d(tf.ones(shape) as tf.Tensor4D, filter(2), 1, 'same').dataSync();
      array.fill(0);
      return [expected, y.dataSync()];
    });
    expect(Array.from(after ?? [])).toEqual(Array.from(before ?? []));
  });

  it('compute what a gradient will read at once', () => {
    const value = tf.tidy(() => {
      const x = ours(image(1));
      return tf
        .grad((w: tf.Tensor) => {
          const y = tf.conv2d(x, w as tf.Tensor4D, 1, 'same');
          expect(backend().deferred(y)).toBeUndefined();
          return tf.sum(y);
        })(filter(2))
        .dataSync();
    });
    expect(value.length).toBe(3 * 3 * 8 * 8);
  });
});
