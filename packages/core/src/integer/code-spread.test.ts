import { describe, expect, it } from 'vitest';
import { codeSpread } from './code-spread';

describe('codeSpread', () => {
  it.each([
    [1, 64],
    [2, 32],
    [4, 16],
    [7, 8],
    [8, 8],
    [63, 1],
    [64, 1],
    [127, 1],
    [0, 1],
  ])('codes up to %d are stored %d times as large', (largest, factor) => {
    expect(codeSpread(largest)).toBe(factor);
  });

  it('stays within 64 and would not twice as far', () => {
    for (let largest = 1; largest <= 64; largest++) {
      expect(largest * codeSpread(largest)).toBeLessThanOrEqual(64);
      expect(largest * codeSpread(largest)).toBeGreaterThan(32);
    }
  });
});
