import type { QDType, QuantizedArray } from '../dtype';
import type { TensorView } from '../tensor-view';

/** Parameters of every non-linear format: real = scale[g] · level(code). Float32, > 0, length G. */
export interface ScaleParams {
  readonly scale: Float32Array;
}

/**
 * One way to write real numbers as small codes, as a value: everything that depends on the kind of a scheme.
 *
 * Laws, tested for each format: fakeQuantize = dequantize ∘ quantize; fakeQuantize is non-decreasing, and idempotent (but for
 * ternary parameters with a threshold above the scale);
 * schemeFromJson(schemeToJson(s)) and paramsFromJson(paramsToJson(p)) are the identity.
 */
export interface NumberFormat<Scheme, Params extends ScaleParams> {
  readonly kind: string;
  /** Integer type in which codes are stored, one per element; narrower types pack with `pack`. */
  codeType(scheme: Scheme): QDType;
  /** Parameters from the data itself, by the rule the scheme names (linear: its smallest and largest value). */
  chooseParams(x: TensorView, scheme: Scheme): Params;
  /** @throws {UnsupportedSchemeError} when the parameters contradict the scheme; `where` names the tensor */
  assertParams(params: Params, scheme: Scheme, where: string): void;
  /** @throws {ShapeMismatchError} when lengths do not fit the shape and granularity */
  quantize(x: TensorView, scheme: Scheme, params: Params, out?: QuantizedArray): QuantizedArray;
  /** @throws {ShapeMismatchError} when lengths do not fit the shape and granularity */
  dequantize(
    codes: ArrayLike<number>,
    shape: readonly number[],
    scheme: Scheme,
    params: Params,
    out?: Float32Array,
  ): Float32Array;
  /** @throws {ShapeMismatchError} when lengths do not fit the shape and granularity */
  fakeQuantize(x: TensorView, scheme: Scheme, params: Params, out?: Float32Array): Float32Array;
  /** Short text for reports. */
  describe(scheme: Scheme): string;
  /** Plain data with a fixed key order; `kind` first. */
  schemeToJson(scheme: Scheme): SchemeJson;
  /** @throws {InvalidArgumentError} when the JSON is no scheme of this kind */
  schemeFromJson(json: unknown): Scheme;
  /** Plain data with a fixed key order; float32 values as the shortest decimal that reads back to the same bits. */
  paramsToJson(params: Params): ParamsJson;
  /** @throws {InvalidArgumentError} when the JSON holds no parameters of this format */
  paramsFromJson(json: unknown): Params;
}

/** A scheme as plain JSON. */
export interface SchemeJson {
  readonly kind: string;
  readonly [option: string]: unknown;
}

/** Parameters as plain JSON: arrays of numbers by name. */
export interface ParamsJson {
  readonly [name: string]: readonly number[];
}
