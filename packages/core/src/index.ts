// Number formats
export {
  allocateQuantized,
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
export type { KernelBackend } from './kernel-backend';
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
export { ortArm64 } from './target/profile/ort-arm64';
export { ortWeb } from './target/profile/ort-web';
export { ortX64 } from './target/profile/ort-x64';
export type { PeakFormat } from './target/instruction-set/instruction-set';
export type { OperatorSupport, PlacementPolicy, Target } from './target/target';
export { findTarget, targets } from './target/targets';
export { elementCount, type TensorView, view } from './tensor-view';
