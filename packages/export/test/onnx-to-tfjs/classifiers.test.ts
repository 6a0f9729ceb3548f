import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { decodeModel } from '@bitwright/onnx';
import { describe, expect, it } from 'vitest';
import { layersModelToOnnx } from '../../src/index';
import { relativeError, runOnnx } from '../tfjs-to-onnx/compare';
import { channelsLast, expectSameAsOnnx, inputsFor, type tf } from './compare';

const shared = resolve(
  process.env['BITWRIGHT_SHARED'] ?? join(import.meta.dirname, '../../../../../shared'),
  'data/models',
);

/** Logits of two float32 implementations of 20 to 56 layers, relative to the largest. */
const logitTolerance = 1e-4;

const classifiers: Readonly<Record<string, readonly number[]>> = {
  'resnet20_cifar10.onnx': [1, 3, 32, 32],
  'kws_dscnn.onnx': [2, 1, 49, 10],
};

for (const [file, shape] of Object.entries(classifiers)) {
  const path = join(shared, file);
  describe.skipIf(!existsSync(path))(`classifier ${file}`, () => {
    it('gives the same logits in TensorFlow.js, and again as ONNX', async () => {
      const model = decodeModel(readFileSync(path));
      const { layers } = await expectSameAsOnnx(model, [shape], logitTolerance);
      expect(layers.trainableWeights.length).toBeGreaterThan(10);
      const [x] = inputsFor([shape]);
      const image = channelsLast(x!);
      const [again] = await runOnnx(layersModelToOnnx(layers).model, [image]);
      const logits = (layers.predict(image) as tf.Tensor).dataSync();
      expect(relativeError(again!.data as Float32Array, logits)).toBeLessThanOrEqual(logitTolerance);
    });
  });
}
