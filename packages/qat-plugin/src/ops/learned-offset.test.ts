import '@tensorflow/tfjs-backend-cpu';
import { linearScheme, fakeQuantize as reference, roundHalfEven, uint8, view } from '@bitwright/core';
import { tensor } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { float32Sums, gradientsOf, largestError, uniform } from '../../test/numeric';
import { learnedOffset } from './learned-offset';

const options = { qmin: 0, qmax: 15, gradientScale: 1 };

describe('learnedOffset', () => {
  const x = uniform(300, -2, 4, 11);
  const dy = uniform(300, -1, 1, 12);
  const step = Math.fround(0.3);
  const offset = Math.fround(-1.25);
  const z = roundHalfEven(Math.fround(-offset / step));
  const f = (...inputs: ReturnType<typeof tensor>[]) =>
    learnedOffset(inputs[0] as never, inputs[1] as never, inputs[2] as never, options);

  it("rounds like core's fakeQuantize with the zero point round(−β/s), to the bit", () => {
    const scheme = linearScheme({ dtype: uint8, qmin: 0, qmax: 15 });
    const expected = reference(view(x), scheme, { scale: Float32Array.of(step), zeroPoint: Int32Array.of(z) });
    expect(Array.from(f(tensor(x), tensor([step]), tensor([offset])).dataSync())).toEqual(Array.from(expected));
  });

  it('has the gradients of the formulas', () => {
    const inputs = [
      { data: x, shape: [300] },
      { data: [step], shape: [1] },
      { data: [offset], shape: [1] },
    ];
    const [dx, ds, db] = gradientsOf(f as never, inputs, dy);
    let stepGradient = 0;
    let offsetGradient = 0;
    const expected = Array.from(x, (value, i) => {
      const g = dy[i] as number;
      const v = Math.fround(value / step);
      const code = v + z;
      if (code > 0 && code < 15) {
        stepGradient += g * (roundHalfEven(v) - v);
        return g;
      }
      stepGradient += g * Math.min(Math.max(code, 0), 15);
      offsetGradient += g;
      return 0;
    });
    expect(largestError(dx as Float32Array, expected)).toBeLessThan(1e-6);
    expect(largestError(ds as Float32Array, [stepGradient])).toBeLessThan(float32Sums);
    expect(largestError(db as Float32Array, [offsetGradient])).toBeLessThan(float32Sums);
  });
});
