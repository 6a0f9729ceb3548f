import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { readModelFile, writeModelFile } from '@bitwright/onnx/node';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { sharedModelFolder, sharedModels, sharedModelsTitle } from '../shared-models';

const cases: [string, readonly number[]][] = [
  ['kws_dscnn.onnx', [1, 1, 49, 10]],
  ['resnet20_cifar10.onnx', [1, 3, 32, 32]],
];

async function run(path: string, shape: readonly number[]): Promise<unknown> {
  const session = await InferenceSession.create(path, { logSeverityLevel: 3 });
  const values = Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => Math.sin(i));
  const outputs = await session.run({ [session.inputNames[0]!]: new Tensor('float32', values, shape) });
  await session.release();
  return Object.values(outputs).map((tensor) => tensor.data);
}

describe.skipIf(sharedModels.length === 0)(`a model split into two files${sharedModelsTitle}`, () => {
  it.each(cases)('%s gives the same outputs in onnxruntime', async (name, shape) => {
    const folder = mkdtempSync(join(tmpdir(), 'bitwright-onnx-'));
    try {
      const source = join(sharedModelFolder, name);
      const split = join(folder, basename(name));
      const { model } = await readModelFile(source);
      const written = await writeModelFile(model, split, { externalData: 'always', sizeThreshold: 64 });
      expect(written.externalTensors).toBeGreaterThan(10);
      expect(await run(split, shape)).toEqual(await run(source, shape));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
