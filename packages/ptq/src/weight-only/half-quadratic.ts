import { roundHalfEven } from '@bitwright/core';
import { type BlockGrid, nearestCode, scaleRounder } from './block-grid';
import { powerTable } from './shrink-table';

export interface HalfQuadraticOptions {
  /** The norm that is minimized, 0 < p < 1. Default 0.7. */
  readonly norm?: number;
  /** Weight β of the quadratic term. Default 10. */
  readonly beta?: number;
  /** Growth κ of β per iteration. Default 1.01. */
  readonly growth?: number;
  /** Default 20. */
  readonly iterations?: number;
  /** Lets zero points be real numbers. Default false: they are rounded to codes. */
  readonly realZeroPoints?: boolean;
}

/**
 * Half-quadratic quantization: grids that minimize Σ|w − ŵ|^p with p < 1, which lets a few outliers keep a large error for the sake
 * of all other weights. Needs no data. Alternates, per block,
 *
 *   q = saturate(round(w/s + z));  e = shrink_p(w − s·(q − z), β);  β ← κ·β
 *   s ← ⟨w − e, q − z⟩ / ⟨q − z, q − z⟩;  z ← mean(q − (w − e)/s)
 *   shrink_p(x, β) = sign(x)·max(0, |x| − |x|^(p−1)/β)
 *
 * and keeps, block by block, the best grid seen, the initial one included.
 *
 * Deviations from the source, which fits z alone and stores it as a real number: the scale is fitted too (always the better result
 * here), a symmetric block keeps its zero point, and unless real zero points are asked for the best rounded one is kept.
 *
 * @see Badri & Shaji 2023, "Half-Quadratic Quantization of Large Machine Learning Models"
 */
export function fitHalfQuadratic(
  weights: Float32Array,
  rows: number,
  columns: number,
  initial: BlockGrid,
  options: HalfQuadraticOptions = {},
): BlockGrid {
  const { norm = 0.7, beta = 10, growth = 1.01, iterations = 20, realZeroPoints = false } = options;
  const { bits, blockSize, symmetric, scaleType = 'float32' } = initial;
  const blocks = Math.ceil(columns / blockSize);
  const scale = initial.scale.slice();
  const zeroPoint = initial.zeroPoint.slice();
  const fit = blockFitter({
    levels: 2 ** bits - 1,
    symmetric,
    realZeroPoints,
    iterations,
    beta,
    growth,
    shrinkPower: powerTable(norm - 1),
    store: scaleRounder(scaleType),
    blockSize,
  });
  for (let n = 0; n < rows; n++) {
    for (let b = 0; b < blocks; b++) {
      const start = n * columns + b * blockSize;
      const block = weights.subarray(start, n * columns + Math.min((b + 1) * blockSize, columns));
      const g = n * blocks + b;
      const [s, z] = fit(block, scale[g] as number, zeroPoint[g] as number);
      scale[g] = s;
      zeroPoint[g] = z;
    }
  }
  return { ...initial, scale, zeroPoint };
}

// — internals —

interface FitSettings {
  readonly levels: number;
  readonly symmetric: boolean;
  readonly realZeroPoints: boolean;
  readonly iterations: number;
  readonly beta: number;
  readonly growth: number;
  readonly shrinkPower: (x: number) => number;
  readonly store: (scale: number) => number;
  readonly blockSize: number;
}

type BlockFitter = (
  block: Float32Array,
  scale: number,
  zeroPoint: number,
) => readonly [scale: number, zeroPoint: number];

function blockFitter(settings: FitSettings): BlockFitter {
  const { levels, symmetric, realZeroPoints, iterations, growth, shrinkPower, store, blockSize } = settings;
  const codes = new Float64Array(blockSize);
  const targets = new Float64Array(blockSize);
  const storeZero = (z: number): number =>
    realZeroPoints ? store(z) : Math.min(Math.max(roundHalfEven(z), 0), levels);

  return (block, initialScale, initialZero) => {
    let s = initialScale;
    let z = initialZero;
    let best: readonly [number, number] = [s, z];
    let bestError = gridError(block, s, z, settings);
    let beta = settings.beta;
    for (let iteration = 0; iteration < iterations && bestError > 0; iteration++) {
      let top = 0;
      let bottom = 0;
      for (let i = 0; i < block.length; i++) {
        const w = block[i] as number;
        const q = nearestCode(w, s, z, levels);
        const x = w - s * (q - z);
        const magnitude = Math.abs(x);
        const shrunk = magnitude === 0 ? 0 : Math.max(0, magnitude - shrinkPower(magnitude) / beta);
        const target = w - (x < 0 ? -shrunk : shrunk);
        top += target * (q - z);
        bottom += (q - z) * (q - z);
        codes[i] = q;
        targets[i] = target;
      }
      beta *= growth;
      const fitted = bottom === 0 ? 0 : store(top / bottom);
      if (fitted === 0 || !Number.isFinite(fitted)) break;
      const isSettled = fitted === s;
      s = fitted;
      if (symmetric && isSettled) break;
      if (!symmetric) {
        let sum = 0;
        for (let i = 0; i < block.length; i++) sum += (codes[i] as number) - (targets[i] as number) / s;
        z = sum / block.length;
      }
      const stored = symmetric ? z : storeZero(z);
      const error = gridError(block, s, stored, settings);
      if (error < bestError) {
        bestError = error;
        best = [s, stored];
      }
    }
    return best;
  };
}

/** Σ|w − ŵ|^p, with |x|^p = |x|·|x|^(p−1). */
function gridError(block: Float32Array, s: number, z: number, { levels, shrinkPower }: FitSettings): number {
  let error = 0;
  for (let i = 0; i < block.length; i++) {
    const w = block[i] as number;
    const x = Math.abs(w - s * (nearestCode(w, s, z, levels) - z));
    if (x !== 0) error += x * shrinkPower(x);
  }
  return error;
}
