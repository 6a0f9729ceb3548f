import { floorLog2, isPowerOfTwo, roundLog2 } from '../binary-exponent';
import { intDType, type QDType } from '../dtype';
import { UnsupportedSchemeError } from '../errors';
import { describeGranularity, type Granularity, granularityFromJson, perTensor } from '../granularity';
import type { TensorView } from '../tensor-view';
import {
  assertScales,
  dequantizeLevels,
  fakeQuantizeLevels,
  type LevelTable,
  midpoints,
  quantizeLevels,
  withZeroAndSign,
} from './level-table';
import { magnitudesOf } from './magnitudes';
import type { NumberFormat, ScaleParams } from './number-format';
import { scaleParamsFromJson, scaleParamsToJson } from './params-json';
import { assertKnownOptions, bitsWithin, oneOf, schemeFields } from './scheme-options';

/**
 * Powers of two with sign and zero: a multiplication becomes a shift.
 *
 *   real = sign · 2^e or 0,  e in [Emax − (M − 1), Emax],  M = 2^(bits−1) − 1 signed, 2^bits − 1 unsigned
 *   code = sign · (e − Emin + 1), 0 for zero;   scale = 2^Emax
 *
 * `nearest` 'linear': the nearest level (thresholds 0.75·2^(e+1)); 'logarithmic': the nearest exponent (thresholds 2^(e+½),
 * and zero below 2^(Emin − ½)).
 *
 * @see Miyashita et al. 2016, arXiv:1603.01025 (logarithmic); Zhou et al. 2017 (INQ), arXiv:1702.03044 (linear)
 */
export interface LogarithmicScheme {
  readonly kind: 'logarithmic';
  readonly bits: number;
  readonly signed: boolean;
  readonly nearest: 'linear' | 'logarithmic';
  readonly granularity: Granularity;
}

export interface LogarithmicSchemeOptions {
  /** 2 to 8, sign included. */
  readonly bits: number;
  /** Default true. */
  readonly signed?: boolean;
  /** Default `linear`. */
  readonly nearest?: LogarithmicScheme['nearest'];
  /** Default `perTensor`. */
  readonly granularity?: Granularity;
}

const operation = '[core] logarithmicScheme';

/** @throws {InvalidArgumentError} for an unknown option or a value outside its set */
export function logarithmicScheme(options: LogarithmicSchemeOptions): LogarithmicScheme {
  assertKnownOptions(operation, options, ['bits', 'signed', 'nearest', 'granularity']);
  return Object.freeze({
    kind: 'logarithmic',
    bits: bitsWithin(operation, options.bits, 2, 8),
    signed: oneOf(operation, 'signed', options.signed ?? true, [true, false]),
    nearest: oneOf(operation, 'nearest', options.nearest ?? 'linear', ['linear', 'logarithmic']),
    granularity: granularityFromJson(options.granularity ?? perTensor),
  });
}

/**
 * scale = 2^Emax from the largest magnitude, so that it is not clipped by more than its rounding:
 *   linear       Emax = ⌊log2(4·absmax/3)⌋ (INQ)
 *   logarithmic  Emax = round(log2 absmax)
 * A parameter of zeros gets scale 1.
 */
export function chooseLogarithmicParams(x: TensorView, scheme: LogarithmicScheme): ScaleParams {
  const { absmax } = magnitudesOf(x, scheme.granularity);
  const scale = Float32Array.from(absmax, (largest) => {
    if (largest < 2 ** -126) return 1;
    return 2 ** Math.min(scheme.nearest === 'linear' ? nearestExponent(largest) : roundLog2(largest), 127);
  });
  return Object.freeze({ scale });
}

export const logarithmicFormat: NumberFormat<LogarithmicScheme, ScaleParams> = /* @__PURE__ */ Object.freeze<
  NumberFormat<LogarithmicScheme, ScaleParams>
>({
  kind: 'logarithmic',
  codeType,
  chooseParams: chooseLogarithmicParams,
  assertParams(params, _scheme, where) {
    assertScales(params, where);
    const bad = params.scale.findIndex((s) => !isPowerOfTwo(s));
    if (bad < 0) return;
    throw new UnsupportedSchemeError({
      operation: `[core] assertParams (${where})`,
      expected: 'a power-of-two scale',
      received: `${params.scale[bad]} at parameter ${bad}`,
    });
  },
  quantize: (x, scheme, params, out) => quantizeLevels(x, scheme.granularity, table(scheme), params, out),
  dequantize: (codes, shape, scheme, params, out) =>
    dequantizeLevels(codes, shape, scheme.granularity, table(scheme), params, out),
  fakeQuantize: (x, scheme, params, out) => fakeQuantizeLevels(x, scheme.granularity, table(scheme), params, out),
  describe: (scheme) =>
    `${scheme.signed ? '' : 'u'}log${scheme.bits} ${scheme.nearest} ${describeGranularity(scheme.granularity)}`,
  schemeToJson: ({ bits, signed, nearest, granularity }) => ({
    kind: 'logarithmic',
    bits,
    signed,
    nearest,
    granularity,
  }),
  schemeFromJson: (json) =>
    logarithmicScheme(schemeFields(operation, json, 'logarithmic') as unknown as LogarithmicSchemeOptions),
  paramsToJson: scaleParamsToJson,
  paramsFromJson: scaleParamsFromJson,
});

// — internals —

function codeType({ bits, signed }: LogarithmicScheme): QDType {
  return intDType(bits, signed);
}

/** Exponent of the power of two nearest to x > 0; half-way (1.5·2^e) goes up: ⌊log2(4x/3)⌋. */
function nearestExponent(x: number): number {
  const e = floorLog2(x);
  return x >= 1.5 * 2 ** e ? e + 1 : e;
}

/** Levels in units of 2^Emax: 2^(1−M) … 2^0 with zero and sign. */
function table(scheme: LogarithmicScheme): LevelTable {
  const { bits, signed, nearest } = scheme;
  const count = signed ? 2 ** (bits - 1) - 1 : 2 ** bits - 1;
  const magnitudes = Array.from({ length: count }, (_, i) => 2 ** (i + 1 - count));
  const levels = withZeroAndSign(magnitudes, signed);
  const roots = magnitudes.map((m) => m * Math.SQRT1_2);
  const thresholds =
    nearest === 'linear'
      ? midpoints(levels)
      : Float64Array.of(...(signed ? roots.map((t) => -t).reverse() : []), ...roots);
  return { type: codeType(scheme), firstCode: signed ? -count : 0, levels, thresholds };
}
