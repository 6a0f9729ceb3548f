import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import { onBothBackends, relativeError } from './bitwright-and-cpu';
import { hasAddon, skipped } from './native-addon';

/** Two float32 implementations of a small network. */
const tolerance = 2e-5;
const { layers } = tfl;

interface Case {
  readonly inputShape: number[];
  readonly layer: () => tfl.layers.Layer;
  /** Set where tfjs itself cannot train the layer. */
  readonly predictsOnly?: true;
}

/** The default initializer calls methods that only the tfjs bundle adds to tensors. */
const recurrentInitializer = 'glorotNormal';

const image = [9, 8, 6];
const sequence = [5, 4];
const cases: Record<string, Case> = {
  dense: { inputShape: [7], layer: () => layers.dense({ units: 5, activation: 'sigmoid' }) },
  'dense over a sequence': { inputShape: sequence, layer: () => layers.dense({ units: 3, activation: 'softmax' }) },
  conv1d: {
    inputShape: [12, 3],
    layer: () => layers.conv1d({ filters: 4, kernelSize: 3, strides: 2, activation: 'relu' }),
  },
  'conv2d, elu': { inputShape: image, layer: () => layers.conv2d({ filters: 4, kernelSize: 3, activation: 'elu' }) },
  'conv2d, 1×1, stride 2': { inputShape: image, layer: () => layers.conv2d({ filters: 4, kernelSize: 1, strides: 2 }) },
  conv2dTranspose: {
    inputShape: image,
    layer: () => layers.conv2dTranspose({ filters: 3, kernelSize: 3, strides: 2, padding: 'same' }),
  },
  conv3d: { inputShape: [4, 4, 4, 2], layer: () => layers.conv3d({ filters: 2, kernelSize: 2 }) },
  depthwiseConv2d: {
    inputShape: image,
    layer: () => layers.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2, activation: 'relu6' }),
  },
  separableConv2d: {
    inputShape: image,
    layer: () => layers.separableConv2d({ filters: 4, kernelSize: 3, padding: 'same' }),
  },
  maxPooling2d: { inputShape: image, layer: () => layers.maxPooling2d({ poolSize: 3, strides: 2, padding: 'same' }) },
  averagePooling2d: { inputShape: image, layer: () => layers.averagePooling2d({ poolSize: 2 }) },
  globalMaxPooling2d: { inputShape: image, layer: () => layers.globalMaxPooling2d({}) },
  globalAveragePooling1d: { inputShape: sequence, layer: () => layers.globalAveragePooling1d({}) },
  'batchNormalization, last axis': { inputShape: image, layer: () => layers.batchNormalization({}) },
  'batchNormalization, another axis': {
    inputShape: image,
    layer: () => layers.batchNormalization({ axis: 1 }),
    predictsOnly: true,
  },
  'batchNormalization of rows': {
    inputShape: [6],
    layer: () => layers.batchNormalization({ momentum: 0.5, epsilon: 0.01 }),
  },
  layerNormalization: { inputShape: sequence, layer: () => layers.layerNormalization({}) },
  reLU: { inputShape: image, layer: () => layers.reLU({ maxValue: 1 }) },
  leakyReLU: { inputShape: image, layer: () => layers.leakyReLU({ alpha: 0.2 }) },
  prelu: { inputShape: image, layer: () => layers.prelu({}) },
  'swish and friends': { inputShape: [6], layer: () => layers.activation({ activation: 'swish' }) },
  hardSigmoid: { inputShape: [6], layer: () => layers.activation({ activation: 'hardSigmoid' }) },
  zeroPadding2d: {
    inputShape: image,
    layer: () =>
      layers.zeroPadding2d({
        padding: [
          [1, 2],
          [0, 3],
        ],
      }),
  },
  cropping2D: {
    inputShape: image,
    layer: () =>
      layers.cropping2D({
        cropping: [
          [1, 2],
          [0, 3],
        ],
      }),
  },
  upSampling2d: { inputShape: image, layer: () => layers.upSampling2d({ size: [2, 2] }) },
  permute: { inputShape: image, layer: () => layers.permute({ dims: [3, 1, 2] }) },
  repeatVector: { inputShape: [6], layer: () => layers.repeatVector({ n: 3 }) },
  simpleRNN: { inputShape: sequence, layer: () => layers.simpleRNN({ units: 3, recurrentInitializer }) },
  lstm: { inputShape: sequence, layer: () => layers.lstm({ units: 3, returnSequences: true, recurrentInitializer }) },
  gru: { inputShape: sequence, layer: () => layers.gru({ units: 3, recurrentInitializer }) },
  bidirectional: {
    inputShape: sequence,
    layer: () =>
      layers.bidirectional({ layer: layers.lstm({ units: 2, recurrentInitializer }) as tfl.RNN, mergeMode: 'concat' }),
  },
  timeDistributed: { inputShape: sequence, layer: () => layers.timeDistributed({ layer: layers.dense({ units: 2 }) }) },
};

/** The layer between an elementwise start and a mean, weights drawn by their position. */
function network({ inputShape, layer }: Case): tfl.LayersModel {
  const input = tfl.input({ shape: inputShape });
  const output = layer().apply(layers.activation({ activation: 'tanh' }).apply(input)) as tfl.SymbolicTensor;
  const model = tfl.model({ inputs: input, outputs: output });
  model.setWeights(
    model.getWeights().map(({ shape }, index) => tf.randomUniform(shape, 0.1, 0.9, 'float32', index + 1)),
  );
  return model;
}

/** Prediction, loss of one step, and the weights that step leaves. */
async function behaviour(testCase: Case): Promise<ArrayLike<number>[]> {
  const model = network(testCase);
  const x = tf.randomNormal([3, ...testCase.inputShape], 0, 1, 'float32', 77);
  const prediction = model.predict(x) as tf.Tensor;
  const results: ArrayLike<number>[] = [prediction.dataSync()];
  if (model.trainableWeights.length > 0 && testCase.predictsOnly === undefined) {
    model.compile({ optimizer: tf.train.sgd(0.1), loss: 'meanSquaredError' });
    const target = tf.randomNormal(prediction.shape, 0, 1, 'float32', 78);
    results.push([(await model.trainOnBatch(x, target)) as number]);
    results.push(...model.getWeights().map((weight) => weight.dataSync()));
  }
  return results;
}

describe.skipIf(!hasAddon)(`layers of tf.layers${skipped}`, () => {
  it.each(Object.entries(cases))('%s: predicts and trains as on the cpu backend', async (_, testCase) => {
    const { cpu, bitwright } = await onBothBackends(() => behaviour(testCase));
    expect(bitwright).toHaveLength(cpu.length);
    for (const [index, expected] of cpu.entries()) {
      expect(relativeError(bitwright[index] ?? [], expected)).toBeLessThan(tolerance);
    }
  });

  it('embedding: predicts and trains as on the cpu backend', async () => {
    const { cpu, bitwright } = await onBothBackends(async () => {
      const model = tfl.sequential({
        layers: [
          layers.embedding({ inputDim: 11, outputDim: 4, inputLength: 6 }),
          layers.flatten(),
          layers.dense({ units: 2 }),
        ],
      });
      model.setWeights(
        model.getWeights().map(({ shape }, index) => tf.randomNormal(shape, 0, 1, 'float32', index + 1)),
      );
      model.compile({ optimizer: tf.train.adam(0.1), loss: 'meanSquaredError' });
      const x = tf.tensor2d([1, 5, 10, 0, 5, 5, 2, 2, 3, 9, 1, 7], [2, 6]);
      const losses = [
        await model.trainOnBatch(x, tf.ones([2, 2])),
        await model.trainOnBatch(x, tf.ones([2, 2])),
      ] as number[];
      return [losses, ...model.getWeights().map((weight) => Array.from(weight.dataSync()))];
    });
    for (const [index, expected] of cpu.entries()) {
      expect(relativeError(bitwright[index] ?? [], expected)).toBeLessThan(tolerance);
    }
  });
});
