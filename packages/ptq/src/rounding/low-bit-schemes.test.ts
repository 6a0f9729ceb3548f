import { ortX64 } from '@bitwright/core';
import { planPlacement } from '@bitwright/export';
import { describe, expect, it } from 'vitest';
import { residualNetwork } from './__fixtures__/residual-network';
import { lowBitSchemes } from './low-bit-schemes';

const model = residualNetwork();
const placement = planPlacement(model, { target: ortX64 });
const codes = (scheme: { qmin: number; qmax: number } | undefined): readonly number[] => [scheme!.qmin, scheme!.qmax];

describe('lowBitSchemes', () => {
  it('narrows the codes of all layers but the first and the last', () => {
    const low = lowBitSchemes(model, placement, { weightBits: 3 });
    expect(codes(low.weights.get('depthwise.w')?.scheme)).toEqual([-4, 3]);
    expect(codes(low.weights.get('pointwise.w')?.scheme)).toEqual([-4, 3]);
    expect(low.weights.get('stem.w')).toBe(placement.weights.get('stem.w'));
    expect(low.weights.get('head.w')).toBe(placement.weights.get('head.w'));
    expect(low.weights.get('depthwise.w')?.scheme.dtype.name).toBe('int8');
    expect(low.activations.get('b')?.scheme).toEqual(placement.activations.get('b')?.scheme);
  });

  it('narrows first and last too when asked', () => {
    const low = lowBitSchemes(model, placement, { weightBits: 4, keepFirstAndLast: false });
    expect(codes(low.weights.get('stem.w')?.scheme)).toEqual([-8, 7]);
    expect(codes(low.weights.get('head.w')?.scheme)).toEqual([-8, 7]);
  });

  it('narrows only the activations that a low-bit layer reads', () => {
    const low = lowBitSchemes(model, placement, { weightBits: 4, activationBits: 4 });
    expect(codes(low.activations.get('b')?.scheme)).toEqual([0, 15]);
    expect(codes(low.activations.get('d')?.scheme)).toEqual([0, 15]);
    for (const name of ['x', 'e', 'g', 'h']) expect(codes(low.activations.get(name)?.scheme)).toEqual([0, 255]);
  });

  it('stores packed weights as int4', () => {
    const low = lowBitSchemes(model, placement, { weightBits: 3, weightStorage: 'packed' });
    const scheme = low.weights.get('pointwise.w')?.scheme;
    expect(scheme?.dtype.name).toBe('int4');
    expect(codes(scheme)).toEqual([-4, 3]);
  });

  it('refuses widths it cannot give', () => {
    expect(() => lowBitSchemes(model, placement, { weightBits: 1 })).toThrow(/weightBits 2 … 8, received 1/);
    expect(() => lowBitSchemes(model, placement, { weightBits: 4, activationBits: 9 })).toThrow(/activationBits 2 … 8/);
  });
});
