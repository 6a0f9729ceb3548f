import '@tensorflow/tfjs-backend-cpu';
import {
  grads,
  io,
  memory,
  oneHot,
  randomNormal,
  type Tensor,
  tensor,
  tensor1d,
  tidy,
  train,
  variable,
} from '@tensorflow/tfjs-core';
import { initializers, type LayersModel, layers, loadLayersModel, sequential } from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  Bop,
  formatSummary,
  gatedResidual,
  lsq,
  quantConv2d,
  quantDense,
  quantDepthwiseConv2d,
  quantizerFromName,
  registerQatLayers,
  rPReLU,
  steSign,
  summarize,
  weightClip,
} from '../src/index';
import { largestError, uniform } from './numeric';

beforeAll(registerQatLayers);

/** Seeded, so that every run of a test sees the same network. */
function binaryNetwork(): LayersModel {
  const seeded = (seed: number) => initializers.glorotUniform({ seed });
  return sequential({
    layers: [
      quantConv2d({
        name: 'conv1',
        filters: 8,
        kernelSize: 3,
        inputShape: [8, 8, 2],
        useBias: false,
        kernelInitializer: seeded(1),
        kernelQuantizer: 'ste_sign',
        kernelConstraint: weightClip() as never,
      }),
      layers.batchNormalization({ name: 'bn1' }),
      quantDepthwiseConv2d({
        name: 'depthwise',
        kernelSize: 3,
        padding: 'same',
        padValues: 1,
        useBias: false,
        inputQuantizer: 'approx_sign',
        depthwiseInitializer: seeded(2),
        depthwiseConstraint: 'nonNeg',
        kernelQuantizer: 'magnitude_aware_sign',
      } as never),
      layers.flatten({ name: 'flat' }),
      quantDense({
        name: 'dense',
        units: 3,
        kernelInitializer: seeded(3),
        inputQuantizer: steSign(),
        kernelQuantizer: 'ste_tern',
      }),
    ],
  });
}

describe('layers of binary networks', () => {
  it('compute with ±1 weights and inputs, padded with +1', () => {
    const layer = quantConv2d({
      filters: 1,
      kernelSize: 3,
      padding: 'same',
      padValues: 1,
      useBias: false,
      inputQuantizer: 'ste_sign',
      kernelQuantizer: 'ste_sign',
      inputShape: [2, 2, 1],
    });
    const net = sequential({ layers: [layer] });
    // all weights −0.5 → −1; inputs [1, −2; 3, −4] → [+1, −1; +1, −1]; every window holds 9 taps, 5 of them padding +1:
    // −(5 + 1 − 1 + 1 − 1) = −5
    layer.inner.setWeights([tensor(new Float32Array(9).fill(-0.5), [3, 3, 1, 1])]);
    const y = net.predict(tensor([1, -2, 3, -4], [1, 2, 2, 1])) as Tensor;
    expect(y.shape).toEqual([1, 2, 2, 1]);
    expect(Array.from(y.dataSync())).toEqual([-5, -5, -5, -5]);
  });

  it('train from scratch, keep latent weights within ±1, and survive saving', async () => {
    const net = binaryNetwork();
    const x = randomNormal([12, 8, 8, 2], 0, 1, 'float32', 4);
    const y = oneHot(
      tensor1d(
        Array.from({ length: 12 }, (_, i) => i % 3),
        'int32',
      ),
      3,
    );
    net.compile({ optimizer: train.adam(0.002), loss: 'meanSquaredError' });
    const { history } = await net.fit(x, y, { epochs: 12, verbose: 0 });
    expect(history['loss']?.at(-1) as number).toBeLessThan(0.6 * (history['loss']?.[0] as number));
    const latent = net.getLayer('conv1').getWeights()[0]?.dataSync() as Float32Array;
    expect(Math.max(...latent.map(Math.abs))).toBeLessThanOrEqual(1);
    let saved: io.ModelArtifacts | undefined;
    await net.save(
      io.withSaveHandler(async (artifacts) => {
        saved = artifacts;
        return { modelArtifactsInfo: io.getModelArtifactsInfoForJSON(artifacts) };
      }),
    );
    const loaded = await loadLayersModel(io.fromMemory(saved as io.ModelArtifacts));
    expect(Array.from((loaded.predict(x) as Tensor).dataSync())).toEqual(
      Array.from((net.predict(x) as Tensor).dataSync()),
    );
  });

  it('start quantizers of several bits from the first batch', () => {
    const net = sequential({ layers: [quantDense({ units: 2, inputShape: [5], kernelQuantizer: lsq({ bits: 3 }) })] });
    const y = net.predict(tensor(uniform(20, -1, 1, 8), [4, 5])) as Tensor;
    expect(y.dataSync().every(Number.isFinite)).toBe(true);
  });

  it('refuse a quantizer in a role it cannot play', () => {
    expect(() => quantDense({ units: 2, inputQuantizer: 'xnor' })).toThrow(
      "expected a quantizer for a layer's input, received xnor",
    );
  });

  it('are counted by bits', () => {
    const summary = summarize(binaryNetwork());
    // conv1 3·3·2·8 = 144 weights of 1 bit, depthwise 3·3·8 = 72 of 1 bit, dense 288·3 = 864 ternary, bn 4·8, bias 3
    expect(summary.weightsByBits).toEqual({ 1: 144 + 72, 2: 864, 32: 35 });
    expect(summary.bytes).toBe((216 + 2 * 864) / 8 + 35 * 4);
    // conv1: 36 positions · 144; depthwise 36 · 72; dense 864
    expect(summary.macsByBits).toEqual({ 32: 36 * 144, 1: 36 * 72, 2: 864 });
    expect(formatSummary(summary)).toContain('1-bit weights');
  });

  it.each([
    'ste_sign',
    'approx_sign',
    'swish_sign',
    'magnitude_aware_sign',
    'ste_tern',
    'dorefa_quantizer',
    'steSign',
    'DoReFa'.toLowerCase(),
  ])('Larq calls one of them %s', (name) => {
    expect(quantizerFromName(name).bits).toBeLessThanOrEqual(2);
  });
});

describe('RPReLU', () => {
  it('has the values and gradients of the formulas', () => {
    const layer = rPReLU();
    layer.build([null, 2]);
    layer.setWeights([tensor([0.5, -0.2]), tensor([0.25, 0.1]), tensor([0.3, 0])]);
    const x = tensor([1, -1, 0.2, 0.4], [2, 2]);
    // channel 0: 1 − .5 + .3 = .8; .25·(.2 − .5) + .3 = .225; channel 1: .1·(−1 + .2) = −.08; .4 + .2 = .6
    expect(largestError((layer.apply(x) as Tensor).dataSync(), [0.8, -0.08, 0.225, 0.6])).toBeLessThan(1e-6);
    const [dx] = grads(((t: Tensor) => layer.apply(t) as Tensor) as never)([x], tensor([1, 1, 1, 1], [2, 2]));
    expect(largestError((dx as Tensor).dataSync(), [1, 0.1, 0.25, 1])).toBeLessThan(1e-6);
  });
});

describe('gated residual', () => {
  it('adds the gated shortcut', () => {
    const layer = gatedResidual();
    layer.build([
      [null, 2],
      [null, 2],
    ]);
    layer.setWeights([tensor([2, -1])]);
    const y = layer.apply([tensor([1, 1], [1, 2]), tensor([3, 4], [1, 2])]) as Tensor;
    expect(Array.from(y.dataSync())).toEqual([7, -3]);
  });
});

describe('Bop', () => {
  it('flips a weight whose smoothed gradient has its sign and exceeds the threshold', () => {
    const kernel = variable(tensor([1, -1, 1, -1]), true, 'bop/kernel');
    const bias = variable(tensor([0.5]), true, 'bop/bias');
    const optimizer = new Bop(train.sgd(0.1), { threshold: 0.05, gamma: 0.1 });
    const before = memory().numTensors;
    // m = 0.1·g: 0.1 agrees and is large → flip; 0.1 pushes −1 further → stays; 0.01 is too small; −0.1 agrees with −1 → flip
    tidy(() => optimizer.applyGradients({ 'bop/kernel': tensor([1, 1, 0.1, -1]), 'bop/bias': tensor([1]) }));
    expect(Array.from(kernel.dataSync())).toEqual([-1, -1, 1, 1]);
    expect(bias.dataSync()[0]).toBeCloseTo(0.4, 6);
    expect(memory().numTensors).toBeLessThanOrEqual(before + 2);
    optimizer.dispose();
  });
});
