import { roundHalfEven } from '@bitwright/core';
import { createAdam } from './adam';
import type { LayerWeights } from './convolution-step';

/** The grid of a layer's weights, per output channel. */
export interface ChannelGrid {
  /** [outChannels] */
  readonly scale: Float32Array;
  /** Lowest and highest level relative to the zero point, [outChannels]. */
  readonly low: Float32Array;
  readonly high: Float32Array;
}

/** Where a layer starts. */
export interface LayerStart {
  /** [filterHeight, filterWidth, inChannels/groups, outChannels], as the float model has them. */
  readonly weights: Float32Array;
  /** The same with the rounding to start from: points of the grid, or near them. */
  readonly rounded: Float32Array;
  readonly bias: Float32Array;
  readonly grid: ChannelGrid;
  /** Whether the bias may change. */
  readonly ownsBias: boolean;
}

/** A layer whose rounding and bias are learned. `filter` always lies on the grid. */
export interface LearnedLayer extends LayerWeights {
  /** One step of Adam; rates in steps of the grid and in units of the output. */
  update(rates: { readonly weight: number; readonly bias: number }): void;
}

/** How far from its first level, in steps, a weight starts at most: its rounding is that of the start. */
const farthestStart = 0.45;
/** How far beyond the last level a weight may lie, so that it finds back. */
const overshoot = 0.4;

/**
 * Weights that are rounded in every forward pass and learned with straight-through gradients, in units of a step u = w/s:
 *
 *   ŵ = s·clip(round(u), low, high),   ∂loss/∂u ≈ ∂loss/∂(ŵ/s)
 *
 * Where u starts decides nothing yet: at the float weight, moved as little as it takes to round to the given start. BRECQ learns a
 * rectified sigmoid between two levels instead and needs thousands of iterations until it is whole; with a few hundred, on ResNet-20
 * W4A4, rounding it at the end gave back all that had been won (last block: error 0.059 before, 0.045 soft, 0.052 rounded; straight
 * through 0.047 before, 0.040 after).
 *
 * @see Bengio et al. 2013, arXiv:1308.3432; Hubara et al. 2021, arXiv:2006.10518 (AdaQuant)
 */
export function createLearnedLayer({ weights, rounded, bias: startBias, grid, ownsBias }: LayerStart): LearnedLayer {
  const count = weights.length;
  const channels = grid.scale.length;
  const bias = startBias.slice();
  const filter = new Float32Array(count);
  const filterGradient = new Float32Array(count);
  const biasGradient = new Float32Array(channels);
  const u = new Float32Array(count);
  const adam = createAdam(count);
  const biasAdam = createAdam(channels);
  for (let i = 0, c = 0; i < count; i++, c = c + 1 === channels ? 0 : c + 1) {
    const scale = grid.scale[c] as number;
    const level = roundHalfEven((rounded[i] as number) / scale);
    u[i] = Math.min(Math.max((weights[i] as number) / scale, level - farthestStart), level + farthestStart);
    filter[i] = scale * Math.min(Math.max(level, grid.low[c] as number), grid.high[c] as number);
  }
  return {
    filter,
    filterGradient,
    bias,
    biasGradient,
    update(rates) {
      adam.next();
      for (let i = 0, c = 0; i < count; i++, c = c + 1 === channels ? 0 : c + 1) {
        const low = grid.low[c] as number;
        const high = grid.high[c] as number;
        const moved = (u[i] as number) - rates.weight * adam.step(i, filterGradient[i] as number);
        const next = Math.min(Math.max(moved, low - overshoot), high + overshoot);
        u[i] = next;
        filter[i] = (grid.scale[c] as number) * Math.min(Math.max(roundHalfEven(next), low), high);
      }
      if (!ownsBias) return;
      biasAdam.next();
      for (let c = 0; c < channels; c++) {
        bias[c] = (bias[c] as number) - rates.bias * biasAdam.step(c, biasGradient[c] as number);
      }
    },
  };
}
