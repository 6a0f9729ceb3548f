import '@tensorflow/tfjs-backend-cpu';
import { linearScheme, fakeQuantize as reference, uint8, view } from '@bitwright/core';
import { tensor } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { derivative, float32Sums, gradientsOf, largestError, uniform } from '../../test/numeric';
import { softStaircase, softStaircaseTied } from './soft-staircase';

/** The soft staircase of the paper (eqs. 3–7) in plain numbers; `code` replaces its value inside an interval by the hard one. */
function soft(x: number, l: number, u: number, alpha: number, n: number): number {
  if (x < l) return l;
  if (x > u) return u;
  const delta = (u - l) / n;
  const i = Math.min(Math.floor((x - l) / delta), n - 1);
  const center = l + (i + 0.5) * delta;
  const k = Math.log(2 / alpha - 1) / delta;
  const phi = Math.tanh(k * (x - center)) / (1 - alpha);
  return l + delta * (i + 0.5 * (phi + 1));
}

describe('softStaircase', () => {
  // l = −1.2, u = 1.8: Δ = 0.2 with 15 intervals and zero is code 6, so the grid needs no moving
  const [l, u, alpha, n] = [-1.2, 1.8, 0.2, 15];
  const options = { qmin: 0, qmax: 15, gradientScale: 1 };
  const x = uniform(300, -2, 2.6, 31);
  const dy = uniform(300, -1, 1, 32);
  const inputs = [
    { data: x, shape: [300] },
    { data: [l], shape: [1] },
    { data: [u], shape: [1] },
    { data: [alpha], shape: [1] },
  ];
  const f = (...t: ReturnType<typeof tensor>[]) =>
    softStaircase(t[0] as never, t[1] as never, t[2] as never, t[3] as never, options);

  it("rounds hard, with the bits of core's fakeQuantize", () => {
    const scale = Float32Array.of(Math.fround(Math.fround(Math.fround(u) - Math.fround(l)) / 15));
    const scheme = linearScheme({ dtype: uint8, qmin: 0, qmax: 15 });
    const expected = reference(view(x), scheme, { scale, zeroPoint: Int32Array.of(6) });
    const found = f(tensor(x), tensor([l]), tensor([u]), tensor([alpha])).dataSync();
    expect(Array.from(found)).toEqual(Array.from(expected));
  });

  it('has the derivative of the soft staircase with respect to x and α', () => {
    const [dx, , , da] = gradientsOf(f as never, inputs, dy);
    const slopes = Array.from(x, (v, i) => (dy[i] as number) * derivative((t) => soft(t, l, u, alpha, n), v, 1e-7));
    const edges = Array.from(x, (v) => Math.abs(((v - l) / 0.2) % 1) < 1e-3);
    const keep = (data: ArrayLike<number>) => Array.from(data).filter((_, i) => edges[i] === false);
    expect(largestError(keep(dx as Float32Array), keep(slopes))).toBeLessThan(1e-3);
    const alphaSlope = Array.from(x).reduce(
      (sum, v, i) => sum + (dy[i] as number) * derivative((a) => soft(v, l, u, a, n), alpha),
      0,
    );
    expect(largestError(da as Float32Array, [alphaSlope])).toBeLessThan(1e-3);
  });

  it('has the derivative of the staircase with respect to l and u, its value inside an interval replaced by the hard code', () => {
    // y = l + Δ·(c − φ/2·[soft part]): with c frozen, ∂y/∂l = soft ∂ + (soft code − c)/n·(−1)… checked against the formulas
    const [, dl, du] = gradientsOf(f as never, inputs, dy);
    const K = Math.log(2 / alpha - 1);
    let lower = 0;
    let upper = 0;
    for (let j = 0; j < x.length; j++) {
      const v = x[j] as number;
      const g = dy[j] as number;
      const r = (v - l) / 0.2;
      if (r < 0) lower += g;
      else if (r > n) upper += g;
      else {
        const t = r - Math.min(Math.floor(r), n - 1) - 0.5;
        const G = (K * (1 - Math.tanh(K * t) ** 2)) / (1 - alpha);
        const c = Math.round(r);
        lower += g * (1 - c / n + (G / 2) * (r / n - 1));
        upper += g * (c / n - (G / 2) * (r / n));
      }
    }
    expect(largestError(dl as Float32Array, [lower])).toBeLessThan(1e-3);
    expect(largestError(du as Float32Array, [upper])).toBeLessThan(1e-3);
  });

  it('has mean slope 1 over an interval', () => {
    const points = Float32Array.from({ length: 2000 }, (_, i) => 0.2 + (0.2 * (i + 0.5)) / 2000);
    const [dx] = gradientsOf(
      f as never,
      [{ data: points, shape: [2000] }, ...inputs.slice(1)],
      new Float32Array(2000).fill(1 / 2000),
    );
    expect((dx as Float32Array).reduce((sum, v) => sum + v, 0)).toBeCloseTo(1, 3);
  });

  it('ties the lower bound to the upper one for symmetric codes', () => {
    const tied = { qmin: -7, qmax: 7, gradientScale: 1 };
    const g = (...t: ReturnType<typeof tensor>[]) =>
      softStaircaseTied(t[0] as never, t[1] as never, t[2] as never, tied);
    const clipped = Float32Array.of(-9, 9);
    const [, du] = gradientsOf(
      g as never,
      [
        { data: clipped, shape: [2] },
        { data: [1.4], shape: [1] },
        { data: [0.2], shape: [1] },
      ],
      Float32Array.of(1, 3),
    );
    // below: ∂y/∂l = 1 and l = −u; above: ∂y/∂u = 1
    expect(du?.[0]).toBeCloseTo(-1 + 3, 6);
    expect(float32Sums).toBeGreaterThan(0);
  });
});
