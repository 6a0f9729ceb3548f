import { ceilLog2, isPowerOfTwo } from './binary-exponent';
import { InvalidArgumentError, UnsupportedSchemeError } from './errors';
import { includeZero, type Range } from './range';
import { roundHalfEven } from './rounding';
import type { LinearScheme } from './scheme';

/** Scale and zero point of one tensor: arrays of length G = paramCount(shape, granularity). */
export interface QParams {
  /** Real units per quantized step; float32, > 0. */
  readonly scale: Float32Array;
  /** The code that dequantizes to exactly 0. */
  readonly zeroPoint: Int32Array;
}

export interface ChosenQParams extends QParams {
  /** Parameter indices whose range was too small for a scale: scale 1, the code of 0, worth a note in a report. */
  readonly degenerate: readonly number[];
}

/** Smallest normal float32: below it a scale loses precision, so the range counts as degenerate (onnxruntime's rule). */
const smallestScale = 2 ** -126;

/**
 * Scale and zero point for a range: the only place where they are computed.
 *
 * The bounds are rounded to float32 and widened to include 0; with absmax = max(−min, max):
 *   asymmetric        scale = fround(max − min)/(qmax − qmin);  zeroPoint = saturate(roundHalfEven(qmin − min/scale))
 *   symmetric signed  scale = absmax/qmax (divisor qmax) or 2·absmax/(qmax − qmin) (halfSpan);  zeroPoint = 0
 *   symmetric unsigned
 *     midpoint        scale = 2·absmax/(qmax − qmin);  zeroPoint = roundHalfEven((qmin + qmax)/2)
 *     zero            scale = absmax/qmax;  zeroPoint = 0
 *   powerOfTwo        scale is rounded up to the next 2^k, so nothing is clipped (PPQ; other rules in power-of-two.ts)
 *   degenerate        (scale < 2^-126): scale = 1, zeroPoint = 0 saturated (symmetric: as above)
 * Divisions are in float64, the scale is stored as float32. The zero point is computed with the unrounded scale, per group
 * with the stored one: both as onnxruntime does it, to the bit.
 * Units: range in real units. Post: zeroPoint within [qmin, qmax], so 0 is exact.
 *
 * Deviation: a degenerate symmetric unsigned range keeps the midpoint (onnxruntime: 0), so that all channels share one code.
 *
 * @throws {InvalidArgumentError} when a range is so wide that its scale is no finite float32
 * @see Jacob et al. 2018, arXiv:1712.05877 §3; onnxruntime.quantization compute_scale_zp; docs/numerics.md
 */
export function chooseQParams(range: Range, scheme: LinearScheme): ChosenQParams {
  const wide = includeZero(range);
  const count = wide.min.length;
  const scale = new Float32Array(count);
  const zeroPoint = new Int32Array(count);
  const degenerate: number[] = [];
  for (let g = 0; g < count; g++) {
    const min = Math.fround(wide.min[g] as number);
    const max = Math.fround(wide.max[g] as number);
    let chosen = exactScale(min, max, scheme);
    if (scheme.granularity.kind === 'perGroup') chosen = Math.fround(chosen);
    if (chosen < smallestScale) {
      degenerate.push(g);
      scale[g] = 1;
      zeroPoint[g] = scheme.mapping === 'symmetric' ? symmetricZeroPoint(scheme) : saturate(0, scheme);
      continue;
    }
    if (scheme.scaleForm === 'powerOfTwo') chosen = 2 ** ceilLog2(chosen);
    scale[g] = chosen;
    if (!Number.isFinite(scale[g])) throw tooWide(wide, g);
    zeroPoint[g] = zeroPointFor(min, chosen, scheme);
  }
  return Object.freeze({ scale, zeroPoint, degenerate: Object.freeze(degenerate) });
}

/**
 * The zero point that belongs to a scale chosen elsewhere (learned, or rounded to a power of two):
 * fixed for symmetric schemes, else saturate(roundHalfEven(qmin − min/scale)) for a range that begins at `min` ≤ 0.
 */
export function zeroPointFor(min: number, scale: number, scheme: LinearScheme): number {
  if (scheme.mapping === 'symmetric') return symmetricZeroPoint(scheme);
  return saturate(roundHalfEven(scheme.qmin - min / scale), scheme);
}

/**
 * The real interval that the codes of a scheme cover: [scale·(qmin − zeroPoint), scale·(qmax − zeroPoint)].
 */
export function representableRange(qparams: QParams, scheme: LinearScheme): Range {
  const bound = (code: number): Float64Array =>
    Float64Array.from(qparams.scale, (s, g) => s * (code - (qparams.zeroPoint[g] as number)));
  return Object.freeze({ min: bound(scheme.qmin), max: bound(scheme.qmax) });
}

/**
 * Checks parameters that came from outside (a file, a user) against a scheme.
 *
 * @throws {UnsupportedSchemeError} when a scale is not a positive finite number, a zero point is outside the codes, or symmetric is broken
 */
export function assertQParams(qparams: QParams, scheme: LinearScheme, where: string): void {
  if (qparams.zeroPoint.length !== qparams.scale.length) {
    throw refuse(where, `${qparams.scale.length} zero points, one per scale`, String(qparams.zeroPoint.length));
  }
  for (let g = 0; g < qparams.scale.length; g++) {
    const scale = qparams.scale[g] as number;
    const zeroPoint = qparams.zeroPoint[g] as number;
    if (!(scale > 0) || !Number.isFinite(scale)) {
      throw refuse(where, 'a positive finite scale', `${scale} at parameter ${g}`);
    }
    if (zeroPoint < scheme.qmin || zeroPoint > scheme.qmax) {
      throw refuse(where, `a zero point within [${scheme.qmin}, ${scheme.qmax}]`, `${zeroPoint} at parameter ${g}`);
    }
    if (scheme.mapping === 'symmetric' && zeroPoint !== symmetricZeroPoint(scheme)) {
      throw refuse(where, `zero point ${symmetricZeroPoint(scheme)} (symmetric)`, `${zeroPoint} at parameter ${g}`);
    }
    if (scheme.scaleForm === 'powerOfTwo' && !isPowerOfTwo(scale)) {
      throw refuse(where, 'a power-of-two scale', `${scale} at parameter ${g}`);
    }
  }
}

// — internals —

/** Scale before it is stored; `min` ≤ 0 ≤ `max` are float32 values. */
function exactScale(min: number, max: number, scheme: LinearScheme): number {
  const span = scheme.qmax - scheme.qmin;
  if (scheme.mapping === 'asymmetric') return Math.fround(max - min) / span;
  const absmax = Math.max(-min, max);
  const isHalfSpan = scheme.dtype.signed ? scheme.divisor === 'halfSpan' : scheme.unsignedZero === 'midpoint';
  return isHalfSpan ? (2 * absmax) / span : absmax / scheme.qmax;
}

function symmetricZeroPoint(scheme: LinearScheme): number {
  if (scheme.dtype.signed || scheme.unsignedZero === 'zero') return 0;
  return roundHalfEven((scheme.qmin + scheme.qmax) / 2);
}

function saturate(code: number, scheme: LinearScheme): number {
  return Math.min(Math.max(code, scheme.qmin), scheme.qmax);
}

function tooWide(range: Range, g: number): InvalidArgumentError {
  return new InvalidArgumentError({
    operation: '[core] chooseQParams',
    expected: 'a range whose scale is a finite float32',
    received: `[${range.min[g]}, ${range.max[g]}] at parameter ${g}`,
  });
}

function refuse(where: string, expected: string, received: string): UnsupportedSchemeError {
  return new UnsupportedSchemeError({ operation: `[core] assertQParams (${where})`, expected, received });
}
