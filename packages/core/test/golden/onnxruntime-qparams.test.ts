import { describe, expect, it } from 'vitest';
import golden from '../../src/__fixtures__/golden/onnxruntime-qparams.json';
import {
  chooseQParams,
  dataRange,
  linearScheme,
  makeRange,
  parseDType,
  perGroup,
  roundHalfEven,
  view,
} from '../../src/index';
import { bitsOf, float32Of } from './hexadecimal';

/** onnxruntime's symmetric schemes divide by half the span, also where the codes are lopsided (int4). */
function optionsOf(c: { dtype: string; symmetric: boolean; qmin: number; qmax: number }) {
  return {
    dtype: parseDType(c.dtype),
    mapping: c.symmetric ? ('symmetric' as const) : ('asymmetric' as const),
    divisor: 'halfSpan' as const,
    qmin: c.qmin,
    qmax: c.qmax,
  };
}

describe('chooseQParams against onnxruntime.quantization', () => {
  it.each(golden.tensors)('equals compute_scale_zp: $name', (c) => {
    const bounds = float32Of(c.ranges);
    const range = makeRange(
      bounds.filter((_, i) => i % 2 === 0),
      bounds.filter((_, i) => i % 2 === 1),
    );
    const scheme = linearScheme(optionsOf(c));
    const chosen = chooseQParams(range, scheme);
    expect(bitsOf(chosen.scale)).toEqual(bitsOf(float32Of(c.scale)));
    // The one deviation: a degenerate symmetric unsigned range keeps the midpoint that all its channels share.
    const midpoint = roundHalfEven((c.qmin + c.qmax) / 2);
    const isMidpoint = c.symmetric && c.dtype.startsWith('u');
    const expected = c.zeroPoint.map((z, g) => (isMidpoint && chosen.degenerate.includes(g) ? midpoint : z));
    expect([...chosen.zeroPoint]).toEqual(expected);
    expect(chosen.degenerate.length).toBeGreaterThan(0);
  });

  it.each(golden.blocked)('equals compute_scale_zp_blocked: $name', (c) => {
    const granularity = perGroup(c.axis, c.blockSize);
    const scheme = linearScheme({ ...optionsOf(c), granularity });
    const chosen = chooseQParams(dataRange(view(float32Of(c.x), c.shape), granularity), scheme);
    expect(bitsOf(chosen.scale)).toEqual(bitsOf(float32Of(c.scale)));
    expect([...chosen.zeroPoint]).toEqual(c.zeroPoint);
  });
});
