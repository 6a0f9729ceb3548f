import { seededRandom } from '@bitwright/core';
import type { Model } from '@bitwright/onnx';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import * as tfl from '@tensorflow/tfjs-layers';
import { expect } from 'vitest';
import {
  type OnnxToLayersOptions,
  type OnnxToLayersResult,
  onnxToLayersModel,
  registerOnnxLayers,
} from '../../src/index';
import { relativeError, runOnnx } from '../tfjs-to-onnx/compare';

export { tf, tfl };

/** TensorFlow.js as the one package has it. */
const together = { ...tf, layers: tfl.layers, initializers: tfl.initializers };

/** Loads converted artifacts with stock `tf.loadLayersModel`; custom layers are registered first. */
export async function loadLayers(result: OnnxToLayersResult): Promise<tfl.LayersModel> {
  if (result.customLayers.length > 0) registerOnnxLayers(together);
  return tfl.loadLayersModel({ load: async () => result.artifacts as unknown as tf.io.ModelArtifacts });
}

/** Seeded inputs −1 … 1 in ONNX order for the given shapes. */
export function inputsFor(shapes: readonly (readonly number[])[], seed = 7): tf.Tensor[] {
  const random = seededRandom(seed);
  return shapes.map((shape) => {
    const count = shape.reduce((a, b) => a * b, 1);
    return tf.tensor(
      Float32Array.from({ length: count }, () => random.next() * 2 - 1),
      [...shape],
    );
  });
}

/** Images as TensorFlow.js has them: channels last. */
export function channelsLast(x: tf.Tensor): tf.Tensor {
  return x.rank === 4 ? tf.transpose(x, [0, 2, 3, 1]) : x;
}

/** Converts, loads, runs both, and expects equal outputs; returns the converted model. */
export async function expectSameAsOnnx(
  model: Model,
  shapes: readonly (readonly number[])[],
  tolerance: number,
  options: OnnxToLayersOptions = {},
): Promise<{ layers: tfl.LayersModel; result: OnnxToLayersResult }> {
  const inputs = inputsFor(shapes);
  const result = onnxToLayersModel(model, options);
  const layers = await loadLayers(result);
  const expected = await runOnnx(model, inputs, 'disabled');
  const fed = options.images === 'channelsFirst' ? inputs : inputs.map(channelsLast);
  const predicted = layers.predict(fed.length === 1 ? fed[0]! : fed);
  const actual = Array.isArray(predicted) ? predicted : [predicted];
  expect(actual.length).toBe(expected.length);
  actual.forEach((tensor, i) => {
    const wanted = tf.tensor(expected[i]!.data as Float32Array, [...expected[i]!.dims]);
    const ordered = tf.transpose(wanted, [...result.outputs[i]!.axes]);
    expect(tensor.shape).toEqual(ordered.shape);
    expect(relativeError(tensor.dataSync(), ordered.dataSync())).toBeLessThanOrEqual(tolerance);
  });
  return { layers, result };
}
