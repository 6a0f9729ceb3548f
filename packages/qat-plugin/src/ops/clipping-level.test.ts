import '@tensorflow/tfjs-backend-cpu';
import { roundHalfEven } from '@bitwright/core';
import type { tensor } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { float32Sums, gradientsOf, largestError, uniform } from '../../test/numeric';
import { clippingLevel } from './clipping-level';

describe('clippingLevel', () => {
  const x = uniform(300, -1, 3, 21);
  const dy = uniform(300, -1, 1, 22);
  const level = 1.7;

  it.each([
    ['the paper', false, 0],
    ['the full gradient', true, 0],
    ['signed codes', false, -8],
  ] as const)('has the gradients of %s', (_, hasFullGradient, qmin) => {
    const qmax = qmin < 0 ? 7 : 15;
    const options = { qmin, qmax, hasFullGradient, gradientScale: 1 };
    const f = (...inputs: ReturnType<typeof tensor>[]) =>
      clippingLevel(inputs[0] as never, inputs[1] as never, options);
    const inputs = [
      { data: x, shape: [300] },
      { data: [level], shape: [1] },
    ];
    const [dx, da] = gradientsOf(f as never, inputs, dy);
    const s = Math.fround(Math.fround(level) / qmax);
    let levelGradient = 0;
    const expected = Array.from(x, (value, i) => {
      const g = dy[i] as number;
      const v = value / s;
      if (v >= qmax) levelGradient += g;
      else if (v <= qmin) levelGradient += (g * qmin) / qmax;
      else if (hasFullGradient) levelGradient += (g * (roundHalfEven(v) - v)) / qmax;
      return v >= qmin && v <= qmax ? g : 0;
    });
    expect(largestError(dx as Float32Array, expected)).toBeLessThan(1e-6);
    expect(largestError(da as Float32Array, [levelGradient])).toBeLessThan(float32Sums);
  });
});
