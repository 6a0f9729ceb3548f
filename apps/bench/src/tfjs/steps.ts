import type { Optimizer, Tensor } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { TensorFlow } from './tensorflow';

const classes = 10;

/** One batch through forward, backward and update, on the same random images and labels each time. */
export function trainStep(
  tf: TensorFlow,
  model: LayersModel,
  shape: [number, number, number, number],
  optimizer: Optimizer,
): () => Promise<void> {
  model.compile({ optimizer, loss: 'categoricalCrossentropy' });
  const x = tf.randomNormal(shape, 0, 1, 'float32', 1);
  const y = tf.oneHot(tf.randomUniformInt([shape[0]], 0, classes, 2), classes, 1, 0, 'float32');
  return async () => {
    await model.trainOnBatch(x, y);
  };
}

/** One batch through the network, its result read back. */
export function predictStep(
  tf: TensorFlow,
  model: LayersModel,
  shape: [number, number, number, number],
): () => Promise<void> {
  const x = tf.randomNormal(shape, 0, 1, 'float32', 1);
  return async () => {
    const y = model.predictOnBatch(x) as Tensor;
    await y.data();
    y.dispose();
  };
}
