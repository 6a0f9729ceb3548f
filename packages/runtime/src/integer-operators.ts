import type { CodeOutput, CodeTensor, KernelBackend, LookupTable, Pooling, QuantizedArray } from '@bitwright/core';

/** Weights of a convolution, prepared once for many calls. A matrix product is one with a 1×1 window. */
export interface ConvolutionWeights {
  /** Codes [O, KH, KW, C/groups]. */
  readonly weight: QuantizedArray;
  readonly weightShape: readonly [o: number, kh: number, kw: number, c: number];
  /** One for all or one per output. */
  readonly weightZeroPoint: number | Int32Array;
  readonly groups: number;
  readonly dilations: readonly [number, number];
}

/** Accumulators to codes; see core's requantize. */
export interface ToCodes extends CodeOutput {
  /** M = scaleX·scaleW[o]/scaleY per output. */
  readonly multiplier: Float32Array;
  readonly method: 'float' | 'fixedPointTwice' | 'fixedPointOnce';
}

/** Accumulators to real numbers:  fround(fround(acc)·multiplier[o]) + addend[o]. */
export interface ToReals {
  /** scaleX·scaleW[o] per output. */
  readonly multiplier: Float32Array;
  /** Real bias, added last. */
  readonly addend?: Float32Array;
}

/** One convolution of codes. */
export interface ConvolutionCall {
  /** Codes [N, H, W, C]. */
  readonly input: QuantizedArray;
  readonly inputShape: readonly [n: number, h: number, w: number, c: number];
  readonly inputZeroPoint: number;
  /** Int32 [O] in units of scaleX·scaleW. */
  readonly bias?: Int32Array;
  readonly strides: readonly [number, number];
  /** [top, left, bottom, right]. */
  readonly pads: readonly [number, number, number, number];
  /** Codes go to an integer array, real numbers to a Float32Array. */
  readonly to: ToCodes | ToReals;
}

export interface Convolution {
  run(call: ConvolutionCall, out: QuantizedArray | Float32Array): void;
}

/** Windows over an NHWC image. */
export type ImagePooling = Omit<Pooling, 'layout'>;

/**
 * The operators of integer inference behind one seam; images are channels last. The ones of {@link integerOperators} are the
 * definition; faster ones give the same bits. Outputs are the caller's and come last.
 */
export interface IntegerOperators {
  readonly name: string;
  /** Quantizes inputs and reads codes back. */
  readonly backend: Pick<KernelBackend, 'quantize' | 'dequantize'>;
  /** Prepares weights. */
  convolution(weights: ConvolutionWeights): Convolution;
  /** See core's integerAdd. */
  add(a: CodeTensor, b: CodeTensor, output: CodeOutput, out: QuantizedArray): void;
  /** See core's integerMul. */
  multiply(a: CodeTensor, b: CodeTensor, output: CodeOutput, out: QuantizedArray): void;
  /** A function of one variable, or a change of scale; see core's applyLookupTable. */
  lookup(codes: QuantizedArray, table: LookupTable, out: QuantizedArray): void;
  /** See core's integerConcat. */
  concat(
    inputs: readonly (CodeTensor & { readonly shape: readonly number[] })[],
    axis: number,
    output: CodeOutput,
    out: QuantizedArray,
  ): void;
  /** See core's integerAveragePool. */
  averagePool(
    input: CodeTensor,
    pooling: ImagePooling & { readonly countIncludePad?: boolean },
    output: CodeOutput,
    out: QuantizedArray,
  ): void;
  /** See core's integerMaxPool. */
  maxPool(codes: QuantizedArray, pooling: ImagePooling, out: QuantizedArray): void;
  /** See {@link integerSoftmax}. */
  softmax(
    input: CodeTensor,
    shape: { readonly rows: number; readonly columns: number },
    output: CodeOutput,
    out: QuantizedArray,
  ): void;
}
