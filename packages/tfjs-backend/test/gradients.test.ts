import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { useNativeBackend } from '../src';
import { onBothBackends, relativeError } from './bitwright-and-cpu';
import { hasAddon, skipped } from './native-addon';

/** Step of the central difference: its error, O(step²), and float32 rounding, O(2⁻²⁴ / step), are of one size here. */
const step = 1e-2;
/** Of a directional derivative by central differences in float32. */
const differenceTolerance = 5e-3;
/** Two float32 implementations of one gradient. */
const cpuTolerance = 2e-5;

const normal = (shape: number[], seed: number): tf.Tensor => tf.randomNormal(shape, 0, 1, 'float32', seed);
/** Away from 0, where derivatives of relu and abs jump and log is steep. */
const positive = (shape: number[], seed: number): tf.Tensor => tf.randomUniform(shape, 0.5, 2, 'float32', seed);
/** Distinct numbers far apart: a step never changes which one is the largest. */
const distinct = (shape: number[], seed: number): tf.Tensor => {
  const count = tf.util.sizeFromShape(shape);
  const order = tf.util.createShuffledIndices(count);
  return tf.tensor(
    Float32Array.from(order, (value) => (value + seed) * 0.25),
    shape,
  );
};

interface Case {
  readonly inputs: () => tf.Tensor[];
  readonly f: (...inputs: tf.Tensor[]) => tf.Tensor;
}

const image = [2, 7, 9, 5];
const cases: Record<string, Case> = {
  matMul: {
    inputs: () => [normal([7, 11], 1), normal([11, 5], 2)],
    f: (a, b) => tf.matMul(a as tf.Tensor2D, b as tf.Tensor2D),
  },
  'matMul, transposed, batched': {
    inputs: () => [normal([3, 6, 4], 1), normal([3, 5, 6], 2)],
    f: (a, b) => tf.matMul(a, b, true, true),
  },
  'fused matMul with bias and relu': {
    inputs: () => [normal([7, 11], 1), normal([11, 5], 2), normal([5], 3)],
    f: (a, b, bias) =>
      tf.fused.matMul({ a: a as tf.Tensor2D, b: b as tf.Tensor2D, bias: bias as tf.Tensor, activation: 'relu' }),
  },
  'conv2d, stride 1': {
    inputs: () => [normal(image, 1), normal([3, 3, 5, 6], 2)],
    f: (x, w) => tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, 1, 'same'),
  },
  'relu, then a convolution and a shortcut around it': {
    inputs: () => [distinct([2, 16, 16, 8], -2048.5), normal([3, 3, 8, 8], 2)],
    f: (x, w) => {
      const y = tf.relu(x) as tf.Tensor4D;
      return tf.add(tf.conv2d(y, w as tf.Tensor4D, 1, 'same'), y);
    },
  },
  'relu, then a convolution with stride 2 and a shortcut': {
    inputs: () => [distinct([2, 16, 16, 8], -2048.5), normal([3, 3, 8, 8], 2), normal([1, 1, 8, 8], 3)],
    f: (x, w, shortcut) => {
      const y = tf.relu(x) as tf.Tensor4D;
      return tf.add(tf.conv2d(y, w as tf.Tensor4D, 2, 'same'), tf.conv2d(y, shortcut as tf.Tensor4D, 2, 'same'));
    },
  },
  'conv2d, stride 2, valid': {
    inputs: () => [normal(image, 1), normal([3, 2, 5, 6], 2)],
    f: (x, w) => tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, 2, 'valid'),
  },
  'fused conv2d with bias': {
    inputs: () => [normal(image, 1), normal([3, 3, 5, 6], 2), normal([6], 3)],
    f: (x, filter, bias) =>
      tf.fused.conv2d({
        x: x as tf.Tensor4D,
        filter: filter as tf.Tensor4D,
        strides: 1,
        pad: 'same',
        bias: bias as tf.Tensor,
      }),
  },
  conv2dTranspose: {
    inputs: () => [normal([2, 4, 5, 6], 1), normal([3, 3, 5, 6], 2)],
    f: (x, w) => tf.conv2dTranspose(x as tf.Tensor4D, w as tf.Tensor4D, [2, 8, 10, 5], 2, 'same'),
  },
  depthwiseConv2d: {
    inputs: () => [normal(image, 1), normal([3, 3, 5, 2], 2)],
    f: (x, w) => tf.depthwiseConv2d(x as tf.Tensor4D, w as tf.Tensor4D, 1, 'same'),
  },
  'depthwiseConv2d, stride 2': {
    inputs: () => [normal(image, 1), normal([3, 3, 5, 1], 2)],
    f: (x, w) => tf.depthwiseConv2d(x as tf.Tensor4D, w as tf.Tensor4D, 2, 'same'),
  },
  maxPool: { inputs: () => [distinct(image, 1)], f: (x) => tf.maxPool(x as tf.Tensor4D, 3, 2, 'same') },
  avgPool: { inputs: () => [normal(image, 1)], f: (x) => tf.avgPool(x as tf.Tensor4D, 2, 2, 'valid') },
  'batchNorm with given statistics': {
    inputs: () => [normal(image, 1), normal([5], 2), positive([5], 3), normal([5], 4), positive([5], 5)],
    f: (x, mean, variance, offset, scale) =>
      tf.batchNorm4d(
        x as tf.Tensor4D,
        mean as tf.Tensor1D,
        variance as tf.Tensor1D,
        offset as tf.Tensor1D,
        scale as tf.Tensor1D,
        1e-3,
      ),
  },
  relu: { inputs: () => [distinct([40], -20.5)], f: (x) => tf.relu(x) },
  relu6: { inputs: () => [distinct([60], -20.5)], f: (x) => tf.relu6(x) },
  clipByValue: { inputs: () => [distinct([60], -20.5)], f: (x) => tf.clipByValue(x, -2.2, 3.3) },
  sigmoid: { inputs: () => [normal([50], 1)], f: (x) => tf.sigmoid(x) },
  tanh: { inputs: () => [normal([50], 1)], f: (x) => tf.tanh(x) },
  elu: { inputs: () => [distinct([40], -20.5)], f: (x) => tf.elu(x) },
  selu: { inputs: () => [distinct([40], -20.5)], f: (x) => tf.selu(x) },
  leakyRelu: { inputs: () => [distinct([40], -20.5)], f: (x) => tf.leakyRelu(x, 0.3) },
  prelu: {
    inputs: () => [distinct([8, 5], -20.5), positive([5], 2)],
    f: (x, alpha) => tf.prelu(x, alpha as tf.Tensor),
  },
  softplus: { inputs: () => [normal([50], 1)], f: (x) => tf.softplus(x) },
  'exp, log, sqrt, rsqrt, square': {
    inputs: () => [positive([50], 1)],
    f: (x) => tf.addN([tf.exp(x), tf.log(x), tf.sqrt(x), tf.rsqrt(x), tf.square(x)]),
  },
  'broadcasting arithmetic': {
    inputs: () => [normal([4, 1, 6], 1), positive([3, 1], 2)],
    f: (a, b) => tf.div(tf.sub(tf.mul(a, b as tf.Tensor), tf.add(a, b as tf.Tensor)), b as tf.Tensor),
  },
  pow: { inputs: () => [positive([20], 1), positive([20], 2)], f: (a, b) => tf.pow(a, b as tf.Tensor) },
  'maximum and minimum': {
    inputs: () => [distinct([30], 1), distinct([30], 1.4)],
    f: (a, b) => tf.add(tf.maximum(a, b as tf.Tensor), tf.square(tf.minimum(a, b as tf.Tensor))),
  },
  'sum over axes': { inputs: () => [normal([4, 5, 6], 1)], f: (x) => tf.sum(x, [0, 2]) },
  'mean over axes, kept': { inputs: () => [normal([4, 5, 6], 1)], f: (x) => tf.mean(x, [1, 2], true) },
  'max over an axis': { inputs: () => [distinct([4, 5, 6], 1)], f: (x) => tf.max(x, 1) },
  softmax: { inputs: () => [normal([6, 9], 1)], f: (x) => tf.softmax(x) },
  logSoftmax: { inputs: () => [normal([6, 9], 1)], f: (x) => tf.logSoftmax(x) },
  'transpose, pad, slice, concat, tile': {
    inputs: () => [normal([3, 4, 5], 1), normal([3, 4, 2], 2)],
    f: (a, b) => {
      const joined = tf.concat([a, b as tf.Tensor], 2);
      return tf.tile(
        tf.pad(tf.slice(tf.transpose(joined, [2, 0, 1]), [1, 0, 1], [5, 3, 2]), [
          [1, 0],
          [0, 2],
          [1, 1],
        ]),
        [2, 1, 1],
      );
    },
  },
  'split, stack, unstack': {
    inputs: () => [normal([6, 4], 1)],
    f: (x) => tf.stack([...tf.unstack(x, 1), ...tf.split(tf.transpose(x), 4).map((row) => tf.reshape(row, [6]))], 1),
  },
  gather: { inputs: () => [normal([6, 4], 1)], f: (x) => tf.gather(x, tf.tensor1d([5, 0, 0, 3], 'int32')) },
  where: {
    inputs: () => [normal([6, 4], 1), normal([6, 4], 2)],
    f: (a, b) => tf.where(tf.greater(tf.reshape(tf.range(0, 24), [6, 4]), 11), a, b as tf.Tensor),
  },
  resizeBilinear: {
    inputs: () => [normal([2, 7, 7, 5], 1)],
    // tfjs' own gradient mixes up height and width, so the image is a square.
    f: (x) => tf.image.resizeBilinear(x as tf.Tensor4D, [13, 5]),
  },
  'resizeBilinear, aligned corners, smaller': {
    inputs: () => [normal([2, 9, 9, 3], 1)],
    f: (x) => tf.image.resizeBilinear(x as tf.Tensor4D, [4, 6], true),
  },
  // tfjs' own gradient of the nearest neighbor mixes up batches, so there is one image.
  resizeNearestNeighbor: {
    inputs: () => [normal([1, 5, 7, 3], 1)],
    f: (x) => tf.image.resizeNearestNeighbor(x as tf.Tensor4D, [10, 9]),
  },
  'resizeNearestNeighbor, aligned corners': {
    inputs: () => [normal([1, 5, 7, 3], 1)],
    f: (x) => tf.image.resizeNearestNeighbor(x as tf.Tensor4D, [3, 13], true),
  },
};

/** What the elements of a result count in Σ f(inputs) · weights, so that each has a gradient of its own. */
const weights = (shape: number[]): tf.Tensor => tf.randomUniform(shape, 0.5, 1.5, 'float32', 99);

describe.skipIf(!hasAddon)(`gradients${skipped}`, () => {
  beforeAll(async () => {
    await useNativeBackend();
  });

  it.each(Object.entries(cases))('%s: equal the cpu backend’s, and central differences', async (_, testCase) => {
    const seeds = testCase.inputs().map((input) => input.arraySync());
    const inputs = (): tf.Tensor[] => seeds.map((values) => tf.tensor(values as number[]));
    const { f } = testCase;
    const objective = (...tensors: tf.Tensor[]): tf.Scalar => {
      const y = f(...tensors);
      return tf.sum(tf.mul(y, weights(y.shape)));
    };
    const { cpu, bitwright } = await onBothBackends(() =>
      tf.tidy(() =>
        tf
          .grads(objective)(inputs())
          .map((gradient) => gradient.dataSync() as Float32Array),
      ),
    );
    for (const [index, expected] of cpu.entries()) {
      expect(relativeError(bitwright[index] ?? [], expected)).toBeLessThan(cpuTolerance);
    }
    const { difference, derivative, size } = tf.tidy(() => {
      const directions = seeds.map((_values, index) => normal(inputs()[index]?.shape ?? [], 50 + index));
      // Summed in double: the two sums differ in their last digits only.
      const at = (distance: number): number => {
        const y = f(...inputs().map((input, index) => tf.add(input, tf.mul(directions[index] as tf.Tensor, distance))));
        const counts = weights(y.shape).dataSync();
        return (y.dataSync() as Float32Array).reduce(
          (sum, value, element) => sum + value * (counts[element] as number),
          0,
        );
      };
      const products = directions.flatMap((direction, index) =>
        Array.from(direction.dataSync(), (value, element) => value * (bitwright[index]?.[element] ?? Number.NaN)),
      );
      return {
        difference: (at(step) - at(-step)) / (2 * step),
        derivative: products.reduce((sum, product) => sum + product, 0),
        size: Math.hypot(1, ...products),
      };
    });
    expect(Math.abs(difference - derivative) / size).toBeLessThan(differenceTolerance);
  });

  it('of resizing know half-pixel centers and oblong images, which tfjs’ own do not', () => {
    const x = normal([2, 5, 9, 3], 1);
    for (const resize of [tf.image.resizeBilinear, tf.image.resizeNearestNeighbor]) {
      const f = (image: tf.Tensor): tf.Scalar => {
        const y = resize(image as tf.Tensor4D, [7, 4], false, true);
        return tf.sum(tf.mul(y, weights(y.shape)));
      };
      // Linear, so the value is the sum of all derivatives times the inputs.
      const [value, derivatives] = tf.tidy(() => [f(x).dataSync()[0], tf.sum(tf.mul(tf.grad(f)(x), x)).dataSync()[0]]);
      expect(Math.abs((value ?? 0) - (derivatives ?? Number.NaN))).toBeLessThan(differenceTolerance);
    }
  });

  it('are differentiated themselves in tfjs’ composed form', async () => {
    const f = (x: tf.Tensor): tf.Tensor => tf.sum(tf.sigmoid(tf.mul(tf.relu(x), tf.tanh(x))));
    const second = (): Float32Array =>
      tf.tidy(
        () =>
          tf
            .grad((x: tf.Tensor) => tf.sum(tf.square(tf.grad(f)(x))))(normal([20], 3))
            .dataSync() as Float32Array,
      );
    const { cpu, bitwright } = await onBothBackends(second);
    expect(relativeError(bitwright, cpu)).toBeLessThan(cpuTolerance);
  });
});
