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
export type { ConvolutionBackend, FloatClamp, FloatConv2d } from './float-convolution/convolution-backend';
export { referenceConvolution } from './float-convolution/reference-convolution';
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
export { codeSpread } from './integer/code-spread';
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
export { type FixedHistogramOptions, fixedEdges, fixedHistogramObserver } from './observer/fixed-histogram';
export {
  type GramObserver,
  type GramObserverType,
  type GramOptions,
  type GramStats,
  gramObserver,
} from './observer/gram';
export { type HistogramOptions, histogramObserver } from './observer/histogram';
export type { Histogram, HistogramStats } from './observer/histogram-stats';
export { type MeanStats, meanObserver } from './observer/mean';
export { minMaxObserver } from './observer/min-max';
export { type MomentsStats, momentsObserver } from './observer/moments';
export { type MovingAverageOptions, movingAverageObserver } from './observer/moving-average';
// Observers and range selection
export type {
  Observer,
  ObserverOptions,
  ObserverState,
  ObserverType,
  RangeStats,
  RestoreOptions,
  StatisticsBackend,
} from './observer/observer';
export { builtInObservers, observerFromJson } from './observer/registry';
export { type TailsOptions, type TailsStats, tailsObserver } from './observer/tails';
export { type TopTwo, type TopTwoOptions, type TopTwoStats, topTwoObserver } from './observer/top-two';
export { withObserverOptions } from './observer/with-observer-options';
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
  type AnyQuantizationSpec,
  emptySpec,
  type JsonObject,
  type JsonValue,
  type NodeDecision,
  type Provenance,
  type QParamsOrigin,
  type QuantizationSpec,
  type TensorQuantization,
  withNodes,
  withTensor,
  withTensors,
} from './quantization-spec';
export { asLinearSpec, makeSpec, type SpecParts } from './quantization-spec-check';
export { anySpecFromJson, specFromJson } from './quantization-spec-reader';
export { specToJson } from './quantization-spec-writer';
export { dequantize, fakeQuantize, quantize } from './quantize';
export { includeZero, makeRange, mergeRange, type Range } from './range';
export { type AciqOptions, aciq } from './range-selection/aciq';
export { optimalClip } from './range-selection/clipping-optimum';
export { type CosineOptions, cosine } from './range-selection/cosine';
export { type EntropyOptions, entropy } from './range-selection/entropy';
export { erf, erfc } from './range-selection/error-function';
export { fullRange } from './range-selection/full-range';
export { lsqStep } from './range-selection/lsq-step';
export { type ErrorSearchOptions, meanSquaredError } from './range-selection/mean-squared-error';
export { orderPreserving } from './range-selection/order-preserving';
export { exactPercentile, type PercentileOptions, percentile } from './range-selection/percentile';
export type { RangeSelector } from './range-selection/range-selector';
export { type SelectedQParams, selectQParams } from './range-selection/select-qparams';
export { standardDeviation } from './range-selection/standard-deviation';
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
export { shortestFloat32 } from './shortest-float32';
export { stochasticRounder } from './stochastic-rounding';
export { assertPlan, type PlanProblem, planProblems } from './target/assert-plan';
export { assertScheme, checkScheme, type SchemeCheck } from './target/check-scheme';
export { defineTarget } from './target/define-target';
export type { EvidenceLevel, TargetEvidence } from './target/evidence';
export {
  type InstructionSet,
  type PeakFormat,
  type PeakRate,
  peakFormats,
} from './target/instruction-set/instruction-set';
export { instructionSets } from './target/instruction-set/instruction-sets';
export { type OperatorGroups, operatorTable } from './target/operator-table';
export { canFormatPay, type FormatPay, type PayVerdict, theoreticalPeak } from './target/peak';
export { academic } from './target/profile/academic';
export { ascend } from './target/profile/ascend';
export { mnn } from './target/profile/mnn';
export { ncnn } from './target/profile/ncnn';
export { openvino } from './target/profile/openvino';
export { ortArm64 } from './target/profile/ort-arm64';
export { ortWeb } from './target/profile/ort-web';
export { ortWebWebGpu } from './target/profile/ort-web-webgpu';
export { ortX64 } from './target/profile/ort-x64';
export { ortX64Avx2 } from './target/profile/ort-x64-avx2';
export { ortX64Vnni } from './target/profile/ort-x64-vnni';
export { pplnn } from './target/profile/pplnn';
export { qnn } from './target/profile/qnn';
export { rknn } from './target/profile/rknn';
export { snpe } from './target/profile/snpe';
export { tengine } from './target/profile/tengine';
export { tensorrt10 } from './target/profile/tensorrt-10';
export { tensorrt11 } from './target/profile/tensorrt-11';
export { tflite } from './target/profile/tflite';
export { vitis } from './target/profile/vitis';
export { describeRule, type KindRule, type LinearRule, type SchemeRule } from './target/scheme-rule';
export type {
  BiasKind,
  OperatorSupport,
  PlacementPolicy,
  Target,
  TargetConstraints,
  TensorRole,
  WeightOnlySupport,
} from './target/target';
export { findTarget, targets } from './target/targets';
export { elementCount, type TensorView, view } from './tensor-view';
