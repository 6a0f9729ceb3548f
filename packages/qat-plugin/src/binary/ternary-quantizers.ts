import { abs, div, fill, greater, maximum, mul, ones, type Tensor, where, zerosLike } from '@tensorflow/tfjs-core';
import { meanAbsPerParam, meanPerParam } from '../ops/statistics';
import { ternaryScaled, ternarySign } from '../ops/ternary';
import type { Quantizer, QuantizerContext, QuantizerType } from '../quantizers/quantizer';
import { assertKnown, numberOf, plainOptions } from '../quantizers/quantizer-options';
import { binaryGrid } from './binary-grid';

export interface SteTernOptions {
  /** Values within ±threshold become 0. Default 0.05. */
  readonly threshold?: number;
  /** The gradient passes where |x| ≤ clipValue. Default 1. */
  readonly clipValue?: number;
}

/** Larq's ternary sign: q(x) = sign(x) where |x| > threshold, else 0;   ∂q/∂x = 1 where |x| ≤ clipValue. */
export function steTern(options: SteTernOptions = {}): Quantizer {
  assertKnown('steTern', options, ['threshold', 'clipValue']);
  const threshold = numberOf('steTern', 'threshold', options.threshold ?? 0.05, 0, 1e6);
  const clip = numberOf('steTern', 'clipValue', options.clipValue ?? 1, 0, 1e6);
  return Object.freeze<Quantizer>({
    type: 'steTern',
    options: plainOptions({ ...options }),
    bits: 2,
    roles: ['weight', 'activation'],
    params: () => [],
    initialise: () => ({}),
    apply: (x) => ternarySign(x, fill([1], threshold), clip),
    grid: (_x, _params, context) => binaryGrid(context),
  });
}

/**
 * Ternary weight networks: Δ = 0.7·mean|w|, a = mean of |w| over |w| > Δ, ŵ = a·sign(w)·1[|w| > Δ], per filter or tensor.
 * a and Δ are constant in the backward; ∂ŵ/∂w = a·1[|w| ≤ 1]. A filter without any |w| > Δ becomes 0.
 *
 * @see Li and Liu 2016, arXiv:1605.04711
 */
export function ternaryWeights(): Quantizer {
  return Object.freeze<Quantizer>({
    type: 'ternaryWeights',
    options: Object.freeze({}),
    bits: 2,
    roles: ['weight'],
    params: () => [],
    initialise: () => ({}),
    apply: (w, _params, context) => ternaryScaled(w, (latent) => ruleOf(latent, context)),
    grid: (w, _params, context) => binaryGrid(context, maximum(ruleOf(w as Tensor, context).scale, 1e-8)),
  });
}

export const steTernType: QuantizerType<SteTernOptions> = /* @__PURE__ */ Object.freeze({
  type: 'steTern',
  create: steTern,
});
export const ternaryWeightsType: QuantizerType<object> = /* @__PURE__ */ Object.freeze({
  type: 'ternaryWeights',
  create: () => ternaryWeights(),
});

// — internals —

function ruleOf(w: Tensor, { paramShape }: QuantizerContext): { threshold: Tensor; scale: Tensor } {
  const magnitude = abs(w);
  const threshold = mul(meanAbsPerParam(w, paramShape), 0.7);
  const passes = where(greater(magnitude, threshold), ones(w.shape), zerosLike(w));
  const share = meanPerParam(passes, paramShape);
  return { threshold, scale: div(meanPerParam(mul(magnitude, passes), paramShape), maximum(share, 1e-12)) };
}
