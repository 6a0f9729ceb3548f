import { mul, sub, type Tensor } from '@tensorflow/tfjs-core';
import { stopGradient } from '../ops/scale-gradient';
import { binarySign, clippedSlope } from '../ops/sign';
import { meanAbsPerParam, meanPerParam } from '../ops/statistics';
import type { Quantizer, QuantizerContext, QuantizerType } from '../quantizers/quantizer';
import { binaryGrid } from './binary-grid';

/**
 * XNOR-Net weights: ŵ = A·B(w), A = mean|w| per filter.
 *
 * ∂ŵ_j/∂w_i = sign(w_j)·sign(w_i)/n + A·1[|w_i| ≤ 1]·δ_ij (exact in the scale, straight through in the sign).
 *
 * @see Rastegari et al. 2016, arXiv:1603.05279 §3.1. The paper also scales activations per position; in practice only A is kept.
 */
export function xnor(): Quantizer {
  return scaledSign('xnor', (w, { paramShape }) => ({ latent: w, scale: meanAbsPerParam(w, paramShape) }));
}

/**
 * Magnitude-aware sign of Bi-Real Net: ŵ = A·B(w), A = mean|w| per filter and constant in the backward;
 * ∂ŵ/∂w = A·1[|w| ≤ 1].
 *
 * @see Liu et al. 2018, arXiv:1808.00278 §3.3
 */
export function magnitudeAwareSign(): Quantizer {
  return scaledSign('magnitudeAwareSign', (w, { paramShape }) => ({
    latent: w,
    scale: stopGradient(meanAbsPerParam(w, paramShape)),
  }));
}

/**
 * Balanced weights of BBG: w̃ = w − mean(w) per filter, ŵ = mean|w̃|·B(w̃): as many +1 as −1, which carries most information.
 * The centring is differentiated, the scale is constant.
 *
 * @see Shen et al. 2020, "Balanced Binary Neural Networks with Gated Residual", arXiv:1909.12117
 */
export function balancedSign(): Quantizer {
  return scaledSign('balancedSign', (w, { paramShape }) => {
    const centred = sub(w, meanPerParam(w, paramShape));
    return { latent: centred, scale: stopGradient(meanAbsPerParam(centred, paramShape)) };
  });
}

export const xnorType: QuantizerType<object> = /* @__PURE__ */ Object.freeze({ type: 'xnor', create: () => xnor() });
export const magnitudeAwareSignType: QuantizerType<object> = /* @__PURE__ */ Object.freeze({
  type: 'magnitudeAwareSign',
  create: () => magnitudeAwareSign(),
});
export const balancedSignType: QuantizerType<object> = /* @__PURE__ */ Object.freeze({
  type: 'balancedSign',
  create: () => balancedSign(),
});

// — internals —

type Split = (w: Tensor, context: QuantizerContext) => { latent: Tensor; scale: Tensor };

function scaledSign(type: string, split: Split): Quantizer {
  return Object.freeze<Quantizer>({
    type,
    options: Object.freeze({}),
    bits: 1,
    roles: ['weight'],
    params: () => [],
    initialise: () => ({}),
    apply(w, _params, context) {
      const { latent, scale } = split(w, context);
      return mul(binarySign(latent, clippedSlope()), scale);
    },
    grid: (w, _params, context) => binaryGrid(context, split(w as Tensor, context).scale),
  });
}
