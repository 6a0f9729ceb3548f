import { initializers, input, type LayersModel, layers, model, type SymbolicTensor } from '@tensorflow/tfjs-layers';

/** Filters and stride of each pair of a depthwise and a pointwise convolution. */
const pairs: readonly (readonly [filters: number, stride: number])[] = [
  [64, 1],
  [128, 2],
  [128, 1],
  [256, 2],
  [256, 1],
];

/**
 * A MobileNet for 32×32 images: 3×3 convolution, five pairs of depthwise 3×3 and pointwise 1×1, each followed by batch
 * normalization and ReLU, global pooling, dense. 16 million multiplications an image, 132,000 weights.
 *
 * @see Howard et al. 2017, arXiv:1704.04861 §3.2
 */
export function mobileNet(seed: number): LayersModel {
  let draws = seed * 100;
  const start = () => initializers.heNormal({ seed: ++draws });
  const behind = (name: string, x: SymbolicTensor): SymbolicTensor => {
    const norm = layers.batchNormalization({ name: `${name}_bn`, epsilon: 1e-5, momentum: 0.9 }).apply(x);
    return layers.activation({ name: `${name}_relu`, activation: 'relu' }).apply(norm) as SymbolicTensor;
  };
  const image = input({ shape: [32, 32, 3], name: 'image' });
  const same = { padding: 'same', useBias: false } as const;
  const first = layers.conv2d({ ...same, name: 'conv1', filters: 32, kernelSize: 3, kernelInitializer: start() });
  let x = behind('conv1', first.apply(image) as SymbolicTensor);
  for (const [i, [filters, strides]] of pairs.entries()) {
    const [depthwise, pointwise] = [`pair${i + 1}_depthwise`, `pair${i + 1}_pointwise`] as const;
    const channels = layers.depthwiseConv2d({
      ...same,
      name: depthwise,
      kernelSize: 3,
      strides,
      depthwiseInitializer: initializers.randomNormal({ mean: 0, stddev: Math.sqrt(2 / 9), seed: ++draws }),
    });
    x = behind(depthwise, channels.apply(x) as SymbolicTensor);
    const mix = layers.conv2d({ ...same, name: pointwise, filters, kernelSize: 1, kernelInitializer: start() });
    x = behind(pointwise, mix.apply(x) as SymbolicTensor);
  }
  const pooled = layers.globalAveragePooling2d({ name: 'pool' }).apply(x) as SymbolicTensor;
  const dense = layers.dense({ name: 'classes', units: 10, kernelInitializer: start() });
  return model({ inputs: image, outputs: dense.apply(pooled) as SymbolicTensor, name: 'mobileNet' });
}
