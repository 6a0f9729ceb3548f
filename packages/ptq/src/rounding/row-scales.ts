import { chooseQParams, type LinearScheme, makeRange, perAxis, perTensor } from '@bitwright/core';
import { nearestLevel } from './weight-grid';

/** Factors of the full-range scale that are tried, descending from 1: shrinking pays where a few large weights waste levels. */
const shrinkSteps = 35;
const smallestFactor = 0.3;

/**
 * Scales per row from the weights alone: the full range (absmax at the last level) times the factor with the smallest
 * Σ_k (w_k − ŵ_k)².
 *
 * @param weights [R,K]
 * @returns [R], float32 values; one shared value where the scheme is per tensor
 */
export function searchRowScales(weights: Float64Array, columns: number, scheme: LinearScheme): Float64Array {
  const rows = weights.length / columns;
  const isShared = scheme.granularity.kind === 'perTensor';
  const low = scheme.qmin;
  const high = scheme.qmax;
  const search = (from: number, to: number): number => {
    const base = fullRangeScale(weights, from, to, scheme);
    let best = base;
    let least = Number.POSITIVE_INFINITY;
    for (let step = 0; step <= shrinkSteps; step++) {
      const scale = Math.fround(base * (1 - (step * (1 - smallestFactor)) / shrinkSteps));
      const error = scaleError(weights, from, to, scale, low, high, least);
      if (error >= least) continue;
      least = error;
      best = scale;
    }
    return best;
  };
  if (isShared) return new Float64Array(rows).fill(search(0, weights.length));
  return Float64Array.from({ length: rows }, (_, r) => search(r * columns, (r + 1) * columns));
}

// — internals —

function fullRangeScale(weights: Float64Array, from: number, to: number, scheme: LinearScheme): number {
  let min = 0;
  let max = 0;
  for (let i = from; i < to; i++) {
    const w = weights[i] as number;
    if (w < min) min = w;
    if (w > max) max = w;
  }
  const granularity = scheme.granularity.kind === 'perTensor' ? perTensor : perAxis(0);
  return chooseQParams(makeRange(min, max), { ...scheme, granularity }).scale[0] as number;
}

function scaleError(
  weights: Float64Array,
  from: number,
  to: number,
  scale: number,
  low: number,
  high: number,
  limit: number,
): number {
  let error = 0;
  for (let i = from; i < to && error < limit; i++) {
    const w = weights[i] as number;
    error += (w - nearestLevel(w, scale, low, high) * scale) ** 2;
  }
  return error;
}
