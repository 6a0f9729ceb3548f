import { QuantError } from '@bitwright/core';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { useNativeBackend } from '../src';
import { hasAddon, skipped } from './native-addon';

function errorOf(run: () => unknown): Error {
  try {
    tf.tidy(() => {
      run();
    });
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
}

describe.skipIf(!hasAddon)(`bad input${skipped}`, () => {
  beforeAll(async () => {
    await useNativeBackend();
  });

  it('a disposed tensor: an error that says so', () => {
    const x = tf.ones([4, 4]) as tf.Tensor2D;
    x.dispose();
    expect(errorOf(() => x.dataSync()).message).toBe('Tensor is disposed.');
    const error = errorOf(() => tf.matMul(x, x));
    expect(QuantError.isInstance(error)).toBe(true);
    expect(error.message).toContain('disposed');
  });

  it('wrong shapes and dtypes: tfjs’ own messages', () => {
    const a = tf.ones([2, 3]);
    expect(errorOf(() => tf.matMul(a, a)).message).toContain('Error in matMul: inner shapes (3) and (2)');
    expect(errorOf(() => tf.add(a, tf.ones([4]))).message).toContain('could not be broadcast together');
    expect(
      errorOf(() => tf.conv2d(tf.ones([1, 4, 4, 3]) as tf.Tensor4D, tf.ones([3, 3, 2, 8]) as tf.Tensor4D, 1, 'same'))
        .message,
    ).toContain('depth of input (3) must match input depth for filter 2');
    expect(errorOf(() => tf.gather(a, tf.tensor1d([7], 'int32'))).message).toContain(
      'the index value 7 is not in [0, 1]',
    );
    expect(errorOf(() => tf.relu(tf.tensor(['a', 'b']))).message).toContain(
      "Argument 'x' passed to 'relu' must be numeric tensor",
    );
  });

  it('a request for more memory than there is: a typed error that names the tensor, and the process lives on', () => {
    const error = errorOf(() => tf.mul(tf.ones([2 ** 21, 1]), tf.ones([1, 2 ** 21])));
    expect(QuantError.isInstance(error)).toBe(true);
    expect(error.message).toContain('float32 [2097152,2097152]');
    expect(Array.from(tf.tidy(() => tf.add([1, 2], 1).dataSync()))).toEqual([2, 3]);
  });

  it('empty tensors: empty or neutral results, as on the cpu backend', () => {
    tf.tidy(() => {
      const empty = tf.zeros([0, 3]);
      expect(tf.relu(empty).shape).toEqual([0, 3]);
      expect(tf.matMul(empty as tf.Tensor2D, tf.ones([3, 2]) as tf.Tensor2D).shape).toEqual([0, 2]);
      expect(Array.from(tf.sum(empty, 0).dataSync())).toEqual([0, 0, 0]);
      expect(tf.concat([empty, tf.ones([1, 3])], 0).shape).toEqual([1, 3]);
      expect(tf.transpose(empty).shape).toEqual([3, 0]);
      expect(
        tf.conv2d(tf.zeros([0, 4, 4, 3]) as tf.Tensor4D, tf.ones([3, 3, 3, 8]) as tf.Tensor4D, 1, 'same').shape,
      ).toEqual([0, 4, 4, 8]);
    });
  });

  it('NaN and infinities travel as in tfjs', () => {
    const x = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 2];
    tf.tidy(() => {
      expect(Array.from(tf.relu(x).dataSync())).toEqual([Number.NaN, Number.POSITIVE_INFINITY, 0, 2]);
      expect(Array.from(tf.clipByValue(x, -1, 1).dataSync())).toEqual([Number.NaN, 1, -1, 1]);
      expect(Array.from(tf.maximum(x, 0).dataSync())).toEqual([Number.NaN, Number.POSITIVE_INFINITY, 0, 2]);
      expect(Array.from(tf.add(x, 1).dataSync())).toEqual([
        Number.NaN,
        Number.POSITIVE_INFINITY,
        Number.NEGATIVE_INFINITY,
        3,
      ]);
      expect(tf.max(x).dataSync()[0]).toBeNaN();
      expect(tf.argMax([1, Number.NaN, 3]).dataSync()[0]).toBe(2);
      expect(Array.from(tf.equal(x, x).dataSync())).toEqual([0, 1, 1, 1]);
    });
  });

  it('an array the caller transfers away: a typed error, not a crash', () => {
    const array = new Float32Array(4096).fill(1);
    const x = tf.tensor1d(array);
    structuredClone(array.buffer, { transfer: [array.buffer] });
    const error = errorOf(() => tf.exp(x).dataSync());
    expect(QuantError.isInstance(error)).toBe(true);
    x.dispose();
  });

  it('an array read from a tensor stays as it was after the tensor is gone', () => {
    const array = tf.tidy(() => tf.mul(tf.ones([64, 64]), 3).dataSync());
    tf.tidy(() => tf.mul(tf.ones([64, 64]), 5).dataSync());
    expect(new Set(array)).toEqual(new Set([3]));
    expect(array.buffer.byteLength).toBe(array.byteLength);
  });
});
