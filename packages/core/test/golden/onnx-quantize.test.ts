import { describe, expect, it } from 'vitest';
import golden from '../../src/__fixtures__/golden/onnx-quantize.json';
import {
  dequantize,
  fakeQuantize,
  type Granularity,
  linearScheme,
  parseDType,
  perAxis,
  perGroup,
  perTensor,
  quantize,
  view,
} from '../../src/index';
import { bitsOf, codesOfHex, float32Of } from './hexadecimal';

function granularityOf(axis: number | null, blockSize: number): Granularity {
  if (axis === null) return perTensor;
  return blockSize === 0 ? perAxis(axis) : perGroup(axis, blockSize);
}

describe('quantize and dequantize against ONNX', () => {
  it.each(golden.cases)('give the bits of QuantizeLinear and DequantizeLinear: $name', (c) => {
    const scheme = linearScheme({ dtype: parseDType(c.dtype), granularity: granularityOf(c.axis, c.blockSize) });
    const qparams = { scale: float32Of(c.scale), zeroPoint: Int32Array.from(c.zeroPoint) };
    const x = view(float32Of(c.x), c.shape);
    const codes = quantize(x, scheme, qparams);
    expect([...codes]).toEqual([...codesOfHex(c.codes, c.dtype)]);
    const real = float32Of(c.real);
    expect(bitsOf(dequantize(codes, c.shape, scheme, qparams))).toEqual(bitsOf(real));
    expect(bitsOf(fakeQuantize(x, scheme, qparams))).toEqual(bitsOf(real));
  });

  it.each(golden.extremes)('saturate infinities and keep subnormal numbers apart as onnxruntime does: $dtype', (c) => {
    const scheme = linearScheme({ dtype: parseDType(c.dtype) });
    for (const [i, scale] of float32Of(c.scales).entries()) {
      const qparams = { scale: Float32Array.of(scale), zeroPoint: Int32Array.of(0) };
      const codes = quantize(view(float32Of(c.x)), scheme, qparams);
      expect([...codes], `scale ${scale}`).toEqual([...codesOfHex(c.codes[i] as string, c.dtype)]);
    }
  });
});
