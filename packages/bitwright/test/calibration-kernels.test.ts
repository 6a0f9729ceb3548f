import { readFileSync } from 'node:fs';
import { seededRandom, specToJson } from '@bitwright/core';
import { tryNativeInfo } from '@bitwright/kernels-native';
import { decodeModel } from '@bitwright/onnx';
import { convolutionOf, quantizeModel } from '@bitwright/ptq';
import { describe, expect, it } from 'vitest';
import { loadCalibrationKernels } from '../src/machine/calibration-kernels';

const loaded = tryNativeInfo();
const skipped = 'error' in loaded ? ` (skipped: ${loaded.error.hint})` : '';
const network = new URL('../../../examples/demo/model.onnx', import.meta.url);

/** Images with one bright stroke each, so that inner tensors look like those of digits. */
function images(count: number): { image: { type: 'float32'; data: Float32Array; dims: number[] } } {
  const random = seededRandom(7);
  const data = new Float32Array(count * 28 * 28);
  for (let n = 0; n < count; n++) {
    const [x, y, slope] = [8 + 12 * random.next(), 8 + 12 * random.next(), 2 * random.next() - 1];
    for (let i = 0; i < 784; i++) {
      const distance = Math.abs((i % 28) - x - slope * (Math.floor(i / 28) - y));
      data[n * 784 + i] = Math.max(0, 1 - distance / 3) * (0.8 + 0.2 * random.next());
    }
  }
  return { image: { type: 'float32', data, dims: [count, 1, 28, 28] } };
}

describe.skipIf(skipped !== '')(`loadCalibrationKernels${skipped}`, () => {
  const model = decodeModel(readFileSync(network));
  const ranges = ['entropy', 'mse', 'percentile(99.9)'];
  const optionsFor = (range: string) => {
    return { calibration: [images(64)], activationRange: range, weightRange: range, verifySamples: 0 };
  };

  it.each(ranges)('counts to the same spec as core: %s', async (range) => {
    const { minMax, histogram, entropyBins } = (await loadCalibrationKernels()) ?? expect.fail();
    expect(entropyBins).toBeDefined();
    const backend = { minMax, histogram, ...(entropyBins === undefined ? {} : { entropyBins }) };
    const native = await quantizeModel(model, { ...optionsFor(range), backend });
    const plain = await quantizeModel(model, optionsFor(range));
    expect(specToJson(native.spec)).toBe(specToJson(plain.spec));
  });

  it.each(ranges)('runs the model itself to the same scales, up to float rounding: %s', async (range) => {
    const backend = (await loadCalibrationKernels()) ?? expect.fail();
    expect(convolutionOf(backend)).toBeDefined();
    const native = await quantizeModel(model, { ...optionsFor(range), backend });
    const plain = await quantizeModel(model, optionsFor(range));
    for (const [name, { qparams }] of Object.entries(plain.spec.tensors)) {
      const ours = native.spec.tensors[name]?.qparams;
      expect([...(ours?.zeroPoint ?? [])]).toEqual([...qparams.zeroPoint]);
      for (const [i, scale] of qparams.scale.entries()) expect((ours?.scale[i] ?? 0) / scale).toBeCloseTo(1, 4);
    }
  });
});
