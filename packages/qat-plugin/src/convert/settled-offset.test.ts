import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { GridValues } from '../quantizers/quantizer-slot';
import { type AccumulatorLine, settledOffset } from './settled-offset';

const grid: GridValues = {
  scale: Float32Array.of(0.25),
  zeroPoint: Int32Array.of(0),
  qmin: 0,
  qmax: 15,
  isUniform: true,
};
const line: AccumulatorLine = { step: 0.1, offset: 0.02, most: 100, noise: 1e-5 };

/** The least distance of any possible result from an edge, by trying every k and every edge. */
function leastDistance({ step, offset, most }: AccumulatorLine, { scale, zeroPoint, qmin, qmax }: GridValues): number {
  let least = Number.POSITIVE_INFINITY;
  for (let k = -Math.floor(most); k <= most; k++) {
    for (let code = qmin; code < qmax; code++) {
      const edge = (code + 0.5 - (zeroPoint[0] as number)) * (scale[0] as number);
      least = Math.min(least, Math.abs(step * k + offset - edge));
    }
  }
  return least;
}

const unit = 0.01;

describe('settledOffset', () => {
  it('is the nearest multiple of the unit', () => {
    expect(settledOffset({ ...line, offset: 0.043 }, unit, undefined)).toBeCloseTo(0.04, 12);
    expect(settledOffset({ ...line, offset: -0.043 }, unit, grid)).toBeCloseTo(-0.04, 12);
  });

  it('keeps a multiple that was rounded to float32, bit by bit', () => {
    const offset = Math.fround(0.04);
    expect(settledOffset({ ...line, offset }, unit, grid)).toBe(offset);
  });

  it('takes the next multiple, on the side of the offset, where the nearest gives an edge', () => {
    // 0.1·1 + 0.025 = 0.125 = (0 + ½)·0.25
    const quarters = 0.005;
    expect(settledOffset({ ...line, offset: 0.0251 }, quarters, grid)).toBeCloseTo(0.03, 12);
    expect(settledOffset({ ...line, offset: 0.0249 }, quarters, grid)).toBeCloseTo(0.02, 12);
    expect(settledOffset({ ...line, offset: 0.0249 }, quarters, undefined)).toBeCloseTo(0.025, 12);
  });

  it('counts edges from the zero point', () => {
    const shifted = { ...grid, zeroPoint: Int32Array.of(8) };
    // −1.9 + 0.025 = −1.875 = (0 + ½ − 8)·0.25; without the zero point no edge is negative
    const negative = { ...line, offset: 0.0251, most: 19 };
    expect(leastDistance({ ...negative, offset: 0.025 }, shifted)).toBeLessThan(1e-9);
    expect(settledOffset(negative, 0.005, shifted)).toBeCloseTo(0.03, 12);
  });

  it('overlooks accumulators that no input can give', () => {
    // the edge 1.125 = 0.1·1 + 1.025 needs k = 1
    const far = { ...line, offset: 1.0251, most: 0 };
    expect(settledOffset(far, 0.005, grid)).toBeCloseTo(1.025, 12);
    expect(settledOffset({ ...far, most: 1 }, 0.005, grid)).toBeCloseTo(1.03, 12);
  });

  it('looks at no edges where steps are as fine as the noise', () => {
    expect(settledOffset({ ...line, step: 1e-4, offset: 0.1251 }, 0.005, grid)).toBeCloseTo(0.125, 12);
  });

  it('gives a multiple of the unit within four of the offset, clear of every edge', () => {
    let moved = 0;
    fc.assert(
      fc.property(
        fc.double({ min: 0.01, max: 0.3, noNaN: true }),
        fc.integer({ min: 0, max: 14 }),
        fc.integer({ min: -20, max: 20 }),
        fc.double({ min: -0.01, max: 0.01, noNaN: true }),
        (step, code, k, off) => {
          const spread = step / 8;
          const near: AccumulatorLine = { step, offset: (code + 0.5) * 0.25 - step * k + off, most: 40, noise: 1e-5 };
          const offset = settledOffset(near, spread, grid);
          expect(Math.abs(offset - near.offset)).toBeLessThanOrEqual(4.5 * spread);
          expect(Math.abs(offset / spread - Math.round(offset / spread))).toBeLessThan(2e-3);
          if (Math.abs(offset - near.offset) > 0.51 * spread) moved++;
          expect(leastDistance({ ...near, offset }, grid)).toBeGreaterThan(0.7e-5);
        },
      ),
      { seed: 7, numRuns: 500 },
    );
    expect(moved).toBeGreaterThan(0);
  });
});
