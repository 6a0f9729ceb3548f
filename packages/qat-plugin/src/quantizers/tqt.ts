import type { Tensor } from '@tensorflow/tfjs-core';
import { powerOfTwoStep, stepOfExponent } from '../ops/power-of-two-step';
import { codesFromZero, lsqGradientScale } from './gradient-scale';
import type { Quantizer, QuantizerType } from './quantizer';
import { assertKnown, bitsOf, plainOptions } from './quantizer-options';
import { symmetricGrid } from './symmetric-grid';

export interface TqtOptions {
  /** 2 to 8. */
  readonly bits: number;
}

const type = 'tqt';

/**
 * Trained power-of-two step: s = 2^⌈t⌉, t learned; q(x) = s·saturate(round(x/s)).
 *
 * ∂q/∂t = s·ln 2·{round(x/s) − x/s; n; p}. The gradient is scaled as in LSQ (the paper normalises it by Adam instead).
 *
 * @see Jain et al. 2020, arXiv:1903.08066
 */
export function tqt(options: TqtOptions): Quantizer {
  assertKnown(type, options, ['bits']);
  const bits = bitsOf(type, options.bits);
  return Object.freeze<Quantizer>({
    type,
    options: plainOptions({ bits }),
    bits,
    roles: ['weight', 'activation'],
    params: () => [{ name: 'exponent', isTrainable: true, initial: 0 }],
    initialise: ({ scale }) => ({ exponent: scale.map((s) => Math.round(Math.log2(s)) - 0.5) }),
    apply: (x, { exponent }, context) =>
      powerOfTwoStep(x, exponent as Tensor, {
        ...codesFromZero(context),
        gradientScale: lsqGradientScale(context),
      }),
    grid: (_x, { exponent }, context) => symmetricGrid(stepOfExponent(exponent as Tensor), context),
  });
}

/** The {@link tqt} quantizer as a type to register. */
export const tqtType: QuantizerType<TqtOptions> = /* @__PURE__ */ Object.freeze({ type, create: tqt });
