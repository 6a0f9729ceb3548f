import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import { onBothBackends, relativeError } from './bitwright-and-cpu';
import { hasAddon, skipped } from './native-addon';

/** Differences of 50 steps of float32 training that start equal: rounding, amplified a little by every step. */
const curveTolerance = 2e-3;
const steps = 50;
const inputShape: [number, number, number] = [8, 8, 3];

/** A residual network in small: convolutions, batch normalization, both poolings, a dense head. */
function convolutionalNetwork(): tfl.LayersModel {
  const { layers } = tfl;
  const input = tfl.input({ shape: inputShape });
  const convolve = (x: tfl.SymbolicTensor, filters: number, strides: number, seed: number): tfl.SymbolicTensor => {
    const kernelInitializer = tfl.initializers.heNormal({ seed });
    const y = layers
      .conv2d({ filters, kernelSize: 3, strides, padding: 'same', useBias: false, kernelInitializer })
      .apply(x);
    return layers.batchNormalization({}).apply(y) as tfl.SymbolicTensor;
  };
  const relu = (x: tfl.SymbolicTensor): tfl.SymbolicTensor =>
    layers.activation({ activation: 'relu' }).apply(x) as tfl.SymbolicTensor;
  const stem = relu(convolve(input, 4, 1, 1));
  const main = convolve(relu(convolve(stem, 4, 1, 2)), 4, 1, 3);
  const sum = relu(layers.add().apply([main, stem]) as tfl.SymbolicTensor);
  const pooled = layers.maxPooling2d({ poolSize: 2 }).apply(sum) as tfl.SymbolicTensor;
  const deep = layers.globalAveragePooling2d({}).apply(relu(convolve(pooled, 8, 2, 4))) as tfl.SymbolicTensor;
  const kernelInitializer = tfl.initializers.glorotUniform({ seed: 5 });
  const output = layers.dense({ units: 4, activation: 'softmax', kernelInitializer }).apply(deep) as tfl.SymbolicTensor;
  return tfl.model({ inputs: input, outputs: output });
}

/** A depthwise-separable block, as in MobileNet. */
function separableNetwork(): tfl.LayersModel {
  const { layers } = tfl;
  const seeded = (seed: number): ReturnType<typeof tfl.initializers.heNormal> => tfl.initializers.heNormal({ seed });
  return tfl.sequential({
    layers: [
      layers.depthwiseConv2d({
        inputShape,
        kernelSize: 3,
        padding: 'same',
        depthMultiplier: 2,
        depthwiseInitializer: seeded(1),
      }),
      layers.batchNormalization({}),
      layers.reLU({ maxValue: 6 }),
      layers.conv2d({ filters: 8, kernelSize: 1, kernelInitializer: seeded(2), activation: 'relu' }),
      layers.averagePooling2d({ poolSize: 2 }),
      layers.flatten(),
      layers.dense({ units: 4, activation: 'softmax', kernelInitializer: seeded(3) }),
    ],
  });
}

/** Two dense layers: fast on every backend. */
function denseNetwork(): tfl.LayersModel {
  const { layers } = tfl;
  const seeded = (seed: number): ReturnType<typeof tfl.initializers.heNormal> => tfl.initializers.heNormal({ seed });
  return tfl.sequential({
    layers: [
      layers.flatten({ inputShape }),
      layers.dense({ units: 16, activation: 'tanh', kernelInitializer: seeded(1) }),
      layers.dense({ units: 4, activation: 'softmax', kernelInitializer: seeded(2) }),
    ],
  });
}

/** Images whose class shifts their mean, so that there is something to learn; every batch from its own seed. */
function batch(seed: number): { x: tf.Tensor; y: tf.Tensor } {
  const labels = tf.tensor1d([0, 1, 2, 3], 'int32');
  return tf.tidy(() => {
    const shift = tf.reshape(tf.cast(labels, 'float32'), [4, 1, 1, 1]);
    const x = tf.add(tf.randomNormal([4, ...inputShape], 0, 1, 'float32', seed), shift);
    return { x, y: tf.oneHot(labels, 4, 1, 0, 'float32') };
  });
}

/** Losses of `steps` batches. */
async function lossCurve(model: tfl.LayersModel, optimizer: tf.Optimizer): Promise<number[]> {
  model.compile({ optimizer, loss: 'categoricalCrossentropy' });
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) {
    const { x, y } = batch(step + 1);
    losses.push((await model.trainOnBatch(x, y)) as number);
    tf.dispose([x, y]);
  }
  model.dispose();
  optimizer.dispose();
  return losses;
}

const optimizers: Record<string, () => tf.Optimizer> = {
  sgd: () => tf.train.sgd(0.05),
  momentum: () => tf.train.momentum(0.02, 0.9),
  'momentum, nesterov': () => tf.train.momentum(0.02, 0.9, true),
  adam: () => tf.train.adam(0.005),
  rmsprop: () => tf.train.rmsprop(0.002),
};

describe.skipIf(!hasAddon)(`50 training steps${skipped}`, { timeout: 120_000 }, () => {
  it.each(Object.entries(optimizers))('with %s follow the cpu backend', async (_, optimizer) => {
    const { cpu, bitwright } = await onBothBackends(() => lossCurve(denseNetwork(), optimizer()));
    expect(cpu.at(-1)).toBeLessThan((cpu[0] as number) - 0.1);
    expect(relativeError(bitwright, cpu)).toBeLessThan(curveTolerance);
  });

  it('of a residual network follow the cpu backend', async () => {
    const { cpu, bitwright } = await onBothBackends(() =>
      lossCurve(convolutionalNetwork(), tf.train.momentum(0.02, 0.9)),
    );
    expect(cpu.at(-1)).toBeLessThan((cpu[0] as number) - 0.1);
    expect(relativeError(bitwright, cpu)).toBeLessThan(curveTolerance);
  });

  it('of a depthwise network follow the cpu backend', async () => {
    const { cpu, bitwright } = await onBothBackends(() => lossCurve(separableNetwork(), tf.train.momentum(0.02, 0.9)));
    expect(relativeError(bitwright, cpu)).toBeLessThan(curveTolerance);
  });

  it('leave the same weights and moving averages behind', async () => {
    const weightsAfter = async (): Promise<Float32Array[]> => {
      const model = convolutionalNetwork();
      model.compile({ optimizer: tf.train.momentum(0.02, 0.9), loss: 'categoricalCrossentropy' });
      for (let step = 0; step < 5; step++) {
        const { x, y } = batch(step + 1);
        await model.trainOnBatch(x, y);
      }
      return model.getWeights().map((weight) => weight.dataSync() as Float32Array);
    };
    const { cpu, bitwright } = await onBothBackends(weightsAfter);
    for (const [index, expected] of cpu.entries()) {
      expect(relativeError(bitwright[index] ?? [], expected)).toBeLessThan(1e-4);
    }
  });

  it('hold the number of tensors and bytes still', async () => {
    await onBothBackends(() => 0);
    const model = convolutionalNetwork();
    model.compile({ optimizer: tf.train.adam(0.005), loss: 'categoricalCrossentropy' });
    const { x, y } = batch(1);
    await model.trainOnBatch(x, y);
    const before = tf.memory();
    for (let step = 0; step < 20; step++) await model.trainOnBatch(x, y);
    const { numTensors, numDataBuffers, numBytes } = tf.memory();
    expect({ numTensors, numDataBuffers, numBytes }).toEqual({
      numTensors: before.numTensors,
      numDataBuffers: before.numDataBuffers,
      numBytes: before.numBytes,
    });
    expect(tf.memory()).toMatchObject({
      numBytesInBlocks: (before as unknown as { numBytesInBlocks: number }).numBytesInBlocks,
    });
  });
});
