import { approximateSlope, binarySign, clippedSlope, type SignSlope, swishSlope } from '../ops/sign';
import type { Quantizer, QuantizerType } from '../quantizers/quantizer';
import { assertKnown, numberOf, plainOptions } from '../quantizers/quantizer-options';
import { binaryGrid } from './binary-grid';

export interface SteSignOptions {
  /** The gradient passes where |x| ≤ clipValue. Default 1. */
  readonly clipValue?: number;
}

/**
 * BNN / BinaryConnect: q(x) = B(x) ∈ {−1, +1};   ∂q/∂x = 1 where |x| ≤ clipValue.
 *
 * Keep latent weights within ±1 with {@link weightClip}, and train without weight decay.
 *
 * @see Courbariaux et al. 2015, arXiv:1511.00363; 2016, arXiv:1602.02830
 */
export function steSign(options: SteSignOptions = {}): Quantizer {
  assertKnown('steSign', options, ['clipValue']);
  const clip = numberOf('steSign', 'clipValue', options.clipValue ?? 1, 0, 1e6);
  return signQuantizer('steSign', options, clippedSlope(clip));
}

/**
 * ApproxSign: q(x) = B(x);   ∂q/∂x = 2 − 2|x| where |x| ≤ 1, else 0.
 *
 * @see Liu et al. 2018, "Bi-Real Net", arXiv:1808.00278 §3.3
 */
export function approxSign(): Quantizer {
  return signQuantizer('approxSign', {}, approximateSlope());
}

export interface SwishSignOptions {
  /** Steepness. Default 5. */
  readonly beta?: number;
}

/**
 * SwishSign: q(x) = B(x);   ∂q/∂x = β(2 − βx·tanh(βx/2))/(1 + cosh(βx)).
 *
 * @see Darabi et al. 2018, "BNN+", arXiv:1812.11800
 */
export function swishSign(options: SwishSignOptions = {}): Quantizer {
  assertKnown('swishSign', options, ['beta']);
  return signQuantizer('swishSign', options, swishSlope(numberOf('swishSign', 'beta', options.beta ?? 5, 1e-3, 1e3)));
}

export const steSignType: QuantizerType<SteSignOptions> = /* @__PURE__ */ Object.freeze({
  type: 'steSign',
  create: steSign,
});
export const approxSignType: QuantizerType<object> = /* @__PURE__ */ Object.freeze({
  type: 'approxSign',
  create: () => approxSign(),
});
export const swishSignType: QuantizerType<SwishSignOptions> = /* @__PURE__ */ Object.freeze({
  type: 'swishSign',
  create: swishSign,
});

// — internals —

function signQuantizer(type: string, options: object, slope: SignSlope): Quantizer {
  return Object.freeze<Quantizer>({
    type,
    options: plainOptions({ ...options }),
    bits: 1,
    roles: ['weight', 'activation'],
    params: () => [],
    initialise: () => ({}),
    apply: (x) => binarySign(x, slope),
    grid: (_x, _params, context) => binaryGrid(context),
  });
}
