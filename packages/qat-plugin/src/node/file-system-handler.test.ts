import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import '@tensorflow/tfjs-backend-cpu';
import { type Tensor, tensor } from '@tensorflow/tfjs-core';
import { layers, loadLayersModel, sequential } from '@tensorflow/tfjs-layers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fileSystem } from './file-system-handler';

describe('fileSystem', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'qat-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('saves a model that loads again with equal answers, and leaves no partial file', async () => {
    const model = sequential({ layers: [layers.dense({ units: 2, inputShape: [3] })] });
    await model.save(fileSystem(join(folder, 'new', 'model')));
    const loaded = await loadLayersModel(fileSystem(join(folder, 'new', 'model')));
    const x = tensor([1, 2, 3], [1, 3]);
    expect(Array.from((loaded.predict(x) as Tensor).dataSync())).toEqual(
      Array.from((model.predict(x) as Tensor).dataSync()),
    );
    expect((await readdir(join(folder, 'new', 'model'))).sort()).toEqual(['model.json', 'weights.bin']);
  });

  it('says what is wrong with a folder that holds no model', async () => {
    await expect(loadLayersModel(fileSystem(folder))).rejects.toThrow(
      /expected a saved TensorFlow.js model at .*model.json, received ENOENT/,
    );
    await writeFile(join(folder, 'model.json'), '{}');
    await expect(loadLayersModel(fileSystem(folder))).rejects.toThrow('it has no weightsManifest');
    await writeFile(join(folder, 'model.json'), '{');
    await expect(loadLayersModel(fileSystem(folder))).rejects.toThrow('JSON');
  });
});
