// Number formats

export { dataRange } from './data-range';
export {
  allocateQuantized,
  type CodeRange,
  canHold,
  codesOf,
  int2,
  int4,
  int8,
  int16,
  int32,
  intDType,
  parseDType,
  type QDType,
  type QuantizedArray,
  uint2,
  uint4,
  uint8,
  uint16,
} from './dtype';
// Errors
export {
  AbortedError,
  AccumulatorOverflowError,
  ExportError,
  InputDataError,
  InvalidArgumentError,
  ModelFormatError,
  NonFiniteDataError,
  NotCalibratedError,
  QuantError,
  type QuantErrorOptions,
  RuntimeError,
  ShapeMismatchError,
  UnsupportedOperatorError,
  UnsupportedSchemeError,
} from './errors';
export {
  type BlockFloat4,
  type BlockFloat4Options,
  decodeBlockFloat4,
  encodeBlockFloat4,
} from './float/block-float4';
export {
  decodeFloat,
  decodeFloats,
  encodeFloat,
  encodeFloats,
  type FloatCodes,
  type FloatFormat,
  largestFloat,
} from './float/float-format';
export {
  bfloat16,
  float4E2M1,
  float8E4M3FN,
  float8E4M3FNUZ,
  float8E5M2,
  float8E5M2FNUZ,
  float16,
} from './float/float-formats';
export { decodeE8M0, encodeE8M0, type PowerRounding } from './float/float8-e8m0';
export {
  type ApotScheme,
  type ApotSchemeOptions,
  apotFormat,
  apotMagnitudes,
  apotScheme,
  apotTerms,
} from './format/apot';
export { type BinaryScheme, type BinarySchemeOptions, binaryFormat, binaryScheme } from './format/binary';
export { type CodebookScheme, type CodebookSchemeOptions, codebookFormat, codebookScheme } from './format/codebook';
export { linearFormat } from './format/linear';
export {
  type LogarithmicScheme,
  type LogarithmicSchemeOptions,
  logarithmicFormat,
  logarithmicScheme,
} from './format/logarithmic';
export type { NumberFormat, ParamsJson, ScaleParams, SchemeJson } from './format/number-format';
export {
  describeScheme,
  formatOf,
  numberFormats,
  type ParamsOf,
  type QuantScheme,
  schemeFromJson,
  schemeToJson,
} from './format/number-formats';
export {
  type TernaryParams,
  type TernaryScheme,
  type TernarySchemeOptions,
  ternaryFormat,
  ternaryScheme,
} from './format/ternary';
export {
  describeGranularity,
  type Granularity,
  granularityFromJson,
  paramCount,
  paramShape,
  perAxis,
  perGroup,
  perTensor,
} from './granularity';
export { forEachRun, forEachStridedRun } from './group-iterator';
export { maxDepth } from './integer/accumulator';
export { activationCodes, type ClampActivation, clampCodes } from './integer/activation-codes';
export type { CodeOutput, CodeTensor } from './integer/code-tensor';
export { integerConcat } from './integer/concat';
export { type IntegerConv2d, integerConv2d, integerConv2dShape } from './integer/conv2d';
export { integerAdd, integerMul } from './integer/elementwise';
export {
  type FixedPointMultiplier,
  fixedPointMultiplier,
  multiplyOnce,
  multiplyTwice,
  roundingDivideByPowerOfTwo,
  saturatingRoundingDoublingHighMul,
} from './integer/fixed-point';
export { type IntegerGemm, integerGemm } from './integer/gemm';
export { applyLookupTable, type LookupTable, lookupTable } from './integer/lookup-table';
export { integerAveragePool, integerGlobalAveragePool, integerMaxPool, type Pooling, poolShape } from './integer/pool';
export {
  type Requantization,
  type RequantizationMethod,
  requantizationMultiplier,
  requantize,
} from './integer/requantize';
export type { ImageLayout, Window2d } from './integer/window';
export type { HistogramBins, KernelBackend, MinMax } from './kernel-backend';
export {
  addErrors,
  compareTensors,
  type ErrorMetrics,
  type ErrorSums,
  emptyErrorSums,
  finishErrors,
} from './metrics';
export { minMaxObserver } from './observer/min-max';
export { type MovingAverageOptions, movingAverageObserver } from './observer/moving-average';
// Observers and range selection
export type { Observer, ObserverOptions, ObserverState, ObserverType, RangeStats } from './observer/observer';
export { pack, packedLength, unpack } from './packing';
export {
  chooseMinMaxFloorQParams,
  choosePowerOfTwoQParams,
  fractionLength,
  type MinMaxFloorOptions,
  type PowerOfTwoRule,
} from './power-of-two';
export {
  int8Activation,
  int8PerChannelWeight,
  int8ReducedPerChannelWeight,
  int8Weight,
  uint8Activation,
} from './presets';
export {
  assertQParams,
  type ChosenQParams,
  chooseQParams,
  type QParams,
  representableRange,
  zeroPointFor,
} from './qparams';
// The spec and the targets
export {
  type NodeDecision,
  type Provenance,
  type QParamsOrigin,
  type QuantizationSpec,
  specFromJson,
  specToJson,
  type TensorQuantization,
} from './quantization-spec';
export { dequantize, fakeQuantize, quantize } from './quantize';
export { includeZero, makeRange, mergeRange, type Range } from './range';
export { fullRange } from './range-selection/full-range';
export type { RangeSelector } from './range-selection/range-selector';
export { referenceBackend } from './reference-backend';
// Reference arithmetic
export {
  type Rounder,
  type RoundingMode,
  rounder,
  roundHalfAway,
  roundHalfDown,
  roundHalfEven,
  roundHalfEvenNegativeUp,
  roundHalfTowardZero,
  roundHalfUp,
} from './rounding';
export {
  biasScheme,
  type LinearScheme,
  type LinearSchemeJson,
  type LinearSchemeOptions,
  linearScheme,
  linearSchemeFromJson,
  linearSchemeToJson,
  withScheme,
} from './scheme';
export { type SeededRandom, seededRandom } from './seeded-random';
export { stochasticRounder } from './stochastic-rounding';
export type { PeakFormat } from './target/instruction-set/instruction-set';
export { ortArm64 } from './target/profile/ort-arm64';
export { ortWeb } from './target/profile/ort-web';
export { ortX64 } from './target/profile/ort-x64';
export type { OperatorSupport, PlacementPolicy, Target } from './target/target';
export { findTarget, targets } from './target/targets';
export { elementCount, type TensorView, view } from './tensor-view';
