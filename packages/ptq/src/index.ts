// The verbs
export { type QuantizeResult, quantizeModel } from './quantize-model';
export type { QuantizeOptions } from './quantize-options';
export {
  type InspectedValue,
  type InspectOptions,
  inspectModel,
  type ModelInspection,
  type PlannedNode,
} from './inspect-model';

// Data
export type { FeedArray, Feeds, FeedTensor, FeedType, SampleSource } from './feeds';
export { asSampleSource, limitedBatches, type SampleInput, sampleCount, takeSamples } from './sample-source';

// Steps, each usable alone
export { type PreparedModel, prepareModel } from './prepare-model';
export { type PlanOptions, planPrepared, planQuantization, type QuantizationPlan } from './plan';
export { calibrationBatchSize } from './batch-size';
export { parseBits } from './parse-bits';
export { exclusionFilter } from './exclusions';
export { type AnyRangeSelector, rangeSelectorNames, resolveRangeSelector } from './range-selectors';
export {
  type CalibrateOptions,
  type CalibrationResult,
  calibrate,
  calibrateExtremes,
  type Observers,
} from './calibrate';
export { convolutionOf } from './convolution-of';
export { buildSpec, type SpecInputs } from './build-spec';
export { type OutputComparison, type Verification, type VerifyOptions, verifyExported } from './verify';
export {
  argmaxRows,
  compareLatency,
  type EvaluateOptions,
  type Evaluation,
  evaluateClassifiers,
  type LatencyComparison,
  type LatencyOptions,
  predictClasses,
} from './evaluate';
export { countOperators, type RuntimeGraph, readRuntimeGraph } from './runtime-graph';
export { defaultTarget } from './default-target';
// Diagnosis: a quantized model next to its float model
export { type CompareOptions, compareModels } from './diagnosis/compare-models';
export type {
  ActivationHistogram,
  ChannelError,
  CodeUsage,
  Comparison,
  LayerComparison,
  LayerQuantization,
  MatchingSummary,
  MemorySchedule,
  ModelFacts,
  OutputErrors,
  TensorErrors,
  UnmatchedLayer,
} from './diagnosis/comparison';
export { decibelText, percentText } from './diagnosis/diagnose-text';
export type { Finding, FindingCode } from './diagnosis/finding';
export type { WeightComparison } from './diagnosis/weight-errors';

// Calibration in shards
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
export { assertStateOf, type CollectOptions, collectStatistics } from './collect-statistics';

// Level 1: equalization, absorption, bias correction, smoothing
export {
  type CorrectBiasOptions,
  type CorrectBiasResult,
  type CorrectedLayer,
  correctBias,
} from './bias-correction/correct-bias';
export { correctBiasFromStatistics } from './bias-correction/correct-bias-from-statistics';
export type { UncorrectedLayer } from './bias-correction/correctable-layers';
export { layerInputTensors } from './bias-correction/layer-input-tensors';
export {
  type AbsorbedBias,
  type AbsorbOptions,
  type AbsorbResult,
  absorbHighBias,
} from './equalization/absorb-high-bias';
export {
  batchNormStatistics,
  type ChannelStatistics,
  type StatisticsTable,
} from './equalization/batch-norm-statistics';
export type { BlockedGroup } from './equalization/channel-groups';
export { type ChannelTensor, type ObserveChannelsOptions, observeChannels } from './equalization/channel-statistics';
export {
  type EqualizedPair,
  type EqualizeOptions,
  type EqualizeResult,
  equalizeWeights,
} from './equalization/equalize-weights';
export { equalizedTensors } from './equalization/equalized-tensors';
export { observeChannelMaxima } from './smoothing/channel-maxima';
export {
  type SmoothedTensor,
  type SmoothOptions,
  type SmoothResult,
  smoothActivations,
  smoothableTensors,
} from './smoothing/smooth-activations';
export type { UnsmoothedTensor } from './smoothing/smoothing-groups';

// Adaptive rounding and few bits
export {
  findLowBitLayers,
  type LayerBits,
  type LowBitLayers,
  type LowBitOptions,
  lowBitSchemes,
} from './rounding/low-bit-schemes';
export {
  type LayerRounding,
  type RoundWeightsOptions,
  type RoundWeightsResult,
  roundWeights,
} from './rounding/round-weights';
export { type SeparatedSkips, separateSkips } from './rounding/separate-skips';
export {
  type BlockReconstruction,
  type ReconstructBlocksResult,
  reconstructBlocks,
} from './reconstruction/reconstruct-blocks';
export type { ReconstructBlocksOptions, ReconstructionSettings } from './reconstruction/reconstruction-options';
export type { Rounding } from './refine-spec';

// Mixed precision
export { type BitBudget, allocateBits, type BitAllocations, budgetLimit } from './mixed-precision/allocate-bits';
export {
  bitsByHand,
  type ChooseBitsInputs,
  type ChosenBits,
  chooseBits,
  type MixedPrecisionOptions,
  type MixedPrecisionReport,
} from './mixed-precision/choose-bits';
export { formatLayerBits, parseLayerBits } from './mixed-precision/layer-bits';
export { type CostKind, layerCost, layerMacs } from './mixed-precision/layer-costs';
export {
  type Choice,
  type Combination,
  type ParetoFront,
  paretoFront,
  withinBudget,
} from './mixed-precision/pareto-front';
export { type RoundedWeights, type RoundToWidthsOptions, roundToWidths } from './mixed-precision/round-to-widths';
export { type LayerSensitivity, measureSensitivity, type SensitivityMetric } from './mixed-precision/sensitivity';
export type { OutputDistance } from './probe/output-distance';
export { createOutputProbe, type OutputProbe } from './probe/output-probe';
export { type MeasuredRanges, measureRanges, type RangeChoice } from './probe/measured-ranges';

// The accuracy ladder
export { climbLadder, type LadderOptions, type LadderResult } from './ladder/climb-ladder';
export {
  bestRung,
  type LadderState,
  ladderStateFromJson,
  ladderStateToJson,
  type RungChanges,
  type RungResult,
} from './ladder/ladder-state';

// Weights only: language and speech models, without calibration
export type { SymmetricRule } from './weight-only/block-grid';
export type { WeightMethod } from './weight-only/choose-codes';
export { dtypeFileName, parseWeightDType, type WeightDType, weightDTypes } from './weight-only/dtypes';
export { formatWeightReport } from './weight-only/format-weight-report';
export { type QuantizeWeightsResult, quantizeWeights } from './weight-only/quantize-weights';
export type { ConvolutionForm, QuantizeWeightsOptions, WeightSettings } from './weight-only/weight-options';
export type { QuantizedWeight, WeightClassSize, WeightReport } from './weight-only/weight-report';

// The runtime seam
export {
  loadRuntime,
  type OnnxRuntimeModule,
  type Runtime,
  type Session,
  type SessionOptions,
  type SessionTensor,
} from './session';

// Progress and reports
export type { OnProgress, Progress } from './progress';
export type { FloatNode, QuantizationReport } from './report';
export { formatBytes, formatReport, type ReportRow, reportRows } from './format-report';
