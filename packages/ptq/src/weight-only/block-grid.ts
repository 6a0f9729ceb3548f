import { roundHalfEven } from '@bitwright/core';
import { float16ToFloat32, float32ToFloat16 } from '@bitwright/onnx';

/**
 * How the scale of a symmetric block is chosen, with h = 2^(bits−1):
 *   signed  scale = −(the weight of largest magnitude)/h: that weight is the code −h, exactly; scales of either sign; 2h levels in use
 *   absmax  scale = max|w|/(h−1): positive scales, 2h−1 levels in use
 */
export type SymmetricRule = 'signed' | 'absmax';

export interface BlockGridOptions {
  readonly bits: 2 | 4 | 8;
  readonly blockSize: number;
  readonly symmetric: boolean;
  /** Default `signed`. */
  readonly rule?: SymmetricRule | undefined;
  /** Scales are rounded to this type before weights are. Default `float32`. */
  readonly scaleType?: 'float32' | 'float16' | undefined;
}

/** Scale and zero point of every block of a matrix [N,K]: arrays of N·ceil(K/blockSize). */
export interface BlockGrid extends BlockGridOptions {
  readonly scale: Float32Array;
  /** Codes that stand for 0; 2^(bits−1) everywhere when symmetric. May be real after half-quadratic fitting. */
  readonly zeroPoint: Float32Array;
}

/**
 * Grid of every block from its extremes; asymmetric ranges are widened to include 0:
 *
 *   asymmetric  scale = (max − min)/(2^bits − 1);  zeroPoint = saturate(roundHalfEven(−min/scale))
 *
 * A block of zeros gets scale 1. Shapes: weights [N,K] row-major.
 */
export function chooseBlockGrid(
  weights: Float32Array,
  rows: number,
  columns: number,
  options: BlockGridOptions,
): BlockGrid {
  const { bits, blockSize, symmetric, rule = 'signed', scaleType = 'float32' } = options;
  const blocks = Math.ceil(columns / blockSize);
  const levels = 2 ** bits - 1;
  const middle = 2 ** (bits - 1);
  const scale = new Float32Array(rows * blocks);
  const zeroPoint = new Float32Array(rows * blocks).fill(middle);
  const store = scaleRounder(scaleType);
  for (let n = 0; n < rows; n++) {
    for (let b = 0; b < blocks; b++) {
      const start = n * columns + b * blockSize;
      const end = n * columns + Math.min((b + 1) * blockSize, columns);
      let min = 0;
      let max = 0;
      for (let i = start; i < end; i++) {
        const w = weights[i] as number;
        if (w < min) min = w;
        if (w > max) max = w;
      }
      const g = n * blocks + b;
      const exact = !symmetric
        ? (max - min) / levels
        : rule === 'signed'
          ? (-min >= max ? -min : -max) / middle
          : Math.max(-min, max) / (middle - 1);
      const stored = store(exact);
      scale[g] = stored === 0 ? 1 : stored;
      if (!symmetric && stored !== 0) {
        zeroPoint[g] = Math.min(Math.max(roundHalfEven(-min / stored), 0), levels);
      }
    }
  }
  return { ...options, scale, zeroPoint };
}

/** Rounds a scale to the type it is stored in. */
export function scaleRounder(type: 'float32' | 'float16'): (scale: number) => number {
  return type === 'float32' ? Math.fround : (scale) => float16ToFloat32(float32ToFloat16(scale));
}

/** Code nearest to w: saturate(roundHalfEven(w/scale + zeroPoint)). With an integer zero point, round(w/scale) + zeroPoint. */
export function nearestCode(w: number, scale: number, zeroPoint: number, levels: number): number {
  const code = roundHalfEven(w / scale + zeroPoint);
  return code < 0 ? 0 : code > levels ? levels : code;
}

/** Round to nearest: codes [N·K] of weights on a grid. */
export function roundToGrid(weights: Float32Array, rows: number, columns: number, grid: BlockGrid): Uint8Array {
  const { bits, blockSize, scale, zeroPoint } = grid;
  const blocks = Math.ceil(columns / blockSize);
  const levels = 2 ** bits - 1;
  const codes = new Uint8Array(rows * columns);
  for (let n = 0; n < rows; n++) {
    for (let b = 0; b < blocks; b++) {
      const s = scale[n * blocks + b] as number;
      const z = zeroPoint[n * blocks + b] as number;
      const end = n * columns + Math.min((b + 1) * blockSize, columns);
      for (let i = n * columns + b * blockSize; i < end; i++) {
        codes[i] = nearestCode(weights[i] as number, s, z, levels);
      }
    }
  }
  return codes;
}
