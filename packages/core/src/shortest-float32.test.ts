import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shortestFloat32, shortestFloat32s } from './shortest-float32';

/** The definition: try 1, 2, … digits. */
function byDefinition(value: number): string {
  for (let digits = 1; digits <= 9; digits++) {
    const text = value.toPrecision(digits);
    if (Math.fround(Number(text)) === value) return String(Number(text));
  }
  return String(value);
}

describe('shortestFloat32', () => {
  it('prints what a person would have written', () => {
    expect(shortestFloat32(Math.fround(0.1))).toBe(0.1);
    expect(shortestFloat32(Math.fround(2.54 / 127))).toBe(0.02);
    expect(shortestFloat32(2 ** -7)).toBe(0.0078125);
    expect(shortestFloat32(16777216)).toBe(16777216);
  });

  it('reads back to the same float32 bits with the fewest digits', () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const short = shortestFloat32(value);
        expect(Object.is(Math.fround(short), value)).toBe(true);
        expect(String(short)).toBe(byDefinition(value));
      }),
      { seed: 1, numRuns: 2000 },
    );
  });

  it('does so for magnitudes that scales have', () => {
    for (let i = 1; i <= 20_000; i++) {
      const value = Math.fround(Math.exp(-i / 1000) * (1 + (i % 7)));
      expect(String(shortestFloat32(value))).toBe(byDefinition(value));
    }
  });

  it('converts whole arrays', () => {
    expect(shortestFloat32s(Float32Array.of(0.1, 0.2, 1))).toEqual([0.1, 0.2, 1]);
  });
});
