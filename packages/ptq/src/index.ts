// The verbs

export { buildSpec, type SpecInputs } from './build-spec';
// Steps, each usable alone
export {
  type CalibrateOptions,
  type CalibrationResult,
  calibrate,
  calibrateExtremes,
  type Observers,
} from './calibrate';
export {
  type CalibrationState,
  calibrationStateFromJson,
  calibrationStateToJson,
  mergeCalibrationStates,
  type SampleRange,
  seenSamples,
  shardRange,
  stateObservers,
} from './calibration-state';
export { type CollectOptions, collectStatistics } from './collect-statistics';
export { defaultTarget } from './default-target';
export {
  compareLatency,
  type EvaluateOptions,
  type Evaluation,
  evaluateClassifiers,
  type LatencyComparison,
  type LatencyOptions,
} from './evaluate';
export { exclusionFilter } from './exclusions';
// Data
export type { FeedArray, Feeds, FeedTensor, FeedType, SampleSource } from './feeds';
export { formatBytes, formatReport, type ReportRow, reportRows } from './format-report';
export {
  type InspectedValue,
  type InspectOptions,
  inspectModel,
  type ModelInspection,
  type PlannedNode,
} from './inspect-model';
export { type PlanOptions, planQuantization, type QuantizationPlan } from './plan';
export { type PreparedModel, prepareModel } from './prepare-model';
// Progress and reports
export type { OnProgress, Progress } from './progress';
export { type QuantizeOptions, type QuantizeResult, quantizeModel } from './quantize-model';
export { type AnyRangeSelector, rangeSelectorNames, resolveRangeSelector } from './range-selectors';
export type { FloatNode, QuantizationReport } from './report';
export { countOperators, type RuntimeGraph, readRuntimeGraph } from './runtime-graph';
export { asSampleSource, limitedBatches, type SampleInput, sampleCount, takeSamples } from './sample-source';
// The runtime seam
export {
  loadRuntime,
  type OnnxRuntimeModule,
  type Runtime,
  type Session,
  type SessionOptions,
  type SessionTensor,
} from './session';
export { type OutputComparison, type Verification, type VerifyOptions, verifyExported } from './verify';
