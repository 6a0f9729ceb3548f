import { roundHalfEven } from '@bitwright/core';

/** The values a matrix of weights may take: row r has the levels scale[r] · {low … high}, integers relative to the zero point. */
export interface WeightGrid {
  /** [R], float32 values. */
  readonly scale: Float64Array;
  readonly low: number;
  readonly high: number;
}

/** Integer level nearest to a real weight. */
export function nearestLevel(weight: number, scale: number, low: number, high: number): number {
  const level = roundHalfEven(weight / scale);
  return level < low ? low : level > high ? high : level;
}

/** Levels nearest to every weight [R,K]. */
export function nearestLevels(weights: Float64Array, columns: number, grid: WeightGrid): Float64Array {
  const { scale, low, high } = grid;
  return weights.map((w, i) => nearestLevel(w, scale[Math.floor(i / columns)] as number, low, high));
}

/** Real weights of levels [R,K]. */
export function levelsToWeights(levels: Float64Array, columns: number, scale: Float64Array): Float64Array {
  return levels.map((level, i) => level * (scale[Math.floor(i / columns)] as number));
}
