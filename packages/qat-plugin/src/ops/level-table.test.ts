import '@tensorflow/tfjs-backend-cpu';
import { apotMagnitudes, apotScheme, formatOf, logarithmicScheme, view } from '@bitwright/core';
import { tensor } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { float32Sums, gradientsOf, largestError, uniform } from '../../test/numeric';
import { toLevels } from './level-table';

const halfWay = (magnitudes: readonly number[]) =>
  magnitudes.slice(1).map((m, i) => (m + (magnitudes[i] as number)) / 2);

/** Levels of APoT are no float32 numbers: core multiplies them in float64 and rounds once, tensors round twice. */
const oneUlp = 2 ** -23;

describe('toLevels', () => {
  const x = uniform(300, -2, 2, 51);
  const alpha = 1.3;

  it.each([
    ['APoT', apotScheme({ bits: 4 }), [...apotMagnitudes(3)]],
    ['logarithmic', logarithmicScheme({ bits: 4 }), [0, ...Array.from({ length: 7 }, (_, i) => 2 ** (i - 6))]],
  ] as const)("gives the levels of core's %s format", (_, scheme, magnitudes) => {
    const options = {
      magnitudes,
      thresholds: halfWay(magnitudes),
      isSigned: true,
      passesClipped: true,
      gradientScale: 1,
    };
    const found = toLevels(tensor(x), tensor([alpha]), options).dataSync();
    const expected = formatOf(scheme).fakeQuantize(
      view(x),
      scheme as never,
      { scale: Float32Array.of(alpha) } as never,
    );
    expect(largestError(found, expected)).toBeLessThanOrEqual(oneUlp);
  });

  it('has the gradients of reparameterised clipping', () => {
    const magnitudes = [...apotMagnitudes(3)];
    const options = {
      magnitudes,
      thresholds: halfWay(magnitudes),
      isSigned: true,
      passesClipped: true,
      gradientScale: 1,
    };
    const dy = uniform(300, -1, 1, 52);
    const f = (...t: ReturnType<typeof tensor>[]) => toLevels(t[0] as never, t[1] as never, options);
    const inputs = [
      { data: x, shape: [300] },
      { data: [alpha], shape: [1] },
    ];
    const [dx, da] = gradientsOf(f as never, inputs, dy);
    expect(Array.from(dx as Float32Array)).toEqual(Array.from(dy));
    const level = (v: number) =>
      Math.sign(v) *
      magnitudes.reduce((best, m) => (Math.abs(m - Math.abs(v)) <= Math.abs(best - Math.abs(v)) ? m : best));
    const expected = Array.from(x).reduce((sum, value, i) => {
      const v = value / Math.fround(alpha);
      return sum + (dy[i] as number) * (v > 1 ? 1 : v < -1 ? -1 : level(v) - v);
    }, 0);
    expect(largestError(da as Float32Array, [expected])).toBeLessThan(float32Sums);
  });
});
