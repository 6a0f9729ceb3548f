import { intDType, type QDType } from '@bitwright/core';

/** The code type a FakeQuantize stands for: signed and centred when 0 lies in the middle of its levels, else unsigned from 0. */
export function smallestTypeOf(
  levels: number,
  low: readonly number[],
  scales: readonly number[],
): { readonly dtype: QDType; readonly qmin: number } {
  const bits = Math.ceil(Math.log2(levels));
  const below = low.map((bound, g) => Math.round(-bound / (scales[g] as number)));
  const half = Math.floor(levels / 2);
  const isCentred = below.every((steps) => steps === half);
  return isCentred ? { dtype: intDType(bits, true), qmin: -half } : { dtype: intDType(bits, false), qmin: 0 };
}
