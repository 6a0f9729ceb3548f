import '@tensorflow/tfjs-backend-cpu';
import { type Tensor, tensor } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { derivative, gradientsOf, largestError, uniform } from '../../test/numeric';
import { approximateSlope, binarySign, clippedSlope, errorDecaySign, swishSlope } from './sign';

/** The functions whose derivatives stand in for that of the sign. */
const surrogates: readonly (readonly [string, (x: Tensor) => Tensor, (x: number) => number])[] = [
  ['clip', (x) => binarySign(x, clippedSlope()), (x) => Math.min(Math.max(x, -1), 1)],
  [
    'ApproxSign',
    (x) => binarySign(x, approximateSlope()),
    (x) => (x < -1 ? -1 : x < 0 ? 2 * x + x * x : x < 1 ? 2 * x - x * x : 1),
  ],
  ['EDE early', (x) => errorDecaySign(x, 0.1), (x) => 10 * Math.tanh(0.1 * x)],
  ['EDE late', (x) => errorDecaySign(x, 10), (x) => Math.tanh(10 * x)],
  // 2σ(βx)(1 + βx(1 − σ(βx))) − 1
  [
    'SwishSign',
    (x) => binarySign(x, swishSlope(5)),
    (x) => {
      const s = 1 / (1 + Math.exp(-5 * x));
      return 2 * s * (1 + 5 * x * (1 - s)) - 1;
    },
  ],
];

describe('binarySign', () => {
  it('is +1 at 0 and −0', () => {
    expect(Array.from(binarySign(tensor([0, -0, 1e-30, -1e-30]), clippedSlope()).dataSync())).toEqual([1, 1, 1, -1]);
  });

  it.each(surrogates)('has the derivative of its surrogate: %s', (_, sign, surrogate) => {
    const x = uniform(200, -1.8, 1.8, 71);
    const dy = uniform(200, -1, 1, 72);
    const [dx] = gradientsOf(sign, [{ data: x, shape: [200] }], dy);
    const expected = Array.from(x, (v, i) => (dy[i] as number) * derivative(surrogate, v));
    expect(largestError(dx as Float32Array, expected)).toBeLessThan(1e-3);
  });
});
