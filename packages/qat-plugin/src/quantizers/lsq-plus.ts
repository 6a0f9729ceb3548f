import { type Tensor, zerosLike } from '@tensorflow/tfjs-core';
import { learnedOffset, zeroPointOf } from '../ops/learned-offset';
import { learnedStep } from '../ops/learned-step';
import { codesFromZero, lsqGradientScale } from './gradient-scale';
import { positive } from './positive';
import type { Grid, Quantizer, QuantizerType } from './quantizer';
import { assertKnown, bitsOf, plainOptions } from './quantizer-options';
import { symmetricGrid } from './symmetric-grid';

export interface LsqPlusOptions {
  /** 2 to 8. */
  readonly bits: number;
}

const type = 'lsqPlus';

/**
 * Learned step and offset: as LSQ, and the code of zero is learned too where the target lets it be free.
 *
 * q(x) = s·(saturate(round(x/s) + z) − z), z = clip(round(−β/s)); ∂q/∂β = 1 where clipped, else 0. Weights, and tensors whose
 * zero point the target fixes, are LSQ. Starts at the range the selector chose (the paper minimises the squared error as well).
 *
 * @see Bhalgat et al. 2020, arXiv:2004.09576
 */
export function lsqPlus(options: LsqPlusOptions): Quantizer {
  assertKnown(type, options, ['bits']);
  const bits = bitsOf(type, options.bits);
  return Object.freeze<Quantizer>({
    type,
    options: plainOptions({ ...options, bits }),
    bits,
    roles: ['weight', 'activation'],
    choosesZeroPoint: true,
    params: ({ zeroPoint }) => [
      { name: 'step', isTrainable: true, initial: 1 },
      ...(zeroPoint === 'free' ? [{ name: 'offset', isTrainable: true, initial: 0 }] : []),
    ],
    initialise: ({ scale, zeroPoint }, context) => ({
      step: scale,
      ...(context.zeroPoint === 'free'
        ? { offset: Float32Array.from(scale, (s, g) => -s * (zeroPoint[g] as number) + 0) }
        : {}),
    }),
    apply(x, params, context) {
      const step = positive(params['step'] as Tensor);
      const gradientScale = lsqGradientScale(context);
      if (context.zeroPoint !== 'free') return learnedStep(x, step, { ...codesFromZero(context), gradientScale });
      return learnedOffset(x, step, params['offset'] as Tensor, { ...context.codes, gradientScale });
    },
    grid(_x, params, context): Grid {
      const scale = positive(params['step'] as Tensor);
      if (context.zeroPoint !== 'free') return symmetricGrid(scale, context);
      const zeroPoint = zeroPointOf(scale, params['offset'] ?? zerosLike(scale), context.codes);
      return { scale, zeroPoint, ...context.codes, isUniform: true };
    },
  });
}

/** The {@link lsqPlus} quantizer as a type to register. */
export const lsqPlusType: QuantizerType<LsqPlusOptions> = /* @__PURE__ */ Object.freeze({ type, create: lsqPlus });
