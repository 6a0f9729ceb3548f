import { abs, div, fill, max, mul, ones, type Tensor, tanh } from '@tensorflow/tfjs-core';
import { fakeQuantize } from '../ops/fake-quantize';
import { stopGradient } from '../ops/scale-gradient';
import { codesFromZero } from './gradient-scale';
import { positive } from './positive';
import type { Grid, Quantizer, QuantizerContext, QuantizerType } from './quantizer';
import { assertKnown, bitsOf, choiceOf, plainOptions } from './quantizer-options';
import { symmetricGrid } from './symmetric-grid';

export interface DorefaOptions {
  /** 2 to 8. */
  readonly bits: number;
  /** Multiplies the normalised weights by max|w| again, so that a trained model starts as it was. Default true; false is the paper's. */
  readonly rescale?: boolean;
  /** Clips activations to [0, 1] as the paper does; default `calibrated`, the calibrated range. */
  readonly activationRange?: 'calibrated' | 'unit';
}

const type = 'dorefa';

/**
 * Weights: t = tanh(w), m = max|t|;  ŵ = M·round(p·t/m)/p with M = max|w| (or 1).   ∂ŵ/∂w = (M/m)(1 − t²), m and M constant.
 * Activations: clip to a fixed range, round; ∂/∂a = 1 within it.
 *
 * Deviation: the paper's 2^k levels on [−1, 1] leave zero out, which no affine grid with an integer zero point can; we use the
 * 2^k − 1 symmetric levels with zero.
 *
 * @see Zhou et al. 2016, arXiv:1606.06160 eqs. 5–9
 */
export function dorefa(options: DorefaOptions): Quantizer {
  assertKnown(type, options, ['bits', 'rescale', 'activationRange']);
  const bits = bitsOf(type, options.bits);
  const isRescaled = choiceOf(type, 'rescale', options.rescale ?? true, [true, false]);
  const range = choiceOf(type, 'activationRange', options.activationRange ?? 'calibrated', ['calibrated', 'unit']);
  const largest = (w: Tensor): Tensor => (isRescaled ? positive(max(abs(w))) : ones([]));
  const weightGrid = (w: Tensor, context: QuantizerContext): Grid => {
    const steps = Math.min(-context.codes.qmin, context.codes.qmax);
    const step = div(largest(w), steps);
    return {
      scale: mul(step, ones([...context.paramShape])),
      zeroPoint: fill([...context.paramShape], 0),
      qmin: -steps,
      qmax: steps,
      isUniform: true,
    };
  };
  return Object.freeze<Quantizer>({
    type,
    options: plainOptions({ ...options, bits }),
    bits,
    roles: ['weight', 'activation'],
    params: ({ role }) => (role === 'weight' ? [] : [{ name: 'level', isTrainable: false, initial: 1 }]),
    initialise: ({ scale }, context) => {
      if (context.role === 'weight') return {};
      const { qmax } = codesFromZero(context);
      return { level: scale.map((s) => (range === 'unit' ? 1 : s * qmax)) };
    },
    apply(x, { level }, context) {
      if (context.role === 'activation') {
        const { scale, zeroPoint, qmin, qmax } = symmetricGrid(
          div(level as Tensor, codesFromZero(context).qmax),
          context,
        );
        return fakeQuantize(x, scale, zeroPoint, { qmin, qmax });
      }
      const t = tanh(x);
      const m = positive(max(abs(t)));
      const normalised = mul(t, stopGradient(div(largest(x), m)));
      const { scale, zeroPoint, qmin, qmax } = weightGrid(x, context);
      return fakeQuantize(normalised, scale, zeroPoint, { qmin, qmax });
    },
    grid(x, { level }, context): Grid {
      if (context.role === 'weight') return weightGrid(x as Tensor, context);
      return symmetricGrid(div(level as Tensor, codesFromZero(context).qmax), context);
    },
  });
}

/** The {@link dorefa} quantizer as a type to register. */
export const dorefaType: QuantizerType<DorefaOptions> = /* @__PURE__ */ Object.freeze({ type, create: dorefa });
