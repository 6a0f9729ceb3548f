import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { decodeModel, encodeModel, isExternal, tensorByteLength, tensorToArray, walkTensors } from '@bitwright/onnx';
import { describe, expect, it } from 'vitest';
import { sharedModels, sharedModelsTitle } from '../shared-models';

describe.skipIf(sharedModels.length === 0)(`real models${sharedModelsTitle}`, () => {
  it.each(sharedModels.map((path) => [basename(path), path]))('%s is written back byte for byte', (_, path) => {
    const bytes = readFileSync(path);
    expect(Buffer.compare(encodeModel(decodeModel(bytes)), bytes)).toBe(0);
  });

  it.each(sharedModels.map((path) => [basename(path), path]))('%s has readable tensors only', (_, path) => {
    const tensors = [...walkTensors(decodeModel(readFileSync(path)))];
    expect(tensors.length).toBeGreaterThan(0);
    for (const { tensor } of tensors) {
      expect(isExternal(tensor)).toBe(false);
      expect(tensorToArray(tensor).length).toBeGreaterThanOrEqual(tensorByteLength(tensor) > 0 ? 1 : 0);
    }
  });

  it('shares the memory of the file instead of copying raw_data', () => {
    const bytes = readFileSync(sharedModels[0]!);
    const visits = [...walkTensors(decodeModel(bytes))].filter(({ tensor }) => tensor.rawData.length > 0);
    expect(visits.length).toBeGreaterThan(0);
    for (const { tensor } of visits) {
      expect(tensor.rawData.buffer).toBe(bytes.buffer);
      expect(Buffer.isBuffer(tensor.rawData)).toBe(false);
    }
  });
});
