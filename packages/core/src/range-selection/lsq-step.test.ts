import { describe, expect, it } from 'vitest';
import { int8, uint8 } from '../dtype';
import { momentsObserver } from '../observer/moments';
import { int8Weight, uint8Activation } from '../presets';
import { chooseQParams } from '../qparams';
import { linearScheme } from '../scheme';
import { view } from '../tensor-view';
import { lsqStep } from './lsq-step';

describe('lsqStep', () => {
  const statsOf = (data: number[]) => {
    const observer = momentsObserver.create();
    observer.observe(view(data));
    return observer.stats();
  };

  it.each([
    ['symmetric signed', int8Weight, 127],
    ['symmetric unsigned', linearScheme({ dtype: uint8, mapping: 'symmetric', unsignedZero: 'zero' }), 255],
    ['half span', linearScheme({ dtype: int8, mapping: 'symmetric', divisor: 'halfSpan' }), 127.5],
    ['asymmetric', uint8Activation, 255],
  ])('makes chooseQParams return 2·mean|x|/√p: %s', (_name, scheme, p) => {
    // mean|x| = 1.5
    const range = lsqStep.selectRange(statsOf([-1, 2, 1, 2]), scheme);
    const { scale } = chooseQParams(range, scheme);
    const float32Rounding = 2 ** -22;
    expect(Math.abs(scale[0]! / (3 / Math.sqrt(p)) - 1)).toBeLessThan(float32Rounding);
  });
});
