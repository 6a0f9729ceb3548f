import { fakeQuantize, intDType, linearScheme, perAxis, perTensor, roundHalfEven, view } from '@bitwright/core';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { useNativeBackend } from '../src/index';
import { hasAddon, skipped } from './native-addon';

beforeAll(async () => {
  await useNativeBackend();
});

/** Kernels as @bitwright/qat-plugin calls them: by name, outside the tape. */
function run(name: string, inputs: tf.NamedTensorMap, attrs: Record<string, number>): tf.Tensor[] {
  const result: tf.Tensor | tf.Tensor[] = tf.engine().runKernel(name, inputs, attrs);
  return Array.isArray(result) ? result : [result];
}

const shape = [2, 3, 5, 4];
const x = Float32Array.from({ length: 120 }, (_, i) => (((i * 37) % 120) - 60) / 17);
const dy = Float32Array.from({ length: 120 }, (_, i) => Math.fround(Math.sin(i)));
const codes = { qmin: -7, qmax: 7 };
const steps = Float32Array.of(0.1, 0.3, 0.07, 0.5);

/** The parameter of an element, and LSQ's derivative with respect to it. */
function stepSlope(value: number, s: number): number {
  const v = value / s;
  return v <= codes.qmin ? codes.qmin : v >= codes.qmax ? codes.qmax : roundHalfEven(Math.fround(v)) - v;
}

describe.skipIf(!hasAddon)(`fused fake quantization${skipped}`, () => {
  it.each([
    ['per tensor', [1], Float32Array.of(0.3), perTensor],
    ['per channel of the last axis', [1, 1, 1, 4], steps, perAxis(3)],
  ] as const)("gives the bits of core's fakeQuantize, %s", (_, paramShape, scale, granularity) => {
    const scheme = linearScheme({ dtype: intDType(8, true), mapping: 'symmetric', granularity, ...codes });
    const expected = fakeQuantize(view(x, shape), scheme, {
      scale,
      zeroPoint: new Int32Array(scale.length),
    });
    const inputs = { x: tf.tensor(x, shape), scale: tf.tensor(scale, [...paramShape]) };
    expect(Array.from(run('BitwrightLsq', inputs, codes)[0]?.dataSync() ?? [])).toEqual(Array.from(expected));
    const affine = { ...inputs, zeroPoint: tf.tensor([0]) };
    expect(Array.from(run('BitwrightFakeQuantize', affine, codes)[0]?.dataSync() ?? [])).toEqual(Array.from(expected));
  });

  it('has the gradients of LSQ per channel', () => {
    const inputs = { dy: tf.tensor(dy, shape), x: tf.tensor(x, shape), scale: tf.tensor(steps, [1, 1, 1, 4]) };
    const [dx, ds] = run('BitwrightLsqGrad', inputs, { ...codes, gradientScale: 0.5 });
    const expected = [0, 0, 0, 0];
    const masked = Array.from(x, (value, i) => {
      const s = steps[i % 4] as number;
      expected[i % 4] = (expected[i % 4] as number) + 0.5 * (dy[i] as number) * stepSlope(value, s);
      return Math.abs(value / s) < 7 ? (dy[i] as number) : 0;
    });
    expect(Array.from(dx?.dataSync() ?? [])).toEqual(masked);
    expect(ds?.shape).toEqual([1, 1, 1, 4]);
    for (const [c, value] of Array.from(ds?.dataSync() ?? []).entries()) {
      expect(value).toBeCloseTo(expected[c] as number, 4);
    }
  });

  it('passes the gradient of clipped values to the bounds of DSQ', () => {
    // s = 0.1, codes 0…15, zero at 6: l = −0.6, u = 0.9; −1 is below, 2 above
    const inputs = {
      dy: tf.tensor([1, 3]),
      x: tf.tensor([-1, 2]),
      scale: tf.tensor([0.1]),
      zeroPoint: tf.tensor([6]),
      alpha: tf.tensor([0.2]),
    };
    const [dx, dl, du, da] = run('BitwrightDsqGrad', inputs, { qmin: 0, qmax: 15 }).map((one) =>
      Array.from(one.dataSync()),
    );
    expect([dx, dl, du, da]).toEqual([[0, 0], [1], [3], [0]]);
  });

  it('has the gradient of PACT: clipped values move the level', () => {
    const inputs = { dy: tf.tensor([1, 3, 5]), x: tf.tensor([2, 0.5, -1]), scale: tf.tensor([0.1]) };
    const attrs = { qmin: 0, qmax: 15, gradientScale: 1, hasFullGradient: 0 };
    const [dx, dlevel] = run('BitwrightPactGrad', inputs, attrs).map((one) => Array.from(one.dataSync()));
    expect([dx, dlevel]).toEqual([[0, 3, 0], [1]]);
  });
});
