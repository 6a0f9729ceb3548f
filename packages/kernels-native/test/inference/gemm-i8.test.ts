import {
  type IntegerGemm,
  integerGemm,
  perAxis,
  perTensor,
  type RequantizationMethod,
  requantize,
} from '@bitwright/core';
import { gemmI8, gemmI8Async, type NativeContext, packGemmI8 } from '@bitwright/kernels-native';
import { describe, expect, it } from 'vitest';
import { at, draw } from './random-codes';
import { skipped, tiers } from './tiers';

/** The product on the native kernels, into accumulators. */
function multiply(native: NativeContext, call: IntegerGemm): Int32Array {
  const { m, n, k, a, b, bLayout, bZeroPoint, aZeroPoint, bias } = call;
  const packed = packGemmI8(native, { n, k, b: b as Int8Array, bLayout, bZeroPoint });
  const out = new Int32Array(m * n);
  gemmI8(native, packed, { m, a: a as Uint8Array, aZeroPoint, bias }, out);
  return out;
}

function randomCall(seed: number, m: number, n: number, k: number): IntegerGemm {
  const d = draw(seed);
  const a = d.codes(m * k);
  const b = d.codes(n * k);
  const zeroPointOf = (codes: Int8Array | Uint8Array): number =>
    codes instanceof Int8Array ? d.integer(-128, 127) : d.integer(0, 255);
  return {
    m,
    n,
    k,
    a,
    b,
    bLayout: d.pick(['KN', 'NK']),
    aZeroPoint: zeroPointOf(a),
    bZeroPoint: d.pick([0, b instanceof Int8Array ? 0 : 128, Int32Array.from({ length: n }, () => zeroPointOf(b))]),
    bias: d.int32(n, 100_000),
  };
}

describe.each(tiers)('gemmI8 on %s', (_, native) => {
  it.each([
    ['single', 1, 1, 1],
    ['exact_tile', 12, 64, 64],
    ['tile_minus_one', 11, 63, 63],
    ['tile_plus_one', 13, 65, 65],
    ['one row', 1, 200, 129],
    ['one column', 100, 1, 7],
  ])('%s: accumulators are bit-equal to the reference', (_name, m, n, k) => {
    const call = randomCall(m + n + k, m, n, k);
    expect(multiply(native, call)).toEqual(integerGemm(call));
  });

  it('empty: no rows give no output', () => {
    const packed = packGemmI8(native, { n: 3, k: 2, b: new Int8Array(6), bLayout: 'NK' });
    gemmI8(native, packed, { m: 0, a: new Uint8Array(0), aZeroPoint: 0 }, new Int32Array(0));
  });

  it('random shapes, layouts, signs and zero points: bit-equal', () => {
    const d = draw(7);
    for (let i = 0; i < 40; i++) {
      const call = randomCall(1000 + i, d.integer(1, 40), d.integer(1, 140), d.integer(1, 150));
      expect(multiply(native, call)).toEqual(integerGemm(call));
    }
  });

  it('unaligned: any byte offset of the operands', () => {
    for (const offset of [1, 2, 3, 5, 13]) {
      const call = randomCall(offset, 9, 33, 37);
      const shifted = { ...call, a: at(call.a as Uint8Array, offset), b: at(call.b as Uint8Array, offset + 1) };
      expect(multiply(native, shifted)).toEqual(integerGemm(call));
    }
  });

  it('zero_point_extremes: every corner', () => {
    for (const aZeroPoint of [0, 255]) {
      for (const bZeroPoint of [-128, 127]) {
        const call = {
          ...randomCall(3, 5, 17, 19),
          a: draw(1).uint8(95),
          b: draw(2).int8(323),
          aZeroPoint,
          bZeroPoint,
        };
        expect(multiply(native, call)).toEqual(integerGemm(call));
      }
    }
  });

  it('max_depth_no_overflow: the deepest sums of the largest products', () => {
    const k = 65_793;
    const a = new Uint8Array(k).fill(255);
    const packed = packGemmI8(native, { n: 1, k, b: new Int8Array(k).fill(-128), bLayout: 'NK' });
    const out = new Int32Array(1);
    gemmI8(native, packed, { m: 1, a, aZeroPoint: 0 }, out);
    expect(out[0]).toBe(-255 * 128 * k);
  });

  it.each(['float', 'fixedPointTwice', 'fixedPointOnce'] as const)(
    'codes by %s equal requantize of the reference',
    (method) => {
      const d = draw(11);
      for (const signed of [true, false]) {
        const [m, n, k] = [14, 70, 45];
        const call = { ...randomCall(20, m, n, k), bias: d.int32(n, 5000) };
        const multiplier = d.multipliers(n, 400_000);
        const to = signed ? { zeroPoint: -3, qmin: -128, qmax: 127 } : { zeroPoint: 7, qmin: 7, qmax: 250 };
        const out = signed ? new Int8Array(m * n) : new Uint8Array(m * n);
        const packed = packGemmI8(native, { ...call, b: call.b as Int8Array });
        gemmI8(native, packed, { ...call, a: call.a as Uint8Array, to: { multiplier, method, ...to } }, out);
        const acc = integerGemm(call);
        const expected = signed ? new Int8Array(m * n) : new Uint8Array(m * n);
        expect(out).toEqual(
          requantize({ acc, shape: [m, n], granularity: perAxis(1), multiplier, method, ...to }, expected),
        );
      }
    },
  );

  it('saturation_low, saturation_high, scale_extremes', () => {
    const packed = packGemmI8(native, { n: 2, k: 1, b: Int8Array.of(127, -128), bLayout: 'NK' });
    for (const multiplier of [2 ** 100, 2 ** -120, 1]) {
      const out = new Uint8Array(2);
      const to = { multiplier: new Float32Array(2).fill(multiplier), zeroPoint: 128, qmin: 1, qmax: 254 };
      gemmI8(native, packed, { m: 1, a: Uint8Array.of(255), aZeroPoint: 0, to }, out);
      expect([...out]).toEqual(multiplier < 1 ? [128, 128] : [254, 1]);
    }
  });

  it('ties_to_even: acc·M half way between two codes', () => {
    const odd = Int8Array.of(-5, -3, -1, 1, 3, 5);
    const packed = packGemmI8(native, { n: 6, k: 1, b: odd, bLayout: 'NK' });
    const out = new Int8Array(6);
    const to = { multiplier: new Float32Array(6).fill(0.5), zeroPoint: 1, qmin: -128, qmax: 127 };
    gemmI8(native, packed, { m: 1, a: Uint8Array.of(1), aZeroPoint: 0, to }, out);
    expect([...out]).toEqual([-1, -1, 1, 1, 3, 3]); // round first (−2 −2 −0 0 2 2), then add the zero point
  });

  it('a float output is fround(fround(acc)·M) + addend', () => {
    const call = randomCall(31, 6, 19, 23);
    const multiplier = draw(32).multipliers(19, 1e6);
    const addend = draw(33).float32(19);
    const out = new Float32Array(6 * 19);
    const packed = packGemmI8(native, { ...call, b: call.b as Int8Array });
    gemmI8(native, packed, { ...call, a: call.a as Uint8Array, to: { multiplier, addend } }, out);
    const expected = Float32Array.from(integerGemm(call), (acc, i) => {
      const product = Math.fround(Math.fround(acc) * (multiplier[i % 19] as number));
      return product + (addend[i % 19] as number);
    });
    expect(out).toEqual(expected);
  });

  it('large enough for many tasks: bit-equal', () => {
    const call = { ...randomCall(40, 250, 150, 300), bLayout: 'NK' as const };
    expect(multiply(native, call)).toEqual(integerGemm(call));
  });

  it('the asynchronous form gives the same', async () => {
    const call = randomCall(50, 33, 40, 50);
    const packed = packGemmI8(native, { ...call, b: call.b as Int8Array });
    const out = new Int32Array(33 * 40);
    await gemmI8Async(native, packed, { ...call, a: call.a as Uint8Array }, out);
    expect(out).toEqual(integerGemm(call));
  });
});

describe.each(tiers.slice(0, 1))('gemmI8 on %s', (_, native) => {
  const packed = packGemmI8(native, { n: 2, k: 3, b: new Int8Array(6), bLayout: 'NK' });
  const call = { m: 1, a: new Uint8Array(3), aZeroPoint: 0 };
  const to = { multiplier: new Float32Array(2).fill(1), zeroPoint: 0, qmin: 0, qmax: 255 };

  it.each([
    ['a of another length', () => gemmI8(native, packed, { ...call, m: 2 }, new Int32Array(4)), 'ERR_SHAPE_MISMATCH'],
    ['out of another length', () => gemmI8(native, packed, call, new Int32Array(3)), 'ERR_SHAPE_MISMATCH'],
    [
      'a zero point outside the codes',
      () => gemmI8(native, packed, { ...call, aZeroPoint: -1 }, new Int32Array(2)),
      'ERR_INVALID_ARGUMENT',
    ],
    ['codes without a multiplier', () => gemmI8(native, packed, call, new Uint8Array(2)), 'ERR_INVALID_ARGUMENT'],
    [
      'an infinite multiplier',
      () =>
        gemmI8(native, packed, { ...call, to: { ...to, multiplier: Float32Array.of(1, Infinity) } }, new Uint8Array(2)),
      'ERR_INVALID_ARGUMENT',
    ],
    [
      'codes outside the type of out',
      () => gemmI8(native, packed, { ...call, to }, new Int8Array(2)),
      'ERR_INVALID_ARGUMENT',
    ],
    [
      'shared memory',
      () =>
        gemmI8(
          native,
          packed,
          { ...call, a: new Uint8Array(new SharedArrayBuffer(3)) as unknown as Uint8Array<ArrayBuffer> },
          new Int32Array(2),
        ),
      'ERR_INVALID_ARGUMENT',
    ],
    [
      'a bias that could overflow',
      () => gemmI8(native, packed, { ...call, bias: Int32Array.of(0, 2 ** 31 - 1) }, new Int32Array(2)),
      'ERR_ACCUMULATOR_OVERFLOW',
    ],
    [
      'too deep a sum',
      () =>
        gemmI8(
          native,
          packGemmI8(native, { n: 1, k: 65_794, b: new Int8Array(65_794), bLayout: 'NK' }),
          { m: 1, a: new Uint8Array(65_794), aZeroPoint: 0 },
          new Int32Array(1),
        ),
      'ERR_ACCUMULATOR_OVERFLOW',
    ],
  ])('refuses %s', (_, run, code) => {
    expect(run).toThrow(expect.objectContaining({ code }));
  });

  it('perTensor multipliers are a channel vector of equal entries', () => {
    const out = new Uint8Array(2);
    gemmI8(native, packed, { ...call, to }, out);
    const method: RequantizationMethod = 'float';
    const reference = {
      acc: new Int32Array(2),
      shape: [2],
      granularity: perTensor,
      multiplier: Float32Array.of(1),
      method,
    };
    expect(out).toEqual(requantize({ ...reference, zeroPoint: 0, qmin: 0, qmax: 255 }, new Uint8Array(2)));
  });
});

it.skipIf(tiers.length === 0)(`ran on an instruction set of this machine${skipped}`, () => {
  expect(tiers.map(([name]) => name)).not.toHaveLength(0);
});
