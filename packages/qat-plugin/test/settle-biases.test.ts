import '@tensorflow/tfjs-backend-cpu';
import { asLinearSpec } from '@bitwright/core';
import { memory, randomNormal, type Tensor, tensor, tensor1d, tidy } from '@tensorflow/tfjs-core';
import {
  input,
  type LayersModel,
  type LayerVariable,
  layers,
  model,
  type SymbolicTensor,
} from '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import { graphOfModel } from '../src/graph/model-graph';
import { quantizedLayers } from '../src/graph/quantized-layers';
import { walkLayers } from '../src/graph/walk-layers';
import { dsq, lsq, prepareQat, type Qat, type QatOptions, ste, steSign } from '../src/index';
import { ConvBatchNorm } from '../src/layers/conv-batch-norm';
import { FreezableBatchNorm } from '../src/layers/freezable-batch-norm';
import { QuantizeWrapper, variableName } from '../src/layers/quantize-wrapper';
import { defaultRules } from '../src/rules/default-rules';
import { residualModel, zooModel } from './models';

/** Convolution, perhaps batch normalization, ReLU, pooling, dense: what is between two quantizers is `conv`. */
function network(hasBatchNorm: boolean): LayersModel {
  const x = input({ shape: [4, 4, 2], name: 'image' });
  const conv = layers.conv2d({ name: 'conv', filters: 3, kernelSize: 3, useBias: !hasBatchNorm }).apply(x);
  const normed = hasBatchNorm ? layers.batchNormalization({ name: 'norm' }).apply(conv) : conv;
  const y = layers.reLU({ name: 'relu' }).apply(normed);
  const flat = layers.flatten({ name: 'flat' }).apply(y);
  return model({ inputs: x, outputs: layers.dense({ name: 'dense', units: 2 }).apply(flat) as SymbolicTensor });
}

async function calibrated(source: LayersModel, options: QatOptions): Promise<Qat> {
  const qat = prepareQat(source, {
    target: 'academic',
    weights: ste({ bits: 4 }),
    activations: lsq({ bits: 4 }),
    firstAndLastBits: 4,
    ...options,
  });
  await qat.calibrate(randomNormal([32, 4, 4, 2], 0, 1, 'float32', 5));
  return qat;
}

/** What is added last to the result of `conv` in the model in training. */
function lastBias({ model: trained }: Qat): LayerVariable {
  const owners = walkLayers(trained).flatMap(({ layer }) => {
    if (layer instanceof ConvBatchNorm) return [layer.batchNorm];
    if (layer instanceof FreezableBatchNorm) return [layer.inner];
    return layer instanceof QuantizeWrapper && layer.name === 'conv' ? [layer.inner] : [];
  });
  const named = owners.flatMap(({ weights }) => weights).filter((one) => /^(beta|bias)$/.test(variableName(one)));
  return named.at(-1) as LayerVariable;
}

interface Exported {
  readonly step: Float32Array;
  readonly offset: Float32Array;
  /** Step of the output. */
  readonly scale: number;
}

/** Step (of the accumulator) and offset of every channel of `conv` as exported. */
function exported(qat: Qat): Exported {
  const { model: converted, spec } = qat.convert();
  const scaleOf = (name: string): Float32Array => asLinearSpec(spec).tensors[name]?.qparams.scale as Float32Array;
  const image = scaleOf('image')[0] as number;
  const offset = (converted.getLayer('conv').getWeights()[1] as Tensor).dataSync<'float32'>().slice();
  converted.dispose();
  return { step: scaleOf('conv/kernel').map((s) => s * image), offset, scale: scaleOf('relu')[0] as number };
}

/**
 * Puts channel 0 so that its accumulator 3 gives exactly the edge between the codes 1 and 2, with a bias that is a multiple of what
 * integer kernels count: the step of the output is chosen so that there is one.
 */
function putOnEdge(qat: Qat): void {
  const before = exported(qat);
  const unit = (before.step[0] as number) / 8;
  const relu = qat.model.getLayer('relu_quantize');
  relu.setWeights([tensor((Math.round((1.5 * before.scale) / unit) * unit) / 1.5, relu.weights[0]?.shape as number[])]);
  const { step, offset, scale } = exported(qat);
  const bias = lastBias(qat);
  const values = bias.read().dataSync<'float32'>().slice();
  values[0] = (values[0] as number) + 1.5 * scale - 3 * (step[0] as number) - (offset[0] as number);
  tidy(() => {
    bias.write(tensor1d(values));
  });
}

describe('the end of training', () => {
  const cases = [
    ['without batch normalization', false, 'keep'],
    ['kept batch normalization', true, 'keep'],
    ['folded batch normalization', true, 'freeze'],
  ] as const;

  it.each(cases)('puts biases on multiples of what integer kernels count, %s', async (_, hasBatchNorm, batchNorm) => {
    const qat = await calibrated(network(hasBatchNorm), { batchNorm });
    const bias = lastBias(qat);
    tidy(() => {
      bias.write(tensor1d([0.123, -0.456, 0.789]));
    });
    const before = exported(qat);
    qat.step(0.99);
    expect(exported(qat)).toEqual(before);
    qat.step(1);
    const after = exported(qat);
    expect(after.step).toEqual(before.step);
    for (const [c, offset] of after.offset.entries()) {
      const unit = (after.step[c] as number) / 8; // codes up to 7 are stored eight times as large
      expect(Math.abs(offset / unit - Math.round(offset / unit))).toBeLessThan(1e-3);
      expect(Math.abs(offset - (before.offset[c] as number))).toBeLessThan(0.51 * unit);
    }
    const settled = bias.read().dataSync<'float32'>().slice();
    qat.step(1);
    expect(bias.read().dataSync()).toEqual(settled);
  });

  it.each(cases)('moves a frequent result off the edge between two codes, %s', async (_, hasBatchNorm, batchNorm) => {
    const qat = await calibrated(network(hasBatchNorm), { batchNorm });
    putOnEdge(qat);
    const before = exported(qat);
    const fromEdge = ({ step, offset, scale }: Exported): number =>
      Math.abs(3 * (step[0] as number) + (offset[0] as number) - 1.5 * scale);
    expect(fromEdge(before)).toBeLessThan(2e-7 * before.scale);
    qat.step(1);
    const units = (8 * fromEdge(exported(qat))) / (before.step[0] as number);
    expect(Math.abs(units - 1)).toBeLessThan(1e-3);
  });

  it('counts asymmetric weights as they are stored', async () => {
    const qat = await calibrated(network(false), { weights: dsq({ bits: 4, bounds: 'free' }) });
    tidy(() => {
      lastBias(qat).write(tensor1d([0.123, -0.456, 0.789]));
    });
    qat.step(1);
    const { step, offset } = exported(qat);
    for (const [c, one] of offset.entries()) {
      const units = one / (step[c] as number);
      expect(Math.abs(units - Math.round(units))).toBeLessThan(1e-3);
    }
  });

  it('leaves biases alone whose results a sign reads', async () => {
    const layer = layers.activation({ name: 'relu', activation: 'linear' });
    const x = input({ shape: [4, 4, 2], name: 'image' });
    const y = layer.apply(layers.conv2d({ name: 'conv', filters: 3, kernelSize: 3 }).apply(x));
    const outputs = layers.conv2d({ name: 'last', filters: 2, kernelSize: 1 }).apply(y) as SymbolicTensor;
    const qat = await calibrated(model({ inputs: x, outputs }), {
      layers: { last: { weights: steSign(), activations: steSign() } },
      firstAndLastBits: 'none',
    });
    const bias = lastBias(qat);
    tidy(() => {
      bias.write(tensor1d([0.123, -0.456, 0.789]));
    });
    const found = quantizedLayers(graphOfModel(qat.model), defaultRules).find(({ layer: name }) => name === 'conv');
    expect(found?.output).toBe('relu_quantize');
    qat.step(1);
    expect(Array.from(bias.read().dataSync())).toEqual(Array.from(Float32Array.of(0.123, -0.456, 0.789)));
  });

  it('keeps no tensors of layers that are called twice', async () => {
    const x = input({ shape: [4, 4, 2], name: 'image' });
    const shared = layers.conv2d({ name: 'shared', filters: 2, kernelSize: 1 });
    const once = shared.apply(x);
    const outputs = shared.apply(once) as SymbolicTensor;
    const qat = await calibrated(model({ inputs: x, outputs }), {});
    qat.step(1);
    const before = memory().numTensors;
    qat.step(1);
    expect(memory().numTensors).toBe(before);
  });

  it('gives a channel that batch normalization silences the step of others, and its bias a multiple of it', async () => {
    const qat = await calibrated(network(true), {});
    const norm = walkLayers(qat.model).find(({ path }) => path === 'norm')?.layer;
    const variable = (name: string) => norm?.weights.find((one) => variableName(one) === name);
    tidy(() => {
      variable('gamma')?.write(tensor1d([1, 0, -1]));
      variable('beta')?.write(tensor1d([0.1, 0.7, 0.2]));
    });
    qat.step(1);
    const { step, offset } = exported(qat);
    expect(step[1]).toBe(Math.max(step[0] as number, step[2] as number));
    expect(offset[1]).toBeCloseTo(0.7, 2);
    const units = (8 * (offset[1] as number)) / (step[1] as number);
    expect(Math.abs(units - Math.round(units))).toBeLessThan(1e-3);
  });

  it('keeps no tensors', async () => {
    const qat = await calibrated(network(true), {});
    qat.step(1);
    putOnEdge(qat);
    const before = memory().numTensors;
    qat.step(1);
    expect(memory().numTensors).toBe(before);
  });

  it('waits for calibration', () => {
    const qat = prepareQat(network(true), { target: 'academic', activations: ste({ bits: 4 }) });
    const bias = lastBias(qat).read().dataSync<'float32'>().slice();
    qat.step(1);
    expect(lastBias(qat).read().dataSync()).toEqual(bias);
  });
});

describe('quantizedLayers', () => {
  it('sees through batch normalization, clipping and moved inputs, and stops at sums', () => {
    const qat = prepareQat(residualModel(), { target: 'academic', activations: ste({ bits: 4 }) });
    expect(quantizedLayers(graphOfModel(qat.model), defaultRules)).toEqual([
      { layer: 'conv1', batchNorm: 'bn1', input: 'image_quantize', output: 'relu1_quantize' },
      { layer: 'conv2', batchNorm: 'bn2', input: 'relu1_quantize', output: 'relu2_quantize' },
      { layer: 'conv3', batchNorm: 'bn3', input: 'relu2_quantize', output: undefined },
      { layer: 'classes', batchNorm: undefined, input: 'pool_quantize', output: undefined },
    ]);
  });

  it('looks into nested models, and behind an activation of the layer itself', () => {
    const qat = prepareQat(zooModel(), { target: 'ort-x64-vnni' });
    const found = quantizedLayers(graphOfModel(qat.model), defaultRules);
    expect(found.map(({ layer, output }) => [layer, output])).toMatchInlineSnapshot(`
      [
        [
          "separable",
          "separable_quantize",
        ],
        [
          "part/depthwise",
          "part/clipped_quantize",
        ],
        [
          "half",
          "half_quantize",
        ],
        [
          "conv1d",
          "conv1d_quantize",
        ],
        [
          "lstm",
          undefined,
        ],
        [
          "classes",
          undefined,
        ],
        [
          "value",
          undefined,
        ],
      ]
    `);
  });

  it('knows no codes behind a bilinear enlargement', () => {
    const x = input({ shape: [4, 4, 1], name: 'image' });
    const enlarged = (interpolation: 'nearest' | 'bilinear') => {
      const y = layers.upSampling2d({ name: 'up', size: [2, 2], interpolation }).apply(x);
      const outputs = layers.conv2d({ name: 'conv', filters: 1, kernelSize: 1 }).apply(y) as SymbolicTensor;
      const { model: trained } = prepareQat(model({ inputs: x, outputs }), { target: 'academic' });
      return quantizedLayers(graphOfModel(trained), defaultRules).map(({ input: quantizer }) => quantizer);
    };
    expect(enlarged('nearest')).toEqual(['image_quantize']);
    expect(enlarged('bilinear')).toEqual([]);
  });
});
