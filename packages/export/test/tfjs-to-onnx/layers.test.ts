import type { Model } from '@bitwright/onnx';
import * as tfl from '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import { expectEqualOutputs, operators } from './compare';

type Apply = (x: tfl.SymbolicTensor) => tfl.SymbolicTensor | tfl.SymbolicTensor[];
const { layers } = tfl;

/** A model of one input and whatever `apply` makes of it. */
function modelOf(shape: (number | null)[], apply: Apply, dtype: 'float32' | 'int32' = 'float32'): tfl.LayersModel {
  const input = tfl.input({ shape, dtype });
  return tfl.model({ inputs: input, outputs: apply(input) });
}

/** A layer of the 4.22 API, applied. */
function layer(instance: { apply(x: tfl.SymbolicTensor): unknown }): Apply {
  return (x) => instance.apply(x) as tfl.SymbolicTensor;
}

const image = [7, 6, 3];
const rnn = { recurrentInitializer: 'glorotUniform' as const };

const cases: Readonly<Record<string, () => tfl.LayersModel>> = {
  'conv2d valid': () => modelOf(image, layer(layers.conv2d({ filters: 4, kernelSize: 3 }))),
  'conv2d same, stride 2, relu': () =>
    modelOf(
      image,
      layer(layers.conv2d({ filters: 4, kernelSize: 3, strides: 2, padding: 'same', activation: 'relu' })),
    ),
  'conv2d same, even kernel': () =>
    modelOf(image, layer(layers.conv2d({ filters: 2, kernelSize: [4, 2], padding: 'same' }))),
  'conv2d dilated, no bias': () =>
    modelOf(
      image,
      layer(layers.conv2d({ filters: 2, kernelSize: 2, dilationRate: 2, useBias: false, padding: 'same' })),
    ),
  'conv2d of unknown size': () =>
    modelOf([null, null, 3], layer(layers.conv2d({ filters: 2, kernelSize: 3, padding: 'same', strides: 2 }))),
  'conv1d same': () =>
    modelOf([9, 3], layer(layers.conv1d({ filters: 4, kernelSize: 3, strides: 2, padding: 'same' }))),
  'conv1d valid, dilated': () => modelOf([9, 3], layer(layers.conv1d({ filters: 4, kernelSize: 3, dilationRate: 2 }))),
  conv3d: () =>
    modelOf(
      [5, 6, 4, 2],
      layer(layers.conv3d({ filters: 3, kernelSize: [3, 2, 3], padding: 'same', strides: [2, 1, 1] })),
    ),
  depthwise: () =>
    modelOf(
      image,
      layer(layers.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2, padding: 'same', activation: 'relu6' })),
    ),
  'depthwise stride 2': () =>
    modelOf(image, layer(layers.depthwiseConv2d({ kernelSize: 3, strides: 2, padding: 'same' }))),
  separable: () =>
    modelOf(
      image,
      layer(
        layers.separableConv2d({ filters: 5, kernelSize: 3, depthMultiplier: 2, padding: 'same', activation: 'tanh' }),
      ),
    ),
  'transposed same': () =>
    modelOf(image, layer(layers.conv2dTranspose({ filters: 4, kernelSize: 3, strides: 2, padding: 'same' }))),
  'transposed valid': () => modelOf(image, layer(layers.conv2dTranspose({ filters: 4, kernelSize: 3, strides: 2 }))),
  'transposed same, kernel below stride': () =>
    modelOf(image, layer(layers.conv2dTranspose({ filters: 2, kernelSize: 2, strides: 3, padding: 'same' }))),
  'transposed valid, kernel below stride': () =>
    modelOf(image, layer(layers.conv2dTranspose({ filters: 2, kernelSize: 2, strides: 3 }))),
  'transposed stride 1': () =>
    modelOf(image, layer(layers.conv2dTranspose({ filters: 2, kernelSize: 4, padding: 'same' }))),
  'transposed 3d': () =>
    modelOf([3, 4, 3, 2], layer(layers.conv3dTranspose({ filters: 2, kernelSize: 3, strides: 2, padding: 'same' }))),
  dense: () => modelOf([5], layer(layers.dense({ units: 4, activation: 'softmax' }))),
  'dense over sequences': () => modelOf([3, 5], layer(layers.dense({ units: 4, activation: 'sigmoid' }))),
  'dense over images': () => modelOf(image, layer(layers.dense({ units: 4 }))),
  'dense over images behind a convolution': () =>
    modelOf(image, (x) =>
      layer(layers.dense({ units: 4 }))(layer(layers.conv2d({ filters: 5, kernelSize: 3 }))(x) as tfl.SymbolicTensor),
    ),
  'batch norm of images': () => modelOf(image, layer(layers.batchNormalization())),
  'batch norm of vectors': () => modelOf([5], layer(layers.batchNormalization({ epsilon: 0.01, scale: false }))),
  'batch norm of sequences': () => modelOf([4, 5], layer(layers.batchNormalization({ center: false }))),
  'layer norm': () => modelOf([4, 5], layer(layers.layerNormalization())),
  'layer norm of images over two axes': () => modelOf(image, layer(layers.layerNormalization({ axis: [2, 3] }))),
  'max pool same': () => modelOf(image, layer(layers.maxPooling2d({ poolSize: 3, strides: 2, padding: 'same' }))),
  'average pool same': () =>
    modelOf(image, layer(layers.averagePooling2d({ poolSize: 3, strides: 2, padding: 'same' }))),
  'average pool valid': () => modelOf(image, layer(layers.averagePooling2d({ poolSize: 2 }))),
  'max pool 1d': () => modelOf([9, 3], layer(layers.maxPooling1d({ poolSize: 2 }))),
  'average pool 1d same': () => modelOf([9, 3], layer(layers.averagePooling1d({ poolSize: 2, padding: 'same' }))),
  'max pool 3d': () => modelOf([5, 6, 4, 2], layer(layers.maxPooling3d({ poolSize: 2, padding: 'same', strides: 2 }))),
  'average pool 3d': () =>
    modelOf(
      [5, 6, 4, 2],
      layer(layers.averagePooling3d({ poolSize: [2, 2, 2], padding: 'valid', strides: [1, 2, 2] })),
    ),
  'global average pool': () => modelOf(image, layer(layers.globalAveragePooling2d({}))),
  'global max pool': () => modelOf(image, layer(layers.globalMaxPooling2d({}))),
  'global average pool 1d': () => modelOf([6, 3], layer(layers.globalAveragePooling1d())),
  'global max pool 1d': () => modelOf([6, 3], layer(layers.globalMaxPooling1d())),
  'up-sampling': () => modelOf(image, layer(layers.upSampling2d({ size: [2, 3] }))),
  'up-sampling bilinear': () => modelOf(image, layer(layers.upSampling2d({ size: [2, 2], interpolation: 'bilinear' }))),
  'zero padding': () =>
    modelOf(
      image,
      layer(
        layers.zeroPadding2d({
          padding: [
            [1, 2],
            [0, 3],
          ],
        }),
      ),
    ),
  cropping: () =>
    modelOf(
      image,
      layer(
        layers.cropping2D({
          cropping: [
            [1, 2],
            [0, 3],
          ],
        }),
      ),
    ),
  'flatten of images behind a convolution': () =>
    modelOf(image, (x) =>
      layer(layers.flatten())(layer(layers.conv2d({ filters: 5, kernelSize: 3 }))(x) as tfl.SymbolicTensor),
    ),
  reshape: () => modelOf([3, 4], layer(layers.reshape({ targetShape: [2, 6] }))),
  'reshape with an open size': () => modelOf([3, 4], layer(layers.reshape({ targetShape: [-1, 2] }))),
  permute: () => modelOf([3, 4, 5], layer(layers.permute({ dims: [3, 1, 2] }))),
  'repeat vector': () => modelOf([3], layer(layers.repeatVector({ n: 4 }))),
  embedding: () => modelOf([5], layer(layers.embedding({ inputDim: 8, outputDim: 3 })), 'int32'),
  lstm: () => modelOf([4, 3], layer(layers.lstm({ units: 5, ...rnn }))),
  'lstm sequences, sigmoid': () =>
    modelOf(
      [4, 3],
      layer(layers.lstm({ units: 5, returnSequences: true, recurrentActivation: 'sigmoid', useBias: false, ...rnn })),
    ),
  'lstm of unknown length': () => modelOf([null, 3], layer(layers.lstm({ units: 5, ...rnn }))),
  'lstm states': () => modelOf([4, 3], layer(layers.lstm({ units: 2, returnState: true, ...rnn }))),
  gru: () => modelOf([4, 3], layer(layers.gru({ units: 5, ...rnn }))),
  'gru sequences, relu, backwards': () =>
    modelOf(
      [4, 3],
      layer(layers.gru({ units: 5, returnSequences: true, activation: 'relu', goBackwards: true, ...rnn })),
    ),
  'simple rnn': () => modelOf([4, 3], layer(layers.simpleRNN({ units: 5, activation: 'softsign', ...rnn }))),
  'rnn around a cell': () =>
    modelOf([4, 3], layer(layers.rnn({ cell: layers.gruCell({ units: 3, ...rnn }), returnSequences: true }))),
  'bidirectional lstm': () =>
    modelOf([4, 3], layer(layers.bidirectional({ layer: layers.lstm({ units: 2, ...rnn }), mergeMode: 'concat' }))),
  'bidirectional gru sequences': () =>
    modelOf(
      [4, 3],
      layer(
        layers.bidirectional({ layer: layers.gru({ units: 2, returnSequences: true, ...rnn }), mergeMode: 'concat' }),
      ),
    ),
  'bidirectional summed': () =>
    modelOf(
      [4, 3],
      layer(
        layers.bidirectional({
          layer: layers.simpleRNN({ units: 2, returnSequences: true, ...rnn }),
          mergeMode: 'sum',
        }),
      ),
    ),
  'time-distributed dense': () =>
    modelOf([4, 3], layer(layers.timeDistributed({ layer: layers.dense({ units: 2, activation: 'relu' }) }))),
  'time-distributed convolution': () =>
    modelOf([2, 5, 5, 2], layer(layers.timeDistributed({ layer: layers.conv2d({ filters: 3, kernelSize: 3 }) }))),
  prelu: () => modelOf([4, 3], layer(layers.prelu({ alphaInitializer: 'ones' }))),
  'prelu shared over the image': () =>
    modelOf(image, (x) =>
      layer(layers.prelu({ sharedAxes: [1, 2] }))(
        layer(layers.conv2d({ filters: 5, kernelSize: 3 }))(x) as tfl.SymbolicTensor,
      ),
    ),
  'prelu behind a recurrent layer': () =>
    modelOf([4, 3], (x) =>
      layer(layers.prelu({ alphaInitializer: 'glorotUniform' }))(
        layer(layers.lstm({ units: 5, returnSequences: true, ...rnn }))(x) as tfl.SymbolicTensor,
      ),
    ),
  'relu with a maximum': () => modelOf([5], layer(layers.reLU({ maxValue: 0.5 }))),
  'leaky relu': () => modelOf([5], layer(layers.leakyReLU({ alpha: 0.2 }))),
  elu: () => modelOf([5], layer(layers.elu())),
  'thresholded relu': () => modelOf([5], layer(layers.thresholdedReLU({ theta: 0.3 }))),
  'softmax of sequences': () => modelOf([4, 3], layer(layers.softmax({ axis: 2 }))),
  'dropout and noise': () =>
    modelOf([5], (x) =>
      [
        layers.dropout({ rate: 0.5 }),
        layers.gaussianNoise({ stddev: 1 }),
        layers.gaussianDropout({ rate: 0.5 }),
        layers.alphaDropout({ rate: 0.5 }),
      ].reduce((y: tfl.SymbolicTensor, drop) => drop.apply(y) as tfl.SymbolicTensor, x),
    ),
  masking: () => modelOf([4, 3], layer(layers.masking({ maskValue: 0 }))),
  rescaling: () => modelOf([5], layer(layers.rescaling({ scale: 2, offset: 0.5 }))),
};

describe('layersModelToOnnx, layer by layer', () => {
  for (const [name, make] of Object.entries(cases)) {
    it(`gives onnxruntime the outputs of TensorFlow.js: ${name}`, async () => {
      await expectEqualOutputs(make());
    });
  }

  for (const activation of [
    'elu',
    'hardSigmoid',
    'linear',
    'relu',
    'relu6',
    'selu',
    'sigmoid',
    'softmax',
    'softplus',
    'softsign',
    'tanh',
    'swish',
    'mish',
    'gelu',
    'gelu_new',
  ]) {
    it(`gives onnxruntime the outputs of TensorFlow.js: activation ${activation}`, async () => {
      const make = (): tfl.LayersModel => modelOf([6], layer(layers.activation({ activation: activation as 'relu' })));
      await expectEqualOutputs(make());
      if (activation === 'gelu') await expectEqualOutputs(make(), { opset: 20 });
    });
  }

  it('takes a log-softmax activation in a Dense layer', async () => {
    await expectEqualOutputs(modelOf([6], layer(layers.dense({ units: 3, activation: 'logSoftmax' as 'softmax' }))));
  });

  const merges: Readonly<Record<string, () => { apply(x: tfl.SymbolicTensor[]): unknown }>> = {
    add: () => layers.add(),
    average: () => layers.average(),
    multiply: () => layers.multiply(),
    maximum: () => layers.maximum(),
    minimum: () => layers.minimum(),
    concatenate: () => layers.concatenate(),
    'concatenate axis 1': () => layers.concatenate({ axis: 1 }),
  };
  for (const [name, make] of Object.entries(merges)) {
    it(`merges plain and channels-first values: ${name}`, async () => {
      const a = tfl.input({ shape: image });
      const b = tfl.input({ shape: [9, 8, 3] });
      const convolved = layers.conv2d({ filters: 3, kernelSize: 3 }).apply(b);
      const again = layers.conv2d({ filters: 3, kernelSize: 1 }).apply(convolved);
      const merged = make().apply([a, again as tfl.SymbolicTensor, convolved as tfl.SymbolicTensor]);
      await expectEqualOutputs(tfl.model({ inputs: [a, b], outputs: merged as tfl.SymbolicTensor }));
    });
  }

  for (const [name, axes, shapes] of [
    ['two vectors', 1, [[4], [4]]],
    ['a vector and a matrix', 1, [[4], [4, 3]]],
    ['a matrix and a vector', [2, 1], [[3, 4], [4]]],
    [
      'two matrices',
      [2, 1],
      [
        [3, 4],
        [4, 5],
      ],
    ],
    [
      'two matrices, last axes',
      2,
      [
        [3, 4],
        [5, 4],
      ],
    ],
    [
      'two matrices, first axes',
      1,
      [
        [4, 3],
        [4, 5],
      ],
    ],
  ] as const) {
    for (const normalize of [false, true]) {
      it(`computes Dot of ${name}${normalize ? ', normalized' : ''}`, async () => {
        const inputs = shapes.map((shape) => tfl.input({ shape: [...shape] }));
        const dot = layers.dot({ axes: axes as number, normalize });
        await expectEqualOutputs(tfl.model({ inputs, outputs: dot.apply(inputs) as tfl.SymbolicTensor }));
      });
    }
  }

  for (let opset = 13; opset <= 25; opset++) {
    it(`writes operator set ${opset}`, async () => {
      const model = modelOf(image, (x) => {
        let y = layers.conv2d({ filters: 4, kernelSize: 3, padding: 'same' }).apply(x);
        y = layers.batchNormalization().apply(y);
        y = layers.reLU({ maxValue: 6 }).apply(y);
        y = layers.upSampling2d({ size: [2, 2] }).apply(y);
        y = layers.zeroPadding2d({ padding: 1 }).apply(y);
        y = layers.maxPooling2d({ poolSize: 2 }).apply(y);
        y = layers.layerNormalization().apply(y);
        y = layers.globalAveragePooling2d({}).apply(y);
        y = layers.repeatVector({ n: 3 }).apply(y);
        y = layers.lstm({ units: 3, ...rnn }).apply(y);
        return layers.dense({ units: 2, activation: 'gelu' as 'relu' }).apply(y) as tfl.SymbolicTensor;
      });
      await expectEqualOutputs(model, { opset });
      await expectEqualOutputs(modelOf([4, 3], layer(layers.masking({ maskValue: 0 }))), { opset });
    });
  }
});

describe('layout', () => {
  const network = (): tfl.LayersModel =>
    modelOf([8, 8, 3], (x) => {
      let y = layers
        .conv2d({ filters: 4, kernelSize: 3, padding: 'same', activation: 'relu' })
        .apply(x) as tfl.SymbolicTensor;
      const skip = y;
      y = layers
        .batchNormalization()
        .apply(layers.conv2d({ filters: 4, kernelSize: 3, padding: 'same' }).apply(y)) as tfl.SymbolicTensor;
      y = layers.add().apply([y, skip]) as tfl.SymbolicTensor;
      y = layers.maxPooling2d({ poolSize: 2 }).apply(layers.concatenate().apply([y, skip])) as tfl.SymbolicTensor;
      y = layers.dropout({ rate: 0.5 }).apply(layers.flatten().apply(y)) as tfl.SymbolicTensor;
      return layers.dense({ units: 3 }).apply(y) as tfl.SymbolicTensor;
    });
  const transposes = (model: Model): number => operators(model).filter((op) => op === 'Transpose').length;

  it('needs one transposition for a whole convolutional classifier: flattening permutes the kernel', async () => {
    const converted = await expectEqualOutputs(network());
    expect(transposes(converted)).toBe(1);
    expect(operators(converted)).not.toContain('Gather');
  });

  it('needs none when images are fed channels first', async () => {
    const { layersModelToOnnx } = await import('../../src/index');
    expect(transposes(layersModelToOnnx(network(), { images: 'channelsFirst' }).model)).toBe(0);
  });

  it('keeps stacked recurrent layers time-first', async () => {
    const model = modelOf([4, 3], (x) =>
      [0, 1, 2].reduce(
        (y: tfl.SymbolicTensor) =>
          layers.lstm({ units: 3, returnSequences: true, ...rnn }).apply(y) as tfl.SymbolicTensor,
        x,
      ),
    );
    expect(transposes(await expectEqualOutputs(model))).toBe(2);
  });
});

describe('structure', () => {
  it('converts shared layers, nested models, several inputs and outputs', async () => {
    const shared = layers.dense({ units: 4, activation: 'tanh' });
    const encoder = tfl.sequential({ layers: [layers.dense({ units: 5, inputShape: [3] }), layers.reLU()] });
    const a = tfl.input({ shape: [3] });
    const b = tfl.input({ shape: [3] });
    const codes = [a, b].map((x) => shared.apply(encoder.apply(x)) as tfl.SymbolicTensor);
    const sum = layers.add().apply(codes) as tfl.SymbolicTensor;
    await expectEqualOutputs(tfl.model({ inputs: [a, b], outputs: [sum, codes[0]!] }));
  });

  it('converts a Sequential model inside a Sequential model', async () => {
    const inner = tfl.sequential({
      layers: [layers.conv2d({ filters: 3, kernelSize: 3, inputShape: [6, 6, 2] }), layers.flatten()],
    });
    await expectEqualOutputs(tfl.sequential({ layers: [inner, layers.dense({ units: 2 })] }));
  });

  it('hands a recurrent layer its initial state', async () => {
    const encoded = layers.lstm({ units: 3, returnState: true, ...rnn });
    const source = tfl.input({ shape: [4, 2] });
    const target = tfl.input({ shape: [5, 2] });
    const [, h, c] = encoded.apply(source) as tfl.SymbolicTensor[];
    const decoder = layers.lstm({ units: 3, returnSequences: true, ...rnn });
    const output = decoder.apply(target, { initialState: [h!, c!] }) as tfl.SymbolicTensor;
    await expectEqualOutputs(tfl.model({ inputs: [source, target], outputs: output }));
  });

  it('names tensors after layers and initializers after weights', async () => {
    const { layersModelToOnnx } = await import('../../src/index');
    const model = tfl.sequential({
      layers: [
        layers.conv2d({ filters: 3, kernelSize: 3, inputShape: [6, 6, 2], activation: 'relu', name: 'conv' }),
        layers.globalAveragePooling2d({ name: 'pool' }),
        layers.dense({ units: 2, name: 'logits' }),
      ],
    });
    const { model: onnx, outputs, weights } = layersModelToOnnx(model);
    expect(onnx.graph?.input.map((input) => input.name)).toEqual(['conv_input']);
    expect(onnx.graph?.output.map((output) => output.name)).toEqual(['logits']);
    expect([...outputs.values()]).toEqual(['conv_input', 'conv', 'pool', 'logits']);
    expect(weights.get('conv/kernel')).toEqual(['conv/kernel']);
    expect(onnx.graph?.initializer.map((tensor) => tensor.name).sort()).toEqual([
      'conv/bias',
      'conv/kernel',
      'logits/bias',
      'logits/kernel',
    ]);
  });
});
