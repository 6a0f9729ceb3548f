import { UnsupportedSchemeError } from './errors';
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
 * The range is widened to include 0 first. In float64, stored as float32:
 *   asymmetric        scale = (max − min)/(qmax − qmin);  zeroPoint = saturate(roundHalfEven(qmin − min/scale))
 *   symmetric signed  scale = absmax/qmax (divisor qmax) or 2·absmax/(qmax − qmin) (halfSpan);  zeroPoint = 0
 *   symmetric unsigned
 *     midpoint        scale = 2·absmax/(qmax − qmin);  zeroPoint = roundHalfEven((qmin + qmax)/2)
 *     zero            scale = absmax/qmax;  zeroPoint = 0
 *   powerOfTwo        scale is rounded up to the next 2^k, then the zero point is computed for it
 *   degenerate range  (scale < 2^-126): scale = 1, zeroPoint = code of 0
 * Units: range in real units. Post: zeroPoint within [qmin, qmax], so 0 is exact.
 *
 * @see Jacob et al. 2018, arXiv:1712.05877 §3; onnxruntime.quantization compute_scale_zp; docs/numerics.md
 */
export function chooseQParams(range: Range, scheme: LinearScheme): ChosenQParams {
  const wide = includeZero(range);
  const count = wide.min.length;
  const scale = new Float32Array(count);
  const zeroPoint = new Int32Array(count);
  const degenerate: number[] = [];
  for (let g = 0; g < count; g++) {
    const min = wide.min[g] as number;
    const max = wide.max[g] as number;
    let exact = exactScale(min, max, scheme);
    if (scheme.scaleForm === 'powerOfTwo' && exact >= smallestScale) exact = 2 ** Math.ceil(Math.log2(exact));
    if (Math.fround(exact) < smallestScale) {
      degenerate.push(g);
      exact = 1;
    }
    scale[g] = exact;
    zeroPoint[g] =
      scheme.mapping === 'symmetric'
        ? symmetricZeroPoint(scheme)
        : asymmetricZeroPoint(degenerate.includes(g) ? 0 : min, exact, scheme);
  }
  return Object.freeze({ scale, zeroPoint, degenerate });
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
  for (let g = 0; g < qparams.scale.length; g++) {
    const scale = qparams.scale[g] as number;
    const zeroPoint = qparams.zeroPoint[g];
    if (!(scale > 0) || !Number.isFinite(scale)) {
      throw refuse(where, 'a positive finite scale', `${scale} at parameter ${g}`);
    }
    if (zeroPoint === undefined || zeroPoint < scheme.qmin || zeroPoint > scheme.qmax) {
      throw refuse(where, `a zero point within [${scheme.qmin}, ${scheme.qmax}]`, `${zeroPoint} at parameter ${g}`);
    }
    if (scheme.mapping === 'symmetric' && zeroPoint !== symmetricZeroPoint(scheme)) {
      throw refuse(where, `zero point ${symmetricZeroPoint(scheme)} (symmetric)`, `${zeroPoint} at parameter ${g}`);
    }
    if (scheme.scaleForm === 'powerOfTwo' && !Number.isInteger(Math.log2(scale))) {
      throw refuse(where, 'a power-of-two scale', `${scale} at parameter ${g}`);
    }
  }
}

// — internals —

function exactScale(min: number, max: number, scheme: LinearScheme): number {
  const span = scheme.qmax - scheme.qmin;
  if (scheme.mapping === 'asymmetric') return max / span - min / span;
  const absmax = Math.max(-min, max);
  if (scheme.dtype.signed) return scheme.divisor === 'qmax' ? absmax / scheme.qmax : absmax / (span / 2);
  return scheme.unsignedZero === 'zero' ? absmax / scheme.qmax : absmax / (span / 2);
}

function symmetricZeroPoint(scheme: LinearScheme): number {
  if (scheme.dtype.signed || scheme.unsignedZero === 'zero') return 0;
  return roundHalfEven((scheme.qmin + scheme.qmax) / 2);
}

function asymmetricZeroPoint(min: number, scale: number, scheme: LinearScheme): number {
  const code = roundHalfEven(scheme.qmin - min / scale);
  return Math.min(Math.max(code, scheme.qmin), scheme.qmax);
}

function refuse(where: string, expected: string, received: string): UnsupportedSchemeError {
  return new UnsupportedSchemeError({ operation: `[core] assertQParams (${where})`, expected, received });
}
