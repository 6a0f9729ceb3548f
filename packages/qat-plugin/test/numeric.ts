import { seededRandom } from '@bitwright/core';
import { grads, type Tensor, tensor } from '@tensorflow/tfjs-core';

/** Seeded numbers, uniform in [low, high). */
export function uniform(count: number, low: number, high: number, seed = 1): Float32Array {
  const random = seededRandom(seed);
  return Float32Array.from({ length: count }, () => low + (high - low) * random.next());
}

/** Gradients of Σ weights·f(inputs) with respect to every input, as plain arrays. */
export function gradientsOf(
  f: (...inputs: Tensor[]) => Tensor,
  inputs: readonly { data: ArrayLike<number>; shape: readonly number[] }[],
  upstream: Float32Array,
): Float32Array[] {
  const tensors = inputs.map(({ data, shape }) => tensor(Float32Array.from(data), [...shape]));
  const shape = (inputs[0] as { shape: readonly number[] }).shape;
  const dy = tensor(upstream, [...shape]);
  const found = grads((...args: Tensor[]) => f(...args))(tensors, dy);
  return found.map((one) => Float32Array.from(one.dataSync()));
}

/** (f(x + h) − f(x − h))/2h of a scalar function of plain numbers. */
export function derivative(f: (x: number) => number, x: number, h = 1e-6): number {
  return (f(x + h) - f(x - h)) / (2 * h);
}

/** Largest |a − b| / max(1, |b|). */
export function largestError(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let worst = a.length === b.length ? 0 : Number.POSITIVE_INFINITY;
  for (let i = 0; i < a.length; i++) {
    const expected = b[i] as number;
    worst = Math.max(worst, Math.abs((a[i] as number) - expected) / Math.max(1, Math.abs(expected)));
  }
  return worst;
}

/** float32 sums of a few hundred terms against float64. */
export const float32Sums = 2e-4;
