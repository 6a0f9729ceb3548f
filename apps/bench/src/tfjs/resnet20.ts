import type { LayersModel, SymbolicTensor } from '@tensorflow/tfjs-layers';
import { predictStep, trainStep } from './steps';
import type { TensorFlow } from './tensorflow';
import type { Workload } from './workload';

const batch = 128;
/** A batch small enough that the cost of a call shows. */
const smallBatch = 8;

export const resnet20Workloads: readonly Workload[] = [
  {
    name: 'resnet20-train',
    description: `ResNet-20, 32×32×3, batch ${batch}, tf.layers: one training step of SGD with momentum`,
    isQuick: true,
    prepare: (tf) => trainStep(tf, resnet20(tf), [batch, 32, 32, 3], tf.train.momentum(0.1, 0.9)),
  },
  {
    name: 'resnet20-train-small',
    description: `the same network, batch ${smallBatch}: one training step`,
    isQuick: false,
    prepare: (tf) => trainStep(tf, resnet20(tf), [smallBatch, 32, 32, 3], tf.train.momentum(0.1, 0.9)),
  },
  {
    name: 'resnet20-predict',
    description: `the same network, batch ${batch}: one prediction, read back`,
    isQuick: true,
    prepare: (tf) => predictStep(tf, resnet20(tf), [batch, 32, 32, 3]),
  },
];

// — internals —

/** He et al. 2016, arXiv:1512.03385 §4.2, with a 1×1 convolution where a shortcut changes shape. */
function resnet20(tf: TensorFlow): LayersModel {
  const convolve = (x: SymbolicTensor, filters: number, strides: number, kernelSize: number): SymbolicTensor => {
    const convolution = tf.layers.conv2d({ filters, kernelSize, strides, padding: 'same', useBias: false });
    return tf.layers.batchNormalization({}).apply(convolution.apply(x)) as SymbolicTensor;
  };
  const relu = (x: SymbolicTensor): SymbolicTensor =>
    tf.layers.activation({ activation: 'relu' }).apply(x) as SymbolicTensor;
  const image = tf.input({ shape: [32, 32, 3] });
  let x = relu(convolve(image, 16, 1, 3));
  for (const [stage, filters] of [16, 32, 64].entries()) {
    for (let unit = 0; unit < 3; unit++) {
      const strides = stage > 0 && unit === 0 ? 2 : 1;
      const main = convolve(relu(convolve(x, filters, strides, 3)), filters, 1, 3);
      const shortcut = strides === 1 ? x : convolve(x, filters, strides, 1);
      x = relu(tf.layers.add().apply([main, shortcut]) as SymbolicTensor);
    }
  }
  const pooled = tf.layers.globalAveragePooling2d({}).apply(x) as SymbolicTensor;
  const output = tf.layers.dense({ units: 10, activation: 'softmax' }).apply(pooled) as SymbolicTensor;
  return tf.model({ inputs: image, outputs: output });
}
