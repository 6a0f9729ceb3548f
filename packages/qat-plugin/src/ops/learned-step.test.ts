import '@tensorflow/tfjs-backend-cpu';
import { int8, linearScheme, fakeQuantize as reference, roundHalfEven, view } from '@bitwright/core';
import { tensor } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { derivative, float32Sums, gradientsOf, largestError, uniform } from '../../test/numeric';
import { learnedStep } from './learned-step';

const options = { qmin: -8, qmax: 7, gradientScale: 1 };

/** The published formulas in plain numbers. */
function formulas(x: Float32Array, s: number, dy: Float32Array): { dx: number[]; ds: number } {
  let ds = 0;
  const dx = Array.from(x, (value, i) => {
    const v = value / s;
    const g = dy[i] as number;
    if (v <= options.qmin) ds += g * options.qmin;
    else if (v >= options.qmax) ds += g * options.qmax;
    else ds += g * (roundHalfEven(v) - v);
    return v > options.qmin && v < options.qmax ? g : 0;
  });
  return { dx, ds };
}

describe('learnedStep', () => {
  const x = uniform(400, -3, 3, 3);
  const dy = uniform(400, -1, 1, 4);
  const step = 0.23;
  const f = (input: ReturnType<typeof tensor>, s: ReturnType<typeof tensor>) => learnedStep(input, s, options);

  it("rounds like core's fakeQuantize, to the bit", () => {
    const scheme = linearScheme({ dtype: int8, mapping: 'symmetric', qmin: -8, qmax: 7 });
    const scale = Float32Array.of(step);
    const expected = reference(view(x), scheme, { scale, zeroPoint: new Int32Array(1) });
    expect(Array.from(f(tensor(x), tensor(scale)).dataSync())).toEqual(Array.from(expected));
  });

  it('has the gradients of the formulas', () => {
    const [dx, ds] = gradientsOf(
      f as never,
      [
        { data: x, shape: [400] },
        { data: [step], shape: [1] },
      ],
      dy,
    );
    const expected = formulas(x, Math.fround(step), dy);
    expect(largestError(dx as Float32Array, expected.dx)).toBeLessThan(1e-6);
    expect(largestError(ds as Float32Array, [expected.ds])).toBeLessThan(float32Sums);
  });

  it('has the derivative of the surrogate in which the rounding error is frozen', () => {
    // inside: s·(v + e) with e = round(v) − v frozen at x/s0, so d/ds = e + d(s·x/s)/ds = e; clipped: s·n or s·p
    const frozen = (value: number, s0: number) => {
      const v = value / s0;
      if (v <= -8) return (s: number) => s * -8;
      if (v >= 7) return (s: number) => s * 7;
      const e = roundHalfEven(v) - v;
      return (s: number) => s * (value / s + e);
    };
    const numeric = Array.from(x).reduce(
      (sum, value, i) => sum + (dy[i] as number) * derivative(frozen(value, step), step),
      0,
    );
    expect(formulas(x, step, dy).ds).toBeCloseTo(numeric, 6);
  });

  it('multiplies the gradient of the step by gradientScale, and sums per channel', () => {
    const half = (input: ReturnType<typeof tensor>, s: ReturnType<typeof tensor>) =>
      learnedStep(input, s, { ...options, gradientScale: 0.5 });
    const shape = [100, 4];
    const [, ds] = gradientsOf(
      half as never,
      [
        { data: x, shape },
        { data: [step, step, step, step], shape: [1, 4] },
      ],
      dy,
    );
    const expected = [0, 1, 2, 3].map((c) => {
      const of = (data: Float32Array) => data.filter((_, i) => i % 4 === c);
      return 0.5 * formulas(of(x), Math.fround(step), of(dy)).ds;
    });
    expect(largestError(ds as Float32Array, expected)).toBeLessThan(float32Sums);
  });

  it('has slope 0 at whole numbers of steps, at most ½ inside, and does not change when x and s are scaled alike', () => {
    const ones = Float32Array.of(1, 1, 1);
    const whole = gradientsOf(
      f as never,
      [
        { data: [0.5, -1, 1.5], shape: [3] },
        { data: [0.5], shape: [1] },
      ],
      ones,
    );
    expect(whole[1]?.[0]).toBe(0);
    const [, a] = gradientsOf(
      f as never,
      [
        { data: x, shape: [400] },
        { data: [0.25], shape: [1] },
      ],
      dy,
    );
    const [, b] = gradientsOf(
      f as never,
      [
        { data: x.map((v) => v * 4), shape: [400] },
        { data: [1], shape: [1] },
      ],
      dy,
    );
    expect(largestError(a as Float32Array, b as Float32Array)).toBeLessThan(1e-5);
  });
});
