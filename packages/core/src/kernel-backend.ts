import type { QDType, QuantizedArray } from './dtype';
import type { Granularity } from './granularity';
import type { IntegerConv2d } from './integer/conv2d';
import type { IntegerGemm } from './integer/gemm';
import type { Requantization } from './integer/requantize';
import type { QParams } from './qparams';
import type { LinearScheme } from './scheme';
import type { TensorView } from './tensor-view';

/**
 * Hot loops behind one seam. The TypeScript reference is the definition; a faster backend gives the same bits for integer
 * results. Outputs are caller-owned and come last; nothing is allocated, kept or run in the background.
 *
 * Every function checks lengths, types and overflow bounds before it computes, and then throws the same error class as the
 * reference: ShapeMismatchError, InvalidArgumentError or AccumulatorOverflowError.
 */
export interface KernelBackend {
  readonly name: string;

  /** Real numbers to codes; see quantize. Deterministic rounding modes of the scheme. */
  quantize(x: TensorView, scheme: LinearScheme, qparams: QParams, out: QuantizedArray): void;
  /** Codes to real numbers; see dequantize. */
  dequantize(
    codes: QuantizedArray,
    shape: readonly number[],
    scheme: LinearScheme,
    qparams: QParams,
    out: Float32Array,
  ): void;
  /** Real numbers onto the grid; see fakeQuantize. */
  fakeQuantize(x: TensorView, scheme: LinearScheme, qparams: QParams, out: Float32Array): void;

  /** Codes to packed bytes, lowest bits first; see pack. */
  pack(codes: QuantizedArray, type: QDType, out: Uint8Array): void;
  /** Packed bytes to codes; `out` has as many entries as elements are wanted. See unpack. */
  unpack(bytes: Uint8Array, type: QDType, out: QuantizedArray): void;

  /** Zero-point-corrected product into int32 accumulators; see integerGemm. */
  gemm(call: IntegerGemm, out: Int32Array): void;
  /** Zero-point-corrected convolution into int32 accumulators; see integerConv2d. */
  conv2d(call: IntegerConv2d, out: Int32Array): void;
  /** Int32 accumulators to codes; see requantize. */
  requantize(call: Requantization, out: QuantizedArray): void;

  /**
   * Smallest and largest value per parameter; Infinity and −Infinity where there is none. Not-finite values are not
   * compared but counted.
   *
   * @returns how many values are NaN or infinite
   */
  minMax(x: TensorView, granularity: Granularity, out: MinMax): number;
  /**
   * counts[⌊v/2^exponent⌋ − firstBin] += 1 for every value v.
   *
   * @returns how many values were not counted: not finite, or outside the bins
   */
  histogram(data: Float32Array, bins: HistogramBins, counts: Float64Array): number;
  /**
   * What the entropy selector (variant `tensorrt`) looks for in a histogram of |x| with more bins than levels, at most 2^20: how many of
   * the first bins to keep; 0 leaves it to the selector's own search, where two candidates are too close to tell apart elsewhere. Optional.
   */
  entropyBins?(counts: Float64Array, levels: number): number;
}

/** Where minMax writes; both of length G = paramCount(shape, granularity). */
export interface MinMax {
  readonly min: Float32Array;
  readonly max: Float32Array;
}

/** A grid of bins anchored at 0: bin k covers [k·w, (k + 1)·w) with w = 2^exponent. */
export interface HistogramBins {
  readonly exponent: number;
  /** k of counts[0]. */
  readonly firstBin: number;
}
