import { describe, expect, it } from 'vitest';
import { nativeBackends } from '../../test/native-contexts';
import type { NativeBackend } from '../native-backend';
import { alignmentOffset } from './alignment-offset';

const { backends, skipped } = nativeBackends();

describe.skipIf(backends.length === 0)(`alignmentOffset${skipped}`, () => {
  const native = backends.at(-1) as NativeBackend;

  it('skips less than the alignment and is the same for every multiple of it', () => {
    const buffer = new ArrayBuffer(1000);
    const to64 = alignmentOffset(native, buffer, 64);
    expect(to64).toBeGreaterThanOrEqual(0);
    expect(to64).toBeLessThan(64);
    expect(alignmentOffset(native, buffer, 16)).toBe(to64 % 16);
    expect(alignmentOffset(native, buffer, 1)).toBe(0);
  });

  it('refuses alignments that are no integer within [1, 4096]', () => {
    expect(() => alignmentOffset(native, new ArrayBuffer(8), 0)).toThrow(/alignment/);
    expect(() => alignmentOffset(native, new ArrayBuffer(8), 2.5)).toThrow(/alignment/);
  });
});
