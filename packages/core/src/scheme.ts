import { intDType, parseDType, type QDType } from './dtype';
import { InvalidArgumentError, UnsupportedSchemeError } from './errors';
import { describeGranularity, type Granularity, granularityFromJson, perTensor } from './granularity';
import type { RoundingMode } from './rounding';

/**
 * Linear (uniform) quantization: real ≈ scale · (quantized − zeroPoint).
 * Frozen; only {@link linearScheme} makes one, so an illegal combination cannot exist.
 */
export interface LinearScheme {
  readonly kind: 'linear';
  readonly dtype: QDType;
  /** symmetric: zeroPoint is fixed (0 for signed types); asymmetric: free. */
  readonly mapping: 'symmetric' | 'asymmetric';
  readonly granularity: Granularity;
  /** Drops the most negative code of a signed type (−127…127 for int8). */
  readonly narrowRange: boolean;
  /** Codes in use, inclusive; narrower than the dtype for narrowRange and for 7-bit weights. */
  readonly qmin: number;
  readonly qmax: number;
  readonly scaleForm: 'any' | 'powerOfTwo';
  readonly rounding: RoundingMode;
  /**
   * Symmetric mapping of an unsigned type: `midpoint` puts real 0 at round((qmin+qmax)/2) (128 for uint8, onnxruntime),
   * `zero` at code 0 (data known to be ≥ 0: after ReLU).
   */
  readonly unsignedZero: 'midpoint' | 'zero';
  /** Signed symmetric divisor: absmax maps to qmax (TensorRT, onnxruntime), or to (qmax − qmin)/2 (torch, PPQ: 127.5). */
  readonly divisor: 'qmax' | 'halfSpan';
}

export interface LinearSchemeOptions {
  readonly dtype: QDType;
  /** Default `asymmetric`. */
  readonly mapping?: LinearScheme['mapping'];
  /** Default `perTensor`. */
  readonly granularity?: Granularity;
  /** Default false. */
  readonly narrowRange?: boolean;
  /** Codes in use; default the whole dtype (less the lowest code for narrowRange). */
  readonly qmin?: number;
  readonly qmax?: number;
  /** Default `any`. */
  readonly scaleForm?: LinearScheme['scaleForm'];
  /** Default `halfEven`. */
  readonly rounding?: RoundingMode;
  /** Default `midpoint`. */
  readonly unsignedZero?: LinearScheme['unsignedZero'];
  /** Default `qmax`. */
  readonly divisor?: LinearScheme['divisor'];
}

const optionKeys: readonly string[] = [
  'dtype',
  'mapping',
  'granularity',
  'narrowRange',
  'qmin',
  'qmax',
  'scaleForm',
  'rounding',
  'unsignedZero',
  'divisor',
];

const roundingModes: readonly RoundingMode[] = [
  'halfEven',
  'halfAway',
  'halfUp',
  'halfDown',
  'halfTowardZero',
  'halfEvenNegativeUp',
  'floor',
  'ceil',
];

/**
 * Makes a validated, frozen linear scheme.
 *
 * @throws {InvalidArgumentError} for an unknown option or a value outside its set
 * @throws {UnsupportedSchemeError} for a combination without meaning (narrowRange of an unsigned type, codes outside the dtype, …)
 */
export function linearScheme(options: LinearSchemeOptions): LinearScheme {
  const unknown = Object.keys(options).find((key) => !optionKeys.includes(key));
  if (unknown !== undefined) throw invalid(`one of ${optionKeys.join(', ')}`, `unknown option "${unknown}"`);
  const { dtype } = options;
  if (typeof dtype?.qmin !== 'number') throw invalid('a dtype such as int8 or uint4', `dtype ${String(dtype)}`);
  const narrowRange = oneOf('narrowRange', options.narrowRange ?? false, [false, true]);
  const scheme: LinearScheme = {
    kind: 'linear',
    dtype,
    mapping: oneOf('mapping', options.mapping ?? 'asymmetric', ['symmetric', 'asymmetric']),
    granularity: granularityFromJson(options.granularity ?? perTensor),
    narrowRange,
    qmin: options.qmin ?? dtype.qmin + (narrowRange ? 1 : 0),
    qmax: options.qmax ?? dtype.qmax,
    scaleForm: oneOf('scaleForm', options.scaleForm ?? 'any', ['any', 'powerOfTwo']),
    rounding: oneOf('rounding', options.rounding ?? 'halfEven', roundingModes),
    unsignedZero: oneOf('unsignedZero', options.unsignedZero ?? 'midpoint', ['midpoint', 'zero']),
    divisor: oneOf('divisor', options.divisor ?? 'qmax', ['qmax', 'halfSpan']),
  };
  assertCodes(scheme);
  return Object.freeze(scheme);
}

/** The same scheme with some options replaced; a new dtype or narrowRange brings its own codes. */
export function withScheme(scheme: LinearScheme, changes: Partial<LinearSchemeOptions>): LinearScheme {
  const { kind: _kind, ...options } = scheme;
  const resetsCodes = changes.dtype !== undefined || changes.narrowRange !== undefined;
  const { qmin, qmax, ...withoutCodes } = options;
  return linearScheme({ ...(resetsCodes ? withoutCodes : { ...withoutCodes, qmin, qmax }), ...changes });
}

/** JSON form of a scheme: plain data, fixed key order, dtype by name. */
export interface LinearSchemeJson {
  readonly kind: 'linear';
  readonly dtype: string;
  readonly mapping: string;
  readonly granularity: Granularity;
  readonly narrowRange: boolean;
  readonly qmin: number;
  readonly qmax: number;
  readonly scaleForm: string;
  readonly rounding: string;
  readonly unsignedZero: string;
  readonly divisor: string;
}

export function linearSchemeToJson(scheme: LinearScheme): LinearSchemeJson {
  const { dtype, mapping, granularity, narrowRange, qmin, qmax, scaleForm, rounding, unsignedZero, divisor } = scheme;
  return {
    kind: 'linear',
    dtype: dtype.name,
    mapping,
    granularity,
    narrowRange,
    qmin,
    qmax,
    scaleForm,
    rounding,
    unsignedZero,
    divisor,
  };
}

/**
 * Reads a linear scheme back, with every check of {@link linearScheme}.
 *
 * @throws {InvalidArgumentError} when the JSON is not a linear scheme
 */
export function linearSchemeFromJson(json: unknown): LinearScheme {
  if (typeof json !== 'object' || json === null) throw invalid('a scheme object', String(json));
  const { kind, dtype, granularity, ...rest } = json as Record<string, unknown>;
  if (kind !== 'linear') throw invalid('kind "linear"', JSON.stringify(kind) ?? 'nothing');
  return linearScheme({
    ...(rest as Omit<LinearSchemeOptions, 'dtype' | 'granularity'>),
    dtype: parseDType(String(dtype)),
    granularity: granularityFromJson(granularity),
  });
}

/** Short text for reports: `int8 symmetric perAxis(0) [-127,127]`. */
export function describeLinearScheme(scheme: LinearScheme): string {
  const form = scheme.scaleForm === 'powerOfTwo' ? ' powerOfTwo' : '';
  const sharing = describeGranularity(scheme.granularity);
  return `${scheme.dtype.name} ${scheme.mapping} ${sharing} [${scheme.qmin},${scheme.qmax}]${form}`;
}

/** Scheme of a bias: int32, symmetric, scale = scaleX · scaleW[c] (docs/numerics.md). */
export function biasScheme(granularity: Granularity): LinearScheme {
  return linearScheme({ dtype: intDType(32, true), mapping: 'symmetric', granularity });
}

// — internals —

function assertCodes({ dtype, mapping, narrowRange, qmin, qmax, unsignedZero }: LinearScheme): void {
  const codes = `[${qmin}, ${qmax}]`;
  if (narrowRange && !dtype.signed) throw unsupported('narrowRange only for signed types', dtype.name);
  const isWithinType =
    Number.isInteger(qmin) && Number.isInteger(qmax) && qmin < qmax && qmin >= dtype.qmin && qmax <= dtype.qmax;
  if (!isWithinType) {
    throw unsupported(`integer codes qmin < qmax within ${dtype.name} [${dtype.qmin}, ${dtype.qmax}]`, codes);
  }
  if (narrowRange && qmin === dtype.qmin) throw unsupported(`qmin > ${dtype.qmin} with narrowRange`, codes);
  if (mapping === 'asymmetric') return;
  if (dtype.signed && (qmin > 0 || qmax <= 0)) {
    throw unsupported('codes on both sides of 0 for a symmetric signed scheme', codes);
  }
  if (!dtype.signed && unsignedZero === 'zero' && qmin > 0) {
    throw unsupported('code 0 in use when it stands for real 0 (unsignedZero "zero")', codes);
  }
}

function oneOf<T extends string | boolean>(option: string, value: T, allowed: readonly T[]): T {
  if (allowed.includes(value)) return value;
  throw invalid(`${option} ${allowed.join(' or ')}`, JSON.stringify(value));
}

function invalid(expected: string, received: string): InvalidArgumentError {
  return new InvalidArgumentError({ operation: '[core] linearScheme', expected, received });
}

function unsupported(expected: string, received: string): UnsupportedSchemeError {
  return new UnsupportedSchemeError({ operation: '[core] linearScheme', expected, received });
}
