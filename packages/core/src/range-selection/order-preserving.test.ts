import { describe, expect, it } from 'vitest';
import { topTwoObserver } from '../observer/top-two';
import { uint8Activation } from '../presets';
import { chooseQParams } from '../qparams';
import { quantize } from '../quantize';
import type { Range } from '../range';
import { view } from '../tensor-view';
import { orderPreserving } from './order-preserving';

describe('orderPreserving', () => {
  it('keeps the winners apart that the full range would merge', () => {
    // One row reaches 100; at its step of 0.392, 5 and 4.95 get one code: 5/0.392 = 12.75 → 13, 4.95/0.392 = 12.62 → 13.
    const rows = [100, 0, 0, 5, 4.95, 0, 3.3, 3.25, 0, 1.5, 1.45, 0];
    const observer = topTwoObserver.create();
    observer.observe(view(rows, [4, 3]));
    const lost = (range: Range): number => {
      const codes = quantize(view(rows, [4, 3]), uint8Activation, chooseQParams(range, uint8Activation));
      return [0, 3, 6, 9].filter((row) => codes[row] === codes[row + 1]).length;
    };
    expect(lost(observer.stats().range)).toBeGreaterThan(0);
    expect(lost(orderPreserving.selectRange(observer.stats(), uint8Activation))).toBe(0);
  });

  it('keeps the full range when nothing gets lost', () => {
    const observer = topTwoObserver.create();
    observer.observe(view([4, 1, 0, 1, 3, 2], [2, 3]));
    expect(orderPreserving.selectRange(observer.stats(), uint8Activation).max[0]).toBe(4);
  });
});
