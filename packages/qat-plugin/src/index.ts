// The verbs
export { prepareQat, type ResumeOptions, resumeQat } from './prepare-qat';
export type { Qat, QatResult } from './qat';
export type { BatchNormChoice, LayerChoice, QatOptions, QuantizerChoice } from './options';
export type { CalibrateOptions, SampleBatch, Samples } from './calibration/calibrate-model';
export { registerQatLayers } from './register-layers';

// Quantizers
export { ste, type SteOptions } from './quantizers/ste';
export { dorefa, type DorefaOptions } from './quantizers/dorefa';
export { pact, type PactOptions } from './quantizers/pact';
export { lsq, type LsqOptions } from './quantizers/lsq';
export { lsqPlus, type LsqPlusOptions } from './quantizers/lsq-plus';
export { dsq, type DsqOptions } from './quantizers/dsq';
export { qil, type QilOptions } from './quantizers/qil';
export { apot, type ApotOptions } from './quantizers/apot';
export { tqt, type TqtOptions } from './quantizers/tqt';
export { logarithmic, type LogarithmicOptions } from './quantizers/logarithmic';
export { progressive, type ProgressiveOptions } from './quantizers/progressive';
export { qdrop, quantNoise, type RandomlyOptions } from './quantizers/randomly';
export { quantizerFromName } from './quantizers/names';

// Quantizers of binary and ternary networks
export { approxSign, steSign, type SteSignOptions, swishSign, type SwishSignOptions } from './binary/sign-quantizers';
export { balancedSign, magnitudeAwareSign, xnor } from './binary/scaled-sign-quantizers';
export { irNet, type IrNetOptions } from './binary/ir-net';
export { rSign } from './binary/react-sign';
export { steTern, type SteTernOptions, ternaryWeights } from './binary/ternary-quantizers';

// A quantizer of your own
export type {
  Calibration,
  Grid,
  ParamValues,
  Quantizer,
  QuantizerContext,
  QuantizerParam,
  QuantizerState,
  QuantizerType,
} from './quantizers/quantizer';
export { registerQuantizer } from './quantizers/registry';
export type { Codes } from './ops/codes';
export { fakeQuantize } from './ops/fake-quantize';
export { learnedStep, type LearnedStepOptions } from './ops/learned-step';
export { binarySign, type SignSlope } from './ops/sign';
export { scaleGradient, stopGradient } from './ops/scale-gradient';

// Layers
export { QuantizeActivation } from './layers/quantize-activation';
export { QuantizeWrapper } from './layers/quantize-wrapper';
export { ConvBatchNorm, type FoldingStrategy } from './layers/conv-batch-norm';
export { FreezableBatchNorm } from './layers/freezable-batch-norm';
export {
  quantConv2d,
  quantDense,
  quantDepthwiseConv2d,
  type QuantLayerOptions,
  type QuantPaddingOptions,
} from './binary/quant-layers';
export { gatedResidual } from './binary/gated-residual';
export { rPReLU } from './binary/rprelu';
export { Bop, type BopOptions } from './binary/bop';
export { weightClip } from './binary/weight-clip';

// A rule for a layer class of your own
export { defaultRules, withRule } from './rules/default-rules';
export type { LayerRule, WeightRule } from './rules/layer-rule';

// Schedules
export { learningRate, type LearningRate, type LearningRateOptions, setLearningRate } from './schedule/learning-rate';
export type { ScheduleOptions } from './schedule/progress-schedule';
export type { CallbackOptions } from './schedule/qat-callback';

// Reports
export type { LayerReport, QatReport, TensorReport } from './report/qat-report';
export { type HistoryEntry, historyEntry, type TrainingHistory } from './report/training-history';
export { formatSummary, type LayerSummary, type ModelSummary, summarize } from './report/summary';

// Distillation
export { distillationLoss, type DistillationOptions, withTeacher } from './distillation/distillation';
