import { describe, expect, it } from 'vitest';
import { nativeBackends } from '../../test/native-contexts';
import type { NativeBackend } from '../native-backend';
import { alignedArray } from './aligned-array';
import { alignmentOffset } from './alignment-offset';

const { backends, skipped } = nativeBackends();

describe.skipIf(backends.length === 0)(`alignedArray${skipped}`, () => {
  const native = backends.at(-1) as NativeBackend;

  it('begins on a cache line and has the length asked for', () => {
    for (const length of [0, 1, 100]) {
      const array = alignedArray(native, Float32Array, length);
      expect(array.length).toBe(length);
      expect(array.byteOffset % 64).toBe(alignmentOffset(native, array.buffer as ArrayBuffer, 64) % 64);
    }
  });
});
