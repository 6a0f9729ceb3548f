// Loading
export type { ContextOptions } from './create-context';
export {
  loadNativeBackend,
  type NativeBackend,
  type NativeBackendOptions,
  tryLoadNativeBackend,
} from './native-backend';
export { NativeAddonError } from './native-addon-error';
export type { NativeContext } from './native-context';
export { type NativeInfo, nativeInfo, tryNativeInfo } from './native-info';
// Memory
export { alignmentOffset } from './memory/alignment-offset';
// Fake quantization
export {
  type ClippingLevelGradients,
  type ClippingLevelOptions,
  clippingLevelBackwardF32,
} from './fake-quantize/clipping-level';
export { fakeQuantizeBackwardF32, fakeQuantizeF32 } from './fake-quantize/fake-quantize';
export { type LearnedStepGradients, learnedStepBackwardF32 } from './fake-quantize/learned-step';
export type { QuantizationGrid } from './fake-quantize/quantization-grid';
export { type SoftStaircaseGradients, softStaircaseBackwardF32 } from './fake-quantize/soft-staircase';
// Data movement
export { concat } from './movement/concat';
export type { Elements } from './movement/elements';
export { type GatherShape, gather } from './movement/gather';
export { pad } from './movement/pad';
export { slice } from './movement/slice';
export { stridedSlice } from './movement/strided-slice';
export { tile } from './movement/tile';
export { transpose } from './movement/transpose';
// Limits of the machine
export { type MeasuredPeak, measurePeak } from './peak/measure-peak';
// Conversion
export type { ByteOrWordCodes } from './conversion/binding';
export { fromBfloat16, fromFloat16, toBfloat16, toFloat16 } from './conversion/half';
export { packCodes, unpackCodes } from './conversion/pack';
export { dequantizeF32, dequantizeF32Async, quantizeF32, quantizeF32Async } from './conversion/quantize';
export { requantizeI32 } from './conversion/requantize';
// Statistics
export { type CandidateGrids, gridErrors } from './statistics/grid-errors';
export { gramF32 } from './statistics/gram';
export { entropyBins } from './statistics/entropy-bins';
export { histogram, histogramAsync } from './statistics/histogram';
export { minMax } from './statistics/min-max';
export { type Moments, moments } from './statistics/moments';
// Integer inference
export type { CodeOperand } from './inference/code-operand';
export type { Codes } from './inference/codes';
export {
  type Conv2dI8,
  conv2dI8,
  conv2dI8Async,
  conv2dI8Shape,
  type GemmI8,
  gemmI8,
  gemmI8Async,
} from './inference/conv2d-i8';
export {
  type DepthwiseI8,
  depthwiseI8,
  depthwiseI8Async,
  depthwiseI8Shape,
  type PackedDepthwiseI8,
  packDepthwiseI8,
} from './inference/depthwise-i8';
export { addI8, mulI8 } from './inference/elementwise-i8';
export type { ImageShape, WindowSteps } from './inference/image-window';
export { concatI8, lookupI8 } from './inference/lookup-i8';
export type { DequantizeTo, Int8Output, RequantizeTo } from './inference/output';
export {
  type Conv2dWeights,
  type GemmWeights,
  type PackedConv2dI8,
  packConv2dI8,
  packGemmI8,
} from './inference/packed-conv2d';
export { averagePoolI8, maxPoolI8, type PoolingI8 } from './inference/pool-i8';
export { type ResizeI8, resizeI8 } from './inference/resize-i8';
export { softmaxI8 } from './inference/softmax-i8';
// Float and training
export type { ClampActivation } from './float/activation';
export {
  type Conv2dBackwardInputOptions,
  type Conv2dOptions,
  conv2dBackwardFilterF32,
  conv2dBackwardInputF32,
  conv2dF32,
} from './float/conv2d';
export type { Conv2dShape } from './float/conv2d-shape';
export { type GemmOptions, type GemmShape, gemmF32 } from './float/gemm';
export { type PackedMatrixF32, packMatrixF32 } from './float/packed-matrix';
export {
  type BatchNormOptions,
  type BatchNormShape,
  batchNormBackwardF32,
  batchNormInferF32,
  batchNormTrainF32,
  type ChannelShape,
  momentsF32,
} from './training/batch-norm';
export { binaryF32, compareF32, selectF32, type UnaryParameters, unaryF32 } from './float/elementwise';
export type { BinaryOp, CompareOp, UnaryOp } from './float/elementwise-ops';
export { argReduceF32, type ReduceOp, reduceF32 } from './float/reduce';
export {
  logSoftmaxBackwardF32,
  logSoftmaxF32,
  type RowShape,
  softmaxBackwardF32,
  softmaxCrossEntropyF32,
  softmaxF32,
} from './float/softmax';
export {
  type AdamRule,
  adamF32,
  type MomentumRule,
  momentumF32,
  type SgdRule,
  sgdF32,
} from './training/optimizers';
// Few bits
export {
  type Conv2dB1,
  conv2dB1,
  conv2dB1Async,
  conv2dB1Shape,
  type ScaleTo,
  type ThresholdTo,
} from './few-bits/conv2d-b1';
export { type MatMulNBits, matMulNBits, matMulNBitsAsync } from './few-bits/matmul-nbits';
export { type BinaryWeights, type PackedConv2dB1, packConv2dB1 } from './few-bits/packed-conv2d-b1';
export { type NBitsWeights, type PackedNBits, packNBits } from './few-bits/packed-nbits';
export {
  depthwiseBackwardFilterF32,
  depthwiseBackwardInputF32,
  depthwiseConv2dF32,
} from './float/depthwise-conv2d';
export {
  type AveragePoolOptions,
  avgPoolBackwardF32,
  avgPoolF32,
  maxPoolBackwardF32,
  maxPoolF32,
  type Pool2dShape,
} from './float/pool2d';
export { type ResizeF32, resizeBackwardF32, resizeF32 } from './float/resize';
