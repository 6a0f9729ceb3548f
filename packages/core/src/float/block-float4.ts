import { floorLog2 } from '../binary-exponent';
import { InvalidArgumentError } from '../errors';
import { magnitudesOf } from '../format/magnitudes';
import { perGroup } from '../granularity';
import { forEachStridedRun } from '../group-iterator';
import type { TensorView } from '../tensor-view';
import { decodeFloat, encodeFloat } from './float-format';
import { float4E2M1, float8E4M3FN } from './float-formats';
import { decodeE8M0, encodeE8M0 } from './float8-e8m0';

/**
 * A tensor in 4-bit floats with one small scale per block of `blockSize` neighbours along `axis`:
 *
 *   real ≈ decode(codes[i]) · decode(scaleCodes[g]) · tensorScale
 */
export interface BlockFloat4 {
  readonly shape: readonly number[];
  readonly axis: number;
  readonly blockSize: number;
  readonly scaleFormat: 'float8E8M0' | 'float8E4M3FN';
  /** Float32; 1 unless a second scale for the whole tensor was asked for. */
  readonly tensorScale: number;
  /** float4E2M1 codes, one per byte (pack as `uint4`). */
  readonly codes: Uint8Array;
  /** Scale codes in the shape of perGroup(axis, blockSize). */
  readonly scaleCodes: Uint8Array;
}

export interface BlockFloat4Options {
  readonly axis: number;
  /** Default 32 for E8M0 scales (MXFP4), 16 for E4M3 scales (NVFP4). */
  readonly blockSize?: number;
  /** Default `float8E8M0`. */
  readonly scaleFormat?: BlockFloat4['scaleFormat'];
  /** Default 1. For E4M3 scales absmax/(448·6) uses their whole range. */
  readonly tensorScale?: number;
}

/**
 * Block scales from the largest magnitude A of each block, then every element to its nearest 4-bit float, saturating at 6.
 *
 *   float8E8M0    scale = 2^(⌊log2 A⌋ − 2): values above 6·scale (at most 8·scale) saturate   (OCP MX 1.0 §6.3)
 *   float8E4M3FN  scale = nearest E4M3 of A/6/tensorScale, at least its smallest positive number
 * A block of zeros gets the smallest (E8M0) or zero (E4M3) scale and codes 0.
 *
 * @throws {NonFiniteDataError} when x holds NaN or infinities
 * @throws {InvalidArgumentError} when tensorScale is not a positive finite number, axis or blockSize is none, or a block is too
 *   large for an E4M3 scale
 */
export function encodeBlockFloat4(x: TensorView, options: BlockFloat4Options): BlockFloat4 {
  const { axis, scaleFormat = 'float8E8M0', tensorScale = 1 } = options;
  const { blockSize = scaleFormat === 'float8E8M0' ? 32 : 16 } = options;
  if (!(tensorScale > 0) || !Number.isFinite(tensorScale)) {
    throw new InvalidArgumentError({
      operation: '[core] encodeBlockFloat4',
      expected: 'a positive finite tensorScale',
      received: String(tensorScale),
    });
  }
  const granularity = perGroup(axis, blockSize);
  const { absmax } = magnitudesOf(x, granularity);
  const scaleCodes = Uint8Array.from(absmax, (a) => scaleCode(a / tensorScale, scaleFormat));
  const block = { shape: x.shape, axis, blockSize, scaleFormat, tensorScale: Math.fround(tensorScale) };
  const scale = blockScales({ ...block, scaleCodes });
  const codes = new Uint8Array(x.data.length);
  forEachStridedRun(x.shape, granularity, (g, start, end, step) => {
    const divisor = scale[g] as number;
    if (divisor === 0) return;
    for (let i = start; i < end; i += step) {
      codes[i] = encodeFloat(float4E2M1, Math.fround((x.data[i] as number) / divisor));
    }
  });
  return Object.freeze({ ...block, codes, scaleCodes });
}

/** Back to float32:  fround(level · fround(scale · tensorScale)). */
export function decodeBlockFloat4(block: BlockFloat4, out?: Float32Array): Float32Array {
  const real = out ?? new Float32Array(block.codes.length);
  const scale = blockScales(block);
  forEachStridedRun(block.shape, perGroup(block.axis, block.blockSize), (g, start, end, step) => {
    for (let i = start; i < end; i += step) {
      real[i] = decodeFloat(float4E2M1, block.codes[i] as number) * (scale[g] as number);
    }
  });
  return real;
}

// — internals —

function scaleCode(absmax: number, format: BlockFloat4['scaleFormat']): number {
  if (absmax === 0) return 0;
  if (format === 'float8E8M0') return encodeE8M0(2 ** (floorLog2(absmax) - 2));
  const code = encodeFloat(float8E4M3FN, absmax / 6, false);
  if (code !== float8E4M3FN.nanCode) return Math.max(code, 1);
  throw new InvalidArgumentError({
    operation: '[core] encodeBlockFloat4',
    expected: 'block scales absmax/6/tensorScale of at most 448, the largest E4M3 number',
    received: String(absmax / 6),
    hint: 'Give a tensorScale of absmax/(448·6).',
  });
}

function blockScales(block: Pick<BlockFloat4, 'scaleCodes' | 'scaleFormat' | 'tensorScale'>): Float32Array {
  const decode = block.scaleFormat === 'float8E8M0' ? decodeE8M0 : (code: number) => decodeFloat(float8E4M3FN, code);
  return Float32Array.from(block.scaleCodes, (code) => decode(code) * block.tensorScale);
}
