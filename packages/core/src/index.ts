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
export { type Granularity, paramCount, paramShape, perAxis, perGroup, perTensor } from './granularity';
export { forEachRun } from './group-iterator';
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
export { assertQParams, type ChosenQParams, chooseQParams, type QParams, representableRange } from './qparams';
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
export { rounder, roundHalfAway, roundHalfEven, roundHalfUp } from './rounding';
export {
  biasScheme,
  describeScheme,
  type LinearScheme,
  type LinearSchemeJson,
  type LinearSchemeOptions,
  linearScheme,
  type QuantScheme,
  type RoundingMode,
  schemeFromJson,
  schemeToJson,
  withScheme,
} from './scheme';
export { ortArm64 } from './target/ort-arm64';
export { ortWeb } from './target/ort-web';
export { ortX64 } from './target/ort-x64';
export type { OperatorSupport, PeakFormat, PlacementPolicy, Target } from './target/target';
export { findTarget, targets } from './target/targets';
export { elementCount, type TensorView, view } from './tensor-view';
