import { ortX64, ortX64Vnni } from '@bitwright/core';
import { describe, expect, it } from 'vitest';
import { runsHere, targetHint } from './target-fit';

const vnni = ['avx2', 'avx512_vnni'];

describe('runsHere', () => {
  it('holds for the default target and for variants whose instructions are there', () => {
    expect(runsHere(ortX64, undefined, ortX64)).toBe(true);
    expect(runsHere(ortX64Vnni, vnni, ortX64)).toBe(true);
  });

  it('does not hold where instructions are missing or unknown, or on another architecture', () => {
    expect(runsHere(ortX64Vnni, ['avx2'], ortX64)).toBe(false);
    expect(runsHere(ortX64Vnni, undefined, ortX64)).toBe(false);
    expect(runsHere(ortX64, vnni, { ...ortX64, id: 'ort-arm64' })).toBe(false);
  });
});

describe('targetHint', () => {
  it('speaks only where all bits could be used', () => {
    expect(targetHint(ortX64, vnni)).toContain('--target ort-x64-vnni');
    expect(targetHint(ortX64, ['avx2'])).toBeUndefined();
    expect(targetHint(ortX64Vnni, vnni)).toBeUndefined();
  });
});
