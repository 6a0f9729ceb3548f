import '@tensorflow/tfjs-backend-cpu';
import { int8, linearScheme, perAxis, perTensor, fakeQuantize as reference, uint8, view } from '@bitwright/core';
import { tensor } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { gradientsOf, uniform } from '../../test/numeric';
import { fakeQuantize } from './fake-quantize';

/** Values on and next to ties of a step, and far outside the range. */
function edgeValues(scale: number): Float32Array {
  const ties = Array.from({ length: 41 }, (_, i) => Math.fround(Math.fround(i - 20 + 0.5) * scale));
  return Float32Array.from([...ties, 0, -0, 1e6, -1e6, ...uniform(200, -3, 3, 5)]);
}

describe('fakeQuantize', () => {
  it.each([0.1, 0.25, Math.fround(0.3), 1 / 255])("gives the bits of core's fakeQuantize at scale %f", (step) => {
    const scale = Float32Array.of(step);
    const zeroPoint = Int32Array.of(7);
    const x = edgeValues(scale[0] as number);
    const scheme = linearScheme({ dtype: uint8, qmin: 0, qmax: 15 });
    const expected = reference(view(x), scheme, { scale, zeroPoint });
    const found = fakeQuantize(tensor(x), tensor(scale), tensor([7]), { qmin: 0, qmax: 15 }).dataSync();
    expect(Array.from(found)).toEqual(Array.from(expected));
  });

  it('gives the same bits per channel of the last axis', () => {
    const x = uniform(3 * 3 * 2 * 4, -2, 2, 9);
    const scale = Float32Array.of(0.1, 0.03, 0.5, 0.2);
    const scheme = linearScheme({ dtype: int8, mapping: 'symmetric', granularity: perAxis(3), qmin: -7, qmax: 7 });
    const expected = reference(view(x, [3, 3, 2, 4]), scheme, { scale, zeroPoint: new Int32Array(4) });
    const step = tensor(scale, [1, 1, 1, 4]);
    const found = fakeQuantize(tensor(x, [3, 3, 2, 4]), step, tensor([0]), { qmin: -7, qmax: 7 }).dataSync();
    expect(Array.from(found)).toEqual(Array.from(expected));
    expect(perTensor.kind).toBe('perTensor');
  });

  it('passes the gradient where the rounded code is in range', () => {
    // s = 1, codes 0…3: 3.4 rounds to 3 (in range), 3.6 to 4 (out), −0.4 to 0 (in), −0.6 to −1 (out)
    const x = Float32Array.of(3.4, 3.6, -0.4, -0.6, 1.2);
    const f = (...[input]: Parameters<Parameters<typeof gradientsOf>[0]>) =>
      fakeQuantize(input as never, tensor([1]), tensor([0]), { qmin: 0, qmax: 3 });
    const [dx] = gradientsOf(f, [{ data: x, shape: [5] }], Float32Array.of(1, 2, 3, 4, 5));
    expect(Array.from(dx as Float32Array)).toEqual([1, 0, 3, 0, 5]);
  });
});
