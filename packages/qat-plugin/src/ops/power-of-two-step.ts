import {
  add,
  ceil,
  clipByValue,
  customGrad,
  div,
  type GradSaveFunc,
  greaterEqual,
  lessEqual,
  logicalAnd,
  mul,
  pow,
  round,
  scalar,
  sub,
  type Tensor,
  where,
  zerosLike,
} from '@tensorflow/tfjs-core';
import type { Codes } from './codes';
import { stepForward } from './learned-step';
import { sumToShape } from './sum-to-shape';

/**
 * Fake quantization with a power-of-two step whose exponent is learned (TQT): s = 2^⌈t⌉, y = s·saturate(round(x/s)).
 *
 *   g_x = g_y where qmin ≤ round(x/s) ≤ qmax
 *   ∂y/∂t = s·ln 2·{ round(x/s) − x/s inside;  qmin below;  qmax above },   ⌈·⌉ straight through
 *
 * Units: t = log2 of the step (the paper's log2 threshold minus the bits).
 *
 * @see Jain et al. 2020, "Trained Quantization Thresholds", arXiv:1903.08066 eqs. 4–8
 */
export function powerOfTwoStep(
  x: Tensor,
  exponent: Tensor,
  options: Codes & { readonly gradientScale: number },
): Tensor {
  const { qmin, qmax, gradientScale } = options;
  return customGrad((...args: (Tensor | GradSaveFunc)[]) => {
    const [input, t, save] = args as [Tensor, Tensor, GradSaveFunc];
    const step = stepOfExponent(t);
    save([input, step]);
    return {
      value: stepForward(input, step, options),
      gradFunc: (dy: Tensor, saved: Tensor[]) => {
        const [xs, s] = saved as [Tensor, Tensor];
        const v = div(xs, s);
        const code = round(v);
        const inside = logicalAnd(greaterEqual(code, qmin), lessEqual(code, qmax));
        const slope = mul(where(inside, sub(code, v), clipByValue(code, qmin, qmax)), mul(s, Math.LN2));
        return [where(inside, dy, zerosLike(dy)), mul(sumToShape(mul(dy, slope), s.shape), gradientScale)];
      },
    };
  })(x, exponent);
}

/**
 * 2^⌈t⌉, exact for every exponent: a backend's pow may be off by an ulp, so its result is rounded on the grid of 2^−8 of
 * itself by adding and subtracting a large multiple.
 */
export function stepOfExponent(exponent: Tensor): Tensor {
  const power = pow(scalar(2), ceil(exponent));
  const large = mul(power, 2 ** 15);
  return sub(add(power, large), large);
}
