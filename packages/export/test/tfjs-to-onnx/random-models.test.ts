import { describe, expect, it } from 'vitest';
import { layersModelToOnnx } from '../../src/index';
import { expectEqualOutputs } from './compare';
import { randomModel } from './random-model';

/** Every seed is one architecture; 200 of them, in blocks so that a failure names its neighbourhood. */
const modelCount = 200;
const blockSize = 20;

describe('layersModelToOnnx on random models', () => {
  for (let first = 0; first < modelCount; first += blockSize) {
    it(`gives onnxruntime the outputs of TensorFlow.js: seeds ${first} to ${first + blockSize - 1}`, async () => {
      for (let seed = first; seed < first + blockSize; seed++) {
        await expectEqualOutputs(randomModel(seed), { seed, opset: 13 + (seed % 12) }).catch((error: unknown) => {
          throw new Error(`seed ${seed}`, { cause: error });
        });
      }
    });
  }

  it('gives the same file for the same model', () => {
    const model = randomModel(3);
    expect(layersModelToOnnx(model).model).toEqual(layersModelToOnnx(model).model);
  });
});
