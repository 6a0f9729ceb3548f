import { describe, expect, it } from 'vitest';
import { perAxis } from '../granularity';
import { view } from '../tensor-view';
import { binaryFormat, binaryScheme } from './binary';

describe('binaryFormat', () => {
  it('gives 0 and −0 the sign +', () => {
    const scheme = binaryScheme();
    const x = view([0, -0, 1e-45, -1e-45, 3, -3]);
    const params = binaryFormat.chooseParams(x, scheme);
    expect([...binaryFormat.quantize(x, scheme, params)]).toEqual([1, 1, 1, 0, 1, 0]);
    expect([...binaryFormat.fakeQuantize(x, scheme, params)]).toEqual([1, 1, 1, -1, 1, -1]);
  });

  it('scales by the mean magnitude per filter, or by its nearest power of two', () => {
    const weights = view([1, -2, 3, -0.1, 0.1, 0.4], [2, 3]);
    const mean = binaryScheme({ scaleRule: 'mean', granularity: perAxis(0) });
    expect([...binaryFormat.chooseParams(weights, mean).scale]).toEqual([2, Math.fround(0.6 / 3)]);
    const shift = binaryScheme({ scaleRule: 'powerOfTwo', granularity: perAxis(0) });
    expect([...binaryFormat.chooseParams(weights, shift).scale]).toEqual([2, 0.25]);
    expect([...binaryFormat.fakeQuantize(weights, mean, binaryFormat.chooseParams(weights, mean)).slice(0, 3)]).toEqual(
      [2, -2, 2],
    );
  });
});
