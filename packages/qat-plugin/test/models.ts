import {
  initializers,
  input,
  type LayersModel,
  layers,
  model,
  type SymbolicTensor,
  sequential,
} from '@tensorflow/tfjs-layers';

/** Seeded by the layer's name, so that every run of a test sees the same network. */
const seeded = (name: string) =>
  initializers.glorotUniform({ seed: [...name].reduce((sum, letter) => sum * 31 + letter.charCodeAt(0), 7) % 65_521 });
const conv = (name: string, filters: number) =>
  layers.conv2d({ name, filters, kernelSize: 3, padding: 'same', useBias: false, kernelInitializer: seeded(name) });
const norm = (name: string) => layers.batchNormalization({ name });
const relu = (name: string) => layers.activation({ name, activation: 'relu' });

/** A residual network of a few hundred weights: convolution, batch normalization, ReLU, addition, pooling, dense. */
export function residualModel(): LayersModel {
  const x = input({ shape: [6, 6, 2], name: 'image' });
  const first = relu('relu1').apply(norm('bn1').apply(conv('conv1', 4).apply(x))) as SymbolicTensor;
  const middle = relu('relu2').apply(norm('bn2').apply(conv('conv2', 4).apply(first)));
  const last = norm('bn3').apply(conv('conv3', 4).apply(middle)) as SymbolicTensor;
  const sum = relu('relu3').apply(layers.add({ name: 'add' }).apply([last, first]));
  const pooled = layers.globalAveragePooling2d({ name: 'pool' }).apply(sum);
  const y = layers
    .dense({ name: 'classes', units: 3, kernelInitializer: seeded('classes') })
    .apply(pooled) as SymbolicTensor;
  return model({ inputs: x, outputs: y, name: 'residual' });
}

/** A convolution with batch normalization and a dense layer on 3×3 pixels: for tests that take many steps. */
export function tinyModel(): LayersModel {
  const x = input({ shape: [3, 3, 1], name: 'image' });
  const y = relu('relu1').apply(norm('bn1').apply(conv('conv1', 2).apply(x)));
  const flat = layers.flatten({ name: 'flat' }).apply(y);
  return model({ inputs: x, outputs: layers.dense({ name: 'classes', units: 3 }).apply(flat) as SymbolicTensor });
}

/** Every layer class with weights, and most without, in one graph: two inputs, two outputs, a shared and a nested model. */
export function zooModel(): LayersModel {
  const image = input({ shape: [8, 8, 3], name: 'image' });
  const tokens = input({ shape: [5], name: 'tokens', dtype: 'int32' });
  const part = sequential({
    name: 'part',
    layers: [
      layers.depthwiseConv2d({ name: 'depthwise', kernelSize: 3, padding: 'same', inputShape: [8, 8, 4] }),
      layers.reLU({ name: 'clipped', maxValue: 6 }),
    ],
  });
  let y = layers.separableConv2d({ name: 'separable', filters: 4, kernelSize: 3, padding: 'same' }).apply(image);
  y = part.apply(y);
  y = layers.maxPooling2d({ name: 'halve', poolSize: 2 }).apply(y);
  y = layers.conv2dTranspose({ name: 'grow', filters: 4, kernelSize: 2, strides: 2 }).apply(y);
  y = layers.leakyReLU({ name: 'leaky' }).apply(y);
  y = layers.upSampling2d({ name: 'up', size: [2, 2] }).apply(y);
  y = layers.averagePooling2d({ name: 'down', poolSize: 4 }).apply(y);
  const flat = layers.flatten({ name: 'flat' }).apply(y) as SymbolicTensor;
  const shared = layers.dense({ name: 'shared', units: 6, activation: 'relu' });
  const half = layers.dense({ name: 'half', units: 6 }).apply(flat) as SymbolicTensor;
  const twice = shared.apply(shared.apply(half)) as SymbolicTensor;
  let t = layers.embedding({ name: 'embedding', inputDim: 7, outputDim: 4 }).apply(tokens);
  t = layers.conv1d({ name: 'conv1d', filters: 4, kernelSize: 2, activation: 'relu' }).apply(t);
  t = layers.lstm({ name: 'lstm', units: 6, returnSequences: true, recurrentInitializer: 'glorotUniform' }).apply(t);
  const state = layers.gru({ name: 'gru', units: 6, recurrentInitializer: 'glorotUniform' }).apply(t) as SymbolicTensor;
  const product = layers.multiply({ name: 'product' }).apply([twice, state]) as SymbolicTensor;
  const both = layers.concatenate({ name: 'both' }).apply([product, state]);
  const dropped = layers.dropout({ name: 'dropout', rate: 0.1 }).apply(both);
  const normal = layers.layerNormalization({ name: 'layerNorm' }).apply(dropped);
  const classes = layers.dense({ name: 'classes', units: 3, activation: 'softmax' }).apply(normal) as SymbolicTensor;
  const value = layers.dense({ name: 'value', units: 1 }).apply(twice) as SymbolicTensor;
  return model({ inputs: [image, tokens], outputs: [classes, value], name: 'zoo' });
}
