import '@tensorflow/tfjs-backend-cpu';
import { type Tensor, tensor } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { derivative, gradientsOf, largestError, uniform } from '../../test/numeric';
import { softSign } from './soft-sign';

/** The paper's piece of staircase (eqs. 3–7) for one interval [−u, u], in plain numbers. */
function soft(x: number, u: number, alpha: number): number {
  if (Math.abs(x) > u) return Math.sign(x) * u;
  const k = Math.log(2 / alpha - 1) / (2 * u);
  return (u * Math.tanh(k * x)) / (1 - alpha);
}

describe('softSign', () => {
  const [u, alpha] = [0.7, 0.2];
  const x = uniform(300, -1.1, 1.1, 51);
  const dy = uniform(300, -1, 1, 52);
  const inputs = [
    { data: x, shape: [300] },
    { data: [u], shape: [1] },
    { data: [alpha], shape: [1] },
  ];
  const f = (...t: Tensor[]) => softSign(t[0] as Tensor, t[1] as Tensor, t[2] as Tensor, 1);
  const sum = (term: (v: number) => number) => x.reduce((total, v, i) => total + (dy[i] as number) * term(v), 0);

  it('gives ±u, +u at 0', () => {
    const found = softSign(tensor([-3, -0.1, 0, 0.1, 3]), tensor([0.5]), tensor([0.2]), 1).dataSync();
    expect(Array.from(found)).toEqual([-0.5, -0.5, 0.5, 0.5, 0.5]);
  });

  it('is continuous: the soft piece meets ±u at the ends', () => {
    expect(soft(u, u, alpha)).toBeCloseTo(u, 12);
    expect(soft(-u, u, alpha)).toBeCloseTo(-u, 12);
  });

  it('has the derivative of the soft piece with respect to x and α', () => {
    const [dx, , da] = gradientsOf(f, inputs, dy);
    const slopes = Array.from(x, (v, i) => (dy[i] as number) * derivative((t) => soft(t, u, alpha), v, 1e-7));
    expect(largestError(dx as Float32Array, slopes)).toBeLessThan(1e-3);
    const fromAlpha = sum((v) => derivative((a) => soft(v, u, a), alpha));
    expect(largestError(da as Float32Array, [fromAlpha])).toBeLessThan(1e-3);
  });

  it('has the derivative with respect to u, the value inside replaced by the hard one', () => {
    const [, du] = gradientsOf(f, inputs, dy);
    // ∂(soft)/∂u = soft/u − x·(∂soft/∂x)/u; the hard forward puts B(x) in the place of soft/u
    const fromBound = sum((v) => {
      const sign = v >= 0 ? 1 : -1;
      if (Math.abs(v) > u) return sign;
      const slope = derivative((t) => soft(t, u, alpha), v, 1e-7);
      const softly = derivative((bound) => soft(v, bound, alpha), u, 1e-7);
      expect(softly).toBeCloseTo(soft(v, u, alpha) / u - (slope * v) / u, 5);
      return sign - (slope * v) / u;
    });
    expect(largestError(du as Float32Array, [fromBound])).toBeLessThan(1e-3);
  });

  it('sums the gradients of channels and scales those of u and α alone', () => {
    const channels = [
      { data: [0.1, 0.2, -0.3, 2], shape: [2, 2] },
      { data: [0.5, 0.9], shape: [1, 2] },
      { data: [0.2, 0.3], shape: [1, 2] },
    ];
    const upstream = Float32Array.of(1, 2, 3, 4);
    const [full, tenth] = [1, 0.1].map((scale) =>
      gradientsOf(
        (...t: Tensor[]) => softSign(t[0] as Tensor, t[1] as Tensor, t[2] as Tensor, scale),
        channels,
        upstream,
      ),
    ) as [Float32Array[], Float32Array[]];
    expect(tenth[0]).toEqual(full[0]);
    expect(
      largestError(
        tenth[1] as Float32Array,
        (full[1] as Float32Array).map((v) => v / 10),
      ),
    ).toBeLessThan(1e-6);
    expect(
      largestError(
        tenth[2] as Float32Array,
        (full[2] as Float32Array).map((v) => v / 10),
      ),
    ).toBeLessThan(1e-6);
    expect(full[0]?.[3]).toBe(0);
  });
});
