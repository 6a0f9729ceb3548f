import { assertShapes } from '../assert-shapes';
import { allocateQuantized, int2, type QDType, type QuantizedArray } from '../dtype';
import { InvalidArgumentError, UnsupportedSchemeError } from '../errors';
import { describeGranularity, type Granularity, granularityFromJson, paramCount, perTensor } from '../granularity';
import { forEachStridedRun } from '../group-iterator';
import { shortestFloat32s } from '../shortest-float32';
import type { TensorView } from '../tensor-view';
import { assertScales, dequantizeLevels, type LevelTable } from './level-table';
import { magnitudesOf, scalesFrom } from './magnitudes';
import type { NumberFormat, ScaleParams } from './number-format';
import { numbersAt, scaleParamsToJson } from './params-json';
import { assertKnownOptions, oneOf, schemeFields } from './scheme-options';

/**
 * Three levels:  real = scale · code,  code = 1 if x > Δ, −1 if x < −Δ, else 0.
 *
 * The rule of Ternary Weight Networks: Δ = thresholdFactor · mean|x|, and with `scaleRule` `mean` the scale is the mean of
 * |x| over |x| > Δ, which minimises the squared error for that Δ; with `none` it is 1.
 *
 * @see Li and Liu 2016, arXiv:1605.04711 eqs. 5–6
 */
export interface TernaryScheme {
  readonly kind: 'ternary';
  readonly thresholdFactor: number;
  readonly scaleRule: 'none' | 'mean';
  readonly granularity: Granularity;
}

export interface TernarySchemeOptions {
  /** Default 0.7. */
  readonly thresholdFactor?: number;
  /** Default `mean`. */
  readonly scaleRule?: TernaryScheme['scaleRule'];
  /** Default `perTensor`. */
  readonly granularity?: Granularity;
}

export interface TernaryParams extends ScaleParams {
  /** Δ in real units, float32, ≥ 0, length G. */
  readonly threshold: Float32Array;
}

const operation = '[core] ternaryScheme';

/** @throws {InvalidArgumentError} for an unknown option or a value outside its set */
export function ternaryScheme(options: TernarySchemeOptions = {}): TernaryScheme {
  assertKnownOptions(operation, options, ['thresholdFactor', 'scaleRule', 'granularity']);
  const thresholdFactor = options.thresholdFactor ?? 0.7;
  if (!(thresholdFactor >= 0) || !Number.isFinite(thresholdFactor)) {
    throw new InvalidArgumentError({
      operation,
      expected: 'a thresholdFactor ≥ 0',
      received: String(thresholdFactor),
    });
  }
  return Object.freeze({
    kind: 'ternary',
    thresholdFactor,
    scaleRule: oneOf(operation, 'scaleRule', options.scaleRule ?? 'mean', ['none', 'mean']),
    granularity: granularityFromJson(options.granularity ?? perTensor),
  });
}

/** Threshold and scale by the rule of the scheme; scale 1 where no value passes the threshold (all codes are 0 then). */
export function chooseTernaryParams(x: TensorView, scheme: TernaryScheme): TernaryParams {
  const { mean } = magnitudesOf(x, scheme.granularity);
  const threshold = Float32Array.from(mean, (m) => scheme.thresholdFactor * m);
  const count = paramCount(x.shape, scheme.granularity);
  if (scheme.scaleRule === 'none') return Object.freeze({ scale: new Float32Array(count).fill(1), threshold });
  const sum = new Float64Array(count);
  const passed = new Float64Array(count);
  forEachStridedRun(x.shape, scheme.granularity, (g, start, end, step) => {
    const delta = threshold[g] as number;
    for (let i = start; i < end; i += step) {
      const magnitude = Math.abs(x.data[i] as number);
      if (magnitude > delta) {
        sum[g] = (sum[g] as number) + magnitude;
        passed[g] = (passed[g] as number) + 1;
      }
    }
  });
  return Object.freeze({ scale: scalesFrom(sum.map((s, g) => (s === 0 ? 0 : s / (passed[g] as number)))), threshold });
}

export const ternaryFormat: NumberFormat<TernaryScheme, TernaryParams> = /* @__PURE__ */ Object.freeze<
  NumberFormat<TernaryScheme, TernaryParams>
>({
  kind: 'ternary',
  codeType: (): QDType => int2,
  chooseParams: chooseTernaryParams,
  assertParams: assertTernaryParams,
  quantize: quantizeTernary,
  dequantize: dequantizeTernary,
  fakeQuantize: (x, scheme, params, out) =>
    dequantizeTernary(quantizeTernary(x, scheme, params), x.shape, scheme, params, out),
  describe: (scheme) =>
    `ternary Δ=${scheme.thresholdFactor}·mean scale:${scheme.scaleRule} ${describeGranularity(scheme.granularity)}`,
  schemeToJson: ({ thresholdFactor, scaleRule, granularity }) => ({
    kind: 'ternary',
    thresholdFactor,
    scaleRule,
    granularity,
  }),
  schemeFromJson: (json) => ternaryScheme(schemeFields(operation, json, 'ternary') as TernarySchemeOptions),
  paramsToJson: (params) => ({
    ...scaleParamsToJson(params),
    threshold: shortestFloat32s(params.threshold),
  }),
  paramsFromJson: (json) =>
    Object.freeze({
      scale: Float32Array.from(numbersAt(json, 'scale')),
      threshold: Float32Array.from(numbersAt(json, 'threshold')),
    }),
});

// — internals —

function quantizeTernary(
  x: TensorView,
  { granularity }: TernaryScheme,
  params: TernaryParams,
  out?: QuantizedArray,
): QuantizedArray {
  const { scale, threshold } = params;
  const count = assertShapes('[core] quantize', x.shape, x.data, granularity, { scale, threshold }, out);
  const codes = out ?? allocateQuantized(int2, count);
  const { data } = x;
  forEachStridedRun(x.shape, granularity, (g, start, end, step) => {
    const delta = threshold[g] as number;
    for (let i = start; i < end; i += step) {
      const v = data[i] as number;
      codes[i] = v > delta ? 1 : v < -delta ? -1 : 0;
    }
  });
  return codes;
}

function assertTernaryParams(params: TernaryParams, _scheme: TernaryScheme, where: string): void {
  assertScales(params, where);
  const { scale, threshold } = params;
  const bad = threshold.findIndex((t) => !(t >= 0) || !Number.isFinite(t));
  if (bad < 0 && threshold.length === scale.length) return;
  throw new UnsupportedSchemeError({
    operation: `[core] assertParams (${where})`,
    expected: `${scale.length} finite thresholds ≥ 0`,
    received: bad < 0 ? String(threshold.length) : `${threshold[bad]} at parameter ${bad}`,
  });
}

function dequantizeTernary(
  codes: ArrayLike<number>,
  shape: readonly number[],
  { granularity }: TernaryScheme,
  params: TernaryParams,
  out?: Float32Array,
): Float32Array {
  const table: LevelTable = {
    type: int2,
    firstCode: -1,
    levels: Float64Array.of(-1, 0, 1),
    thresholds: Float64Array.of(-0.5, 0.5),
  };
  return dequantizeLevels(codes, shape, granularity, table, params, out);
}
