import { describe, expect, it } from 'vitest';
import { loadNativeBackend } from '../native-backend';
import { alignedArray } from './aligned-array';
import { alignmentOffset } from './alignment-offset';

describe('alignedArray', () => {
  const native = loadNativeBackend();

  it('begins on a cache line and has the length asked for', () => {
    for (const length of [0, 1, 100]) {
      const array = alignedArray(native, Float32Array, length);
      expect(array.length).toBe(length);
      expect(array.byteOffset % 64).toBe(alignmentOffset(native, array.buffer as ArrayBuffer, 64) % 64);
    }
  });
});
