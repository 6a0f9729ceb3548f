import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { decodeModel, encodeModel, type Model } from '@bitwright/onnx';
import { describe, expect, it } from 'vitest';
import type { FeedTensor } from '../feeds';
import { prepareModel } from '../prepare-model';
import { loadRuntime } from '../session';
import { imageFeed, relativeDifference } from './__fixtures__/networks';
import { equalizeWeights } from './equalize-weights';

const runtime = await loadRuntime();
const shared = resolve(process.env['BITWRIGHT_SHARED'] ?? resolve(import.meta.dirname, '../../../../../shared'));
const path = (name: string): string => resolve(shared, `data/models/${name}.onnx`);

const models = [
  { name: 'kws_dscnn', dims: [4, 1, 49, 10], pairs: 9 },
  { name: 'resnet20_cifar10', dims: [2, 3, 32, 32], pairs: 9 },
  { name: 'ultraface_rfb320', dims: [1, 3, 240, 320], pairs: 40 },
] as const;

async function outputs(model: Model, x: FeedTensor): Promise<readonly Float32Array[]> {
  const session = await runtime.createSession(encodeModel(model));
  const results = await session.run({ [session.inputs[0]?.name ?? '']: x });
  await session.release();
  return session.outputs.map((name) => results[name]?.data as Float32Array);
}

describe.skipIf(!existsSync(path('kws_dscnn')))('equalizeWeights on real models (needs the shared models)', () => {
  it.each(models)('keeps the outputs of $name', async ({ name, dims, pairs }) => {
    const { model } = prepareModel(decodeModel(readFileSync(path(name))));
    const result = equalizeWeights(model);
    expect(result.pairs).toHaveLength(pairs);
    expect(result.residual).toBeLessThan(1e-3);
    const feed = imageFeed(dims, 3);
    const [before, after] = [await outputs(model, feed), await outputs(result.model, feed)];
    before.forEach((values, i) => {
      expect(relativeDifference(values, after[i] as Float32Array)).toBeLessThan(1e-4);
    });
  });
});
