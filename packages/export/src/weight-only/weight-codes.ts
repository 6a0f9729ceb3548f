/**
 * A weight matrix W [N,K] (y = x·Wᵀ) in few bits, one scale per block of `blockSize` weights along K:
 *
 *   W[n][k] ≈ scale[n][g] · (codes[n][k] − zeroPoint[n][g]),   g = floor(k / blockSize),  G = ceil(K / blockSize)
 *
 * Scales may be negative: then the code 0 stands for the largest positive weight.
 */
export interface BlockCodes {
  readonly kind: 'blocks';
  readonly bits: 2 | 4 | 8;
  readonly rows: number;
  readonly columns: number;
  /** 16, 32, 64, 128 or 256. */
  readonly blockSize: number;
  /** [N·K], 0 … 2^bits − 1. */
  readonly codes: Uint8Array;
  /** [N·G]. */
  readonly scale: Float32Array;
  /** [N·G] codes, or real numbers (MatMulNBits of 2 and 4 bits only); undefined: 2^(bits−1) everywhere. */
  readonly zeroPoint?: Uint8Array | Float32Array | undefined;
}

/**
 * A weight matrix W [N,K] in 8 bits with one scale per row, or one for all: W[n][k] ≈ scale[n] · (codes[n][k] − zeroPoint).
 * `zeroPoint` is 0 for Int8Array and 128 for Uint8Array codes: both are symmetric.
 */
export interface RowCodes {
  readonly kind: 'rows';
  readonly rows: number;
  readonly columns: number;
  /** [N·K]. */
  readonly codes: Int8Array | Uint8Array;
  /** [N] or [1]. */
  readonly scale: Float32Array;
}

/** Levels of 4-bit codes: NormalFloat (quantiles of a normal distribution) or floats of 1-2-1 bits. */
export type LookupKind = 'nf4' | 'fp4';

/**
 * A weight matrix W [N,K] in 4-bit codes of a level table; blocks of `blockSize` weights run on over the ends of rows:
 *
 *   W[i] ≈ absmax[floor(i / blockSize)] · levels[codes[i]],   i = n·K + k
 */
export interface LookupCodes {
  readonly kind: 'lookup';
  readonly levels: LookupKind;
  readonly rows: number;
  readonly columns: number;
  readonly blockSize: number;
  /** [N·K], 0 … 15. */
  readonly codes: Uint8Array;
  /** [ceil(N·K / blockSize)]. */
  readonly absmax: Float32Array;
}

export type WeightCodes = BlockCodes | RowCodes | LookupCodes;

/** Code of real 0 in row codes. */
export const rowZeroPoint = (codes: RowCodes['codes']): 0 | 128 => (codes instanceof Uint8Array ? 128 : 0);

/** Blocks per row: ceil(K / blockSize). */
export const blocksPerRow = (columns: number, blockSize: number): number => Math.ceil(columns / blockSize);
