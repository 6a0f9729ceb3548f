import { type PlanProblem, shortestFloat32, type TensorQuantization } from '@bitwright/core';

/**
 * One parameter in the convention of AIMET ≤ 1.0.0, SNPE and QNN:
 *
 *   x = scale·(q + offset),  q in [0, 2^bw − 1],  offset = −(zeroPoint − qmin of the type) ≤ 0
 *
 * so uint8 gives offset = −zeroPoint and int8 gives offset = −(zeroPoint + 128).
 */
export interface Encoding {
  readonly scale: number;
  readonly offset: number;
  /** Real value of code 0: scale·offset. */
  readonly min: number;
  /** Real value of the last code: scale·(offset + 2^bw − 1). */
  readonly max: number;
}

/** Encodings of a tensor, one per parameter; scales as the shortest decimals with the same float32 bits. */
export function encodingsOf({ scheme, qparams }: TensorQuantization): readonly Encoding[] {
  const { dtype } = scheme;
  const steps = 2 ** dtype.bits - 1;
  return Array.from(qparams.scale, (stored, g) => {
    const scale = shortestFloat32(stored);
    const offset = dtype.qmin - (qparams.zeroPoint[g] as number);
    // `+ 0` turns −0 into 0.
    return { scale, offset: offset + 0, min: scale * offset + 0, max: scale * (offset + steps) };
  });
}

/** Zero point of a code type from an offset. */
export function zeroPointOf(offset: number, bits: number, isSigned: boolean): number {
  return (isSigned ? -(2 ** (bits - 1)) : 0) - offset;
}

/** What the rules of the format say about one parameter. */
export function encodingProblems(
  { scale, offset, min, max }: { scale: unknown; offset: unknown; min?: unknown; max?: unknown },
  bits: number,
  where: string,
): readonly PlanProblem[] {
  if (typeof scale !== 'number' || !(scale > 0 && Number.isFinite(scale))) {
    return [{ where, expected: 'a positive finite scale', received: JSON.stringify(scale) ?? 'none' }];
  }
  const least = -(2 ** bits - 1);
  if (typeof offset !== 'number' || !Number.isInteger(offset) || offset > 0 || offset < least) {
    return [{ where, expected: `an integer offset in [${least}, 0]`, received: JSON.stringify(offset) ?? 'none' }];
  }
  if (min === undefined && max === undefined) return [];
  return [
    ...boundProblem('min', min, scale * offset, scale, where),
    ...boundProblem('max', max, scale * (offset - least), scale, where),
  ];
}

// — internals —

/** A bound may differ from what scale and offset say by the rounding of decimal text only. */
const largestBoundError = 1e-4;

function boundProblem(name: string, value: unknown, exact: number, scale: number, where: string): PlanProblem[] {
  const isClose =
    typeof value === 'number' && Math.abs(value - exact) <= largestBoundError * Math.max(scale, Math.abs(exact));
  return isClose
    ? []
    : [{ where, expected: `${name} ${exact}, as scale and offset say`, received: JSON.stringify(value) ?? 'none' }];
}
