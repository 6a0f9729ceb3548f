import { intDType, type QDType } from '../dtype';
import { InvalidArgumentError } from '../errors';
import { describeGranularity, type Granularity, granularityFromJson, perTensor } from '../granularity';
import type { TensorView } from '../tensor-view';
import {
  assertScales,
  dequantizeLevels,
  fakeQuantizeLevels,
  type LevelTable,
  midpoints,
  quantizeLevels,
} from './level-table';
import { magnitudesOf, scalesFrom } from './magnitudes';
import type { NumberFormat, ScaleParams } from './number-format';
import { scaleParamsFromJson, scaleParamsToJson } from './params-json';
import { assertKnownOptions, oneOf, schemeFields } from './scheme-options';

/**
 * Any list of levels: the general case of all other formats.
 *
 *   real = scale · levels[code],  code = index of the level nearest to x/scale (half-way: the one farther from 0)
 *
 * `scaleRule`: `absmax` max|x| / max|level| (normalised tables such as normal-quantile codes); `none` 1 (levels in real units).
 */
export interface CodebookScheme {
  readonly kind: 'codebook';
  /** Finite, strictly ascending (as float32 too), 2 to 65536 of them. */
  readonly levels: readonly number[];
  readonly scaleRule: 'absmax' | 'none';
  readonly granularity: Granularity;
}

export interface CodebookSchemeOptions {
  readonly levels: readonly number[];
  /** Default `absmax`. */
  readonly scaleRule?: CodebookScheme['scaleRule'];
  /** Default `perTensor`. */
  readonly granularity?: Granularity;
}

const operation = '[core] codebookScheme';

/** @throws {InvalidArgumentError} for an unknown option, or levels that are not finite and strictly ascending */
export function codebookScheme(options: CodebookSchemeOptions): CodebookScheme {
  assertKnownOptions(operation, options, ['levels', 'scaleRule', 'granularity']);
  return Object.freeze({
    kind: 'codebook',
    levels: ascendingLevels(options.levels),
    scaleRule: oneOf(operation, 'scaleRule', options.scaleRule ?? 'absmax', ['absmax', 'none']),
    granularity: granularityFromJson(options.granularity ?? perTensor),
  });
}

/** The scale by the rule of the scheme; 1 where all values are 0. */
export function chooseCodebookParams(x: TensorView, scheme: CodebookScheme): ScaleParams {
  const { absmax } = magnitudesOf(x, scheme.granularity);
  if (scheme.scaleRule === 'none') return Object.freeze({ scale: new Float32Array(absmax.length).fill(1) });
  const largest = Math.max(-(scheme.levels[0] as number), scheme.levels[scheme.levels.length - 1] as number);
  return Object.freeze({ scale: scalesFrom(absmax.map((v) => v / largest)) });
}

export const codebookFormat: NumberFormat<CodebookScheme, ScaleParams> = /* @__PURE__ */ Object.freeze<
  NumberFormat<CodebookScheme, ScaleParams>
>({
  kind: 'codebook',
  codeType,
  chooseParams: chooseCodebookParams,
  assertParams: (params, _scheme, where) => assertScales(params, where),
  quantize: (x, scheme, params, out) => quantizeLevels(x, scheme.granularity, table(scheme), params, out),
  dequantize: (codes, shape, scheme, params, out) =>
    dequantizeLevels(codes, shape, scheme.granularity, table(scheme), params, out),
  fakeQuantize: (x, scheme, params, out) => fakeQuantizeLevels(x, scheme.granularity, table(scheme), params, out),
  describe: (scheme) =>
    `codebook of ${scheme.levels.length} scale:${scheme.scaleRule} ${describeGranularity(scheme.granularity)}`,
  schemeToJson: ({ levels, scaleRule, granularity }) => ({ kind: 'codebook', levels, scaleRule, granularity }),
  schemeFromJson: (json) =>
    codebookScheme(schemeFields(operation, json, 'codebook') as unknown as CodebookSchemeOptions),
  paramsToJson: scaleParamsToJson,
  paramsFromJson: scaleParamsFromJson,
});

// — internals —

/** The narrowest unsigned type that numbers all levels. */
function codeType({ levels }: CodebookScheme): QDType {
  return intDType(Math.ceil(Math.log2(levels.length)), false);
}

function table(scheme: CodebookScheme): LevelTable {
  const levels = Float64Array.from(scheme.levels);
  return { type: codeType(scheme), firstCode: 0, levels, thresholds: midpoints(levels) };
}

function ascendingLevels(levels: readonly number[]): readonly number[] {
  const isAscending =
    Array.isArray(levels) &&
    levels.length >= 2 &&
    levels.length <= 65536 &&
    levels.every((v, i) => {
      const below = i === 0 ? Number.NEGATIVE_INFINITY : Math.fround(levels[i - 1] as number);
      return Number.isFinite(v) && Math.fround(v) > below && Math.fround(v) < Number.POSITIVE_INFINITY;
    });
  if (isAscending) return Object.freeze([...levels]);
  throw new InvalidArgumentError({
    operation,
    expected: '2 to 65536 finite levels, strictly ascending as float32',
    received: JSON.stringify(levels)?.slice(0, 60) ?? 'nothing',
  });
}
