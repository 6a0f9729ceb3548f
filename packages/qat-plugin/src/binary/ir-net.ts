import { div, log, mul, round, type Tensor } from '@tensorflow/tfjs-core';
import { stepOfExponent } from '../ops/power-of-two-step';
import { stopGradient } from '../ops/scale-gradient';
import { errorDecaySign } from '../ops/sign';
import { meanAbsPerParam, standardise } from '../ops/statistics';
import type { Quantizer, QuantizerContext, QuantizerState, QuantizerType } from '../quantizers/quantizer';
import { assertKnown, numberOf, plainOptions } from '../quantizers/quantizer-options';
import { binaryGrid } from './binary-grid';

export interface IrNetOptions {
  /** Slope t of the estimator at the start of training. Default 0.1. */
  readonly from?: number;
  /** Slope t at the end. Default 10. */
  readonly to?: number;
}

const type = 'irNet';

/**
 * Information-retention network. Weights (Libra-PB), per filter:
 *
 *   w̃ = (w − mean)/std (unbiased std, both differentiated);   e = round(log2 mean|w̃|);   ŵ = B(w̃)·2^e, 2^e constant
 *
 * Activations: B(a). Backward of both (EDE): ∂B/∂x = k·t·(1 − tanh²(t·x)), k = max(1/t, 1), with the slope growing as
 * t = from·(to/from)^progress: early every weight gets a gradient, late the sign is followed closely.
 *
 * Deviation: t follows the fraction of training done at every step instead of once per epoch.
 *
 * @see Qin et al. 2020, arXiv:1909.10788 eqs. 4–12
 */
export function irNet(options: IrNetOptions = {}): Quantizer {
  assertKnown(type, options, ['from', 'to']);
  const from = numberOf(type, 'from', options.from ?? 0.1, 1e-6, 1e6);
  const to = numberOf(type, 'to', options.to ?? 10, from, 1e6);
  const slopeAt = ({ progress }: QuantizerState): number => from * (to / from) ** progress;
  return Object.freeze<Quantizer>({
    type,
    options: plainOptions({ ...options }),
    bits: 1,
    roles: ['weight', 'activation'],
    params: () => [],
    initialise: () => ({}),
    apply(x, _params, context, state) {
      const slope = slopeAt(state);
      if (context.role === 'activation') return errorDecaySign(x, slope);
      const balanced = standardise(x, context.paramShape);
      return mul(errorDecaySign(balanced, slope), stopGradient(shiftOf(balanced, context)));
    },
    grid: (x, _params, context) =>
      binaryGrid(
        context,
        context.role === 'weight' ? shiftOf(standardise(x as Tensor, context.paramShape), context) : undefined,
      ),
  });
}

/** The {@link irNet} quantizer as a type to register. */
export const irNetType: QuantizerType<IrNetOptions> = /* @__PURE__ */ Object.freeze({ type, create: irNet });

/** 2^round(log2 mean|w̃|) per filter. */
function shiftOf(balanced: Tensor, { paramShape }: QuantizerContext): Tensor {
  return stepOfExponent(round(div(log(meanAbsPerParam(balanced, paramShape)), Math.LN2)));
}
