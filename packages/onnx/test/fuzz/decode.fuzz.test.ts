import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { QuantError } from '@bitwright/core';
import { decodeModel, encodeModel, isExternal, tensorToArray, tensorToStrings, walkTensors } from '@bitwright/onnx';
import { describe, expect, it } from 'vitest';
import { sampleModel } from '../sample-model';
import { sharedModelFolder, sharedModels, sharedModelsTitle } from '../shared-models';
import { mutate, seededRandom } from './mutate';

const maxObjectBytes = 2 ** 28;
/** No case may take longer; generous, because the machine may be busy. */
const maxCaseMs = 2000;

/** Decodes, touches every tensor and writes back; returns what happened. Errors that are not ours propagate. */
function exercise(bytes: Uint8Array): 'read' | 'refused' {
  try {
    const model = decodeModel(bytes, { maxObjectBytes });
    for (const { tensor } of walkTensors(model)) {
      if (isExternal(tensor)) continue;
      try {
        if (tensor.dataType === 8) tensorToStrings(tensor);
        else tensorToArray(tensor);
      } catch (error) {
        if (!QuantError.isInstance(error)) throw error;
      }
    }
    const written = encodeModel(model);
    // What was read is written in canonical form, and reading that again changes nothing.
    expect(Buffer.compare(encodeModel(decodeModel(written, { maxObjectBytes })), written)).toBe(0);
    return 'read';
  } catch (error) {
    if (!QuantError.isInstance(error)) throw error;
    expect(error.code).toBe('ERR_MODEL_FORMAT');
    return 'refused';
  }
}

function fuzz(original: Uint8Array, seed: number, cases: number, window: number): { read: number; refused: number } {
  const random = seededRandom(seed);
  const counts = { read: 0, refused: 0 };
  for (let i = 0; i < cases; i++) {
    const mutated = mutate(original, random, window);
    const start = performance.now();
    counts[exercise(mutated)]++;
    const elapsed = performance.now() - start;
    if (elapsed > maxCaseMs) expect.fail(`case ${i} of seed ${seed} took ${elapsed} ms`);
  }
  return counts;
}

describe('decodeModel on damaged models', () => {
  it('gives a model or a typed error for 6000 mutations of a built model', () => {
    const bytes = encodeModel(sampleModel());
    const before = process.memoryUsage().rss;
    const { read, refused } = fuzz(bytes, 1, 6000, bytes.length);
    expect(read + refused).toBe(6000);
    expect(read).toBeGreaterThan(100);
    expect(refused).toBeGreaterThan(1000);
    expect(process.memoryUsage().rss - before).toBeLessThan(2 ** 30);
  });

  it('gives a model or a typed error for 3000 random byte strings', () => {
    const random = seededRandom(2);
    for (let i = 0; i < 3000; i++) {
      const noise = Uint8Array.from({ length: Math.floor(random() * 300) }, () => Math.floor(random() * 256));
      exercise(noise);
      exercise(Uint8Array.from([0x3a, Math.min(noise.length, 127), ...noise]));
    }
  });

  it.skipIf(sharedModels.length === 0)(
    `gives a model or a typed error for 600 mutations and 200 cuts of a real model${sharedModelsTitle}`,
    () => {
      const bytes = new Uint8Array(readFileSync(join(sharedModelFolder, 'kws_dscnn.onnx')));
      const { refused } = fuzz(bytes, 3, 600, 6000);
      expect(refused).toBeGreaterThan(100);
      const random = seededRandom(4);
      for (let i = 0; i < 200; i++) exercise(bytes.subarray(0, Math.floor(random() * bytes.length)));
    },
  );
});
