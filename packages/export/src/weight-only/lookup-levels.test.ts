import { describe, expect, it } from 'vitest';
import { lookupLevels, packLookupCodes } from './lookup-levels';

describe('lookupLevels', () => {
  it('has sixteen nf4 levels in ascending order with an exact zero at 7', () => {
    const { nf4 } = lookupLevels;
    expect(nf4).toHaveLength(16);
    expect([...nf4].every((level, i) => i === 0 || level > (nf4[i - 1] as number))).toBe(true);
    expect(nf4[7]).toBe(0);
  });

  it('has fp4 levels of both signs', () => {
    const { fp4 } = lookupLevels;
    expect([...fp4.subarray(8)]).toEqual([...fp4.subarray(0, 8)].map((level) => -level));
    expect(fp4[3]).toBe(1);
  });
});

describe('packLookupCodes', () => {
  it('puts the first code of a pair into the upper half of the byte', () => {
    expect([...packLookupCodes(Uint8Array.of(1, 2, 15))]).toEqual([0x12, 0xf0]);
  });
});
