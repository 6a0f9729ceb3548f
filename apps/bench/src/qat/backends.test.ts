import '@tensorflow/tfjs-backend-cpu';
import { seededRandom } from '@bitwright/core';
import { tryNativeInfo } from '@bitwright/kernels-native';
import {
  apot,
  type BatchNormChoice,
  dorefa,
  dsq,
  irNet,
  lsq,
  lsqPlus,
  pact,
  prepareQat,
  type Quantizer,
  qil,
  rSign,
  ste,
  steSign,
  tqt,
  xnor,
} from '@bitwright/qat-plugin';
import { backendName, useNativeBackend } from '@bitwright/tfjs-backend';
import {
  losses,
  mean,
  memory,
  randomNormal,
  type Scalar,
  setBackend,
  square,
  type Tensor,
  tensor,
  tidy,
  train,
  type Variable,
  variableGrads,
} from '@tensorflow/tfjs-core';
import { initializers, input, type LayersModel, layers, model, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';

const info = tryNativeInfo();
const skipped = 'error' in info ? ` (skipped: no native addon. ${info.error.hint})` : '';

const cases: readonly (readonly [name: string, weights: Quantizer, activations: Quantizer | null])[] = [
  ...[
    ste({ bits: 8 }),
    ste({ bits: 4 }),
    dorefa({ bits: 4 }),
    pact({ bits: 4 }),
    lsq({ bits: 4 }),
    lsqPlus({ bits: 4 }),
    dsq({ bits: 4 }),
    qil({ bits: 4 }),
    apot({ bits: 4 }),
    tqt({ bits: 4 }),
    lsq({ bits: 2 }),
    dsq({ bits: 2 }),
  ].map((q) => [`${q.type} ${q.bits} bits`, q, q] as const),
  ['dsq 1 bit, float activations', dsq({ bits: 1 }), null],
  ['irNet, float activations', irNet(), null],
  ['irNet', irNet(), irNet()],
  ['steSign', steSign(), steSign()],
  ['xnor weights, rSign activations', xnor(), rSign()],
];

/** A residual network of a few hundred weights with a depthwise convolution. One-bit activations need both signs: tanh, not ReLU. */
function network(activation: 'relu' | 'tanh'): LayersModel {
  let draws = 0;
  const start = () => initializers.glorotUniform({ seed: ++draws });
  const same = { padding: 'same', useBias: false } as const;
  // β away from 0: sums of codes are often exactly 0, and then rounding alone would decide what ReLU lets through
  const offset = () => initializers.randomUniform({ minval: 0.01, maxval: 0.2, seed: ++draws });
  const norm = (name: string) => layers.batchNormalization({ name, betaInitializer: offset() });
  const relu = (name: string) => layers.activation({ name, activation });
  const conv = (name: string, kernelSize: number) =>
    layers.conv2d({ ...same, name, filters: 8, kernelSize, kernelInitializer: start() });
  const x = input({ shape: [8, 8, 3], name: 'image' });
  const first = relu('relu1').apply(norm('bn1').apply(conv('conv1', 3).apply(x))) as SymbolicTensor;
  const depthwise = layers.depthwiseConv2d({ ...same, name: 'conv2', kernelSize: 3, depthwiseInitializer: start() });
  const second = relu('relu2').apply(norm('bn2').apply(depthwise.apply(first)));
  const third = norm('bn3').apply(conv('conv3', 1).apply(second)) as SymbolicTensor;
  const sum = relu('relu3').apply(layers.add({ name: 'add' }).apply([third, first]));
  const pooled = layers.globalAveragePooling2d({ name: 'pool' }).apply(sum);
  const dense = layers.dense({ name: 'classes', units: 4, kernelInitializer: start() });
  return model({ inputs: x, outputs: dense.apply(pooled) as SymbolicTensor });
}

/** Loss and gradients of the first training step, calibration included. */
async function firstStep(weights: Quantizer, activations: Quantizer | null, batchNorm?: BatchNormChoice) {
  const random = seededRandom(11);
  const pixels = Float32Array.from({ length: 16 * 192 }, () => 4 * random.next() - 2);
  const x = tensor(pixels, [16, 8, 8, 3]);
  const labels = Array.from({ length: 16 }, (_, i) => i % 4);
  const y = tensor(
    labels.flatMap((label) => [0, 1, 2, 3].map((c) => Number(c === label))),
    [16, 4],
  );
  const qat = prepareQat(network(activations?.bits === 1 ? 'tanh' : 'relu'), {
    target: 'academic',
    weights,
    activations,
    skip: ['first', 'last'],
    ...(batchNorm === undefined ? {} : { batchNorm }),
  });
  await qat.calibrate(x);
  qat.step(0.5);
  const variables = qat.model.trainableWeights.map((weight) => weight.read() as Variable);
  const { value, grads } = variableGrads(
    () => losses.softmaxCrossEntropy(y, qat.model.apply(x, { training: true }) as Tensor),
    variables,
  );
  const numbers = (one: Tensor | undefined) => one?.dataSync<'float32'>().slice() ?? new Float32Array();
  return { loss: numbers(value)[0] as number, gradients: variables.map(({ name }) => numbers(grads[name])) };
}

/** Largest difference relative to the largest expected number, or to 0.001 where all are smaller. */
function relativeError(actual: Float32Array, expected: Float32Array): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  const scale = expected.reduce((most, v) => Math.max(most, Math.abs(v)), 1e-3);
  return actual.reduce((most, v, i) => Math.max(most, Math.abs(v - (expected[i] as number))), 0) / scale;
}

describe.skipIf(skipped !== '')(
  `a quantized network trains the same on tfjs' cpu backend and on ours${skipped}`,
  () => {
    beforeAll(async () => {
      await useNativeBackend();
    });

    async function compare(...step: Parameters<typeof firstStep>): Promise<void> {
      await setBackend('cpu');
      const cpu = await firstStep(...step);
      await setBackend(backendName);
      const native = await firstStep(...step);
      expect(Math.abs(native.loss / cpu.loss - 1)).toBeLessThan(1e-5);
      expect(native.gradients.length).toBe(cpu.gradients.length);
      for (const [i, gradient] of native.gradients.entries()) {
        expect(relativeError(gradient, cpu.gradients[i] as Float32Array)).toBeLessThan(1e-4);
      }
    }

    it.each(cases)('%s', (_, weights, activations) => compare(weights, activations));

    it.each(['merge', 'freeze', 'naive', 'whitePaper', 'torch'] as const)('batchNorm: %s', (batchNorm) =>
      compare(lsq({ bits: 4 }), lsq({ bits: 4 }), batchNorm),
    );

    it.each(['keep', 'freeze', 'naive', 'whitePaper', 'torch'] as const)(
      'keeps the number of tensors flat over 100 steps on ours, batchNorm: %s',
      async (batchNorm) => {
        await setBackend(backendName);
        const qat = prepareQat(network('relu'), {
          weights: dsq({ bits: 4 }),
          activations: lsq({ bits: 4 }),
          batchNorm,
        });
        const x = randomNormal([4, 8, 8, 3], 0, 1, 'float32', 5);
        await qat.calibrate(x);
        const optimizer = train.momentum(0.001, 0.9);
        const variables = qat.model.trainableWeights.map((weight) => weight.read() as Variable);
        const step = (): void =>
          tidy(() => {
            const loss = () => mean(square(qat.model.apply(x, { training: true }) as Tensor)) as Scalar;
            optimizer.applyGradients(variableGrads(loss, variables).grads as never);
          });
        step();
        const before = memory().numTensors;
        for (let i = 0; i < 100; i++) step();
        expect(memory().numTensors).toBe(before);
      },
    );
  },
);
