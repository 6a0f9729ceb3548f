import {
  add,
  clipByValue,
  customGrad,
  div,
  type GradSaveFunc,
  greaterEqual,
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
import { hasKernel, runKernel } from './run-kernel';

/**
 * Real numbers onto an affine grid, with the straight-through gradient.
 *
 * Formula:  y = (saturate(round(x/s) + z) − z)·s,  float32 after every step: core's fakeQuantize to the bit
 * Gradient: g_x = g_y where qmin ≤ round(x/s) + z ≤ qmax, else 0 (the mask after rounding, as torch); none for s and z
 * Shapes:   scale and zeroPoint broadcast against x
 *
 * @see Bengio et al. 2013, arXiv:1308.3432; Jacob et al. 2018, arXiv:1712.05877 §3
 */
export function fakeQuantize(x: Tensor, scale: Tensor, zeroPoint: Tensor, { qmin, qmax }: Codes): Tensor {
  return customGrad((...args: (Tensor | GradSaveFunc)[]) => {
    const [input, save] = args as [Tensor, GradSaveFunc];
    save([input, scale, zeroPoint]);
    return {
      value: onGrid(input, scale, zeroPoint, { qmin, qmax }),
      gradFunc: (dy: Tensor, saved: Tensor[]) => {
        const [xs, s, z] = saved as [Tensor, Tensor, Tensor];
        if (hasKernel('BitwrightFakeQuantizeGrad')) {
          const inputs = { dy, x: xs, scale: s, zeroPoint: z };
          return runKernel('BitwrightFakeQuantizeGrad', inputs, { qmin, qmax });
        }
        const q = add(round(div(xs, s)), z);
        const inside = logicalAnd(greaterEqual(q, qmin), lessEqual(q, qmax));
        return [where(inside, dy, zerosLike(dy))];
      },
    };
  })(x);
}

/** The forward of {@link fakeQuantize} alone, for use inside other custom gradients. */
export function onGrid(x: Tensor, scale: Tensor, zeroPoint: Tensor, { qmin, qmax }: Codes): Tensor {
  if (hasKernel('BitwrightFakeQuantize')) {
    return runKernel('BitwrightFakeQuantize', { x, scale, zeroPoint }, { qmin, qmax })[0] as Tensor;
  }
  const q = clipByValue(add(round(div(x, scale)), zeroPoint), qmin, qmax);
  return mul(sub(q, zeroPoint), scale);
}
