import { roundHalfEven } from '@bitwright/core';
import { matMulNBits, matMulNBitsAsync, type NBitsWeights, packNBits } from '@bitwright/kernels-native';
import { describe, expect, it } from 'vitest';
import { draw } from '../inference/random-codes';
import { skipped, tiers } from '../inference/tiers';

interface Case {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly bits: 2 | 4 | 8;
  readonly blockSize: number;
  readonly hasZeroPoints: boolean;
}

function randomCall(seed: number, c: Case): { weights: NBitsWeights; a: Float32Array; bias: Float32Array } {
  const d = draw(seed);
  const blocks = Math.ceil(c.k / c.blockSize);
  const zeroBytes = Math.ceil((blocks * c.bits) / 8);
  const weights = {
    ...c,
    b: d.uint8(c.n * blocks * ((c.blockSize * c.bits) / 8)),
    scales: Float32Array.from({ length: c.n * blocks }, () => Math.fround(0.001 + 0.02 * d.random.next())),
    ...(c.hasZeroPoints && { zeroPoints: d.uint8(c.n * zeroBytes) }),
  };
  return { weights, a: d.float32(c.m * c.k, 3), bias: d.float32(c.n) };
}

/** bits-wide field `index` of a byte array, low bits first. */
const field = (bytes: Uint8Array, start: number, index: number, bits: number): number =>
  ((bytes[start + Math.floor((index * bits) / 8)] as number) >> ((index * bits) % 8)) & (2 ** bits - 1);

/** (code − zeroPoint) and scale of weight [n, k], by the layout of MatMulNBits. */
function weightAt(w: NBitsWeights, n: number, k: number): { difference: number; scale: number } {
  const blocks = Math.ceil(w.k / w.blockSize);
  const block = Math.floor(k / w.blockSize);
  const code = field(w.b, n * blocks * ((w.blockSize * w.bits) / 8), k, w.bits);
  const zeroPoint = w.zeroPoints
    ? field(w.zeroPoints, n * Math.ceil((blocks * w.bits) / 8), block, w.bits)
    : 2 ** (w.bits - 1);
  return { difference: code - zeroPoint, scale: w.scales[n * blocks + block] as number };
}

/**
 * The definition in float64. Integer activations: per chunk, exact integer sums times the float32 product of the scales; only
 * the order and width of the additions differ from the kernels.
 */
function expectedRow(
  w: NBitsWeights,
  a: Float32Array,
  m: number,
  isRounded: boolean,
): { out: number[]; magnitude: number[] } {
  const chunk = Math.min(w.blockSize, 32);
  const out: number[] = [];
  const magnitude: number[] = [];
  for (let n = 0; n < w.n; n++) {
    let sum = 0;
    let absolute = 0;
    for (let begin = 0; begin < w.k; begin += chunk) {
      const x = a.subarray(m * w.k + begin, m * w.k + Math.min(begin + chunk, w.k));
      const largest = x.reduce((max, v) => Math.max(max, Math.abs(v)), 0);
      const step = largest > 0 ? Math.fround(largest / 127) : 1;
      x.forEach((value, i) => {
        const { difference, scale } = weightAt(w, n, begin + i);
        const activation = isRounded ? roundHalfEven(Math.fround(value / step)) * step : value;
        sum += difference * scale * activation;
        absolute += Math.abs(difference * scale * activation);
      });
    }
    out.push(sum);
    magnitude.push(absolute);
  }
  return { out, magnitude };
}

/** Rounding of K float32 additions and products, in units of the sum of absolute terms: at most (K + 2)·2^−24. */
const tolerance = (k: number): number => (k + 2) * 2 ** -24;

const cases: readonly (readonly [string, Case])[] = [
  ['single', { m: 1, n: 1, k: 1, bits: 4, blockSize: 32, hasZeroPoints: false }],
  ['one row', { m: 1, n: 40, k: 256, bits: 4, blockSize: 32, hasZeroPoints: true }],
  ['sixteen rows', { m: 16, n: 33, k: 96, bits: 4, blockSize: 32, hasZeroPoints: false }],
  ['31 rows, K no multiple of the block', { m: 31, n: 17, k: 83, bits: 4, blockSize: 64, hasZeroPoints: true }],
  ['blocks of 16', { m: 5, n: 16, k: 50, bits: 4, blockSize: 16, hasZeroPoints: true }],
  ['blocks of 128', { m: 3, n: 15, k: 300, bits: 4, blockSize: 128, hasZeroPoints: true }],
  ['2 bits', { m: 7, n: 31, k: 130, bits: 2, blockSize: 32, hasZeroPoints: true }],
  ['2 bits, blocks of 16', { m: 2, n: 18, k: 47, bits: 2, blockSize: 16, hasZeroPoints: false }],
  ['8 bits', { m: 6, n: 35, k: 100, bits: 8, blockSize: 32, hasZeroPoints: true }],
];

describe.each(tiers)('matMulNBits on %s', (_, native) => {
  it.each(cases)('%s: is the product with the dequantized weights', (_name, c) => {
    const { weights, a, bias } = randomCall(c.k, c);
    const packed = packNBits(native, weights);
    for (const activations of ['int8', 'float32'] as const) {
      const out = new Float32Array(c.m * c.n);
      matMulNBits(native, packed, { m: c.m, a, activations }, out);
      for (let m = 0; m < c.m; m++) {
        const { out: expected, magnitude } = expectedRow(weights, a, m, activations === 'int8');
        expected.forEach((value, n) => {
          const error = Math.abs((out[m * c.n + n] as number) - value);
          expect(error).toBeLessThanOrEqual(tolerance(c.k) * (magnitude[n] as number));
        });
      }
      const withBias = new Float32Array(c.m * c.n);
      matMulNBits(native, packed, { m: c.m, a, bias, activations }, withBias);
      expect(withBias).toEqual(out.map((value, i) => value + (bias[i % c.n] as number)));
    }
  });

  it.each(cases)('%s: has the bits of the first instruction set', (_name, c) => {
    const [, first] = tiers[0] as (typeof tiers)[number];
    const { weights, a } = randomCall(c.k + 1, c);
    for (const activations of ['int8', 'float32'] as const) {
      const [out, reference] = [native, first].map((context) => {
        const values = new Float32Array(c.m * c.n);
        matMulNBits(context, packNBits(context, weights), { m: c.m, a, activations }, values);
        return values;
      });
      expect(out).toEqual(reference);
    }
  });

  it('rows of zeros give zeros, and absmax gets code 127', () => {
    const { weights } = randomCall(5, { m: 1, n: 20, k: 64, bits: 4, blockSize: 32, hasZeroPoints: true });
    const out = new Float32Array(20).fill(1);
    matMulNBits(native, packNBits(native, weights), { m: 1, a: new Float32Array(64) }, out);
    expect(out).toEqual(new Float32Array(20));
  });

  it('the asynchronous form gives the same', async () => {
    const { weights, a } = randomCall(6, { m: 4, n: 50, k: 64, bits: 4, blockSize: 32, hasZeroPoints: false });
    const packed = packNBits(native, weights);
    const [sync, async] = [new Float32Array(200), new Float32Array(200)];
    matMulNBits(native, packed, { m: 4, a }, sync);
    await matMulNBitsAsync(native, packed, { m: 4, a }, async);
    expect(async).toEqual(sync);
  });
});

describe.each(tiers.slice(0, 1))('matMulNBits on %s', (_, native) => {
  const { weights, a } = randomCall(1, { m: 2, n: 3, k: 32, bits: 4, blockSize: 32, hasZeroPoints: false });
  const packed = packNBits(native, weights);

  it.each([
    ['3 bits', () => packNBits(native, { ...weights, bits: 3 as 4 }), 'ERR_INVALID_ARGUMENT'],
    ['blocks of 24', () => packNBits(native, { ...weights, blockSize: 24 }), 'ERR_INVALID_ARGUMENT'],
    ['blocks of 8', () => packNBits(native, { ...weights, blockSize: 8 }), 'ERR_INVALID_ARGUMENT'],
    [
      'scales of another length',
      () => packNBits(native, { ...weights, scales: new Float32Array(4) }),
      'ERR_SHAPE_MISMATCH',
    ],
    ['too few codes', () => packNBits(native, { ...weights, b: new Uint8Array(47) }), 'ERR_SHAPE_MISMATCH'],
    [
      'an activation matrix of another length',
      () => matMulNBits(native, packed, { m: 3, a }, new Float32Array(9)),
      'ERR_SHAPE_MISMATCH',
    ],
    [
      'a bias of another length',
      () => matMulNBits(native, packed, { m: 2, a, bias: new Float32Array(2) }, new Float32Array(6)),
      'ERR_SHAPE_MISMATCH',
    ],
  ])('refuses %s', (_, run, code) => {
    expect(run).toThrow(expect.objectContaining({ code }));
  });
});

it.skipIf(tiers.length === 0)(`ran on an instruction set of this machine${skipped}`, () => {
  expect(tiers.map(([name]) => name)).not.toHaveLength(0);
});
