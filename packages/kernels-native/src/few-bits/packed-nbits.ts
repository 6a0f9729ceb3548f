import { InvalidArgumentError } from '@bitwright/core';
import { assertArray, assertInteger, checkedCount } from '../arguments';
import { alignedArray } from '../memory/aligned-array';
import { checkStatus, type NativeContext } from '../native-context';
import type { NBitsArguments } from './binding';

/** Weights of 2, 4 or 8 bits in the order the kernels read them; see docs/kernels.md. Immutable. */
export interface PackedNBits {
  readonly n: number;
  readonly k: number;
  readonly bits: 2 | 4 | 8;
  readonly blockSize: number;
  readonly bytes: Uint8Array;
  readonly scales: Float32Array;
  readonly zeroPoints: Uint8Array;
}

/** Weights W[N][K] as com.microsoft MatMulNBits stores them: blocks of `blockSize` along K, low bits first. */
export interface NBitsWeights {
  readonly n: number;
  readonly k: number;
  readonly bits: 2 | 4 | 8;
  /** A power of two ≥ 16. */
  readonly blockSize: number;
  /** Codes [N, ⌈K/blockSize⌉, blockSize·bits/8]; what lies beyond K is ignored. */
  readonly b: Uint8Array;
  /** [N, ⌈K/blockSize⌉]. */
  readonly scales: Float32Array;
  /** Packed [N, ⌈⌈K/blockSize⌉·bits/8⌉]; default 2^(bits−1) everywhere. */
  readonly zeroPoints?: Uint8Array | undefined;
}

/**
 * Packs block-quantized weights once, for any number of {@link matMulNBits} calls.
 *
 * Meaning:  real = (code − zeroPoint)·scale of its block
 *
 * @throws {ShapeMismatchError} when lengths do not fit n, k, bits and blockSize
 * @throws {InvalidArgumentError} when bits, blockSize or an array is of another kind
 * @see com.microsoft MatMulNBits-1
 */
export function packNBits(context: NativeContext, weights: NBitsWeights): PackedNBits {
  const { n, k, bits, blockSize, b, scales, zeroPoints } = weights;
  assertInteger(operation, 'n', n, 1, 2 ** 24);
  assertInteger(operation, 'k', k, 1, 2 ** 24);
  assertInteger(operation, 'blockSize', blockSize, 16, 2 ** 24);
  const isPowerOfTwo = 2 ** Math.round(Math.log2(blockSize)) === blockSize;
  if (!isPowerOfTwo || (bits !== 2 && bits !== 4 && bits !== 8)) {
    throw new InvalidArgumentError({
      operation: `[kernels-native] ${operation}`,
      expected: '2, 4 or 8 bits in blocks of a power of two',
      received: `${bits} bits in blocks of ${blockSize}`,
    });
  }
  const blocks = Math.ceil(k / blockSize);
  assertArray(operation, 'b', b, 'Uint8Array', checkedCount(operation, 'b', [n, blocks, (blockSize * bits) / 8]));
  assertArray(operation, 'scales', scales, 'Float32Array', n * blocks);
  if (zeroPoints !== undefined) {
    assertArray(operation, 'zeroPoints', zeroPoints, 'Uint8Array', n * Math.ceil((blocks * bits) / 8));
  }
  const panels = Math.ceil(n / 16);
  const chunk = Math.min(blockSize, 32);
  const packed: PackedNBits = {
    n,
    k,
    bits,
    blockSize,
    bytes: alignedArray(context, Uint8Array, panels * Math.ceil(k / chunk) * chunk * 2 * bits),
    scales: alignedArray(context, Float32Array, panels * blocks * 16),
    zeroPoints: new Uint8Array(panels * blocks * 16),
  };
  const arrays = [b, scales, zeroPoints ?? null, packed.bytes, packed.scales, packed.zeroPoints] as const;
  checkStatus(operation, context.addon.packNBits(context.handle, ...nbitsArguments(packed), ...arrays));
  return Object.freeze(packed);
}

/** What identifies packed weights to the addon. */
export function nbitsArguments({ n, k, bits, blockSize }: PackedNBits): NBitsArguments {
  return [n, k, bits, blockSize];
}

// — internals —

const operation = 'packNBits';
