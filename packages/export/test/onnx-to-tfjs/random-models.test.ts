import { QuantError } from '@bitwright/core';
import { describe, expect, it } from 'vitest';
import { layersModelToOnnx, type OnnxToLayersResult, onnxToLayersModel } from '../../src/index';
import { randomInputs, randomizeWeights, relativeError, relativeTolerance } from '../tfjs-to-onnx/compare';
import { randomModel } from '../tfjs-to-onnx/random-model';
import { loadLayers, type tf } from './compare';

/** Features in a foreign order have no layer in this direction. */
const oneWay = /Gather node/;
const modelCount = 120;

describe('TensorFlow.js to ONNX and back, random models', () => {
  it('gives the outputs of the first model, or names the node that reorders features', async () => {
    let returned = 0;
    for (let seed = 0; seed < modelCount; seed++) {
      const model = randomModel(seed);
      randomizeWeights(model, seed);
      const converted = backFromOnnx(model);
      if (converted === undefined) continue;
      const again = await loadLayers(converted);
      const inputs = randomInputs(model, seed, 2);
      const [expected, actual] = [model, again].map((m) => [m.predict(inputs)].flat() as tf.Tensor[]);
      expected!.forEach((tensor, i) => {
        const error = relativeError(actual![i]!.dataSync(), tensor.dataSync());
        expect([seed, error <= relativeTolerance]).toEqual([seed, true]);
      });
      returned += 1;
    }
    expect(returned).toBeGreaterThan(0.9 * modelCount);
  });
});

function backFromOnnx(model: Parameters<typeof layersModelToOnnx>[0]): OnnxToLayersResult | undefined {
  try {
    return onnxToLayersModel(layersModelToOnnx(model).model, { images: 'channelsFirst' });
  } catch (error) {
    if (QuantError.isInstance(error) && oneWay.test(error.message)) return undefined;
    throw error;
  }
}
