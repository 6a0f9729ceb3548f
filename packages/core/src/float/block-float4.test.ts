import { describe, expect, it } from 'vitest';
import { view } from '../tensor-view';
import { decodeBlockFloat4, encodeBlockFloat4 } from './block-float4';
import { decodeE8M0, encodeE8M0 } from './float8-e8m0';

describe('encodeE8M0', () => {
  it('is a biased exponent that saturates, with 255 for what has none', () => {
    expect([1, 2, 0.5, 2 ** -127, 2 ** 127].map((x) => encodeE8M0(x))).toEqual([127, 128, 126, 0, 254]);
    expect([0, 1e-45, 2 ** 127 * 1.5].map((x) => encodeE8M0(x))).toEqual([0, 0, 254]);
    expect([Number.NaN, -1, Number.POSITIVE_INFINITY].map((x) => encodeE8M0(x))).toEqual([255, 255, 255]);
    expect([decodeE8M0(0), decodeE8M0(127), decodeE8M0(255)]).toEqual([2 ** -127, 1, Number.NaN]);
  });

  it('rounds as asked', () => {
    expect([encodeE8M0(3), encodeE8M0(3, 'down'), encodeE8M0(3, 'nearest'), encodeE8M0(2.9, 'nearest')]).toEqual([
      129, 128, 129, 128,
    ]);
  });
});

describe('encodeBlockFloat4', () => {
  it('scales MX blocks by 2^(⌊log2 absmax⌋ − 2)', () => {
    // Block 1: absmax 6, scale 2^(2 − 2) = 1. Block 2: absmax 1.75, scale 2^-2, 1.75/0.25 = 7 saturates at 6.
    const block = encodeBlockFloat4(view([6, 1, -0.5, 0, 1.75, 0.5, 0, -1.5], [2, 4]), { axis: 1, blockSize: 4 });
    expect([...block.scaleCodes]).toEqual([127, 125]);
    expect([...decodeBlockFloat4(block)]).toEqual([6, 1, -0.5, 0, 1.5, 0.5, 0, -1.5]);
  });

  it('scales NV blocks by an E4M3 number and one scale for the tensor', () => {
    const x = view([3, -1.5, 0.75, 0.25], [1, 4]);
    const block = encodeBlockFloat4(x, { axis: 1, blockSize: 2, scaleFormat: 'float8E4M3FN' });
    // 3/6 = 0.5 and 0.75/6 = 0.125 are E4M3 numbers: ±3, −1.5 = −3·0.5, 0.75 = 6·0.125, 0.25 = 2·0.125.
    expect([...block.scaleCodes]).toEqual([0x30, 0x20]);
    expect([...decodeBlockFloat4(block)]).toEqual([3, -1.5, 0.75, 0.25]);
    const scaled = encodeBlockFloat4(x, { axis: 1, blockSize: 2, scaleFormat: 'float8E4M3FN', tensorScale: 2 ** -8 });
    expect([...decodeBlockFloat4(scaled)]).toEqual([3, -1.5, 0.75, 0.25]);
  });

  it('keeps blocks of zeros and a partial tail', () => {
    for (const scaleFormat of ['float8E8M0', 'float8E4M3FN'] as const) {
      const block = encodeBlockFloat4(view([0, 0, 0, 0, 0, 1], [2, 3]), { axis: 1, blockSize: 2, scaleFormat });
      expect(block.scaleCodes).toHaveLength(4);
      const real = decodeBlockFloat4(block);
      expect([...real.slice(0, 5)]).toEqual([0, 0, 0, 0, 0]);
      expect(real[5]).toBeCloseTo(1, 1);
    }
  });

  it('stays within half of the largest step of its block: absmax/6, as far as E4M3 holds the scale', () => {
    const x = view(
      Array.from({ length: 256 }, (_, i) => Math.sin(i * 7.7) * 2 ** ((i % 13) - 5)),
      [8, 32],
    );
    const block = encodeBlockFloat4(x, { axis: 1, scaleFormat: 'float8E4M3FN', blockSize: 16 });
    const real = decodeBlockFloat4(block);
    for (let row = 0; row < 16; row++) {
      const values = x.data.subarray(row * 16, row * 16 + 16);
      const absmax = Math.max(...values.map(Math.abs));
      // Largest step of float4 is 2 of 6; the E4M3 scale itself is within 1/16.
      values.forEach((v, i) => {
        expect(Math.abs(v - real[row * 16 + i]!)).toBeLessThanOrEqual((absmax / 6) * 1.07);
      });
    }
  });

  it('refuses NaN, and a tensor scale that is none', () => {
    expect(() => encodeBlockFloat4(view([Number.NaN]), { axis: 0 })).toThrow(/finite/);
    expect(() => encodeBlockFloat4(view([1]), { axis: 0, tensorScale: 0 })).toThrow(/positive finite tensorScale/);
    const large = { axis: 0, scaleFormat: 'float8E4M3FN' as const };
    expect(() => encodeBlockFloat4(view([6000]), large)).toThrow(/at most 448.*received 1000/);
    expect(decodeBlockFloat4(encodeBlockFloat4(view([6000]), { ...large, tensorScale: 4 }))[0]).toBeCloseTo(6000, -3);
  });
});
