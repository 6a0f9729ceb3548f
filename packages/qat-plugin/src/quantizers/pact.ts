import { abs, div, maximum, type Tensor } from '@tensorflow/tfjs-core';
import { clippingLevel } from '../ops/clipping-level';
import { codesFromZero, lsqGradientScale } from './gradient-scale';
import type { Quantizer, QuantizerType } from './quantizer';
import { assertKnown, bitsOf, choiceOf, plainOptions } from './quantizer-options';
import { symmetricGrid } from './symmetric-grid';

export interface PactOptions {
  /** 2 to 8. */
  readonly bits: number;
  /** Adds the derivative of the rounding inside the range (RCF of APoT). Default false: the paper's gradient. */
  readonly fullGradient?: boolean;
  /** `lsq` multiplies the gradient of the level by 1/√(N·p); `none` is the paper's. Default `lsq`. */
  readonly gradientScale?: 'lsq' | 'none';
}

const type = 'pact';

/** Smallest clipping level. */
const smallestLevel = 1e-3;

/**
 * Learned clipping level α: q(x) = s·round(clip(x, n·s, α)/s), s = α/p.
 *
 * ∂q/∂x = 1[n·s ≤ x ≤ α];   ∂q/∂α = 1[x ≥ α] (and n/p below the range of signed tensors).
 *
 * The paper regularises α with the weight decay of the layer; use the optimizer's for that. It starts at the calibrated range
 * instead of at 10. Also for weights, as the paper's SAWB partner is not built.
 *
 * @see Choi et al. 2018, arXiv:1805.06085
 */
export function pact(options: PactOptions): Quantizer {
  assertKnown(type, options, ['bits', 'fullGradient', 'gradientScale']);
  const bits = bitsOf(type, options.bits);
  const hasFullGradient = choiceOf(type, 'fullGradient', options.fullGradient ?? false, [false, true]);
  const scaling = choiceOf(type, 'gradientScale', options.gradientScale ?? 'lsq', ['lsq', 'none']);
  const levelOf = (level: Tensor): Tensor => maximum(abs(level), smallestLevel);
  return Object.freeze<Quantizer>({
    type,
    options: plainOptions({ ...options, bits }),
    bits,
    roles: ['weight', 'activation'],
    params: () => [{ name: 'level', isTrainable: true, initial: 6 }],
    initialise: ({ scale }, context) => ({ level: scale.map((s) => s * codesFromZero(context).qmax) }),
    apply: (x, { level }, context) =>
      clippingLevel(x, levelOf(level as Tensor), {
        ...codesFromZero(context),
        hasFullGradient,
        gradientScale: scaling === 'lsq' ? lsqGradientScale(context) * codesFromZero(context).qmax : 1,
      }),
    grid: (_x, { level }, context) =>
      symmetricGrid(div(levelOf(level as Tensor), codesFromZero(context).qmax), context),
  });
}

/** The {@link pact} quantizer as a type to register. */
export const pactType: QuantizerType<PactOptions> = /* @__PURE__ */ Object.freeze({ type, create: pact });
