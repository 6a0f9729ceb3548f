import { intDType, linearScheme, perAxis, perTensor } from '@bitwright/core';
import { recoveredTensor } from '../text-format/recovered-spec';
import { zeroPointOf } from './encoding';
import type { EncodedTensor } from './encoding-version';

/** Fields that 0.6.1 and 1.0.0 both have, checked. */
export interface LegacyFields {
  readonly name: string;
  readonly bits: number;
  readonly isSymmetric: boolean;
  readonly scales: readonly number[];
  readonly offsets: readonly number[];
}

/** The tensor an encoding with negative offsets means: signed when it says symmetric and 0 is in the middle, else unsigned. */
export function legacyTensor({ name, bits, isSymmetric, scales, offsets }: LegacyFields): EncodedTensor {
  const middle = -(2 ** (bits - 1));
  const isSigned = offsets.every((offset) => offset === middle) && (isSymmetric || scales.length > 1);
  return {
    name,
    quantization(role, axisOf) {
      const axis = axisOf(scales.length);
      const scheme = linearScheme({
        dtype: intDType(bits, isSigned),
        mapping: isSigned ? 'symmetric' : 'asymmetric',
        granularity: axis === undefined ? perTensor : perAxis(axis),
      });
      return recoveredTensor(
        role,
        scheme,
        scales,
        offsets.map((offset) => zeroPointOf(offset, bits, isSigned)),
      );
    },
  };
}
