import * as tfl from '@tensorflow/tfjs-layers';

const { layers } = tfl;
type Tensor = tfl.SymbolicTensor;
type Layer = { apply(x: Tensor | Tensor[]): unknown };
const over = (x: Tensor | Tensor[], ...list: readonly Layer[]): Tensor =>
  list.reduce((y, layer) => layer.apply(y) as Tensor, x as Tensor);
const conv = (filters: number, kernelSize: number, strides = 1, useBias = false): Layer =>
  layers.conv2d({ filters, kernelSize, strides, padding: 'same', useBias });
const norm = (): Layer => layers.batchNormalization();
const relu = (maxValue?: number): Layer => layers.reLU(maxValue === undefined ? {} : { maxValue });
const rnn = { recurrentInitializer: 'glorotUniform' } as const;

function finished(input: Tensor, x: Tensor, classes = 10): tfl.LayersModel {
  const logits = over(x, layers.globalAveragePooling2d({}), layers.dense({ units: classes }));
  return tfl.model({ inputs: input, outputs: logits });
}

/** MobileNetV2: inverted residuals with linear bottlenecks, two of each width. */
function mobileNetV2(): tfl.LayersModel {
  const input = tfl.input({ shape: [32, 32, 3] });
  let x = over(input, conv(16, 3, 2), norm(), relu(6));
  for (const [filters, strides] of [
    [8, 1],
    [12, 2],
    [12, 1],
    [16, 2],
    [16, 1],
  ] as const) {
    const channels = x.shape[3] ?? 1;
    const y = over(
      x,
      conv(channels * 4, 1),
      norm(),
      relu(6),
      layers.depthwiseConv2d({ kernelSize: 3, strides, padding: 'same', useBias: false }),
      norm(),
      relu(6),
      conv(filters, 1),
      norm(),
    );
    x = strides === 1 && channels === filters ? over([x, y], layers.add()) : y;
  }
  return finished(input, over(x, conv(32, 1), norm(), relu(6)));
}

/** ResNet: two convolutions and a skip, projected where sizes change. */
function resNet(): tfl.LayersModel {
  const input = tfl.input({ shape: [24, 24, 3] });
  let x = over(input, conv(8, 3), norm(), relu());
  for (const [filters, strides] of [
    [8, 1],
    [16, 2],
    [16, 1],
    [32, 2],
  ] as const) {
    const y = over(x, conv(filters, 3, strides), norm(), relu(), conv(filters, 3), norm());
    const skip = strides === 1 ? x : over(x, conv(filters, 1, strides), norm());
    x = over(over([y, skip], layers.add()), relu());
  }
  return finished(input, x);
}

/** DenseNet: every layer reads all before it. */
function denseNet(): tfl.LayersModel {
  const input = tfl.input({ shape: [24, 24, 3] });
  let x = over(input, conv(8, 3));
  for (let block = 0; block < 2; block++) {
    for (let i = 0; i < 3; i++) x = over([x, over(x, norm(), relu(), conv(4, 3))], layers.concatenate());
    x = over(x, norm(), relu(), conv(8, 1), layers.averagePooling2d({ poolSize: 2, strides: 2 }));
  }
  return finished(input, x);
}

/** VGG: convolutions, max pools, a flattened classifier. */
function vgg(): tfl.LayersModel {
  const input = tfl.input({ shape: [16, 16, 3] });
  const pool = (): Layer => layers.maxPooling2d({ poolSize: 2, strides: 2 });
  const x = over(
    input,
    conv(8, 3, 1, true),
    relu(),
    conv(8, 3, 1, true),
    relu(),
    pool(),
    conv(16, 3, 1, true),
    relu(),
    pool(),
  );
  const y = over(
    x,
    layers.flatten(),
    layers.dense({ units: 32, activation: 'relu' }),
    layers.dropout({ rate: 0.5 }),
    layers.dense({ units: 10, activation: 'softmax' }),
  );
  return tfl.model({ inputs: input, outputs: y });
}

/** Inception: four branches of different kernels, concatenated. */
function inception(): tfl.LayersModel {
  const input = tfl.input({ shape: [16, 16, 3] });
  let x = over(input, conv(8, 3, 1, true), relu());
  for (let i = 0; i < 2; i++) {
    const pooled = over(x, layers.maxPooling2d({ poolSize: 3, strides: 1, padding: 'same' }), conv(4, 1, 1, true));
    x = over(
      [over(x, conv(4, 1, 1, true)), over(x, conv(4, 1), conv(6, 3)), over(x, conv(2, 1), conv(4, 5)), pooled],
      layers.concatenate(),
      relu(),
    );
  }
  return finished(input, x);
}

/** Squeeze and excitation: channels weighted by a pooled branch. */
function squeezeExcite(): tfl.LayersModel {
  const input = tfl.input({ shape: [16, 16, 3] });
  let x = over(input, conv(8, 3), norm(), relu());
  for (let i = 0; i < 2; i++) {
    const weights = over(
      x,
      layers.globalAveragePooling2d({}),
      layers.dense({ units: 4, activation: 'relu' }),
      layers.dense({ units: 8, activation: 'sigmoid' }),
      layers.reshape({ targetShape: [1, 1, 8] }),
    );
    x = over(
      over([x, weights], layers.multiply()),
      conv(8, 3),
      norm(),
      layers.activation({ activation: 'swish' as 'relu' }),
    );
  }
  return finished(input, x);
}

/** Xception: separable convolutions, here as depthwise and pointwise pairs. */
function xception(): tfl.LayersModel {
  const input = tfl.input({ shape: [20, 20, 3] });
  const separable = (filters: number): Layer[] => [
    layers.depthwiseConv2d({ kernelSize: 3, padding: 'same', useBias: false }),
    conv(filters, 1),
    norm(),
  ];
  let x = over(input, conv(8, 3, 2), norm(), relu());
  for (const filters of [12, 16]) {
    const y = over(
      x,
      ...separable(filters),
      relu(),
      ...separable(filters),
      layers.maxPooling2d({ poolSize: 3, strides: 2, padding: 'same' }),
    );
    x = over([y, over(x, conv(filters, 1, 2), norm())], layers.add());
  }
  return finished(input, x);
}

/** U-Net: down, up by copies, and skips across. */
function uNet(): tfl.LayersModel {
  const input = tfl.input({ shape: [16, 16, 1] });
  const first = over(input, conv(8, 3, 1, true), relu());
  const second = over(first, layers.maxPooling2d({ poolSize: 2 }), conv(16, 3, 1, true), relu());
  const up = over(second, layers.upSampling2d({ size: [2, 2] }), conv(8, 3, 1, true), relu());
  return tfl.model({
    inputs: input,
    outputs: over([up, first], layers.concatenate(), conv(8, 3, 1, true), relu(), conv(2, 1, 1, true)),
  });
}

/** A perceptron with normalization and leaky units. */
function perceptron(): tfl.LayersModel {
  const input = tfl.input({ shape: [20] });
  const x = over(
    input,
    layers.dense({ units: 32 }),
    norm(),
    layers.leakyReLU({ alpha: 0.1 }),
    layers.dense({ units: 16, activation: 'tanh' }),
  );
  return tfl.model({ inputs: input, outputs: over(x, layers.dense({ units: 4, activation: 'softmax' })) });
}

/** Temporal convolutions over a sequence, with a residual. */
function temporal(): tfl.LayersModel {
  const input = tfl.input({ shape: [24, 6] });
  const x = over(input, layers.conv1d({ filters: 8, kernelSize: 3, padding: 'same' }), relu());
  const y = over(x, layers.conv1d({ filters: 8, kernelSize: 3, padding: 'same' }), norm(), relu());
  return tfl.model({
    inputs: input,
    outputs: over(over([x, y], layers.add()), layers.globalMaxPooling1d(), layers.dense({ units: 5 })),
  });
}

/** Recurrent models: stacked and two-way cells. */
function recurrent(): tfl.LayersModel {
  const input = tfl.input({ shape: [12, 8] });
  const x = over(
    input,
    layers.lstm({ units: 10, returnSequences: true, ...rnn }),
    layers.bidirectional({ layer: layers.gru({ units: 6, ...rnn }), mergeMode: 'concat' }),
  );
  return tfl.model({ inputs: input, outputs: over(x, layers.dense({ units: 4 })) });
}

export interface Architecture {
  readonly name: string;
  build(): tfl.LayersModel;
}

export const architectures: readonly Architecture[] = [
  { name: 'MobileNetV2', build: mobileNetV2 },
  { name: 'ResNet', build: resNet },
  { name: 'DenseNet', build: denseNet },
  { name: 'VGG', build: vgg },
  { name: 'Inception', build: inception },
  { name: 'squeeze and excitation', build: squeezeExcite },
  { name: 'Xception', build: xception },
  { name: 'U-Net', build: uNet },
  { name: 'perceptron', build: perceptron },
  { name: 'temporal convolutions', build: temporal },
  { name: 'LSTM and two-way GRU', build: recurrent },
];
