import { ceilLog2, isPowerOfTwo, roundLog2 } from './binary-exponent';
import { dataRange } from './data-range';
import { InvalidArgumentError, UnsupportedSchemeError } from './errors';
import { forEachStridedRun } from './group-iterator';
import { type ChosenQParams, chooseQParams, type QParams, zeroPointFor } from './qparams';
import { fakeQuantize } from './quantize';
import { includeZero, type Range } from './range';
import { type LinearScheme, withScheme } from './scheme';
import type { TensorView } from './tensor-view';

/**
 * How dynamic fixed point picks the fraction length f of scale = 2^−f. The conventions differ by up to one bit of range:
 *
 *   coverRange  2^−f = the free scale rounded up to a power of two: nothing is clipped (PPQ; what chooseQParams does)
 *   nearest     f = −round(log2 scale): up to a factor √2 of the range is clipped (MQBench)
 *   ristretto   f = b − il,  il = ⌈log2 absmax⌉ + 1 (the sign; without it for unsigned types):
 *               absmax = 2^k itself is clipped by one code (Gysel et al. 2016, arXiv:1604.03168)
 */
export type PowerOfTwoRule = 'coverRange' | 'nearest' | 'ristretto';

/**
 * Scale 2^−f and zero point for a range, by a named convention.
 *
 * @throws {UnsupportedSchemeError} when the scheme does not ask for power-of-two scales
 * @example choosePowerOfTwoQParams(makeRange(-1, 1), int8PowerOfTwo, 'ristretto').scale[0]  // 2^-7; coverRange: 2^-6
 */
export function choosePowerOfTwoQParams(range: Range, scheme: LinearScheme, rule: PowerOfTwoRule): ChosenQParams {
  assertPowerOfTwo('[core] choosePowerOfTwoQParams', scheme);
  if (rule === 'coverRange') return chooseQParams(range, scheme);
  const free = chooseQParams(range, withScheme(scheme, { scaleForm: 'any' }));
  const exponents = Array.from(free.scale, (scale, g) => {
    if (rule === 'nearest') return roundLog2(scale);
    const absmax = Math.max(-(range.min[g] as number), range.max[g] as number);
    return ceilLog2(absmax) + (scheme.dtype.signed ? 1 : 0) - scheme.dtype.bits;
  });
  return withExponents(range, scheme, exponents, free.degenerate);
}

export interface MinMaxFloorOptions {
  /** Fraction lengths tried per parameter: f0, f0 + 1, …; default 5 (weights and inner tensors), 1 for a network input. */
  readonly candidates?: number;
}

/**
 * The search of the Vitis AI quantizer:
 *
 *   r = max(lo/qmin, hi/qmax);  f0 = ⌊log2(1/r)⌋ (0 if r < 2^−15);  f = argmin over f0 … f0 + 4 of Σ (FQ_f(x) − x)²;  f ≤ 12
 *
 * Of equally good lengths the smallest wins. Larger lengths clip the tails for a finer grid.
 *
 * @throws {UnsupportedSchemeError} when the scheme is not symmetric with power-of-two scales
 * @throws {InvalidArgumentError} when `candidates` is no positive integer
 * @see MQBench's MinMaxFloorObserver; Vitis AI user guide UG1414
 */
export function chooseMinMaxFloorQParams(
  x: TensorView,
  scheme: LinearScheme,
  options: MinMaxFloorOptions = {},
): ChosenQParams {
  const operation = '[core] chooseMinMaxFloorQParams';
  assertPowerOfTwo(operation, scheme);
  if (scheme.mapping !== 'symmetric') throw unsupported(operation, 'a symmetric scheme', scheme.mapping);
  const { candidates = 5 } = options;
  if (!Number.isInteger(candidates) || candidates < 1) {
    throw new InvalidArgumentError({ operation, expected: 'candidates ≥ 1', received: String(candidates) });
  }
  const range = dataRange(x, scheme.granularity);
  const first = Array.from(range.min, (lo, g) => {
    const r = Math.max(scheme.qmin < 0 ? lo / scheme.qmin : 0, (range.max[g] as number) / scheme.qmax);
    return r < 2 ** -15 ? 0 : -ceilLog2(r);
  });
  const best = [...first];
  const leastError = first.map(() => Number.POSITIVE_INFINITY);
  for (let step = 0; step < candidates; step++) {
    const lengths = first.map((f) => f + step);
    const errors = squaredErrors(x, scheme, scalesOf(lengths));
    for (const [g, error] of errors.entries()) {
      if (error >= (leastError[g] as number)) continue;
      leastError[g] = error;
      best[g] = lengths[g] as number;
    }
  }
  const exponents = best.map((f) => -Math.min(f, 12));
  const degenerate = exponents.flatMap((_, g) => (range.min[g] === 0 && range.max[g] === 0 ? [g] : []));
  return withExponents(range, scheme, exponents, degenerate);
}

/** f of a scale 2^−f; undefined for any other scale. */
export function fractionLength(scale: number): number | undefined {
  return isPowerOfTwo(scale) ? -ceilLog2(scale) : undefined;
}

// — internals —

function withExponents(
  range: Range,
  scheme: LinearScheme,
  exponents: readonly number[],
  degenerate: readonly number[],
): ChosenQParams {
  const { min } = includeZero(range);
  const scale = Float32Array.from(exponents, (e, g) => (degenerate.includes(g) ? 1 : 2 ** e));
  const zeroPoint = Int32Array.from(scale, (s, g) => zeroPointFor(min[g] as number, s, scheme));
  return Object.freeze({ scale, zeroPoint, degenerate });
}

function scalesOf(lengths: readonly number[]): Float32Array {
  return Float32Array.from(lengths, (f) => 2 ** -f);
}

/** Σ (FQ(x) − x)² per parameter, in float64. */
function squaredErrors(x: TensorView, scheme: LinearScheme, scale: Float32Array): Float64Array {
  const zeroPoint = Int32Array.from(scale, (s) => zeroPointFor(0, s, scheme));
  const qparams: QParams = { scale, zeroPoint };
  const onGrid = fakeQuantize(x, scheme, qparams);
  const errors = new Float64Array(scale.length);
  forEachStridedRun(x.shape, scheme.granularity, (g, start, end, step) => {
    let sum = errors[g] as number;
    for (let i = start; i < end; i += step) sum += ((onGrid[i] as number) - (x.data[i] as number)) ** 2;
    errors[g] = sum;
  });
  return errors;
}

function assertPowerOfTwo(operation: string, scheme: LinearScheme): void {
  if (scheme.scaleForm === 'powerOfTwo') return;
  throw unsupported(operation, 'a scheme with scaleForm "powerOfTwo"', JSON.stringify(scheme.scaleForm));
}

function unsupported(operation: string, expected: string, received: string): UnsupportedSchemeError {
  return new UnsupportedSchemeError({ operation, expected, received });
}
