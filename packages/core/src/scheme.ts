import { intDType, parseDType, type QDType } from './dtype';
import { InvalidArgumentError, UnsupportedSchemeError } from './errors';
import { type Granularity, perAxis, perGroup, perTensor } from './granularity';

/** How a tie or a fraction is rounded; the formulas are in rounding.ts. */
export type RoundingMode = 'halfEven' | 'halfAway' | 'halfUp' | 'floor';

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

/** Every way a tensor can be quantized; discriminated by `kind`. */
export type QuantScheme = LinearScheme;

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

const optionKeys = new Set<string>([
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
]);

/**
 * Makes a validated, frozen linear scheme.
 *
 * @throws {InvalidArgumentError} for an unknown option or a value outside its set
 * @throws {UnsupportedSchemeError} for a combination without meaning (narrowRange of an unsigned type, codes outside the dtype, …)
 */
export function linearScheme(options: LinearSchemeOptions): LinearScheme {
  const unknown = Object.keys(options).find((key) => !optionKeys.has(key));
  if (unknown !== undefined) throw invalid(`one of ${[...optionKeys].join(', ')}`, `unknown option "${unknown}"`);
  const { dtype } = options;
  const narrowRange = options.narrowRange ?? false;
  const scheme: LinearScheme = {
    kind: 'linear',
    dtype,
    mapping: oneOf('mapping', options.mapping ?? 'asymmetric', ['symmetric', 'asymmetric']),
    granularity: options.granularity ?? perTensor,
    narrowRange,
    qmin: options.qmin ?? dtype.qmin + (narrowRange ? 1 : 0),
    qmax: options.qmax ?? dtype.qmax,
    scaleForm: oneOf('scaleForm', options.scaleForm ?? 'any', ['any', 'powerOfTwo']),
    rounding: oneOf('rounding', options.rounding ?? 'halfEven', ['halfEven', 'halfAway', 'halfUp', 'floor']),
    unsignedZero: oneOf('unsignedZero', options.unsignedZero ?? 'midpoint', ['midpoint', 'zero']),
    divisor: oneOf('divisor', options.divisor ?? 'qmax', ['qmax', 'halfSpan']),
  };
  if (narrowRange && !dtype.signed) throw unsupported('narrowRange only for signed types', dtype.name);
  const isCodeRange =
    Number.isInteger(scheme.qmin) &&
    Number.isInteger(scheme.qmax) &&
    scheme.qmin < scheme.qmax &&
    scheme.qmin >= dtype.qmin &&
    scheme.qmax <= dtype.qmax;
  if (!isCodeRange) {
    throw unsupported(
      `integer codes qmin < qmax within ${dtype.name} [${dtype.qmin}, ${dtype.qmax}]`,
      `[${scheme.qmin}, ${scheme.qmax}]`,
    );
  }
  if (scheme.mapping === 'symmetric' && dtype.signed && (scheme.qmin > 0 || scheme.qmax <= 0)) {
    throw unsupported('codes on both sides of 0 for a symmetric signed scheme', `[${scheme.qmin}, ${scheme.qmax}]`);
  }
  return Object.freeze(scheme);
}

/** The same scheme with some options replaced. */
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

export function schemeToJson(scheme: QuantScheme): LinearSchemeJson {
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
 * Reads a scheme back, with every check of {@link linearScheme}.
 *
 * @throws {InvalidArgumentError} when the JSON is not a scheme
 */
export function schemeFromJson(json: unknown): QuantScheme {
  if (typeof json !== 'object' || json === null) throw invalid('a scheme object', String(json));
  const { kind, dtype, granularity, ...rest } = json as Record<string, unknown>;
  if (kind !== 'linear') throw invalid('kind "linear"', JSON.stringify(kind));
  return linearScheme({
    ...(rest as Omit<LinearSchemeOptions, 'dtype' | 'granularity'>),
    dtype: parseDType(String(dtype)),
    granularity: granularityFromJson(granularity),
  });
}

function granularityFromJson(json: unknown): Granularity {
  const { kind, axis, size } = (json ?? {}) as Record<string, unknown>;
  if (kind === 'perTensor') return perTensor;
  if (kind === 'perAxis') return perAxis(Number(axis));
  if (kind === 'perGroup') return perGroup(Number(axis), Number(size));
  throw invalid('granularity kind perTensor, perAxis or perGroup', JSON.stringify(kind));
}

/** Short text for reports: `int8 symmetric perAxis(0) [-127,127]`. */
export function describeScheme(scheme: QuantScheme): string {
  const { granularity: g } = scheme;
  const sharing =
    g.kind === 'perTensor'
      ? 'perTensor'
      : g.kind === 'perAxis'
        ? `perAxis(${g.axis})`
        : `perGroup(${g.axis},${g.size})`;
  const form = scheme.scaleForm === 'powerOfTwo' ? ' powerOfTwo' : '';
  return `${scheme.dtype.name} ${scheme.mapping} ${sharing} [${scheme.qmin},${scheme.qmax}]${form}`;
}

// — internals —

function oneOf<T extends string>(name: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((a) => a === value);
  if (found === undefined) throw invalid(`${name} to be ${allowed.join(' or ')}`, JSON.stringify(value));
  return found;
}

function invalid(expected: string, received: string): InvalidArgumentError {
  return new InvalidArgumentError({ operation: '[core] linearScheme', expected, received });
}

function unsupported(expected: string, received: string): UnsupportedSchemeError {
  return new UnsupportedSchemeError({ operation: '[core] linearScheme', expected, received });
}

/** Scheme of a bias: int32, symmetric, scale = scaleX · scaleW[c] (docs/numerics.md). */
export function biasScheme(granularity: Granularity): LinearScheme {
  return linearScheme({ dtype: intDType(32, true), mapping: 'symmetric', granularity });
}
