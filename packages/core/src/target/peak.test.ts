import { describe, expect, it } from 'vitest';
import { peakFormats } from './instruction-set/instruction-set';
import { instructionSets } from './instruction-set/instruction-sets';
import { canFormatPay, theoreticalPeak } from './peak';
import { findTarget } from './targets';

const academic = findTarget('academic');
const avx2 = findTarget('ort-x64-avx2');
const vnni = findTarget('ort-x64-vnni');

describe('instruction sets', () => {
  it('have unique ids', () => {
    expect(new Set(instructionSets.map((set) => set.id)).size).toBe(instructionSets.length);
  });

  it.each(instructionSets.map((set) => [set.id, set] as const))('%s states how each rate follows', (_id, set) => {
    for (const [format, rate] of Object.entries(set.rates)) {
      expect(peakFormats).toContain(format);
      expect(rate.macsPerCycle).toBe(rate.macsPerStep / rate.cyclesPerStep);
      expect(rate.step.length).toBeGreaterThan(5);
    }
  });

  it.each(instructionSets.map((set) => [set.id, set] as const))(
    '%s has int8 at least as fast as float',
    (_id, { rates }) => {
      const float = rates.f32?.macsPerCycle ?? Number.POSITIVE_INFINITY;
      for (const format of ['i8', 'i4', 'b1'] as const) {
        expect(rates[format]?.macsPerCycle ?? float).toBeGreaterThanOrEqual(float);
      }
    },
  );

  it('agree with the well-known figures', () => {
    const peak = (isa: string, format: 'f32' | 'i8' | 'bf16') => theoreticalPeak(academic, format, isa);
    // two 256-bit FMA ports: 2 · 8 lanes
    expect(peak('avx2', 'f32')).toBe(16);
    // two 512-bit ports · 64 int8 products
    expect(peak('avx512vnni', 'i8')).toBe(128);
    // 2,048 int8 operations per cycle = 1,024 MACs
    expect(peak('amx', 'i8')).toBe(1024);
    expect(peak('amx', 'bf16')).toBe(512);
    // two pipes · 16 int8 products
    expect(peak('neondot', 'i8')).toBe(32);
    // 624 TOPS / (2 · 108 SMs · 1.41 GHz) = 2,049
    expect(peak('sm80', 'i8')).toBeCloseTo(624e12 / (2 * 108 * 1.41e9), -1);
  });
});

describe('theoreticalPeak', () => {
  it('takes the best instruction set of the target when none is named', () => {
    expect(theoreticalPeak(vnni, 'i8')).toBe(128);
    expect(theoreticalPeak(avx2, 'i8')).toBe(32);
  });

  it('is undefined for a format without instructions, and for chips nobody documents', () => {
    expect(theoreticalPeak(avx2, 'f16')).toBeUndefined();
    expect(theoreticalPeak(findTarget('rknn'), 'i8')).toBeUndefined();
  });

  it('refuses an instruction set that the target does not have, listing its own', () => {
    expect(() => theoreticalPeak(avx2, 'i8', 'neon')).toThrow(/sse2, avx2.*received "neon"/);
  });
});

describe('canFormatPay', () => {
  it('lets int8 pay on VNNI: four times float', () => {
    expect(canFormatPay(vnni, 'i8', 'avx512vnni')).toMatchObject({ ratioToFloat: 4, verdict: 'canPay' });
  });

  it('finds only twice float for int8 on AVX2, and 4/3 on AVX-512 without VNNI', () => {
    expect(canFormatPay(avx2, 'i8', 'avx2').ratioToFloat).toBe(2);
    expect(canFormatPay(findTarget('ort-x64'), 'i8', 'avx512').ratioToFloat).toBeCloseTo(4 / 3);
  });

  it('says that int16 is marginal or worse where it is', () => {
    expect(canFormatPay(academic, 'i16', 'neon')).toMatchObject({ ratioToFloat: 1, verdict: 'cannotPay' });
  });

  it('says when the chip could but the runtime has no kernels', () => {
    const { verdict, reason } = canFormatPay(avx2, 'b1', 'avx2');
    expect(verdict).toBe('cannotPay');
    expect(reason).toMatch(/avx2 could do .* but onnxruntime.* has no b1 kernels/);
  });

  it('says when there is no instruction: fewer bits then only save memory', () => {
    expect(canFormatPay(academic, 'f16', 'avx2')).toMatchObject({ ratioToFloat: undefined, verdict: 'cannotPay' });
    expect(canFormatPay(academic, 'i4', 'sm90').reason).toMatch(/only saves memory/);
  });

  it('says that 4 bits compute no faster than 8 where they are widened to bytes', () => {
    expect(canFormatPay(academic, 'i4', 'avxvnni').reason).toMatch(/no more than i8/);
    expect(canFormatPay(academic, 'i4', 'sm80').reason).not.toMatch(/no more than/);
  });

  it('knows nothing about undocumented chips, and never recommends float over itself', () => {
    expect(canFormatPay(findTarget('qnn'), 'i8', 'hexagon').verdict).toBe('unknown');
    expect(canFormatPay(vnni, 'f32', 'avxvnni')).toMatchObject({ ratioToFloat: 1, verdict: 'cannotPay' });
  });
});
