import { abs, add, clipByValue, div, maximum, mul, pow, sign, sub, type Tensor } from '@tensorflow/tfjs-core';
import { clippingLevel } from '../ops/clipping-level';
import { fakeQuantize } from '../ops/fake-quantize';
import { scaleGradient } from '../ops/scale-gradient';
import { codesFromZero, lsqGradientScale } from './gradient-scale';
import { positive } from './positive';
import type { ParamValues, Quantizer, QuantizerType } from './quantizer';
import { assertKnown, bitsOf, choiceOf, plainOptions } from './quantizer-options';
import { symmetricGrid } from './symmetric-grid';

export interface QilOptions {
  /** 2 to 8. */
  readonly bits: number;
  /** Learn the exponent γ as well. Default false: MQBench saw it diverge. */
  readonly learnExponent?: boolean;
}

const type = 'qil';
const smallestDistance = 1e-6;

/**
 * Quantization interval learning. Weights: centre C and half-width D of the interval of magnitudes that are kept,
 *
 *   τ = (|w| − C)/(2D) + ½;   w̃ = 0 below C − D, sign(w) above C + D, sign(w)·τ^γ between;   ŵ = g·round(p·w̃)/p
 *   inside: ∂w̃/∂w = γτ^(γ−1)/(2D);  ∂w̃/∂C = −γτ^(γ−1)sign(w)/(2D);  ∂w̃/∂D = −γτ^(γ−1)(|w| − C)sign(w)/(2D²);
 *           ∂w̃/∂γ = τ^γ·ln τ·sign(w);  outside all 0
 *
 * Deviations: the constant gain g = max|w| at the start keeps a trained model as it was (the paper's output is within [−1, 1]
 * and relies on a following BatchNorm); gradients of C, D and γ are multiplied by 1/√(N·p) instead of 0.01; activations learn
 * the upper end of their interval only, since pruned small activations cannot be written as an affine quantizer.
 *
 * @see Jung et al. 2019, arXiv:1808.05779 eqs. 3–6
 */
export function qil(options: QilOptions): Quantizer {
  assertKnown(type, options, ['bits', 'learnExponent']);
  const bits = bitsOf(type, options.bits);
  const isExponentLearned = choiceOf(type, 'learnExponent', options.learnExponent ?? false, [false, true]);
  return Object.freeze<Quantizer>({
    type,
    options: plainOptions({ ...options, bits }),
    bits,
    roles: ['weight', 'activation'],
    params: ({ role }) =>
      role === 'activation'
        ? [{ name: 'level', isTrainable: true, initial: 1 }]
        : [
            { name: 'center', isTrainable: true, initial: 0.5 },
            { name: 'distance', isTrainable: true, initial: 0.5 },
            ...(isExponentLearned ? [{ name: 'exponent', isTrainable: true, initial: 1 }] : []),
            { name: 'gain', isTrainable: false, initial: 1 },
          ],
    initialise: ({ scale }, context) => {
      const reach = scale.map((s) => s * codesFromZero(context).qmax);
      if (context.role === 'activation') return { level: reach };
      const half = reach.map((r) => r / 2);
      return { center: half, distance: half, gain: reach };
    },
    apply(x, params, context) {
      const codes = codesFromZero(context);
      const factor = lsqGradientScale(context);
      if (context.role === 'activation') {
        const level = positive(params['level'] as Tensor);
        return clippingLevel(x, level, { ...codes, hasFullGradient: true, gradientScale: factor * codes.qmax });
      }
      const gain = params['gain'] as Tensor;
      const { scale, zeroPoint, qmin, qmax } = symmetricGrid(div(gain, codes.qmax), context);
      return fakeQuantize(mul(interval(x, params, factor), gain), scale, zeroPoint, { qmin, qmax });
    },
    grid: (_x, params, context) => {
      const reach = (context.role === 'activation' ? positive(params['level'] as Tensor) : params['gain']) as Tensor;
      return symmetricGrid(div(reach, codesFromZero(context).qmax), context);
    },
  });
}

/** The {@link qil} quantizer as a type to register. */
export const qilType: QuantizerType<QilOptions> = /* @__PURE__ */ Object.freeze({ type, create: qil });

/** w̃: weights moved to [−1, 1] by the learned interval. */
function interval(w: Tensor, params: ParamValues, factor: number): Tensor {
  const center = scaleGradient(params['center'] as Tensor, factor);
  const distance = maximum(scaleGradient(params['distance'] as Tensor, factor), smallestDistance);
  const tau = clipByValue(add(div(sub(abs(w), center), mul(distance, 2)), 0.5), 0, 1);
  const exponent = params['exponent'];
  const magnitude = exponent === undefined ? tau : pow(maximum(tau, 1e-6), scaleGradient(exponent, factor));
  return mul(magnitude, sign(w));
}
