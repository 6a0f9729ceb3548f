import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-layers'; // registers the gradients of tfjs-core
import { add, grad, mul, type Scalar, sum, type Tensor, tensor } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { derivative, float32Sums, gradientsOf, largestError, uniform } from '../../test/numeric';
import { channelMoments, foldedBatchNorm } from './folded-batch-norm';

const rows = 24;
const channels = 3;
const epsilon = 0.05;

interface Numbers {
  readonly z: number[];
  readonly factor: number[];
  readonly gamma: number[];
  readonly beta: number[];
}

const numbers: Numbers = {
  z: Array.from(uniform(rows * channels, -2, 3, 5)),
  factor: [0.4, -1.7, 0.05],
  gamma: [1.2, 0.3, -0.8],
  beta: [0.1, -0.2, 0.7],
};
const dy = uniform(rows * channels, -1, 1, 6);

function momentsOf(x: readonly number[], c: number): { mean: number; variance: number } {
  const own = x.filter((_, i) => i % channels === c);
  const mean = own.reduce((total, value) => total + value, 0) / rows;
  return { mean, variance: own.reduce((total, value) => total + (value - mean) ** 2, 0) / rows };
}

/** The definition, in float64. */
function definition({ z, factor, gamma, beta }: Numbers): number[] {
  const x = z.map((value, i) => value / (factor[i % channels] as number));
  return x.map((value, i) => {
    const c = i % channels;
    const { mean, variance } = momentsOf(x, c);
    return ((gamma[c] as number) * (value - mean)) / Math.sqrt(variance + epsilon) + (beta[c] as number);
  });
}

const weighted = (at: Numbers): number => definition(at).reduce((total, y, i) => total + y * (dy[i] as number), 0);

describe('foldedBatchNorm', () => {
  const tensors = {
    z: { data: numbers.z, shape: [2, 3, 4, channels] },
    factor: { data: numbers.factor, shape: [channels] },
    gamma: { data: numbers.gamma, shape: [channels] },
    beta: { data: numbers.beta, shape: [channels] },
  };

  it('normalizes z / factor, and gives the moments of that', () => {
    const [z, factor, gamma, beta] = Object.values(tensors).map(({ data, shape }) => tensor(data, shape)) as [
      Tensor,
      Tensor,
      Tensor,
      Tensor,
    ];
    const { y, mean, variance } = foldedBatchNorm(z, factor, gamma, beta, epsilon);
    expect(largestError(y.dataSync(), definition(numbers))).toBeLessThan(1e-5);
    const x = numbers.z.map((value, i) => value / (numbers.factor[i % channels] as number));
    const expected = [0, 1, 2].map((c) => momentsOf(x, c));
    expect(
      largestError(
        mean.dataSync(),
        expected.map((one) => one.mean),
      ),
    ).toBeLessThan(1e-5);
    expect(
      largestError(
        variance.dataSync(),
        expected.map((one) => one.variance),
      ),
    ).toBeLessThan(1e-5);
  });

  it('has the gradients of finite differences in every input', () => {
    const f = (...[z, factor, gamma, beta]: Tensor[]) =>
      foldedBatchNorm(z as Tensor, factor as Tensor, gamma as Tensor, beta as Tensor, epsilon).y;
    const found = gradientsOf(f, Object.values(tensors), dy);
    for (const [at, name] of (['z', 'factor', 'gamma', 'beta'] as const).entries()) {
      const expected = numbers[name].map((value, i) =>
        derivative((moved) => weighted({ ...numbers, [name]: numbers[name].with(i, moved) }), value),
      );
      expect(largestError(found[at] as Float32Array, expected), name).toBeLessThan(float32Sums);
    }
  });
});

describe('channelMoments', () => {
  it('has gradients through the mean and through the variance', () => {
    const upMean = [0.3, -1, 2];
    const upVariance = [1.5, 0.2, -0.7];
    const x = uniform(rows * channels, -2, 3, 9);
    const f = (input: Tensor) => {
      const { mean, variance } = channelMoments(input);
      return sum(add(mul(mean, tensor(upMean)), mul(variance, tensor(upVariance)))) as Scalar;
    };
    const found = grad(f)(tensor(x, [rows, channels])).dataSync();
    const expected = Array.from(x, (value, i) => {
      const c = i % channels;
      const { mean } = momentsOf(Array.from(x), c);
      return ((upMean[c] as number) + 2 * (value - mean) * (upVariance[c] as number)) / rows;
    });
    expect(largestError(found, expected)).toBeLessThan(float32Sums);
  });
});
