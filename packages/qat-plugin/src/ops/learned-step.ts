import {
  add,
  clipByValue,
  customGrad,
  div,
  type GradSaveFunc,
  greater,
  less,
  logicalAnd,
  mul,
  round,
  sub,
  type Tensor,
  where,
  zerosLike,
} from '@tensorflow/tfjs-core';
import type { Codes } from './codes';
import { hasKernel, runKernel } from './run-kernel';
import { sumToShape } from './sum-to-shape';

export interface LearnedStepOptions extends Codes {
  /** Factor on the gradient of the step: 1/√(N·qmax) balances it with the weights' (N elements per step). */
  readonly gradientScale: number;
}

/**
 * Fake quantization whose step is learned (LSQ). With v = x/s, n = qmin, p = qmax (relative to the zero point):
 *
 *   y = s·round(clip(v, n, p))
 *   g_x = g_y where n < v < p, else 0
 *   ∂y/∂s = round(v) − v  inside;  n  where v ≤ n;  p  where v ≥ p
 *   g_s = gradientScale · Σ g_y·∂y/∂s
 *
 * The mask is taken before rounding, as in the paper. At v exactly an integer inside the range ∂y/∂s = 0.
 *
 * @see Esser et al. 2020, "Learned Step Size Quantization", arXiv:1902.08153 eqs. 1–3
 */
export function learnedStep(x: Tensor, step: Tensor, options: LearnedStepOptions): Tensor {
  const { qmin, qmax, gradientScale } = options;
  return customGrad((...args: (Tensor | GradSaveFunc)[]) => {
    const [input, s, save] = args as [Tensor, Tensor, GradSaveFunc];
    save([input, s]);
    return {
      value: stepForward(input, s, options),
      gradFunc: (dy: Tensor, saved: Tensor[]) => {
        const [xs, ss] = saved as [Tensor, Tensor];
        if (hasKernel('BitwrightLsqGrad')) {
          return runKernel('BitwrightLsqGrad', { dy, x: xs, scale: ss }, { qmin, qmax, gradientScale });
        }
        const v = div(xs, ss);
        const inside = logicalAnd(greater(v, qmin), less(v, qmax));
        const dx = where(inside, dy, zerosLike(dy));
        const slope = sub(round(clipByValue(v, qmin, qmax)), where(inside, v, zerosLike(v)));
        return [dx, mul(sumToShape(mul(dy, slope), ss.shape), gradientScale)];
      },
    };
  })(x, step);
}

/** s·saturate(round(x/s)): equals fakeQuantize with zero point 0 to the bit (adding 0 turns −0 into 0). */
export function stepForward(x: Tensor, step: Tensor, { qmin, qmax }: Codes): Tensor {
  if (hasKernel('BitwrightLsq')) return runKernel('BitwrightLsq', { x, scale: step }, { qmin, qmax })[0] as Tensor;
  return mul(add(clipByValue(round(div(x, step)), qmin, qmax), 0), step);
}
