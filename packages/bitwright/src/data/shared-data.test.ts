import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkData } from './check-data';
import { loadLabels } from './labels';
import { preprocessPresets } from './preprocess';
import { openSamples } from './sample-source';

const shared = process.env.BITWRIGHT_SHARED ?? resolve(import.meta.dirname, '../../../../../shared');
const data = join(shared, 'data');
const isMissing = !existsSync(data);
const image = { name: 'input', type: 'float32', dims: ['N', 3, 32, 32] };

describe.skipIf(isMissing)(
  `real data${isMissing ? ' (skipped: set BITWRIGHT_SHARED to the shared folder)' : ''}`,
  () => {
    it('reads arrays numpy wrote, with labels in another file', async () => {
      const inputs = [{ name: 'input', type: 'float32', dims: ['N', 1, 49, 10] }];
      const samples = await openSamples([join(data, 'kws/features.npy')], { inputs });
      expect(samples.description).toBe('features.npy [1000,1,49,10] float32');
      const labels = await loadLabels(join(data, 'kws/labels.u8'), { sampleCount: samples.total ?? 0 });
      expect(labels.length).toBe(1000);
      expect((await checkData(samples, { inputs })).warnings).toEqual([]);
    });

    it('matches a label table with a header to a folder of photographs', async () => {
      const inputs = [{ name: 'input', type: 'float32', dims: ['N', 3, 224, 224] }];
      const path = join(data, 'imagenet300');
      const samples = await openSamples([path], { inputs, preprocess: preprocessPresets.imagenet, limit: 4 });
      const labels = await loadLabels(join(path, 'labels.tsv'), {
        sampleCount: samples.total ?? 0,
        sampleNames: samples.names,
      });
      expect([...labels.subarray(0, 4)]).toEqual([0, 1, 2, 6]);
      const check = await checkData(samples, { inputs, preprocess: preprocessPresets.imagenet });
      expect(check.warnings.map((warning) => warning.code)).toEqual(['few-samples']);
      expect(check.inputs[0]?.min).toBeGreaterThanOrEqual(-2.118);
    });

    it('tells interleaved pixels read as planar from planar ones', async () => {
      const path = join(data, 'cifar10/test_images.u8');
      const wrong = await openSamples([path], { inputs: [image], shape: [3, 32, 32], limit: 64 });
      const right = await openSamples([path], {
        inputs: [image],
        shape: [32, 32, 3],
        limit: 64,
        preprocess: preprocessPresets.cifar,
      });
      const codes = (await checkData(wrong)).warnings.map((warning) => warning.code);
      expect(codes).toEqual(['raw-pixels', 'suspicious-layout']);
      expect((await checkData(right, { preprocess: preprocessPresets.cifar })).warnings).toEqual([]);
    });
  },
);
