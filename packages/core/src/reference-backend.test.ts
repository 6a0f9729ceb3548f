import { describe, expect, it } from 'vitest';
import { int4 } from './dtype';
import { perTensor } from './granularity';
import { int8Weight } from './presets';
import { referenceBackend as backend } from './reference-backend';
import { view } from './tensor-view';

const qparams = { scale: Float32Array.of(0.5), zeroPoint: Int32Array.of(0) };

describe('referenceBackend', () => {
  it('writes every result into the array of the caller', () => {
    const codes = new Int8Array(3);
    backend.quantize(view([1, -1, 0.3]), int8Weight, qparams, codes);
    expect([...codes]).toEqual([2, -2, 1]);
    const real = new Float32Array(3);
    backend.dequantize(codes, [3], int8Weight, qparams, real);
    expect([...real]).toEqual([1, -1, 0.5]);
    backend.fakeQuantize(view([0.7, 9, -9]), int8Weight, qparams, real);
    expect([...real]).toEqual([0.5, 9, -9]);

    const bytes = new Uint8Array(2);
    backend.pack(codes, int4, bytes);
    expect([...bytes]).toEqual([0xe2, 0x01]);
    backend.unpack(bytes, int4, codes.fill(0));
    expect([...codes]).toEqual([2, -2, 1]);
  });

  it('computes a layer: product, then codes', () => {
    const acc = new Int32Array(2);
    backend.gemm(
      {
        m: 1,
        n: 2,
        k: 2,
        a: Uint8Array.of(3, 1),
        aZeroPoint: 1,
        b: Int8Array.of(1, 2, 3, 4),
        bLayout: 'KN',
        bZeroPoint: 0,
      },
      acc,
    );
    expect([...acc]).toEqual([2, 4]);
    const out = new Uint8Array(2);
    const multiplier = Float32Array.of(10);
    backend.requantize(
      { acc, shape: [1, 2], granularity: perTensor, multiplier, zeroPoint: 1, qmin: 0, qmax: 30 },
      out,
    );
    expect([...out]).toEqual([21, 30]);
    backend.conv2d(
      {
        layout: 'NHWC',
        input: Uint8Array.of(3, 1),
        inputShape: [1, 1, 1, 2],
        inputZeroPoint: 1,
        weight: Int8Array.of(1, 3, 2, 4),
        weightShape: [2, 1, 1, 2],
        weightZeroPoint: 0,
      },
      acc,
    );
    expect([...acc]).toEqual([2, 4]);
  });

  it('collects statistics', () => {
    const extremes = { min: new Float32Array(1), max: new Float32Array(1) };
    expect(backend.minMax(view([1, -3]), perTensor, extremes)).toBe(0);
    expect([extremes.min[0], extremes.max[0]]).toEqual([-3, 1]);
    const counts = new Float64Array(2);
    expect(backend.histogram(Float32Array.of(0, 1, 5), { exponent: 0, firstBin: 0 }, counts)).toBe(1);
    expect([...counts]).toEqual([1, 1]);
  });
});
