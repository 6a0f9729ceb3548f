import { type BlockGrid, scaleRounder } from './block-grid';

/** Shares of the full scale that are tried: fewer outliers in range, finer steps for all others. */
const shares = [1, 0.95, 0.9, 0.85, 0.8, 0.75, 0.7, 0.65, 0.6, 0.55, 0.5];
const refinements = 5;
/** Adding and subtracting it rounds half to even. */
const magic = 1.5 * 2 ** 52;

/**
 * Grids of least squared error, block by block:  min over s, z of Σ_k h_k·(w_k − s·(q_k − z))²,  q = saturate(round(w/s + z)).
 *
 * Tries shares of the full scale (both signs where the block is symmetric about code 2^(bits−1), whose range is one step longer on
 * one side), then alternates between codes and the scale that fits them, s = Σh·w·(q−z) / Σh·(q−z)², and tries the neighbouring
 * zero points of an asymmetric block. Never worse than the initial grid.
 *
 * @param importance h_k ≥ 0 [K], such as the mean square of input k; default 1
 */
export function fitLeastSquares(
  weights: Float32Array,
  rows: number,
  columns: number,
  initial: BlockGrid,
  importance?: Float64Array,
): BlockGrid {
  const { bits, blockSize, symmetric, rule = 'signed', scaleType = 'float32' } = initial;
  const blocks = Math.ceil(columns / blockSize);
  const levels = 2 ** bits - 1;
  const store = scaleRounder(scaleType);
  const signs = symmetric && rule === 'signed' ? [1, -1] : [1];
  const scale = initial.scale.slice();
  const zeroPoint = initial.zeroPoint.slice();
  const h = importance ?? new Float64Array(columns).fill(1);
  for (let n = 0; n < rows; n++) {
    for (let b = 0; b < blocks; b++) {
      const g = n * blocks + b;
      const first = b * blockSize;
      const block: Block = {
        weights,
        start: n * columns + first,
        h,
        first,
        length: Math.min(blockSize, columns - first),
      };
      const full = scale[g] as number;
      let z = zeroPoint[g] as number;
      let s = full;
      let best = Number.POSITIVE_INFINITY;
      for (const share of shares) {
        for (const sign of signs) {
          const candidate = store(full * share * sign);
          if (candidate === 0) continue;
          const error = blockError(block, candidate, z, levels, best);
          if (error < best) {
            best = error;
            s = candidate;
          }
        }
      }
      for (let round = 0; round < (symmetric ? 1 : 2); round++) {
        for (let i = 0; i < refinements; i++) {
          const fitted = store(fittedScale(block, s, z, levels));
          if (fitted === s || fitted === 0 || !Number.isFinite(fitted)) break;
          const error = blockError(block, fitted, z, levels, best);
          if (!(error < best)) break;
          best = error;
          s = fitted;
        }
        if (symmetric) break;
        for (const neighbour of [z - 1, z + 1]) {
          if (neighbour < 0 || neighbour > levels) continue;
          const error = blockError(block, s, neighbour, levels, best);
          if (error < best) {
            best = error;
            z = neighbour;
          }
        }
      }
      scale[g] = s;
      zeroPoint[g] = z;
    }
  }
  return { ...initial, scale, zeroPoint };
}

// — internals —

/** `length` weights of a row from `start`, with the importance of their columns from `first`. */
interface Block {
  readonly weights: Float32Array;
  readonly start: number;
  readonly h: Float64Array;
  readonly first: number;
  readonly length: number;
}

/** Weighted squared error; gives up as soon as it reaches `limit`. */
function blockError(block: Block, s: number, z: number, levels: number, limit: number): number {
  const { weights, start, h, first, length } = block;
  let error = 0;
  for (let i = 0; i < length && error < limit; i++) {
    const w = weights[start + i] as number;
    let q = w / s + z + magic - magic;
    if (q < 0) q = 0;
    else if (q > levels) q = levels;
    const e = w - s * (q - z);
    error += (h[first + i] as number) * e * e;
  }
  return error;
}

/** Scale that fits the codes of the present one; 0 when all codes stand for 0. */
function fittedScale(block: Block, s: number, z: number, levels: number): number {
  const { weights, start, h, first, length } = block;
  let top = 0;
  let bottom = 0;
  for (let i = 0; i < length; i++) {
    const w = weights[start + i] as number;
    let q = w / s + z + magic - magic;
    if (q < 0) q = 0;
    else if (q > levels) q = levels;
    const importance = h[first + i] as number;
    top += importance * w * (q - z);
    bottom += importance * (q - z) * (q - z);
  }
  return bottom === 0 ? 0 : top / bottom;
}
