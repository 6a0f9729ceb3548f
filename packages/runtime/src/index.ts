// Running packed models
export { type IntegerModel, type LoadOptions, loadPackedModel, type ObservedTensor } from './load-packed-model';
export type { RealTensor } from './model-inputs';
// Integer operators: the definition, and the seam for faster ones
export type {
  Convolution,
  ConvolutionCall,
  ConvolutionWeights,
  ImagePooling,
  IntegerOperators,
  ToCodes,
  ToReals,
} from './integer-operators';
export { integerOperators } from './reference-operators';
export { integerSoftmax } from './integer-softmax';
// Operators of one's own
export type { Constant } from './constants';
export type { LoweringContext, OperatorLowering, Step, StepOutput } from './lowering';
export type { RunContext } from './run-context';
export { defaultLowerings, type LoweringRegistry, loweringRegistry } from './steps/registry';
export type { ActivationCodes, Arrangement, CodesValue, RealValue, Value } from './value';
