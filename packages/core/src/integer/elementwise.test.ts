import { describe, expect, it } from 'vitest';
import { int8, uint8 } from '../dtype';
import { quantize } from '../quantize';
import { linearScheme } from '../scheme';
import { view } from '../tensor-view';
import { activationCodes, clampCodes } from './activation-codes';
import { integerConcat } from './concat';
import { integerAdd, integerMul } from './elementwise';
import { applyLookupTable, lookupTable } from './lookup-table';

const output = { scale: 0.5, zeroPoint: 10, qmin: 0, qmax: 255 };
const a = { codes: Uint8Array.of(10, 20, 255, 0), scale: 0.5, zeroPoint: 10 };
const zeros = { codes: Int8Array.of(3, 3, 3, 3), scale: 0.125, zeroPoint: 3 };

describe('integerAdd', () => {
  it('adds real values: 0.5·(20 − 10) + 0.125·(7 − 3) = 5.5', () => {
    const b = { codes: Int8Array.of(7, 7, 7, 7), scale: 0.125, zeroPoint: 3 };
    // 5.5/0.5 + 10 = 21;  0.5/0.5 + 10 = 11;  saturated at 255;  −5 + 0.5 = −4.5 → −9 + 10 = 1.
    expect([...integerAdd(a, b, output, new Uint8Array(4))]).toEqual([11, 21, 255, 1]);
  });

  it('gives the input back when a tensor of zeros is added at equal scales', () => {
    expect([...integerAdd(a, zeros, output, new Uint8Array(4))]).toEqual([...a.codes]);
    expect([...integerAdd(zeros, a, output, new Uint8Array(4))]).toEqual([...a.codes]);
  });

  it('refuses operands of different length', () => {
    expect(() => integerAdd(a, { ...zeros, codes: new Int8Array(3) }, output, new Uint8Array(4))).toThrow(
      /b of length 4/,
    );
    expect(() => integerAdd(a, zeros, output, new Int8Array(4))).toThrow(/received Int8Array/);
  });
});

describe('integerMul', () => {
  it('multiplies real values: 5 · 0.5 = 2.5', () => {
    const b = { codes: Int8Array.of(7, 7, -125, 7), scale: 0.125, zeroPoint: 3 };
    // 2.5/0.5 + 10 = 15;  122.5·(−16) saturates at 0;  −5·0.5/0.5 + 10 = 5.
    expect([...integerMul(a, b, output, new Uint8Array(4))]).toEqual([10, 15, 0, 5]);
  });
});

describe('integerConcat', () => {
  const left = { codes: Uint8Array.of(1, 2, 3, 4), scale: 0.5, zeroPoint: 10, shape: [2, 2] };
  const right = { codes: Int8Array.of(7, -1), scale: 0.125, zeroPoint: 3, shape: [2, 1] };

  it('copies codes where parameters agree and rescales the others', () => {
    // 0.125·(7 − 3)/0.5 = 1;  0.125·(−4)/0.5 = −1.
    expect([...integerConcat([left, right], 1, output, new Uint8Array(6))]).toEqual([1, 2, 11, 3, 4, 9]);
    const tall = { ...right, shape: [1, 2] };
    expect([...integerConcat([left, tall], 0, output, new Uint8Array(6))]).toEqual([1, 2, 3, 4, 11, 9]);
  });

  it('then slicing is the identity for equal parameters', () => {
    const out = integerConcat([left, left], 0, output, new Uint8Array(8));
    expect([...out.slice(0, 4)]).toEqual([...left.codes]);
    expect([...out.slice(4)]).toEqual([...left.codes]);
  });

  it('refuses shapes that do not join', () => {
    expect(() => integerConcat([left, right], 0, output, new Uint8Array(6))).toThrow(
      /except along axis 0, received \[2,1\]/,
    );
    expect(() => integerConcat([left], 2, output, new Uint8Array(4))).toThrow(/axis 2/);
  });
});

describe('lookupTable', () => {
  it('is quantize of the function of dequantize, for every code', () => {
    const input = { ...int8, scale: 0.05, zeroPoint: 4 };
    const target = { ...int8, scale: 1 / 256, zeroPoint: -128 };
    const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
    const table = lookupTable(sigmoid, input, target);
    const codes = Int8Array.from({ length: 256 }, (_, i) => i - 128);
    const scheme = linearScheme({ dtype: int8 });
    const real = Float32Array.from(codes, (q) => sigmoid(Math.fround(0.05 * (q - 4))));
    const expected = quantize(view(real), scheme, { scale: Float32Array.of(1 / 256), zeroPoint: Int32Array.of(-128) });
    expect(applyLookupTable(codes, table, new Int8Array(256))).toEqual(expected);
  });

  it('names a code without an entry', () => {
    const table = lookupTable((x) => x, { qmin: 0, qmax: 15, scale: 1, zeroPoint: 0 }, output);
    expect(() => applyLookupTable(Uint8Array.of(3, 16), table, new Uint8Array(2))).toThrow(
      /codes 0 to 15, received 16 at element 1/,
    );
    expect(() => lookupTable((x) => x, { qmin: 0, qmax: 2 ** 17, scale: 1, zeroPoint: 0 }, output)).toThrow(/65536/);
  });
});

describe('activationCodes', () => {
  it('narrows the codes so that saturation does the clamping', () => {
    expect(activationCodes(output, 'none')).toEqual(output);
    expect(activationCodes(output, 'relu')).toMatchObject({ qmin: 10, qmax: 255 });
    expect(activationCodes(output, 'relu6')).toMatchObject({ qmin: 10, qmax: 22 });
    expect(activationCodes(output, { min: -1 })).toMatchObject({ qmin: 8, qmax: 255 });
  });

  it('never leaves the codes of the output', () => {
    expect(activationCodes({ ...uint8, scale: 0.01, zeroPoint: 0 }, 'relu6')).toMatchObject({ qmin: 0, qmax: 255 });
  });

  it('clamps codes that keep their parameters', () => {
    const relu = activationCodes(output, 'relu6');
    expect([...clampCodes(Uint8Array.of(0, 10, 15, 40), relu, new Uint8Array(4))]).toEqual([10, 10, 15, 22]);
  });
});
