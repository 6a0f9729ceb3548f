import { describe, expect, it } from 'vitest';
import golden from '../../src/__fixtures__/golden/torch-fake-quantize.json';
import {
  chooseQParams,
  dataRange,
  fakeQuantize,
  int8,
  linearScheme,
  parseDType,
  perAxis,
  perTensor,
  view,
} from '../../src/index';
import { float32Of } from './hexadecimal';

/**
 * torch multiplies by a float32 1/scale instead of dividing: x/scale moves by at most 1.5 ulp, so a code may differ by one
 * where x/scale is this close to half-way.
 */
const tieTolerance = 2 ** -21;

describe('fakeQuantize against torch', () => {
  it.each(golden.cases)('equals fake_quantize, ties apart: $dtype [$qmin, $qmax] axis $axis', (c) => {
    const granularity = c.axis === null ? perTensor : perAxis(c.axis);
    const scheme = linearScheme({ dtype: parseDType(c.dtype), qmin: c.qmin, qmax: c.qmax, granularity });
    const scale = float32Of(c.scale);
    const x = float32Of(c.x);
    const ours = fakeQuantize(view(x, c.shape), scheme, { scale, zeroPoint: Int32Array.from(c.zeroPoint) });
    const theirs = float32Of(c.real);
    const perRow = c.shape[1] as number;
    const different = [...ours.keys()].filter((i) => {
      const s = scale[c.axis === null ? 0 : Math.floor(i / perRow)] as number;
      const steps = (x[i] as number) / s;
      const isTie = Math.abs(Math.abs(steps - Math.floor(steps)) - 0.5) < Math.abs(steps) * tieTolerance;
      return ours[i] !== theirs[i] && !isTie;
    });
    expect(different).toEqual([]);
  });

  it.each(golden.symmetricObservers)(
    'divisor "halfSpan" equals the symmetric observers: [$qmin, $qmax] axis $axis',
    (c) => {
      const granularity = c.axis === null ? perTensor : perAxis(c.axis);
      const { qmin, qmax } = c;
      const scheme = linearScheme({ dtype: int8, mapping: 'symmetric', divisor: 'halfSpan', qmin, qmax, granularity });
      const chosen = chooseQParams(dataRange(view(float32Of(c.x), c.shape), granularity), scheme);
      expect(chosen.scale).toEqual(float32Of(c.scale));
    },
  );
});
