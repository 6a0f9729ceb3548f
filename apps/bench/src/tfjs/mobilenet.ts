import type { LayersModel, SymbolicTensor } from '@tensorflow/tfjs-layers';
import { predictStep, trainStep } from './steps';
import type { TensorFlow } from './tensorflow';
import type { Workload } from './workload';

const batch = 32;
const size = 96;

/** Filters and stride of every depthwise-separable block: MobileNet at half width. */
const blocks: readonly (readonly [filters: number, strides: number])[] = [
  [32, 1],
  [64, 2],
  [64, 1],
  [128, 2],
  [128, 1],
  [256, 2],
  [256, 1],
  [256, 1],
];

export const mobilenetWorkloads: readonly Workload[] = [
  {
    name: 'mobilenet-train',
    description: `MobileNet-style (depthwise-separable, half width), ${size}×${size}×3, batch ${batch}, tf.layers: one training step of SGD with momentum`,
    isQuick: false,
    prepare: (tf) => trainStep(tf, mobilenet(tf), [batch, size, size, 3], tf.train.momentum(0.1, 0.9)),
  },
  {
    name: 'mobilenet-predict',
    description: `the same network: one prediction, read back`,
    isQuick: false,
    prepare: (tf) => predictStep(tf, mobilenet(tf), [batch, size, size, 3]),
  },
];

// — internals —

/** Howard et al. 2017, arXiv:1704.04861 §3.2, shortened. */
function mobilenet(tf: TensorFlow): LayersModel {
  const normalized = (x: SymbolicTensor): SymbolicTensor => {
    const normal = tf.layers.batchNormalization({}).apply(x);
    return tf.layers.reLU({ maxValue: 6 }).apply(normal) as SymbolicTensor;
  };
  const image = tf.input({ shape: [size, size, 3] });
  const stem = tf.layers.conv2d({ filters: 16, kernelSize: 3, strides: 2, padding: 'same', useBias: false });
  let x = normalized(stem.apply(image) as SymbolicTensor);
  for (const [filters, strides] of blocks) {
    const depthwise = tf.layers.depthwiseConv2d({ kernelSize: 3, strides, padding: 'same', useBias: false });
    const pointwise = tf.layers.conv2d({ filters, kernelSize: 1, useBias: false });
    x = normalized(pointwise.apply(normalized(depthwise.apply(x) as SymbolicTensor)) as SymbolicTensor);
  }
  const pooled = tf.layers.globalAveragePooling2d({}).apply(x) as SymbolicTensor;
  const output = tf.layers.dense({ units: 10, activation: 'softmax' }).apply(pooled) as SymbolicTensor;
  return tf.model({ inputs: image, outputs: output });
}
