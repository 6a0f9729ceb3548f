import { describe, expect, it } from 'vitest';
import { judgeInt8, parseCpuFeatures } from './cpu';

describe('parseCpuFeatures', () => {
  it('picks what matters from the x86 line', () => {
    const text = 'processor\t: 0\nflags\t\t: fpu sse4_2 avx avx2 fma avx512_vnni rdrand\nbugs\t\t: spectre_v1\n';
    expect(parseCpuFeatures(text)).toEqual(['sse4_2', 'avx', 'fma', 'avx2', 'avx512_vnni']);
  });

  it('picks what matters from the Arm line', () => {
    expect(parseCpuFeatures('Features\t: fp asimd evtstrm asimddp i8mm\n')).toEqual(['asimd', 'asimddp', 'i8mm']);
  });

  it('knows nothing where there is no list', () => {
    expect(parseCpuFeatures(undefined)).toBeUndefined();
    expect(parseCpuFeatures('processor : 0\n')).toBeUndefined();
  });
});

describe('judgeInt8', () => {
  it('promises nothing without 8-bit dot products', () => {
    expect(judgeInt8(['avx2', 'avx512_vnni'], 'x64')).toContain('can be clearly faster');
    expect(judgeInt8(['avx2'], 'x64')).toContain('may be no faster');
    expect(judgeInt8(['sse4_2'], 'x64')).toContain('hardly');
    expect(judgeInt8(['asimd'], 'arm64')).toContain('may be no faster');
    expect(judgeInt8(undefined, 'arm64')).toContain('unknown');
  });
});
