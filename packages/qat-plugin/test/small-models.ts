import { input, type LayersModel, layers, model } from '@tensorflow/tfjs-layers';

/** A residual network of a few hundred weights: convolution, batch normalization, ReLU, addition, pooling, dense. */
export function residualModel(): LayersModel {
  const x = input({ shape: [6, 6, 2], name: 'image' });
  const seed = 7;
  const kernelInitializer = 'glorotUniform';
  const conv = (name: string, filters: number) =>
    layers.conv2d({ name, filters, kernelSize: 3, padding: 'same', useBias: false, kernelInitializer });
  const norm = (name: string) => layers.batchNormalization({ name });
  const relu = (name: string) => layers.activation({ name, activation: 'relu' });
  let y = relu('relu1').apply(norm('bn1').apply(conv('conv1', 4).apply(x)));
  const skip = y;
  y = relu('relu2').apply(norm('bn2').apply(conv('conv2', 4).apply(y)));
  y = norm('bn3').apply(conv('conv3', 4).apply(y));
  y = relu('relu3').apply(layers.add({ name: 'add' }).apply([y, skip] as never));
  y = layers.globalAveragePooling2d({ name: 'pool' }).apply(y);
  y = layers.dense({ name: 'classes', units: 3 }).apply(y);
  void seed;
  return model({ inputs: x, outputs: y as never, name: 'residual' });
}
