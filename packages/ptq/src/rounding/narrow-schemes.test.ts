import { findTarget, int8, linearScheme, uint8 } from '@bitwright/core';
import { describe, expect, it } from 'vitest';
import { narrowActivation, narrowWeight } from './narrow-schemes';

const codes = ({ qmin, qmax }: { qmin: number; qmax: number }): readonly number[] => [qmin, qmax];

describe('narrowWeight', () => {
  const weight = linearScheme({ dtype: int8, mapping: 'symmetric' });

  it('gives the codes of two’s complement', () => {
    expect([2, 3, 4, 6].map((bits) => codes(narrowWeight(weight, bits)))).toEqual([
      [-2, 1],
      [-4, 3],
      [-8, 7],
      [-32, 31],
    ]);
    expect(narrowWeight(weight, 8)).toBe(weight);
  });

  it('never gives codes that the scheme did not have', () => {
    // ncnn's Winograd kernels hold −31 … 31 only.
    const winograd = { ...weight, ...findTarget('ncnn').placement.winogradWeights };
    expect([4, 6, 7].map((bits) => codes(narrowWeight(winograd, bits)))).toEqual([
      [-8, 7],
      [-31, 31],
      [-31, 31],
    ]);
  });

  it('counts unsigned codes from 0', () => {
    expect(codes(narrowWeight(linearScheme({ dtype: uint8 }), 4))).toEqual([0, 15]);
  });

  it('stores up to four bits as int4 where asked', () => {
    expect([4, 5].map((bits) => narrowWeight(weight, bits, 'packed').dtype.name)).toEqual(['int4', 'int8']);
  });
});

describe('narrowActivation', () => {
  it('gives 2^b codes, from 0 where unsigned', () => {
    const { activation } = findTarget('ort-x64').schemes;
    expect(codes(narrowActivation(activation, 4))).toEqual([0, 15]);
    expect(codes(narrowActivation(linearScheme({ dtype: int8 }), 4))).toEqual([-8, 7]);
  });
});
