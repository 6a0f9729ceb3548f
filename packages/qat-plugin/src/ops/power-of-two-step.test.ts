import '@tensorflow/tfjs-backend-cpu';
import { roundHalfEven } from '@bitwright/core';
import { tensor } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { float32Sums, gradientsOf, largestError, uniform } from '../../test/numeric';
import { powerOfTwoStep, stepOfExponent } from './power-of-two-step';

describe('powerOfTwoStep', () => {
  it('rounds the exponent up, to exact powers of two', () => {
    const exponents = Array.from({ length: 41 }, (_, i) => i - 20 - 0.3);
    const found = stepOfExponent(tensor(exponents)).dataSync();
    expect(Array.from(found)).toEqual(exponents.map((e) => 2 ** Math.ceil(e)));
  });

  it('has the gradients of the formulas', () => {
    const options = { qmin: -8, qmax: 7, gradientScale: 1 };
    const x = uniform(300, -3, 3, 61);
    const dy = uniform(300, -1, 1, 62);
    const f = (...t: ReturnType<typeof tensor>[]) => powerOfTwoStep(t[0] as never, t[1] as never, options);
    const inputs = [
      { data: x, shape: [300] },
      { data: [-2.4], shape: [1] },
    ];
    const [dx, dt] = gradientsOf(f as never, inputs, dy);
    const s = 0.25;
    let exponent = 0;
    const expected = Array.from(x, (value, i) => {
      const code = roundHalfEven(value / s);
      const g = dy[i] as number;
      const isInside = code >= -8 && code <= 7;
      exponent += g * s * Math.LN2 * (isInside ? code - value / s : Math.min(Math.max(code, -8), 7));
      return isInside ? g : 0;
    });
    expect(largestError(dx as Float32Array, expected)).toBeLessThan(1e-6);
    expect(largestError(dt as Float32Array, [exponent])).toBeLessThan(float32Sums);
  });
});
