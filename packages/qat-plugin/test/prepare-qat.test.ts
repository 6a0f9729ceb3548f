import '@tensorflow/tfjs-backend-cpu';
import { anySpecFromJson, fakeQuantize, specToJson, view } from '@bitwright/core';
import {
  add,
  io,
  losses,
  mean,
  memory,
  oneHot,
  ones,
  randomNormal,
  type Scalar,
  square,
  type Tensor,
  tensor,
  tensor1d,
  tidy,
  train,
  type Variable,
  variableGrads,
} from '@tensorflow/tfjs-core';
import { input, type LayersModel, layers, loadLayersModel, model, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import { slotsOf } from '../src/graph/walk-layers';
import {
  type BatchNormChoice,
  dsq,
  lsq,
  pact,
  prepareQat,
  type Qat,
  quantNoise,
  registerQatLayers,
  resumeQat,
  ste,
} from '../src/index';
import { QatCallback } from '../src/schedule/qat-callback';
import { residualModel, tinyModel, zooModel } from './models';
import { largestError } from './numeric';

const images = () => randomNormal([8, 6, 6, 2], 0, 1, 'float32', 3);
const targets = () =>
  oneHot(
    tensor1d(
      Array.from({ length: 8 }, (_, i) => i % 3),
      'int32',
    ),
    3,
  );
const numbers = (x: unknown): Float32Array => (x as Tensor).dataSync<'float32'>().slice();

beforeAll(registerQatLayers);

/** An image and five tokens for each of four samples. */
const zooInputs = (): Tensor[] => [
  randomNormal([4, 8, 8, 3], 0, 1, 'float32', 5),
  tensor([1, 2, 3, 4, 5, 0, 1, 0, 1, 0, 6, 5, 4, 3, 2, 1, 1, 1, 1, 1], [4, 5], 'int32'),
];

/** One SGD step by hand; returns the loss. */
function step(network: LayersModel, x: Tensor, y: Tensor, rate = 0.01): number {
  const optimizer = train.sgd(rate);
  const variables = network.trainableWeights.map((weight) => weight.read() as Variable);
  const loss = tidy(() => {
    const { value, grads } = variableGrads(
      () => losses.softmaxCrossEntropy(y, network.apply(x, { training: true }) as Tensor),
      variables,
    );
    optimizer.applyGradients(grads as never);
    return value.dataSync()[0] as number;
  });
  optimizer.dispose();
  return loss;
}

async function prepared(options: Parameters<typeof prepareQat>[1] = {}): Promise<{ qat: Qat; float: LayersModel }> {
  const float = residualModel();
  const qat = prepareQat(float, { target: 'ort-x64-vnni', ...options });
  await qat.calibrate(images());
  return { qat, float };
}

describe('prepareQat', () => {
  it('leaves the given model as it is and starts from its weights', () => {
    const float = residualModel();
    const before = float.getWeights().map(numbers);
    const topology = JSON.stringify(float.toJSON());
    const qat = prepareQat(float, { target: 'ort-x64-vnni' });
    expect(JSON.stringify(float.toJSON())).toBe(topology);
    expect(float.getWeights().map(numbers)).toEqual(before);
    expect(numbers(qat.model.getLayer('conv2').getWeights()[0])).toEqual(
      numbers(float.getLayer('conv2').getWeights()[0]),
    );
  });

  it('puts quantizers behind integer layers and their absorbed activations (onnxruntime)', () => {
    const { report } = prepareQat(residualModel(), { target: 'ort-x64-vnni' });
    expect(report.tensors.map(({ tensor: name }) => name).sort()).toEqual([
      'bn3',
      'image',
      'pool',
      'relu1',
      'relu2',
      'relu3',
    ]);
    expect(report.layers.find(({ layer }) => layer === 'relu1')?.kind).toBe('absorbed');
  });

  it('quantizes inputs of convolutions and dense layers only on the academic target, ends with 8 bits', () => {
    const { report } = prepareQat(residualModel(), {
      target: 'academic',
      weights: lsq({ bits: 4 }),
      activations: lsq({ bits: 4 }),
    });
    expect(report.tensors.map(({ tensor: name, bits }) => [name, bits])).toEqual([
      ['image', 8],
      ['relu1', 4],
      ['relu2', 4],
      ['pool', 8],
    ]);
    expect(report.layers.find(({ layer }) => layer === 'conv1')?.weights).toEqual(['kernel: lsq, codes -127…127']);
    expect(report.layers.find(({ layer }) => layer === 'conv2')?.weights).toEqual(['kernel: lsq, codes -7…7']);
    expect(report.layers.find(({ layer }) => layer === 'add')?.reason).toContain('academic setting');
  });

  it("quantizes in front of padding that becomes the convolution's own", () => {
    const x = input({ shape: [4, 4, 1], name: 'image' });
    const padded = layers.zeroPadding2d({ name: 'pad', padding: 1 }).apply(x);
    const y = layers.conv2d({ name: 'conv', filters: 2, kernelSize: 3, strides: 2 }).apply(padded);
    const { report } = prepareQat(model({ inputs: x, outputs: y as never }), { target: 'ort-x64-vnni' });
    expect(report.tensors.map(({ tensor: name }) => name)).toEqual(['image', 'conv']);
  });

  it('leaves skipped layers float and takes other quantizers by glob', () => {
    const { report } = prepareQat(residualModel(), {
      target: 'academic',
      weights: lsq({ bits: 4 }),
      skip: ['first', 'last'],
      layers: { 'conv3*': { weights: pact({ bits: 2 }), activations: null } },
    });
    const layer = (name: string) => report.layers.find((one) => one.layer === name);
    expect(layer('conv1')).toMatchObject({ kind: 'float', reason: 'named in skip' });
    expect(layer('classes')?.kind).toBe('float');
    expect(layer('conv3')?.weights).toEqual(['kernel: pact, codes -2…1']);
    expect(report.tensors.map(({ tensor: name }) => name)).toEqual(['relu1']);
  });

  it('wraps every kind of layer; what has no rule stays float with a reason', async () => {
    const zoo = zooModel();
    const qat = prepareQat(zoo, { target: 'ort-x64-vnni' });
    const inputs = zooInputs();
    const expected = (zoo.predict(inputs) as Tensor[]).map(numbers);
    await qat.calibrate(inputs as [Tensor, Tensor]);
    const found = (qat.model.predict(inputs) as Tensor[]).map(numbers);
    expect(largestError(found[0] as Float32Array, expected[0] as Float32Array)).toBeLessThan(0.1);
    const kinds = Object.fromEntries(qat.report.layers.map(({ layer, kind }) => [layer, kind]));
    expect(kinds).toMatchObject({
      separable: 'integer',
      'part/depthwise': 'integer',
      embedding: 'integer',
      lstm: 'integer',
      layerNorm: 'float',
      halve: 'passThrough',
      grow: 'float',
    });
    expect(qat.report.layers.find(({ layer }) => layer === 'layerNorm')?.reason).toContain('no integer kernel');
    const { model: converted, spec } = qat.convert();
    expect(spec.tensors['lstm/recurrent_kernel']?.role).toBe('weight');
    expect(converted.layers.map((layer) => layer.getClassName())).not.toContain('BitwrightQuantizeActivation');
    expect((converted.predict(inputs) as Tensor[]).length).toBe(2);
  });
});

describe('training', () => {
  it('lowers the loss with model.fit and callbacks', async () => {
    const { qat } = await prepared({ weights: lsq({ bits: 4 }), activations: dsq({ bits: 4 }) });
    qat.model.compile({ optimizer: train.adam(0.03), loss: (y, z) => losses.softmaxCrossEntropy(y, z) });
    const { history } = await qat.model.fit(images(), targets(), {
      epochs: 20,
      batchSize: 8,
      verbose: 0,
      callbacks: qat.callbacks({ freezeBatchNormAt: 0.6, freezeObserversAt: 0.8, historyEvery: 1 }),
    });
    const [first, last] = [history['loss']?.[0] as number, history['loss']?.at(-1) as number];
    expect(last).toBeLessThan(first * 0.9);
    expect(qat.history.entries.length).toBe(20);
    expect(qat.history.entries[3]?.params['relu1']).toHaveProperty('upper');
    const frozen = qat.model.layers.filter((layer) => 'areStatisticsFrozen' in layer && layer.areStatisticsFrozen);
    expect(frozen.length).toBe(3);
  });

  it('reaches the end only at the end, also when told of fewer batches than there are', async () => {
    const { qat } = await prepared();
    qat.model.compile({ optimizer: 'sgd', loss: (y, z) => losses.softmaxCrossEntropy(y, z) });
    const reached: number[] = [];
    const watched: Qat = { ...qat, step: (progress) => void reached.push(progress) };
    await qat.model.fit(images(), targets(), {
      epochs: 2,
      batchSize: 1,
      callbacks: [new QatCallback(watched, { batchesPerEpoch: 4 })],
      verbose: 0,
    });
    expect(reached.length).toBe(17);
    expect(reached.filter((progress) => progress === 1).length).toBe(1);
    expect(reached.at(-1)).toBe(1);
  });

  const learned = { weights: lsq({ bits: 4 }), activations: lsq({ bits: 4 }) };
  it.each([
    ['lsq', learned],
    ['ste', { weights: ste({ bits: 8 }), activations: ste({ bits: 8 }) }],
    ['dsq, folded', { weights: dsq({ bits: 4 }), activations: dsq({ bits: 4 }), batchNorm: 'torch' }],
    ...(['freeze', 'naive', 'whitePaper'] as const).map((batchNorm) => [batchNorm, { ...learned, batchNorm }] as const),
  ] as const)('keeps the number of tensors flat over 100 steps: %s', async (_, options) => {
    const qat = prepareQat(tinyModel(), { target: 'ort-x64-vnni', ...options });
    const [x, y] = [randomNormal([2, 3, 3, 1], 0, 1, 'float32', 3), oneHot(tensor1d([0, 1], 'int32'), 3)];
    await qat.calibrate(x);
    step(qat.model, x, y);
    const before = memory().numTensors;
    for (let i = 0; i < 100; i++) step(qat.model, x, y);
    expect(memory().numTensors).toBe(before);
  });

  it('keeps the number of tensors flat over 100 steps: every kind of layer', { timeout: 120_000 }, async () => {
    const qat = prepareQat(zooModel(), { target: 'ort-x64-vnni' });
    const inputs = zooInputs();
    await qat.calibrate(inputs as [Tensor, Tensor]);
    const optimizer = train.sgd(0.001);
    const variables = qat.model.trainableWeights.map((weight) => weight.read() as Variable);
    const zooStep = (): void =>
      tidy(() => {
        const { grads } = variableGrads(() => {
          const [classes, value] = qat.model.apply(inputs, { training: true }) as [Tensor, Tensor];
          return add(mean(square(classes)), mean(square(value))) as Scalar;
        }, variables);
        optimizer.applyGradients(grads as never);
      });
    zooStep();
    const before = memory().numTensors;
    for (let i = 0; i < 100; i++) zooStep();
    expect(memory().numTensors).toBe(before);
  });

  it('goes on after saving and loading in mid-training as if nothing had happened', async () => {
    const options = { weights: quantNoise(lsq({ bits: 4 }), { rate: 0.5, seed: 3 }), activations: ste({ bits: 4 }) };
    const { qat } = await prepared(options);
    const [x, y] = [images(), targets()];
    for (let i = 0; i < 3; i++) {
      qat.step(i / 8);
      step(qat.model, x, y);
    }
    let saved: io.ModelArtifacts | undefined;
    await qat.model.save(
      io.withSaveHandler(async (artifacts) => {
        saved = artifacts;
        return { modelArtifactsInfo: io.getModelArtifactsInfoForJSON(artifacts) };
      }),
    );
    const text = JSON.stringify(saved?.modelTopology);
    const artifacts = { ...(saved as io.ModelArtifacts), modelTopology: JSON.parse(text) as object };
    const loaded = resumeQat(await loadLayersModel(io.fromMemory(artifacts)));
    expect(loaded.report).toEqual(qat.report);
    for (let i = 3; i < 6; i++) {
      qat.step(i / 8);
      loaded.step(i / 8);
      expect(step(loaded.model, x, y)).toBe(step(qat.model, x, y));
    }
    expect(specToJson(loaded.convert().spec)).toBe(specToJson(qat.convert().spec));
  });
});

describe('batch normalization while training', () => {
  const strategies: readonly BatchNormChoice[] = ['keep', 'merge', 'freeze', 'naive', 'whitePaper', 'torch'];
  const asFloat = (qat: Qat): void => {
    for (const { state } of slotsOf(qat.model)) state.mode = 'off';
  };

  it.each(strategies)('%s: without quantizers, inference equals the float model', (batchNorm) => {
    const float = residualModel();
    step(float, images(), targets());
    const qat = prepareQat(float, { target: 'ort-x64-vnni', batchNorm });
    asFloat(qat);
    const expected = numbers(float.predict(images()));
    expect(largestError(numbers(qat.model.predict(images())), expected)).toBeLessThan(1e-4);
  });

  it.each(['keep', 'naive', 'whitePaper', 'torch'] as const)(
    '%s: without quantizers, a training step equals the float one',
    (batchNorm) => {
      const float = residualModel();
      const qat = prepareQat(float, { target: 'ort-x64-vnni', batchNorm });
      asFloat(qat);
      const [x, y] = [images(), targets()];
      const expected = [step(float, x, y, 0.1), step(float, x, y, 0.1)];
      const found = [step(qat.model, x, y, 0.1), step(qat.model, x, y, 0.1)];
      expect(largestError(found, expected)).toBeLessThan(2e-3);
    },
  );

  it.each(strategies)('%s: what is converted is what was trained', async (batchNorm) => {
    const { qat } = await prepared({ weights: lsq({ bits: 4 }), activations: null, batchNorm });
    for (let i = 0; i < 3; i++) step(qat.model, images(), targets());
    const { model: converted, spec } = qat.convert();
    const expected = numbers(qat.model.predict(images()));
    expect(largestError(numbers(converted.predict(images())), expected)).toBeLessThan(1e-4);
    const kernel = converted.getLayer('conv2').getWeights()[0] as Tensor;
    const entry = spec.tensors['conv2/kernel'];
    const scale = entry?.qparams.scale as Float32Array;
    for (const [i, value] of numbers(kernel).entries()) {
      const code = value / (scale[i % 4] as number);
      expect(Math.abs(code - Math.round(code))).toBeLessThan(1e-5);
      expect(Math.abs(Math.round(code))).toBeLessThanOrEqual(7);
    }
  });
});

describe('batch normalization twice in a row', () => {
  it.each(['keep', 'freeze', 'torch'] as const)('%s: the second stays a layer', async (batchNorm) => {
    const x = input({ shape: [3, 3, 1], name: 'image' });
    const first = layers.batchNormalization({ name: 'bn1', betaInitializer: 'ones' });
    const second = layers.batchNormalization({ name: 'bn2', betaInitializer: 'ones' });
    const conv = layers.conv2d({ name: 'conv1', filters: 2, kernelSize: 3, useBias: false });
    const y = second.apply(first.apply(conv.apply(x))) as SymbolicTensor;
    const qat = prepareQat(model({ inputs: x, outputs: y }), {
      weights: lsq({ bits: 8 }),
      activations: null,
      batchNorm,
    });
    const samples = randomNormal([8, 3, 3, 1], 0, 1, 'float32', 3);
    await qat.calibrate(samples);
    const { model: converted } = qat.convert();
    const expected = numbers(qat.model.predict(samples));
    expect(largestError(numbers(converted.predict(samples)), expected)).toBeLessThan(1e-5);
  });
});

describe('convert', () => {
  it('writes a spec that reads back equal, with activations that quantize like the trained layers', async () => {
    const { qat } = await prepared({ weights: lsq({ bits: 4 }), activations: dsq({ bits: 4 }) });
    const { spec } = qat.convert();
    expect(specToJson(anySpecFromJson(specToJson(spec)))).toBe(specToJson(spec));
    const entry = spec.tensors['relu1'];
    if (entry?.scheme.kind !== 'linear') throw new Error('linear expected');
    const x = Float32Array.from({ length: 64 }, (_, i) => i / 20);
    const slot = slotsOf(qat.model).find(({ tensor: name }) => name === 'relu1');
    const trained = slot?.apply(tensor(x), false).dataSync();
    expect(Array.from(trained ?? [])).toEqual(Array.from(fakeQuantize(view(x), entry.scheme, entry.qparams as never)));
  });

  it('leaves the model in training as it is', async () => {
    const { qat } = await prepared();
    const before = numbers(qat.model.predict(images()));
    qat.convert();
    expect(numbers(qat.model.predict(images()))).toEqual(before);
  });
});

describe('bad configurations say what to do', () => {
  it.each([
    ['a glob without match', { skip: ['covn1'] }, /expected skip to match a layer \(image, conv1.*received "covn1"/],
    ['an unknown option', { bits: 4 }, /expected the options target, weights/],
    [
      'a factory instead of a quantizer',
      { weights: lsq },
      /expected weights to be a quantizer such as lsq\(\{ bits: 4 \}\)/,
    ],
    ['an unknown target', { target: 'tpu' }, /expected a target id \(ort-x64/],
    [
      'free bounds on symmetric weights',
      { target: 'ort-x64-vnni', weights: dsq({ bits: 4, bounds: 'free' }) },
      /weights of "conv1\/kernel" by dsq.*asymmetric/,
    ],
    ['an unknown name', { weights: 'ste_sing' }, /expected one of steSign/],
  ] as const)('%s', (_, options, message) => {
    expect(() => prepareQat(residualModel(), options as never)).toThrow(message);
  });

  it('an integer input that would be quantized', () => {
    const x = input({ shape: [4], name: 'ids', dtype: 'int32' });
    const y = layers.dense({ units: 2, name: 'dense' }).apply(x);
    const wrong = model({ inputs: x, outputs: y as never });
    expect(() => prepareQat(wrong)).toThrow(
      /expected a float32 tensor to quantize, received dtype int32, read by "dense"/,
    );
  });

  it('training and converting before calibration', async () => {
    const qat = prepareQat(residualModel());
    expect(() => qat.convert()).toThrow(/Call await qat.calibrate\(samples\)/);
    expect(() => qat.model.predict(images())).toThrow(/expected a calibrated quantizer for "image"/);
    qat.model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
    await expect(qat.model.fit(images(), targets(), { callbacks: qat.callbacks(), verbose: 0 })).rejects.toThrow(
      'calibrate',
    );
  });

  it('calibration without samples', async () => {
    await expect(prepareQat(residualModel()).calibrate([])).rejects.toThrow('expected at least one sample');
  });

  it('a loss that is not finite', async () => {
    const { qat } = await prepared();
    qat.model.compile({ optimizer: train.sgd(1e30), loss: (y, z) => losses.softmaxCrossEntropy(y, z) });
    const fit = qat.model.fit(images(), targets(), { epochs: 5, callbacks: qat.callbacks(), verbose: 0 });
    await expect(fit).rejects.toThrow(/expected a finite loss.*Lower the learning rate/);
  });

  it('progress outside 0 to 1, and a model that was not prepared', async () => {
    const { qat, float } = await prepared();
    expect(() => qat.step(2)).toThrow('expected the fraction of training done, 0 to 1, received 2');
    expect(() => resumeQat(float)).toThrow('Use prepareQat for a float model');
    expect(ones([1]).size).toBe(1);
  });
});
