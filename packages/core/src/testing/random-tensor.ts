import { seededRandom } from '../seeded-random';
import { type TensorView, view } from '../tensor-view';

/** A stream of uniform numbers in [0, 1). */
export type RandomSource = () => number;

/** The package's seeded generator as a {@link RandomSource}: the same seed gives the same stream everywhere. */
export function randomSource(seed: number): RandomSource {
  return seededRandom(seed).next;
}

/** Uniform integer in [least, most]. */
export function randomInteger(random: RandomSource, least: number, most: number): number {
  return least + Math.floor(random() * (most - least + 1));
}

/** Nearly normal, mean 0, variance 1: sum of twelve uniforms minus 6. Exact arithmetic, no library functions. */
export function randomNormal(random: RandomSource): number {
  let sum = -6;
  for (let i = 0; i < 12; i++) sum += random();
  return sum;
}

/** Shapes of data that observers and kernels meet; every generator is pure in (random, length). */
export const distributions: Readonly<Record<string, (random: RandomSource) => number>> = /* @__PURE__ */ Object.freeze({
  /** Weights and many activations. */
  normal: randomNormal,
  /** Heavy tails: the product of three normals. */
  longTailed: (random) => randomNormal(random) * randomNormal(random) * randomNormal(random),
  /** After a ReLU: half of it zeros. */
  relu: (random) => Math.max(0, randomNormal(random)),
  positive: (random) => 0.5 + random(),
  negative: (random) => -1.5 + random(),
  /** One value in about 2000 is a hundred times larger. */
  outliers: (random) => randomNormal(random) * (random() < 0.0005 ? 100 : 1),
  /** Multiples of 1/2, so that scales of a power of two meet ties. */
  ties: (random) => randomInteger(random, -300, 300) / 2,
  /** Around the smallest normal float32 and below. */
  subnormal: (random) => randomNormal(random) * 2 ** -130,
  large: (random) => randomNormal(random) * 2 ** 100,
  constant: () => 0.3,
  zero: () => 0,
});

/** `length` float32 values of one distribution. */
export function randomData(distribution: (random: RandomSource) => number, seed: number, length: number): Float32Array {
  const random = randomSource(seed);
  const data = new Float32Array(length);
  for (let i = 0; i < length; i++) data[i] = distribution(random);
  return data;
}

/** A tensor of the given shape. */
export function randomTensor(
  distribution: (random: RandomSource) => number,
  seed: number,
  shape: readonly number[],
): TensorView {
  const length = shape.reduce((product, d) => product * d, 1);
  return view(randomData(distribution, seed, length), shape);
}
