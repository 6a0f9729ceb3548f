import { DataType, tensorFromArray, tensorToFloat32 } from '@bitwright/onnx';
import { describe, expect, it } from 'vitest';
import { narrowTensor } from './narrow-tensor';

const tensor = (...values: number[]) =>
  tensorFromArray('w', DataType.FLOAT, [values.length], Float32Array.from(values));
const valuesOf = (...values: number[]) => [...tensorToFloat32(narrowTensor(tensor(...values), 'masks').tensor)];

describe('narrowTensor', () => {
  it('rounds to the nearest float16, ties to even', () => {
    // Steps of 2^-10 in [1, 2): 1 + 2^-11 is a tie and goes to 1, 1 + 3·2^-11 goes to 1 + 2^-9
    expect(valuesOf(1 + 2 ** -11, 1 + 3 * 2 ** -11, -0.1)).toEqual([1, 1 + 2 ** -9, -0.0999755859375]);
  });

  it('clamps the large negative numbers of attention masks and counts them', () => {
    const { tensor: narrowed, clamped } = narrowTensor(tensor(0, -1e9, -3.4e38), 'masks');
    expect([...tensorToFloat32(narrowed)]).toEqual([0, -65504, -65504]);
    expect(clamped).toBe(2);
  });

  it('keeps infinities', () => {
    expect(valuesOf(Number.NEGATIVE_INFINITY, 65519)).toEqual([Number.NEGATIVE_INFINITY, 65504]);
  });

  it('refuses large positive numbers and names the tensor', () => {
    expect(() => narrowTensor(tensor(1, 70000), 'masks')).toThrow(/"w".*within ±65504.*1 beyond, largest 70000/s);
    expect(() => narrowTensor(tensor(-1e9), 'error')).toThrow(/1 beyond, largest -1000000000/);
  });

  it('clamps both signs when asked to', () => {
    expect([...tensorToFloat32(narrowTensor(tensor(70000, -1e9), 'clamp').tensor)]).toEqual([65504, -65504]);
  });

  it('raises a tiny scalar, which is an epsilon, and flushes tiny elements of larger tensors', () => {
    expect(narrowTensor(tensor(1e-12), 'masks')).toMatchObject({ isRaised: true, flushed: 0 });
    expect(valuesOf(1e-12)).toEqual([2 ** -23]);
    expect(narrowTensor(tensor(1e-12, 1), 'masks')).toMatchObject({ isRaised: false, flushed: 1 });
  });
});
