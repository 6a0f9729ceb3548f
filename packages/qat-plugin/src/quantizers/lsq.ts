import type { Tensor } from '@tensorflow/tfjs-core';
import { learnedStep } from '../ops/learned-step';
import { codesFromZero, lsqGradientScale } from './gradient-scale';
import { positive } from './positive';
import type { Calibration, Quantizer, QuantizerContext, QuantizerType } from './quantizer';
import { assertKnown, bitsOf, choiceOf, plainOptions } from './quantizer-options';
import { symmetricGrid } from './symmetric-grid';

export interface LsqOptions {
  /** 2 to 8. */
  readonly bits: number;
  /**
   * Where the step starts: `calibrated` the step the range selector chose (least squared error by default);
   * `meanAbs` the paper's 2·mean|x|/√p. Default `calibrated`.
   */
  readonly start?: 'calibrated' | 'meanAbs';
}

const type = 'lsq';

/**
 * Learned step size: q(x) = s·round(clip(x/s, n, p)) with s trained like a weight.
 *
 * ∂q/∂x = 1[n < x/s < p];   ∂q/∂s = round(x/s) − x/s inside, n or p outside;   g_s is multiplied by 1/√(N·p).
 * A step that crosses zero counts as its magnitude.
 *
 * @see Esser et al. 2020, arXiv:1902.08153
 */
export function lsq(options: LsqOptions): Quantizer {
  assertKnown(type, options, ['bits', 'start']);
  const bits = bitsOf(type, options.bits);
  const start = choiceOf(type, 'start', options.start ?? 'calibrated', ['calibrated', 'meanAbs']);
  return Object.freeze<Quantizer>({
    type,
    options: plainOptions({ ...options, bits }),
    bits,
    roles: ['weight', 'activation'],
    params: () => [{ name: 'step', isTrainable: true, initial: 1 }],
    initialise: (calibration, context) => ({
      step: start === 'calibrated' ? calibration.scale : meanAbsStep(calibration, context),
    }),
    apply: (x, { step }, context) =>
      learnedStep(x, positive(step as Tensor), {
        ...codesFromZero(context),
        gradientScale: lsqGradientScale(context),
      }),
    grid: (_x, { step }, context) => symmetricGrid(positive(step as Tensor), context),
  });
}

/** The {@link lsq} quantizer as a type to register. */
export const lsqType: QuantizerType<LsqOptions> = /* @__PURE__ */ Object.freeze({ type, create: lsq });

/** s = 2·mean|x|/√p. */
function meanAbsStep({ meanAbs }: Calibration, context: QuantizerContext): Float32Array {
  return Float32Array.from(meanAbs, (mean) => (2 * mean) / Math.sqrt(codesFromZero(context).qmax));
}
