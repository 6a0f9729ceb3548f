/** Source of uniform numbers in [0, 1), the same sequence for the same seed on every system. */
export type Random = () => number;

/** xoshiro128** seeded through splitmix32 (Blackman and Vigna, 2018). `seed` is any integer. */
export function createRandom(seed: number): Random {
  let mixer = seed | 0;
  const next = (): number => {
    mixer = (mixer + 0x9e3779b9) | 0;
    let value = Math.imul(mixer ^ (mixer >>> 16), 0x21f0aaad);
    value = Math.imul(value ^ (value >>> 15), 0x735a2d97);
    return value ^ (value >>> 15);
  };
  let [a, b, c, d] = [next(), next(), next(), next()];
  return () => {
    const product = Math.imul(b, 5);
    const result = Math.imul((product << 7) | (product >>> 25), 9);
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = (d << 11) | (d >>> 21);
    return (result >>> 0) / 2 ** 32;
  };
}

/** Standard normal numbers by Box and Muller. */
export function createNormal(random: Random): () => number {
  return () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** The numbers 0…count−1 in random order (Fisher–Yates). */
export function shuffledIndices(count: number, seed: number): Uint32Array {
  const random = createRandom(seed);
  const indices = Uint32Array.from({ length: count }, (_, index) => index);
  for (let last = count - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    const kept = indices[last] ?? 0;
    indices[last] = indices[other] ?? 0;
    indices[other] = kept;
  }
  return indices;
}
