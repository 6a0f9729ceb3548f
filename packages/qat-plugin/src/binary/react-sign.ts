import { sub, type Tensor } from '@tensorflow/tfjs-core';
import { approximateSlope, binarySign } from '../ops/sign';
import type { Quantizer, QuantizerType } from '../quantizers/quantizer';
import { binaryGrid } from './binary-grid';

const type = 'rSign';

/**
 * RSign of ReActNet: q(x) = B(x − α_c) with a learned threshold per channel;   ∂q/∂x = ApproxSign'(x − α_c),
 * ∂q/∂α = −ApproxSign'(x − α_c). Starts at α = 0.
 *
 * @see Liu et al. 2020, arXiv:2003.03488 eq. 1
 */
export function rSign(): Quantizer {
  return Object.freeze<Quantizer>({
    type,
    options: Object.freeze({}),
    bits: 1,
    roles: ['activation'],
    params: () => [{ name: 'threshold', isTrainable: true, initial: 0, shape: 'channels' }],
    initialise: () => ({}),
    apply: (x, { threshold }) => binarySign(sub(x, threshold as Tensor), approximateSlope()),
    grid: (_x, _params, context) => binaryGrid(context),
  });
}

/** The {@link rSign} quantizer as a type to register. */
export const rSignType: QuantizerType<object> = /* @__PURE__ */ Object.freeze({ type, create: () => rSign() });
