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
  neg,
  onesLike,
  round,
  sub,
  type Tensor,
  where,
  zerosLike,
} from '@tensorflow/tfjs-core';
import type { Codes } from './codes';
import { onGrid } from './fake-quantize';
import type { LearnedStepOptions } from './learned-step';
import { hasKernel, runKernel } from './run-kernel';
import { sumToShape } from './sum-to-shape';

/**
 * Fake quantization whose step and offset are learned (LSQ+), on a grid that contains zero.
 *
 *   z = clip(round(−β/s), n, p);   q = saturate(round(x/s) + z);   y = s·(q − z)
 *   inside (n < x/s + z < p):  ∂y/∂x = 1,  ∂y/∂s = round(x/s) − x/s,  ∂y/∂β = 0
 *   clipped:                   ∂y/∂x = 0,  ∂y/∂s = q,                 ∂y/∂β = 1
 *
 * Deviation: the paper's y = s·q + β with a free real β cannot be written with an integer zero point, so the forward snaps
 * −β/s to a code; the gradients are the paper's, with the snapping passed straight through.
 *
 * @see Bhalgat et al. 2020, "LSQ+", arXiv:2004.09576 eqs. 4–7
 */
export function learnedOffset(x: Tensor, step: Tensor, offset: Tensor, options: LearnedStepOptions): Tensor {
  const { gradientScale } = options;
  return customGrad((...args: (Tensor | GradSaveFunc)[]) => {
    const [input, s, b, save] = args as [Tensor, Tensor, Tensor, GradSaveFunc];
    const zeroPoint = zeroPointOf(s, b, options);
    save([input, s, zeroPoint]);
    return {
      value: onGrid(input, s, zeroPoint, options),
      gradFunc: (dy: Tensor, saved: Tensor[]) => {
        const [xs, ss, z] = saved as [Tensor, Tensor, Tensor];
        const { qmin, qmax } = options;
        if (hasKernel('BitwrightLsqPlusGrad')) {
          const inputs = { dy, x: xs, scale: ss, zeroPoint: z };
          return runKernel('BitwrightLsqPlusGrad', inputs, { qmin, qmax, gradientScale });
        }
        const v = div(xs, ss);
        const code = add(v, z);
        const inside = logicalAnd(greater(code, qmin), less(code, qmax));
        const nothing = zerosLike(dy);
        const stepSlope = where(inside, sub(round(v), v), clipByValue(code, qmin, qmax));
        const offsetSlope = where(inside, nothing, onesLike(dy));
        return [
          where(inside, dy, nothing),
          mul(sumToShape(mul(dy, stepSlope), ss.shape), gradientScale),
          mul(sumToShape(mul(dy, offsetSlope), ss.shape), gradientScale),
        ];
      },
    };
  })(x, step, offset);
}

/** The code of real 0 for a real offset β of code 0: clip(round(−β/s), qmin, qmax). */
export function zeroPointOf(step: Tensor, offset: Tensor, { qmin, qmax }: Codes): Tensor {
  return clipByValue(round(neg(div(offset, step))), qmin, qmax);
}
