import {
  clipByValue,
  customGrad,
  div,
  type GradSaveFunc,
  greater,
  greaterEqual,
  less,
  lessEqual,
  logicalAnd,
  mul,
  round,
  sub,
  type Tensor,
  where,
  zerosLike,
} from '@tensorflow/tfjs-core';
import type { Codes } from './codes';
import { stepForward } from './learned-step';
import { hasKernel, runKernel } from './run-kernel';
import { sumToShape } from './sum-to-shape';

export interface ClippingLevelOptions extends Codes {
  /** Adds the derivative of the rounded values inside the range (the RCF of APoT); the paper keeps the clipped part only. */
  readonly hasFullGradient: boolean;
  /** Factor on the gradient of the level; the paper's is 1. */
  readonly gradientScale: number;
}

/**
 * Fake quantization with a learned clipping level α (PACT): s = α/p, y = s·round(clip(x/s, n, p)).
 *
 *   g_x = g_y where n·s ≤ x ≤ α
 *   ∂y/∂α = 1 where x ≥ α;  n/p where x ≤ n·s;  inside 0, or (round(x/s) − x/s)/p with the full gradient
 *
 * Units: α real, > 0, broadcast against x. For n = 0 this is the paper's one-sided clip.
 *
 * @see Choi et al. 2018, "PACT", arXiv:1805.06085 eqs. 1–3; Li et al. 2020, arXiv:1909.13144 §2.3 (full gradient)
 */
export function clippingLevel(x: Tensor, level: Tensor, options: ClippingLevelOptions): Tensor {
  const { qmin, qmax, hasFullGradient, gradientScale } = options;
  return customGrad((...args: (Tensor | GradSaveFunc)[]) => {
    const [input, alpha, save] = args as [Tensor, Tensor, GradSaveFunc];
    save([input, alpha]);
    return {
      value: stepForward(input, div(alpha, qmax), options),
      gradFunc: (dy: Tensor, saved: Tensor[]) => {
        const [xs, a] = saved as [Tensor, Tensor];
        if (hasKernel('BitwrightPactGrad')) {
          const inputs = { dy, x: xs, scale: div(a, qmax) };
          return runKernel('BitwrightPactGrad', inputs, {
            qmin,
            qmax,
            gradientScale,
            hasFullGradient: Number(hasFullGradient),
          });
        }
        const v = div(xs, div(a, qmax));
        const inside = logicalAnd(greaterEqual(v, qmin), lessEqual(v, qmax));
        const isOpen = logicalAnd(greater(v, qmin), less(v, qmax));
        const within = hasFullGradient ? sub(round(v), v) : zerosLike(v);
        const slope = div(where(isOpen, within, clipByValue(v, qmin, qmax)), qmax);
        return [where(inside, dy, zerosLike(dy)), mul(sumToShape(mul(dy, slope), a.shape), gradientScale)];
      },
    };
  })(x, level);
}
