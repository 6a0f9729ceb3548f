import { roundLog2 } from '../binary-exponent';
import { intDType, type QDType } from '../dtype';
import { describeGranularity, type Granularity, granularityFromJson, perTensor } from '../granularity';
import type { TensorView } from '../tensor-view';
import { assertScales, dequantizeLevels, fakeQuantizeLevels, type LevelTable, quantizeLevels } from './level-table';
import { magnitudesOf, scalesFrom } from './magnitudes';
import type { NumberFormat, ScaleParams } from './number-format';
import { scaleParamsFromJson, scaleParamsToJson } from './params-json';
import { assertKnownOptions, oneOf, schemeFields } from './scheme-options';

/**
 * One bit per number:  real = +scale if x ≥ 0, −scale otherwise (so sign(0) = +1);   code 1 for +, 0 for −.
 *
 * `scaleRule`: `none` scale 1 (BinaryConnect, arXiv:1511.00363); `mean` mean|x| (XNOR-Net, arXiv:1603.05279);
 * `powerOfTwo` 2^round(log2 mean|x|) (the shift of IR-Net, arXiv:1909.10788; its centring is the caller's).
 */
export interface BinaryScheme {
  readonly kind: 'binary';
  readonly scaleRule: 'none' | 'mean' | 'powerOfTwo';
  readonly granularity: Granularity;
}

export interface BinarySchemeOptions {
  /** Default `none`. */
  readonly scaleRule?: BinaryScheme['scaleRule'];
  /** Default `perTensor`. */
  readonly granularity?: Granularity;
}

const operation = '[core] binaryScheme';

/** @throws {InvalidArgumentError} for an unknown option or a value outside its set */
export function binaryScheme(options: BinarySchemeOptions = {}): BinaryScheme {
  assertKnownOptions(operation, options, ['scaleRule', 'granularity']);
  return Object.freeze({
    kind: 'binary',
    scaleRule: oneOf(operation, 'scaleRule', options.scaleRule ?? 'none', ['none', 'mean', 'powerOfTwo']),
    granularity: granularityFromJson(options.granularity ?? perTensor),
  });
}

/** The scale by the rule of the scheme; 1 where all values are 0. */
export function chooseBinaryParams(x: TensorView, scheme: BinaryScheme): ScaleParams {
  const { mean } = magnitudesOf(x, scheme.granularity);
  if (scheme.scaleRule === 'none') return Object.freeze({ scale: new Float32Array(mean.length).fill(1) });
  const scale = scalesFrom(mean);
  return Object.freeze({ scale: scheme.scaleRule === 'mean' ? scale : scale.map((s) => 2 ** roundLog2(s)) });
}

export const binaryFormat: NumberFormat<BinaryScheme, ScaleParams> = /* @__PURE__ */ Object.freeze<
  NumberFormat<BinaryScheme, ScaleParams>
>({
  kind: 'binary',
  codeType: (): QDType => intDType(1, false),
  chooseParams: chooseBinaryParams,
  assertParams: (params, _scheme, where) => assertScales(params, where),
  quantize: (x, scheme, params, out) => quantizeLevels(x, scheme.granularity, table(), params, out),
  dequantize: (codes, shape, scheme, params, out) =>
    dequantizeLevels(codes, shape, scheme.granularity, table(), params, out),
  fakeQuantize: (x, scheme, params, out) => fakeQuantizeLevels(x, scheme.granularity, table(), params, out),
  describe: (scheme) => `binary scale:${scheme.scaleRule} ${describeGranularity(scheme.granularity)}`,
  schemeToJson: ({ scaleRule, granularity }) => ({ kind: 'binary', scaleRule, granularity }),
  schemeFromJson: (json) => binaryScheme(schemeFields(operation, json, 'binary') as BinarySchemeOptions),
  paramsToJson: scaleParamsToJson,
  paramsFromJson: scaleParamsFromJson,
});

// — internals —

function table(): LevelTable {
  return { type: intDType(1, false), firstCode: 0, levels: Float64Array.of(-1, 1), thresholds: Float64Array.of(0) };
}
