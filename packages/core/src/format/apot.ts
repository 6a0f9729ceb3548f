import { intDType, type QDType } from '../dtype';
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
import { magnitudesOf, scalesFrom } from './magnitudes';
import type { NumberFormat, ScaleParams } from './number-format';
import { scaleParamsFromJson, scaleParamsToJson } from './params-json';
import { assertKnownOptions, bitsWithin, oneOf, schemeFields } from './scheme-options';

/**
 * Additive powers of two: every level is a sum of few powers of two, so a multiplication is a few shifts and adds, and unlike
 * plain powers of two the levels stay dense near the largest one.
 *
 *   real = scale · sign · Σ_i term_i / Σ_i max(term_i),  term_i from {@link apotTerms} of the magnitude bits
 *   code = sign · (index of the magnitude among the 2^m ascending ones),  m = bits − 1 signed, bits unsigned
 *
 * The nearest level wins; half-way goes away from 0.
 *
 * @see Li, Dong and Wang 2020, arXiv:1909.13144 §2.2
 */
export interface ApotScheme {
  readonly kind: 'apot';
  readonly bits: number;
  readonly signed: boolean;
  readonly granularity: Granularity;
}

export interface ApotSchemeOptions {
  /** 2 to 8, sign included. */
  readonly bits: number;
  /** Default true. */
  readonly signed?: boolean;
  /** Default `perTensor`. */
  readonly granularity?: Granularity;
}

const operation = '[core] apotScheme';

/** @throws {InvalidArgumentError} for an unknown option or a value outside its set */
export function apotScheme(options: ApotSchemeOptions): ApotScheme {
  assertKnownOptions(operation, options, ['bits', 'signed', 'granularity']);
  return Object.freeze({
    kind: 'apot',
    bits: bitsWithin(operation, options.bits, 2, 8),
    signed: oneOf(operation, 'signed', options.signed ?? true, [true, false]),
    granularity: granularityFromJson(options.granularity ?? perTensor),
  });
}

/**
 * The terms of an m-bit magnitude: ⌊m/2⌋ terms of two bits, and one of one bit when m is odd.
 *
 * The exponents −1, −2, … are dealt to the two-bit terms in turn; of three rounds the odd bit takes its single exponent
 * after the second. Each term also contains 0.
 *   m = 4: {0, 2⁻¹, 2⁻³, 2⁻⁵} + {0, 2⁻², 2⁻⁴, 2⁻⁶};   m = 3: {0, 2⁻¹, 2⁻², 2⁻⁴} + {0, 2⁻³}
 *
 * @throws {InvalidArgumentError} when m is not 1 to 8
 */
export function apotTerms(magnitudeBits: number): readonly (readonly number[])[] {
  const bits = bitsWithin('[core] apotTerms', magnitudeBits, 1, 8);
  const pairs = Math.floor(bits / 2);
  const isOdd = bits % 2 === 1;
  const terms: number[][] = Array.from({ length: pairs }, (_, i) => {
    const third = 2 * pairs + (isOdd ? 1 : 0);
    return [0, 2 ** -(i + 1), 2 ** -(i + 1 + pairs), 2 ** -(i + 1 + third)];
  });
  if (isOdd) terms.push([0, 2 ** -(2 * pairs + 1)]);
  return terms;
}

/** The 2^m ascending magnitudes on [0, 1]: all sums of one element per term, divided by the largest. */
export function apotMagnitudes(magnitudeBits: number): Float64Array {
  let sums = [0];
  for (const term of apotTerms(magnitudeBits)) sums = sums.flatMap((sum) => term.map((t) => sum + t));
  sums.sort((a, b) => a - b);
  const largest = sums[sums.length - 1] as number;
  return Float64Array.from(sums, (sum) => sum / largest);
}

/** scale = absmax: the largest magnitude is the largest level. A parameter of zeros gets scale 1. */
export function chooseApotParams(x: TensorView, scheme: ApotScheme): ScaleParams {
  return Object.freeze({ scale: scalesFrom(magnitudesOf(x, scheme.granularity).absmax) });
}

export const apotFormat: NumberFormat<ApotScheme, ScaleParams> = /* @__PURE__ */ Object.freeze<
  NumberFormat<ApotScheme, ScaleParams>
>({
  kind: 'apot',
  codeType,
  chooseParams: chooseApotParams,
  assertParams: (params, _scheme, where) => assertScales(params, where),
  quantize: (x, scheme, params, out) => quantizeLevels(x, scheme.granularity, table(scheme), params, out),
  dequantize: (codes, shape, scheme, params, out) =>
    dequantizeLevels(codes, shape, scheme.granularity, table(scheme), params, out),
  fakeQuantize: (x, scheme, params, out) => fakeQuantizeLevels(x, scheme.granularity, table(scheme), params, out),
  describe: (scheme) => `${scheme.signed ? '' : 'u'}apot${scheme.bits} ${describeGranularity(scheme.granularity)}`,
  schemeToJson: ({ bits, signed, granularity }) => ({ kind: 'apot', bits, signed, granularity }),
  schemeFromJson: (json) => apotScheme(schemeFields(operation, json, 'apot') as unknown as ApotSchemeOptions),
  paramsToJson: scaleParamsToJson,
  paramsFromJson: scaleParamsFromJson,
});

// — internals —

function codeType({ bits, signed }: ApotScheme): QDType {
  return intDType(bits, signed);
}

function table(scheme: ApotScheme): LevelTable {
  const magnitudes = apotMagnitudes(scheme.signed ? scheme.bits - 1 : scheme.bits);
  const levels = withZeroAndSign([...magnitudes.subarray(1)], scheme.signed);
  const firstCode = scheme.signed ? 1 - magnitudes.length : 0;
  return { type: codeType(scheme), firstCode, levels, thresholds: midpoints(levels) };
}
