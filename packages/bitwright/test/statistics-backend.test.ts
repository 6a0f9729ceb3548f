import { readFileSync } from 'node:fs';
import { seededRandom, specToJson } from '@bitwright/core';
import { tryNativeInfo } from '@bitwright/kernels-native';
import { decodeModel } from '@bitwright/onnx';
import { quantizeModel } from '@bitwright/ptq';
import { describe, expect, it } from 'vitest';
import { loadStatisticsBackend } from '../src/machine/statistics-backend';

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

describe.skipIf(skipped !== '')(`loadStatisticsBackend${skipped}`, () => {
  it.each(['entropy', 'mse', 'percentile(99.9)'])('gives a real network the spec it has without: %s', async (range) => {
    const backend = await loadStatisticsBackend();
    expect(backend?.entropyBins).toBeDefined();
    const model = decodeModel(readFileSync(network));
    const options = { calibration: [images(64)], activationRange: range, weightRange: range, verifySamples: 0 };
    const native = await quantizeModel(model, { ...options, ...(backend === undefined ? {} : { backend }) });
    const plain = await quantizeModel(model, options);
    expect(specToJson(native.spec)).toBe(specToJson(plain.spec));
  });
});
